#include "wire/auth_account.h"

#include "base/buf.h"
#include "base/random.h"
#include "wire/auth_proof.h"

#include <stdio.h>

#define NATIVE_PREFIX "*"
#define SHA2_PREFIX   "$sha2$"

bool auth_account_make(struct span password, struct auth_account *ret, struct err *err)
{
    if (password.len == 0 || password.len > AUTH_PASSWORD_MAX)
        return err_set(err, E_USAGE, 0, "password: expected 1 to %d bytes, found %zu",
                       AUTH_PASSWORD_MAX, password.len);
    *ret = (struct auth_account){.has_native = true, .has_sha2 = true};
    auth_native_hash(password, ret->native);
    auth_sha2_hash(password, ret->sha2);
    return true;
}

void auth_account_make_decoy(bool has_native, bool has_sha2, struct auth_account *ret)
{
    *ret = (struct auth_account){.has_native = has_native, .has_sha2 = has_sha2};
    random_bytes(ret->native, sizeof ret->native);
    random_bytes(ret->sha2, sizeof ret->sha2);
}

/* Two digits a byte, exactly n bytes. */
static bool parse_hex(const char *digits, uint8_t *into, size_t n)
{
    if (strlen(digits) != 2 * n || strspn(digits, "0123456789abcdefABCDEF") != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned byte = 0;

        (void)sscanf(digits + 2 * i, "%2x", &byte);
        into[i] = (uint8_t)byte;
    }
    return true;
}

static bool skip_prefix(const char **text, const char *prefix)
{
    size_t length = strlen(prefix);

    if (strlen(*text) < length || memcmp(*text, prefix, length) != 0)
        return false;
    *text += length;
    return true;
}

bool auth_account_parse(struct auth_account *account, const char *text, struct err *err)
{
    struct auth_account changed = *account;
    const char *digits = text;
    bool whole = false;

    if (skip_prefix(&digits, NATIVE_PREFIX))
        whole = changed.has_native = parse_hex(digits, changed.native, sizeof changed.native);
    else if (skip_prefix(&digits, SHA2_PREFIX))
        whole = changed.has_sha2 = parse_hex(digits, changed.sha2, sizeof changed.sha2);
    if (!whole)
        return err_set(err, E_USAGE, 0,
                       "password hash: expected '" NATIVE_PREFIX "' and %d hexadecimal digits or "
                       "'" SHA2_PREFIX "' and %d, found %zu other characters",
                       2 * AUTH_NATIVE_SIZE, 2 * AUTH_SHA2_SIZE, strlen(text));
    *account = changed;
    return true;
}

static void write_hex(const char *prefix, struct span hash, const char *format,
                      char text[AUTH_ACCOUNT_TEXT_MAX])
{
    struct buf buf;

    buf_init(&buf, AUTH_ACCOUNT_TEXT_MAX);
    buf_str(&buf, prefix);
    for (size_t i = 0; i < hash.len; i++)
        buf_printf(&buf, *format == 'X' ? "%02X" : "%02x", hash.data[i]);
    (void)snprintf(text, AUTH_ACCOUNT_TEXT_MAX, "%s", buf_borrow_cstr(&buf));
    buf_done(&buf);
}

void auth_account_native_text(const struct auth_account *account, char text[AUTH_ACCOUNT_TEXT_MAX])
{
    write_hex(NATIVE_PREFIX, span_of(account->native, sizeof account->native), "X", text);
}

void auth_account_sha2_text(const struct auth_account *account, char text[AUTH_ACCOUNT_TEXT_MAX])
{
    write_hex(SHA2_PREFIX, span_of(account->sha2, sizeof account->sha2), "x", text);
}
