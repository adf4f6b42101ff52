#include "replication/dump.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/wakeup.h"
#include "binlog/control.h"
#include "binlog/reader.h"
#include "log/log_reader.h"
#include "log/lookup.h"
#include "replication/gtid_skip.h"
#include "wire/reply.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_USEC      (60 * USEC_PER_SEC) /* a replica that takes nothing for so long is gone */
#define CAPABILITY_GTID 4
#define ER_DUMP         ER_MASTER_FATAL_ERROR_READING_BINLOG
#define BODY_MAX        1024 /* bytes of an event that is made here */
#define TEXT_NO_FILE    "Could not find first log file name in binary log index file"
#define TEXT_IMPOSSIBLE "Client requested master to start replication from impossible position"

struct dump {
    const struct dump_spec *spec;
    struct log_reader *reader;
    struct dump_controls_watch watch;
    bool yields; /* in this file: it began while yielding was on */
    struct gtid_skip skip;
    struct log_position at; /* the next byte to send or leave out */
    uint64_t ahead;         /* bytes before it that the replica has, and the log not yet */
    uint8_t checksum;    /* of the events to come; UNDEFINED before the first format description */
    bool announced;      /* a ROTATE was sent */
    bool left_out;       /* the replica does not know yet how far the dump is */
    uint64_t sent_bytes; /* since the registry was told */
    uint64_t sent_events;
};

static bool fail(struct err *err, const char *text)
{
    return err_set(err, E_STATE, ER_DUMP, "%s", text);
}

/* ---- Sending ---- */

static bool send_event(struct dump *dump, struct span event, struct err *err)
{
    static const uint8_t ok = 0;
    struct link *link = dump->spec->link;

    dump->sent_bytes += event.len;
    dump->sent_events++;
    return link_put(link, span_of(&ok, 1), event) ||
           link_write(link, span_of(&ok, 1), event, clock_deadline_usec(WRITE_USEC), err);
}

static void note_sent(struct dump *dump)
{
    replica_note_sent(dump->spec->replica, &dump->at, dump->sent_bytes, dump->sent_events);
    dump->sent_bytes = 0;
    dump->sent_events = 0;
}

static bool flush(struct dump *dump, struct err *err)
{
    note_sent(dump);
    return link_flush(dump->spec->link, clock_deadline_usec(WRITE_USEC), err);
}

/* An event of our own, which stands in no file. */
static bool send_made(struct dump *dump, struct span body, struct event_header header,
                      bool checksum, struct err *err)
{
    struct buf event;
    bool good;

    header.server_id = dump->spec->server_id;
    header.length = (uint32_t)(EVENT_HEADER_SIZE + body.len + (checksum ? EVENT_CHECKSUM_SIZE : 0));
    buf_init(&event, header.length);
    event_header_encode(&event, &header);
    buf_bytes(&event, body);
    if (checksum)
        checksum_append(&event, 0);
    good = send_event(dump, buf_span(&event), err);
    buf_done(&event);
    return good;
}

/*
 * The artificial ROTATE before a file. The first one's checksum is what the replica asked for, the
 * others' that of the file before.
 */
static bool send_rotate(struct dump *dump, const char *name, uint64_t position, struct err *err)
{
    struct rotate rotate = {.position = position, .name = span_str(name)};
    bool checksum = (dump->announced ? dump->checksum : dump->spec->checksum) == CHECKSUM_CRC32;
    struct event_header header = {.type = EVENT_ROTATE, .flags = EVENT_FLAG_ARTIFICIAL};
    struct buf body;
    bool good;

    buf_init(&body, BODY_MAX);
    rotate_encode(&body, &rotate);
    good = send_made(dump, buf_span(&body), header, checksum, err);
    dump->announced = true;
    buf_done(&body);
    return good;
}

static bool send_heartbeat(struct dump *dump, struct err *err)
{
    const struct dump_spec *spec = dump->spec;
    struct heartbeat heartbeat = {.name = span_str(dump->at.name), .position = dump->at.offset};
    bool long_form = spec->mariadb && dump->at.offset > UINT32_MAX;
    bool v2 = !spec->mariadb && (spec->request.flags & DUMP_MYSQL_HEARTBEAT_V2);
    struct event_header header = {
        .type = v2 ? EVENT_HEARTBEAT_V2 : EVENT_HEARTBEAT,
        .log_pos = long_form ? 0 : (uint32_t)dump->at.offset,
    };
    struct buf body;
    bool good;

    buf_init(&body, BODY_MAX);
    if (v2)
        heartbeat_v2_encode(&body, &heartbeat);
    else
        heartbeat_encode(&body, &heartbeat, header.log_pos);
    good = send_made(dump, buf_span(&body), header, dump->checksum == CHECKSUM_CRC32, err);
    buf_done(&body);
    dump->left_out = false;
    return good;
}

/*
 * The format description for a stream that begins behind it: without its own position and without
 * the time of a server's start, which would make a replica drop its temporary tables.
 */
static bool send_format(struct dump *dump, struct span event, bool behind, struct err *err)
{
    size_t checksum_size = format_checksum_size(event);
    struct event_header header;
    struct format format;
    struct cursor cur = cursor_of(event);
    struct buf buf;
    bool good;

    if (!event_header_decode(event, &header, err))
        return false;
    cursor_skip(&cur, EVENT_HEADER_SIZE);
    if (!format_decode(cursor_bytes(&cur, event.len - EVENT_HEADER_SIZE - checksum_size), &format,
                       err))
        return false;
    if (format.checksum == CHECKSUM_CRC32 && dump->spec->checksum == CHECKSUM_UNDEFINED)
        return fail(err, "Slave can not handle replication events with the checksum that master "
                         "is configured to log");
    dump->checksum = format.checksum;
    if (!behind)
        return true;
    format.created = 0;
    header.log_pos = 0;
    buf_init(&buf, event.len);
    event_header_encode(&buf, &header);
    format_encode(&buf, &format);
    if (checksum_size > 0)
        checksum_append(&buf, 0);
    good = send_event(dump, buf_span(&buf), err);
    buf_done(&buf);
    return good;
}

/* A dump yields from the first file on that the log comes to while yielding is on. */
static bool begin_file(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    dump->yields = dump->announced && dump_controls_yield_usec(dump->spec->controls) > 0;
    if (dump->announced && dump->ahead > 0)
        return fail(err, TEXT_IMPOSSIBLE);
    dump->at = (struct log_position){.offset = batch->offset + dump->ahead};
    memcpy(dump->at.name, batch->name, strlen(batch->name) + 1);
    return send_rotate(dump, batch->name, dump->at.offset, err) &&
           send_format(dump, batch->format, dump->at.offset > LOG_FIRST_OFFSET, err);
}

/* ---- What a replica does not get ---- */

static bool is_wanted(const struct dump *dump, const struct event_header *header)
{
    const struct dump_spec *spec = dump->spec;

    if (!spec->mariadb)
        return true;
    if (header->type == EVENT_MARIADB_ANNOTATE_ROWS &&
        !(spec->request.flags & DUMP_MARIADB_ANNOTATE_ROWS))
        return false;
    return !spec->filter_skip_replication || !(header->flags & EVENT_FLAG_SKIP_REPLICATION);
}

static bool is_left_out(struct dump *dump, const struct event_header *header, struct span event,
                        bool *ret_left_out, struct err *err)
{
    size_t checksum_size = dump->checksum == CHECKSUM_CRC32 ? EVENT_CHECKSUM_SIZE : 0;
    struct cursor cur = cursor_of(event);

    if (!dump->skip.active) {
        *ret_left_out = !is_wanted(dump, header);
        return true;
    }
    cursor_skip(&cur, EVENT_HEADER_SIZE);
    if (event.len < EVENT_HEADER_SIZE + checksum_size)
        return err_set(err, E_PROTO, ER_DUMP, "%s:%" PRIu64 ": a %s event of %zu bytes",
                       dump->at.name, dump->at.offset, event_type_name(header->type), event.len);
    if (!gtid_skip_take(&dump->skip, header,
                        cursor_bytes(&cur, event.len - EVENT_HEADER_SIZE - checksum_size),
                        ret_left_out, err))
        return false;
    *ret_left_out = *ret_left_out || !is_wanted(dump, header);
    return true;
}

/* The log comes to where the replica is. */
static bool catch_up(struct dump *dump, size_t length, struct err *err)
{
    if (length > dump->ahead)
        return fail(err, TEXT_IMPOSSIBLE);
    dump->ahead -= length;
    return true;
}

static bool send_events(struct dump *dump, const struct log_batch *batch, struct err *err)
{
    struct cursor cur = cursor_of(batch->events);

    while (cursor_left(&cur) > 0) {
        struct event_header header;
        struct span event;
        bool left_out;

        if (!event_header_decode(cur.rest, &header, err))
            return false;
        event = cursor_bytes(&cur, header.length);
        if (!cursor_ok(&cur))
            return err_set(err, E_BUG, ER_DUMP, "%s:%" PRIu64 ": an event that is not whole",
                           dump->at.name, dump->at.offset);
        if (dump->ahead > 0) {
            if (!catch_up(dump, event.len, err))
                return false;
            continue;
        }
        if (!is_left_out(dump, &header, event, &left_out, err))
            return false;
        if (left_out) {
            dump->left_out = true;
        } else {
            if (dump->left_out && !dump->spec->mariadb && !send_heartbeat(dump, err))
                return false;
            if (!send_event(dump, event, err))
                return false;
            dump->left_out = false;
        }
        dump->at.offset += event.len;
    }
    return true;
}

/* ---- Where it begins ---- */

static bool find_mysql_gtid(struct dump *dump, struct log_position *ret_from, struct err *err)
{
    struct gtid_set executed;
    bool good;

    gtid_set_init(&executed);
    good = gtid_set_decode(dump->spec->request.gtid_set, &executed, err) &&
           log_find_gtid_set(dump->spec->mirror, &executed, ret_from, err);
    if (good)
        gtid_skip_set(&dump->skip, &executed);
    gtid_set_done(&executed);
    return good;
}

static bool find_mariadb_gtid(struct dump *dump, struct log_position *ret_from, struct err *err)
{
    struct gtid_list position;
    struct log_state state;
    bool good;

    gtid_list_init(&position);
    log_state_init(&state);
    good = gtid_list_parse(dump->spec->connect_state, &position, err) &&
           log_find_gtid_position(dump->spec->mirror, &position, ret_from, err) &&
           log_state_at(dump->spec->mirror, ret_from, &state, err);
    if (good)
        gtid_skip_position(&dump->skip, &position,
                           state.kind == LOG_STATE_MARIADB ? &state.list : NULL);
    gtid_list_done(&position);
    log_state_done(&state);
    return good;
}

static bool is_blocking(const struct dump_spec *spec)
{
    return !(spec->request.flags & DUMP_NON_BLOCK) && spec->request.server_id != 0;
}

/* Whether a server begins that file after `last`: mysql-bin.000010 after mysql-bin.000009. */
static bool is_next_name(const char *last, const char *name)
{
    const char *dot = strrchr(last, '.');
    size_t stem = dot ? (size_t)(dot - last) + 1 : 0;
    char *end;

    if (stem == 0 || strncmp(last, name, stem) != 0 || name[stem] < '0' || name[stem] > '9')
        return false;
    return strtoull(name + stem, &end, 10) == strtoull(last + stem, NULL, 10) + 1 && *end == '\0';
}

/*
 * A replica may know of more than the log has: of the file that the last ROTATE names, or of the
 * part of a transaction that was cut off when the log was opened again, and will be received again.
 * Its dump begins where the log ends.
 */
static bool find_ahead(struct dump *dump, const struct log_position *asked,
                       struct log_position *ret_from)
{
    struct log_ends ends;

    mirror_ends(dump->spec->mirror, &ends);
    if (!is_blocking(dump->spec) || ends.synced.name[0] == '\0')
        return false;
    if (strcmp(asked->name, ends.synced.name) == 0 && asked->offset > ends.synced.offset)
        dump->ahead = asked->offset - ends.synced.offset;
    else if (!is_next_name(ends.synced.name, asked->name) || asked->offset != LOG_FIRST_OFFSET)
        return false;
    *ret_from = ends.synced;
    return true;
}

/* By file and position, with the texts of the servers' own refusals. */
static bool find_position(struct dump *dump, struct log_position *ret_from, struct err *err)
{
    const struct command_dump *request = &dump->spec->request;
    struct log_position from = {.offset = request->position};
    struct log_file file;

    if (request->position < LOG_FIRST_OFFSET)
        return fail(err, "Client requested master to start replication from position < 4");
    if (request->file.len > LOG_NAME_MAX)
        return fail(err, TEXT_NO_FILE);
    memcpy(from.name, request->file.data, request->file.len);
    if (request->file.len == 0) {
        *ret_from = from;
        return true;
    }
    if (find_ahead(dump, &from, ret_from))
        return true;
    if (!mirror_find(dump->spec->mirror, from.name, &file, err))
        return fail(err, TEXT_NO_FILE);
    if (request->position > file.end)
        return fail(err, TEXT_IMPOSSIBLE);
    *ret_from = from;
    return true;
}

static bool find_start(struct dump *dump, struct log_position *ret_from, struct err *err)
{
    const struct dump_spec *spec = dump->spec;

    if (spec->mariadb && spec->by_gtid)
        return find_mariadb_gtid(dump, ret_from, err);
    if (spec->request.gtid)
        return find_mysql_gtid(dump, ret_from, err);
    return find_position(dump, ret_from, err);
}

static bool open_reader(struct dump *dump, struct err *err)
{
    const struct dump_spec *spec = dump->spec;
    struct log_position from;

    if (!spec->mirror)
        return fail(err, "Binary log is not open");
    if (spec->mariadb && spec->capability < CAPABILITY_GTID)
        return fail(err, "This relay serves MariaDB's events to clients that set "
                         "@mariadb_slave_capability to 4 or more");
    if (find_start(dump, &from, err) &&
        log_reader_open(spec->mirror, &from, dump_controls_read_buffer(dump->spec->controls),
                        &dump->reader, err))
        return true;
    if (err->class != E_IO)
        err->code = ER_DUMP;
    return false;
}

/* ---- The loop ---- */

/* What the replica says meanwhile: nothing, or that it goes. */
static bool hear(struct dump *dump, struct err *err)
{
    struct span payload;
    bool there;

    if (!link_read_aside(dump->spec->link, &there, &payload, err))
        return false;
    if (there && payload.len > 0 && payload.data[0] == COM_QUIT)
        return err_set(err, E_IO, 0, "%s: the replica has left", link_peer(dump->spec->link));
    return true;
}

/* Nothing is left to send: waits for more, with heartbeats. */
static bool idle(struct dump *dump, struct err *err)
{
    int64_t period = dump->spec->heartbeat_usec;
    int fd = conn_borrow_fd(link_borrow_conn(dump->spec->link));
    enum log_wait wait;

    if (dump->left_out && !dump->spec->mariadb && !send_heartbeat(dump, err))
        return false;
    if (!flush(dump, err) ||
        !log_reader_wait(dump->reader, period > 0 ? clock_deadline_usec(period) : CLOCK_NEVER, fd,
                         &wait, err))
        return false;
    switch (wait) {
    case LOG_WAIT_READY:
        return true;
    case LOG_WAIT_TIMEOUT:
        return send_heartbeat(dump, err) && flush(dump, err);
    case LOG_WAIT_INTERRUPTED:
        return hear(dump, err);
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
        if (now >= begun + usec || log_reader_arm_closed(dump->reader))
            return true;
        if (now >= heartbeat_at) {
            if (!send_heartbeat(dump, err) || !flush(dump, err))
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
        return fail(err, "The relay has begun a new log of its source, in which files and "
                         "positions are others: give the replica one of those, or use GTIDs");
    if (ends.status != LOG_FAILED && !ends.shutdown &&
        (err->class == E_STATE || err->class == E_PROTO))
        err->code = ER_DUMP;
    return false;
}

static bool run(struct dump *dump, struct err *err)
{
    struct log_batch batch;

    for (;;) {
        log_reader_set_buffer(dump->reader, dump_controls_read_buffer(dump->spec->controls));
        if (!log_reader_next(dump->reader, &batch, err))
            return fail_reading(dump, err);
        switch (batch.kind) {
        case LOG_BATCH_FILE:
            if (!begin_file(dump, &batch, err))
                return false;
            break;
        case LOG_BATCH_EVENTS:
            if (!send_events(dump, &batch, err))
                return false;
            note_sent(dump);
            break;
        case LOG_BATCH_NONE:
            if (!is_blocking(dump->spec))
                return flush(dump, err);
            if (!idle(dump, err))
                return false;
            break;
        }
        if (dump->yields && is_blocking(dump->spec) &&
            (batch.kind == LOG_BATCH_FILE || log_reader_at_end(dump->reader)) && !yield(dump, err))
            return false;
    }
}

bool dump_run(const struct dump_spec *spec, struct err *err)
{
    struct dump dump = {
        .spec = spec,
        .checksum = CHECKSUM_UNDEFINED,
    };
    bool good;

    if (!dump_controls_watch(spec->controls, &dump.watch, err))
        return false;
    gtid_skip_init(&dump.skip);
    good = open_reader(&dump, err) && run(&dump, err);
    log_reader_close(dump.reader);
    dump_controls_unwatch(spec->controls, &dump.watch);
    gtid_skip_done(&dump.skip);
    return good;
}
