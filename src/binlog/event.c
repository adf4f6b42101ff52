#include "binlog/event.h"

#define MYSQL(name, support, versions)                                                             \
    {                                                                                              \
        name, EVENT_FAMILY_MYSQL, support, versions                                                \
    }
#define MARIADB(name, support, versions)                                                           \
    {                                                                                              \
        name, EVENT_FAMILY_MARIADB, support, versions                                              \
    }
#define BOTH(name, support, versions)                                                              \
    {                                                                                              \
        name, EVENT_FAMILY_BOTH, support, versions                                                 \
    }

static const struct event_type_info mysql_types[] = {
    [EVENT_START_V3] = BOTH("Start_v3", EVENT_CARRIED, "before 5.0; replaced by Format_desc"),
    [EVENT_QUERY] = BOTH("Query", EVENT_DECODED, "all"),
    [EVENT_STOP] = BOTH("Stop", EVENT_DECODED, "all"),
    [EVENT_ROTATE] = BOTH("Rotate", EVENT_DECODED, "all"),
    [EVENT_INTVAR] = BOTH("Intvar", EVENT_DECODED, "all"),
    [EVENT_LOAD] = BOTH("Load", EVENT_CARRIED, "MySQL 3.23"),
    [EVENT_SLAVE] = BOTH("Slave", EVENT_CARRIED, "none"),
    [EVENT_CREATE_FILE] = BOTH("Create_file", EVENT_CARRIED, "MySQL 4.0 and 4.1"),
    [EVENT_APPEND_BLOCK] = BOTH("Append_block", EVENT_DECODED, "all"),
    [EVENT_EXEC_LOAD] = BOTH("Exec_load", EVENT_CARRIED, "MySQL 4.0 and 4.1"),
    [EVENT_DELETE_FILE] = BOTH("Delete_file", EVENT_DECODED, "all"),
    [EVENT_NEW_LOAD] = BOTH("New_load", EVENT_CARRIED, "MySQL 4.0 and 4.1"),
    [EVENT_RAND] = BOTH("RAND", EVENT_DECODED, "all"),
    [EVENT_USER_VAR] = BOTH("User var", EVENT_DECODED, "all"),
    [EVENT_FORMAT_DESCRIPTION] = BOTH("Format_desc", EVENT_DECODED, "all"),
    [EVENT_XID] = BOTH("Xid", EVENT_DECODED, "all"),
    [EVENT_BEGIN_LOAD_QUERY] = BOTH("Begin_load_query", EVENT_DECODED, "all"),
    [EVENT_EXECUTE_LOAD_QUERY] = BOTH("Execute_load_query", EVENT_DECODED, "all"),
    [EVENT_TABLE_MAP] = BOTH("Table_map", EVENT_DECODED, "all, from 5.1"),
    [EVENT_WRITE_ROWS_V0] = BOTH("Write_rows_event_old", EVENT_CARRIED, "MySQL 5.1.0 to 5.1.15"),
    [EVENT_UPDATE_ROWS_V0] = BOTH("Update_rows_event_old", EVENT_CARRIED, "MySQL 5.1.0 to 5.1.15"),
    [EVENT_DELETE_ROWS_V0] = BOTH("Delete_rows_event_old", EVENT_CARRIED, "MySQL 5.1.0 to 5.1.15"),
    [EVENT_WRITE_ROWS_V1] = BOTH("Write_rows_v1", EVENT_DECODED, "MySQL 5.1 to 8.1; MariaDB"),
    [EVENT_UPDATE_ROWS_V1] = BOTH("Update_rows_v1", EVENT_DECODED, "MySQL 5.1 to 8.1; MariaDB"),
    [EVENT_DELETE_ROWS_V1] = BOTH("Delete_rows_v1", EVENT_DECODED, "MySQL 5.1 to 8.1; MariaDB"),
    [EVENT_INCIDENT] = BOTH("Incident", EVENT_DECODED, "all, from 5.1"),
    [EVENT_HEARTBEAT] = BOTH("Heartbeat", EVENT_DECODED, "MySQL 5.5, MariaDB 5.3; never in a file"),
    [EVENT_IGNORABLE] = MYSQL("Ignorable", EVENT_DECODED, "none; reserved in MySQL 5.6"),
    [EVENT_ROWS_QUERY] = MYSQL("Rows_query", EVENT_DECODED, "MySQL 5.6"),
    [EVENT_WRITE_ROWS] = MYSQL("Write_rows", EVENT_DECODED, "MySQL 5.6"),
    [EVENT_UPDATE_ROWS] = MYSQL("Update_rows", EVENT_DECODED, "MySQL 5.6"),
    [EVENT_DELETE_ROWS] = MYSQL("Delete_rows", EVENT_DECODED, "MySQL 5.6"),
    [EVENT_GTID] = MYSQL("Gtid", EVENT_DECODED, "MySQL 5.6"),
    [EVENT_ANONYMOUS_GTID] = MYSQL("Anonymous_Gtid", EVENT_DECODED, "MySQL 5.6"),
    [EVENT_PREVIOUS_GTIDS] = MYSQL("Previous_gtids", EVENT_DECODED, "MySQL 5.6"),
    [EVENT_TRANSACTION_CONTEXT] =
        MYSQL("Transaction_context", EVENT_CARRIED, "MySQL 5.7; group replication"),
    [EVENT_VIEW_CHANGE] = MYSQL("View_change", EVENT_CARRIED, "MySQL 5.7; group replication"),
    [EVENT_XA_PREPARE] = BOTH("XA_prepare", EVENT_DECODED, "MySQL 5.7, MariaDB 10.5"),
    [EVENT_PARTIAL_UPDATE_ROWS] = MYSQL("Update_rows_partial", EVENT_DECODED, "MySQL 8.0.3"),
    [EVENT_TRANSACTION_PAYLOAD] = MYSQL("Transaction_payload", EVENT_DECODED, "MySQL 8.0.20"),
    [EVENT_HEARTBEAT_V2] = MYSQL("Heartbeat_v2", EVENT_DECODED, "MySQL 8.0.26; never in a file"),
    [EVENT_GTID_TAGGED] = MYSQL("Gtid_tagged_log_event", EVENT_DECODED, "MySQL 8.3"),
};

#define MARIADB_FIRST EVENT_MARIADB_ANNOTATE_ROWS

static const struct event_type_info mariadb_types[] = {
    [EVENT_MARIADB_ANNOTATE_ROWS - MARIADB_FIRST] =
        MARIADB("Annotate_rows", EVENT_DECODED, "MariaDB 5.3"),
    [EVENT_MARIADB_BINLOG_CHECKPOINT - MARIADB_FIRST] =
        MARIADB("Binlog_checkpoint", EVENT_DECODED, "MariaDB 10.0"),
    [EVENT_MARIADB_GTID - MARIADB_FIRST] = MARIADB("Gtid", EVENT_DECODED, "MariaDB 10.0"),
    [EVENT_MARIADB_GTID_LIST - MARIADB_FIRST] = MARIADB("Gtid_list", EVENT_DECODED, "MariaDB 10.0"),
    [EVENT_MARIADB_START_ENCRYPTION - MARIADB_FIRST] =
        MARIADB("Start_encryption", EVENT_DECODED, "MariaDB 10.1"),
    [EVENT_MARIADB_QUERY_COMPRESSED - MARIADB_FIRST] =
        MARIADB("Query_compressed", EVENT_DECODED, "MariaDB 10.2"),
    [EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1 - MARIADB_FIRST] =
        MARIADB("Write_rows_compressed_v1", EVENT_DECODED, "MariaDB 10.2"),
    [EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1 - MARIADB_FIRST] =
        MARIADB("Update_rows_compressed_v1", EVENT_DECODED, "MariaDB 10.2"),
    [EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1 - MARIADB_FIRST] =
        MARIADB("Delete_rows_compressed_v1", EVENT_DECODED, "MariaDB 10.2"),
    [EVENT_MARIADB_WRITE_ROWS_COMPRESSED - MARIADB_FIRST] =
        MARIADB("Write_rows_compressed", EVENT_DECODED, "MariaDB 10.2"),
    [EVENT_MARIADB_UPDATE_ROWS_COMPRESSED - MARIADB_FIRST] =
        MARIADB("Update_rows_compressed", EVENT_DECODED, "MariaDB 10.2"),
    [EVENT_MARIADB_DELETE_ROWS_COMPRESSED - MARIADB_FIRST] =
        MARIADB("Delete_rows_compressed", EVENT_DECODED, "MariaDB 10.2"),
    [EVENT_MARIADB_PARTIAL_ROW_DATA - MARIADB_FIRST] =
        MARIADB("Partial_rows", EVENT_DECODED, "MariaDB 12.3"),
};

const struct event_type_info *event_type_info(uint8_t type)
{
    const struct event_type_info *info = NULL;

    if (type < sizeof mysql_types / sizeof mysql_types[0])
        info = &mysql_types[type];
    else if (type >= MARIADB_FIRST &&
             (size_t)(type - MARIADB_FIRST) < sizeof mariadb_types / sizeof mariadb_types[0])
        info = &mariadb_types[type - MARIADB_FIRST];
    return info && info->name ? info : NULL;
}

const char *event_type_name(uint8_t type)
{
    const struct event_type_info *info = event_type_info(type);

    return info ? info->name : "Unknown";
}

bool event_type_is_rows(uint8_t type)
{
    return (type >= EVENT_WRITE_ROWS_V0 && type <= EVENT_DELETE_ROWS_V1) ||
           (type >= EVENT_WRITE_ROWS && type <= EVENT_DELETE_ROWS) ||
           type == EVENT_PARTIAL_UPDATE_ROWS ||
           (type >= EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1 &&
            type <= EVENT_MARIADB_DELETE_ROWS_COMPRESSED);
}

void event_header_fail(struct span bytes, struct err *err)
{
    struct cursor cur = cursor_of(bytes);
    uint8_t type;

    if (bytes.len < EVENT_HEADER_SIZE) {
        (void)err_set(err, E_PROTO, 0, "event header: %d bytes expected, found %zu",
                      EVENT_HEADER_SIZE, bytes.len);
        return;
    }
    cursor_skip(&cur, EVENT_TYPE_AT);
    type = cursor_u8(&cur);
    cursor_skip(&cur, EVENT_LENGTH_AT - EVENT_TYPE_AT - 1);
    (void)err_set(err, E_PROTO, 0, "%s event: length %u, expected %d to %u", event_type_name(type),
                  cursor_u32(&cur), EVENT_HEADER_SIZE, EVENT_LENGTH_MAX);
}

void event_header_encode(struct buf *buf, const struct event_header *header)
{
    buf_u32(buf, header->timestamp);
    buf_u8(buf, header->type);
    buf_u32(buf, header->server_id);
    buf_u32(buf, header->length);
    buf_u32(buf, header->log_pos);
    buf_u16(buf, header->flags);
}

bool event_body_ok(const struct cursor *cur, uint8_t type, struct span body, struct err *err)
{
    if (!cursor_ok(cur))
        return err_set(err, E_PROTO, 0, "%s event: a field reaches past the body's end, %zu bytes",
                       event_type_name(type), body.len);
    return true;
}

bool event_body_end(const struct cursor *cur, uint8_t type, struct span body, struct err *err)
{
    if (!event_body_ok(cur, type, body, err))
        return false;
    if (!cursor_end(cur))
        return err_set(err, E_PROTO, 0,
                       "%s event: %zu bytes after the last field, body of %zu bytes",
                       event_type_name(type), cursor_left(cur), body.len);
    return true;
}
