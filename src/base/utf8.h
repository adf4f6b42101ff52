/*
 * UTF-8 in NUL-terminated texts (source: RFC 3629).
 */
#pragma once

#include <stddef.h>

/*
 * Bytes, 1 to 4, of the character that begins at `at`; 0 when none does: a byte that is no
 * beginning, a character that is cut, longer than needed, of UTF-16 or past the last one. Reads no
 * byte behind a NUL.
 */
size_t utf8_length(const char *at);
