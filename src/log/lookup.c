#include "log/lookup.h"

#include "base/mem.h"
#include "log/block_walk.h"
#include "log/lookup_state.h"
#include "translation/gtid_exchange.h"

#define MISSING_TEXT_MAX 300 /* of the GTIDs named in a refusal */

/* What a replica has, and how far its position was met. */
struct search {
    const struct gtid_set *executed;      /* MySQL */
    const struct gtid_list *position;     /* MariaDB */
    const struct gtid_set *exchanged;     /* MariaDB's, as a MySQL replica has them */
    const struct gtid_resolver *resolver; /* with `exchanged`: which of them were MySQL's */
    const struct gtid_list *made;         /* of MySQL's, as a MariaDB replica has them */
    uint32_t domain;                      /* with `made`: of MySQL's own transactions */
    struct gtid_list before; /* with `exchanged`: what came before the log's first file */
    bool *reached;           /* per item of the position: all after it is wanted */
    uint64_t seen;           /* GTIDs before this offset of the file were looked at */
};

static const struct gtid_mariadb *wanted_after(const struct search *search, uint32_t domain,
                                               size_t *ret_at)
{
    for (size_t i = 0; i < search->position->count; i++) {
        if (search->position->items[i].domain == domain) {
            *ret_at = i;
            return &search->position->items[i];
        }
    }
    return NULL;
}

/* Whether a MySQL replica has all of a domain's server from `first` to `last`. */
static bool has_exchanged(const struct search *search, uint32_t domain, uint32_t server_id,
                          uint64_t first, uint64_t last)
{
    const struct gtid_resolver *resolver = search->resolver;
    struct gtid_uuid uuid;

    if (gtid_resolver_has(resolver, domain, last))
        return resolver->held(resolver->context, domain, first, last, search->exchanged);
    gtid_uuid_of_domain(domain, server_id, &uuid);
    return last <= GTID_NUMBER_LAST &&
           gtid_set_has_range(search->exchanged, &uuid, (struct span){0}, (int64_t)first,
                              (int64_t)last);
}

/* Whether the replica lacks the transaction. MariaDB: also notes that its own GTID went by. */
static bool lacks_gtid(const struct search *search, const struct index_gtid *gtid)
{
    const struct gtid_mariadb *after;
    size_t at;

    if (gtid->family == FORMAT_MYSQL)
        return search->executed &&
               !gtid_set_has(search->executed, &gtid->uuid, span_of(gtid->tag, gtid->tag_length),
                             gtid->number);
    if (search->exchanged)
        return !has_exchanged(search, gtid->mariadb.domain, gtid->mariadb.server_id,
                              gtid->mariadb.sequence, gtid->mariadb.sequence);
    if (!search->position)
        return false;
    after = wanted_after(search, gtid->mariadb.domain, &at);
    if (!after || search->reached[at])
        return true;
    /* As the source: the same server's number, or a later one of it when that one is not there. */
    search->reached[at] =
        gtid->mariadb.server_id == after->server_id && gtid->mariadb.sequence >= after->sequence;
    return false;
}

/* Whether the events that a run stands for must be looked at. */
static bool concerns(const struct search *search, const struct index_record *run)
{
    const struct gtid_mariadb *after;
    size_t at;

    if (run->family == FORMAT_MYSQL)
        return search->executed &&
               !gtid_set_has_range(search->executed, &run->uuid, span_of(run->tag, run->tag_length),
                                   (int64_t)run->first, (int64_t)run->last);
    if (search->exchanged)
        return !has_exchanged(search, run->domain, run->server_id, run->first, run->last);
    if (!search->position)
        return false;
    after = wanted_after(search, run->domain, &at);
    return !after || search->reached[at] ||
           (run->server_id == after->server_id && run->last >= after->sequence);
}

/* The first transaction that the replica lacks among the events of a block. */
static bool search_events(struct search *search, const struct block_walk *walk,
                          uint64_t *ret_offset, bool *ret_found, struct err *err)
{
    struct index_record from = walk->before;
    struct reader_event event = {.bytes = {.len = 1}};
    struct index_gtid gtid;
    struct log_scan scan;
    bool ok = true;

    if (from.transaction_offset < search->seen)
        from.transaction_offset = search->seen;
    log_view_scan_transaction(walk->view, &from, walk->block.offset, &scan);
    while (ok && !*ret_found && event.bytes.len > 0) {
        ok = log_scan_next(&scan, &event, err);
        if (!ok || event.bytes.len == 0)
            break;
        ok = index_gtid_of(&event, &gtid, err);
        *ret_found = ok && gtid.has && lacks_gtid(search, &gtid);
        if (*ret_found)
            *ret_offset = event.offset;
    }
    search->seen = scan.reader.offset;
    log_scan_done(&scan);
    return ok;
}

static bool search_file(struct search *search, const struct log_view *view, uint64_t *ret_offset,
                        bool *ret_found, struct err *err)
{
    struct block_walk walk;
    bool more = true;
    bool ok = true;

    *ret_found = false;
    search->seen = 0;
    block_walk_init(&walk, view, view->segment.end);
    while (ok && more && !*ret_found) {
        bool look;

        ok = block_walk_next(&walk, &more, err);
        if (!ok || !more)
            break;
        look = !walk.told;
        for (uint32_t i = 0; i < walk.run_count && !look; i++)
            look = concerns(search, &walk.runs[i]);
        if (look)
            ok = search_events(search, &walk, ret_offset, ret_found, err);
    }
    block_walk_done(&walk);
    return ok;
}

/* ---- Which file ---- */

/*
 * MariaDB: whether all that the replica lacks is in this file or later ones, given the state at the
 * file's beginning: for each domain of the state, the replica's own GTID is not before it, unless
 * it is the domain's very last one. (Source: MariaDB server, contains_all_slave_gtid().)
 */
static bool list_serves(const struct gtid_list *state, const struct gtid_list *position,
                        struct gtid_mariadb *ret_missing)
{
    for (size_t i = 0; i < state->count; i++) {
        const struct gtid_mariadb *entry = &state->items[i];
        const struct gtid_mariadb *has = gtid_list_find(position, entry->domain);

        *ret_missing = *entry;
        if (!has)
            return false;
        if (has->server_id != entry->server_id)
            continue;
        if (has->sequence < entry->sequence ||
            (has->sequence == entry->sequence && gtid_list_find(state, entry->domain) != entry))
            return false;
    }
    return true;
}

/* The last number before the log of a domain's server; of MySQL's numbers, of any server. */
static uint64_t number_before(const struct search *search, const struct gtid_mariadb *entry)
{
    const struct gtid_mariadb *before;

    if (gtid_resolver_has(search->resolver, entry->domain, entry->sequence))
        return gtid_list_greatest(&search->before, entry->domain);
    before = gtid_list_find_server(&search->before, entry->domain, entry->server_id);
    return before ? before->sequence : 0;
}

/*
 * The same for a MySQL replica: it has all numbers of each domain's server from the log's beginning
 * to the file's. Some of them may be no transactions, so the file may be an earlier one than need
 * be.
 */
static bool exchanged_serves(const struct search *search, const struct gtid_list *state,
                             struct gtid_mariadb *ret_missing)
{
    for (size_t i = 0; i < state->count; i++) {
        const struct gtid_mariadb *entry = &state->items[i];
        uint64_t before = number_before(search, entry);

        *ret_missing = *entry;
        if (!has_exchanged(search, entry->domain, entry->server_id,
                           before < entry->sequence ? before + 1 : entry->sequence,
                           entry->sequence))
            return false;
    }
    return true;
}

/*
 * The same for a MariaDB replica of MySQL. In the domain of MySQL's own transactions numbers only
 * grow, whatever the servers; what came from MariaDB is in domains of its own.
 */
static bool made_serves(const struct search *search, const struct gtid_set *executed)
{
    const struct gtid_mariadb *has = gtid_list_find(search->made, search->domain);
    struct gtid_mariadb missing;
    struct gtid_list others;
    struct gtid_list state;
    bool serves;

    gtid_list_init(&state);
    gtid_list_init(&others);
    gtid_set_to_list(executed, search->domain, 0, &state);
    for (size_t i = 0; i < state.count; i++) {
        if (state.items[i].domain != search->domain)
            gtid_list_set_state(&others, state.items[i]);
    }
    serves = gtid_sequence_of_set(executed) <= (has ? has->sequence : 0) &&
             list_serves(&others, search->made, &missing);
    gtid_list_done(&state);
    gtid_list_done(&others);
    return serves;
}

static bool state_serves(const struct search *search, const struct log_state *state)
{
    struct gtid_mariadb missing;

    if (state->kind == LOG_STATE_MYSQL && search->executed)
        return gtid_set_contains(search->executed, &state->set);
    if (state->kind == LOG_STATE_MYSQL && search->made)
        return made_serves(search, &state->set);
    if (state->kind == LOG_STATE_MARIADB && search->exchanged)
        return exchanged_serves(search, &state->list, &missing);
    return state->kind == LOG_STATE_MARIADB && search->position &&
           list_serves(&state->list, search->position, &missing);
}

static bool load_state(struct mirror *mirror, const struct log_segment *segment,
                       struct log_state *state, struct err *err)
{
    struct log_view view;
    bool ok;

    if (!log_view_open(mirror, segment, &view, err))
        return false;
    ok = log_view_state(&view, state, err);
    log_view_close(&view);
    return ok;
}

/* Why the oldest file that tells its state does not serve. */
static bool refuse(const struct log_segment *segment, const struct search *search,
                   const struct log_state *state, struct err *err)
{
    struct gtid_mariadb missing = {0};
    struct gtid_set lacking;
    struct buf text;

    if (state->kind == LOG_STATE_UNKNOWN ||
        (state->kind == LOG_STATE_MYSQL ? !search->executed && !search->made
                                        : !search->position && !search->exchanged))
        return err_set(err, E_STATE, 0,
                       "%s: the log knows no GTIDs of that kind: its source wrote none",
                       segment->name);
    buf_init(&text, SIZE_MAX / 2);
    gtid_set_init(&lacking);
    if (search->executed) {
        gtid_set_copy(&lacking, &state->set);
        gtid_set_subtract(&lacking, search->executed);
        gtid_set_print(&text, &lacking);
    } else if (search->made) {
        buf_printf(&text, "number %llu", (unsigned long long)gtid_sequence_of_set(&state->set));
    } else if (search->exchanged ? !exchanged_serves(search, &state->list, &missing)
                                 : !list_serves(&state->list, search->position, &missing)) {
        buf_printf(&text, "%u-%u-%llu", missing.domain, missing.server_id,
                   (unsigned long long)missing.sequence);
    }
    (void)err_set(err, E_STATE, 0,
                  "the log begins at %.100s and lacks transactions that the replica needs, up to: "
                  "%.*s",
                  segment->name, MISSING_TEXT_MAX, buf_borrow_cstr(&text));
    gtid_set_done(&lacking);
    buf_done(&text);
    return false;
}

/* The last file at whose beginning the replica has all that came before; among those from `low`. */
static bool last_serving(struct mirror *mirror, const struct log_segment *segments, size_t low,
                         size_t count, const struct search *search, size_t *ret_at, struct err *err)
{
    struct log_state state;
    size_t high = count;
    bool ok = true;

    log_state_init(&state);
    while (ok && high - low > 1) {
        size_t middle = low + (high - low) / 2;

        ok = load_state(mirror, &segments[middle], &state, err);
        if (ok && state_serves(search, &state))
            low = middle;
        else
            high = middle;
    }
    log_state_done(&state);
    if (ok)
        *ret_at = low;
    return ok;
}

static bool find_file(struct mirror *mirror, const struct log_segment *segments, size_t count,
                      struct search *search, size_t *ret_at, struct err *err)
{
    struct log_state state;
    size_t first = 0;
    bool ok;

    log_state_init(&state);
    ok = load_state(mirror, &segments[0], &state, err);
    /* A log that began in the middle of a file may not know there. */
    if (ok && state.kind == LOG_STATE_UNKNOWN && count > 1) {
        first = 1;
        ok = load_state(mirror, &segments[1], &state, err);
    }
    for (size_t i = 0; ok && search->exchanged && i < state.list.count; i++)
        gtid_list_append(&search->before, state.list.items[i]);
    if (ok && !state_serves(search, &state))
        ok = refuse(&segments[first], search, &state, err);
    log_state_done(&state);
    return ok && last_serving(mirror, segments, first, count, search, ret_at, err);
}

/* MariaDB: what the replica has of a domain's end at the file's beginning needs no more skipping.
 */
static bool mark_reached(struct mirror *mirror, const struct log_segment *segment,
                         const struct search *search, struct err *err)
{
    struct log_state state;
    bool ok;

    if (!search->position)
        return true;
    log_state_init(&state);
    ok = load_state(mirror, segment, &state, err);
    for (size_t i = 0; ok && i < search->position->count; i++) {
        const struct gtid_mariadb *has = &search->position->items[i];
        const struct gtid_mariadb *last = gtid_list_find(&state.list, has->domain);

        search->reached[i] =
            last && last->server_id == has->server_id && last->sequence == has->sequence;
    }
    log_state_done(&state);
    return ok;
}

static void set_position(struct log_position *position, const struct log_segment *segment,
                         uint64_t offset)
{
    memcpy(position->name, segment->name, sizeof position->name);
    position->offset = offset;
}

static bool search_from(struct mirror *mirror, const struct log_segment *segments, size_t count,
                        size_t at, struct search *search, struct log_position *ret_position,
                        struct err *err)
{
    struct log_position position = {{0}, 0};
    bool found = false;
    bool ok = mark_reached(mirror, &segments[at], search, err);

    for (; ok && !found && at < count; at++) {
        struct log_view view;
        uint64_t offset = segments[at].end;

        ok = log_view_open(mirror, &segments[at], &view, err);
        if (!ok)
            break;
        ok = search_file(search, &view, &offset, &found, err) || log_view_fail(&view, err);
        log_view_close(&view);
        set_position(&position, &segments[at], offset);
    }
    if (ok)
        *ret_position = position;
    return ok;
}

/* Whether files that a search began with are not there any more. */
static bool was_purged(struct mirror *mirror, const struct log_segment *segments, size_t count)
{
    struct log_segment first;
    struct err gone;

    return count > 0 && !mirror_segment_at(mirror, segments[0].ordinal, &first, &gone);
}

/* One search in the files that there are now; there is at least one. */
typedef bool find_among(struct mirror *mirror, const struct log_segment *segments, size_t count,
                        void *what, struct log_position *ret_position, struct err *err);

/* A purge during the search is no reason to refuse a replica that needs nothing of what went. */
static bool find(struct mirror *mirror, find_among *among, void *what,
                 struct log_position *ret_position, struct err *err)
{
    bool purged = true;
    bool ok = false;

    while (!ok && purged) {
        size_t count;
        struct log_segment *segments = mirror_segments(mirror, &count);

        if (count > 0)
            ok = among(mirror, segments, count, what, ret_position, err);
        else
            (void)err_set(err, E_STATE, 0, "the log has no files yet");
        purged = was_purged(mirror, segments, count);
        mem_free(segments);
    }
    return ok;
}

static bool find_gtids(struct mirror *mirror, const struct log_segment *segments, size_t count,
                       void *what, struct log_position *ret_position, struct err *err)
{
    struct search *search = what;
    size_t at = 0;

    return find_file(mirror, segments, count, search, &at, err) &&
           search_from(mirror, segments, count, at, search, ret_position, err);
}

bool log_find_gtid_set(struct mirror *mirror, const struct gtid_set *executed,
                       struct log_position *ret_position, struct err *err)
{
    struct search search = {.executed = executed};

    return find(mirror, find_gtids, &search, ret_position, err);
}

bool log_find_exchanged_set(struct mirror *mirror, const struct gtid_set *executed,
                            const struct gtid_resolver *resolver, struct log_position *ret_position,
                            struct err *err)
{
    struct search search = {.exchanged = executed, .resolver = resolver};
    bool ok;

    gtid_list_init(&search.before);
    ok = find(mirror, find_gtids, &search, ret_position, err);
    gtid_list_done(&search.before);
    return ok;
}

static bool find_made(struct mirror *mirror, const struct log_segment *segments, size_t count,
                      void *what, struct log_position *ret_position, struct err *err)
{
    struct search *search = what;
    size_t at = 0;

    if (!find_file(mirror, segments, count, search, &at, err))
        return false;
    set_position(ret_position, &segments[at], segments[at].start);
    return true;
}

bool log_find_exchanged_position(struct mirror *mirror, const struct gtid_list *position,
                                 uint32_t domain, struct log_position *ret_position,
                                 struct err *err)
{
    struct search search = {.made = position, .domain = domain};

    return find(mirror, find_made, &search, ret_position, err);
}

/* Refuses a position with a GTID that the log's end does not have yet. */
static bool check_not_ahead(struct mirror *mirror, const struct gtid_list *position,
                            struct err *err)
{
    struct log_state state;
    struct log_ends ends;
    bool ok;

    log_state_init(&state);
    mirror_ends(mirror, &ends);
    ok = !ends.synced.name[0] || log_state_at(mirror, &ends.synced, &state, err);
    for (size_t i = 0; ok && i < position->count && state.kind == LOG_STATE_MARIADB; i++) {
        const struct gtid_mariadb *wanted = &position->items[i];
        const struct gtid_mariadb *last = gtid_list_find(&state.list, wanted->domain);
        bool there = !last; /* a domain that is not of this log */

        for (size_t j = 0; j < state.list.count && !there; j++)
            there = state.list.items[j].domain == wanted->domain &&
                    state.list.items[j].server_id == wanted->server_id &&
                    state.list.items[j].sequence >= wanted->sequence;
        if (!there)
            ok = err_set(err, E_STATE, 0,
                         "the replica asks for what comes after %u-%u-%llu, which is not in the "
                         "log: its domain ends with %u-%u-%llu",
                         wanted->domain, wanted->server_id, (unsigned long long)wanted->sequence,
                         last->domain, last->server_id, (unsigned long long)last->sequence);
    }
    log_state_done(&state);
    return ok;
}

bool log_find_gtid_position(struct mirror *mirror, const struct gtid_list *position,
                            struct log_position *ret_position, struct err *err)
{
    struct search search = {.position = position};
    bool ok;

    search.reached = mem_alloc((position->count + 1) * sizeof *search.reached);
    ok = check_not_ahead(mirror, position, err) &&
         find(mirror, find_gtids, &search, ret_position, err);
    mem_free(search.reached);
    return ok;
}

/* ---- Time ---- */

/* The transaction with the first event of that time among those after the record. */
static bool find_time_after(const struct log_view *view, const struct index_record *record,
                            uint32_t timestamp, uint64_t *ret_offset, struct err *err)
{
    struct reader_event event = {.bytes = {.len = 1}};
    struct log_scan scan;
    bool found = false;
    bool ok = true;

    *ret_offset = view->segment.end;
    log_view_scan(view, record, view->segment.end, &scan);
    while (ok && !found) {
        enum reader_transaction before = scan.reader.transaction;

        ok = log_scan_next(&scan, &event, err);
        if (!ok || event.bytes.len == 0)
            break;
        found = event.header.timestamp >= timestamp;
        if (found)
            *ret_offset = before != READER_OUTSIDE ? scan.reader.transaction_offset : event.offset;
    }
    log_scan_done(&scan);
    return ok;
}

static bool find_time(struct mirror *mirror, const struct log_segment *segments, size_t count,
                      void *what, struct log_position *ret_position, struct err *err)
{
    uint32_t timestamp = *(uint32_t *)what;
    struct index_record record;
    struct log_view view;
    uint64_t offset = 0;
    size_t at = 0;
    bool ok;

    while (at + 1 < count && segments[at].last_timestamp < timestamp)
        at++;
    if (!log_view_open(mirror, &segments[at], &view, err))
        return false;
    ok = (index_file_find_time(&view.index, segments[at].records, timestamp, &record, err) &&
          find_time_after(&view, &record, timestamp, &offset, err)) ||
         log_view_fail(&view, err);
    log_view_close(&view);
    if (ok)
        set_position(ret_position, &segments[at], offset);
    return ok;
}

bool log_find_time(struct mirror *mirror, uint32_t timestamp, struct log_position *ret_position,
                   struct err *err)
{
    return find(mirror, find_time, &timestamp, ret_position, err);
}
