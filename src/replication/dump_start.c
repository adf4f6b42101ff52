#include "replication/dump_start.h"

#include "base/clock.h"
#include "base/mem.h"
#include "log/lookup.h"
#include "replication/dump_base.h"
#include "replication/dump_start_internal.h"
#include "wire/reply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ER_DUMP   ER_MASTER_FATAL_ERROR_READING_BINLOG
#define NEW_WORDS 80026 /* MySQL: source and replica from here on */
#define TEXT_MAX  ((size_t)64 << 20)

void dump_start_init(struct dump_start *start)
{
    *start = (struct dump_start){.from = {.offset = LOG_FIRST_OFFSET}};
    gtid_skip_init(&start->skip);
    gtid_until_init(&start->until);
    log_state_init(&start->state);
}

void dump_start_done(struct dump_start *start)
{
    gtid_skip_done(&start->skip);
    gtid_until_done(&start->until);
    log_state_done(&start->state);
}

/* ---- Words ---- */

static uint32_t version_of(const struct dump_spec *spec)
{
    enum format_family family = FORMAT_MARIADB;
    uint32_t version = 0;

    if (spec->view)
        format_parse_version(dialect_version(spec->view->to), &family, &version);
    else if (spec->mirror)
        format_parse_version(mirror_identity(spec->mirror)->server_version, &family, &version);
    return family == FORMAT_MYSQL ? version : 0;
}

bool dump_fail(const struct dump_spec *spec, struct err *err, const char *old_text,
               const char *new_text)
{
    return err_set(err, E_STATE, ER_DUMP, "%s",
                   version_of(spec) >= NEW_WORDS ? new_text : old_text);
}

bool dump_fail_first_file(const struct dump_spec *spec, struct err *err)
{
    static const char text[] = "Could not find first log file name in binary log index file";

    return dump_fail(spec, err, text, text);
}

bool dump_fail_position(const struct dump_spec *spec, struct err *err)
{
    return dump_fail(spec, err,
                     "Client requested master to start replication from impossible position",
                     "Client requested source to start replication from impossible position");
}

/* ---- By file and position ---- */

bool dump_is_blocking(const struct dump_spec *spec)
{
    return !(spec->request.flags & DUMP_NON_BLOCK) && spec->request.server_id != 0;
}

bool dump_is_by_gtid(const struct dump_spec *spec)
{
    return spec->mariadb ? spec->by_gtid : spec->request.gtid;
}

bool dump_is_next_name(const char *last, const char *name)
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
static bool find_ahead(struct dump_start *start, const struct dump_spec *spec,
                       const struct log_position *asked)
{
    struct log_ends ends;

    mirror_ends(spec->mirror, &ends);
    if (!dump_is_blocking(spec) || ends.synced.name[0] == '\0')
        return false;
    if (strcmp(asked->name, ends.synced.name) == 0 && asked->offset > ends.synced.offset)
        start->goal = asked->offset;
    else if (!dump_is_next_name(ends.synced.name, asked->name) || asked->offset != LOG_FIRST_OFFSET)
        return false;
    start->from = ends.synced;
    return true;
}

bool dump_check_request(const struct dump_spec *spec, struct err *err)
{
    if (spec->request.position < LOG_FIRST_OFFSET)
        return dump_fail(spec, err,
                         "Client requested master to start replication from position < 4",
                         "Client requested source to start replication from position < 4");
    return spec->request.file.len <= LOG_NAME_MAX || dump_fail_first_file(spec, err);
}

static bool find_position(struct dump_start *start, const struct dump_spec *spec, struct err *err)
{
    const struct command_dump *request = &spec->request;
    struct log_position from = {.offset = request->position};
    struct log_file file;

    if (!dump_check_request(spec, err))
        return false;
    if (request->file.len > 0)
        memcpy(from.name, request->file.data, request->file.len);
    if (request->file.len > 0 && find_ahead(start, spec, &from))
        return true;
    if (request->file.len > 0 && !mirror_find(spec->mirror, from.name, &file, err))
        return dump_fail_first_file(spec, err);
    if (request->file.len > 0 && request->position > file.end)
        return dump_fail_position(spec, err);
    start->from = from;
    return true;
}

/* ---- Waiting for the log to come to what the replica has ---- */

/* The state at the log's end; UNKNOWN in a log without files. */
static bool state_at_end(struct mirror *mirror, struct log_position *ret_end,
                         struct log_state *state, struct err *err)
{
    struct log_ends ends;

    mirror_ends(mirror, &ends);
    *ret_end = ends.synced;
    state->kind = LOG_STATE_UNKNOWN;
    return ends.synced.name[0] == '\0' || log_state_at(mirror, &ends.synced, state, err);
}

bool dump_wait_for_more(const struct dump_spec *spec, const struct log_position *end,
                        int64_t deadline_usec)
{
    enum log_wait wait = LOG_WAIT_TIMEOUT;
    struct err closed;

    return mirror_wait_beyond(spec->mirror, end, deadline_usec,
                              conn_borrow_fd(link_borrow_conn(spec->link)), &wait, &closed) &&
           wait == LOG_WAIT_READY;
}

/* A view is of the other family's log. */
static bool is_from_mysql(const struct dump_spec *spec)
{
    return spec->mariadb == (spec->view != NULL);
}

/*
 * Whether the log, which ends there, has what a dump begins with: a file; by GTID what the first
 * one begins with, too, since of a state that is not there yet nothing can be found.
 */
static bool has_begun(const struct dump_spec *spec, const struct log_position *end, bool *ret_begun,
                      struct err *err)
{
    struct log_position first;
    struct log_state state;
    bool good;

    *ret_begun = end->name[0] != '\0';
    if (!*ret_begun || !dump_is_by_gtid(spec) || !dump_start_first(spec->mirror, &first) ||
        first.offset != LOG_FIRST_OFFSET || strcmp(first.name, end->name) != 0)
        return true;
    log_state_init(&state);
    good = log_state_at(spec->mirror, end, &state, err);
    *ret_begun = state.kind != LOG_STATE_UNKNOWN;
    log_state_done(&state);
    return good;
}

/*
 * A refusal would stop the replica for good. What MySQL wrote before it had GTIDs never tells a
 * state: that is found out by waiting.
 */
static bool wait_for_beginning(const struct dump_spec *spec, struct err *err)
{
    int64_t deadline = clock_deadline_usec(spec->patience_usec);
    struct log_ends ends;
    bool begun = false;
    bool good;

    do {
        mirror_ends(spec->mirror, &ends);
        good = has_begun(spec, &ends.synced, &begun, err);
    } while (good && !begun && dump_wait_for_more(spec, &ends.synced, deadline));
    if (!good || begun || (ends.synced.name[0] != '\0' && is_from_mysql(spec)))
        return good;
    return err_set(err, E_TIMEOUT, 0, "the log's beginning was not received yet");
}

bool dump_start_wait(const struct dump_spec *spec, dump_is_reached *reached, const void *asked,
                     struct log_state *state, bool *ret_reached, struct err *err)
{
    int64_t deadline = clock_deadline_usec(spec->patience_usec);
    struct log_position end;

    do {
        if (!state_at_end(spec->mirror, &end, state, err))
            return false;
        *ret_reached = reached(asked, spec, state);
    } while (!*ret_reached && dump_wait_for_more(spec, &end, deadline));
    return true;
}

/* ---- MySQL ---- */

/* Of other servers' transactions a replica may well have more. */
static bool is_set_reached(const void *asked, const struct dump_spec *spec,
                           const struct log_state *end)
{
    const char *uuid_text = mirror_identity(spec->mirror)->server_uuid;
    const struct gtid_set *executed = asked;
    struct gtid_uuid uuid;
    struct err no_uuid;

    if (end->kind != LOG_STATE_MYSQL || !gtid_uuid_parse(span_str(uuid_text), &uuid, &no_uuid))
        return true;
    for (size_t i = 0; i < executed->count; i++) {
        const struct gtid_source *source = &executed->sources[i];
        struct span tag = span_of(source->tag, source->tag_length);

        if (memcmp(source->uuid.bytes, uuid.bytes, GTID_UUID_SIZE) != 0)
            continue;
        for (size_t j = 0; j < source->count; j++) {
            if (!gtid_set_has_range(&end->set, &uuid, tag, source->intervals[j].first,
                                    source->intervals[j].last))
                return false;
        }
    }
    return true;
}

bool dump_fail_more_gtids(const struct dump_spec *spec, struct err *err)
{
    return dump_fail(
        spec, err,
        "Slave has more GTIDs than the master has, using the master's SERVER_UUID. This may "
        "indicate that the end of the binary log was truncated or that the last binary log file "
        "was lost, e.g., after a power or disk failure when sync_binlog != 1. The master may or "
        "may not have rolled back transactions that were already replicated to the slave. Suggest "
        "to replicate any transactions that master has rolled back from slave to master, and/or "
        "commit empty transactions on master to account for transactions that have been",
        "Replica has more GTIDs than the source has, using the source's SERVER_UUID. This may "
        "indicate that the the last binary log file was truncated or lost, e.g., after a power "
        "failure when sync_binlog != 1. The source may have rolled back transactions that were "
        "already replicated to the replica. Replicate any transactions that source has rolled back "
        "from replica to source, and/or commit empty transactions on source to account for "
        "transactions that have been committed on source but are not included in GTID_EXECUTED.");
}

/* The old servers tell no sets; a text that is too long is cut, as theirs. */
bool dump_fail_purged(const struct dump_spec *spec, const struct gtid_set *executed,
                      const struct gtid_set *missing, struct err *err)
{
    struct buf has;
    struct buf lacks;

    if (version_of(spec) < 50700)
        return dump_fail(spec, err,
                         "The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, "
                         "but the master has purged binary logs containing GTIDs that the slave "
                         "requires.",
                         "");
    buf_init(&has, TEXT_MAX);
    buf_init(&lacks, TEXT_MAX);
    gtid_set_print(&has, executed);
    gtid_set_print(&lacks, missing);
    (void)err_set(
        err, E_STATE, ER_DUMP,
        version_of(spec) >= NEW_WORDS
            ? "Cannot replicate because the source purged required binary logs. Replicate "
              "the missing transactions from elsewhere, or provision a new replica from "
              "backup. Consider increasing the source's binary log expiration period. The "
              "GTID set sent by the replica is '%s', and the missing transactions are "
              "'%s'"
            : "Cannot replicate because the master purged required binary logs. Replicate "
              "the missing transactions from elsewhere, or provision a new slave from "
              "backup. Consider increasing the master's binary log expiration period. The "
              "GTID set sent by the slave is '%s', and the missing transactions are '%s'",
        buf_borrow_cstr(&has), buf_borrow_cstr(&lacks));
    buf_done(&has);
    buf_done(&lacks);
    return false;
}

bool dump_start_first(struct mirror *mirror, struct log_position *ret_first)
{
    struct log_position first = {.offset = 0};
    struct log_file *files;
    size_t count;

    mirror_list(mirror, &files, &count);
    if (count > 0) {
        first.offset = files[0].start;
        memcpy(first.name, files[0].name, sizeof first.name);
        *ret_first = first;
    }
    mem_free(files);
    return count > 0;
}

/* What the log has lost, or never had, the replica must have. */
static bool check_purged(const struct dump_spec *spec, const struct gtid_set *executed,
                         struct err *err)
{
    struct log_position first;
    struct log_state state;
    bool good = true;

    log_state_init(&state);
    if (dump_start_first(spec->mirror, &first))
        good = log_state_at(spec->mirror, &first, &state, err);
    if (good && state.kind == LOG_STATE_MYSQL && !gtid_set_contains(executed, &state.set)) {
        gtid_set_subtract(&state.set, executed);
        good = dump_fail_purged(spec, executed, &state.set, err);
    }
    log_state_done(&state);
    return good;
}

static bool find_mysql_gtid(struct dump_start *start, const struct dump_spec *spec, struct err *err)
{
    struct gtid_set executed;
    bool reached = true;
    bool good;

    gtid_set_init(&executed);
    good = gtid_set_decode(spec->request.gtid_set, &executed, err) &&
           dump_start_wait(spec, is_set_reached, &executed, &start->state, &reached, err) &&
           (reached || dump_fail_more_gtids(spec, err)) && check_purged(spec, &executed, err) &&
           log_find_gtid_set(spec->mirror, &executed, &start->from, err);
    if (good)
        gtid_skip_set(&start->skip, &executed);
    gtid_set_done(&executed);
    return good;
}

/* ---- MariaDB ---- */

struct asked {
    const struct gtid_list *position;
    const struct gtid_until *until;
    struct gtid_mariadb missing; /* the first that the log does not have */
};

static bool has_in_state(const struct log_state *end, struct gtid_mariadb gtid)
{
    return gtid_list_holds(&end->list, gtid);
}

/*
 * A GTID is fine that the log has; of a domain that the log does not have at all; with
 * gtid_ignore_duplicates one that is ahead of the log; and where UNTIL is behind it anyway.
 */
static bool is_fine(const struct dump_spec *spec, const struct log_state *end,
                    const struct gtid_until *until, struct gtid_mariadb gtid)
{
    const struct gtid_mariadb *latest = gtid_list_find(&end->list, gtid.domain);
    const struct gtid_mariadb *stop = gtid_list_find(&until->stops, gtid.domain);

    if (!latest || has_in_state(end, gtid))
        return true;
    if (spec->gtid_ignore_duplicates && latest->sequence < gtid.sequence)
        return true;
    return until->active && (!stop || has_in_state(end, *stop));
}

static bool is_position_reached(const void *asked, const struct dump_spec *spec,
                                const struct log_state *end)
{
    struct asked *what = (struct asked *)asked;

    for (size_t i = 0; end->kind == LOG_STATE_MARIADB && i < what->position->count; i++) {
        what->missing = what->position->items[i];
        if (!is_fine(spec, end, what->until, what->missing))
            return false;
    }
    return true;
}

bool dump_fail_not_in_log(const struct log_state *end, struct gtid_mariadb gtid, struct err *err)
{
    const struct gtid_mariadb *latest = gtid_list_find(&end->list, gtid.domain);

    return err_set(err, E_STATE, ER_DUMP,
                   "Error: connecting slave requested to start from GTID %" PRIu32 "-%" PRIu32
                   "-%" PRIu64 ", which is not in the master's binlog%s",
                   gtid.domain, gtid.server_id, gtid.sequence,
                   latest && latest->sequence >= gtid.sequence
                       ? ". Since the master's binlog contains GTIDs with higher sequence numbers, "
                         "it probably means that the slave has diverged due to executing extra "
                         "erroneous transactions"
                       : "");
}

/* Of a domain in which the replica is ahead, the log is searched for its own end. */
static void make_search(const struct gtid_list *position, const struct log_state *end,
                        struct gtid_list *search)
{
    for (size_t i = 0; i < position->count; i++) {
        const struct gtid_mariadb *latest = gtid_list_find(&end->list, position->items[i].domain);

        gtid_list_set_position(search, latest && !has_in_state(end, position->items[i])
                                           ? *latest
                                           : position->items[i]);
    }
}

/* The servers tell one reason for all that is too old for their files. */
bool dump_fail_too_old(struct err *err)
{
    return err_set(err, E_STATE, ER_DUMP,
                   "Could not find GTID state requested by slave in any binlog files. Probably the "
                   "slave state is too old and required binlog files have been purged.");
}

static bool find_list(struct dump_start *start, const struct dump_spec *spec,
                      const struct gtid_list *search, struct err *err)
{
    if (!log_find_gtid_position(spec->mirror, search, &start->from, err))
        return err->class == E_STATE && dump_fail_too_old(err);
    return log_state_at(spec->mirror, &start->from, &start->state, err);
}

bool dump_find_until(struct dump_start *start, const struct dump_spec *spec, struct err *err)
{
    const struct dump_limits *limits = spec->limits;

    if (!limits || limits->stop == DUMP_STOP_NEVER)
        return !spec->by_until || gtid_until_parse(&start->until, spec->until, err);
    if (limits->stop == DUMP_STOP_PLACE)
        return true;
    if (spec->view ? gtid_set_is_empty(&limits->stop_set) : limits->stop_list.count == 0)
        return err_set(err, E_STATE, ER_DUMP,
                       "The GTIDs at which replication is to stop are not of the family of the "
                       "source, which is %s",
                       spec->view ? "MySQL: UUID:1-5" : "MariaDB: domain-server-sequence");
    if (!spec->view)
        gtid_until_set(&start->until, &limits->stop_list);
    return true;
}

static bool find_mariadb_gtid(struct dump_start *start, const struct dump_spec *spec,
                              struct err *err)
{
    struct gtid_list position;
    struct gtid_list search;
    struct log_state end;
    struct asked asked = {.position = &position, .until = &start->until};
    bool reached = true;
    bool good;

    gtid_list_init(&position);
    gtid_list_init(&search);
    log_state_init(&end);
    good = gtid_list_parse(spec->connect_state, &position, err) &&
           dump_base_complete(spec, &position, err) && dump_find_until(start, spec, err) &&
           dump_start_wait(spec, is_position_reached, &asked, &end, &reached, err) &&
           (reached || dump_fail_not_in_log(&end, asked.missing, err));
    if (good)
        make_search(&position, &end, &search);
    good = good && find_list(start, spec, &search, err);
    if (good) {
        gtid_skip_position(&start->skip, &position,
                           start->state.kind == LOG_STATE_MARIADB ? &start->state.list : NULL,
                           &end.list, spec->gtid_strict);
        gtid_until_start(&start->until, &start->state.list);
    }
    log_state_done(&end);
    gtid_list_done(&position);
    gtid_list_done(&search);
    return good;
}

static bool find_start(struct dump_start *start, const struct dump_spec *spec, struct err *err)
{
    if (spec->view)
        return dump_start_find_view(start, spec, err);
    if (!dump_is_by_gtid(spec))
        return find_position(start, spec, err);
    return spec->mariadb ? find_mariadb_gtid(start, spec, err) : find_mysql_gtid(start, spec, err);
}

bool dump_start_find(struct dump_start *start, const struct dump_spec *spec, struct err *err)
{
    bool good = wait_for_beginning(spec, err) && find_start(start, spec, err);

    /* After E_TIMEOUT, a resolver's, a replica is to come back. */
    if (!good && err->class != E_IO && err->class != E_TIMEOUT)
        err->code = ER_DUMP;
    return good;
}
