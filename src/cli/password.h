/*
 * A password that a person types, where others do not see it.
 */
#pragma once

#include "base/err.h"

#define PASSWORD_MAX 1024 /* bytes */

/*
 * Asks at the terminal that is standard input, without an echo; secret_free() ends the password.
 * E_STATE when it is none; E_USAGE when the input ends, or ^C is typed, before the line does.
 */
MUST_CHECK bool password_ask(const char *prompt, char **ret_password, struct err *err);
