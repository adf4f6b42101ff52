#include "wire/auth_method.h"

const char *auth_method_name(enum auth_method method)
{
    switch (method) {
    case AUTH_NATIVE:
        return "mysql_native_password";
    case AUTH_CACHING_SHA2:
        return "caching_sha2_password";
    case AUTH_SHA256:
        return "sha256_password";
    case AUTH_CLEAR:
        return "mysql_clear_password";
    case AUTH_ED25519:
        return "client_ed25519";
    case AUTH_PARSEC:
        return "parsec";
    case AUTH_METHODS:
        break;
    }
    return "none";
}

bool auth_method_find(struct span name, enum auth_method *ret_method)
{
    for (int method = 0; method < AUTH_METHODS; method++) {
        if (span_eq(name, span_str(auth_method_name((enum auth_method)method)))) {
            *ret_method = (enum auth_method)method;
            return true;
        }
    }
    return false;
}
