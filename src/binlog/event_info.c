#include "binlog/event_info.h"

#include "base/mem.h"
#include "binlog/charset.h"
#include "binlog/control.h"
#include "binlog/decimal.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/gtid_set.h"
#include "binlog/inflate.h"
#include "binlog/load_data.h"
#include "binlog/number.h"
#include "binlog/payload.h"
#include "binlog/rows.h"
#include "binlog/text.h"
#include "binlog/variable.h"
#include "binlog/xid.h"

#include <stdio.h>

/* The servers write these into a buffer of 256 bytes, the last of them a NUL. */
#define TABLE_TEXT_MAX 255

struct info {
    struct buf *buf;
    const struct event_header *header;
    struct span body;
    const struct format *format;
    struct inflater *inflater;
    size_t max;
    struct err *err;
};

static bool is_mariadb(const struct info *info)
{
    return info->format->family == FORMAT_MARIADB;
}

/* ---- Statements ---- */

static void write_use(struct info *info, struct span database)
{
    if (database.len == 0 || (info->header->flags & EVENT_FLAG_SUPPRESS_USE))
        return;
    buf_str(info->buf, "use ");
    text_write_identifier(info->buf, database);
    buf_str(info->buf, "; ");
}

static bool write_query(struct info *info)
{
    struct query_status status;
    struct query query;

    if (!query_decode(info->body, info->header->type, info->format, &query, info->err))
        return false;
    write_use(info, query.database);
    if (info->header->type == EVENT_MARIADB_QUERY_COMPRESSED)
        return inflate_bytes(info->inflater, query.text, info->max, info->buf, info->err);
    buf_bytes(info->buf, query.text);
    if (is_mariadb(info))
        return true;
    if (!query_status_decode(query.status, &status, info->err))
        return false;
    if (query_status_has(&status, QUERY_DDL_LOGGED_WITH_XID))
        buf_printf(info->buf, " /* xid=%llu */", (unsigned long long)status.xid);
    return true;
}

static bool write_rows_query(struct info *info)
{
    struct rows_query rows_query;

    if (!rows_query_decode(info->body, &rows_query, info->err))
        return false;
    buf_str(info->buf, "# ");
    buf_bytes(info->buf, rows_query.text);
    return true;
}

static bool write_load(struct info *info)
{
    struct load_execute execute;
    struct load_block block;
    uint32_t file_id;

    if (info->header->type == EVENT_EXECUTE_LOAD_QUERY) {
        if (!load_execute_decode(info->body, info->format, &execute, info->err))
            return false;
        write_use(info, execute.query.database);
        buf_bytes(info->buf, execute.query.text);
        buf_printf(info->buf, " ;file_id=%u", execute.file_id);
        return true;
    }
    if (info->header->type == EVENT_DELETE_FILE) {
        if (!load_delete_decode(info->body, &file_id, info->err))
            return false;
        buf_printf(info->buf, ";file_id=%u", file_id);
        return true;
    }
    if (!load_block_decode(info->body, info->header->type, &block, info->err))
        return false;
    buf_printf(info->buf, ";file_id=%u;block_len=%zu", block.file_id, block.content.len);
    return true;
}

/* ---- What a statement reads from its session ---- */

static bool write_intvar(struct info *info)
{
    struct intvar intvar;

    if (!intvar_decode(info->body, &intvar, info->err))
        return false;
    buf_printf(info->buf, "%s=%llu",
               intvar.kind == INTVAR_INSERT_ID ? "INSERT_ID" : "LAST_INSERT_ID",
               (unsigned long long)intvar.value);
    return true;
}

static bool write_rand(struct info *info)
{
    struct rand_seeds seeds;

    if (!rand_seeds_decode(info->body, &seeds, info->err))
        return false;
    buf_printf(info->buf, "rand_seed1=%llu,rand_seed2=%llu", (unsigned long long)seeds.seed1,
               (unsigned long long)seeds.seed2);
    return true;
}

static void write_user_text(struct info *info, const struct user_var *var)
{
    const char *charset = charset_of_collation(var->collation).name;

    if (!charset) {
        buf_str(info->buf, "???");
        return;
    }
    buf_printf(info->buf, "_%s %s", charset, is_mariadb(info) ? "X'" : "0x");
    text_write_hex(info->buf, var->value);
    if (is_mariadb(info))
        buf_u8(info->buf, '\'');
    if (var->collation == COLLATION_BINARY)
        buf_str(info->buf, " COLLATE binary");
}

static bool write_user_decimal(struct info *info, const struct user_var *var)
{
    struct cursor cur = cursor_of(var->value);
    uint8_t precision = cursor_u8(&cur);
    uint8_t scale = cursor_u8(&cur);

    if (!cursor_ok(&cur) || precision < scale || precision > DECIMAL_DIGITS_MAX)
        return err_set(info->err, E_PROTO, 0, "User var event: DECIMAL(%u,%u)", precision, scale);
    return decimal_write_text(info->buf, cursor_rest(&cur), precision, scale, info->err) ||
           err_prefix(info->err, "User var event");
}

static void write_user_real(struct info *info, const struct user_var *var)
{
    struct cursor cur = cursor_of(var->value);
    uint64_t bits = cursor_u64(&cur);
    double value;

    memcpy(&value, &bits, sizeof value);
    number_write_double(info->buf, value);
}

static bool write_user_var(struct info *info)
{
    struct user_var var;

    if (!user_var_decode(info->body, &var, info->err))
        return false;
    buf_u8(info->buf, '@');
    text_write_identifier(info->buf, var.name);
    buf_u8(info->buf, '=');
    if (var.is_null)
        return user_var_write_number(info->buf, &var, info->err);
    switch ((enum user_var_type)var.type) {
    case USER_VAR_STRING:
        write_user_text(info, &var);
        return true;
    case USER_VAR_REAL:
        write_user_real(info, &var);
        return true;
    case USER_VAR_INT:
        return user_var_write_number(info->buf, &var, info->err);
    case USER_VAR_DECIMAL:
        return write_user_decimal(info, &var);
    case USER_VAR_ROW:
        return true;
    }
    return true;
}

/* ---- Rows ---- */

static bool has_short_id(const struct info *info)
{
    return format_post_header_length(info->format, info->header->type) == 6;
}

/* Its names alone: what else is in it has no part in the text. */
static bool write_table_map(struct info *info)
{
    struct cursor cur = cursor_of(info->body);
    uint64_t table_id = cursor_le(&cur, has_short_id(info) ? 4 : 6);
    char text[TABLE_TEXT_MAX + 1];
    struct span database;
    struct span table;

    cursor_skip(&cur, 2); /* flags */
    database = cursor_bytes(&cur, cursor_u8(&cur));
    cursor_skip(&cur, 1); /* its NUL */
    table = cursor_bytes(&cur, cursor_u8(&cur));
    if (!event_body_ok(&cur, info->header->type, info->body, info->err))
        return false;
    (void)snprintf(text, sizeof text, "table_id: %llu (%.*s.%.*s)", (unsigned long long)table_id,
                   (int)database.len, (const char *)database.data, (int)table.len,
                   (const char *)table.data);
    buf_str(info->buf, text);
    return true;
}

/* The head is plain and alike in all versions, and in compressed rows too. */
static bool write_rows(struct info *info)
{
    struct cursor cur = cursor_of(info->body);
    uint64_t table_id = cursor_le(&cur, has_short_id(info) ? 4 : 6);
    uint16_t flags = cursor_u16(&cur);

    if (!event_body_ok(&cur, info->header->type, info->body, info->err))
        return false;
    buf_printf(info->buf, "table_id: %llu%s", (unsigned long long)table_id,
               flags & ROWS_FLAG_STMT_END ? " flags: STMT_END_F" : "");
    if (!is_mariadb(info) && (flags & ROWS_FLAG_SQL_FOREIGN_KEYS))
        buf_str(info->buf, flags & ROWS_FLAG_STMT_END ? " USE_SQL_FOREIGN_KEY_F"
                                                      : " flags: USE_SQL_FOREIGN_KEY_F");
    return true;
}

static bool write_payload(struct info *info)
{
    struct payload payload;

    if (!payload_decode(info->body, &payload, info->err))
        return false;
    buf_printf(info->buf, "compression='%s', decompressed_size=%llu bytes",
               payload.compression == PAYLOAD_ZSTD ? "ZSTD" : "NONE",
               (unsigned long long)payload.plain_size);
    return true;
}

/* ---- Transactions ---- */

static bool write_mysql_gtid(struct info *info)
{
    char uuid[GTID_UUID_TEXT + 1];
    struct gtid gtid;

    if (!gtid_decode(info->body, info->header->type, &gtid, info->err))
        return false;
    buf_str(info->buf, "SET @@SESSION.GTID_NEXT= '");
    if (gtid.number == 0) {
        buf_str(info->buf, "ANONYMOUS'");
        return true;
    }
    gtid_uuid_print(&gtid.uuid, uuid);
    buf_str(info->buf, uuid);
    if (gtid.tag.len > 0) {
        buf_u8(info->buf, ':');
        buf_bytes(info->buf, gtid.tag);
    }
    buf_printf(info->buf, ":%lld'", (long long)gtid.number);
    return true;
}

/* X'gtrid',X'bqual',format: digits as the servers write them here, in lower case. */
static void write_xa_name(struct buf *buf, const struct xa_name *name)
{
    const struct span parts[] = {name->gtrid, name->bqual};

    for (size_t i = 0; i < 2; i++) {
        buf_str(buf, "X'");
        for (size_t at = 0; at < parts[i].len; at++)
            buf_printf(buf, "%02x", parts[i].data[at]);
        buf_str(buf, "',");
    }
    buf_printf(buf, "%u", name->format_id);
}

static bool write_mariadb_gtid(struct info *info)
{
    struct gtid_mariadb_event gtid;

    if (!gtid_mariadb_decode(info->body, &gtid, info->err))
        return false;
    if (gtid.flags & GTID_MARIADB_STANDALONE) {
        buf_str(info->buf, "GTID ");
    } else if (gtid.flags & GTID_MARIADB_PREPARED_XA) {
        buf_str(info->buf, "XA START ");
        write_xa_name(info->buf, &gtid.xa);
        buf_str(info->buf, " GTID ");
    } else {
        buf_str(info->buf, "BEGIN GTID ");
    }
    buf_printf(info->buf, "%u-%u-%llu", gtid.domain, info->header->server_id,
               (unsigned long long)gtid.sequence);
    if (gtid.flags & GTID_MARIADB_GROUP_COMMIT)
        buf_printf(info->buf, " cid=%llu", (unsigned long long)gtid.commit_id);
    if (gtid.extra_flags & GTID_MARIADB_EXTRA_START_ALTER)
        buf_str(info->buf, " START ALTER");
    if (gtid.extra_flags & (GTID_MARIADB_EXTRA_COMMIT_ALTER | GTID_MARIADB_EXTRA_ROLLBACK_ALTER))
        buf_printf(info->buf, " %s ALTER id=%llu",
                   gtid.extra_flags & GTID_MARIADB_EXTRA_COMMIT_ALTER ? "COMMIT" : "ROLLBACK",
                   (unsigned long long)gtid.alter_sequence);
    return true;
}

static bool write_previous_gtids(struct info *info)
{
    struct gtid_set set;
    bool good;

    gtid_set_init(&set);
    good = gtid_set_decode(info->body, &set, info->err);
    if (good)
        gtid_set_print_lines(info->buf, &set);
    gtid_set_done(&set);
    return good;
}

static bool write_gtid_list(struct info *info)
{
    struct gtid_list list;
    bool good;

    gtid_list_init(&list);
    good = gtid_list_decode(info->body, &list, info->err);
    if (good)
        buf_u8(info->buf, '[');
    gtid_list_print_sorted(info->buf, &list);
    buf_u8(info->buf, ']');
    gtid_list_done(&list);
    return good;
}

static bool write_end(struct info *info)
{
    struct xa_prepare prepare;
    uint64_t number;

    if (info->header->type == EVENT_XID) {
        if (!xid_decode(info->body, &number, info->err))
            return false;
        buf_printf(info->buf, "COMMIT /* xid=%llu */", (unsigned long long)number);
        return true;
    }
    if (!xa_prepare_decode(info->body, &prepare, info->err))
        return false;
    buf_str(info->buf, prepare.one_phase ? "XA COMMIT " : "XA PREPARE ");
    write_xa_name(info->buf, &prepare.name);
    if (prepare.one_phase)
        buf_str(info->buf, " ONE PHASE");
    return true;
}

/* ---- The log ---- */

static bool write_log(struct info *info)
{
    struct incident incident;
    struct rotate rotate;
    struct span name;

    if (info->header->type == EVENT_ROTATE) {
        if (!rotate_decode(info->body, &rotate, info->err))
            return false;
        buf_bytes(info->buf, rotate.name);
        buf_printf(info->buf, ";pos=%llu", (unsigned long long)rotate.position);
        return true;
    }
    if (info->header->type == EVENT_MARIADB_BINLOG_CHECKPOINT) {
        if (!binlog_checkpoint_decode(info->body, &name, info->err))
            return false;
        buf_bytes(info->buf, name);
        return true;
    }
    if (!incident_decode(info->body, &incident, info->err))
        return false;
    buf_printf(info->buf, "#%u (%s)", incident.number,
               incident.number == 1 ? "LOST_EVENTS" : "NOTHING");
    if (incident.message.len > 0) {
        buf_str(info->buf, ": ");
        buf_bytes(info->buf, incident.message);
    }
    return true;
}

static bool write_text(struct info *info)
{
    if (event_type_is_rows(info->header->type))
        return write_rows(info);
    switch ((enum event_type)info->header->type) {
    case EVENT_QUERY:
    case EVENT_MARIADB_QUERY_COMPRESSED:
        return write_query(info);
    case EVENT_FORMAT_DESCRIPTION:
        buf_printf(info->buf, "Server ver: %s, Binlog ver: %u", info->format->server_version,
                   info->format->binlog_version);
        return true;
    case EVENT_ROWS_QUERY:
        return write_rows_query(info);
    case EVENT_MARIADB_ANNOTATE_ROWS:
        buf_bytes(info->buf, info->body);
        return true;
    case EVENT_XID:
    case EVENT_XA_PREPARE:
        return write_end(info);
    case EVENT_GTID:
    case EVENT_ANONYMOUS_GTID:
    case EVENT_GTID_TAGGED:
        return write_mysql_gtid(info);
    case EVENT_MARIADB_GTID:
        return write_mariadb_gtid(info);
    case EVENT_PREVIOUS_GTIDS:
        return write_previous_gtids(info);
    case EVENT_MARIADB_GTID_LIST:
        return write_gtid_list(info);
    case EVENT_ROTATE:
    case EVENT_INCIDENT:
    case EVENT_MARIADB_BINLOG_CHECKPOINT:
        return write_log(info);
    case EVENT_INTVAR:
        return write_intvar(info);
    case EVENT_RAND:
        return write_rand(info);
    case EVENT_USER_VAR:
        return write_user_var(info);
    case EVENT_BEGIN_LOAD_QUERY:
    case EVENT_APPEND_BLOCK:
    case EVENT_DELETE_FILE:
    case EVENT_EXECUTE_LOAD_QUERY:
        return write_load(info);
    case EVENT_TABLE_MAP:
        return write_table_map(info);
    case EVENT_TRANSACTION_PAYLOAD:
        return write_payload(info);
    default:
        return true;
    }
}

/* Bytes of the character of up to three bytes that begins a text; 0: none does. */
static size_t character_size(struct span text)
{
    for (size_t n = 1; n <= 3 && n <= text.len; n++) {
        if (utf8_is_valid(span_of(text.data, n)))
            return n;
    }
    return 0;
}

/* MariaDB takes its texts for utf8mb3 on the way out: each byte that is not becomes a '?'. */
static void replace_unknown(struct buf *buf, size_t from)
{
    struct cursor cur = cursor_of(buf_span(buf));

    cursor_skip(&cur, from);
    while (cursor_left(&cur) > 0) {
        size_t size = ascii_prefix(cur.rest);

        if (size == 0)
            size = character_size(cur.rest);
        if (size == 0)
            buf_patch_bytes(buf, buf->len - cursor_left(&cur), span_str("?"));
        cursor_skip(&cur, size > 0 ? size : 1);
    }
}

bool event_info_write(struct buf *buf, const struct event_header *header, struct span body,
                      const struct format *format, struct inflater *inflater, size_t max,
                      struct err *err)
{
    struct info info = {
        .buf = buf,
        .header = header,
        .body = body,
        .format = format,
        .inflater = inflater,
        .max = max,
        .err = err,
    };
    size_t before = buf->len;

    if (!write_text(&info))
        return false;
    if (buf_ok(buf) && is_mariadb(&info))
        replace_unknown(buf, before);
    return true;
}
