#include "check.h"

#include "base/buf.h"
#include "binlog/event.h"
#include "log/cache.h"

/* 1 MiB is the least: 16 blocks of 64 KiB. */
#define BLOCK  65536
#define BLOCKS 16

static struct buf events;
static struct buf copy;
static struct log_cache *cache;

static int make(void **state)
{
    (void)state;
    cache = log_cache_new(0);
    buf_init(&events, 8 << 20);
    buf_init(&copy, 8 << 20);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    log_cache_free(cache);
    buf_done(&events);
    buf_done(&copy);
    return 0;
}

/* `n` events of `length` bytes, each with a number of its own in its header. */
static struct span make_events(size_t n, uint32_t length, uint32_t number)
{
    buf_clear(&events);
    for (size_t i = 0; i < n; i++) {
        struct event_header header = {.length = length, .timestamp = number++};

        event_header_encode(&events, &header);
        (void)buf_reserve(&events, length - EVENT_HEADER_SIZE);
    }
    return buf_span(&events);
}

static bool get(uint64_t ordinal, uint64_t offset, uint64_t limit, struct log_cache_block **block,
                struct span *ret)
{
    return log_cache_get(cache, ordinal, offset, limit, &copy, block, ret);
}

static void test_gives_what_was_put(void **state)
{
    struct span put = make_events(10, 100, 0);
    struct log_cache_block *block;
    struct log_cache_counters counters;
    struct span got;

    (void)state;
    log_cache_put(cache, 1, 4, put);
    assert_true(get(1, 4, 1004, &block, &got));
    assert_true(span_eq(got, put));
    log_cache_release(cache, block);
    assert_true(get(1, 304, 504, &block, &got));
    assert_int_equal(got.len, 200);
    assert_memory_equal(got.data, put.data + 300, 200);
    log_cache_release(cache, block);
    assert_false(get(1, 1004, 2000, &block, &got));
    assert_false(get(2, 4, 1004, &block, &got));
    log_cache_counters(cache, &counters);
    assert_int_equal(counters.read_requests, 4);
    assert_int_equal(counters.reads, 2);
    assert_in_range(counters.allocated, BLOCK, BLOCK + 100);
}

static void test_the_oldest_makes_room(void **state)
{
    struct log_cache_block *block;
    struct log_cache_counters counters;
    struct span got;
    uint64_t offset = 4;

    (void)state;
    for (int i = 0; i < 3 * BLOCKS; i++) {
        log_cache_put(cache, 1, offset, make_events(16, BLOCK / 16, 0));
        offset += BLOCK;
    }
    assert_false(get(1, 4, offset, &block, &got));
    assert_false(get(1, offset - (uint64_t)BLOCK * (BLOCKS + 1), offset, &block, &got));
    assert_true(get(1, offset - (uint64_t)BLOCK * BLOCKS, offset, &block, &got));
    assert_int_equal(got.len, BLOCK);
    log_cache_release(cache, block);
    log_cache_counters(cache, &counters);
    assert_in_range(counters.allocated, BLOCKS * BLOCK, BLOCKS * (BLOCK + 100));
}

static void test_events_are_not_split(void **state)
{
    struct log_cache_block *block;
    struct span got;

    (void)state;
    log_cache_put(cache, 1, 4, make_events(3, 30000, 7));
    assert_true(get(1, 4, 100000, &block, &got));
    assert_int_equal(got.len, 60000);
    log_cache_release(cache, block);
    assert_true(get(1, 60004, 100000, &block, &got));
    assert_int_equal(got.len, 30000);
    log_cache_release(cache, block);
    /* One that is larger than a block is left to the file; what follows is not. */
    buf_clear(&events);
    log_cache_put(cache, 1, 90004, make_events(1, BLOCK + 1, 0));
    log_cache_put(cache, 1, 90004 + BLOCK + 1, make_events(1, 100, 0));
    assert_false(get(1, 90004, 1 << 20, &block, &got));
    assert_true(get(1, 90004 + BLOCK + 1, 1 << 20, &block, &got));
    assert_int_equal(got.len, 100);
    log_cache_release(cache, block);
}

/* Borrowed bytes stay as they are, and only a quarter of the cache is lent. */
static void test_borrowed_blocks_stay(void **state)
{
    struct log_cache_block *blocks[BLOCKS];
    struct span got[BLOCKS];
    struct log_cache_counters counters;
    uint64_t offset = 4;
    size_t borrowed = 0;

    (void)state;
    for (uint32_t i = 0; i < BLOCKS; i++, offset += BLOCK)
        log_cache_put(cache, 1, offset, make_events(1, BLOCK, i));
    for (size_t i = 0; i < BLOCKS; i++) {
        assert_true(get(1, 4 + i * BLOCK, offset, &blocks[i], &got[i]));
        borrowed += blocks[i] != NULL;
    }
    assert_int_equal(borrowed, BLOCKS / 4);
    assert_true(blocks[0] && !blocks[BLOCKS - 1]);
    for (uint32_t i = 0; i < 2 * BLOCKS; i++, offset += BLOCK)
        log_cache_put(cache, 1, offset, make_events(1, BLOCK, 1000));
    for (uint32_t i = 0; i < BLOCKS / 4; i++)
        assert_int_equal(got[i].data[0], i);
    log_cache_counters(cache, &counters);
    assert_in_range(counters.allocated, BLOCKS * BLOCK, BLOCKS * 5 / 4 * (BLOCK + 100));
    for (size_t i = 0; i < BLOCKS; i++)
        log_cache_release(cache, blocks[i]);
    log_cache_counters(cache, &counters);
    assert_in_range(counters.allocated, BLOCKS * BLOCK, BLOCKS * (BLOCK + 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gives_what_was_put, make, drop),
        cmocka_unit_test_setup_teardown(test_the_oldest_makes_room, make, drop),
        cmocka_unit_test_setup_teardown(test_events_are_not_split, make, drop),
        cmocka_unit_test_setup_teardown(test_borrowed_blocks_stay, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
