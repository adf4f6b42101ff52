/*
 * struct auth_server: checks a client's proof of a password against an account's hashes. An engine
 * without I/O: the caller sends what it is given and hands in what the client says.
 *
 * Two methods: mysql_native_password and caching_sha2_password. SHA256(SHA256(password)) is enough
 * to answer every caching_sha2 login with "fast success", so no client ever has to send the
 * password itself. A client that speaks neither is asked to switch and fails there. Owned by one
 * thread; lives on the stack.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/auth_account.h"
#include "wire/auth_client.h"
#include "wire/auth_method.h"
#include "wire/greeting.h"
#include "wire/login.h"

enum auth_server_state {
    AUTH_SERVER_GREETED,  /* waits for the login */
    AUTH_SERVER_SWITCHED, /* waits for the answer to a request to switch */
    AUTH_SERVER_ACCEPTED,
    AUTH_SERVER_DENIED,
};

struct auth_server {
    enum auth_server_state state;
    enum auth_method offered; /* AUTH_NATIVE or AUTH_CACHING_SHA2 */
    enum auth_method method;  /* in use */
    uint8_t scramble[GREETING_SCRAMBLE_SIZE];
    struct auth_account account;
    bool used_password; /* the proof was not empty: for the message of a refusal */
};

/* Chooses the random bytes that go into the greeting with the name of the method. */
void auth_server_init(struct auth_server *auth, enum auth_method offered);

/*
 * Takes the login of a user who has that account (or a decoy). AUTH_SEND: send the reply and hand
 * in the answer. AUTH_DONE: send the reply unless it is empty, then an OK packet. AUTH_DENIED.
 * The reply is a payload. Also begins again, for a COM_CHANGE_USER.
 */
MUST_CHECK bool auth_server_login(struct auth_server *auth, const struct login *login,
                                  const struct auth_account *account, struct buf *reply,
                                  enum auth_step *ret_step, struct err *err);

/* Takes the answer to a request to switch. E_PROTO when none is due. */
MUST_CHECK bool auth_server_take(struct auth_server *auth, struct span payload, struct buf *reply,
                                 enum auth_step *ret_step, struct err *err);

/*
 * What proves the server's certificate to a MariaDB 11.4 client that trusts no authority: 1 and
 * 64 hexadecimal digits, for the info of the OK packet. Only after a native login with a password;
 * false otherwise. `fingerprint` is the certificate's SHA256.
 */
#define AUTH_CERTIFICATE_PROOF_MAX 66
bool auth_server_certificate_proof(const struct auth_server *auth, const uint8_t fingerprint[32],
                                   char proof[AUTH_CERTIFICATE_PROOF_MAX]);
