/*
 * What every unit test includes: cmocka in the order it wants, and a few checks of ours.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_span_eq(given, text)                                                                \
    do {                                                                                           \
        struct span got_ = (given);                                                                \
        assert_int_equal(got_.len, sizeof(text) - 1);                                              \
        assert_memory_equal(got_.data, text, sizeof(text) - 1);                                    \
    } while (0)

#define assert_contains(text, part)                                                                \
    do {                                                                                           \
        if (!strstr((text), (part)))                                                               \
            fail_msg("expected '%s' in '%s'", (part), (text));                                     \
    } while (0)

/* A new directory of this test, below $TMPDIR or /tmp; the test removes it. */
static inline void check_make_dir(char path[64])
{
    (void)snprintf(path, 64, "/tmp/borealis-unit-XXXXXX");
    assert_non_null(mkdtemp(path));
}
