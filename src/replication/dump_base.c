#include "replication/dump_base.h"

#include "base/clock.h"
#include "log/lookup.h"
#include "replication/dump_start_internal.h"
#include "replication/view_reader.h"
#include "translation/gtid_exchange.h"

/* The base, or the log's beginning when it has no file any more that comes before that. */
static struct log_position find_base(const struct dump_spec *spec)
{
    struct log_position base = *spec->base;
    char name[LOG_NAME_MAX + 1];
    struct log_position first;
    struct log_file file;
    struct err ignored;

    if (base.name[0] == '\0')
        return dump_start_first(spec->mirror, &first) ? first : base;
    if (!mirror_find(spec->mirror, base.name, &file, &ignored) &&
        log_name_check(span_str(base.name), name, &ignored) &&
        dump_start_first(spec->mirror, &first) &&
        log_name_number(first.name) > log_name_number(name))
        return first;
    return base;
}

/* Until the log has the base. */
static bool wait_for_base(const struct dump_spec *spec, const struct log_position *at,
                          struct err *err)
{
    int64_t deadline = clock_deadline_usec(spec->patience_usec);
    enum log_wait wait = LOG_WAIT_TIMEOUT;
    struct log_ends ends;
    struct log_file file;
    bool there;

    do {
        mirror_ends(spec->mirror, &ends);
        there = mirror_find(spec->mirror, at->name, &file, err);
    } while (!there && dump_wait_for_more(spec, &ends.synced, deadline));
    if (!there)
        return err_set(err, E_TIMEOUT, 0, "%.250s was not received yet", at->name);
    if (file.closed && at->offset > file.end)
        return dump_fail_position(spec, err);
    if (!mirror_wait_synced(spec->mirror, at, deadline,
                            conn_borrow_fd(link_borrow_conn(spec->link)), &wait, err))
        return false;
    return wait == LOG_WAIT_READY ||
           err_set(err, E_TIMEOUT, 0, "%.250s was not received up to %llu yet", at->name,
                   (unsigned long long)at->offset);
}

/*
 * The number of the last transaction without a GTID before the base in its file; 0: there is none.
 * The file is translated up to there, as it is for each dump.
 */
static bool find_last_without_gtid(const struct dump_spec *spec, const struct log_position *at,
                                   uint64_t *ret_sequence, struct err *err)
{
    struct translator_options view = *spec->view;
    struct log_batch batch = {.kind = LOG_BATCH_EVENTS};
    struct view_reader *reader;
    bool good;

    view.keys = (struct key_source){0}; /* nothing is applied side by side here */
    view.history_size = 0;
    if (!view_reader_open(spec->mirror, &view, at, LOG_READ_BUFFER_DEFAULT, &reader, err))
        return false;
    do
        good = view_reader_next(reader, &batch, err);
    while (good && batch.kind == LOG_BATCH_EVENTS);
    *ret_sequence = view_reader_last_without_gtid(reader);
    if (good && batch.kind == LOG_BATCH_NONE)
        good = err_set(err, E_TIMEOUT, 0, "%.250s was not received up to %llu yet", at->name,
                       (unsigned long long)at->offset);
    view_reader_close(reader);
    return good || (err->class == E_USAGE && dump_fail_position(spec, err));
}

/*
 * A MySQL source's state in the channel's domain: how many GTIDs were executed, or the last
 * transaction without one, which in a file that is translated never comes before one with a GTID.
 * Whether the source uses GTIDs by now says nothing: it may not have when it wrote what is there.
 * Not looked for where the replica's position names the domain.
 */
static bool exchange(const struct dump_spec *spec, const struct log_position *at,
                     const struct log_state *state, const struct gtid_list *position,
                     struct gtid_list *list, struct err *err)
{
    const struct translator_options *view = spec->view;
    struct gtid_mariadb last = {.domain = view->domain, .server_id = view->server_id};

    if (state->kind == LOG_STATE_MYSQL && !gtid_set_is_empty(&state->set))
        gtid_set_to_list(&state->set, view->domain, view->server_id, list);
    if (gtid_list_find(position, view->domain))
        return true;
    if (!find_last_without_gtid(spec, at, &last.sequence, err))
        return false;
    if (last.sequence > 0)
        gtid_list_set_position(list, last);
    return true;
}

static void add_missing(const struct gtid_list *state, struct gtid_list *position)
{
    for (size_t i = 0; i < state->count; i++) {
        uint32_t domain = state->items[i].domain;

        if (!gtid_list_find(position, domain))
            gtid_list_append(position, *gtid_list_find(state, domain));
    }
}

/* The position is of this log, and comes if it is not here yet. */
static bool is_position_here(const void *asked, const struct dump_spec *spec,
                             const struct log_state *end)
{
    const struct gtid_list *position = asked;
    bool here = end->kind == LOG_STATE_MARIADB;

    (void)spec;
    for (size_t i = 0; here && i < position->count; i++)
        here = !gtid_list_find(&end->list, position->items[i].domain) ||
               gtid_list_holds(&end->list, position->items[i]);
    return here;
}

static bool wait_for_position(const struct dump_spec *spec, const struct gtid_list *position,
                              struct err *err)
{
    struct log_state state;
    bool here = false;
    bool good;

    log_state_init(&state);
    good = dump_start_wait(spec, is_position_here, position, &state, &here, err);
    log_state_done(&state);
    return good &&
           (here || err_set(err, E_TIMEOUT, 0, "the replica's GTIDs were not received yet"));
}

bool dump_base_complete(const struct dump_spec *spec, struct gtid_list *position, struct err *err)
{
    struct log_position at;
    struct gtid_list list;
    struct log_state state;
    bool good;

    if (!spec->base)
        return true;
    if (spec->base->name[0] == '\0' && !spec->view)
        return wait_for_position(spec, position, err);
    at = find_base(spec);
    gtid_list_init(&list);
    log_state_init(&state);
    good = wait_for_base(spec, &at, err) && log_state_at(spec->mirror, &at, &state, err);
    if (good && spec->view)
        good = exchange(spec, &at, &state, position, &list, err);
    if (good)
        add_missing(spec->view ? &list : &state.list, position);
    gtid_list_done(&list);
    log_state_done(&state);
    return good;
}
