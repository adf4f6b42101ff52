#include "binlog/query.h"

#include "binlog/gtid_mariadb.h"

#define ALTER_ENDS (GTID_MARIADB_EXTRA_COMMIT_ALTER | GTID_MARIADB_EXTRA_ROLLBACK_ALTER)

void query_decode_head(struct cursor *cur, struct query *query)
{
    query->thread_id = cursor_u32(cur);
    query->exec_time = cursor_u32(cur);
    query->database.len = cursor_u8(cur);
    query->error_code = cursor_u16(cur);
    query->status.len = cursor_u16(cur);
}

bool query_decode_rest(struct cursor *cur, struct span body, uint8_t type, struct query *query,
                       struct err *err)
{
    size_t database_length = query->database.len;

    query->status = cursor_bytes(cur, query->status.len);
    query->database = cursor_bytes(cur, database_length);
    if (cursor_u8(cur) != 0)
        return err_set(err, E_PROTO, 0, "%s event: no NUL after the database's %zu bytes",
                       event_type_name(type), database_length);
    query->text = cursor_rest(cur);
    return event_body_end(cur, type, body, err);
}

bool query_decode(struct span body, uint8_t type, const struct format *format,
                  struct query *ret_query, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct query query;

    if (!format_check_post_header(format, type, QUERY_POST_HEADER_SIZE, err))
        return false;
    query_decode_head(&cur, &query);
    if (!query_decode_rest(&cur, body, type, &query, err))
        return false;
    *ret_query = query;
    return true;
}

void query_encode_head(struct buf *buf, const struct query *query)
{
    if (query->database.len > UINT8_MAX || query->status.len > UINT16_MAX)
        buf->bad = true;
    buf_u32(buf, query->thread_id);
    buf_u32(buf, query->exec_time);
    buf_u8(buf, (uint8_t)query->database.len);
    buf_u16(buf, query->error_code);
    buf_u16(buf, (uint16_t)query->status.len);
}

void query_encode_rest(struct buf *buf, const struct query *query)
{
    buf_bytes(buf, query->status);
    buf_bytes(buf, query->database);
    buf_u8(buf, 0);
    buf_bytes(buf, query->text);
}

void query_encode(struct buf *buf, const struct query *query)
{
    query_encode_head(buf, query);
    query_encode_rest(buf, query);
}

bool query_status_has(const struct query_status *status, uint8_t code)
{
    for (size_t i = 0; i < status->count; i++) {
        if (status->codes[i] == code)
            return true;
    }
    return false;
}

static struct span short_string(struct cursor *cur)
{
    return cursor_bytes(cur, cursor_u8(cur));
}

static void write_short_string(struct buf *buf, struct span text)
{
    if (text.len > UINT8_MAX)
        buf->bad = true;
    buf_u8(buf, (uint8_t)text.len);
    buf_bytes(buf, text);
}

static void decode_databases(struct cursor *cur, struct query_status *status)
{
    struct cursor names = *cur;

    status->database_count = cursor_u8(cur);
    names = *cur;
    if (status->database_count != QUERY_DATABASES_OVER_MAX) {
        for (size_t i = 0; i < status->database_count; i++)
            (void)cursor_cstr(cur);
    }
    status->databases = cursor_bytes(&names, cursor_left(&names) - cursor_left(cur));
}

/* Codes 0 to 13, which both families share, but for 12 and 13, MySQL's. False: not one of them. */
static bool decode_common(struct cursor *cur, uint8_t code, struct query_status *status)
{
    switch (code) {
    case QUERY_FLAGS2:
        status->flags2 = cursor_u32(cur);
        return true;
    case QUERY_SQL_MODE:
        status->sql_mode = cursor_u64(cur);
        return true;
    case QUERY_CATALOG:
        status->catalog = short_string(cur);
        cursor_skip(cur, 1);
        return true;
    case QUERY_AUTO_INCREMENT:
        status->auto_increment_increment = cursor_u16(cur);
        status->auto_increment_offset = cursor_u16(cur);
        return true;
    case QUERY_CHARSET:
        status->charset_client = cursor_u16(cur);
        status->collation_connection = cursor_u16(cur);
        status->collation_server = cursor_u16(cur);
        return true;
    case QUERY_TIME_ZONE:
        status->time_zone = short_string(cur);
        return true;
    case QUERY_CATALOG_NZ:
        status->catalog = short_string(cur);
        return true;
    case QUERY_LC_TIME_NAMES:
        status->lc_time_names = cursor_u16(cur);
        return true;
    case QUERY_CHARSET_DATABASE:
        status->collation_database = cursor_u16(cur);
        return true;
    case QUERY_TABLE_MAP_FOR_UPDATE:
        status->table_map_for_update = cursor_u64(cur);
        return true;
    case QUERY_SOURCE_DATA_WRITTEN:
        status->source_data_written = cursor_u32(cur);
        return true;
    case QUERY_INVOKER:
        status->user = short_string(cur);
        status->host = short_string(cur);
        return true;
    case QUERY_UPDATED_DATABASES:
        decode_databases(cur, status);
        return true;
    case QUERY_MICROSECONDS:
        status->microseconds = cursor_u24(cur);
        return true;
    default:
        return false;
    }
}

/* Codes from 16 on. False: unknown. */
static bool decode_newer(struct cursor *cur, uint8_t code, struct query_status *status)
{
    switch (code) {
    case QUERY_EXPLICIT_DEFAULTS_FOR_TIMESTAMP:
        status->explicit_defaults_for_timestamp = cursor_u8(cur);
        return true;
    case QUERY_DDL_LOGGED_WITH_XID:
    case QUERY_MARIADB_XID:
        status->xid = cursor_u64(cur);
        return true;
    case QUERY_DEFAULT_COLLATION_FOR_UTF8MB4:
        status->default_collation_for_utf8mb4 = cursor_u16(cur);
        return true;
    case QUERY_SQL_REQUIRE_PRIMARY_KEY:
        status->sql_require_primary_key = cursor_u8(cur);
        return true;
    case QUERY_DEFAULT_TABLE_ENCRYPTION:
        status->default_table_encryption = cursor_u8(cur);
        return true;
    case QUERY_ENABLE_CASCADE_TRIGGERS:
        status->enable_cascade_triggers = cursor_u8(cur);
        return true;
    case QUERY_MARIADB_MICROSECONDS:
        status->microseconds = cursor_u24(cur);
        return true;
    case QUERY_MARIADB_GTID_FLAGS:
        status->gtid_flags = cursor_u8(cur);
        if (status->gtid_flags & ALTER_ENDS)
            status->alter_seq_no = cursor_u64(cur);
        return true;
    case QUERY_MARIADB_CHARSET_COLLATIONS:
        status->collations = cursor_bytes(cur, (size_t)cursor_u8(cur) * 4);
        return true;
    default:
        return false;
    }
}

bool query_status_decode(struct span bytes, struct query_status *ret_status, struct err *err)
{
    struct cursor cur = cursor_of(bytes);
    struct query_status status = {0};

    while (cursor_left(&cur) > 0) {
        struct cursor before = cur;
        uint8_t code = cursor_u8(&cur);

        if (query_status_has(&status, code))
            return err_set(err, E_PROTO, 0, "Query event: status variable %u twice", code);
        if (!decode_common(&cur, code, &status) && !decode_newer(&cur, code, &status)) {
            status.unknown = cursor_rest(&before);
            break;
        }
        if (!cursor_ok(&cur))
            return err_set(err, E_PROTO, 0,
                           "Query event: status variable %u reaches past their end, %zu bytes",
                           code, bytes.len);
        if (status.count == QUERY_STATUS_MAX)
            return err_set(err, E_PROTO, 0, "Query event: more than %d status variables",
                           QUERY_STATUS_MAX);
        status.codes[status.count++] = code;
    }
    *ret_status = status;
    return true;
}

static void encode_common(struct buf *buf, uint8_t code, const struct query_status *status)
{
    switch (code) {
    case QUERY_FLAGS2:
        buf_u32(buf, status->flags2);
        break;
    case QUERY_SQL_MODE:
        buf_u64(buf, status->sql_mode);
        break;
    case QUERY_CATALOG:
        write_short_string(buf, status->catalog);
        buf_u8(buf, 0);
        break;
    case QUERY_AUTO_INCREMENT:
        buf_u16(buf, status->auto_increment_increment);
        buf_u16(buf, status->auto_increment_offset);
        break;
    case QUERY_CHARSET:
        buf_u16(buf, status->charset_client);
        buf_u16(buf, status->collation_connection);
        buf_u16(buf, status->collation_server);
        break;
    case QUERY_TIME_ZONE:
        write_short_string(buf, status->time_zone);
        break;
    case QUERY_CATALOG_NZ:
        write_short_string(buf, status->catalog);
        break;
    case QUERY_LC_TIME_NAMES:
        buf_u16(buf, status->lc_time_names);
        break;
    case QUERY_CHARSET_DATABASE:
        buf_u16(buf, status->collation_database);
        break;
    case QUERY_TABLE_MAP_FOR_UPDATE:
        buf_u64(buf, status->table_map_for_update);
        break;
    case QUERY_SOURCE_DATA_WRITTEN:
        buf_u32(buf, status->source_data_written);
        break;
    case QUERY_INVOKER:
        write_short_string(buf, status->user);
        write_short_string(buf, status->host);
        break;
    case QUERY_UPDATED_DATABASES:
        buf_u8(buf, status->database_count);
        buf_bytes(buf, status->databases);
        break;
    case QUERY_MICROSECONDS:
        buf_u24(buf, status->microseconds);
        break;
    default:
        break;
    }
}

static void encode_newer(struct buf *buf, uint8_t code, const struct query_status *status)
{
    switch (code) {
    case QUERY_EXPLICIT_DEFAULTS_FOR_TIMESTAMP:
        buf_u8(buf, status->explicit_defaults_for_timestamp);
        break;
    case QUERY_DDL_LOGGED_WITH_XID:
    case QUERY_MARIADB_XID:
        buf_u64(buf, status->xid);
        break;
    case QUERY_DEFAULT_COLLATION_FOR_UTF8MB4:
        buf_u16(buf, status->default_collation_for_utf8mb4);
        break;
    case QUERY_SQL_REQUIRE_PRIMARY_KEY:
        buf_u8(buf, status->sql_require_primary_key);
        break;
    case QUERY_DEFAULT_TABLE_ENCRYPTION:
        buf_u8(buf, status->default_table_encryption);
        break;
    case QUERY_ENABLE_CASCADE_TRIGGERS:
        buf_u8(buf, status->enable_cascade_triggers);
        break;
    case QUERY_MARIADB_MICROSECONDS:
        buf_u24(buf, status->microseconds);
        break;
    case QUERY_MARIADB_GTID_FLAGS:
        buf_u8(buf, status->gtid_flags);
        if (status->gtid_flags & ALTER_ENDS)
            buf_u64(buf, status->alter_seq_no);
        break;
    case QUERY_MARIADB_CHARSET_COLLATIONS:
        buf_u8(buf, (uint8_t)(status->collations.len / 4));
        buf_bytes(buf, status->collations);
        break;
    default:
        break;
    }
}

void query_status_encode(struct buf *buf, const struct query_status *status)
{
    for (size_t i = 0; i < status->count; i++) {
        buf_u8(buf, status->codes[i]);
        encode_common(buf, status->codes[i], status);
        encode_newer(buf, status->codes[i], status);
    }
    buf_bytes(buf, status->unknown);
}
