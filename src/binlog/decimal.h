/*
 * DECIMAL(precision, scale): its binary form and its text.
 *
 * Whole digits and fraction are each cut into groups of 9 digits from the decimal point outwards; a
 * group is a 4-byte big-endian integer, the outermost one smaller if it has fewer digits. The first
 * bit is flipped, and all bits of a negative number are (source: MySQL, strings/decimal.cc,
 * decimal2bin(); MySQL manual, "DECIMAL Data Type Characteristics"). No state, any thread.
 */
#pragma once

#include "base/buf.h"

#define DECIMAL_PRECISION_MAX 65 /* of a column */
#define DECIMAL_DIGITS_MAX    81 /* of a number in memory and in JSON: 9 groups */

/* Bytes of the binary form; scale <= precision <= 81. */
size_t decimal_size(unsigned precision, unsigned scale);

/*
 * Appends the text, such as "-12.30", with all digits of the scale. E_PROTO when `bytes` has
 * another size than decimal_size() or a group has too many digits.
 */
MUST_CHECK bool decimal_write_text(struct buf *buf, struct span bytes, unsigned precision,
                                   unsigned scale, struct err *err);

/* Appends the binary form of a text such as "-12.3". E_USAGE when it is none or does not fit. */
MUST_CHECK bool decimal_encode(struct buf *buf, struct span text, unsigned precision,
                               unsigned scale, struct err *err);
