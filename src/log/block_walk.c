#include "log/block_walk.h"

void block_walk_init(struct block_walk *walk, const struct log_view *view, uint64_t limit)
{
    *walk = (struct block_walk){.view = view, .limit = limit};
    index_walk_init(&walk->walk, &view->index, view->segment.records);
    walk->block = (struct index_record){
        .kind = INDEX_BLOCK_RECORD,
        .offset = view->segment.start,
        .transaction_offset = view->segment.start,
    };
}

void block_walk_done(struct block_walk *walk)
{
    index_walk_done(&walk->walk);
}

/* The next BLOCK of the index, with its runs. *ret_more is false when there is none in the limit.
 */
static bool next_block(struct block_walk *walk, bool *ret_more, struct err *err)
{
    bool damaged = false;

    walk->run_count = 0;
    for (;;) {
        struct index_record record;
        bool valid;

        if (!index_walk_next(&walk->walk, &record, &valid, ret_more, err))
            return false;
        if (!*ret_more)
            return true;
        damaged |= !valid;
        if (!valid)
            continue;
        if (record.kind == INDEX_RUN_RECORD) {
            if (walk->run_count == INDEX_RUNS_MAX)
                damaged = true;
            else
                walk->kept[walk->run_count++] = record;
            continue;
        }
        *ret_more = record.offset <= walk->limit;
        if (*ret_more)
            walk->block = record;
        walk->told = !damaged && !(record.flags & INDEX_MIXED) && record.runs == walk->run_count;
        return true;
    }
}

bool block_walk_next(struct block_walk *walk, bool *ret_more, struct err *err)
{
    bool more = false;

    walk->before = walk->block;
    walk->runs = walk->kept;
    if (!walk->at_tail && !next_block(walk, &more, err))
        return false;
    if (!more && !walk->at_tail) {
        /* What no record covers, if it is anything. */
        walk->at_tail = true;
        walk->told = false;
        walk->run_count = 0;
        more = walk->before.offset < walk->limit;
        walk->block.offset = walk->limit;
    }
    *ret_more = more;
    return true;
}
