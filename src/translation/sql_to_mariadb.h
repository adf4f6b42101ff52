/*
 * The parts of MySQL's statements that have rules of their own for MariaDB: what a table is made
 * of, queries. Rules of a walk (sql_rules.h).
 */
#pragma once

#include "translation/sql_list.h"

#define SQL_TABLE_NAME_SIZE 280 /* 64 characters of four bytes, some of them doubled */

/* Where a column or a key is defined. */
struct sql_table {
    struct sql_walk *walk;
    char name[SQL_TABLE_NAME_SIZE]; /* as it stands between backticks */
    unsigned checks;                /* without a name so far; their names are numbered */
    bool is_new;                    /* CREATE TABLE: names of constraints are known */
    bool goes;                      /* what ALTER TABLE adds there goes, with its ADD */
    bool in_alter;                  /* right in ALTER TABLE: what is added needs ADD before it */
};

/*
 * A column, from its name on, or a key or constraint, up to the comma or parenthesis behind it.
 * False: the element is to go.
 */
bool sql_table_element(struct sql_table *table);
void sql_table_column(struct sql_table *table);
bool sql_table_is_key(const struct sql_walk *walk);

void sql_create_table(struct sql_walk *walk);
void sql_alter_table(struct sql_walk *walk);
void sql_database(struct sql_walk *walk);
void sql_create_index(struct sql_walk *walk);
void sql_drop_index(struct sql_walk *walk);

/* Each word of a query, as sql_rules.each_word. */
bool sql_query_word(struct sql_walk *walk);

void sql_insert(struct sql_walk *walk);
void sql_delete(struct sql_walk *walk);
void sql_with(struct sql_walk *walk);
