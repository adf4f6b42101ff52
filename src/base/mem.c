#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_abort(void *memory)
{
    if (!memory) {
        (void)fputs("borealis: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *mem_alloc(size_t size)
{
    return or_abort(calloc(1, size ? size : 1));
}

void *mem_realloc(void *old, size_t size)
{
    return or_abort(realloc(old, size ? size : 1));
}

char *mem_strdup(const char *text)
{
    return or_abort(strdup(text));
}

char *mem_text(const void *bytes, size_t len)
{
    char *text = or_abort(malloc(len + 1));

    if (len > 0)
        memcpy(text, bytes, len);
    text[len] = '\0';
    return text;
}

char *mem_printf(const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    return or_abort(text);
}

void mem_free(void *memory)
{
    free(memory);
}
