/*
 * Files with passwords, keys and hashes: read only when nobody else can.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

/*
 * As file_read(), and E_USAGE when a regular file may be read by others or written by anybody but
 * its owner, or when neither this user nor root owns it: somebody else may know what is in it, or
 * have put it there. A group may read it, so that a service can be given a file of root's. Pipes
 * are taken as they are. The caller wipes the content: secret_free().
 */
MUST_CHECK bool secret_file_read(const char *path, size_t max, char **ret_content, struct err *err);

/* The same for a file that somebody else reads, such as a TLS library. */
MUST_CHECK bool secret_file_check(const char *path, struct err *err);

/* Wipes and frees a string; NULL is fine. */
void secret_free(char *secret);
