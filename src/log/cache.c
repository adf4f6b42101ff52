#include "log/cache.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "binlog/event.h"

#include <pthread.h>

#define BLOCK_MAX      ((size_t)1 << 20)
#define BLOCK_MIN      ((size_t)64 << 10)
#define BLOCKS_AT_ONCE 16 /* a small cache has so many blocks, of less than BLOCK_MAX */

struct log_cache_block {
    uint64_t ordinal;
    uint64_t from;
    uint64_t to;
    unsigned borrowed;
    bool in_ring; /* otherwise whoever gives it back last frees it */
    uint8_t data[];
};

struct log_cache {
    size_t block_size;
    size_t capacity; /* blocks of the ring */
    struct {
        pthread_mutex_t lock;
        struct log_cache_block **ring; /* oldest at `head`; sorted by ordinal and offset */
        size_t head;
        size_t count;
        size_t borrowed; /* blocks */
        size_t blocks;   /* in memory */
        uint64_t read_requests;
        uint64_t reads;
    } shared;
};

struct log_cache *log_cache_new(uint64_t bytes)
{
    struct log_cache *cache = mem_alloc(sizeof *cache);

    if (bytes < LOG_CACHE_MIN)
        bytes = LOG_CACHE_MIN;
    if (bytes > LOG_CACHE_MAX)
        bytes = LOG_CACHE_MAX;
    cache->block_size = BLOCK_MAX;
    while (cache->block_size > BLOCK_MIN && bytes / cache->block_size < BLOCKS_AT_ONCE)
        cache->block_size /= 2;
    cache->capacity = (size_t)(bytes / cache->block_size);
    cache->shared.ring = mem_alloc(cache->capacity * sizeof(struct log_cache_block *));
    (void)pthread_mutex_init(&cache->shared.lock, NULL);
    return cache;
}

void log_cache_free(struct log_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < cache->shared.count; i++)
        mem_free(cache->shared.ring[(cache->shared.head + i) % cache->capacity]);
    mem_free(cache->shared.ring);
    (void)pthread_mutex_destroy(&cache->shared.lock);
    mem_free(cache);
}

static struct log_cache_block *block_at(const struct log_cache *cache, size_t i)
{
    return cache->shared.ring[(cache->shared.head + i) % cache->capacity];
}

/* A block for new bytes at the ring's end: a new one, or its oldest one when that is free. */
static struct log_cache_block *add_block_locked(struct log_cache *cache)
{
    struct log_cache_block *block = NULL;

    if (cache->shared.count == cache->capacity) {
        block = block_at(cache, 0);
        cache->shared.head = (cache->shared.head + 1) % cache->capacity;
        cache->shared.count--;
        if (block->borrowed > 0) {
            block->in_ring = false;
            block = NULL;
        }
    }
    if (!block) {
        block = mem_alloc(sizeof *block + cache->block_size);
        cache->shared.blocks++;
    }
    block->in_ring = true;
    cache->shared.ring[(cache->shared.head + cache->shared.count++) % cache->capacity] = block;
    return block;
}

/* The block that bytes at `offset` go to, and how many more it can take. */
static struct log_cache_block *block_for(struct log_cache *cache, uint64_t ordinal, uint64_t offset,
                                         size_t event, size_t *ret_room)
{
    struct log_cache_block *block = NULL;

    (void)pthread_mutex_lock(&cache->shared.lock);
    if (cache->shared.count > 0)
        block = block_at(cache, cache->shared.count - 1);
    if (!block || block->ordinal != ordinal || block->to != offset ||
        cache->block_size - (block->to - block->from) < event) {
        block = add_block_locked(cache);
        block->ordinal = ordinal;
        block->from = offset;
        block->to = offset;
    }
    *ret_room = cache->block_size - (size_t)(block->to - block->from);
    (void)pthread_mutex_unlock(&cache->shared.lock);
    return block;
}

static size_t event_length(struct span events)
{
    struct cursor cur = cursor_of(events);

    cursor_skip(&cur, EVENT_LENGTH_AT);
    return cursor_u32(&cur);
}

/* How many bytes of whole events fit into `room`. */
static size_t fitting(struct span events, size_t room)
{
    struct cursor cur = cursor_of(events);

    while (cursor_left(&cur) > 0 && events.len - cursor_left(&cur) + event_length(cur.rest) <= room)
        cursor_skip(&cur, event_length(cur.rest));
    return events.len - cursor_left(&cur);
}

void log_cache_put(struct log_cache *cache, uint64_t ordinal, uint64_t offset, struct span events)
{
    struct cursor cur = cursor_of(events);

    while (cursor_left(&cur) > 0) {
        size_t first = event_length(cur.rest);
        struct log_cache_block *block;
        struct span piece;
        size_t room;

        if (first > cache->block_size) {
            cursor_skip(&cur, first);
            offset += first;
            continue;
        }
        block = block_for(cache, ordinal, offset, first, &room);
        piece = cursor_bytes(&cur, fitting(cur.rest, room));
        /* Nobody looks behind `to`, and only this thread moves it. */
        memcpy(block->data + (block->to - block->from), piece.data, piece.len);
        offset += piece.len;
        (void)pthread_mutex_lock(&cache->shared.lock);
        block->to = offset;
        (void)pthread_mutex_unlock(&cache->shared.lock);
    }
}

static struct log_cache_block *find_locked(const struct log_cache *cache, uint64_t ordinal,
                                           uint64_t offset)
{
    size_t low = 0;
    size_t high = cache->shared.count;
    struct log_cache_block *block;

    /* The last block that begins at the offset or before it. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        block = block_at(cache, middle);
        if (block->ordinal < ordinal || (block->ordinal == ordinal && block->from <= offset))
            low = middle + 1;
        else
            high = middle;
    }
    block = low > 0 ? block_at(cache, low - 1) : NULL;
    return block && block->ordinal == ordinal && offset < block->to ? block : NULL;
}

bool log_cache_get(struct log_cache *cache, uint64_t ordinal, uint64_t offset, uint64_t limit,
                   struct buf *copy, struct log_cache_block **ret_block, struct span *ret_events)
{
    struct log_cache_block *block;
    bool copied = false;
    struct span events;

    (void)pthread_mutex_lock(&cache->shared.lock);
    cache->shared.read_requests++;
    block = find_locked(cache, ordinal, offset);
    if (block) {
        cache->shared.reads++;
        events = span_of(block->data + (offset - block->from),
                         (size_t)((block->to < limit ? block->to : limit) - offset));
        copied = block->borrowed == 0 && cache->shared.borrowed >= cache->capacity / 4;
        cache->shared.borrowed += block->borrowed++ == 0;
    }
    (void)pthread_mutex_unlock(&cache->shared.lock);
    if (!block)
        return false;
    if (copied) {
        buf_clear(copy);
        buf_bytes(copy, events);
        events = buf_span(copy);
        log_cache_release(cache, block);
        block = NULL;
    }
    *ret_block = block;
    *ret_events = events;
    return true;
}

void log_cache_release(struct log_cache *cache, struct log_cache_block *block)
{
    bool last = false;

    if (!block)
        return;
    (void)pthread_mutex_lock(&cache->shared.lock);
    if (--block->borrowed == 0) {
        cache->shared.borrowed--;
        last = !block->in_ring;
        cache->shared.blocks -= last;
    }
    (void)pthread_mutex_unlock(&cache->shared.lock);
    if (last)
        mem_free(block);
}

void log_cache_counters(struct log_cache *cache, struct log_cache_counters *ret_counters)
{
    (void)pthread_mutex_lock(&cache->shared.lock);
    *ret_counters = (struct log_cache_counters){
        .read_requests = cache->shared.read_requests,
        .reads = cache->shared.reads,
        .allocated = cache->shared.blocks * (sizeof(struct log_cache_block) + cache->block_size),
    };
    (void)pthread_mutex_unlock(&cache->shared.lock);
}
