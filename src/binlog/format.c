#include "binlog/format.h"

#define FIXED_SIZE 57 /* bytes of the body before the post-header lengths */

static uint32_t parse_number(const char **text)
{
    uint32_t number = 0;

    while (**text >= '0' && **text <= '9' && number < 100000) {
        number = number * 10 + (uint32_t)(**text - '0');
        (*text)++;
    }
    return number < 99 ? number : 99;
}

void format_parse_version(const char *text, enum format_family *ret_family, uint32_t *ret_version)
{
    /* MariaDB's greeting puts this before its version for clients that look at the first digit. */
    static const char fake[] = "5.5.5-";
    bool mariadb = strstr(text, "MariaDB") != NULL;
    uint32_t version = 0;

    if (mariadb && strncmp(text, fake, sizeof fake - 1) == 0)
        text += sizeof fake - 1;
    for (int i = 0; i < 3; i++) {
        version = version * 100 + parse_number(&text);
        if (*text == '.')
            text++;
    }
    *ret_family = mariadb ? FORMAT_MARIADB : FORMAT_MYSQL;
    *ret_version = version;
}

bool format_version_has_checksum(enum format_family family, uint32_t version)
{
    return version >= (family == FORMAT_MARIADB ? 50300 : 50601);
}

size_t format_checksum_size(struct span event)
{
    struct cursor cur = cursor_of(event);
    char text[FORMAT_VERSION_SIZE + 1] = {0};
    enum format_family family;
    uint32_t version;
    struct span bytes;

    cursor_skip(&cur, EVENT_HEADER_SIZE + 2);
    bytes = cursor_bytes(&cur, FORMAT_VERSION_SIZE);
    if (!cursor_ok(&cur))
        return 0;
    memcpy(text, bytes.data, bytes.len);
    format_parse_version(text, &family, &version);
    return format_version_has_checksum(family, version) ? EVENT_CHECKSUM_SIZE : 0;
}

/* What follows the fixed fields: post-header lengths, then the algorithm where there is one. */
static bool decode_types(struct cursor *cur, struct format *format, struct err *err)
{
    bool has_checksum = format_version_has_checksum(format->family, format->version);
    size_t left = cursor_left(cur);
    size_t count;
    struct span lengths;

    if (left < (has_checksum ? 2 : 1))
        return err_set(err, E_PROTO, 0, "Format_desc event of %s: no post-header lengths",
                       format->server_version);
    count = has_checksum ? left - 1 : left;
    if (count > FORMAT_TYPES_MAX)
        return err_set(err, E_PROTO, 0,
                       "Format_desc event of %s: %zu event types, expected %d at most",
                       format->server_version, count, FORMAT_TYPES_MAX);
    lengths = cursor_bytes(cur, count);
    memcpy(format->post_header_lengths, lengths.data, lengths.len);
    format->type_count = (uint8_t)count;
    /* The array has this event's own length too: a damaged version text shows here. */
    if (count >= EVENT_FORMAT_DESCRIPTION &&
        format->post_header_lengths[EVENT_FORMAT_DESCRIPTION - 1] != (uint8_t)(FIXED_SIZE + count))
        return err_set(err, E_PROTO, 0,
                       "Format_desc event of %s: %zu event types, but a post-header of %u bytes",
                       format->server_version, count,
                       format->post_header_lengths[EVENT_FORMAT_DESCRIPTION - 1]);
    format->checksum = has_checksum ? cursor_u8(cur) : CHECKSUM_UNDEFINED;
    if (has_checksum && format->checksum > CHECKSUM_CRC32)
        return err_set(err, E_PROTO, 0,
                       "Format_desc event of %s: checksum algorithm %u, expected 0 or 1",
                       format->server_version, format->checksum);
    return true;
}

bool format_decode(struct span body, struct format *ret_format, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct format format = {0};
    struct span version;

    format.binlog_version = cursor_u16(&cur);
    version = cursor_bytes(&cur, FORMAT_VERSION_SIZE);
    if (version.len)
        memcpy(format.server_version, version.data, version.len);
    format.created = cursor_u32(&cur);
    format.header_length = cursor_u8(&cur);
    if (!event_body_ok(&cur, EVENT_FORMAT_DESCRIPTION, body, err))
        return false;
    if (format.binlog_version != FORMAT_BINLOG_VERSION)
        return err_set(err, E_STATE, 0, "Format_desc event: binlog version %u, expected %d",
                       format.binlog_version, FORMAT_BINLOG_VERSION);
    if (format.header_length != EVENT_HEADER_SIZE)
        return err_set(err, E_PROTO, 0, "Format_desc event: common header of %u bytes, expected %d",
                       format.header_length, EVENT_HEADER_SIZE);
    format_parse_version(format.server_version, &format.family, &format.version);
    if (!decode_types(&cur, &format, err) ||
        !event_body_end(&cur, EVENT_FORMAT_DESCRIPTION, body, err))
        return false;
    *ret_format = format;
    return true;
}

void format_encode(struct buf *buf, const struct format *format)
{
    buf_u16(buf, format->binlog_version);
    buf_bytes(buf, span_of(format->server_version, FORMAT_VERSION_SIZE));
    buf_u32(buf, format->created);
    buf_u8(buf, format->header_length);
    buf_bytes(buf, span_of(format->post_header_lengths, format->type_count));
    if (format->checksum != CHECKSUM_UNDEFINED)
        buf_u8(buf, format->checksum);
}

struct type_length {
    uint8_t type;
    uint8_t length;
};

/* Post-header lengths by event type, as found in the files of real servers. */
static const struct type_length common_lengths[] = {
    {EVENT_QUERY, 13},       {EVENT_ROTATE, 8},           {EVENT_APPEND_BLOCK, 4},
    {EVENT_DELETE_FILE, 4},  {EVENT_BEGIN_LOAD_QUERY, 4}, {EVENT_EXECUTE_LOAD_QUERY, 26},
    {EVENT_TABLE_MAP, 8},    {EVENT_INCIDENT, 2},         {EVENT_WRITE_ROWS, 10},
    {EVENT_UPDATE_ROWS, 10}, {EVENT_DELETE_ROWS, 10},     {0, 0},
};

static const struct type_length rows_v1_lengths[] = {
    {EVENT_WRITE_ROWS_V1, 8},
    {EVENT_UPDATE_ROWS_V1, 8},
    {EVENT_DELETE_ROWS_V1, 8},
    {0, 0},
};

/* Types from before 5.0, which MySQL kept in the array until 5.7 and MariaDB keeps. */
static const struct type_length old_lengths[] = {
    {EVENT_START_V3, 56}, {EVENT_LOAD, 18},     {EVENT_CREATE_FILE, 4},
    {EVENT_EXEC_LOAD, 4}, {EVENT_NEW_LOAD, 18}, {0, 0},
};

static const struct type_length mysql_lengths[] = {
    {EVENT_GTID, 42},
    {EVENT_ANONYMOUS_GTID, 42},
    {EVENT_TRANSACTION_CONTEXT, 18},
    {EVENT_VIEW_CHANGE, 52},
    {EVENT_PARTIAL_UPDATE_ROWS, 10},
    {EVENT_TRANSACTION_PAYLOAD, 40},
    {0, 0},
};

/* 39 to 41 are a slip of MariaDB's that it has kept. */
static const struct type_length mariadb_lengths[] = {
    {39, 10},
    {40, 10},
    {41, 10},
    {EVENT_MARIADB_BINLOG_CHECKPOINT, 4},
    {EVENT_MARIADB_GTID, 19},
    {EVENT_MARIADB_GTID_LIST, 4},
    {EVENT_MARIADB_QUERY_COMPRESSED, 13},
    {EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1, 8},
    {EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1, 8},
    {EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1, 8},
    {EVENT_MARIADB_WRITE_ROWS_COMPRESSED, 10},
    {EVENT_MARIADB_UPDATE_ROWS_COMPRESSED, 10},
    {EVENT_MARIADB_DELETE_ROWS_COMPRESSED, 10},
    {0, 0},
};

static void set_lengths(struct format *format, const struct type_length *lengths)
{
    for (; lengths->type; lengths++) {
        if (lengths->type <= format->type_count)
            format->post_header_lengths[lengths->type - 1] = lengths->length;
    }
}

/* The greatest event type that a version knows. */
static uint8_t type_count_of(enum format_family family, uint32_t version)
{
    static const struct {
        uint32_t from;
        uint8_t count;
    } mysql[] =
        {
            {80300, 42}, {80026, 41}, {80020, 40}, {80003, 39},
            {50700, 38}, {50600, 35}, {50500, 27}, {0, 26},
        },
      mariadb[] = {{100200, 171}, {100100, 164}, {100000, 163}, {0, 160}};
    size_t i = 0;

    if (family == FORMAT_MARIADB) {
        while (version < mariadb[i].from)
            i++;
        return mariadb[i].count;
    }
    while (version < mysql[i].from)
        i++;
    return mysql[i].count;
}

void format_init(struct format *format, const char *server_version, uint8_t checksum)
{
    size_t length = strnlen(server_version, FORMAT_VERSION_SIZE - 1);

    *format = (struct format){
        .binlog_version = FORMAT_BINLOG_VERSION,
        .header_length = EVENT_HEADER_SIZE,
    };
    memcpy(format->server_version, server_version, length);
    format_parse_version(format->server_version, &format->family, &format->version);
    format->type_count = type_count_of(format->family, format->version);
    set_lengths(format, common_lengths);
    if (format->family == FORMAT_MARIADB || format->version < 80400)
        set_lengths(format, rows_v1_lengths);
    if (format->family == FORMAT_MARIADB || format->version < 80000)
        set_lengths(format, old_lengths);
    set_lengths(format, format->family == FORMAT_MARIADB ? mariadb_lengths : mysql_lengths);
    if (format->family == FORMAT_MYSQL && format->version < 50700 && format->type_count >= 35) {
        format->post_header_lengths[EVENT_GTID - 1] = 25;
        format->post_header_lengths[EVENT_ANONYMOUS_GTID - 1] = 25;
    }
    format->post_header_lengths[EVENT_FORMAT_DESCRIPTION - 1] =
        (uint8_t)(FIXED_SIZE + format->type_count);
    format->checksum = format_version_has_checksum(format->family, format->version)
                           ? checksum
                           : CHECKSUM_UNDEFINED;
}

void format_extend(struct format *format, uint8_t type)
{
    if (type <= format->type_count)
        return;
    format->type_count = type;
    format->post_header_lengths[EVENT_FORMAT_DESCRIPTION - 1] = (uint8_t)(FIXED_SIZE + type);
}

bool format_check_post_header(const struct format *format, uint8_t type, uint8_t expected,
                              struct err *err)
{
    uint8_t found = format_post_header_length(format, type);

    if (found != 0 && found != expected)
        return err_set(err, E_PROTO, 0, "%s event: post-header of %u bytes, expected %u",
                       event_type_name(type), found, expected);
    return true;
}
