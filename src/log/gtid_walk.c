#include "log/gtid_walk.h"

#include "base/mem.h"
#include "log/block_walk.h"
#include "log/lookup_state.h"

#define EVENTS_MAX ((uint64_t)16 << 10) /* bytes: so few are read without a look at the index */

struct walk {
    const struct log_view *view;
    const struct gtid_walk_taker *taker;
    struct log_position *place;
};

/* Transactions that end behind the place and up to `limit`; the first one begins at `from`. */
static bool take_events(const struct walk *walk, uint64_t from, uint64_t limit, struct err *err)
{
    struct index_record start = {.transaction_offset = from};
    struct reader_event event = {.bytes = {.len = 1}};
    struct index_gtid open = {0};
    struct log_scan scan;
    bool ok = true;

    log_view_scan_transaction(walk->view, &start, limit, &scan);
    while (ok && scan.reader.offset < limit && event.bytes.len > 0) {
        enum reader_transaction before = scan.reader.transaction;
        struct index_gtid gtid;

        ok = log_scan_next(&scan, &event, err) &&
             (event.bytes.len == 0 || index_gtid_of(&event, &gtid, err));
        if (!ok || event.bytes.len == 0)
            break;
        if (gtid.has)
            open = gtid;
        if (before == READER_OUTSIDE || scan.reader.transaction != READER_OUTSIDE)
            continue;
        if (open.has && open.family == FORMAT_MYSQL)
            walk->taker->run(walk->taker->context, &open.uuid, span_of(open.tag, open.tag_length),
                             open.number, 1);
        open.has = false;
        walk->place->offset = scan.reader.offset;
    }
    log_scan_done(&scan);
    return ok;
}

static void take_runs(const struct walk *walk, const struct block_walk *blocks)
{
    for (uint32_t i = 0; i < blocks->run_count; i++) {
        const struct index_record *run = &blocks->runs[i];

        walk->taker->run(walk->taker->context, &run->uuid, span_of(run->tag, run->tag_length),
                         (int64_t)run->first, run->last - run->first + 1);
    }
    walk->place->offset = blocks->block.transaction_offset;
}

static bool take_block(const struct walk *walk, const struct block_walk *blocks, struct err *err)
{
    bool straight = blocks->run_count == 0 || blocks->block.flags & INDEX_STRAIGHT;

    if (blocks->block.offset <= walk->place->offset)
        return true;
    if (blocks->before.offset < walk->place->offset)
        return take_events(walk, walk->place->offset, blocks->block.offset, err);
    if (!blocks->told || !straight)
        return take_events(walk, blocks->before.transaction_offset, blocks->block.offset, err);
    take_runs(walk, blocks);
    return true;
}

static bool take_blocks(const struct walk *walk, uint64_t limit, struct err *err)
{
    struct block_walk blocks;
    bool more = true;
    bool ok = true;

    block_walk_init(&blocks, walk->view, limit);
    while (ok && more) {
        ok = block_walk_next(&blocks, &more, err);
        if (ok && more)
            ok = take_block(walk, &blocks, err);
    }
    block_walk_done(&blocks);
    return ok;
}

static bool begin_file(const struct walk *walk, struct err *err)
{
    struct log_state state;
    bool ok;

    log_state_init(&state);
    ok = log_view_state(walk->view, &state, err);
    if (ok && state.kind == LOG_STATE_MARIADB)
        ok = err_set(err, E_STATE, 0, "expected a log of MySQL, found one of MariaDB");
    if (ok)
        ok = walk->taker->file(walk->taker->context,
                               state.kind == LOG_STATE_MYSQL ? &state.set : NULL, err);
    log_state_done(&state);
    return ok;
}

/* What follows a file's format description tells the GTIDs before it. */
static bool has_begun(const struct log_view *view)
{
    const struct log_segment *segment = &view->segment;

    return segment->start > LOG_FIRST_OFFSET || segment->closed ||
           segment->end > LOG_FIRST_OFFSET + view->index.head.format.len;
}

static bool walk_file(struct mirror *mirror, const struct log_segment *segment, bool begins,
                      struct log_position *place, const struct gtid_walk_taker *taker,
                      struct err *err)
{
    struct walk walk = {.taker = taker, .place = place};
    struct log_view view;
    bool ok;

    if (!log_view_open(mirror, segment, &view, err))
        return false;
    walk.view = &view;
    if (begins && !has_begun(&view)) {
        log_view_close(&view);
        return true;
    }
    ok = !begins || begin_file(&walk, err);
    if (ok && begins) {
        memcpy(place->name, segment->name, sizeof place->name);
        place->offset = segment->start;
    }
    ok = ok && (!begins && segment->whole - place->offset <= EVENTS_MAX
                    ? take_events(&walk, place->offset, segment->whole, err)
                    : take_blocks(&walk, segment->whole, err));
    if (ok)
        place->offset = segment->whole;
    else
        (void)log_view_fail(&view, err);
    log_view_close(&view);
    return ok;
}

/* The file that the place is in; the oldest when it is not there. False: the log has none. */
static bool find_segment(struct mirror *mirror, const struct log_position *place,
                         struct log_segment *ret_segment, bool *ret_begins)
{
    struct log_segment *segments;
    struct err unknown;
    size_t count;

    *ret_begins = false;
    if (place->name[0] != '\0' && mirror_segment_named(mirror, place->name, ret_segment, &unknown))
        return true;
    segments = mirror_segments(mirror, &count);
    if (count > 0)
        *ret_segment = segments[0];
    mem_free(segments);
    *ret_begins = true;
    return count > 0;
}

bool log_walk_gtids(struct mirror *mirror, struct log_position *place,
                    const struct gtid_walk_taker *taker, struct err *err)
{
    struct log_segment segment;
    struct err not_yet;
    bool begins;
    bool more = find_segment(mirror, place, &segment, &begins);

    while (more) {
        if ((begins || place->offset < segment.whole) &&
            !walk_file(mirror, &segment, begins, place, taker, err))
            return false;
        more = segment.closed && mirror_segment_at(mirror, segment.ordinal + 1, &segment, &not_yet);
        begins = true;
    }
    return true;
}
