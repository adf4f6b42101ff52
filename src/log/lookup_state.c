/*
 * GTID states: at the beginning of a file, at a position, and the first and last GTID of a file.
 */
#include "log/lookup_state.h"

#include "log/block_walk.h"

#include <stdio.h>

/* ---- At the beginning of a file ---- */

static bool decode_state(enum log_state_kind kind, struct span bytes, struct log_state *state,
                         struct err *err)
{
    switch (kind) {
    case LOG_STATE_UNKNOWN:
        break;
    case LOG_STATE_MYSQL:
        if (!gtid_set_decode(bytes, &state->set, err))
            return false;
        break;
    case LOG_STATE_MARIADB:
        if (!gtid_list_decode(bytes, &state->list, err))
            return false;
        break;
    }
    state->kind = kind;
    return true;
}

/* An event at a file's head. *ret_more: what comes after it may still tell the state. */
static bool state_of_event(const struct reader_event *event, struct log_state *state,
                           bool *ret_more, struct err *err)
{
    *ret_more = false;
    switch ((enum event_type)event->header.type) {
    case EVENT_PREVIOUS_GTIDS:
        return decode_state(LOG_STATE_MYSQL, event->body, state, err);
    case EVENT_MARIADB_GTID_LIST:
        return decode_state(LOG_STATE_MARIADB, event->body, state, err);
    case EVENT_FORMAT_DESCRIPTION:
    case EVENT_MARIADB_BINLOG_CHECKPOINT:
        *ret_more = true;
        return true;
    default:
        return true;
    }
}

/* MySQL: what the mirror knew when the file began, which its head may not have. */
static bool add_known(const struct index_head *head, struct log_state *state, struct err *err)
{
    struct gtid_set known;
    bool ok;

    if (head->state_kind != LOG_STATE_MYSQL || state->kind != LOG_STATE_MYSQL)
        return true;
    gtid_set_init(&known);
    ok = gtid_set_decode(head->state, &known, err);
    if (ok)
        gtid_set_union(&state->set, &known);
    gtid_set_done(&known);
    return ok;
}

bool log_view_state(const struct log_view *view, struct log_state *ret_state, struct err *err)
{
    const struct index_head *head = &view->index.head;
    struct index_record start = {.offset = view->segment.start};
    struct reader_event event;
    struct log_state state;
    struct log_scan scan;
    bool more = head->start == LOG_FIRST_OFFSET;
    bool ok = true;

    log_state_init(&state);
    if (!more && head->state_kind != LOG_STATE_UNKNOWN)
        ok = decode_state(head->state_kind, head->state, &state, err);
    log_view_scan(view, &start, view->segment.end, &scan);
    while (ok && more) {
        ok = log_scan_next(&scan, &event, err);
        more = ok && event.bytes.len > 0;
        if (more)
            ok = state_of_event(&event, &state, &more, err);
    }
    log_scan_done(&scan);
    if (ok && head->start == LOG_FIRST_OFFSET)
        ok = add_known(head, &state, err);
    if (!ok) {
        log_state_done(&state);
        return log_view_fail(view, err);
    }
    log_state_done(ret_state);
    *ret_state = state;
    return true;
}

/* ---- At a position ---- */

static void add_gtid(struct log_state *state, const struct index_gtid *gtid)
{
    if (gtid->has && gtid->family == FORMAT_MYSQL && state->kind == LOG_STATE_MYSQL)
        gtid_set_add(&state->set, &gtid->uuid, span_of(gtid->tag, gtid->tag_length), gtid->number,
                     gtid->number);
    if (gtid->has && gtid->family == FORMAT_MARIADB && state->kind == LOG_STATE_MARIADB)
        gtid_list_set_state(&state->list, gtid->mariadb);
}

static void add_run(struct log_state *state, const struct index_record *run)
{
    if (run->family == FORMAT_MYSQL && state->kind == LOG_STATE_MYSQL)
        gtid_set_add(&state->set, &run->uuid, span_of(run->tag, run->tag_length),
                     (int64_t)run->first, (int64_t)run->last);
    if (run->family == FORMAT_MARIADB && state->kind == LOG_STATE_MARIADB)
        gtid_list_set_state(&state->list,
                            (struct gtid_mariadb){run->last, run->domain, run->server_id});
}

/* Adds the GTIDs of the transactions that end in the block, read off its events. */
static bool add_events(struct block_walk *walk, struct log_state *state, struct err *err)
{
    struct index_gtid open = {0};
    struct reader_event event = {.bytes = {.len = 1}};
    struct log_scan scan;
    bool ok = true;

    log_view_scan_transaction(walk->view, &walk->before, walk->block.offset, &scan);
    while (ok && scan.reader.offset < walk->block.offset && event.bytes.len > 0) {
        enum reader_transaction before = scan.reader.transaction;
        struct index_gtid gtid;

        ok = log_scan_next(&scan, &event, err);
        if (!ok || event.bytes.len == 0)
            break;
        ok = index_gtid_of(&event, &gtid, err);
        if (ok && gtid.has)
            open = gtid;
        if (before != READER_OUTSIDE && scan.reader.transaction == READER_OUTSIDE) {
            add_gtid(state, &open);
            open.has = false;
        }
    }
    if (ok && scan.reader.offset != walk->block.offset)
        ok =
            err_set(err, E_USAGE, 0, "no event begins at offset %llu; one ends at %llu",
                    (unsigned long long)walk->block.offset, (unsigned long long)scan.reader.offset);
    log_scan_done(&scan);
    return ok;
}

static bool add_until(const struct log_view *view, uint64_t offset, struct log_state *state,
                      struct err *err)
{
    struct block_walk walk;
    bool more = true;
    bool ok = true;

    block_walk_init(&walk, view, offset);
    while (ok && more) {
        ok = block_walk_next(&walk, &more, err);
        if (!ok || !more)
            break;
        if (!walk.told)
            ok = add_events(&walk, state, err);
        for (uint32_t i = 0; ok && i < walk.run_count && walk.told; i++)
            add_run(state, &walk.runs[i]);
    }
    block_walk_done(&walk);
    return ok;
}

bool log_state_at(struct mirror *mirror, const struct log_position *position,
                  struct log_state *ret_state, struct err *err)
{
    struct log_segment segment;
    struct log_state state;
    struct log_view view;
    bool ok;

    if (!mirror_segment_named(mirror, position->name, &segment, err))
        return false;
    if (position->offset < segment.start || position->offset > segment.end)
        return err_set(err, E_STATE, 0,
                       "%s: offset %llu is not in the log, which has %llu to %llu of the file",
                       segment.name, (unsigned long long)position->offset,
                       (unsigned long long)segment.start, (unsigned long long)segment.end);
    if (!log_view_open(mirror, &segment, &view, err))
        return false;
    log_state_init(&state);
    ok = log_view_state(&view, &state, err) &&
         (add_until(&view, position->offset, &state, err) || log_view_fail(&view, err));
    log_view_close(&view);
    if (!ok) {
        log_state_done(&state);
        return false;
    }
    log_state_done(ret_state);
    *ret_state = state;
    return true;
}

/* ---- Of a file ---- */

bool log_state_of_file(struct mirror *mirror, const char *name, struct log_state *ret_state,
                       struct err *err)
{
    struct log_segment segment;
    struct log_state state;
    struct log_view view;
    bool ok;

    if (!mirror_segment_named(mirror, name, &segment, err) ||
        !log_view_open(mirror, &segment, &view, err))
        return false;
    log_state_init(&state);
    state.kind = LOG_STATE_MYSQL;
    ok = add_until(&view, segment.end, &state, err) || log_view_fail(&view, err);
    log_view_close(&view);
    if (!ok) {
        log_state_done(&state);
        return false;
    }
    if (gtid_set_is_empty(&state.set))
        state.kind = LOG_STATE_UNKNOWN;
    log_state_done(ret_state);
    *ret_state = state;
    return true;
}

/* ---- First and last GTID of a file ---- */

static void print_gtid(const struct index_gtid *gtid, char text[LOG_GTID_TEXT_MAX])
{
    char uuid[GTID_UUID_TEXT + 1];

    if (gtid->family == FORMAT_MARIADB) {
        (void)snprintf(text, LOG_GTID_TEXT_MAX, "%u-%u-%llu", gtid->mariadb.domain,
                       gtid->mariadb.server_id, (unsigned long long)gtid->mariadb.sequence);
        return;
    }
    gtid_uuid_print(&gtid->uuid, uuid);
    (void)snprintf(text, LOG_GTID_TEXT_MAX, "%s%s%.*s:%lld", uuid, gtid->tag_length ? ":" : "",
                   gtid->tag_length, gtid->tag, (long long)gtid->number);
}

/* The first and the last GTID among the events from where a record stands to `limit`. */
static bool gtids_between(const struct log_view *view, const struct index_record *from,
                          uint64_t limit, struct index_gtid *first, struct index_gtid *last,
                          struct err *err)
{
    struct reader_event event = {.bytes = {.len = 1}};
    struct index_gtid gtid;
    struct log_scan scan;
    bool ok = true;

    log_view_scan_transaction(view, from, limit, &scan);
    while (ok && event.bytes.len > 0) {
        ok = log_scan_next(&scan, &event, err);
        if (!ok || event.bytes.len == 0)
            break;
        ok = index_gtid_of(&event, &gtid, err);
        if (!ok || !gtid.has)
            continue;
        if (!first->has)
            *first = gtid;
        *last = gtid;
    }
    log_scan_done(&scan);
    return ok;
}

/* Reads the events of the first and of the last block that have GTIDs, and of the tail. */
static bool find_gtids(const struct log_view *view, struct index_gtid *first,
                       struct index_gtid *last, struct err *err)
{
    struct index_record from = {.kind = 0};
    struct index_record to = {.kind = 0};
    struct index_gtid ignored = {.has = true};
    struct block_walk walk;
    bool more = true;
    bool ok = true;

    block_walk_init(&walk, view, view->segment.end);
    while (ok && more) {
        ok = block_walk_next(&walk, &more, err);
        if (!ok || !more || (walk.told && walk.run_count == 0))
            continue;
        if (walk.at_tail || !first->has)
            ok = gtids_between(view, &walk.before, walk.block.offset, first, last, err);
        if (!walk.at_tail) {
            from = walk.before;
            to = walk.block;
            last->has = false;
        }
    }
    block_walk_done(&walk);
    if (ok && to.kind && !last->has)
        ok = gtids_between(view, &from, to.offset, &ignored, last, err);
    return ok;
}

bool log_file_gtids(struct mirror *mirror, const char *name, struct log_file_gtids *ret_gtids,
                    struct err *err)
{
    struct log_file_gtids gtids = {{0}, {0}};
    struct index_gtid first = {0};
    struct index_gtid last = {0};
    struct log_segment segment;
    struct log_view view;
    bool ok;

    if (!mirror_segment_named(mirror, name, &segment, err) ||
        !log_view_open(mirror, &segment, &view, err))
        return false;
    ok = find_gtids(&view, &first, &last, err) || log_view_fail(&view, err);
    log_view_close(&view);
    if (!ok)
        return false;
    if (first.has)
        print_gtid(&first, gtids.first);
    if (last.has)
        print_gtid(&last, gtids.last);
    *ret_gtids = gtids;
    return true;
}
