/* Bodies of MariaDB's events, for tests that need some of each: a table of one INT, a row of it. */
#pragma once

#include "binlog/gtid_mariadb.h"
#include "binlog/query.h"
#include "binlog/table_map.h"

static inline void bytes_gtid(struct buf *body, uint64_t sequence)
{
    struct gtid_mariadb_event gtid = {.sequence = sequence};

    gtid_mariadb_encode(body, &gtid);
}

static inline void bytes_query(struct buf *body, const char *database, const char *text)
{
    struct query query = {.database = span_str(database), .text = span_str(text)};

    query_encode(body, &query);
}

static inline void bytes_map(struct buf *body, uint64_t id, const char *database, const char *table)
{
    buf_le(body, id, 6);
    buf_u16(body, 1);
    buf_u8(body, (uint8_t)strlen(database));
    buf_str(body, database);
    buf_u8(body, 0);
    buf_u8(body, (uint8_t)strlen(table));
    buf_str(body, table);
    buf_u8(body, 0);
    buf_lenenc(body, 1);
    buf_u8(body, COLUMN_LONG);
    buf_lenenc(body, 0);
    buf_u8(body, 0);
}

/* Of an insert; `last` of its statement. */
static inline void bytes_rows(struct buf *body, uint64_t id, bool last)
{
    buf_le(body, id, 6);
    buf_u16(body, last ? 1 : 0);
    buf_lenenc(body, 1);
    buf_u8(body, 0xff);
    buf_u8(body, 0xfe);
    buf_u32(body, 7);
}
