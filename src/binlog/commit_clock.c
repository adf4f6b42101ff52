#include "binlog/commit_clock.h"

#include "base/mem.h"

struct commit_clock {
    int64_t count;                     /* the last new sequence number */
    int64_t before;                    /* that of the file before this one */
    int64_t was[COMMIT_CLOCK_HISTORY]; /* old sequence number of new one n at [n % size] */
};

struct commit_clock *commit_clock_new(void)
{
    return mem_alloc(sizeof(struct commit_clock));
}

void commit_clock_free(struct commit_clock *clock)
{
    mem_free(clock);
}

void commit_clock_begin_file(struct commit_clock *clock)
{
    clock->before = clock->count;
}

static int64_t was(const struct commit_clock *clock, int64_t sequence)
{
    return clock->was[sequence % COMMIT_CLOCK_HISTORY];
}

/* The last new sequence number whose old one is `old` or less; all that was forgotten counts. */
static int64_t find(const struct commit_clock *clock, int64_t old)
{
    int64_t low = clock->before;
    int64_t high = clock->count;

    if (low < clock->count - COMMIT_CLOCK_HISTORY)
        low = clock->count - COMMIT_CLOCK_HISTORY;
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;

        if (was(clock, middle) <= old)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

void commit_clock_renumber(struct commit_clock *clock, int64_t *last_committed, int64_t *sequence)
{
    int64_t old = *sequence;
    bool in_order = clock->count == clock->before || old > was(clock, clock->count);

    if (old <= 0)
        return;
    /* Numbers that do not grow tell nothing: then it waits for all before it. */
    *last_committed = in_order ? find(clock, *last_committed) : clock->count;
    *sequence = ++clock->count;
    clock->was[clock->count % COMMIT_CLOCK_HISTORY] = old;
}
