#include "replication/dump.h"

#include "base/clock.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "binlog/control.h"
#include "binlog/reader.h"
#include "net/socket.h"
#include "replication/dump_accounts.h"
#include "replication/dump_feed.h"
#include "replication/dump_filter.h"
#include "replication/dump_out.h"
#include "replication/dump_start.h"
#include "wire/reply.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#define CAPABILITY_GTID 4
#define ER_DUMP         ER_MASTER_FATAL_ERROR_READING_BINLOG
#define HEARD_MAX       4096 /* bytes of what a replica may say during a dump */

struct dump {
    const struct dump_spec *spec;
    struct dump_start start;
    struct dump_out out;
    struct dump_feed feed;
    struct dump_controls_watch watch;
    struct dump_ears ears;
    struct dump_filter *filter;     /* NULL: all changes are sent */
    struct dump_accounts *accounts; /* NULL: as they are */
    uint64_t unsent;      /* bytes that it left out or holds, and the replica does not know of */
    bool yields;          /* in this file: it began while yielding was on */
    bool limited;         /* the transaction at hand is one that its limits leave out */
    bool left_out;        /* the replica does not know yet how far the dump is */
    bool ended;           /* UNTIL is reached */
    int64_t heartbeat_at; /* the next while nothing is sent; CLOCK_NEVER: none */
};

/* ---- How it begins ---- */

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

static bool end_at_until(struct dump *dump, struct err *err)
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
        return end_at_until(dump, err);
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

/* A dump yields from the first file on that the log comes to while yielding is on. */
static bool begin_file(struct dump *dump, const struct log_batch *batch, struct err *err)
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

/* ---- What a replica does not get ---- */

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
    return verdict != VIEW_STOP || end_at_until(dump, err);
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
static bool refuse(const struct dump *dump, struct err *err)
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
        return end_at_until(dump, err);
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
    if (refuse(dump, err))
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

/* The log ends with a whole transaction where the dump is. */
static bool is_at_whole_end(const struct dump *dump)
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

/* All that follows goes out as it is, but for a file's end. */
static bool is_plain(const struct dump *dump)
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

/* Whether the replica lacks what an empty batch stands for. */
static bool lacks_empty(const struct dump *dump, const struct log_batch *batch)
{
    return batch->events.len == 0 && dump->start.goal == 0 && !dump->start.skip.inside &&
           !dump->limited && dump->out.announced;
}

static bool send_events(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    uint64_t ack_at = dump->spec->semisync ? find_ack(dump, batch) : 0;
    struct cursor cur = cursor_of(batch->events);
    uint64_t offset = batch->offset;

    while (cursor_left(&cur) > 0 && !dump->ended) {
        struct event_header header;
        struct span event;
        bool behind;

        if (is_plain(dump)) {
            size_t size = dump_out_events(&dump->out, cur.rest);

            cursor_skip(&cur, size);
            offset += size;
            dump->out.at.offset = offset;
            dump->out.bare = dump->out.bare && size == 0;
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

/* ---- What else is said ---- */

static bool hear(struct dump *dump, struct err *err)
{
    return dump_out_hear(&dump->out, err) && dump_ears_ask_guard(&dump->ears, err);
}

/* ---- The loop ---- */

static bool flush(struct dump *dump, struct err *err)
{
    dump_feed_place(&dump->feed, &dump->out.at, &dump->out.place);
    return dump_out_flush(&dump->out, err);
}

/* What the filter left out of a transaction is told when that is over. */
static bool heartbeat(struct dump *dump, struct err *err)
{
    int64_t period = dump->spec->heartbeat_usec;

    dump->heartbeat_at = period > 0 ? clock_deadline_usec(period) : CLOCK_NEVER;
    if (!dump->out.announced)
        return true; /* the replica does not know yet where it is */
    if (dump->unsent > 0 && is_at_whole_end(dump))
        dump->unsent = 0;
    return dump_out_heartbeat(&dump->out, dump->unsent, err);
}

/* Nothing is left to send: waits for more, with heartbeats. */
static bool idle(struct dump *dump, struct err *err)
{
    int64_t period = dump->spec->heartbeat_usec;
    enum log_wait wait;

    if ((dump->left_out || dump->unsent > 0) && !dump->spec->mariadb && !heartbeat(dump, err))
        return false;
    dump->left_out = false;
    if (!flush(dump, err) ||
        !dump_feed_wait(&dump->feed, period > 0 ? clock_deadline_usec(period) : CLOCK_NEVER,
                        dump->ears.fd, &wait, err))
        return false;
    switch (wait) {
    case LOG_WAIT_READY:
        return true;
    case LOG_WAIT_TIMEOUT:
        return heartbeat(dump, err) && flush(dump, err);
    case LOG_WAIT_INTERRUPTED:
        return hear(dump, err);
    }
    return true;
}

/* Waits for the file to be closed, the controls to change, or the replica to say something. */
static bool wait_for_file(struct dump *dump, int64_t deadline_usec, struct err *err)
{
    struct pollfd fds[] = {
        {.fd = dump_feed_fd(&dump->feed), .events = POLLIN},
        {.fd = dump->watch.fd, .events = POLLIN},
        {.fd = dump->ears.fd, .events = POLLIN},
    };

    if (poll(fds, 3, clock_poll_timeout(deadline_usec)) < 0 && errno != EINTR)
        return err_errno(err, "cannot wait for a file to fill");
    return fds[2].revents == 0 || hear(dump, err);
}

/*
 * Lets the file that is written fill, so that its events come in bulk: until it is closed, the time
 * is over, or yielding is off. The replica gets its heartbeats meanwhile.
 */
static bool yield(struct dump *dump, struct err *err)
{
    int64_t period = dump->spec->heartbeat_usec;
    int64_t heartbeat_at = period > 0 ? clock_deadline_usec(period) : CLOCK_NEVER;
    int64_t begun = clock_now_usec();

    if (!flush(dump, err))
        return false;
    for (;;) {
        int64_t now = clock_now_usec();
        int64_t usec;

        wakeup_clear(dump->watch.fd);
        usec = dump_controls_yield_usec(dump->spec->controls);
        dump->yields = usec > 0;
        if (now >= begun + usec || dump_feed_arm_closed(&dump->feed))
            return true;
        if (now >= heartbeat_at) {
            if (!heartbeat(dump, err) || !flush(dump, err))
                return false;
            heartbeat_at = clock_deadline_usec(period);
        }
        if (!wait_for_file(dump, begun + usec < heartbeat_at ? begun + usec : heartbeat_at, err))
            return false;
    }
}

/*
 * What the replica needs is gone or damaged: it is told, and stops. When the log has failed it only
 * loses its connection, and comes back when the relay works again. When another log has taken the
 * place of this one, it comes back to that by GTID; a position would be taken for one in it.
 */
static bool fail_reading(const struct dump *dump, struct err *err)
{
    struct log_ends ends;

    if (dump->feed.view && view_reader_is_stopped(dump->feed.view)) {
        *dump->spec->ret_stopped = true;
        err->code = ER_DUMP;
        return false;
    }
    mirror_ends(dump->spec->mirror, &ends);
    if (ends.shutdown && err->class == E_STATE && !dump->spec->reopened && !dump->spec->by_gtid &&
        !dump->spec->request.gtid)
        return err_set(err, E_STATE, ER_DUMP,
                       "The relay has begun a new log of its source, in which files and positions "
                       "are others: give the replica one of those, or use GTIDs");
    if (ends.status != LOG_FAILED && !ends.shutdown &&
        (err->class == E_STATE || err->class == E_PROTO))
        err->code = ER_DUMP;
    if (err->class == E_USAGE) /* a view's: no transaction begins at the place */
        return dump_fail_position(dump->spec, err);
    return false;
}

/* Much may be read before the first event is sent: each side knows that the other is there. */
static bool pass_over(struct dump *dump, struct err *err)
{
    if (clock_now_usec() >= dump->heartbeat_at && (!heartbeat(dump, err) || !flush(dump, err)))
        return false;
    return dump_out_hear(&dump->out, err);
}

static bool take_events(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    if (!send_events(dump, batch, err) || (lacks_empty(dump, batch) && refuse(dump, err)))
        return false;
    dump_feed_place(&dump->feed, &dump->out.at, &dump->out.place);
    dump_out_note(&dump->out);
    if (dump->start.goal > 0 || batch->events.len == 0)
        return pass_over(dump, err);
    return !dump->spec->semisync || dump_out_hear(&dump->out, err);
}

/* Not between a file's name and its format description, which the replica must have first. */
static bool is_ended(const struct dump *dump)
{
    return (gtid_until_ends(&dump->start.until) || dump_feed_is_stop(&dump->feed, &dump->out.at)) &&
           !dump->out.bare && is_at_whole_end(dump);
}

/* All that is synced was sent. */
static bool take_none(struct dump *dump, struct err *err)
{
    if (is_ended(dump))
        return end_at_until(dump, err);
    if (dump_is_blocking(dump->spec))
        return idle(dump, err);
    dump->ended = true;
    return true;
}

static bool run(struct dump *dump, struct err *err)
{
    while (!dump->ended) {
        struct log_batch batch;
        bool good = true;

        dump_feed_set_buffer(&dump->feed, dump_controls_read_buffer(dump->spec->controls));
        if (!dump_feed_next(&dump->feed, &batch, err))
            return fail_reading(dump, err);
        switch (batch.kind) {
        case LOG_BATCH_FILE:
            good = begin_file(dump, &batch, err);
            break;
        case LOG_BATCH_EVENTS:
            good = take_events(dump, &batch, err);
            break;
        case LOG_BATCH_NONE:
            good = take_none(dump, err);
            break;
        }
        if (good && dump->yields && !dump->ended && dump_is_blocking(dump->spec) &&
            (batch.kind == LOG_BATCH_FILE || dump_feed_at_end(&dump->feed)))
            good = yield(dump, err);
        if (!good || !dump_ears_turn(&dump->ears, err))
            return false;
    }
    return flush(dump, err);
}

static bool open_reader(struct dump *dump, struct err *err)
{
    const struct dump_spec *spec = dump->spec;

    if (!spec->mirror)
        return err_set(err, E_STATE, ER_DUMP, "Binary log is not open");
    if (spec->mariadb && spec->capability < CAPABILITY_GTID)
        return err_set(err, E_STATE, ER_DUMP,
                       "This relay serves MariaDB's events to clients that set "
                       "@mariadb_slave_capability to 4 or more");
    if (dump->filter && !dump_is_by_gtid(spec))
        return err_set(err, E_STATE, ER_DUMP,
                       "The account's replicate_* rules leave changes out, which needs a replica "
                       "that follows by GTID: set %s",
                       spec->mariadb ? "MASTER_USE_GTID=slave_pos" : "MASTER_AUTO_POSITION=1");
    if (!dump_start_find(&dump->start, spec, err))
        return false;
    /*
     * A MariaDB that was killed leaves the beginning of a transaction and gives its GTID to another
     * one in the next file: a replica by GTID that has got the first stops at the second (1595).
     */
    if (!dump_feed_open(&dump->feed, spec->mirror, &dump->start.from, spec->view,
                        spec->mariadb && spec->by_gtid, dump_controls_read_buffer(spec->controls),
                        err)) {
        if (err->class != E_IO)
            err->code = ER_DUMP;
        return false;
    }
    dump_feed_limit(&dump->feed, spec->limits);
    /* With a base it is shown where in the source's log the replica is: after a crash, too late. */
    if (dump->feed.view && (!dump_is_by_gtid(spec) || spec->base))
        view_reader_record(dump->feed.view, !dump_is_by_gtid(spec));
    return true;
}

bool dump_run(const struct dump_spec *spec, struct err *err)
{
    struct dump dump = {
        .spec = spec,
        .ears = DUMP_EARS_CLOSED,
        .out = {.link = spec->link,
                .replica = spec->replica,
                .server_id = spec->server_id,
                .mariadb = spec->mariadb,
                .heartbeat_v2 = !spec->mariadb && (spec->request.flags & DUMP_MYSQL_HEARTBEAT_V2),
                .semisync = spec->semisync,
                .stops_at_statements = spec->accounts_of != NULL,
                .asked_checksum = spec->checksum,
                .silence_usec = spec->silence_usec},
    };
    bool good;

    if (!dump_controls_watch(spec->controls, &dump.watch, err))
        return false;
    thread_wait_turns(); /* one commit wakes a hundred, beside the receiver or the source itself */
    link_set_payload_max(spec->link, HEARD_MAX);
    link_set_patience(spec->link, spec->silence_usec);
    socket_limit_silence(conn_borrow_fd(link_borrow_conn(spec->link)), spec->silence_usec);
    dump_start_init(&dump.start);
    dump_out_init(&dump.out);
    if (spec->rules && !replicate_rules_pass_all(spec->rules))
        dump.filter = dump_filter_new(spec->rules);
    if (spec->accounts_of)
        dump.accounts = dump_accounts_new(&(struct dump_accounts_spec){
            .master_user = spec->accounts_of,
            .takes = spec->takes_accounts,
            .mysql = spec->view != NULL,
        });
    dump.heartbeat_at =
        spec->heartbeat_usec > 0 ? clock_deadline_usec(spec->heartbeat_usec) : CLOCK_NEVER;
    good = dump_ears_open(&dump.ears, conn_borrow_fd(link_borrow_conn(spec->link)), spec->guard,
                          err) &&
           open_reader(&dump, err) && run(&dump, err);
    dump_ears_close(&dump.ears);
    link_set_patience(spec->link, 0);
    dump_feed_close(&dump.feed);
    dump_filter_free(dump.filter);
    dump_accounts_free(dump.accounts);
    dump_out_done(&dump.out);
    dump_start_done(&dump.start);
    dump_controls_unwatch(spec->controls, &dump.watch);
    return good;
}
