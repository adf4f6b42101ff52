/*
 * The SQL mode and the options (flags2) that go with a statement, bit by bit as the other family
 * has them. What a bit means is in both servers' manuals, "sql_mode"; those of one side only:
 *
 *   MySQL    bit 32 TIME_TRUNCATE_FRACTIONAL
 *   MariaDB  bit 4 IGNORE_BAD_TABLE_OPTIONS, 32 EMPTY_STRING_IS_NULL, 33 SIMULTANEOUS_ASSIGNMENT,
 *            34 TIME_ROUND_FRACTIONAL
 *   not in MySQL 8: POSTGRESQL, ORACLE, MSSQL, DB2, MAXDB, NO_KEY_OPTIONS, NO_TABLE_OPTIONS,
 *            NO_FIELD_OPTIONS, MYSQL323, MYSQL40, NO_AUTO_CREATE_USER
 *
 * A bit under which a statement would do something else, or could not be read, is E_STATE. No
 * state, any thread.
 */
#pragma once

#include "translation/dialect.h"

MUST_CHECK bool session_mode_translate(uint64_t mode, enum format_family from, enum dialect to,
                                       uint64_t *ret_mode, struct err *err);

/* MariaDB's option for TIMESTAMP columns is a status variable in MySQL, and not among these. */
MUST_CHECK bool session_flags_translate(uint32_t flags2, enum format_family from,
                                        uint32_t *ret_flags2, struct err *err);
