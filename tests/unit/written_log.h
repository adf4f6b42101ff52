/*
 * A log written event by event, as a server of a version would: number 7, of server 7. What is put
 * is an event with what its name says; statements are of database d.
 */
#pragma once

#include "check.h"

#include "binlog/checksum.h"
#include "binlog/control.h"
#include "binlog/gtid.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/gtid_set.h"
#include "binlog/query.h"
#include "binlog/reader.h"
#include "binlog/variable.h"
#include "binlog/xid.h"

#define LOG_MAX   (1 << 26)
#define UUID_TEXT "f4ddd22d-e54e-11f1-8457-02fc00000001"
#define MYSQL     "9.7.4"
#define MYSQL_56  "5.6.24-log"
#define MARIADB   "10.11.19-MariaDB-log"

static struct buf log_bytes;
static struct buf body;
static uint32_t server_id;
static uint32_t now;

static inline void put_body(uint8_t type)
{
    struct event_header header = {
        .timestamp = now,
        .type = type,
        .server_id = server_id,
        .length = (uint32_t)(EVENT_HEADER_SIZE + body.len + EVENT_CHECKSUM_SIZE),
        .flags = EVENT_FLAG_NO_FILTER,
    };
    size_t start = log_bytes.len;

    header.log_pos = (uint32_t)(start + header.length);
    event_header_encode(&log_bytes, &header);
    buf_bytes(&log_bytes, buf_span(&body));
    checksum_append(&log_bytes, start);
    buf_clear(&body);
}

static inline void begin_log(const char *version)
{
    static const uint8_t magic[READER_MAGIC_SIZE] = {0xfe, 'b', 'i', 'n'};
    struct format format;

    buf_clear(&log_bytes);
    buf_bytes(&log_bytes, span_of(magic, sizeof magic));
    format_init(&format, version, CHECKSUM_CRC32);
    format.created = 77;
    format_encode(&body, &format);
    server_id = 7;
    now = 1000;
    put_body(EVENT_FORMAT_DESCRIPTION);
}

static inline void put_previous(const char *text)
{
    struct gtid_set set;
    struct err err;

    gtid_set_init(&set);
    assert_true(gtid_set_parse(span_str(text), &set, &err));
    gtid_set_encode(&body, &set);
    put_body(EVENT_PREVIOUS_GTIDS);
    gtid_set_done(&set);
}

static inline void put_list(const char *text)
{
    struct gtid_list list;
    struct err err;

    gtid_list_init(&list);
    assert_true(gtid_list_parse(span_str(text), &list, &err));
    gtid_list_encode(&body, &list);
    put_body(EVENT_MARIADB_GTID_LIST);
    gtid_list_done(&list);
}

static inline void put_gtid_of(const char *uuid, const char *tag, int64_t number,
                               int64_t last_committed, int64_t sequence)
{
    struct gtid gtid = {
        .type = *tag ? EVENT_GTID_TAGGED : EVENT_GTID,
        .parts = GTID_FLAGS | GTID_UUID | GTID_NUMBER | GTID_LAST_COMMITTED | GTID_SEQUENCE,
        .number = number,
        .tag = span_str(tag),
        .last_committed = last_committed,
        .sequence_number = sequence,
    };
    struct err err;

    if (*tag)
        gtid.parts |= GTID_TAG;
    assert_true(gtid_uuid_parse(span_str(uuid), &gtid.uuid, &err));
    gtid_encode(&body, &gtid);
    put_body(gtid.type);
}

static inline void put_gtid(int64_t number, int64_t last_committed, int64_t sequence)
{
    put_gtid_of(UUID_TEXT, "", number, last_committed, sequence);
}

static inline void put_gtid_mariadb(uint32_t domain, uint64_t sequence, uint8_t flags,
                                    uint64_t commit_id)
{
    struct gtid_mariadb_event gtid = {
        .sequence = sequence,
        .domain = domain,
        .flags = (uint8_t)(flags | (commit_id ? GTID_MARIADB_GROUP_COMMIT : 0)),
        .commit_id = commit_id,
    };

    gtid_mariadb_encode(&body, &gtid);
    put_body(EVENT_MARIADB_GTID);
}

static inline void put_phase(uint64_t sequence, uint8_t extra)
{
    struct gtid_mariadb_event gtid = {
        .sequence = sequence,
        .flags = GTID_MARIADB_STANDALONE | GTID_MARIADB_DDL,
        .has_extra = true,
        .extra_flags = extra,
        .alter_sequence = 1,
    };

    gtid_mariadb_encode(&body, &gtid);
    put_body(EVENT_MARIADB_GTID);
}

static inline void put_query(const char *text)
{
    struct query query = {.thread_id = 3, .database = span_str("d"), .text = span_str(text)};

    query_encode(&body, &query);
    put_body(EVENT_QUERY);
}

static inline void put_xid(void)
{
    xid_encode(&body, 12);
    put_body(EVENT_XID);
}

static inline void put_prepare(bool one_phase)
{
    struct xa_prepare prepare = {.one_phase = one_phase,
                                 .name = {.format_id = 1, .gtrid = span_str("a")}};

    xa_prepare_encode(&body, &prepare);
    put_body(EVENT_XA_PREPARE);
}

static inline void put_intvar(uint64_t value)
{
    struct intvar intvar = {.kind = INTVAR_INSERT_ID, .value = value};

    intvar_encode(&body, &intvar);
    put_body(EVENT_INTVAR);
}

/* Rows of d.<name> (INT, INT), id 7, of a log of MariaDB or MySQL: before, after or both. */
static inline void put_table(const char *name)
{
    buf_le(&body, 7, 6);
    buf_u16(&body, 1);
    buf_lenenc_bytes(&body, span_str("d"));
    buf_u8(&body, 0);
    buf_lenenc_bytes(&body, span_str(name));
    buf_u8(&body, 0);
    buf_bytes(&body, span_of("\x02\x03\x03\x00\x03", 5));
    put_body(EVENT_TABLE_MAP);
}

static inline void put_rows(bool mariadb, const uint32_t *before, const uint32_t *after)
{
    static const uint8_t types[2][2][2] = {
        {{0, EVENT_WRITE_ROWS}, {EVENT_DELETE_ROWS, EVENT_UPDATE_ROWS}},
        {{0, EVENT_WRITE_ROWS_V1}, {EVENT_DELETE_ROWS_V1, EVENT_UPDATE_ROWS_V1}}};
    const uint32_t *images[] = {before, after};

    buf_le(&body, 7, 6);
    buf_u16(&body, 1);
    if (!mariadb)
        buf_u16(&body, 2);
    buf_u8(&body, 2);
    for (int i = 0; i < 2; i++)
        if (images[i])
            buf_u8(&body, 3);
    for (int i = 0; i < 2; i++) {
        if (!images[i])
            continue;
        buf_u8(&body, 0);
        buf_u32(&body, images[i][0]);
        buf_u32(&body, images[i][1]);
    }
    put_body(types[mariadb][before != NULL][after != NULL]);
}

static inline void written_log_init(void)
{
    buf_init(&log_bytes, LOG_MAX);
    buf_init(&body, LOG_MAX);
}

static inline void written_log_done(void)
{
    buf_done(&log_bytes);
    buf_done(&body);
}
