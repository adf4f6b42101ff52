#include "replication/receiver_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "binlog/gtid_list.h"
#include "log/lookup.h"
#include "replication/source_place.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#define CONNECT_USEC    (60 * USEC_PER_SEC)
#define PAUSE_MIN_USEC  (1 * USEC_PER_SEC)
#define PAUSE_MAX_USEC  (60 * USEC_PER_SEC)
#define PAUSE_FULL_USEC (5 * USEC_PER_SEC) /* at most, when the disk is full */
#define DAMAGED_MAX     3                  /* times in a row that nothing but damage comes */
#define WINDOW_BYTES    ((size_t)1 << 20)
#define STACK_BYTES     (256 * 1024)

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
    if (err->class == E_PROTO)
        receiver->shared.status.damaged++;
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

/* ---- Connecting ---- */

/* GTIDs that the source does not serve will not be served later either. */
static bool find_gtids(struct receiver *receiver, int64_t deadline_usec,
                       struct source_position *ret_from, struct err *err)
{
    const struct receiver_spec *spec = &receiver->spec;
    bool other = spec->gtids_of_mariadb && receiver->source.family == FORMAT_MARIADB;

    if (source_find_gtids(receiver->link, &spec->login, &spec->visitor, &receiver->source,
                          other ? spec->gtids_of_mariadb : spec->gtids, deadline_usec, ret_from,
                          err))
        return true;
    receiver->fatal = err->class == E_USAGE || err->class == E_STATE;
    return false;
}

/* The beginning of the file. A position that the source does not serve it will not serve later. */
static bool find_file(struct receiver *receiver, int64_t deadline_usec,
                      struct source_position *ret_from, struct err *err)
{
    if (!source_check_position(receiver->link, &receiver->spec.login, &receiver->spec.visitor,
                               &receiver->source, &receiver->spec.position, deadline_usec, err)) {
        receiver->fatal = err->code == ER_BINLOG_FATAL;
        return false;
    }
    *ret_from = receiver->spec.position;
    ret_from->offset = LOG_FIRST_OFFSET;
    return true;
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
    case RECEIVER_FROM_FILE:
        return find_file(receiver, deadline_usec, ret_from, err);
    case RECEIVER_FROM_GTIDS:
        return find_gtids(receiver, deadline_usec, ret_from, err);
    }
    return err_set(err, E_BUG, 0, "receiver start %d", (int)receiver->spec.start);
}

/*
 * An event that goes past the end of its file may be damaged itself, and others stand behind it.
 * Then the next file begins with GTIDs that did not come.
 */
static bool check_torn(struct receiver *receiver, const char *next, int64_t deadline_usec,
                       struct err *err)
{
    const struct gtid_mariadb *lacking = NULL;
    struct gtid_list before;
    struct log_state ours;
    char *text = NULL;
    bool good;

    log_state_init(&ours);
    gtid_list_init(&before);
    good = mirror_sync(receiver->mirror, err) &&
           log_state_at(receiver->mirror, &receiver->end, &ours, err);
    if (good && ours.kind == LOG_STATE_MARIADB)
        good = source_gtids_before(receiver->link, next, deadline_usec, &text, err) &&
               gtid_list_parse(span_str(text), &before, err);
    for (size_t i = 0; good && i < before.count && !lacking; i++)
        lacking = gtid_list_holds(&ours.list, before.items[i]) ? NULL : &before.items[i];
    if (lacking)
        good = err_set(err, E_STATE, ER_BINLOG_FATAL,
                       "%s: its %.60s is damaged at %" PRIu64 ": %.60s begins after GTID %" PRIu32
                       "-%" PRIu32 "-%" PRIu64 ", which did not come: have the file checked "
                       "(mysqlbinlog); to do without what is in it, begin a new log (start)",
                       link_peer(receiver->link), receiver->end.name, receiver->end.offset, next,
                       lacking->domain, lacking->server_id, lacking->sequence);
    mem_free(text);
    log_state_done(&ours);
    gtid_list_done(&before);
    return good;
}

/*
 * A MariaDB that was killed while it wrote leaves a part of an event at the end of its file, sends
 * all before it, refuses to go on, and has begun another file. Its own replicas stop there until
 * somebody names that file to them. *ret_found is false when there is none, and the end is to be
 * asked for again.
 */
static bool find_after_torn(struct receiver *receiver, int64_t deadline_usec,
                            struct source_position *ret_from, bool *ret_found, struct err *err)
{
    struct source_position next;
    bool torn = receiver->torn;
    struct err why;

    *ret_found = false;
    receiver->torn = false;
    if (!torn)
        return true;
    if (!source_find_next(receiver->link, receiver->end.name, deadline_usec, &next, &why)) {
        log_warn(receiver->spec.name, "%s", why.text);
        return true;
    }
    if (!check_torn(receiver, next.file, deadline_usec, err)) {
        receiver->fatal = err->class == E_STATE;
        return false;
    }
    log_warn(receiver->spec.name,
             "%s: its %s ends at %" PRIu64 " with a part of an event, as a crash leaves it: going "
             "on with %s",
             link_peer(receiver->link), receiver->end.name, receiver->end.offset, next.file);
    *ret_from = next;
    *ret_found = true;
    return true;
}

/* Of what failed here: want of room, or of descriptors, is over one day. */
static bool passes(const struct err *err)
{
    return err->code == ENOSPC || err->retriable;
}

/* Where the dump goes on: a little before the mirror's end, so that what is there is compared. */
static bool find_start(struct receiver *receiver, int64_t deadline_usec,
                       struct source_position *ret_from, struct err *err)
{
    struct log_ends ends;
    bool found;

    mirror_ends(receiver->mirror, &ends);
    receiver->end = ends.received;
    receiver->announced = false;
    key_history_connect(receiver->spec.keys, receiver->mirror, &receiver->end);
    if (ends.received.name[0] == '\0')
        return find_first_start(receiver, deadline_usec, ret_from, err);
    if (!find_after_torn(receiver, deadline_usec, ret_from, &found, err))
        return false;
    if (found)
        return true;
    if (!mirror_sync(receiver->mirror, err) ||
        !log_overlap_open(receiver->mirror, source_position_max(&receiver->source),
                          &receiver->overlap, &receiver->end, err)) {
        receiver->fatal = !passes(err);
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

static void note_new_log(struct receiver *receiver)
{
    (void)pthread_mutex_lock(&receiver->shared.lock);
    receiver->shared.status.new_logs++;
    (void)pthread_mutex_unlock(&receiver->shared.lock);
}

/*
 * Whether a log that began in the middle of a file, and has nothing yet, is told by now to begin
 * somewhere else: a place that was mistyped can be corrected.
 */
static bool begins_elsewhere(const struct receiver_spec *spec, const struct receiver_log *log)
{
    const struct source_position *position = &spec->position;
    struct log_position begun;

    if (log->successor || !mirror_is_void(log->mirror, &begun))
        return false;
    return spec->start == RECEIVER_FROM_GTIDS ||
           (spec->start == RECEIVER_FROM_POSITION &&
            (position->offset != begun.offset || strcmp(position->file, begun.name) != 0));
}

/* The log of the source that was met. One with another history gets a new log, or none. */
static bool find_log(struct receiver *receiver, int64_t deadline_usec, struct err *err)
{
    const struct receiver_spec *spec = &receiver->spec;
    struct log_identity identity;
    struct receiver_log log;
    bool good;

    source_identity(&receiver->source, &identity);
    if (!spec->find_log(spec->context, &identity, false, &log, err)) {
        receiver->fatal = !passes(err);
        return false;
    }
    if (receiver->change == SOURCE_OTHER_SERVER)
        receiver->change = SOURCE_SAME; /* the one that was met before, not this one */
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
        if (good)
            note_new_log(receiver);
    } else {
        good = !begins_elsewhere(spec, &log) || mirror_drop_void(log.mirror, err);
    }
    receiver->change = SOURCE_SAME;
    receiver->mirror = log.mirror;
    receiver->successor = log.successor;
    good = good && spec->keep_variables(spec->context, receiver->source.variables, err);
    receiver->fatal = !good && !passes(err);
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
    link_set_patience(receiver->link, receiver->spec.silence_usec);
    log_info(receiver->spec.name,
             "connected source=%s version=%s server_id=%" PRIu32 " file=%s offset=%" PRIu64,
             link_peer(receiver->link), receiver->source.version_text, receiver->source.server_id,
             from.file, from.offset);
    (void)pthread_mutex_lock(&receiver->shared.lock);
    receiver->shared.status.connects++;
    receiver->shared.status.clock_usec = receiver->source.clock_usec;
    receiver->shared.status.semisync = receiver->source.semisync;
    (void)pthread_mutex_unlock(&receiver->shared.lock);
    receiver->since_usec = clock_now_usec();
    set_state(receiver, RECEIVER_RECEIVING);
    return true;
}

/* A source that refuses to go on from the mirror's end may have changed. */
static void look_for_change(struct receiver *receiver, struct err *err)
{
    struct err reason;

    if (receiver->change != SOURCE_SAME || !receiver->overlap || err->code != ER_BINLOG_FATAL)
        return; /* without an overlap it comes again */
    receiver->change =
        source_change_find(&receiver->spec.login, receiver->mirror,
                           clock_deadline_usec(receiver->spec.connect_usec), &reason);
    if (receiver->change == SOURCE_SAME)
        return;
    (void)err_prefix(&reason, "%s", link_peer(receiver->link));
    receiver->reason = *err = reason;
    receiver->fatal = false;
}

static bool dump(struct receiver *receiver, struct err *err)
{
    bool good = open_dump(receiver, err) && receiver_stream(receiver, err);

    /* What had come whole before the end is kept. */
    if (!good && !receiver->fatal && receiver->batch.len > 0) {
        struct err late;

        if (!receiver_append(receiver, &late))
            *err = late;
    }
    if (!good)
        look_for_change(receiver, err);
    receiver_end_overlap(receiver);
    return good;
}

/* Who is there. One that is ourselves, or must not be followed, will be so the next time, too. */
static bool meet(struct receiver *receiver, int64_t deadline_usec, struct err *err)
{
    const struct receiver_gate *gate = &receiver->spec.gate;

    if (!source_ask(receiver->link, &receiver->spec.visitor, deadline_usec, &receiver->source,
                    err)) {
        receiver->fatal = err->code == ER_SLAVE_FATAL_ERROR;
        return false;
    }
    receiver->asked_usec = clock_wall_usec() + receiver->source.clock_usec - USEC_PER_SEC;
    if (!gate->admit || gate->admit(gate->context, &receiver->source, err))
        return true;
    source_done(&receiver->source);
    receiver->fatal = true;
    return err_prefix(err, "%s", link_peer(receiver->link));
}

/* One connection, from its beginning to its end: always false, with the reason. */
static bool connect_once(struct receiver *receiver, struct err *err)
{
    int64_t deadline = clock_deadline_usec(receiver->spec.connect_usec);
    bool good;

    receiver->fatal = false;
    receiver->since_usec = 0;
    buf_clear(&receiver->batch);
    receiver->batch_events = 0;
    good = link_login(&receiver->spec.login, deadline, &receiver->link, err) &&
           meet(receiver, deadline, err);
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

static void take_change(struct receiver *receiver, const struct receiver_spec *change)
{
    receiver->spec.login = change->login;
    receiver->spec.login.payload_max = RECEIVER_PAYLOAD_MAX;
    receiver->spec.login.stop_fd = receiver->stop_fd;
    receiver->spec.visitor = change->visitor;
    receiver->spec.silence_usec = change->silence_usec;
    receiver->spec.start = change->start;
    receiver->spec.position = change->position;
    receiver->spec.gtids = change->gtids;
    receiver->spec.gtids_of_mariadb = change->gtids_of_mariadb;
    receiver->spec.on_change = change->on_change;
    receiver->spec.gate = change->gate;
    receiver->change = SOURCE_SAME; /* it will be found again, if it is so */
}

/* What it was told since the last time. */
struct told {
    bool stop;
    bool changed;
    struct err hold; /* class E_NONE: it is not held */
};

static struct told take_told(struct receiver *receiver)
{
    const struct receiver_spec *change;
    struct told told;

    (void)pthread_mutex_lock(&receiver->shared.lock);
    change = receiver->shared.change;
    told = (struct told){
        .stop = receiver->shared.stopping,
        .changed = change != NULL,
        .hold = receiver->shared.hold,
    };
    receiver->shared.change = NULL;
    if (!told.stop)
        wakeup_clear(receiver->stop_fd);
    (void)pthread_mutex_unlock(&receiver->shared.lock);
    if (change)
        take_change(receiver, change);
    return told;
}

/* What a line has damaged comes whole the next time; what stands so in the source's file never. */
static void count_damage(struct receiver *receiver, struct err *err)
{
    struct err why;

    if (err->class != E_PROTO || receiver->fatal || ++receiver->damaged < DAMAGED_MAX)
        return;
    receiver->fatal = true;
    why = *err;
    (void)err_set(err, E_PROTO, why.code,
                  "%.400s; %u times in a row: have the source's file checked (mysqlbinlog "
                  "--verify-binlog-checksum)",
                  why.text, receiver->damaged);
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

/* It is no failure: there is nothing to try. */
static void show_hold(struct receiver *receiver, const struct err *why)
{
    (void)pthread_mutex_lock(&receiver->shared.lock);
    receiver->shared.status.error = *why;
    receiver->shared.status.error_usec = why->class == E_NONE ? 0 : clock_wall_usec();
    (void)pthread_mutex_unlock(&receiver->shared.lock);
}

/* Until it is told something; then again, as long as it is held. */
static void stay_held(struct receiver *receiver, const struct err *why)
{
    if (!receiver->held)
        log_warn(receiver->spec.name, "nothing is received: %s", why->text);
    receiver->held = true;
    show_hold(receiver, why);
    set_state(receiver, RECEIVER_PAUSING);
    pause_until(receiver, CLOCK_NEVER);
}

static void end_hold(struct receiver *receiver)
{
    struct err none = {0};

    if (!receiver->held)
        return;
    receiver->held = false;
    log_info(receiver->spec.name, "receiving goes on");
    show_hold(receiver, &none);
}

/* The last connection was of use: the next is not to wait long. */
static bool had_use(const struct receiver *receiver, uint64_t bytes_before, int64_t pause_usec)
{
    return receiver->shared.status.bytes != bytes_before ||
           (receiver->since_usec > 0 && clock_now_usec() - receiver->since_usec > pause_usec);
}

/*
 * One round of what it was told: true if a connection is to be made now. One that has stopped for
 * good waits for a change: no hold and no end of one is a reason to try again.
 */
static bool may_connect(struct receiver *receiver, const struct told *told)
{
    if (told->changed) {
        receiver->damaged = 0;
        receiver->fatal = false;
    }
    if (receiver->fatal) {
        pause_until(receiver, CLOCK_NEVER);
        return false;
    }
    if (told->hold.class != E_NONE) {
        stay_held(receiver, &told->hold);
        return false;
    }
    end_hold(receiver);
    return true;
}

static void *run(void *arg)
{
    struct receiver *receiver = arg;
    int64_t pause_usec = PAUSE_MIN_USEC;

    for (;;) {
        uint64_t before = receiver->shared.status.bytes; /* only this thread changes it */
        struct told told = take_told(receiver);
        struct err err = {0};

        if (told.stop)
            break;
        if (told.changed)
            pause_usec = PAUSE_MIN_USEC;
        if (!may_connect(receiver, &told))
            continue;
        set_state(receiver, RECEIVER_CONNECTING);
        (void)!connect_once(receiver, &err);
        if (wakeup_is_raised(receiver->stop_fd)) {
            receiver->fatal = false; /* if it is so it is found again */
            continue;
        }
        if (had_use(receiver, before, pause_usec))
            pause_usec = PAUSE_MIN_USEC;
        count_damage(receiver, &err);
        if (err.code == ENOSPC && pause_usec > PAUSE_FULL_USEC)
            pause_usec = PAUSE_FULL_USEC;
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
    receiver->spec.login.payload_max = RECEIVER_PAYLOAD_MAX;
    buf_init(&receiver->batch, RECEIVER_PAYLOAD_MAX + RECEIVER_BATCH_BYTES);
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

void receiver_hold(struct receiver *receiver, const struct err *why)
{
    (void)pthread_mutex_lock(&receiver->shared.lock);
    receiver->shared.hold = why ? *why : (struct err){0};
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
