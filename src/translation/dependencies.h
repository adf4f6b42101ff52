/*
 * struct dependencies: for which of the transactions before it a transaction has to wait, by the
 * rows that both change.
 *
 * Two transactions are independent when, in each table that both change, no value of a unique key
 * that one of them takes or gives up is one that the other takes or gives up. For values see
 * row_keys.h. Where that can not be told of a table's rows (no unique key, values that can not be
 * told apart, images without the columns), whoever changes it so and whoever else changes the table
 * depend on each other. Where it can not be told at all, a transaction waits for all before it and
 * all after it wait for it: one of statements, of tables in foreign keys or that no catalogue
 * has, one of more keys than are remembered.
 *
 * Transactions are numbered from 1 in each file of the source. A replica that applies each one as
 * soon as those up to its number are committed ends as one that applies them one by one, given the
 * source's unique keys, as far as they are there: without keys of its own beside them, without
 * triggers on rows (MariaDB's slave_run_triggers_for_rbr). Pure; owned by one thread; memory is
 * bounded by the history's size. See doc/relay.md.
 */
#pragma once

#include "binlog/rows.h"
#include "translation/key_catalog.h"

#define DEPENDENCIES_SIZE_MAX 1000000 /* as MySQL's binlog_transaction_dependency_history_size */

struct dependencies;

/* `size`: keys of rows that are remembered, of all transactions; 1 to DEPENDENCIES_SIZE_MAX. */
struct dependencies *dependencies_new(unsigned size);
void dependencies_free(struct dependencies *dependencies); /* NULL is fine */

/* A file begins. */
void dependencies_start(struct dependencies *dependencies);

/* A transaction begins; takes over the reference to the catalogue, NULL: none is known. */
void dependencies_begin(struct dependencies *dependencies, struct key_catalog *catalog);

/* It can not be told what the open transaction changes. */
void dependencies_bar(struct dependencies *dependencies);

/* It changes rows. */
void dependencies_rows(struct dependencies *dependencies, const struct rows *rows,
                       const struct table_map *map);

/*
 * It has ended, or no more will be known of it: gives the last transaction that it has to wait for,
 * less than its own number, which is one more than that of the one before. At least 1, but for the
 * first: MySQL takes 0 for "all before it".
 */
int64_t dependencies_end(struct dependencies *dependencies, int64_t number);
