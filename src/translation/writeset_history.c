#include "translation/writeset_history.h"

#include "base/mem.h"

#include <string.h>

#define SLOTS_MIN 64

struct slot {
    uint64_t hash;
    int64_t number; /* 0: free */
};

struct writeset_history {
    size_t size;
    size_t count;
    int64_t floor;
    struct slot *slots; /* by hash; the next free one on collision */
    size_t slot_count;  /* a power of two, at least twice what is in it */
};

struct writeset_history *writeset_history_new(size_t size)
{
    struct writeset_history *history = mem_alloc(sizeof *history);

    history->size = size;
    history->slot_count = SLOTS_MIN;
    history->slots = mem_alloc(SLOTS_MIN * sizeof *history->slots);
    return history;
}

void writeset_history_free(struct writeset_history *history)
{
    if (!history)
        return;
    mem_free(history->slots);
    mem_free(history);
}

void writeset_history_clear(struct writeset_history *history, int64_t floor)
{
    if (history->count > 0)
        memset(history->slots, 0, history->slot_count * sizeof *history->slots);
    history->count = 0;
    history->floor = floor;
}

int64_t writeset_history_floor(const struct writeset_history *history)
{
    return history->floor;
}

static struct slot *find_slot(const struct writeset_history *history, uint64_t hash)
{
    size_t mask = history->slot_count - 1;
    size_t at = (size_t)hash & mask;

    while (history->slots[at].number != 0 && history->slots[at].hash != hash)
        at = (at + 1) & mask;
    return &history->slots[at];
}

bool writeset_history_find(const struct writeset_history *history, uint64_t hash,
                           int64_t *ret_number)
{
    const struct slot *slot = find_slot(history, hash);

    if (slot->number == 0)
        return false;
    *ret_number = slot->number;
    return true;
}

size_t writeset_history_room(const struct writeset_history *history)
{
    return history->size - history->count;
}

static void grow(struct writeset_history *history)
{
    struct slot *old = history->slots;
    size_t old_count = history->slot_count;

    history->slot_count = 2 * old_count;
    history->slots = mem_alloc(history->slot_count * sizeof *history->slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].number != 0)
            *find_slot(history, old[i].hash) = old[i];
    }
    mem_free(old);
}

void writeset_history_put(struct writeset_history *history, uint64_t hash, int64_t number)
{
    struct slot *slot = find_slot(history, hash);

    if (slot->number == 0) {
        if (2 * (history->count + 1) > history->slot_count) {
            grow(history);
            slot = find_slot(history, hash);
        }
        history->count++;
    }
    *slot = (struct slot){.hash = hash, .number = number};
}
