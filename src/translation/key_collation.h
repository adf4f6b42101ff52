/*
 * enum key_collation: how the values of a key's column are told apart without its server: two that
 * are equal there must be equal here; two that are not may be.
 *
 * Constant, any thread. Source: what MySQL 5.6 and 9.7, MariaDB 10.11 and 11.8 hold for equal, over
 * all strings of two characters of printable ASCII (tests/scenario/test_writesets.py).
 */
#pragma once

#include "base/span.h"

enum key_collation {
    KEY_COLLATION_BYTES,   /* numbers, times, binary strings */
    KEY_COLLATION_PADDED,  /* text by its bytes; spaces at its end do not count */
    KEY_COLLATION_FOLDED,  /* so, and without regard to case; only printable ASCII is told apart */
    KEY_COLLATION_UNKNOWN, /* nothing is told apart */
};

/*
 * Of a collation's name at a server of any family, as COLLATION_NAME of information_schema.columns
 * has it; empty (NULL there): of what is no text.
 */
enum key_collation key_collation_of(struct span name);
