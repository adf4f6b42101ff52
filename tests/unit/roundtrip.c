#include "roundtrip.h"

#include "binlog/control.h"
#include "binlog/gtid.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/gtid_set.h"
#include "binlog/inflate.h"
#include "binlog/load_data.h"
#include "binlog/payload.h"
#include "binlog/query.h"
#include "binlog/variable.h"
#include "binlog/xid.h"

#define EVENT_MAX (1 << 20)

static bool query(const struct reader_event *event, const struct format *format, struct buf *out,
                  struct err *err)
{
    struct query query;
    struct query_status status;
    struct buf vars;

    if (!query_decode(event->body, event->header.type, format, &query, err) ||
        !query_status_decode(query.status, &status, err))
        return false;
    buf_init(&vars, UINT16_MAX);
    query_status_encode(&vars, &status);
    query.status = buf_span(&vars);
    query_encode(out, &query);
    buf_done(&vars);
    return true;
}

static bool load_execute(const struct reader_event *event, const struct format *format,
                         struct buf *out, struct err *err)
{
    struct load_execute execute;
    struct query_status status;
    struct buf vars;

    if (!load_execute_decode(event->body, format, &execute, err) ||
        !query_status_decode(execute.query.status, &status, err))
        return false;
    buf_init(&vars, UINT16_MAX);
    query_status_encode(&vars, &status);
    execute.query.status = buf_span(&vars);
    load_execute_encode(out, &execute);
    buf_done(&vars);
    return true;
}

#define SIMPLE(type, decode, encode)                                                               \
    {                                                                                              \
        struct type value;                                                                         \
        if (!decode(event->body, &value, err))                                                     \
            return false;                                                                          \
        encode(out, &value);                                                                       \
        return true;                                                                               \
    }

static bool gtid_set(const struct reader_event *event, struct buf *out, struct err *err)
{
    struct gtid_set set;

    gtid_set_init(&set);
    if (!gtid_set_decode(event->body, &set, err))
        return false;
    gtid_set_encode(out, &set);
    gtid_set_done(&set);
    return true;
}

static bool gtid_list(const struct reader_event *event, struct buf *out, struct err *err)
{
    struct gtid_list list;

    gtid_list_init(&list);
    if (!gtid_list_decode(event->body, &list, err))
        return false;
    gtid_list_encode(out, &list);
    gtid_list_done(&list);
    return true;
}

static bool inflated(const struct reader_event *event, const struct format *format, struct err *err)
{
    struct inflater *inflater = inflater_new();
    struct buf plain;
    uint8_t type;
    bool good;

    buf_init(&plain, EVENT_MAX);
    good = inflate_event(inflater, event->header.type, event->body, format, EVENT_MAX, &plain,
                         &type, err);
    buf_done(&plain);
    inflater_free(inflater);
    return good;
}

static bool mysql(const struct reader_event *event, const struct format *format, struct buf *out,
                  struct err *err)
{
    size_t events;

    switch ((enum event_type)event->header.type) {
    case EVENT_ROWS_QUERY:
        SIMPLE(rows_query, rows_query_decode, rows_query_encode)
    case EVENT_GTID:
    case EVENT_ANONYMOUS_GTID:
    case EVENT_GTID_TAGGED: {
        struct gtid gtid;

        if (!gtid_decode(event->body, event->header.type, &gtid, err))
            return false;
        gtid_encode(out, &gtid);
        return true;
    }
    case EVENT_PREVIOUS_GTIDS:
        return gtid_set(event, out, err);
    case EVENT_HEARTBEAT_V2:
        SIMPLE(heartbeat, heartbeat_v2_decode, heartbeat_v2_encode)
    case EVENT_TRANSACTION_PAYLOAD: {
        struct payload payload;

        if (!payload_decode(event->body, &payload, err) ||
            !roundtrip_payload(event->body, format, &events, err))
            return false;
        payload_encode(out, &payload);
        return true;
    }
    default:
        buf_bytes(out, event->body);
        return true;
    }
}

static bool mariadb(const struct reader_event *event, const struct format *format, struct buf *out,
                    struct err *err)
{
    switch ((enum event_type)event->header.type) {
    case EVENT_MARIADB_BINLOG_CHECKPOINT: {
        struct span name;

        if (!binlog_checkpoint_decode(event->body, &name, err))
            return false;
        binlog_checkpoint_encode(out, name);
        return true;
    }
    case EVENT_MARIADB_GTID:
        SIMPLE(gtid_mariadb_event, gtid_mariadb_decode, gtid_mariadb_encode)
    case EVENT_MARIADB_GTID_LIST:
        return gtid_list(event, out, err);
    case EVENT_MARIADB_START_ENCRYPTION:
        SIMPLE(start_encryption, start_encryption_decode, start_encryption_encode)
    case EVENT_MARIADB_PARTIAL_ROW_DATA:
        SIMPLE(partial_rows, partial_rows_decode, partial_rows_encode)
    case EVENT_MARIADB_QUERY_COMPRESSED:
        return inflated(event, format, err) && query(event, format, out, err);
    case EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1:
    case EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1:
    case EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1:
    case EVENT_MARIADB_WRITE_ROWS_COMPRESSED:
    case EVENT_MARIADB_UPDATE_ROWS_COMPRESSED:
    case EVENT_MARIADB_DELETE_ROWS_COMPRESSED:
        if (!inflated(event, format, err))
            return false;
        buf_bytes(out, event->body);
        return true;
    default:
        return mysql(event, format, out, err);
    }
}

static bool load(const struct reader_event *event, const struct format *format, struct buf *out,
                 struct err *err)
{
    uint32_t file_id;

    switch ((enum event_type)event->header.type) {
    case EVENT_APPEND_BLOCK:
    case EVENT_BEGIN_LOAD_QUERY: {
        struct load_block block;

        if (!load_block_decode(event->body, event->header.type, &block, err))
            return false;
        load_block_encode(out, &block);
        return true;
    }
    case EVENT_DELETE_FILE:
        if (!load_delete_decode(event->body, &file_id, err))
            return false;
        load_delete_encode(out, file_id);
        return true;
    case EVENT_EXECUTE_LOAD_QUERY:
        return load_execute(event, format, out, err);
    default:
        return mariadb(event, format, out, err);
    }
}

bool roundtrip_body(const struct reader_event *event, const struct format *format, struct buf *out,
                    struct err *err)
{
    uint64_t number;

    switch ((enum event_type)event->header.type) {
    case EVENT_QUERY:
        return query(event, format, out, err);
    case EVENT_STOP:
        return stop_decode(event->body, err);
    case EVENT_ROTATE:
        SIMPLE(rotate, rotate_decode, rotate_encode)
    case EVENT_INTVAR:
        SIMPLE(intvar, intvar_decode, intvar_encode)
    case EVENT_RAND:
        SIMPLE(rand_seeds, rand_seeds_decode, rand_seeds_encode)
    case EVENT_USER_VAR:
        SIMPLE(user_var, user_var_decode, user_var_encode)
    case EVENT_FORMAT_DESCRIPTION:
        SIMPLE(format, format_decode, format_encode)
    case EVENT_XID:
        if (!xid_decode(event->body, &number, err))
            return false;
        xid_encode(out, number);
        return true;
    case EVENT_XA_PREPARE:
        SIMPLE(xa_prepare, xa_prepare_decode, xa_prepare_encode)
    case EVENT_INCIDENT:
        SIMPLE(incident, incident_decode, incident_encode)
    case EVENT_HEARTBEAT: {
        struct heartbeat heartbeat;

        if (!heartbeat_decode(event->body, &event->header, &heartbeat, err))
            return false;
        heartbeat_encode(out, &heartbeat, event->header.log_pos);
        return true;
    }
    default:
        return load(event, format, out, err);
    }
}

static bool roundtrip_inner(struct reader *reader, struct span bytes, struct err *err)
{
    struct reader_event event;
    struct buf again;
    bool good;

    if (!reader_event_parse(reader, bytes, false, &event, err))
        return false;
    buf_init(&again, EVENT_MAX);
    good = event.header.type != EVENT_TRANSACTION_PAYLOAD &&
           roundtrip_body(&event, &reader->format, &again, err);
    if (good && (!buf_ok(&again) || !span_eq(buf_span(&again), event.body)))
        good = err_set(err, E_BUG, 0, "%s event in a payload: other bytes when encoded again",
                       event_type_name(event.header.type));
    buf_done(&again);
    return good;
}

bool roundtrip_payload(struct span body, const struct format *format, size_t *ret_events,
                       struct err *err)
{
    struct payload_stream *stream = payload_stream_new(EVENT_MAX);
    struct reader reader;
    struct payload payload;
    struct span event = {0};
    size_t events = 0;
    bool good;

    reader_init(&reader);
    reader.has_format = true;
    reader.format = *format;
    reader.format.checksum = CHECKSUM_NONE;
    good = payload_decode(body, &payload, err) &&
           payload_stream_open(stream, &payload, 16 * EVENT_MAX, err);
    do {
        good = good && payload_stream_next(stream, &event, err);
        if (good && event.len > 0) {
            events++;
            good = roundtrip_inner(&reader, event, err);
        }
    } while (good && event.len > 0);
    payload_stream_free(stream);
    if (good)
        *ret_events = events;
    return good;
}
