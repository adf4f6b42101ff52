/*
 * A password from where others do not see it: a file, or the terminal. Never from the command line.
 */
#pragma once

#include "base/err.h"

#define PASSWORD_MAX 1024 /* bytes */

/* The first line of a file, to be freed by password_free(). E_IO, E_USAGE. */
MUST_CHECK bool password_read_file(const char *path, char **ret_password, struct err *err);

/*
 * Asks at the terminal that is standard input, without an echo. E_STATE when it is none; E_USAGE
 * when the input ends, or ^C is typed, before the line does.
 */
MUST_CHECK bool password_ask(const char *prompt, char **ret_password, struct err *err);

void password_free(char *password); /* wipes it; NULL is fine */
