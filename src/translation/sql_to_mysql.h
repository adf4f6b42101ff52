/*
 * The rules by which MariaDB's statements become MySQL's, as far as several files share them; the
 * directions' table is sql_rules_to_mysql in sql_rules.h.
 *
 * What only MariaDB has is written in MySQL's words where these say the same, and refused where
 * they do not; doc/compatibility.md, "Statements, MariaDB to MySQL", is the list. Functions take
 * the walk behind what they read, and do nothing with one that has failed. No state, any thread.
 */
#pragma once

#include "translation/sql_walk.h"

/* CREATE TABLE and ALTER TABLE, behind TABLE. */
void sql_mysql_create_table(struct sql_walk *walk);
void sql_mysql_alter_table(struct sql_walk *walk);

/* CREATE INDEX and DROP INDEX, behind INDEX. */
void sql_mysql_index(struct sql_walk *walk);

/* Accounts, roles and rights, behind the head; SET PASSWORD and SET DEFAULT ROLE. */
void sql_mysql_account(struct sql_walk *walk);
void sql_mysql_role(struct sql_walk *walk);
void sql_mysql_grant(struct sql_walk *walk);
void sql_mysql_set_account(struct sql_walk *walk);

/* A column's definition, from its name to the end of the part; of ALTER TABLE with FIRST, AFTER. */
void sql_mysql_column(struct sql_walk *walk, bool in_alter);

/* Of ALTER COLUMN name SET DEFAULT, from DEFAULT on. */
void sql_mysql_set_default(struct sql_walk *walk);

/* An index, constraint or period, or else a column: up to "," or ")". */
void sql_mysql_element(struct sql_walk *walk, bool in_alter);

/* Takes ENGINE = x and the like if one comes, and says whether it did. */
bool sql_mysql_take_option(struct sql_walk *walk);

/* PARTITION BY and all behind it. */
void sql_mysql_partitions(struct sql_walk *walk);

/* IGNORED of an index, if it comes: INVISIBLE. */
bool sql_mysql_take_ignored(struct sql_walk *walk);

/* IF EXISTS, IF NOT EXISTS where MySQL has none: refused, if it comes. */
void sql_mysql_refuse_if(struct sql_walk *walk, const char *what);

/* WAIT n and NOWAIT go, if one comes. */
void sql_mysql_take_wait(struct sql_walk *walk);

/* Whether one of the words comes; the list ends with NULL. */
bool sql_mysql_is_any(const struct sql_walk *walk, const char *const words[]);
