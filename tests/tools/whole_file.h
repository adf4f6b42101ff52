/* A whole file's bytes, appended. */
#pragma once

#include "base/buf.h"

#include <stdio.h>

MUST_CHECK static inline bool whole_file_read(const char *path, struct buf *bytes, struct err *err)
{
    FILE *file = fopen(path, "rb");
    char chunk[65536];
    size_t n;

    if (!file)
        return err_errno(err, "%s", path);
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_bytes(bytes, span_of(chunk, n));
    (void)fclose(file);
    return buf_ok(bytes) || err_set(err, E_LIMIT, 0, "%s: too long", path);
}
