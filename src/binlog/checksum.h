/*
 * Checksums of events: the last 4 bytes of an event where its format description says so.
 *
 * The algorithm is CRC-32 (the polynomial of zlib) over the whole event without those bytes. The
 * flag IN_USE of a format description counts as 0, because servers set and clear it in place
 * (source: MySQL internals manual, "Binlog Event Checksum"; MariaDB knowledge base,
 * "binlog_checksum"). No state, any thread.
 */
#pragma once

#include "binlog/event.h"

enum checksum_alg {
    CHECKSUM_NONE = 0,
    CHECKSUM_CRC32 = 1,
    CHECKSUM_UNDEFINED = 255, /* the server is too old to know checksums */
};

/* "NONE", "CRC32", as @@binlog_checksum; "UNDEFINED"; "unknown". */
const char *checksum_alg_name(uint8_t alg);

/* The CRC-32 of an event, given without its checksum bytes. At least a common header long. */
uint32_t checksum_of_event(struct span event);

/* Compares the last 4 bytes of an event with the CRC-32 of the others. E_PROTO. */
MUST_CHECK bool checksum_verify(struct span event, struct err *err);

/* Appends the checksum of buf's bytes from offset `start`, where an event begins, to its end. */
void checksum_append(struct buf *buf, size_t start);
