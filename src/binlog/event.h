/*
 * struct event_header: the 19 bytes that begin every event of binlog version 4, and the table of
 * all event types of both families.
 *
 * An event is the common header, a post-header and a body whose layouts its type gives, and, where
 * the format description says so, a checksum of 4 bytes; header.length counts all of them. The
 * decoders of this directory take the *body*: the bytes after the common header, without the
 * checksum. What they fill borrows from those bytes. Freely copied, no ownership, any thread.
 * Source: MySQL internals manual, "Binlog Event Header"; MariaDB knowledge base, "Binlog Event
 * Header".
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

#define EVENT_HEADER_SIZE   19
#define EVENT_TYPE_AT       4 /* bytes into the header */
#define EVENT_LENGTH_AT     9
#define EVENT_FLAGS_AT      17
#define EVENT_CHECKSUM_SIZE 4
#define EVENT_LENGTH_MAX    UINT32_C(0x40000000) /* 1 GiB: the servers' own bound, whole event */

enum event_type {
    EVENT_UNKNOWN = 0,
    EVENT_START_V3 = 1,
    EVENT_QUERY = 2,
    EVENT_STOP = 3,
    EVENT_ROTATE = 4,
    EVENT_INTVAR = 5,
    EVENT_LOAD = 6,
    EVENT_SLAVE = 7,
    EVENT_CREATE_FILE = 8,
    EVENT_APPEND_BLOCK = 9,
    EVENT_EXEC_LOAD = 10,
    EVENT_DELETE_FILE = 11,
    EVENT_NEW_LOAD = 12,
    EVENT_RAND = 13,
    EVENT_USER_VAR = 14,
    EVENT_FORMAT_DESCRIPTION = 15,
    EVENT_XID = 16,
    EVENT_BEGIN_LOAD_QUERY = 17,
    EVENT_EXECUTE_LOAD_QUERY = 18,
    EVENT_TABLE_MAP = 19,
    EVENT_WRITE_ROWS_V0 = 20,
    EVENT_UPDATE_ROWS_V0 = 21,
    EVENT_DELETE_ROWS_V0 = 22,
    EVENT_WRITE_ROWS_V1 = 23,
    EVENT_UPDATE_ROWS_V1 = 24,
    EVENT_DELETE_ROWS_V1 = 25,
    EVENT_INCIDENT = 26,
    EVENT_HEARTBEAT = 27,
    EVENT_IGNORABLE = 28,
    EVENT_ROWS_QUERY = 29,
    EVENT_WRITE_ROWS = 30,
    EVENT_UPDATE_ROWS = 31,
    EVENT_DELETE_ROWS = 32,
    EVENT_GTID = 33,
    EVENT_ANONYMOUS_GTID = 34,
    EVENT_PREVIOUS_GTIDS = 35,
    EVENT_TRANSACTION_CONTEXT = 36,
    EVENT_VIEW_CHANGE = 37,
    EVENT_XA_PREPARE = 38,
    EVENT_PARTIAL_UPDATE_ROWS = 39,
    EVENT_TRANSACTION_PAYLOAD = 40,
    EVENT_HEARTBEAT_V2 = 41,
    EVENT_GTID_TAGGED = 42,

    /* MariaDB's own. Its compressed rows hold the rows of V1 (166..168) or V2 (169..171). */
    EVENT_MARIADB_ANNOTATE_ROWS = 160,
    EVENT_MARIADB_BINLOG_CHECKPOINT = 161,
    EVENT_MARIADB_GTID = 162,
    EVENT_MARIADB_GTID_LIST = 163,
    EVENT_MARIADB_START_ENCRYPTION = 164,
    EVENT_MARIADB_QUERY_COMPRESSED = 165,
    EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1 = 166,
    EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1 = 167,
    EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1 = 168,
    EVENT_MARIADB_WRITE_ROWS_COMPRESSED = 169,
    EVENT_MARIADB_UPDATE_ROWS_COMPRESSED = 170,
    EVENT_MARIADB_DELETE_ROWS_COMPRESSED = 171,
    EVENT_MARIADB_PARTIAL_ROW_DATA = 172,
};

enum event_flag {
    EVENT_FLAG_IN_USE = 0x01,          /* format description: the file was not closed */
    EVENT_FLAG_FORCED_ROTATE = 0x02,   /* no longer written */
    EVENT_FLAG_THREAD_SPECIFIC = 0x04, /* depends on the session: temporary tables */
    EVENT_FLAG_SUPPRESS_USE = 0x08,    /* needs no default database */
    EVENT_FLAG_UPDATE_TABLE_MAP_VERSION = 0x10,
    EVENT_FLAG_ARTIFICIAL = 0x20, /* made by the sender, not in its file */
    EVENT_FLAG_RELAY_LOG = 0x40,
    EVENT_FLAG_IGNORABLE = 0x80, /* may be skipped by those who do not know the type */
    EVENT_FLAG_NO_FILTER = 0x100,
    EVENT_FLAG_MTS_ISOLATE = 0x200,       /* MySQL */
    EVENT_FLAG_SKIP_REPLICATION = 0x8000, /* MariaDB */
};

struct event_header {
    uint32_t timestamp; /* seconds since 1970 */
    uint8_t type;       /* enum event_type, or one that is not known */
    uint32_t server_id;
    uint32_t length;  /* bytes of the whole event, this header and the checksum included */
    uint32_t log_pos; /* end offset in the source's file modulo 2^32; 0: artificial or unknown */
    uint16_t flags;   /* enum event_flag */
};

/* What the type numbers mean. */
enum event_family {
    EVENT_FAMILY_BOTH,
    EVENT_FAMILY_MYSQL,
    EVENT_FAMILY_MARIADB,
};

enum event_support {
    EVENT_DECODED, /* this directory has a decoder and an encoder */
    EVENT_CARRIED, /* known by name only: carried unchanged, refused where content is needed */
};

struct event_type_info {
    const char *name; /* as SHOW BINLOG EVENTS shows it: "Query", "Format_desc", ... */
    enum event_family family;
    enum event_support support;
    const char *versions; /* which servers write it, for a person */
};

/* NULL for a number that no server known to us writes. */
const struct event_type_info *event_type_info(uint8_t type);

/* The name, or "Unknown". */
const char *event_type_name(uint8_t type);

/* Rows of any version and either family, partial updates and compressed rows included. */
bool event_type_is_rows(uint8_t type);

/*
 * For a walk over events that lie one behind the other: has the processor bring what is AHEAD of
 * this one. It can not by itself, as each event tells where the next begins: a walk would wait for
 * its second-level cache at each (a dump of small events takes 6 % less CPU with this).
 */
static inline void event_prefetch(struct span events)
{
    enum { AHEAD = 1024, LINE = 64, LINES = 3 };

    if (events.len >= AHEAD + LINE * LINES) {
        for (size_t i = 0; i < LINES; i++)
            __builtin_prefetch(events.data + AHEAD + i * LINE);
    }
}

/* Says what is wrong with a header, for event_header_decode(). */
void event_header_fail(struct span bytes, struct err *err);

/*
 * Decodes the first 19 bytes of `bytes`; E_PROTO when they are fewer or the length is impossible.
 * Inline, and without a copy in between: a walk over events pays for the fields that it looks at.
 */
MUST_CHECK static inline bool event_header_decode(struct span bytes,
                                                  struct event_header *ret_header, struct err *err)
{
    struct cursor cur = cursor_of(bytes);
    uint32_t length;

    cursor_skip(&cur, EVENT_LENGTH_AT);
    length = cursor_u32(&cur);
    if (bytes.len < EVENT_HEADER_SIZE || length < EVENT_HEADER_SIZE || length > EVENT_LENGTH_MAX) {
        event_header_fail(bytes, err);
        return false;
    }
    /* Of a length that the compiler knows: it leaves the bounds tests of each field out. */
    cur = cursor_of(span_of(bytes.data, EVENT_HEADER_SIZE));
    ret_header->timestamp = cursor_u32(&cur);
    ret_header->type = cursor_u8(&cur);
    ret_header->server_id = cursor_u32(&cur);
    ret_header->length = cursor_u32(&cur);
    ret_header->log_pos = cursor_u32(&cur);
    ret_header->flags = cursor_u16(&cur);
    return true;
}

/* Whether the end that an event names, if it does, is its own when it begins at that offset. */
static inline bool event_is_at(const struct event_header *header, uint64_t offset)
{
    return header->log_pos == 0 || header->log_pos == (uint32_t)(offset + header->length);
}

void event_header_encode(struct buf *buf, const struct event_header *header);

/*
 * How a decoder of this directory ends: true when every byte of the body was consumed and none was
 * missing; otherwise E_PROTO that names the event type and the sizes.
 */
MUST_CHECK bool event_body_end(const struct cursor *cur, uint8_t type, struct span body,
                               struct err *err);

/* The same for events that newer servers may have made longer: only what is missing fails. */
MUST_CHECK bool event_body_ok(const struct cursor *cur, uint8_t type, struct span body,
                              struct err *err);
