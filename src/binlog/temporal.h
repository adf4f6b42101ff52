/*
 * Dates and times: struct temporal, its binary forms in rows, its text.
 *
 * From MySQL 5.6 and MariaDB 10.1 on TIME, DATETIME and TIMESTAMP are big-endian bit fields with a
 * fraction of (digits + 1) / 2 bytes after them (source: MySQL manual, "Date and Time Data Type
 * Representation"; MySQL internals manual, same title). The older forms are decimal numbers such as
 * 20010203040506, little-endian, without a fraction. MariaDB with mysql56_temporal_format=OFF has
 * its own older forms with a fraction, whose number of digits is in no event: who knows it says so
 * with column_layout_set_fraction(). A negative TIME is kept as magnitude and sign; zero and
 * invalid dates are kept as they are. TIMESTAMP is seconds since 1970 UTC. Values; any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "binlog/column_type.h"

struct temporal {
    uint32_t usec;
    uint16_t year;
    uint16_t hour; /* TIME: up to 838 */
    uint8_t month;
    uint8_t day;
    uint8_t minute;
    uint8_t second;
    bool negative;
};

/* Reads a value of the layout's type: any of DATE, NEWDATE, TIME, DATETIME, old ones too. */
struct temporal temporal_decode(struct cursor *cur, const struct column_layout *layout);
void temporal_encode(struct buf *buf, const struct column_layout *layout, struct temporal value);

struct timestamp {
    uint32_t seconds; /* since 1970 UTC; 0: the zero timestamp */
    uint32_t usec;
};

struct timestamp timestamp_decode(struct cursor *cur, const struct column_layout *layout);
void timestamp_encode(struct buf *buf, const struct column_layout *layout, struct timestamp value);

/* The date and time of a timestamp in UTC; all zero for 0. */
struct temporal timestamp_to_utc(struct timestamp timestamp);

/* "2001-02-03", "-01:02:03.4500", "2001-02-03 04:05:06"; `digits` of the fraction, 0..6. */
void temporal_write_date(struct buf *buf, struct temporal value);
void temporal_write_time(struct buf *buf, struct temporal value, unsigned digits);
void temporal_write_datetime(struct buf *buf, struct temporal value, unsigned digits);

/*
 * The packed form inside JSON and MySQL's memory: year * 13 + month, day, hour, minute, second and
 * 24 bits of microseconds in 8 bytes; TIME without the date.
 */
struct temporal temporal_unpack_datetime(int64_t packed);
struct temporal temporal_unpack_time(int64_t packed);
