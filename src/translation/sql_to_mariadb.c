/* Statements of MySQL for MariaDB. */
#include "translation/sql_to_mariadb.h"

#include "translation/sql_collation.h"
#include "translation/sql_routine.h"
#include "translation/sql_rules.h"
#include "translation/sql_to_mariadb_account.h"

static bool each_word(struct sql_walk *walk)
{
    return sql_collation_word(walk) || sql_query_word(walk);
}

/* ---- What MariaDB has no objects for, and what changes no data ---- */

static void drop(struct sql_walk *walk)
{
    walk->dropped = true;
}

/* ANALYZE TABLE t {UPDATE|DROP} HISTOGRAM ON columns */
static void analyze(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk)) {
        walk->dropped |= sql_walk_is(walk, "HISTOGRAM");
        sql_walk_step(walk);
    }
}

static void flush(struct sql_walk *walk)
{
    while (sql_walk_take(walk, "LOCAL") || sql_walk_take(walk, "NO_WRITE_TO_BINLOG"))
        ;
    walk->dropped = sql_walk_is(walk, "OPTIMIZER_COSTS");
}

/* ---- Routines ---- */

static struct span through(const struct sql_token *first, const struct sql_token *last)
{
    return span_of(first->text.data, (size_t)(last->text.data - first->text.data) + last->text.len);
}

/* As of columns: MariaDB 10.11 has no vectors. */
static void take_routine_type(struct sql_walk *walk)
{
    struct sql_token type = walk->token;

    if (sql_walk_take(walk, "VECTOR")) {
        sql_walk_pass_parens(walk);
        sql_edits_replace(walk->edits, through(&type, &walk->last), "LONGBLOB");
    } else if (sql_walk_take(walk, "GEOMCOLLECTION")) {
        sql_edits_replace(walk->edits, type.text, "GEOMETRYCOLLECTION");
    }
}

static void trigger_or_event(struct sql_walk *walk)
{
    sql_routine_types(walk, take_routine_type);
}

/* LANGUAGE stands among the characteristics, before the body. */
static void routine(struct sql_walk *walk)
{
    struct sql_walk types = *walk;

    sql_routine_types(&types, take_routine_type);
    while (!sql_walk_at_end(walk) && !sql_walk_is(walk, "BEGIN") && !sql_walk_is(walk, "RETURN")) {
        if (sql_walk_is_sign(walk, "(")) {
            sql_walk_pass_parens(walk);
            continue;
        }
        if (sql_token_is(&walk->last, "LANGUAGE") && !sql_walk_is(walk, "SQL"))
            sql_walk_refuse(walk,
                            "LANGUAGE %.*s: MariaDB's routines are in SQL; write it in SQL, or "
                            "skip the statement at the replica",
                            (int)walk->token.text.len, (const char *)walk->token.text.data);
        sql_walk_step(walk);
    }
}

static const struct sql_rule statements[] = {
    {"INSERT", NULL, sql_insert},
    {"REPLACE", NULL, sql_insert},
    {"DELETE", NULL, sql_delete},
    {"WITH", NULL, sql_with},
    {"CREATE", "TABLE", sql_create_table},
    {"ALTER", "TABLE", sql_alter_table},
    {"CREATE", "INDEX", sql_create_index},
    {"DROP", "INDEX", sql_drop_index},
    {"CREATE", "DATABASE", sql_database},
    {"CREATE", "SCHEMA", sql_database},
    {"ALTER", "DATABASE", sql_database},
    {"ALTER", "SCHEMA", sql_database},
    {"CREATE", "PROCEDURE", routine},
    {"CREATE", "FUNCTION", routine},
    {"CREATE", "TRIGGER", trigger_or_event},
    {"CREATE", "EVENT", trigger_or_event},
    {"CREATE", "TABLESPACE", drop},
    {"ALTER", "TABLESPACE", drop},
    {"DROP", "TABLESPACE", drop},
    {"CREATE", "LOGFILE", drop},
    {"ALTER", "LOGFILE", drop},
    {"DROP", "LOGFILE", drop},
    {"CREATE", "RESOURCE", drop},
    {"ALTER", "RESOURCE", drop},
    {"DROP", "RESOURCE", drop},
    {"CREATE", "REFERENCE", drop},
    {"DROP", "REFERENCE", drop},
    {"CREATE", "LIBRARY", drop},
    {"ALTER", "LIBRARY", drop},
    {"DROP", "LIBRARY", drop},
    {"ALTER", "INSTANCE", drop},
    {"INSTALL", NULL, drop},
    {"UNINSTALL", NULL, drop},
    {"ANALYZE", NULL, analyze},
    {"FLUSH", NULL, flush},
    {"CREATE", "USER", sql_mariadb_account},
    {"ALTER", "USER", sql_mariadb_account},
    {"CREATE", "ROLE", sql_mariadb_role},
    {"DROP", "ROLE", sql_mariadb_role},
    {"GRANT", NULL, sql_mariadb_grant},
    {"REVOKE", NULL, sql_mariadb_grant},
    {"SET", NULL, sql_mariadb_set},
    {NULL, NULL, NULL},
};

const struct sql_rules sql_rules_to_mariadb = {each_word, statements};
