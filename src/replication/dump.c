#include "replication/dump.h"

#include "base/clock.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "net/socket.h"
#include "replication/dump_internal.h"
#include "wire/reply.h"

#include <errno.h>
#include <poll.h>

#define CAPABILITY_GTID 4
#define HEARD_MAX       4096 /* bytes of what a replica may say during a dump */

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
    if (dump->unsent > 0 && dump_is_at_whole_end(dump))
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

/* Whether the replica lacks what an empty batch stands for. */
static bool lacks_empty(const struct dump *dump)
{
    return dump->start.goal == 0 && !dump->start.skip.inside && !dump->limited &&
           dump->out.announced;
}

/*
 * Most of a dump is plain, and looked at once, when it goes out: what the walk finds damaged is all
 * that the replica does not get.
 */
static bool take_events(struct dump *dump, struct log_batch *batch, struct err *err)
{
    bool nothing = batch->events.len == 0;
    size_t size = 0;

    if (dump_is_plain(dump) && !dump_send_plain(dump, batch->offset, batch->events, &size, err))
        return false;
    if (!dump_feed_walk(&dump->feed, size, batch, err))
        return fail_reading(dump, err);
    if (!dump_send_events(dump, batch, err) ||
        (nothing && lacks_empty(dump) && dump_refuse(dump, err)))
        return false;
    dump_feed_place(&dump->feed, &dump->out.at, &dump->out.place);
    dump_out_note(&dump->out);
    if (dump->start.goal > 0 || nothing)
        return pass_over(dump, err);
    return !dump->spec->semisync || dump_out_hear(&dump->out, err);
}

/* Not between a file's name and its format description, which the replica must have first. */
static bool is_ended(const struct dump *dump)
{
    return (gtid_until_ends(&dump->start.until) || dump_feed_is_stop(&dump->feed, &dump->out.at)) &&
           !dump->out.bare && dump_is_at_whole_end(dump);
}

/* All that is synced was sent. */
static bool take_none(struct dump *dump, struct err *err)
{
    if (is_ended(dump))
        return dump_end_at_until(dump, err);
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
            good = dump_begin_file(dump, &batch, err);
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
    dump_feed_set_unwalked(&dump->feed);
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
