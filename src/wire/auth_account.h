/*
 * struct auth_account: what a server of ours keeps of a password: hashes that check a proof of it,
 * and from which it does not come back. Freely copied.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

#define AUTH_NATIVE_SIZE 20
#define AUTH_SHA2_SIZE   32

struct auth_account {
    bool has_native;
    bool has_sha2;
    uint8_t native[AUTH_NATIVE_SIZE]; /* SHA1(SHA1(password)) */
    uint8_t sha2[AUTH_SHA2_SIZE];     /* SHA256(SHA256(password)) */
};

/* An account of the password, with both hashes. An empty password is E_USAGE. */
MUST_CHECK bool auth_account_make(struct span password, struct auth_account *ret, struct err *err);

/*
 * An account that no password opens, of the same form as others, for users that do not exist:
 * logging in as one looks the same as a wrong password does.
 */
void auth_account_make_decoy(bool has_native, bool has_sha2, struct auth_account *ret);

/*
 * Text forms, to keep in a file: '*' and 40 hexadecimal digits as in MySQL's PASSWORD(), and
 * '$sha2$' and 64 of them. A parse adds one hash to the account. E_USAGE.
 */
#define AUTH_ACCOUNT_TEXT_MAX 72
MUST_CHECK bool auth_account_parse(struct auth_account *account, const char *text, struct err *err);
void auth_account_native_text(const struct auth_account *account, char text[AUTH_ACCOUNT_TEXT_MAX]);
void auth_account_sha2_text(const struct auth_account *account, char text[AUTH_ACCOUNT_TEXT_MAX]);
