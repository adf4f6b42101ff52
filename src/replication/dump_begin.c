#include "replication/dump_internal.h"
#include "wire/reply.h"

/* The format description and the GTIDs of the files before, at a file's beginning; or empty. */
struct head {
    struct span format;
    struct span previous;
};

static bool find_head(struct span events, struct head *ret_head, struct err *err)
{
    struct cursor cur = cursor_of(events);
    struct head head = {{0}, {0}};
    struct event_header header = {.type = EVENT_UNKNOWN};

    for (int i = 0; i < 2 && cursor_left(&cur) > 0; i++) {
        struct span event;

        if (!event_header_decode(cur.rest, &header, err))
            return false;
        event = cursor_bytes(&cur, header.length);
        if (header.type == EVENT_FORMAT_DESCRIPTION)
            head.format = event;
        if (header.type == EVENT_PREVIOUS_GTIDS)
            head.previous = event;
    }
    *ret_head = head;
    return true;
}

/* When transactions follow that are left out, the replica must keep its temporary tables. */
static bool send_head(struct dump *dump, const struct head *head, uint64_t from, struct err *err)
{
    struct dump_out *out = &dump->out;
    uint64_t end = LOG_FIRST_OFFSET + head->format.len + head->previous.len;

    if (!dump_out_format(out, head->format,
                         end < from ? DUMP_FORMAT_CONTINUED : DUMP_FORMAT_FOLLOWS, err) ||
        (end == from && !dump_out_event(out, head->format, false, err)) ||
        (head->previous.len > 0 && !dump_out_event(out, head->previous, false, err)))
        return false;
    dump->left_out = end < from;
    out->bare = false;
    out->at.offset = from;
    return true;
}

/*
 * A MySQL replica by GTID is told the file's head, as by the servers, which read the file from its
 * beginning. False in *ret_sent when the log begins behind it.
 */
static bool begin_with_head(struct dump *dump, const struct log_batch *batch, bool *ret_sent,
                            struct err *err)
{
    struct log_position at = {.offset = LOG_FIRST_OFFSET};
    struct log_batch events = {.kind = LOG_BATCH_NONE};
    struct log_reader *reader;
    struct err not_there;
    struct head head;
    bool good;

    memcpy(at.name, batch->name, strlen(batch->name) + 1);
    *ret_sent = false;
    if (!log_reader_open(dump->spec->mirror, &at, LOG_READ_BUFFER_MIN, &reader, &not_there))
        return true;
    good = log_reader_next(reader, &events, err) && log_reader_next(reader, &events, err) &&
           find_head(events.events, &head, err);
    if (good && head.format.len > 0) {
        *ret_sent = true;
        good = dump_out_rotate(&dump->out, batch->name, LOG_FIRST_OFFSET, err) &&
               send_head(dump, &head, batch->offset, err);
    }
    log_reader_close(reader);
    return good;
}

/* MariaDB: the state where a dump by GTID begins within a file, which is not the file's list. */
static bool send_state(struct dump *dump, uint32_t flags, struct err *err)
{
    struct event_header header = {
        .type = EVENT_MARIADB_GTID_LIST,
        .flags = EVENT_FLAG_ARTIFICIAL,
        .log_pos = (uint32_t)dump->out.at.offset,
    };
    struct gtid_list *list =
        dump->start.until.active ? &dump->start.until.state : &dump->start.state.list;

    list->flags = flags;
    buf_clear(&dump->out.body);
    gtid_list_encode(&dump->out.body, list);
    return dump_out_made(&dump->out, header, dump->out.checksum == CHECKSUM_CRC32, err);
}

bool dump_end_at_until(struct dump *dump, struct err *err)
{
    const struct dump_limits *limits = dump->spec->limits;

    dump->ended = true;
    if (!send_state(dump, GTID_LIST_FLAG_UNTIL_REACHED, err))
        return false;
    if (limits && limits->told)
        atomic_store(limits->told, true);
    return true;
}

/* In a file's middle it comes from here, at its beginning it is the first event. */
static bool send_format(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    return dump_out_format(
        &dump->out, batch->format,
        dump->out.at.offset > LOG_FIRST_OFFSET ? DUMP_FORMAT_BEHIND : DUMP_FORMAT_FOLLOWS, err);
}

/*
 * A replica that has a part of the transaction that comes: it rolls back at a format description
 * such as a source that was restarted writes. In the replica's words, that stands right before the
 * transaction: while it is in the middle of one it takes no other name.
 */
static bool begin_again(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    struct span asked = dump->spec->request.file;
    struct log_position at = {.offset = dump->start.again - batch->format.len};

    memcpy(at.name, asked.data, asked.len);
    return (!dump->spec->mariadb || dump_out_statement_end(&dump->out, err)) &&
           dump_out_rotate(&dump->out, at.name, at.offset, err) &&
           dump_out_format(&dump->out, batch->format, DUMP_FORMAT_RESTARTED, err);
}

static bool begin_first_file(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    const struct dump_spec *spec = dump->spec;
    bool sent = false;

    if (dump->start.again > 0 && !begin_again(dump, batch, err))
        return false;
    if (!spec->mariadb && spec->request.gtid && batch->offset > LOG_FIRST_OFFSET &&
        !begin_with_head(dump, batch, &sent, err))
        return false;
    if (sent)
        return true;
    if (!dump_out_rotate(&dump->out, batch->name,
                         dump->start.goal > 0 ? dump->start.goal : batch->offset, err) ||
        !send_format(dump, batch, err))
        return false;
    if (gtid_until_ends(&dump->start.until))
        return dump_end_at_until(dump, err);
    return dump->start.state.kind != LOG_STATE_MARIADB || batch->offset == LOG_FIRST_OFFSET ||
           send_state(dump, 0, err);
}

/* Of the files to come; and what a file's middle leaves open ends with it. */
static bool begin_filter(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    dump->unsent = 0;
    if ((!dump->filter || dump_filter_file(dump->filter, batch->format, err)) &&
        (!dump->accounts || dump_accounts_file(dump->accounts, batch->format, err)))
        return true;
    err->code = ER_DUMP;
    return err_prefix(err, "%s", batch->name);
}

bool dump_begin_file(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    if (!begin_filter(dump, batch, err))
        return false;
    if (!dump->out.announced)
        return begin_first_file(dump, batch, err);
    if (dump->start.goal > 0)
        return dump_fail_position(dump->spec, err);
    dump->yields = dump_controls_yield_usec(dump->spec->controls) > 0;
    return dump_out_rotate(&dump->out, batch->name, batch->offset, err) &&
           send_format(dump, batch, err);
}
