/* INSERT, DELETE and WITH of MySQL, for MariaDB. */
#include "translation/sql_to_mariadb.h"

/* ---- INSERT ---- */

/* Behind AS alias: its columns become VALUES(column). */
static void replace_alias(struct sql_walk *walk, const char *alias)
{
    char name[SQL_TABLE_NAME_SIZE];

    while (!sql_walk_at_end(walk)) {
        struct sql_token token = walk->token;
        struct sql_token dot;
        bool is_part = sql_token_is_sign(&walk->last, ".");

        sql_walk_step(walk);
        dot = walk->token;
        if (is_part || !sql_token_is_sign(&dot, ".") ||
            strcmp(sql_walk_value(walk, &token, name, sizeof name), alias) != 0)
            continue;
        sql_walk_step(walk);
        sql_edits_replace(walk->edits, token.text, "VALUES(");
        sql_edits_put(walk->edits, dot.text, span_of(NULL, 0));
        sql_edits_replace(walk->edits, sql_behind(&walk->token), ")");
        sql_walk_step(walk);
    }
}

/* AS alias ON DUPLICATE KEY UPDATE column = alias.column */
static void take_alias(struct sql_walk *walk)
{
    struct sql_token first = walk->token;
    char alias[SQL_TABLE_NAME_SIZE];

    sql_walk_step(walk);
    (void)sql_walk_value(walk, &walk->token, alias, sizeof alias);
    sql_walk_step(walk);
    if (sql_walk_is_sign(walk, "(")) {
        sql_walk_refuse(walk,
                        "the row alias %s with names of columns: MariaDB has none; use the alias "
                        "alone, or VALUES(), at the source, or binlog_format = ROW",
                        alias);
        return;
    }
    sql_edits_remove(walk->edits, first.text, walk->last.text);
    replace_alias(walk, alias);
}

/* INSERT and REPLACE: INTO t [(columns)] {VALUES ... | SET ... | query} [AS alias] [ON DUPLICATE
 * ..] */
void sql_insert(struct sql_walk *walk)
{
    bool has_rows = false;

    while (!sql_walk_at_end(walk)) {
        if (sql_walk_is(walk, "VALUES") || sql_walk_is(walk, "VALUE") || sql_walk_is(walk, "SET")) {
            has_rows = true;
        } else if (sql_walk_is(walk, "SELECT") || sql_walk_is(walk, "WITH")) {
            return;
        } else if (sql_walk_is(walk, "TABLE") && !has_rows) {
            sql_edits_replace(walk->edits, walk->token.text, "SELECT * FROM");
            return;
        } else if (sql_walk_is(walk, "AS") && has_rows) {
            take_alias(walk);
            return;
        }
        if (sql_walk_is_sign(walk, "("))
            sql_walk_pass_parens(walk);
        else
            sql_walk_step(walk);
    }
}

/* ---- DELETE ---- */

static bool is_clause(const struct sql_walk *walk)
{
    static const char *const words[] = {
        "WHERE", "ORDER", "LIMIT", "USING", "PARTITION", "JOIN",          "INNER",
        "LEFT",  "RIGHT", "CROSS", "SET",   "NATURAL",   "STRAIGHT_JOIN", "RETURNING"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (sql_walk_is(walk, words[i]))
            return true;
    return !sql_walk_is_name(walk);
}

/* DELETE FROM t AS a WHERE ...: MariaDB has had this alias since 11.6 only. */
void sql_delete(struct sql_walk *walk)
{
    struct sql_token from;
    struct sql_token name;
    struct sql_token alias;

    while (sql_walk_take(walk, "LOW_PRIORITY") || sql_walk_take(walk, "QUICK") ||
           sql_walk_take(walk, "IGNORE"))
        ;
    from = walk->token;
    if (!sql_walk_take(walk, "FROM") || !sql_walk_take_name(walk, &name))
        return;
    if (!sql_walk_take(walk, "AS") && is_clause(walk))
        return;
    alias = walk->token;
    for (; !sql_walk_at_end(walk); sql_walk_step(walk)) {
        sql_walk_pass_parens(walk);
        if (sql_walk_is(walk, "ORDER") || sql_walk_is(walk, "LIMIT")) {
            sql_walk_refuse(walk, "an alias in DELETE with ORDER BY or LIMIT: MariaDB 10.11 has "
                                  "none; leave the alias away at the source, or use "
                                  "binlog_format = ROW");
            return;
        }
        if (sql_walk_is(walk, "USING"))
            return;
    }
    sql_edits_replace(walk->edits, sql_before(&from), "%.*s ", (int)alias.text.len,
                      (const char *)alias.text.data);
}

/* ---- WITH ---- */

void sql_with(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk)) {
        if (sql_walk_is(walk, "UPDATE") || sql_walk_is(walk, "DELETE")) {
            sql_walk_refuse(walk, "WITH before UPDATE or DELETE: MariaDB 10.11 has none; use a "
                                  "subquery at the source, or binlog_format = ROW");
            return;
        }
        if (sql_walk_is_sign(walk, "("))
            sql_walk_pass_parens(walk);
        else
            sql_walk_step(walk);
    }
}
