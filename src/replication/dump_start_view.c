/*
 * Where a dump of a view begins (view_reader.h). By GTID at the beginning of the file that has the
 * first transaction which the replica lacks: what it has of that file is left out on the way. By
 * position from a transaction of the source's own file on, or from an event of the view's; a place
 * of a view that was made otherwise, by another version or with other settings, is found in the
 * source's file by the map that was recorded then.
 */
#include "replication/dump_start_internal.h"

#include "base/mem.h"
#include "log/lookup.h"
#include "log/offset_maps.h"
#include "replication/dump_base.h"
#include "replication/view_state.h"
#include "translation/gtid_exchange.h"
#include "wire/reply.h"

#include <inttypes.h>

#define ER_DUMP ER_MASTER_FATAL_ERROR_READING_BINLOG

/* ---- By file and position ---- */

/* In the source's file, of a place of the view that `mark` tells. */
static bool find_carried(struct dump_start *start, const struct dump_spec *spec, const char *mark,
                         struct log_position *at, struct err *err)
{
    const struct command_dump *request = &spec->request;
    char own[TRANSLATOR_MARK_SIZE];
    struct offset_pair end;
    struct err why;

    if (request->position <= LOG_FIRST_OFFSET)
        return true;
    if (offset_map_find(spec->mirror, at->name, mark, request->position, &end, &why)) {
        start->again = end.view < request->position ? end.view : 0;
        at->offset = end.source;
        return true;
    }
    if (why.class == E_IO) {
        *err = why;
        return false;
    }
    translator_view_mark(spec->view, own);
    return err_set(err, E_STATE, ER_DUMP,
                   "%.*s:%" PRIu64 " is a position of the translation %s, this relay has %s, and "
                   "%s: give the replica a position of the source's own files, or use GTIDs",
                   (int)request->file.len, (const char *)request->file.data, request->position,
                   mark, own, why.text);
}

/* A file of what another dialect's replicas get. */
static bool check_dialect(const struct dump_spec *spec, struct err *err)
{
    const struct command_dump *request = &spec->request;
    char mark[TRANSLATOR_MARK_SIZE];
    char name[LOG_NAME_MAX + 1];

    for (enum dialect other = 0; other < DIALECTS; other++) {
        if (other != spec->view->to &&
            translator_source_name(request->file, other, mark, name, sizeof name))
            return err_set(err, E_STATE, ER_DUMP,
                           "%.*s is a file of what %s gets, and this replica is taken for %s: give "
                           "it a position of the source's own files, or use GTIDs",
                           (int)request->file.len, (const char *)request->file.data,
                           dialect_title(other), dialect_title(spec->view->to));
    }
    return true;
}

/* The source's file that is meant, and whose offset in it the request has: "" the source's own. */
static bool find_name(const struct dump_spec *spec, struct log_position *ret_from, char *ret_mark,
                      struct err *err)
{
    const struct command_dump *request = &spec->request;
    struct log_position from = {.offset = request->position};

    if (translator_source_name(request->file, spec->view->to, ret_mark, from.name,
                               sizeof from.name)) {
        from.offset = LOG_FIRST_OFFSET;
    } else {
        if (!check_dialect(spec, err))
            return false;
        memcpy(from.name, request->file.data, request->file.len);
        from.name[request->file.len] = '\0';
        ret_mark[0] = '\0';
    }
    *ret_from = from;
    return true;
}

/* The file that the log will have next: the dump begins where the log ends. */
static bool find_next_file(struct dump_start *start, const struct dump_spec *spec,
                           const struct log_position *asked)
{
    struct log_ends ends;

    mirror_ends(spec->mirror, &ends);
    if (!dump_is_blocking(spec) || spec->request.position != LOG_FIRST_OFFSET ||
        ends.synced.name[0] == '\0' || !dump_is_next_name(ends.synced.name, asked->name))
        return false;
    start->from = ends.whole;
    return true;
}

/*
 * MariaDB's receiving thread stops (1595) where it was cut off between the rows events of a
 * statement and goes on there: it is given the whole transaction again, if it is known where that
 * begins.
 */
static bool find_begin(struct dump_start *start, const struct dump_spec *spec, const char *mark,
                       struct log_position *at)
{
    struct offset_pair end;
    struct err unknown;

    if (!spec->mariadb ||
        !offset_map_find(spec->mirror, at->name, mark, spec->request.position, &end, &unknown) ||
        end.view >= spec->request.position)
        return false;
    at->offset = end.source;
    start->again = end.view;
    return true;
}

/* Of a file of the source's, or one of the view's. */
static bool find_in_file(struct dump_start *start, const struct dump_spec *spec, struct err *err)
{
    const struct command_dump *request = &spec->request;
    char mark[TRANSLATOR_MARK_SIZE];
    char own[TRANSLATOR_MARK_SIZE];
    struct log_position from;
    struct log_file file;

    if (!find_name(spec, &from, mark, err))
        return false;
    if (find_next_file(start, spec, &from))
        return true;
    if (!mirror_find(spec->mirror, from.name, &file, err))
        return dump_fail_first_file(spec, err);
    translator_view_mark(spec->view, own);
    if (mark[0] == '\0' && (from.offset < file.start ||
                            (from.offset > file.end && (file.closed || !dump_is_blocking(spec)))))
        return dump_fail_position(spec, err);
    if (strcmp(mark, own) == 0) {
        start->goal = find_begin(start, spec, mark, &from) ? 0 : request->position;
    } else if (mark[0] != '\0' && !find_carried(start, spec, mark, &from, err)) {
        return false;
    }
    start->from = from;
    return true;
}

static bool find_position(struct dump_start *start, const struct dump_spec *spec, struct err *err)
{
    if (!dump_check_request(spec, err))
        return false;
    start->from = (struct log_position){.offset = LOG_FIRST_OFFSET};
    return spec->request.file.len == 0 || find_in_file(start, spec, err);
}

/* ---- A MariaDB replica of MySQL, by GTID ---- */

static bool is_number_reached(const void *asked, const struct dump_spec *spec,
                              const struct log_state *end)
{
    const struct gtid_mariadb *has = asked;
    uint64_t number;
    uint64_t offset;
    struct log_ends ends;

    if (!gtid_sequence_to_place(has->sequence, &number, &offset))
        return end->kind != LOG_STATE_MYSQL || gtid_sequence_of_set(&end->set) >= has->sequence;
    mirror_ends(spec->mirror, &ends);
    return log_name_number(ends.synced.name) > number ||
           (log_name_number(ends.synced.name) == number && ends.synced.offset > offset);
}

/* A replica that has nothing of the domain waits for nothing. */
static bool is_always_reached(const void *asked, const struct dump_spec *spec,
                              const struct log_state *end)
{
    (void)asked;
    (void)spec;
    (void)end;
    return true;
}

/*
 * A source without GTIDs: the number is a place in one of its files, or counts from where the log
 * has the file from. What comes before that may be missing, unless it is said to be the base.
 */
static bool find_place(struct dump_start *start, const struct dump_spec *spec, uint64_t number,
                       uint64_t offset, struct err *err)
{
    struct log_file *files;
    bool found = false;
    size_t count;

    mirror_list(spec->mirror, &files, &count);
    for (size_t i = 0; i < count && !found; i++) {
        found = log_name_number(files[i].name) == number && offset + 1 >= files[i].start;
        if (found) {
            start->from.offset = files[i].start;
            memcpy(start->from.name, files[i].name, sizeof start->from.name);
        }
    }
    mem_free(files);
    return found || dump_fail_too_old(err);
}

/*
 * A replica that has nothing of the domain gets all that the log has. Whether that is all there
 * was, a source without GTIDs does not tell; but its first file is number 1.
 * And one with a base has what came before.
 */
static bool find_beginning(struct dump_start *start, const struct dump_spec *spec, bool has_gtids,
                           struct err *err)
{
    return !dump_start_first(spec->mirror, &start->from) || has_gtids || spec->base ||
           log_name_number(start->from.name) == 1 || dump_fail_too_old(err);
}

/*
 * Numbers of the channel's domain only grow. What came from MariaDB is in other domains, with the
 * numbers that it had there.
 */
static bool set_skip(struct dump_start *start, const struct dump_spec *spec,
                     const struct gtid_list *position, const struct log_state *end, struct err *err)
{
    const struct gtid_mariadb *has = gtid_list_find(position, spec->view->domain);
    struct log_position at = start->from;
    struct gtid_list others;
    struct log_state made;
    bool good = true;

    gtid_list_init(&others);
    log_state_init(&made);
    for (size_t i = 0; i < position->count; i++) {
        if (position->items[i].domain != spec->view->domain)
            gtid_list_append(&others, position->items[i]);
    }
    if (others.count > 0)
        good = view_state_exchange(end, &at, spec->view, &made, err);
    if (good)
        gtid_skip_position(&start->skip, &others, NULL, &made.list, spec->gtid_strict);
    if (good && has)
        gtid_skip_until(&start->skip, has->domain, has->sequence);
    gtid_list_done(&others);
    log_state_done(&made);
    return good;
}

static bool find_list(struct dump_start *start, const struct dump_spec *spec,
                      const struct gtid_list *position, const struct log_state *end,
                      struct err *err)
{
    const struct gtid_mariadb *has = gtid_list_find(position, spec->view->domain);
    bool has_gtids = end->kind == LOG_STATE_MYSQL && !gtid_set_is_empty(&end->set);
    uint64_t number;
    uint64_t offset;

    if (has && gtid_sequence_to_place(has->sequence, &number, &offset))
        return find_place(start, spec, number, offset, err);
    if (!has && !has_gtids)
        return find_beginning(start, spec, false, err);
    if (!log_find_exchanged_position(spec->mirror, position, spec->view->domain, &start->from, err))
        return err->class == E_STATE && dump_fail_too_old(err);
    return has || find_beginning(start, spec, true, err);
}

/* Where the log begins in the middle of a file, the replica is told the state there. */
static bool find_state(struct dump_start *start, const struct dump_spec *spec, struct err *err)
{
    struct log_state state;
    bool good;

    if (start->from.offset == LOG_FIRST_OFFSET)
        return true;
    log_state_init(&state);
    good = log_state_at(spec->mirror, &start->from, &state, err) &&
           view_state_exchange(&state, &start->from, spec->view, &start->state, err);
    log_state_done(&state);
    return good;
}

static bool find_for_mariadb(struct dump_start *start, const struct dump_spec *spec,
                             struct err *err)
{
    static const struct log_state nothing;
    const struct gtid_mariadb *has = NULL;
    struct gtid_list position;
    struct log_state end;
    bool reached = true;
    bool good;

    gtid_list_init(&position);
    log_state_init(&end);
    good = gtid_list_parse(spec->connect_state, &position, err) &&
           dump_base_complete(spec, &position, err) && dump_find_until(start, spec, err);
    if (good)
        has = gtid_list_find(&position, spec->view->domain);
    good = good &&
           dump_start_wait(spec, has ? is_number_reached : is_always_reached, has, &end, &reached,
                           err) &&
           (reached || dump_fail_not_in_log(&nothing, *has, err)) &&
           find_list(start, spec, &position, &end, err) &&
           set_skip(start, spec, &position, &end, err) && find_state(start, spec, err);
    if (good)
        gtid_until_start(&start->until, &position);
    log_state_done(&end);
    gtid_list_done(&position);
    return good;
}

/* ---- A MySQL replica of MariaDB, by GTID ---- */

/* Of servers that the log does not know the replica may well have something. */
static bool is_set_reached(const void *asked, const struct dump_spec *spec,
                           const struct log_state *end)
{
    const struct gtid_set *executed = asked;

    (void)spec;
    for (size_t i = 0; i < executed->count && end->kind == LOG_STATE_MARIADB; i++) {
        const struct gtid_source *source = &executed->sources[i];
        const struct gtid_mariadb *latest;
        uint32_t domain;
        uint32_t server_id;

        if (!gtid_uuid_to_domain(&source->uuid, &domain, &server_id))
            continue;
        latest = gtid_list_find_server(&end->list, domain, server_id);
        if (latest && (uint64_t)source->intervals[source->count - 1].last > latest->sequence)
            return false;
    }
    return true;
}

/*
 * A replica that got a transaction under another GTID than it has here, before the domain was known
 * as a channel's, would get it once more.
 */
static bool check_names(const struct dump_spec *spec, const struct gtid_set *executed,
                        struct err *err)
{
    for (size_t i = 0; i < executed->count; i++) {
        const struct gtid_source *source = &executed->sources[i];
        int64_t last = source->intervals[source->count - 1].last;
        uint32_t domain;
        uint32_t server_id;

        if (source->tag_length == 0 && gtid_uuid_to_domain(&source->uuid, &domain, &server_id) &&
            gtid_resolver_has(spec->view->resolver, domain, (uint64_t)last))
            return err_set(err, E_STATE, ER_DUMP,
                           "The replica has GTID %" PRIu32 "-%" PRIu32 "-%" PRId64
                           " as one of MariaDB, and this relay gives what it was at MySQL "
                           "(gtids_of): the replica must be set up anew",
                           domain, server_id, last);
    }
    return true;
}

/* What the log has of other channels' transactions is known by now, or waited for. */
static bool wait_for_origins(const struct dump_spec *spec, const struct log_state *end,
                             struct err *err)
{
    const struct gtid_resolver *resolver = spec->view->resolver;
    struct gtid_origin origin;

    for (size_t i = 0; i < end->list.count; i++) {
        const struct gtid_mariadb *gtid = &end->list.items[i];

        if (gtid_resolver_has(resolver, gtid->domain, gtid->sequence) &&
            !resolver->find(resolver->context, gtid->domain, gtid->sequence, &origin, err) &&
            err->class == E_TIMEOUT)
            return false;
    }
    return true;
}

/* Names what the replica lacks of what the log begins with. */
static bool fail_purged(const struct dump_spec *spec, const struct gtid_set *executed,
                        struct err *err)
{
    struct log_position first;
    struct log_state state;
    struct log_state made;

    log_state_init(&state);
    log_state_init(&made);
    if (dump_start_first(spec->mirror, &first) && log_state_at(spec->mirror, &first, &state, err) &&
        view_state_exchange(&state, &first, spec->view, &made, err)) {
        gtid_set_subtract(&made.set, executed);
        (void)dump_fail_purged(spec, executed, &made.set, err);
    }
    log_state_done(&state);
    log_state_done(&made);
    return false;
}

static bool find_set(struct dump_start *start, const struct dump_spec *spec,
                     const struct gtid_set *executed, struct err *err)
{
    struct log_file file;

    if (!log_find_exchanged_set(spec->mirror, executed, spec->view->resolver, &start->from, err))
        return err->class == E_STATE && fail_purged(spec, executed, err);
    if (!mirror_find(spec->mirror, start->from.name, &file, err))
        return false;
    start->from.offset = file.start;
    gtid_skip_set(&start->skip, executed);
    return true;
}

static bool find_for_mysql(struct dump_start *start, const struct dump_spec *spec, struct err *err)
{
    struct gtid_set executed;
    struct log_state end;
    bool reached = true;
    bool good;

    gtid_set_init(&executed);
    log_state_init(&end);
    good = gtid_set_decode(spec->request.gtid_set, &executed, err) &&
           dump_start_wait(spec, is_set_reached, &executed, &end, &reached, err) &&
           (reached || dump_fail_more_gtids(spec, err)) && check_names(spec, &executed, err) &&
           wait_for_origins(spec, &end, err) && find_set(start, spec, &executed, err);
    log_state_done(&end);
    gtid_set_done(&executed);
    return good;
}

bool dump_start_find_view(struct dump_start *start, const struct dump_spec *spec, struct err *err)
{
    if (spec->mariadb && spec->by_gtid)
        return find_for_mariadb(start, spec, err);
    if (!spec->mariadb && spec->request.gtid)
        return find_for_mysql(start, spec, err);
    return find_position(start, spec, err);
}
