/*
 * struct block_walk: goes over the blocks of a file, as far as it was synced: what its side index
 * tells of each, and last the events that no record covers yet. Owned by one thread;
 * block_walk_done().
 */
#pragma once

#include "log/view.h"

struct block_walk {
    /* The block; for the caller to read after block_walk_next(). */
    struct index_record before; /* how things stood where it begins */
    struct index_record block;  /* where it ends */
    const struct index_record *runs;
    uint32_t run_count;
    bool told; /* the runs are all of its GTIDs; otherwise its events must be read */

    /* Its own. */
    const struct log_view *view;
    struct index_walk walk;
    struct index_record kept[INDEX_RUNS_MAX];
    uint64_t limit;
    bool at_tail;
};

/* Up to `limit`, where an event ends. */
void block_walk_init(struct block_walk *walk, const struct log_view *view, uint64_t limit);
void block_walk_done(struct block_walk *walk);

/* False in *ret_more after the last. */
MUST_CHECK bool block_walk_next(struct block_walk *walk, bool *ret_more, struct err *err);
