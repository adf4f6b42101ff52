#include "binlog/reader.h"

#include "binlog/control.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/query.h"

static const uint8_t magic_plain[READER_MAGIC_SIZE] = {0xfe, 'b', 'i', 'n'};
static const uint8_t magic_mysql_encrypted[READER_MAGIC_SIZE] = {0xfd, 'b', 'i', 'n'};

void reader_init(struct reader *reader)
{
    *reader = (struct reader){
        .event_max = EVENT_LENGTH_MAX,
        .need = READER_MAGIC_SIZE,
    };
}

/* Puts the event's place before the message. */
static bool fail_at(uint64_t offset, struct err *err)
{
    return err_prefix(err, "offset %llu", (unsigned long long)offset);
}

static bool check_magic(struct span bytes, struct err *err)
{
    if (span_eq(bytes, span_of(magic_plain, sizeof magic_plain)))
        return true;
    if (span_eq(bytes, span_of(magic_mysql_encrypted, sizeof magic_mysql_encrypted)))
        return err_set(err, E_STATE, 0,
                       "offset 0: encrypted by MySQL (binlog_encryption=ON): its keyring's key is "
                       "needed; read it from the server, which sends it in clear");
    return err_set(err, E_PROTO, 0,
                   "offset 0: not a binlog file: starts with %02x %02x %02x %02x, expected "
                   "fe 62 69 6e",
                   bytes.data[0], bytes.data[1], bytes.data[2], bytes.data[3]);
}

static bool text_begins(struct span text, const char *word)
{
    size_t length = strlen(word);

    return text.len >= length && memcmp(text.data, word, length) == 0;
}

static void track_query(struct reader *reader, struct span text)
{
    if (span_eq(text, span_str("BEGIN")) || text_begins(text, "XA START"))
        reader->transaction = READER_INSIDE;
    else if (span_eq(text, span_str("COMMIT")) || span_eq(text, span_str("ROLLBACK")) ||
             text_begins(text, "XA COMMIT") || text_begins(text, "XA ROLLBACK"))
        reader->transaction = READER_OUTSIDE;
    else if (reader->transaction == READER_BEGUN)
        reader->transaction = READER_OUTSIDE; /* DDL, or a statement by itself */
}

/* MariaDB's GTID stands for BEGIN too, but for statements by themselves. */
static bool track_gtid_mariadb(struct reader *reader, struct span body, struct err *err)
{
    struct gtid_mariadb_event gtid;

    if (!gtid_mariadb_decode(body, &gtid, err))
        return false;
    reader->transaction = gtid.flags & GTID_MARIADB_STANDALONE ? READER_BEGUN : READER_INSIDE;
    return true;
}

/* Follows where transactions begin and end. */
static bool track(struct reader *reader, const struct reader_event *event, struct err *err)
{
    enum reader_transaction before = reader->transaction;
    uint8_t type = event->header.type;
    struct query query;

    switch ((enum event_type)type) {
    case EVENT_QUERY:
        if (!query_decode(event->body, type, &reader->format, &query, err))
            return false;
        track_query(reader, query.text);
        break;
    case EVENT_XID:
    case EVENT_XA_PREPARE:
    case EVENT_TRANSACTION_PAYLOAD:
    case EVENT_INCIDENT:
        reader->transaction = READER_OUTSIDE;
        break;
    case EVENT_EXECUTE_LOAD_QUERY:
    case EVENT_DELETE_FILE:
    case EVENT_MARIADB_QUERY_COMPRESSED: /* BEGIN and COMMIT are too short to be compressed */
        if (before == READER_BEGUN)
            reader->transaction = READER_OUTSIDE;
        break;
    case EVENT_MARIADB_GTID:
        if (!track_gtid_mariadb(reader, event->body, err))
            return false;
        break;
    case EVENT_GTID:
    case EVENT_ANONYMOUS_GTID:
    case EVENT_GTID_TAGGED:
    case EVENT_INTVAR:
    case EVENT_RAND:
    case EVENT_USER_VAR:
    case EVENT_BEGIN_LOAD_QUERY:
    case EVENT_TABLE_MAP:
        if (before == READER_OUTSIDE)
            reader->transaction = READER_BEGUN;
        break;
    default:
        break;
    }
    if (before == READER_OUTSIDE && reader->transaction != READER_OUTSIDE)
        reader->transaction_offset = event->offset;
    return true;
}

static bool refuse_encrypted(struct span body, struct err *err)
{
    struct start_encryption start;

    if (!start_encryption_decode(body, &start, err))
        return false;
    return err_set(err, E_STATE, 0,
                   "encrypted by MariaDB (encrypt_binlog=ON): key version %u is needed; read it "
                   "from the server, which sends it in clear",
                   start.key_version);
}

static bool check_position(const struct reader *reader, const struct reader_event *event,
                           struct err *err)
{
    uint32_t expected = (uint32_t)(event->offset + event->header.length);

    if (event->header.log_pos == 0 || event->header.log_pos == expected || reader->relay_log)
        return true;
    return err_set(err, E_PROTO, 0, "%s event: log_pos %u, expected %u",
                   event_type_name(event->header.type), event->header.log_pos, expected);
}

static bool take_format(struct reader *reader, const struct reader_event *event, struct err *err)
{
    if (!format_decode(event->body, &reader->format, err))
        return false;
    reader->has_format = true;
    reader->relay_log = event->header.flags & EVENT_FLAG_RELAY_LOG;
    return true;
}

/*
 * A server that sends from the middle of a file changes its format description, and without
 * checksums (binlog_checksum=NONE) leaves the one that it has as it was in the file.
 */
static bool has_stale_checksum(const struct reader_event *event)
{
    struct cursor cur = cursor_of(event->bytes);

    if (event->header.type != EVENT_FORMAT_DESCRIPTION || event->header.log_pos != 0 ||
        event->bytes.len <= EVENT_CHECKSUM_SIZE)
        return false;
    cursor_skip(&cur, event->bytes.len - EVENT_CHECKSUM_SIZE - 1);
    return cursor_u8(&cur) == CHECKSUM_NONE;
}

/* All but the magic: bytes are one whole event, whose header is decoded. */
static bool take_event(struct reader *reader, size_t checksum_size, struct reader_event *event,
                       struct err *err)
{
    struct cursor cur = cursor_of(event->bytes);
    uint8_t type = event->header.type;

    if (event->bytes.len < EVENT_HEADER_SIZE + checksum_size)
        return err_set(err, E_PROTO, 0, "%s event: length %zu, expected %zu or more",
                       event_type_name(type), event->bytes.len, EVENT_HEADER_SIZE + checksum_size);
    if (checksum_size > 0 && reader->verify_checksums && !has_stale_checksum(event) &&
        !checksum_verify(event->bytes, err))
        return false;
    cursor_skip(&cur, EVENT_HEADER_SIZE);
    event->body = cursor_bytes(&cur, cursor_left(&cur) - checksum_size);
    if (type == EVENT_FORMAT_DESCRIPTION && !take_format(reader, event, err))
        return false;
    if (reader->check_positions && !check_position(reader, event, err))
        return false;
    if (!event_type_info(type) && !(event->header.flags & EVENT_FLAG_IGNORABLE))
        return err_set(err, E_PROTO, 0, "event of unknown type %u, which may not be ignored", type);
    if (!track(reader, event, err))
        return false;
    reader->closed = type == EVENT_ROTATE || type == EVENT_STOP;
    return true;
}

static size_t checksum_size_of(const struct reader *reader, const struct reader_event *event)
{
    return event->header.type == EVENT_FORMAT_DESCRIPTION
               ? format_checksum_size(event->bytes)
               : format_event_checksum_size(&reader->format);
}

static bool next_event(struct reader *reader, struct span window, struct reader_event *event,
                       struct err *err)
{
    struct cursor cur = cursor_of(window);

    if (!event_header_decode(cursor_bytes(&cur, EVENT_HEADER_SIZE), &event->header, err))
        return false;
    event->offset = reader->offset;
    if (event->header.length > reader->event_max)
        return err_set(err, E_LIMIT, 0, "%s event: length %u, limit %u",
                       event_type_name(event->header.type), event->header.length,
                       reader->event_max);
    if (!reader->has_format && event->header.type != EVENT_FORMAT_DESCRIPTION)
        return err_set(err, E_PROTO, 0, "%s event found, expected Format_desc as the first",
                       event_type_name(event->header.type));
    reader->need = event->header.length;
    if (window.len < reader->need)
        return true;
    cur = cursor_of(window);
    event->bytes = cursor_bytes(&cur, event->header.length);
    if (!take_event(reader, checksum_size_of(reader, event), event, err))
        return false;
    return event->header.type != EVENT_MARIADB_START_ENCRYPTION ||
           refuse_encrypted(event->body, err);
}

bool reader_next(struct reader *reader, struct span *window, struct reader_event *ret_event,
                 struct err *err)
{
    struct cursor cur = cursor_of(*window);
    struct reader_event event = {0};

    if (reader->offset == 0) {
        if (window->len < READER_MAGIC_SIZE) {
            reader->need = READER_MAGIC_SIZE;
            *ret_event = event;
            return true;
        }
        if (!check_magic(cursor_bytes(&cur, READER_MAGIC_SIZE), err))
            return false;
        reader->offset = READER_MAGIC_SIZE;
        *window = cur.rest;
    }
    reader->need = EVENT_HEADER_SIZE;
    if (window->len >= EVENT_HEADER_SIZE) {
        if (!next_event(reader, *window, &event, err))
            return fail_at(reader->offset, err);
        cur = cursor_of(*window);
        cursor_skip(&cur, event.bytes.len);
        *window = cur.rest;
        reader->offset += event.bytes.len;
    }
    *ret_event = event;
    return true;
}

bool reader_event_parse(struct reader *reader, struct span bytes, bool has_checksum,
                        struct reader_event *ret_event, struct err *err)
{
    struct reader_event event = {.bytes = bytes, .offset = reader->offset};
    size_t checksum_size;

    if (!event_header_decode(bytes, &event.header, err))
        return false;
    if (event.header.length != bytes.len)
        return err_set(err, E_PROTO, 0, "%s event: length %u, found %zu bytes",
                       event_type_name(event.header.type), event.header.length, bytes.len);
    checksum_size = checksum_size_of(reader, &event);
    if (!reader->has_format && event.header.type != EVENT_FORMAT_DESCRIPTION)
        checksum_size = has_checksum ? EVENT_CHECKSUM_SIZE : 0;
    if (!take_event(reader, checksum_size, &event, err))
        return false;
    *ret_event = event;
    return true;
}

bool reader_finish(const struct reader *reader, struct span window, struct err *err)
{
    if (window.len > 0 || reader->offset == 0) {
        (void)err_set(err, E_PROTO, 0, "file ends inside %s: %zu bytes expected, found %zu",
                      reader->offset == 0 ? "its magic" : "an event", reader->need, window.len);
        return fail_at(reader->offset, err);
    }
    if (!reader->has_format) {
        (void)err_set(err, E_PROTO, 0, "file ends before its format description");
        return fail_at(reader->offset, err);
    }
    if (reader->transaction != READER_OUTSIDE) {
        (void)err_set(err, E_PROTO, 0, "file ends inside a transaction, which began at offset %llu",
                      (unsigned long long)reader->transaction_offset);
        return fail_at(reader->offset, err);
    }
    return true;
}
