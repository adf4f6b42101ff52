#include "cli/event_text.h"

#include "binlog/control.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/gtid_set.h"
#include "binlog/load_data.h"
#include "binlog/number.h"
#include "binlog/payload.h"
#include "binlog/text.h"
#include "binlog/variable.h"
#include "binlog/xid.h"
#include "cli/gtid_text.h"

void event_text_write_statement(struct buf *buf, struct span text)
{
    struct cursor cur = cursor_of(text);

    if (text_is_plain(text)) {
        buf_bytes(buf, text);
        return;
    }
    while (cursor_left(&cur) > 0) {
        uint8_t c = cursor_u8(&cur);

        if (c == '\n')
            buf_str(buf, "\n    | ");
        else if ((c < ' ' && c != '\t') || c == 0x7f)
            buf_printf(buf, "\\x%02x", c);
        else
            buf_u8(buf, c);
    }
}

static bool write_query(struct buf *buf, const struct query *query)
{
    if (query->database.len > 0) {
        event_text_write_statement(buf, query->database);
        buf_str(buf, ": ");
    }
    event_text_write_statement(buf, query->text);
    if (query->error_code != 0)
        buf_printf(buf, "  (error %u at the source)", query->error_code);
    return true;
}

static bool write_user_var(struct buf *buf, const struct plain_event *event, struct err *err)
{
    struct user_var var;

    if (!user_var_decode(event->body, &var, err))
        return false;
    buf_u8(buf, '@');
    text_write_identifier(buf, var.name);
    buf_str(buf, " = ");
    if (var.is_null || (var.type != USER_VAR_STRING && var.type != USER_VAR_ROW))
        return user_var_write_number(buf, &var, err);
    text_write_sql(buf, var.value);
    return true;
}

static bool write_variable(struct buf *buf, const struct plain_event *event, struct err *err)
{
    struct intvar intvar;
    struct rand_seeds seeds;

    if (event->type == EVENT_USER_VAR)
        return write_user_var(buf, event, err);
    if (event->type == EVENT_RAND) {
        if (!rand_seeds_decode(event->body, &seeds, err))
            return false;
        buf_printf(buf, "RAND_SEED1=%llu, RAND_SEED2=%llu", (unsigned long long)seeds.seed1,
                   (unsigned long long)seeds.seed2);
        return true;
    }
    if (!intvar_decode(event->body, &intvar, err))
        return false;
    buf_printf(buf, "%s=%llu", intvar.kind == INTVAR_INSERT_ID ? "INSERT_ID" : "LAST_INSERT_ID",
               (unsigned long long)intvar.value);
    return true;
}

static bool write_load(struct buf *buf, const struct plain_event *event,
                       const struct format *format, struct err *err)
{
    struct load_block block;
    struct load_execute execute;
    uint32_t file_id;

    if (event->type == EVENT_EXECUTE_LOAD_QUERY) {
        if (!load_execute_decode(event->body, format, &execute, err))
            return false;
        buf_printf(buf, "file %u: ", execute.file_id);
        return write_query(buf, &execute.query);
    }
    if (event->type == EVENT_DELETE_FILE) {
        if (!load_delete_decode(event->body, &file_id, err))
            return false;
        buf_printf(buf, "file %u", file_id);
        return true;
    }
    if (!load_block_decode(event->body, event->type, &block, err))
        return false;
    buf_printf(buf, "file %u, %zu bytes", block.file_id, block.content.len);
    return true;
}

static bool write_gtids(struct buf *buf, const struct plain_event *event, struct err *err)
{
    struct gtid_set set;
    struct gtid_list list;
    bool good;

    if (event->type == EVENT_PREVIOUS_GTIDS) {
        gtid_set_init(&set);
        good = gtid_set_decode(event->body, &set, err);
        if (good)
            gtid_set_print(buf, &set);
        gtid_set_done(&set);
        return good;
    }
    gtid_list_init(&list);
    good = gtid_list_decode(event->body, &list, err);
    if (good)
        gtid_list_print(buf, &list);
    gtid_list_done(&list);
    return good;
}

static bool write_gtid(struct buf *buf, const struct plain_event *event, struct err *err)
{
    struct gtid_mariadb_event gtid;

    if (!gtid_text_write(buf, event, err))
        return false;
    if (event->type != EVENT_MARIADB_GTID)
        return true;
    if (!gtid_mariadb_decode(event->body, &gtid, err))
        return false;
    if (gtid.flags & GTID_MARIADB_DDL)
        buf_str(buf, " ddl");
    if (gtid.flags & GTID_MARIADB_GROUP_COMMIT)
        buf_printf(buf, " cid=%llu", (unsigned long long)gtid.commit_id);
    return true;
}

static void write_xa_part(struct buf *buf, struct span part)
{
    if (text_is_plain(part)) {
        text_write_plain(buf, part, '\'');
        return;
    }
    buf_str(buf, "X'");
    text_write_hex(buf, part);
    buf_u8(buf, '\'');
}

static bool write_end(struct buf *buf, const struct plain_event *event, struct err *err)
{
    struct xa_prepare prepare;
    uint64_t number;

    if (event->type == EVENT_XID) {
        if (!xid_decode(event->body, &number, err))
            return false;
        buf_str(buf, "COMMIT, xid ");
        number_write_u64(buf, number);
        return true;
    }
    if (!xa_prepare_decode(event->body, &prepare, err))
        return false;
    buf_str(buf, prepare.one_phase ? "XA COMMIT " : "XA PREPARE ");
    write_xa_part(buf, prepare.name.gtrid);
    buf_u8(buf, ',');
    write_xa_part(buf, prepare.name.bqual);
    buf_printf(buf, ",%u%s", prepare.name.format_id, prepare.one_phase ? " ONE PHASE" : "");
    return true;
}

static bool write_log(struct buf *buf, const struct plain_event *event, struct err *err)
{
    struct rotate rotate;
    struct incident incident;
    struct heartbeat heartbeat;
    struct span name;

    if (event->type == EVENT_ROTATE) {
        if (!rotate_decode(event->body, &rotate, err))
            return false;
        event_text_write_statement(buf, rotate.name);
        buf_printf(buf, " at %llu", (unsigned long long)rotate.position);
    } else if (event->type == EVENT_INCIDENT) {
        if (!incident_decode(event->body, &incident, err))
            return false;
        buf_printf(buf, "%u: ", incident.number);
        event_text_write_statement(buf, incident.message);
    } else if (event->type == EVENT_MARIADB_BINLOG_CHECKPOINT) {
        if (!binlog_checkpoint_decode(event->body, &name, err))
            return false;
        event_text_write_statement(buf, name);
    } else {
        if (event->type == EVENT_HEARTBEAT
                ? !heartbeat_decode(event->body, &event->header, &heartbeat, err)
                : !heartbeat_v2_decode(event->body, &heartbeat, err))
            return false;
        event_text_write_statement(buf, heartbeat.name);
        buf_printf(buf, " at %llu", (unsigned long long)heartbeat.position);
    }
    return true;
}

static bool write_partial_rows(struct buf *buf, const struct plain_event *event, struct err *err)
{
    struct partial_rows partial;

    if (!partial_rows_decode(event->body, &partial, err))
        return false;
    buf_printf(buf, "piece %u of %u of a rows event, %zu bytes, not decoded", partial.number,
               partial.count, partial.piece.len);
    return true;
}

static bool write_payload(struct buf *buf, const struct plain_event *event, struct err *err)
{
    struct payload payload;

    if (!payload_decode(event->body, &payload, err))
        return false;
    buf_printf(buf, "%s, %zu bytes for %llu", payload.compression == PAYLOAD_ZSTD ? "zstd" : "none",
               payload.data.len, (unsigned long long)payload.plain_size);
    return true;
}

bool event_text_write(struct buf *buf, const struct plain_event *event, const struct format *format,
                      struct err *err)
{
    struct rows_query rows_query;
    struct query query;

    switch ((enum event_type)event->type) {
    case EVENT_QUERY:
        return query_decode(event->body, event->type, format, &query, err) &&
               write_query(buf, &query);
    case EVENT_FORMAT_DESCRIPTION:
        buf_printf(buf, "%s %s, checksum %s",
                   format->family == FORMAT_MARIADB ? "MariaDB" : "MySQL", format->server_version,
                   checksum_alg_name(format->checksum));
        return true;
    case EVENT_ROWS_QUERY:
        if (!rows_query_decode(event->body, &rows_query, err))
            return false;
        event_text_write_statement(buf, rows_query.text);
        return true;
    case EVENT_MARIADB_ANNOTATE_ROWS:
        event_text_write_statement(buf, event->body);
        return true;
    case EVENT_XID:
    case EVENT_XA_PREPARE:
        return write_end(buf, event, err);
    case EVENT_GTID:
    case EVENT_ANONYMOUS_GTID:
    case EVENT_GTID_TAGGED:
    case EVENT_MARIADB_GTID:
        return write_gtid(buf, event, err);
    case EVENT_PREVIOUS_GTIDS:
    case EVENT_MARIADB_GTID_LIST:
        return write_gtids(buf, event, err);
    case EVENT_ROTATE:
    case EVENT_INCIDENT:
    case EVENT_HEARTBEAT:
    case EVENT_HEARTBEAT_V2:
    case EVENT_MARIADB_BINLOG_CHECKPOINT:
        return write_log(buf, event, err);
    case EVENT_INTVAR:
    case EVENT_RAND:
    case EVENT_USER_VAR:
        return write_variable(buf, event, err);
    case EVENT_BEGIN_LOAD_QUERY:
    case EVENT_APPEND_BLOCK:
    case EVENT_DELETE_FILE:
    case EVENT_EXECUTE_LOAD_QUERY:
        return write_load(buf, event, format, err);
    case EVENT_TRANSACTION_PAYLOAD:
        return write_payload(buf, event, err);
    case EVENT_MARIADB_PARTIAL_ROW_DATA:
        return write_partial_rows(buf, event, err);
    case EVENT_STOP:
        return stop_decode(event->body, err);
    default:
        buf_printf(buf, "%zu bytes, not decoded", event->body.len);
        return true;
    }
}
