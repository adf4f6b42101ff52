#include "binlog/control.h"
#include "replication/dump_internal.h"
#include "wire/reply.h"

#include <inttypes.h>

static bool is_unwanted(const struct dump *dump, const struct event_header *header)
{
    const struct dump_spec *spec = dump->spec;

    if (!spec->mariadb)
        return false;
    if (header->type == EVENT_MARIADB_ANNOTATE_ROWS &&
        !(spec->request.flags & DUMP_MARIADB_ANNOTATE_ROWS))
        return true;
    return spec->filter_skip_replication && (header->flags & EVENT_FLAG_SKIP_REPLICATION);
}

static bool find_body(const struct dump *dump, const struct event_header *header, struct span event,
                      struct span *ret_body, struct err *err)
{
    size_t checksum_size = dump_out_checksum_size(&dump->out);
    struct cursor cur = cursor_of(event);

    if (event.len < EVENT_HEADER_SIZE + checksum_size)
        return err_set(err, E_PROTO, ER_DUMP, "%s:%" PRIu64 ": a %s event of %zu bytes",
                       dump->out.at.name, dump->out.at.offset, event_type_name(header->type),
                       event.len);
    cursor_skip(&cur, EVENT_HEADER_SIZE);
    *ret_body = cursor_bytes(&cur, event.len - EVENT_HEADER_SIZE - checksum_size);
    return true;
}

/* Is asked of all events only while something may have to be left out by GTID. */
static bool is_left_out_by_gtid(struct dump *dump, const struct event_header *header,
                                struct span event, bool *ret_left_out, struct err *err)
{
    struct gtid_until *until = &dump->start.until;
    struct span body;

    if (!find_body(dump, header, event, &body, err) ||
        !gtid_skip_take(&dump->start.skip, header, body, ret_left_out, err))
        return false;
    if (!until->active)
        return true;
    if (header->type == EVENT_MARIADB_GTID && !*ret_left_out &&
        !gtid_until_take(until, header, body, err))
        return false;
    *ret_left_out = *ret_left_out || until->leaves_out;
    return true;
}

/* By the replica's limits: the transaction that a GTID event begins. */
static bool take_limits(struct dump *dump, const struct event_header *header, struct span event,
                        struct err *err)
{
    enum view_verdict verdict = VIEW_GIVE;
    struct span body;

    dump->limited = false;
    if (header->type == EVENT_MARIADB_GTID &&
        (!find_body(dump, header, event, &body, err) ||
         !dump_feed_verdict(&dump->feed, &dump->out.at, header, body, &verdict, err)))
        return false;
    dump->limited = verdict == VIEW_LEAVE_OUT;
    return verdict != VIEW_STOP || dump_end_at_until(dump, err);
}

/* What belongs to no transaction, or begins one. */
static bool is_between(uint8_t type)
{
    switch ((enum event_type)type) {
    case EVENT_MARIADB_GTID:
    case EVENT_MARIADB_GTID_LIST:
    case EVENT_MARIADB_BINLOG_CHECKPOINT:
    case EVENT_ROTATE:
    case EVENT_STOP:
    case EVENT_FORMAT_DESCRIPTION:
        return true;
    default:
        return false;
    }
}

/* Whole events out of the filter; the last one is acknowledged, if any is. */
static bool send_first(struct dump *dump, struct span events, bool wants_ack, struct err *err)
{
    struct cursor cur = cursor_of(events);

    while (cursor_left(&cur) > 0) {
        struct event_header header;
        struct span event;

        if (!event_header_decode(cur.rest, &header, err))
            return false;
        event = cursor_bytes(&cur, header.length);
        if (!dump_out_event(&dump->out, event, wants_ack && cursor_left(&cur) == 0, err))
            return false;
    }
    return true;
}

/* Between transactions the replica may be told how far the log is. */
static bool begins_transaction(uint8_t type)
{
    return type == EVENT_GTID || type == EVENT_GTID_TAGGED || is_between(type);
}

static bool send_filtered(struct dump *dump, const struct event_header *header, struct span event,
                          bool wants_ack, struct err *err)
{
    struct dump_filter_verdict verdict;

    if (!dump_filter_take(dump->filter, header, event, &verdict, err)) {
        err->code = ER_DUMP;
        return err_prefix(err, "%s:%" PRIu64, dump->out.at.name, dump->out.at.offset);
    }
    if (begins_transaction(header->type) && (dump->unsent > 0 || dump->left_out)) {
        if (!dump->spec->mariadb && !dump_out_heartbeat(&dump->out, 0, err))
            return false;
        dump->unsent = 0;
        dump->left_out = false;
    }
    dump->unsent += event.len - verdict.first.len - (verdict.keep ? event.len : 0);
    return send_first(dump, verdict.first, wants_ack && !verdict.keep, err) &&
           (!verdict.keep || dump_out_event(&dump->out, event, wants_ack, err));
}

/* What stands in the place of a transaction that can not be translated is for nobody. */
bool dump_refuse(const struct dump *dump, struct err *err)
{
    const struct err *refusal = dump->feed.view ? view_reader_refusal(dump->feed.view) : NULL;

    if (!refusal)
        return false;
    *err = *refusal;
    err->code = ER_DUMP;
    *dump->spec->ret_stopped = true;
    return true;
}

/* Of the transaction that begins here. */
static void tell_left_out(const struct dump *dump)
{
    const struct dump_spec *spec = dump->spec;
    const struct view_left_out *statements;
    size_t count;

    if (!dump->feed.view || !spec->left_out)
        return;
    statements = view_reader_left_out(dump->feed.view, &count);
    for (size_t i = 0; i < count; i++) {
        if (statements[i].view_offset == dump->out.at.offset)
            spec->left_out(spec->userdata, &statements[i].place, statements[i].words);
    }
}

static bool send_event(struct dump *dump, const struct event_header *header, struct span event,
                       bool wants_ack, struct err *err)
{
    bool left_out = false;

    if (gtid_until_ends(&dump->start.until) && is_between(header->type))
        return dump_end_at_until(dump, err);
    if (dump->spec->limits && is_between(header->type) &&
        (!take_limits(dump, header, event, err) || dump->ended))
        return dump->ended;
    if ((dump->start.skip.active || dump->start.until.active) &&
        !is_left_out_by_gtid(dump, header, event, &left_out, err))
        return false;
    if (left_out || dump->limited || is_unwanted(dump, header)) {
        dump->left_out = true;
        return true;
    }
    if (dump_refuse(dump, err))
        return false;
    tell_left_out(dump);
    if (dump->filter)
        return send_filtered(dump, header, event, wants_ack, err);
    if (dump->left_out && !dump->spec->mariadb && !dump_out_heartbeat(&dump->out, 0, err))
        return false;
    dump->left_out = false;
    return dump_accounts_send(dump->accounts, &dump->out, header, event, wants_ack, err);
}

/*
 * The events come to where the replica is: those before that are left out. False in *ret_behind
 * when the replica does not have this one.
 */
static bool catch_up(struct dump *dump, uint64_t offset, size_t length, bool *ret_behind,
                     struct err *err)
{
    uint64_t goal = dump->start.goal;

    *ret_behind = goal > 0 && offset < goal;
    if (goal > 0 && (offset > goal || (offset < goal && offset + length > goal)))
        return dump_fail_position(dump->spec, err);
    if (offset + length >= goal)
        dump->start.goal = 0;
    return true;
}

bool dump_is_at_whole_end(const struct dump *dump)
{
    const struct log_position *at = &dump->out.at;

    return dump_feed_whole_end(&dump->feed, at->name, at->offset) == at->offset;
}

/*
 * Where a replica is asked to acknowledge: at the log's last end of a transaction, or, as long as
 * it is behind that, at the last XID that is there. 0: nowhere.
 */
static uint64_t find_ack(const struct dump *dump, const struct log_batch *batch)
{
    uint64_t end = batch->offset + batch->events.len;
    uint64_t whole = dump_feed_whole_end(&dump->feed, batch->name, end);
    struct cursor cur = cursor_of(batch->events);
    uint64_t offset = batch->offset;
    struct event_header header;
    uint64_t found = 0;
    struct err broken;

    if (whole > batch->offset && whole <= end)
        return whole;
    while (cursor_left(&cur) > 0 && event_header_decode(cur.rest, &header, &broken)) {
        cursor_skip(&cur, header.length);
        offset += header.length;
        if (header.type == EVENT_XID)
            found = offset;
    }
    return found;
}

/*
 * A replica that has the ROTATE at a file's end is in the next file, and stops when a heartbeat
 * names another: the file may be long in coming.
 */
static bool follow_rotate(struct dump *dump, struct span event, struct err *err)
{
    struct cursor cur = cursor_of(event);
    struct rotate rotate;
    struct span body;

    cursor_skip(&cur, EVENT_HEADER_SIZE);
    body = cursor_bytes(&cur, event.len - EVENT_HEADER_SIZE - dump_out_checksum_size(&dump->out));
    if (!rotate_decode(body, &rotate, err))
        return false;
    if (rotate.name.len <= LOG_NAME_MAX) {
        dump->out.at = (struct log_position){.offset = rotate.position};
        memcpy(dump->out.at.name, rotate.name.data, rotate.name.len);
    }
    dump->out.bare = true;
    return true;
}

bool dump_is_plain(const struct dump *dump)
{
    const struct dump_spec *spec = dump->spec;

    size_t left_out = 0;

    if (dump->feed.view)
        (void)view_reader_left_out(dump->feed.view, &left_out);
    return left_out == 0 && !(dump->feed.view && view_reader_refusal(dump->feed.view)) &&
           !dump->start.skip.active && !dump->start.until.active && dump->start.goal == 0 &&
           !dump->left_out && !dump->filter && !spec->limits &&
           (!spec->mariadb ||
            ((spec->request.flags & DUMP_MARIADB_ANNOTATE_ROWS) && !spec->filter_skip_replication));
}

bool dump_send_plain(struct dump *dump, uint64_t offset, struct span events, size_t *ret_size,
                     struct err *err)
{
    dump->out.at.offset = offset;
    return dump_out_events(&dump->out, events, ret_size, err);
}

bool dump_send_events(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    uint64_t ack_at = dump->spec->semisync ? find_ack(dump, batch) : 0;
    struct cursor cur = cursor_of(batch->events);
    uint64_t offset = batch->offset;

    while (cursor_left(&cur) > 0 && !dump->ended) {
        struct event_header header;
        struct span event;
        bool behind;

        if (dump_is_plain(dump)) {
            size_t size;

            if (!dump_send_plain(dump, offset, cur.rest, &size, err))
                return false;
            cursor_skip(&cur, size);
            offset += size;
            if (cursor_left(&cur) == 0)
                break;
        }
        if (!event_header_decode(cur.rest, &header, err))
            return false;
        event = cursor_bytes(&cur, header.length);
        if (!cursor_ok(&cur))
            return err_set(err, E_BUG, ER_DUMP, "%s:%" PRIu64 ": an event that is not whole",
                           dump->out.at.name, dump->out.at.offset);
        if (!catch_up(dump, offset, event.len, &behind, err))
            return false;
        offset += event.len;
        if (behind)
            continue;
        dump->out.at.offset = offset - event.len;
        if (!send_event(dump, &header, event, offset == ack_at, err))
            return false;
        dump->out.at.offset = offset;
        if (header.type == EVENT_FORMAT_DESCRIPTION)
            dump->out.bare = false;
        if (header.type == EVENT_ROTATE && !follow_rotate(dump, event, err))
            return false;
    }
    return true;
}
