/*
 * Numbers as text, appended to a buf, without locale and, for integers, without printf.
 *
 * DOUBLE is written as both families print it: the shortest digits that read back as the same
 * number, in the form 0.001 or 1.5e-20 by the rule of MySQL's my_gcvt(): plain where the decimal
 * point is within 15 places. FLOAT is written with the shortest digits that read back as the same
 * FLOAT: the servers print only 6 of them and lose the rest. No state, any thread.
 */
#pragma once

#include "base/buf.h"

void number_write_u64(struct buf *buf, uint64_t value);
void number_write_i64(struct buf *buf, int64_t value);

/* At least `width` digits, zeros in front; width <= 20. */
void number_write_padded(struct buf *buf, uint64_t value, unsigned width);

/* "nan", "inf" and "-inf" for what is not a number, which no server stores. */
void number_write_double(struct buf *buf, double value);
void number_write_float(struct buf *buf, float value);
