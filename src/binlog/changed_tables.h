/*
 * struct changed_tables: what a statement of a binlog changes, by its first words: which database,
 * which tables, none, or what can not be told from them. No full parser: only forms whose tables
 * stand at a place that is known are told, all others are CHANGES_UNKNOWN.
 *
 * Holds copies of the names, with quotes taken off; changed_tables_done() frees them. Owned by one
 * thread. Source: MySQL reference manual, "SQL Statements"; MariaDB knowledge base, the same.
 */
#pragma once

#include "binlog/replicate_rules.h"
#include "binlog/sql_token.h"

#define CHANGED_TABLES_MAX 64 /* of one statement; of more it can not be told */

enum changes {
    CHANGES_TRANSACTION, /* BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE */
    CHANGES_XA,          /* XA START, END, PREPARE, COMMIT, ROLLBACK */
    CHANGES_DATABASE,    /* CREATE, ALTER or DROP of `database` */
    CHANGES_TABLES,
    CHANGES_NO_TABLE, /* accounts, routines and the like */
    CHANGES_UNKNOWN,
};

struct changed_tables {
    enum changes changes;
    struct span database;
    struct replicate_table tables[CHANGED_TABLES_MAX];
    size_t count;
    struct buf names; /* what the spans point to */
};

void changed_tables_init(struct changed_tables *changed);
void changed_tables_done(struct changed_tables *changed);

/*
 * Reads a statement; tables without a database are of `database`, which is borrowed. The struct is
 * used again for the next one. A statement that is not well-formed is CHANGES_UNKNOWN.
 */
void changed_tables_read(struct changed_tables *changed, struct sql_tokens statement,
                         struct span database);
