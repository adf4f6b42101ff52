/*
 * Memory: running out of it aborts, so callers do not check. Sizes that came from outside must be
 * checked against a limit before they reach these functions.
 */
#pragma once

#include <stddef.h>

void *mem_alloc(size_t size); /* zeroed */
void *mem_realloc(void *old, size_t size);
char *mem_strdup(const char *text);
char *mem_text(const void *bytes, size_t len); /* a copy with a NUL after it */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void mem_free(void *memory); /* NULL is fine */
