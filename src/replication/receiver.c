#include "replication/receiver.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "binlog/control.h"
#include "binlog/reader.h"
#include "log/overlap.h"
#include "replication/source_place.h"
#include "wire/reply.h"
#include "wire/semisync.h"

#include <inttypes.h>
#include <poll.h>

#define CONNECT_USEC    (60 * USEC_PER_SEC)
#define SILENCE_USEC    (60 * USEC_PER_SEC)
#define PAUSE_MIN_USEC  (1 * USEC_PER_SEC)
#define PAUSE_MAX_USEC  (60 * USEC_PER_SEC)
#define BATCH_BYTES     ((size_t)1 << 20) /* appended at once while more is there to read */
#define WINDOW_BYTES    ((size_t)1 << 20)
#define PAYLOAD_MAX     ((size_t)EVENT_LENGTH_MAX + 16)
#define STACK_BYTES     (256 * 1024)
#define ER_BINLOG_FATAL ER_MASTER_FATAL_ERROR_READING_BINLOG
#define TORN_TEXT       "binlog truncated in the middle of event" /* of all versions */

struct receiver {
    struct receiver_spec spec;
    pthread_t thread;
    int stop_fd; /* raised, under the lock, when it is to stop or to take a change */

    /* The thread's own, during one connection. */
    struct link *link;
    struct source source;
    struct mirror *mirror;
    struct reader reader;        /* of control events: knows the format description */
    struct log_position end;     /* received; while there is an overlap: compared */
    struct log_overlap *overlap; /* what has to come again before anything is appended */
    bool successor;              /* the mirror took the place of another one */
    enum source_change change;   /* what the connection found instead of the mirror's binlog */
    struct err reason;           /* and how that shows */
    struct buf batch;            /* events that are not appended yet */
    uint64_t batch_events;
    struct source_position next; /* file announced by a ROTATE whose format is yet to come */
    bool announced;
    bool torn;        /* the source says that the file at hand ends within an event */
    bool was_refused; /* with 1236, and nothing was appended since */
    bool fatal;       /* the error at hand must not be tried again */

    struct {
        pthread_mutex_t lock;
        struct receiver_status status;
        const struct receiver_spec *change; /* to be taken over by the thread; NULL: none */
        bool stopping;
    } shared;
};

const char *receiver_state_name(enum receiver_state state)
{
    static const char *const names[] = {"connecting", "receiving", "pausing", "stopped"};

    return names[state];
}

static void set_state(struct receiver *receiver, enum receiver_state state)
{
    enum receiver_state old;

    (void)pthread_mutex_lock(&receiver->shared.lock);
    old = receiver->shared.status.state;
    receiver->shared.status.state = state;
    (void)pthread_mutex_unlock(&receiver->shared.lock);
    if (old != state)
        log_debug(receiver->spec.name, "receiver %s -> %s", receiver_state_name(old),
                  receiver_state_name(state));
}

static void set_error(struct receiver *receiver, const struct err *err)
{
    (void)pthread_mutex_lock(&receiver->shared.lock);
    receiver->shared.status.error = *err;
    receiver->shared.status.error_usec = clock_wall_usec();
    receiver->shared.status.failures++;
    (void)pthread_mutex_unlock(&receiver->shared.lock);
}

void receiver_status(struct receiver *receiver, struct receiver_status *ret_status)
{
    (void)pthread_mutex_lock(&receiver->shared.lock);
    *ret_status = receiver->shared.status;
    (void)pthread_mutex_unlock(&receiver->shared.lock);
}

int64_t receiver_seconds_behind(const struct receiver_status *status)
{
    int64_t behind;

    if (status->state != RECEIVER_RECEIVING)
        return -1;
    if (status->caught_up || status->last_timestamp == 0)
        return 0;
    behind = (clock_wall_usec() + status->clock_usec) / USEC_PER_SEC - status->last_timestamp;
    return behind > 0 ? behind : 0;
}

/* ---- Events into the mirror ---- */

static bool append_batch(struct receiver *receiver, struct err *err)
{
    struct span bytes = buf_span(&receiver->batch);

    if (bytes.len == 0)
        return true;
    if (!mirror_append(receiver->mirror, receiver->end.offset, bytes, err)) {
        receiver->fatal = err->class != E_PROTO && !err->retriable;
        return false;
    }
    receiver->end.offset += bytes.len;
    receiver->was_refused = false;
    (void)pthread_mutex_lock(&receiver->shared.lock);
    receiver->shared.status.events += receiver->batch_events;
    receiver->shared.status.bytes += bytes.len;
    receiver->shared.status.error = (struct err){0};
    (void)pthread_mutex_unlock(&receiver->shared.lock);
    receiver->batch_events = 0;
    buf_clear(&receiver->batch);
    return true;
}

/* What only the connection is about: the clock of what was heard, and whether all was. */
static void note_heard(struct receiver *receiver, uint32_t timestamp, bool caught_up)
{
    (void)pthread_mutex_lock(&receiver->shared.lock);
    receiver->shared.status.heard_usec = clock_wall_usec();
    if (timestamp != 0)
        receiver->shared.status.last_timestamp = timestamp;
    receiver->shared.status.caught_up = caught_up;
    (void)pthread_mutex_unlock(&receiver->shared.lock);
}

/* The source's binlog is not the mirror's. */
static bool fail_changed(struct receiver *receiver, struct err *err)
{
    receiver->change = SOURCE_OTHER_BINLOG;
    receiver->reason = *err;
    return false;
}

static bool fail_ends_early(struct receiver *receiver, struct err *err)
{
    struct log_ends ends;

    mirror_ends(receiver->mirror, &ends);
    (void)err_set(err, E_STATE, ER_BINLOG_FATAL,
                  "%s: it has less than was received from it: its %.60s ends at %" PRIu64
                  ", expected %" PRIu64 ": it has lost events",
                  link_peer(receiver->link), receiver->end.name, receiver->end.offset,
                  ends.received.offset);
    return fail_changed(receiver, err);
}

/* The file that is announced was before, or is, the one at hand. */
static bool fail_goes_back(struct receiver *receiver, struct err *err)
{
    (void)err_set(err, E_STATE, ER_BINLOG_FATAL,
                  "%s: its logs began anew: expected the file after %.60s, found %.60s",
                  link_peer(receiver->link), receiver->end.name, receiver->next.file);
    return fail_changed(receiver, err);
}

static bool fail_other_bytes(struct receiver *receiver, const char *what, struct err *err)
{
    (void)err_set(err, E_STATE, ER_BINLOG_FATAL,
                  "%s: its %.60s is another file than the one received: it has another %s at "
                  "%" PRIu64 ": its logs began anew, or it was restored",
                  link_peer(receiver->link), receiver->end.name, what, receiver->end.offset);
    return fail_changed(receiver, err);
}

static void end_overlap(struct receiver *receiver)
{
    log_overlap_close(receiver->overlap);
    receiver->overlap = NULL;
}

/* An event that was received before: it must be the same. */
static bool compare(struct receiver *receiver, const struct event_header *header, struct span bytes,
                    struct err *err)
{
    if (!log_overlap_take(receiver->overlap, header, bytes))
        return fail_other_bytes(receiver, "event", err);
    receiver->end.offset += bytes.len;
    if (log_overlap_is_done(receiver->overlap))
        end_overlap(receiver);
    return true;
}

/* The format description before the middle of a file. */
static bool compare_format(struct receiver *receiver, struct span bytes, struct err *err)
{
    bool same;

    if (!log_overlap_has_format(receiver->overlap, bytes, &same, err))
        return err_prefix(err, "%s", link_peer(receiver->link));
    if (!same)
        return fail_other_bytes(receiver, "format description", err);
    if (log_overlap_is_done(receiver->overlap))
        end_overlap(receiver);
    return true;
}

static bool fail_place(const struct receiver *receiver, struct err *err, const char *what,
                       struct span name, uint64_t position)
{
    return err_set(err, E_PROTO, 0,
                   "%s: %s names %.*s:%" PRIu64 ", but what came so far ends at %s:%" PRIu64,
                   link_peer(receiver->link), what, (int)name.len, (const char *)name.data,
                   position, receiver->end.name, receiver->end.offset);
}

/* The source tells where the events to come stand: in the file at hand, or in another one. */
static bool take_fake_rotate(struct receiver *receiver, struct span body, struct err *err)
{
    struct rotate rotate;

    if (!rotate_decode(body, &rotate, err) || !append_batch(receiver, err))
        return false;
    if (span_eq(rotate.name, span_str(receiver->end.name))) {
        receiver->announced = false;
        if (rotate.position != receiver->end.offset)
            return fail_place(receiver, err, "a Rotate event", rotate.name, rotate.position);
        return true;
    }
    if (receiver->overlap)
        return fail_ends_early(receiver, err);
    if (!log_name_check(rotate.name, receiver->next.file, err))
        return err_prefix(err, "%s: a Rotate event", link_peer(receiver->link));
    if (receiver->end.name[0] != '\0' &&
        log_name_number(receiver->next.file) <= log_name_number(receiver->end.name))
        return fail_goes_back(receiver, err);
    receiver->next.offset = rotate.position;
    receiver->announced = true;
    return true;
}

static bool begin_file(struct receiver *receiver, struct span format, struct err *err)
{
    struct log_ends ends;

    if (!mirror_next(receiver->mirror, span_str(receiver->next.file), receiver->next.offset, format,
                     NULL, err)) {
        receiver->fatal = true;
        return false;
    }
    mirror_ends(receiver->mirror, &ends);
    receiver->end = ends.received;
    receiver->announced = false;
    log_info(receiver->spec.name, "receiving file=%s offset=%" PRIu64, receiver->end.name,
             receiver->end.offset);
    return true;
}

/*
 * The first format description after a Rotate begins the file. One that stands where the mirror's
 * file goes on is an event of it; all others only tell how the events after them are laid out.
 */
static bool take_format(struct receiver *receiver, const struct reader_event *event,
                        struct err *err)
{
    bool in_place = event->header.log_pos != 0 && receiver->end.offset == LOG_FIRST_OFFSET;

    if (receiver->overlap)
        return in_place ? compare(receiver, &event->header, event->bytes, err)
                        : compare_format(receiver, event->bytes, err);
    if (!append_batch(receiver, err))
        return false;
    if (receiver->announced && !begin_file(receiver, event->bytes, err))
        return false;
    if (receiver->end.offset != LOG_FIRST_OFFSET || event->header.log_pos == 0)
        return true;
    buf_bytes(&receiver->batch, event->bytes);
    receiver->batch_events++;
    return append_batch(receiver, err);
}

static bool take_heartbeat(struct receiver *receiver, const struct reader_event *event,
                           struct err *err)
{
    struct heartbeat heartbeat;

    if (event->header.type == EVENT_HEARTBEAT_V2) {
        if (!heartbeat_v2_decode(event->body, &heartbeat, err))
            return false;
    } else if (!heartbeat_decode(event->body, &event->header, &heartbeat, err)) {
        return false;
    }
    if (!append_batch(receiver, err))
        return false;
    if (!receiver->announced && (!span_eq(heartbeat.name, span_str(receiver->end.name)) ||
                                 (uint32_t)heartbeat.position != (uint32_t)receiver->end.offset))
        return fail_place(receiver, err, "a heartbeat", heartbeat.name, heartbeat.position);
    if (receiver->overlap)
        return fail_ends_early(receiver, err);
    note_heard(receiver, 0, true);
    return true;
}

static bool is_heartbeat(uint8_t type)
{
    return type == EVENT_HEARTBEAT || type == EVENT_HEARTBEAT_V2;
}

/* Made for this connection, not in the source's file. */
static bool is_artificial(const struct event_header *header)
{
    return (header->flags & EVENT_FLAG_ARTIFICIAL) ||
           (header->type == EVENT_ROTATE && header->log_pos == 0);
}

static bool take_control(struct receiver *receiver, struct span bytes, struct err *err)
{
    struct reader_event event;

    if (!reader_event_parse(&receiver->reader, bytes, receiver->source.checksum == CHECKSUM_CRC32,
                            &event, err))
        return err_prefix(err, "%s", link_peer(receiver->link));
    if (event.header.type == EVENT_FORMAT_DESCRIPTION)
        return take_format(receiver, &event, err);
    if (is_heartbeat(event.header.type))
        return take_heartbeat(receiver, &event, err);
    if (event.header.type == EVENT_ROTATE)
        return take_fake_rotate(receiver, event.body, err);
    return true; /* MariaDB's artificial GTID list: nothing of the file */
}

static bool acknowledge(struct receiver *receiver, struct err *err)
{
    int64_t deadline = clock_deadline_usec(receiver->spec.silence_usec);
    struct semisync_ack ack;
    enum log_wait wait;
    struct buf payload;
    bool good;

    if (!append_batch(receiver, err))
        return false;
    if (!mirror_wait_synced(receiver->mirror, &receiver->end, deadline, receiver->stop_fd, &wait,
                            err)) {
        receiver->fatal = true;
        return false;
    }
    if (wait != LOG_WAIT_READY)
        return err_set(err, E_TIMEOUT, 0, "%s: the log was not synced in time to acknowledge it",
                       link_peer(receiver->link));
    ack = (struct semisync_ack){.position = receiver->end.offset,
                                .file = span_str(receiver->end.name)};
    buf_init(&payload, 1024);
    semisync_ack_write(&payload, &ack);
    good = link_write_aside(receiver->link, buf_span(&payload), deadline, err);
    buf_done(&payload);
    return good;
}

static bool take_event(struct receiver *receiver, struct span bytes, struct err *err)
{
    struct event_header header;

    if (!event_header_decode(bytes, &header, err))
        return err_prefix(err, "%s", link_peer(receiver->link));
    if (header.length != bytes.len)
        return err_set(err, E_PROTO, 0, "%s: a %s event of %" PRIu32 " bytes came as %zu bytes",
                       link_peer(receiver->link), event_type_name(header.type), header.length,
                       bytes.len);
    if (is_artificial(&header) || is_heartbeat(header.type) ||
        header.type == EVENT_FORMAT_DESCRIPTION)
        return take_control(receiver, bytes, err);
    if (receiver->announced)
        return err_set(err, E_PROTO, 0, "%s: a %s event before the format description of %s",
                       link_peer(receiver->link), event_type_name(header.type),
                       receiver->next.file);
    if (receiver->overlap)
        return compare(receiver, &header, bytes, err);
    buf_bytes(&receiver->batch, bytes);
    receiver->batch_events++;
    if (receiver->batch.len < BATCH_BYTES && link_has_payload(receiver->link))
        return true;
    if (!append_batch(receiver, err))
        return false;
    note_heard(receiver, header.timestamp, !link_has_payload(receiver->link));
    return true;
}

/* A packet of the dump: an OK byte and an event, or its end. */
static bool take_packet(struct receiver *receiver, struct span payload, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct span event;
    bool wants_ack = false;

    if (reply_is_err(payload)) {
        (void)reply_err_to_err(payload, err);
        /* What ends a stream that went well may come of a reset: seen when we come again. */
        receiver->torn = err->code == ER_BINLOG_FATAL && !receiver->overlap &&
                         !receiver->announced && strstr(err->text, TORN_TEXT);
        receiver->fatal = err->code == ER_BINLOG_FATAL && !receiver->torn &&
                          (receiver->overlap || receiver->was_refused);
        receiver->was_refused = err->code == ER_BINLOG_FATAL && !receiver->torn;
        return err_prefix(err, "%s", link_peer(receiver->link));
    }
    if (reply_is_eof(payload) && payload.len < EVENT_HEADER_SIZE)
        return err_set(err, E_IO, 0, "%s: the source ended the dump", link_peer(receiver->link));
    if (cursor_u8(&cur) != 0 || !cursor_ok(&cur))
        return err_set(err, E_PROTO, 0, "%s: a packet of the dump begins with 0x%02x, expected 0",
                       link_peer(receiver->link), payload.len > 0 ? payload.data[0] : 0);
    event = cursor_rest(&cur);
    if (receiver->source.semisync && !semisync_header_parse(event, &wants_ack, &event, err))
        return err_prefix(err, "%s", link_peer(receiver->link));
    if (!take_event(receiver, event, err))
        return false;
    if (wants_ack) {
        link_renumber(receiver->link, SEMISYNC_NEXT_SEQUENCE);
        return acknowledge(receiver, err);
    }
    return true;
}

static bool stream(struct receiver *receiver, struct err *err)
{
    int64_t deadline = 0;

    for (;;) {
        struct span payload;

        /* What is there already needs none. */
        if (!link_has_payload(receiver->link))
            deadline = clock_deadline_usec(receiver->spec.silence_usec);
        if (!link_read(receiver->link, deadline, &payload, err)) {
            if (err->class == E_TIMEOUT)
                (void)err_set(err, E_TIMEOUT, 0, "%s: silent for %lld s: not even a heartbeat",
                              link_peer(receiver->link),
                              (long long)(receiver->spec.silence_usec / USEC_PER_SEC));
            return false;
        }
        if (!take_packet(receiver, payload, err))
            return false;
    }
}

/* ---- Connecting ---- */

static void identity_of(const struct source *source, struct log_identity *ret_identity)
{
    *ret_identity = (struct log_identity){
        .family = source->family,
        .server_id = source->server_id,
    };
    memcpy(ret_identity->server_uuid, source->server_uuid, sizeof ret_identity->server_uuid);
    memcpy(ret_identity->server_version, source->version_text, sizeof ret_identity->server_version);
}

/* GTIDs that the source does not serve will not be served later either. */
static bool find_gtids(struct receiver *receiver, int64_t deadline_usec,
                       struct source_position *ret_from, struct err *err)
{
    if (source_find_gtids(receiver->link, &receiver->spec.login, &receiver->spec.visitor,
                          &receiver->source, receiver->spec.gtids, deadline_usec, ret_from, err))
        return true;
    receiver->fatal = err->class == E_USAGE || err->class == E_STATE;
    return false;
}

/* A log that took another's place begins with all that the source still has, or after the GTIDs. */
static bool find_successor_start(struct receiver *receiver, int64_t deadline_usec,
                                 struct source_position *ret_from, struct err *err)
{
    if (receiver->spec.start == RECEIVER_FROM_GTIDS) {
        if (find_gtids(receiver, deadline_usec, ret_from, err))
            return true;
        if (err->code != ER_BINLOG_FATAL)
            return false;
        receiver->fatal = false;
    }
    return source_find_oldest(receiver->link, deadline_usec, ret_from, err);
}

/* Where an empty mirror is to begin. */
static bool find_first_start(struct receiver *receiver, int64_t deadline_usec,
                             struct source_position *ret_from, struct err *err)
{
    if (receiver->successor)
        return find_successor_start(receiver, deadline_usec, ret_from, err);
    switch (receiver->spec.start) {
    case RECEIVER_FROM_OLDEST:
        return source_find_oldest(receiver->link, deadline_usec, ret_from, err);
    case RECEIVER_FROM_NOW:
        return source_find_newest(receiver->link, &receiver->source, deadline_usec, ret_from, err);
    case RECEIVER_FROM_POSITION:
        *ret_from = receiver->spec.position;
        return true;
    case RECEIVER_FROM_GTIDS:
        return find_gtids(receiver, deadline_usec, ret_from, err);
    }
    return err_set(err, E_BUG, 0, "receiver start %d", (int)receiver->spec.start);
}

/*
 * A MariaDB that was killed while it wrote leaves a part of an event at the end of its file, sends
 * all before it, refuses to go on, and has begun another file. Its own replicas stop there until
 * somebody names that file to them. False when there is none, and the end is to be asked for again.
 */
static bool find_after_torn(struct receiver *receiver, int64_t deadline_usec,
                            struct source_position *ret_from)
{
    bool torn = receiver->torn;
    struct err err;

    receiver->torn = false;
    if (!torn)
        return false;
    if (!source_find_next(receiver->link, receiver->end.name, deadline_usec, ret_from, &err)) {
        log_warn(receiver->spec.name, "%s", err.text);
        return false;
    }
    log_warn(receiver->spec.name,
             "%s: its %s ends at %" PRIu64 " with a part of an event, as a crash leaves it: going "
             "on with %s",
             link_peer(receiver->link), receiver->end.name, receiver->end.offset, ret_from->file);
    return true;
}

/* Where the dump goes on: a little before the mirror's end, so that what is there is compared. */
static bool find_start(struct receiver *receiver, int64_t deadline_usec,
                       struct source_position *ret_from, struct err *err)
{
    struct log_ends ends;

    mirror_ends(receiver->mirror, &ends);
    receiver->end = ends.received;
    receiver->announced = false;
    if (ends.received.name[0] == '\0')
        return find_first_start(receiver, deadline_usec, ret_from, err);
    if (find_after_torn(receiver, deadline_usec, ret_from))
        return true;
    if (!mirror_sync(receiver->mirror, err) ||
        !log_overlap_open(receiver->mirror, &receiver->overlap, &receiver->end, err)) {
        receiver->fatal = true;
        return false;
    }
    *ret_from = (struct source_position){.offset = receiver->end.offset};
    memcpy(ret_from->file, receiver->end.name, sizeof receiver->end.name);
    return true;
}

static void note_other_server(struct receiver *receiver, const struct log_identity *ours,
                              const struct log_identity *theirs)
{
    receiver->change = SOURCE_OTHER_SERVER;
    (void)err_set(&receiver->reason, E_STATE, 0,
                  "%s: another server than the one whose binlog was received: expected server_id "
                  "%" PRIu32 " %s, found %" PRIu32 " %s",
                  link_peer(receiver->link), ours->server_id, ours->server_uuid, theirs->server_id,
                  theirs->server_uuid);
}

/* The log of the source that was met. One with another history gets a new log, or none. */
static bool find_log(struct receiver *receiver, int64_t deadline_usec, struct err *err)
{
    const struct receiver_spec *spec = &receiver->spec;
    struct log_identity identity;
    struct receiver_log log;
    bool good;

    identity_of(&receiver->source, &identity);
    if (!spec->find_log(spec->context, &identity, false, &log, err)) {
        receiver->fatal = true;
        return false;
    }
    if (!source_is_same(mirror_identity(log.mirror), &identity))
        note_other_server(receiver, mirror_identity(log.mirror), &identity);
    if (receiver->change != SOURCE_SAME) {
        if (!source_change_may_follow(receiver->link, &receiver->source, log.mirror,
                                      spec->on_change, &receiver->reason, deadline_usec, err)) {
            receiver->fatal = err->class == E_STATE;
            return false;
        }
        log_warn(spec->name, "begins a new log: %s", receiver->reason.text);
        good = spec->find_log(spec->context, &identity, true, &log, err);
    } else {
        good = true;
    }
    receiver->change = SOURCE_SAME;
    receiver->mirror = log.mirror;
    receiver->successor = log.successor;
    good = good && spec->keep_variables(spec->context, receiver->source.variables, err);
    receiver->fatal = !good;
    return good;
}

static bool open_dump(struct receiver *receiver, struct err *err)
{
    int64_t deadline = clock_deadline_usec(receiver->spec.connect_usec);
    const struct source_visitor *visitor = &receiver->spec.visitor;
    struct source_position from;

    if (!source_prepare(receiver->link, visitor, &receiver->source, deadline, err) ||
        !find_log(receiver, deadline, err) || !find_start(receiver, deadline, &from, err) ||
        !source_dump(receiver->link, visitor, &receiver->source, &from, deadline, err))
        return false;
    reader_init(&receiver->reader);
    receiver->reader.verify_checksums = true;
    link_set_window(receiver->link, WINDOW_BYTES);
    log_info(receiver->spec.name,
             "connected source=%s version=%s server_id=%" PRIu32 " file=%s offset=%" PRIu64,
             link_peer(receiver->link), receiver->source.version_text, receiver->source.server_id,
             from.file, from.offset);
    (void)pthread_mutex_lock(&receiver->shared.lock);
    receiver->shared.status.connects++;
    receiver->shared.status.clock_usec = receiver->source.clock_usec;
    receiver->shared.status.semisync = receiver->source.semisync;
    (void)pthread_mutex_unlock(&receiver->shared.lock);
    set_state(receiver, RECEIVER_RECEIVING);
    return true;
}

/* A source that refuses to go on from the mirror's end may have changed. */
static void look_for_change(struct receiver *receiver, const struct err *refusal)
{
    struct err reason;

    if (receiver->change != SOURCE_SAME || !receiver->overlap || refusal->code != ER_BINLOG_FATAL)
        return; /* without an overlap it comes again */
    receiver->change =
        source_change_find(&receiver->spec.login, receiver->mirror,
                           clock_deadline_usec(receiver->spec.connect_usec), &reason);
    if (receiver->change == SOURCE_SAME)
        return;
    (void)err_prefix(&reason, "%s", link_peer(receiver->link));
    receiver->reason = reason;
    receiver->fatal = false;
}

static bool dump(struct receiver *receiver, struct err *err)
{
    bool good = open_dump(receiver, err) && stream(receiver, err);

    /* What had come whole before the end is kept. */
    if (!good && !receiver->fatal && receiver->batch.len > 0) {
        struct err late;

        if (!append_batch(receiver, &late))
            *err = late;
    }
    if (!good) {
        look_for_change(receiver, err);
        if (receiver->change != SOURCE_SAME && !receiver->fatal)
            *err = receiver->reason;
    }
    end_overlap(receiver);
    return good;
}

/* One connection, from its beginning to its end: always false, with the reason. */
static bool connect_once(struct receiver *receiver, struct err *err)
{
    int64_t deadline = clock_deadline_usec(receiver->spec.connect_usec);
    bool good;

    receiver->fatal = false;
    buf_clear(&receiver->batch);
    receiver->batch_events = 0;
    good = link_login(&receiver->spec.login, deadline, &receiver->link, err) &&
           source_ask(receiver->link, &receiver->spec.visitor, deadline, &receiver->source, err);
    if (good) {
        good = dump(receiver, err);
        source_done(&receiver->source);
    } else {
        receiver->change = SOURCE_SAME; /* it will be found again, if it is so */
    }
    link_free(receiver->link);
    receiver->link = NULL;
    return good;
}

/* Until the receiver is told something. */
static void pause_until(struct receiver *receiver, int64_t deadline_usec)
{
    struct pollfd told = {.fd = receiver->stop_fd, .events = POLLIN};

    while (clock_now_usec() < deadline_usec && !wakeup_is_raised(receiver->stop_fd))
        (void)poll(&told, 1, clock_poll_timeout(deadline_usec));
}

static bool take_change(struct receiver *receiver)
{
    const struct receiver_spec *change;

    (void)pthread_mutex_lock(&receiver->shared.lock);
    change = receiver->shared.change;
    receiver->shared.change = NULL;
    if (change && !receiver->shared.stopping)
        wakeup_clear(receiver->stop_fd);
    (void)pthread_mutex_unlock(&receiver->shared.lock);
    if (!change)
        return false;
    receiver->spec.login = change->login;
    receiver->spec.login.payload_max = PAYLOAD_MAX;
    receiver->spec.login.stop_fd = receiver->stop_fd;
    receiver->spec.visitor = change->visitor;
    receiver->spec.start = change->start;
    receiver->spec.position = change->position;
    receiver->spec.gtids = change->gtids;
    receiver->spec.on_change = change->on_change;
    return true;
}

/* Waits before the next attempt: for a while, or for good when there is nothing to try again. */
static void rest(struct receiver *receiver, const struct err *err, int64_t pause_usec)
{
    int64_t spread = (int64_t)(random_u32() % (uint32_t)(pause_usec / 4));

    set_error(receiver, err);
    if (receiver->fatal) {
        log_error(receiver->spec.name, "receiver stopped: %s", err->text);
        set_state(receiver, RECEIVER_STOPPED);
        pause_until(receiver, CLOCK_NEVER);
        return;
    }
    log_warn(receiver->spec.name, "%s; next attempt in %lld s", err->text,
             (long long)(pause_usec / USEC_PER_SEC));
    set_state(receiver, RECEIVER_PAUSING);
    pause_until(receiver, clock_deadline_usec(pause_usec - pause_usec / 8 + spread));
}

static void *run(void *arg)
{
    struct receiver *receiver = arg;
    int64_t pause_usec = PAUSE_MIN_USEC;

    for (;;) {
        uint64_t before = receiver->shared.status.bytes; /* only this thread changes it */
        struct err err = {0};

        if (take_change(receiver))
            pause_usec = PAUSE_MIN_USEC;
        if (wakeup_is_raised(receiver->stop_fd))
            break;
        set_state(receiver, RECEIVER_CONNECTING);
        (void)!connect_once(receiver, &err);
        if (wakeup_is_raised(receiver->stop_fd))
            continue;
        if (receiver->shared.status.bytes != before)
            pause_usec = PAUSE_MIN_USEC;
        rest(receiver, &err, pause_usec);
        pause_usec = pause_usec * 2 < PAUSE_MAX_USEC ? pause_usec * 2 : PAUSE_MAX_USEC;
    }
    set_state(receiver, RECEIVER_STOPPED);
    return NULL;
}

bool receiver_start_thread(const struct receiver_spec *spec, struct receiver **ret_receiver,
                           struct err *err)
{
    struct receiver *receiver = mem_alloc(sizeof *receiver);

    receiver->spec = *spec;
    if (receiver->spec.connect_usec == 0)
        receiver->spec.connect_usec = CONNECT_USEC;
    if (receiver->spec.silence_usec == 0)
        receiver->spec.silence_usec = SILENCE_USEC;
    receiver->spec.login.payload_max = PAYLOAD_MAX;
    buf_init(&receiver->batch, PAYLOAD_MAX + BATCH_BYTES);
    (void)pthread_mutex_init(&receiver->shared.lock, NULL);
    if (!wakeup_open(&receiver->stop_fd, err))
        goto fail;
    receiver->spec.login.stop_fd = receiver->stop_fd;
    if (thread_start("receiver", STACK_BYTES, run, receiver, &receiver->thread, err)) {
        *ret_receiver = receiver;
        return true;
    }
    fd_close(&receiver->stop_fd);
fail:
    (void)pthread_mutex_destroy(&receiver->shared.lock);
    buf_done(&receiver->batch);
    mem_free(receiver);
    return false;
}

void receiver_change(struct receiver *receiver, const struct receiver_spec *spec)
{
    (void)pthread_mutex_lock(&receiver->shared.lock);
    receiver->shared.change = spec;
    wakeup_raise(receiver->stop_fd);
    (void)pthread_mutex_unlock(&receiver->shared.lock);
}

void receiver_stop(struct receiver *receiver)
{
    if (!receiver)
        return;
    (void)pthread_mutex_lock(&receiver->shared.lock);
    receiver->shared.stopping = true;
    wakeup_raise(receiver->stop_fd);
    (void)pthread_mutex_unlock(&receiver->shared.lock);
    (void)pthread_join(receiver->thread, NULL);
    fd_close(&receiver->stop_fd);
    (void)pthread_mutex_destroy(&receiver->shared.lock);
    buf_done(&receiver->batch);
    mem_free(receiver);
}
