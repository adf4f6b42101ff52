#include "replication/dump.h"

#include "base/clock.h"
#include "base/wakeup.h"
#include "binlog/control.h"
#include "binlog/reader.h"
#include "log/log_reader.h"
#include "net/socket.h"
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
    struct log_reader *reader;
    struct dump_controls_watch watch;
    struct dump_filter *filter; /* NULL: all changes are sent */
    uint64_t unsent; /* bytes that it left out or holds, and the replica does not know of */
    bool yields;     /* in this file: it began while yielding was on */
    bool left_out;   /* the replica does not know yet how far the dump is */
    bool ended;      /* UNTIL is reached */
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
    dump->ended = true;
    return send_state(dump, GTID_LIST_FLAG_UNTIL_REACHED, err);
}

/* In a file's middle it comes from here, at its beginning it is the first event. */
static bool send_format(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    return dump_out_format(
        &dump->out, batch->format,
        dump->out.at.offset > LOG_FIRST_OFFSET ? DUMP_FORMAT_BEHIND : DUMP_FORMAT_FOLLOWS, err);
}

static bool begin_first_file(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    const struct dump_spec *spec = dump->spec;
    bool sent = false;

    if (!spec->mariadb && spec->request.gtid && batch->offset > LOG_FIRST_OFFSET &&
        !begin_with_head(dump, batch, &sent, err))
        return false;
    if (sent)
        return true;
    if (!dump_out_rotate(&dump->out, batch->name, batch->offset + dump->start.ahead, err) ||
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
    if (!dump->filter || dump_filter_file(dump->filter, batch->format, err))
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
    if (dump->start.ahead > 0)
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

/* Is asked of all events only while something may have to be left out by GTID. */
static bool is_left_out_by_gtid(struct dump *dump, const struct event_header *header,
                                struct span event, bool *ret_left_out, struct err *err)
{
    struct gtid_until *until = &dump->start.until;
    size_t checksum_size = dump_out_checksum_size(&dump->out);
    struct cursor cur = cursor_of(event);
    struct span body;

    if (event.len < EVENT_HEADER_SIZE + checksum_size)
        return err_set(err, E_PROTO, ER_DUMP, "%s:%" PRIu64 ": a %s event of %zu bytes",
                       dump->out.at.name, dump->out.at.offset, event_type_name(header->type),
                       event.len);
    cursor_skip(&cur, EVENT_HEADER_SIZE);
    body = cursor_bytes(&cur, event.len - EVENT_HEADER_SIZE - checksum_size);
    if (!gtid_skip_take(&dump->start.skip, header, body, ret_left_out, err))
        return false;
    if (!until->active)
        return true;
    if (header->type == EVENT_MARIADB_GTID && !*ret_left_out &&
        !gtid_until_take(until, header, body, err))
        return false;
    *ret_left_out = *ret_left_out || until->leaves_out;
    return true;
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

static bool send_event(struct dump *dump, const struct event_header *header, struct span event,
                       bool wants_ack, struct err *err)
{
    bool left_out = false;

    if (gtid_until_ends(&dump->start.until) && is_between(header->type))
        return end_at_until(dump, err);
    if ((dump->start.skip.active || dump->start.until.active) &&
        !is_left_out_by_gtid(dump, header, event, &left_out, err))
        return false;
    if (left_out || is_unwanted(dump, header)) {
        dump->left_out = true;
        return true;
    }
    if (dump->filter)
        return send_filtered(dump, header, event, wants_ack, err);
    if (dump->left_out && !dump->spec->mariadb && !dump_out_heartbeat(&dump->out, 0, err))
        return false;
    dump->left_out = false;
    return dump_out_event(&dump->out, event, wants_ack, err);
}

/* The log comes to where the replica is. */
static bool catch_up(struct dump *dump, size_t length, struct err *err)
{
    if (length > dump->start.ahead)
        return dump_fail_position(dump->spec, err);
    dump->start.ahead -= length;
    return true;
}

/* The log ends with a whole transaction where the dump is. */
static bool is_at_whole_end(const struct dump *dump)
{
    struct log_ends ends;

    mirror_ends(dump->spec->mirror, &ends);
    return ends.whole.offset == dump->out.at.offset &&
           strcmp(ends.whole.name, dump->out.at.name) == 0;
}

/*
 * Where a replica is asked to acknowledge: at the log's last end of a transaction, or, as long as
 * it is behind that, at the last XID that is there. 0: nowhere.
 */
static uint64_t find_ack(const struct dump *dump, const struct log_batch *batch)
{
    uint64_t end = batch->offset + batch->events.len;
    struct cursor cur = cursor_of(batch->events);
    uint64_t offset = batch->offset;
    struct event_header header;
    struct log_ends ends;
    uint64_t found = 0;
    struct err broken;

    mirror_ends(dump->spec->mirror, &ends);
    if (strcmp(ends.whole.name, batch->name) == 0 && ends.whole.offset > batch->offset &&
        ends.whole.offset <= end)
        return ends.whole.offset;
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
    return true;
}

static bool send_events(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    uint64_t ack_at = dump->spec->semisync ? find_ack(dump, batch) : 0;
    struct cursor cur = cursor_of(batch->events);

    while (cursor_left(&cur) > 0 && !dump->ended) {
        struct event_header header;
        struct span event;
        uint64_t end;

        if (!event_header_decode(cur.rest, &header, err))
            return false;
        event = cursor_bytes(&cur, header.length);
        if (!cursor_ok(&cur))
            return err_set(err, E_BUG, ER_DUMP, "%s:%" PRIu64 ": an event that is not whole",
                           dump->out.at.name, dump->out.at.offset);
        if (dump->start.ahead > 0) {
            if (!catch_up(dump, event.len, err))
                return false;
            continue;
        }
        end = dump->out.at.offset + event.len;
        if (!send_event(dump, &header, event, end == ack_at, err))
            return false;
        dump->out.at.offset = end;
        if (header.type == EVENT_ROTATE && !follow_rotate(dump, event, err))
            return false;
    }
    return true;
}

/* ---- The loop ---- */

static bool flush(struct dump *dump, struct err *err)
{
    return dump_out_flush(&dump->out, err);
}

/* What the filter left out of a transaction is told when that is over. */
static bool heartbeat(struct dump *dump, struct err *err)
{
    if (dump->unsent > 0 && is_at_whole_end(dump))
        dump->unsent = 0;
    return dump_out_heartbeat(&dump->out, dump->unsent, err);
}

/* Nothing is left to send: waits for more, with heartbeats. */
static bool idle(struct dump *dump, struct err *err)
{
    int64_t period = dump->spec->heartbeat_usec;
    int fd = conn_borrow_fd(link_borrow_conn(dump->spec->link));
    enum log_wait wait;

    if ((dump->left_out || dump->unsent > 0) && !dump->spec->mariadb && !heartbeat(dump, err))
        return false;
    dump->left_out = false;
    if (!flush(dump, err) ||
        !log_reader_wait(dump->reader, period > 0 ? clock_deadline_usec(period) : CLOCK_NEVER, fd,
                         &wait, err))
        return false;
    switch (wait) {
    case LOG_WAIT_READY:
        return true;
    case LOG_WAIT_TIMEOUT:
        return heartbeat(dump, err) && flush(dump, err);
    case LOG_WAIT_INTERRUPTED:
        return dump_out_hear(&dump->out, err);
    }
    return true;
}

/* Waits for the file to be closed, the controls to change, or the replica to say something. */
static bool wait_for_file(struct dump *dump, int64_t deadline_usec, struct err *err)
{
    struct pollfd fds[] = {
        {.fd = log_reader_fd(dump->reader), .events = POLLIN},
        {.fd = dump->watch.fd, .events = POLLIN},
        {.fd = conn_borrow_fd(link_borrow_conn(dump->spec->link)), .events = POLLIN},
    };

    if (poll(fds, 3, clock_poll_timeout(deadline_usec)) < 0 && errno != EINTR)
        return err_errno(err, "cannot wait for a file to fill");
    return fds[2].revents == 0 || dump_out_hear(&dump->out, err);
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
        if (now >= begun + usec || log_reader_arm_closed(dump->reader))
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

    mirror_ends(dump->spec->mirror, &ends);
    if (ends.shutdown && err->class == E_STATE && !dump->spec->by_gtid && !dump->spec->request.gtid)
        return err_set(err, E_STATE, ER_DUMP,
                       "The relay has begun a new log of its source, in which files and positions "
                       "are others: give the replica one of those, or use GTIDs");
    if (ends.status != LOG_FAILED && !ends.shutdown &&
        (err->class == E_STATE || err->class == E_PROTO))
        err->code = ER_DUMP;
    return false;
}

static bool take_events(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    if (!send_events(dump, batch, err))
        return false;
    dump_out_note(&dump->out);
    return !dump->spec->semisync || dump_out_hear(&dump->out, err);
}

/* All that is synced was sent. */
static bool take_none(struct dump *dump, struct err *err)
{
    if (gtid_until_ends(&dump->start.until) && is_at_whole_end(dump))
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

        log_reader_set_buffer(dump->reader, dump_controls_read_buffer(dump->spec->controls));
        if (!log_reader_next(dump->reader, &batch, err))
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
            (batch.kind == LOG_BATCH_FILE || log_reader_at_end(dump->reader)))
            good = yield(dump, err);
        if (!good)
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
    if (dump->filter && !(spec->mariadb ? spec->by_gtid : spec->request.gtid))
        return err_set(err, E_STATE, ER_DUMP,
                       "The account's replicate_* rules leave changes out, which needs a replica "
                       "that follows by GTID: set %s",
                       spec->mariadb ? "MASTER_USE_GTID=slave_pos" : "MASTER_AUTO_POSITION=1");
    if (!dump_start_find(&dump->start, spec, err))
        return false;
    if (!log_reader_open(spec->mirror, &dump->start.from, dump_controls_read_buffer(spec->controls),
                         &dump->reader, err)) {
        if (err->class != E_IO)
            err->code = ER_DUMP;
        return false;
    }
    /*
     * A MariaDB that was killed leaves the beginning of a transaction and gives its GTID to another
     * one in the next file: a replica by GTID that has got the first stops at the second (1595).
     */
    if (spec->mariadb && spec->by_gtid)
        log_reader_set_whole(dump->reader);
    return true;
}

bool dump_run(const struct dump_spec *spec, struct err *err)
{
    struct dump dump = {
        .spec = spec,
        .out = {.link = spec->link,
                .replica = spec->replica,
                .server_id = spec->server_id,
                .mariadb = spec->mariadb,
                .heartbeat_v2 = !spec->mariadb && (spec->request.flags & DUMP_MYSQL_HEARTBEAT_V2),
                .semisync = spec->semisync,
                .asked_checksum = spec->checksum,
                .silence_usec = spec->silence_usec},
    };
    bool good;

    if (!dump_controls_watch(spec->controls, &dump.watch, err))
        return false;
    link_set_payload_max(spec->link, HEARD_MAX);
    link_set_patience(spec->link, spec->silence_usec);
    socket_limit_silence(conn_borrow_fd(link_borrow_conn(spec->link)), spec->silence_usec);
    dump_start_init(&dump.start);
    dump_out_init(&dump.out);
    if (spec->rules && !replicate_rules_pass_all(spec->rules))
        dump.filter = dump_filter_new(spec->rules);
    good = open_reader(&dump, err) && run(&dump, err);
    link_set_patience(spec->link, 0);
    log_reader_close(dump.reader);
    dump_filter_free(dump.filter);
    dump_out_done(&dump.out);
    dump_start_done(&dump.start);
    dump_controls_unwatch(spec->controls, &dump.watch);
    return good;
}
