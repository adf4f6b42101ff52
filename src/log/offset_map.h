/*
 * The format of an offset map: of one file of a log and one view of that file, which offset in the
 * view is which in the file, at each end of a transaction (doc/log-format.md). A replica by
 * position remembers offsets of the view alone; once its events are made in another way, the map
 * tells where in the source's file it is.
 *
 * No I/O. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "log/position.h"

#define OFFSET_MAP_VERSION   1
#define OFFSET_MAP_VIEW_MAX  31                 /* bytes of a view's name */
#define OFFSET_MAP_HEAD_MAX  512                /* bytes */
#define OFFSET_MAP_BLOCK_MAX ((size_t)64 << 10) /* bytes, all of a block */

/* The same place: bytes from the beginning of the view's file, and of the source's. */
struct offset_pair {
    uint64_t view;
    uint64_t source;
};

struct offset_map_head {
    char name[LOG_NAME_MAX + 1]; /* of the log's file */
    char view[OFFSET_MAP_VIEW_MAX + 1];
    uint32_t salt;            /* random; goes into each block's checksum */
    struct offset_pair first; /* where transactions begin */
};

void offset_map_head_encode(struct buf *buf, const struct offset_map_head *head);

/*
 * Takes a head from the beginning of a map's bytes. E_PROTO: there is none, or it is damaged;
 * E_STATE: of another version of the format.
 */
MUST_CHECK bool offset_map_head_decode(struct cursor *cur, struct offset_map_head *ret_head,
                                       struct err *err);

/*
 * Appends a block of as many pairs as one takes, which follow `from` and each other: in the view
 * each is further on. Returns how many; 0 only for none.
 */
size_t offset_map_block_encode(struct buf *buf, uint32_t salt, struct offset_pair from,
                               const struct offset_pair *pairs, size_t count);

/*
 * Takes the block that follows `from`; its pairs are in `ret_entries`. False, with nothing taken,
 * when the next bytes are no whole block of this map at this place.
 */
MUST_CHECK bool offset_map_block_decode(struct cursor *cur, uint32_t salt, struct offset_pair from,
                                        struct cursor *ret_entries);

/* Moves *at to the next pair; false at the block's end. */
bool offset_map_entry(struct cursor *entries, struct offset_pair *at);
