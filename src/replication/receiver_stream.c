/*
 * The dump: what comes is compared with what the mirror has, then appended to it.
 */
#include "replication/receiver_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/wakeup.h"
#include "binlog/control.h"
#include "binlog/table_change.h"
#include "log/lookup.h"
#include "wire/semisync.h"

#include <inttypes.h>

#define RENEW_USEC (5 * USEC_PER_SEC)

#define TORN_TEXT "binlog truncated in the middle of event" /* of all versions */

bool receiver_append(struct receiver *receiver, struct err *err)
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
    receiver->damaged = 0;
    key_history_note_end(receiver->spec.keys, &receiver->end);
    (void)pthread_mutex_lock(&receiver->shared.lock);
    receiver->shared.status.events += receiver->batch_events;
    receiver->shared.status.bytes += bytes.len;
    receiver->shared.status.error = (struct err){0};
    (void)pthread_mutex_unlock(&receiver->shared.lock);
    receiver->batch_events = 0;
    buf_clear(&receiver->batch);
    return true;
}

/* An event comes to the others of the batch. */
static void add_to_batch(struct receiver *receiver, const struct event_header *header,
                         struct span bytes)
{
    struct log_position at = receiver->end;

    at.offset += receiver->batch.len;
    if (table_change_is_event(header, bytes, &receiver->reader.format))
        key_history_note_change(receiver->spec.keys, &at, bytes.len);
    buf_bytes(&receiver->batch, bytes);
    receiver->batch_events++;
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

void receiver_end_overlap(struct receiver *receiver)
{
    log_overlap_close(receiver->overlap);
    receiver->overlap = NULL;
}

/* An event that was received before: it must be the same. */
static bool compare(struct receiver *receiver, const struct event_header *header, struct span bytes,
                    struct err *err)
{
    bool same;

    if (!log_overlap_take(receiver->overlap, header, bytes, &same, err)) {
        receiver->fatal = !err->retriable;
        return false;
    }
    if (!same)
        return fail_other_bytes(receiver, "event", err);
    receiver->end.offset += bytes.len;
    if (log_overlap_is_done(receiver->overlap))
        receiver_end_overlap(receiver);
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
        receiver_end_overlap(receiver);
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

    if (!rotate_decode(body, &rotate, err) || !receiver_append(receiver, err))
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

/*
 * The mirror's next file. MySQL counts what XA COMMIT and XA ROLLBACK end later than it writes
 * them: the head of a file that begins meanwhile lacks the last ones of the file before (seen
 * with 9.7).
 */
static bool next_file(struct receiver *receiver, struct span format, struct err *err)
{
    bool of_mysql = mirror_identity(receiver->mirror)->family == FORMAT_MYSQL;
    struct log_state before;
    bool good = true;

    log_state_init(&before);
    if (of_mysql && receiver->end.name[0] != '\0')
        good = mirror_sync(receiver->mirror, err) &&
               log_state_of_file(receiver->mirror, receiver->end.name, &before, err);
    good =
        good && mirror_next(receiver->mirror, span_str(receiver->next.file), receiver->next.offset,
                            format, before.kind == LOG_STATE_UNKNOWN ? NULL : &before, err);
    log_state_done(&before);
    return good;
}

/*
 * Whether the source has begun the next file since its variables were asked, and that because its
 * logs were flushed, or gtid_mode or binlog_checksum was set: the one at hand was not full.
 */
static bool has_changed(const struct receiver *receiver, struct span format)
{
    struct event_header header;
    struct cursor cur;
    struct span text;
    struct err odd;
    uint64_t most;

    if (receiver->end.name[0] == '\0' || !event_header_decode(format, &header, &odd) ||
        header.timestamp < receiver->asked_usec / USEC_PER_SEC ||
        !variables_find(receiver->source.variables, span_str("max_binlog_size"), &text))
        return false;
    cur = cursor_of(text);
    return cursor_decimal(&cur, UINT64_MAX, &most) && receiver->end.offset < most;
}

/* What replicas are told of the source, and what it can be asked for, may be another by now. */
static void renew_variables(struct receiver *receiver)
{
    const struct receiver_spec *spec = &receiver->spec;
    int64_t deadline = clock_deadline_usec(RENEW_USEC);
    struct source source;
    struct link *link;
    struct err err;
    bool good = link_login(&spec->login, deadline, &link, &err);

    if (good) {
        good = source_ask(link, &spec->visitor, deadline, &source, &err);
        if (good) {
            good = source.server_id == receiver->source.server_id
                       ? spec->keep_variables(spec->context, source.variables, &err)
                       : err_set(&err, E_STATE, 0, "%s: another server answers", link_peer(link));
            receiver->source.gtids = good ? source.gtids : receiver->source.gtids;
            receiver->asked_usec = clock_wall_usec() + source.clock_usec - USEC_PER_SEC;
            source_done(&source);
        }
        link_close(link);
    }
    if (!good)
        log_warn(spec->name, "the source's variables could not be read again: %s", err.text);
}

static bool begin_file(struct receiver *receiver, struct span format, struct err *err)
{
    bool changed = has_changed(receiver, format);
    struct log_ends ends;

    if (!next_file(receiver, format, err)) {
        receiver->fatal = err->class != E_PROTO && !err->retriable;
        return false;
    }
    mirror_ends(receiver->mirror, &ends);
    receiver->end = ends.received;
    key_history_note_end(receiver->spec.keys, &receiver->end);
    receiver->announced = false;
    log_info(receiver->spec.name, "receiving file=%s offset=%" PRIu64, receiver->end.name,
             receiver->end.offset);
    if (changed)
        renew_variables(receiver);
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
    if (!receiver_append(receiver, err))
        return false;
    if (receiver->announced && !begin_file(receiver, event->bytes, err))
        return false;
    if (receiver->end.offset != LOG_FIRST_OFFSET || event->header.log_pos == 0)
        return true;
    add_to_batch(receiver, &event->header, event->bytes);
    return receiver_append(receiver, err);
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
    if (!receiver_append(receiver, err))
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

    if (!receiver_append(receiver, err))
        return false;
    if (!mirror_wait_synced(receiver->mirror, &receiver->end, deadline, receiver->stop_fd, &wait,
                            err)) {
        receiver->fatal = !err->retriable;
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

/* It began here, and not in a time before this source was set, in which things were the other way
 * round. */
static bool has_come_back(const struct receiver *receiver, const struct event_header *header)
{
    const struct receiver_gate *gate = &receiver->spec.gate;

    return gate->own_since > 0 && header->server_id == receiver->spec.visitor.server_id &&
           header->timestamp >= gate->own_since;
}

static bool fail_ring(struct receiver *receiver, const struct event_header *header, struct err *err)
{
    receiver->fatal = true;
    return err_set(err, E_STATE, ER_SLAVE_FATAL_ERROR,
                   "%s: a ring: its %.60s has at %" PRIu64 " what was written here (server_id "
                   "%" PRIu32 "), so it replicates from this server, itself or through others: "
                   "end that, then reset this replication and set it again",
                   link_peer(receiver->link), receiver->end.name,
                   receiver->end.offset + receiver->batch.len, header->server_id);
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
    if (has_come_back(receiver, &header))
        return fail_ring(receiver, &header, err);
    add_to_batch(receiver, &header, bytes);
    if (receiver->batch.len < RECEIVER_BATCH_BYTES && link_has_payload(receiver->link))
        return true;
    if (!receiver_append(receiver, err))
        return false;
    note_heard(receiver, header.timestamp, !link_has_payload(receiver->link));
    return true;
}

/*
 * Whether anything of the file at hand is there: if not, it is not known that an event begins where
 * it was asked for.
 */
static bool has_begun(struct receiver *receiver)
{
    struct log_file file;
    struct err gone;

    return mirror_find(receiver->mirror, receiver->end.name, &file, &gone) &&
           receiver->end.offset > file.start;
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
                         !receiver->announced && source_leaves_torn(&receiver->source) &&
                         has_begun(receiver) && strstr(err->text, TORN_TEXT);
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

bool receiver_stream(struct receiver *receiver, struct err *err)
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
