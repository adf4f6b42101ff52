/*
 * struct log_cache: the newest bytes of a log in memory, shared by all of its readers.
 *
 * A ring of blocks, each with whole events of one file, so that what a reader gets is in one piece;
 * an event larger than a block is not cached. The writer puts what it has written; the ring's
 * oldest block makes room. A reader borrows a block while it uses it: the writer then leaves that
 * memory alone and takes new, and as no more than a quarter of the ring may be borrowed (others
 * are given a copy), the cache never has more than 5/4 of its size.
 *
 * What is put is not synced yet: the reader says up to where it may see. One thread puts, any
 * thread gets; the lock is held for a search among the blocks, never while bytes are copied.
 */
#pragma once

#include "base/span.h"
#include "log/mirror.h"

#define LOG_CACHE_MIN (UINT64_C(1) << 20)
#define LOG_CACHE_MAX (UINT64_C(1) << 40)

struct log_cache;
struct log_cache_block;

/* Its memory is taken as it fills. `bytes` is clamped to the bounds. */
struct log_cache *log_cache_new(uint64_t bytes);
void log_cache_free(struct log_cache *cache); /* nothing is borrowed any more; NULL is fine */

/* Whole events that stand at `offset` of the file with that ordinal. */
void log_cache_put(struct log_cache *cache, uint64_t ordinal, uint64_t offset, struct span events);

/*
 * Whole events from `offset` on, up to `limit` at most, which is where an event ends. False when
 * they are not there. *ret_block is to be given back; it is NULL when the bytes were copied into
 * `copy` instead (replaced).
 */
bool log_cache_get(struct log_cache *cache, uint64_t ordinal, uint64_t offset, uint64_t limit,
                   struct buf *copy, struct log_cache_block **ret_block, struct span *ret_events);
void log_cache_release(struct log_cache *cache, struct log_cache_block *block); /* NULL is fine */

/* Every log_cache_get() is a request. */
void log_cache_counters(struct log_cache *cache, struct log_cache_counters *ret_counters);
