/*
 * INTVAR, RAND and USER_VAR: what a statement event after them reads from its session.
 *
 * Layouts: INTVAR is its kind u8 and value u64; RAND two seeds u64; USER_VAR the name's length u32,
 * the name, NULL u8, and unless that is 1: type u8, collation id u32, the value's length u32, the
 * value, and from MySQL 5.6 and MariaDB 10.0 on flags u8 (source: MySQL internals manual,
 * "INTVAR_EVENT", "RAND_EVENT", "USER_VAR_EVENT"). They borrow from the body; any thread.
 */
#pragma once

#include "binlog/event.h"

enum intvar_kind {
    INTVAR_LAST_INSERT_ID = 1, /* what LAST_INSERT_ID() returns in the next statement */
    INTVAR_INSERT_ID = 2,      /* the next statement's first AUTO_INCREMENT value */
};

struct intvar {
    uint8_t kind;
    uint64_t value;
};

MUST_CHECK bool intvar_decode(struct span body, struct intvar *ret, struct err *err);
void intvar_encode(struct buf *buf, const struct intvar *intvar);

struct rand_seeds {
    uint64_t seed1;
    uint64_t seed2;
};

MUST_CHECK bool rand_seeds_decode(struct span body, struct rand_seeds *ret, struct err *err);
void rand_seeds_encode(struct buf *buf, const struct rand_seeds *seeds);

enum user_var_type {
    USER_VAR_STRING = 0,
    USER_VAR_REAL = 1, /* 8 bytes, IEEE 754 double, little-endian */
    USER_VAR_INT = 2,  /* 8 bytes, little-endian */
    USER_VAR_ROW = 3,
    USER_VAR_DECIMAL = 4, /* precision u8, scale u8, then as in row events */
};

#define USER_VAR_FLAG_UNSIGNED 0x01

struct user_var {
    struct span name; /* without the @ */
    bool is_null;
    uint8_t type;
    uint32_t collation;
    struct span value;
    bool has_flags;
    uint8_t flags;
};

MUST_CHECK bool user_var_decode(struct span body, struct user_var *ret, struct err *err);
void user_var_encode(struct buf *buf, const struct user_var *var);

/*
 * Appends a value that is not a string as a SQL literal of its own type: NULL, -5, 1.5e300, 2e0,
 * 3.25, 7. (a decimal). E_PROTO; E_STATE for a row, which no statement can set.
 */
MUST_CHECK bool user_var_write_number(struct buf *buf, const struct user_var *var, struct err *err);
