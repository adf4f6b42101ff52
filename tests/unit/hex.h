/* Bytes written as hexadecimal digits, for tests. */
#pragma once

#include "base/buf.h"

#include <stdio.h>

static inline void hex_append(struct buf *buf, const char *digits)
{
    for (const char *c = digits; *c; c++) {
        unsigned byte;

        if (*c == ' ')
            continue;
        if (sscanf(c++, "%2x", &byte) != 1)
            return;
        buf_u8(buf, (uint8_t)byte);
    }
}
