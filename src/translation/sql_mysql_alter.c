/*
 * ALTER TABLE of MariaDB in MySQL's words, part by part.
 */
#include "translation/sql_to_mysql.h"

static bool is_mysql_5(const struct sql_walk *walk)
{
    return walk->origin->to == DIALECT_MYSQL_5;
}

/* To the end of the part, where IF [NOT] EXISTS may stand anywhere. */
static void pass_part(struct sql_walk *walk, const char *what)
{
    while (!sql_walk_at_end(walk) && !sql_walk_is_sign(walk, ",") && !sql_walk_is_sign(walk, ")")) {
        sql_mysql_refuse_if(walk, what);
        if (sql_walk_is_sign(walk, "("))
            sql_walk_pass_parens(walk);
        else
            sql_walk_step(walk);
    }
}

static bool is_versioning(const struct sql_walk *walk)
{
    static const char *const words[] = {"SYSTEM", "VERSIONING", NULL};

    return sql_walk_are(walk, words);
}

static void refuse_versioning(struct sql_walk *walk)
{
    sql_walk_refuse(walk,
                    "SYSTEM VERSIONING: MySQL has no tables that keep their history; make the "
                    "table without it");
}

static void take_column(struct sql_walk *walk, const char *what, bool renamed)
{
    struct sql_token name;

    (void)sql_walk_take(walk, "COLUMN");
    sql_mysql_refuse_if(walk, what);
    if (renamed)
        (void)sql_walk_take_name(walk, &name);
    sql_mysql_column(walk, true);
}

static void alter_add(struct sql_walk *walk)
{
    (void)sql_walk_take(walk, "COLUMN");
    sql_mysql_refuse_if(walk, "ADD");
    if (is_versioning(walk)) {
        refuse_versioning(walk);
    } else if (sql_walk_take(walk, "PARTITION")) {
        sql_mysql_refuse_if(walk, "ADD PARTITION");
        sql_mysql_partitions(walk);
    } else if (sql_walk_take_sign(walk, "(")) {
        do
            sql_mysql_element(walk, true);
        while (sql_walk_take_sign(walk, ","));
        (void)sql_walk_take_sign(walk, ")");
    } else {
        sql_mysql_element(walk, true);
    }
}

static void alter_drop(struct sql_walk *walk)
{
    static const char *const period[] = {"PERIOD", "FOR", NULL};

    if (is_versioning(walk) || sql_walk_are(walk, period))
        refuse_versioning(walk);
    if (sql_walk_is(walk, "CONSTRAINT") && is_mysql_5(walk))
        sql_walk_refuse(walk, "DROP CONSTRAINT: MySQL 5.6 and 5.7 have no such words; write DROP "
                              "FOREIGN KEY or DROP INDEX at the source");
    pass_part(walk, "DROP");
}

/*
 * Which indexes are looked at: MySQL 5.6 and 5.7 look at all. A statement that does nothing else
 * does nothing there.
 */
static void alter_index(struct sql_walk *walk)
{
    struct sql_token name;

    sql_walk_step(walk);
    sql_mysql_refuse_if(walk, "ALTER INDEX");
    (void)sql_walk_take_name(walk, &name);
    if (is_mysql_5(walk))
        sql_walk_refuse(walk,
                        "ALTER INDEX ... IGNORED: MySQL 5.6 and 5.7 have no such indexes; skip "
                        "the transaction at the replica");
    (void)sql_mysql_take_ignored(walk);
    pass_part(walk, "ALTER INDEX");
}

static void alter_alter(struct sql_walk *walk)
{
    struct sql_token name;

    if (sql_walk_is(walk, "INDEX") || sql_walk_is(walk, "KEY")) {
        alter_index(walk);
        return;
    }
    (void)sql_walk_take(walk, "COLUMN");
    sql_mysql_refuse_if(walk, "ALTER COLUMN");
    (void)sql_walk_take_name(walk, &name);
    if (sql_walk_take(walk, "SET"))
        sql_mysql_set_default(walk);
    pass_part(walk, "ALTER COLUMN");
}

static void alter_rename(struct sql_walk *walk)
{
    static const char *const parts[] = {"COLUMN", "INDEX", "KEY", NULL};

    if (sql_mysql_is_any(walk, parts) && is_mysql_5(walk))
        sql_walk_refuse(walk,
                        "RENAME %.*s: MySQL 5.6 has no such words; write CHANGE, or DROP and "
                        "ADD, at the source",
                        (int)walk->token.text.len, (const char *)walk->token.text.data);
    pass_part(walk, "RENAME");
}

/* How it is done is the replica's: what the one can do in place the other may have to copy. */
static bool take_algorithm(struct sql_walk *walk)
{
    static const char *const words[] = {"ALGORITHM", "LOCK", NULL};

    if (!sql_mysql_is_any(walk, words))
        return false;
    sql_walk_step(walk);
    (void)sql_walk_take_sign(walk, "=");
    if (!sql_walk_is(walk, "DEFAULT") && !sql_walk_is(walk, "COPY"))
        sql_edits_replace(walk->edits, walk->token.text, "DEFAULT");
    sql_walk_step(walk);
    return true;
}

static void alter_part(struct sql_walk *walk)
{
    static const char *const to[] = {"CONVERT", "TO", NULL};

    if (sql_walk_take(walk, "ADD"))
        alter_add(walk);
    else if (sql_walk_take(walk, "MODIFY"))
        take_column(walk, "MODIFY", false);
    else if (sql_walk_take(walk, "CHANGE"))
        take_column(walk, "CHANGE", true);
    else if (sql_walk_take(walk, "ALTER"))
        alter_alter(walk);
    else if (sql_walk_take(walk, "DROP"))
        alter_drop(walk);
    else if (sql_walk_take(walk, "RENAME"))
        alter_rename(walk);
    else if (sql_walk_is(walk, "CONVERT") && !sql_walk_are(walk, to))
        sql_walk_refuse(walk, "CONVERT PARTITION and CONVERT TABLE: MySQL has no such words; write "
                              "EXCHANGE PARTITION at the source");
    else if (sql_walk_is(walk, "PARTITION") || sql_walk_is(walk, "REORGANIZE"))
        sql_mysql_partitions(walk);
    else if (!take_algorithm(walk) && !sql_mysql_take_option(walk))
        sql_walk_step(walk);
}

void sql_mysql_alter_table(struct sql_walk *walk)
{
    struct sql_token name;

    sql_mysql_refuse_if(walk, "ALTER TABLE");
    (void)sql_walk_take_name(walk, &name);
    sql_mysql_take_wait(walk);
    while (!sql_walk_at_end(walk))
        alter_part(walk);
}

void sql_mysql_index(struct sql_walk *walk)
{
    struct sql_token name;

    sql_mysql_refuse_if(walk, sql_walk_is_head(walk, "DROP", NULL) ? "DROP INDEX" : "CREATE INDEX");
    (void)sql_walk_take_name(walk, &name);
    while (!sql_walk_at_end(walk) && !sql_walk_is(walk, "ON"))
        sql_walk_step(walk);
    (void)sql_walk_take(walk, "ON");
    (void)sql_walk_take_name(walk, &name);
    while (!sql_walk_at_end(walk)) {
        sql_mysql_take_wait(walk);
        if (sql_walk_is_sign(walk, "("))
            sql_walk_pass_parens(walk);
        else if (!sql_mysql_take_ignored(walk) && !take_algorithm(walk))
            sql_walk_step(walk);
    }
}
