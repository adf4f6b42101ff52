/*
 * struct writeset_history: which transaction changed something last: hashes of what was changed,
 * each with the number of that transaction.
 *
 * It remembers `size` hashes at most. When it is cleared, what it then lacks counts as changed by
 * the transaction `floor`, so that nothing is forgotten, only made coarser (as MySQL's
 * binlog_transaction_dependency_history_size does it). Memory grows with what is in it, to 32 bytes
 * for each of `size`. Pure; owned by one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writeset_history;

struct writeset_history *writeset_history_new(size_t size);
void writeset_history_free(struct writeset_history *history); /* NULL is fine */

void writeset_history_clear(struct writeset_history *history, int64_t floor);

int64_t writeset_history_floor(const struct writeset_history *history);

/* The last that changed it; false, and nothing given, when it is not in there. */
bool writeset_history_find(const struct writeset_history *history, uint64_t hash,
                           int64_t *ret_number);

/* How many more hashes it takes. */
size_t writeset_history_room(const struct writeset_history *history);

/* There must be room, if the hash is new. */
void writeset_history_put(struct writeset_history *history, uint64_t hash, int64_t number);
