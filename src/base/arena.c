#include "base/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_SIZE 4096

struct block {
    struct block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

struct arena {
    struct block *blocks;
    size_t cap;
    size_t taken;
};

struct arena *arena_new(size_t cap)
{
    struct arena *arena = mem_alloc(sizeof *arena);

    arena->cap = cap;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    while (arena->blocks) {
        struct block *next = arena->blocks->next;

        mem_free(arena->blocks);
        arena->blocks = next;
    }
    mem_free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t align = alignof(max_align_t);
    struct block *block = arena->blocks;
    void *memory;

    if (size > arena->cap || arena->taken > arena->cap - size) {
        (void)fprintf(stderr, "borealis: arena: %zu bytes would pass its cap of %zu\n", size,
                      arena->cap);
        abort();
    }
    size = (size + align - 1) / align * align;
    if (!block || size > block->size - block->used) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

        block = mem_alloc(sizeof *block + room);
        block->size = room;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    memory = block->data + block->used;
    block->used += size;
    arena->taken += size;
    return memory;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(arena_alloc(arena, size), text, size);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_list again;
    char *text;
    int n;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        abort();
    text = arena_alloc(arena, (size_t)n + 1);
    (void)vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}
