/*
 * The ways to prove a password, by the names that servers and clients call them.
 */
#pragma once

#include "base/span.h"

enum auth_method {
    AUTH_NATIVE,       /* mysql_native_password */
    AUTH_CACHING_SHA2, /* caching_sha2_password */
    AUTH_SHA256,       /* sha256_password */
    AUTH_CLEAR,        /* mysql_clear_password */
    AUTH_ED25519,      /* client_ed25519, MariaDB */
    AUTH_PARSEC,       /* parsec, MariaDB 11.6 */
    AUTH_METHODS,
};

const char *auth_method_name(enum auth_method method);

/* False for a name that is not one of these. */
bool auth_method_find(struct span name, enum auth_method *ret_method);
