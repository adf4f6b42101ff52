/*
 * struct arena: memory of one message, request or long-lived object, freed all at once.
 *
 * Allocation is a pointer bump in blocks of 4 KiB (or the size asked for, if larger). The cap given
 * at creation bounds what one arena may take: going past it is a bug of the caller, who must check
 * sizes from outside first, and aborts. Owned by one thread.
 */
#pragma once

#include "base/span.h"

struct arena;

struct arena *arena_new(size_t cap);
void arena_free(struct arena *arena); /* NULL is fine */

void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned for any type */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
