/*
 * CREATE TABLE of MariaDB in MySQL's words: its definitions, options and partitions.
 */
#include "translation/sql_to_mysql.h"

#include <strings.h>

#define NAME_SIZE 64

/* ---- What several statements have ---- */

bool sql_mysql_is_any(const struct sql_walk *walk, const char *const words[])
{
    for (; *words; words++)
        if (sql_walk_is(walk, *words))
            return true;
    return false;
}

void sql_mysql_refuse_if(struct sql_walk *walk, const char *what)
{
    static const char *const exists[] = {"IF", "EXISTS", NULL};
    static const char *const not_exists[] = {"IF", "NOT", "EXISTS", NULL};
    bool negated = sql_walk_are(walk, not_exists);

    if (negated || sql_walk_are(walk, exists))
        sql_walk_refuse(walk,
                        "%s IF %sEXISTS: MySQL has no such words there, and the log does not tell "
                        "whether there was something to do; write it without them at the source",
                        what, negated ? "NOT " : "");
}

/* Where a name comes, wait and nowait may be names. */
static bool is_name_next(const struct sql_walk *walk)
{
    static const char *const words[] = {"TABLE", "TABLES", "EXISTS", "TRUNCATE", "TO", NULL};

    for (size_t i = 0; words[i]; i++)
        if (sql_token_is(&walk->last, words[i]))
            return true;
    return sql_token_is_sign(&walk->last, ",") || sql_token_is_sign(&walk->last, ".");
}

void sql_mysql_take_wait(struct sql_walk *walk)
{
    struct sql_token first = walk->token;

    if (is_name_next(walk))
        return;
    if (sql_walk_is(walk, "WAIT") && sql_walk_ahead(walk, 1).kind == SQL_TOKEN_NUMBER)
        sql_walk_step(walk);
    else if (!sql_walk_is(walk, "NOWAIT"))
        return;
    sql_walk_step(walk);
    sql_edits_remove(walk->edits, first.text, walk->last.text);
}

/* ---- Options ---- */

/* What MySQL lacks, and what changes nothing in what a table holds. */
static const char *const removed_options[] = {
    "PAGE_CHECKSUM",          "TRANSACTIONAL", "PAGE_COMPRESSED",
    "PAGE_COMPRESSION_LEVEL", "ENCRYPTED",     "TABLE_CHECKSUM",
    "ENCRYPTION_KEY_ID",      "IETF_QUOTES",   NULL};

/* Those that MySQL has. Aria's tables become InnoDB's. */
static void take_engine(struct sql_walk *walk)
{
    static const char *const engines[] = {"InnoDB",  "MyISAM",    "MEMORY", "HEAP",       "CSV",
                                          "ARCHIVE", "BLACKHOLE", "MERGE",  "MRG_MyISAM", NULL};
    char name[NAME_SIZE];

    (void)sql_walk_take_sign(walk, "=");
    (void)sql_walk_value(walk, &walk->token, name, sizeof name);
    if (strcasecmp(name, "Aria") == 0) {
        sql_edits_replace(walk->edits, walk->token.text, "InnoDB");
        sql_walk_step(walk);
        return;
    }
    for (size_t i = 0; engines[i]; i++) {
        if (strcasecmp(name, engines[i]) == 0) {
            sql_walk_step(walk);
            return;
        }
    }
    sql_walk_refuse(walk,
                    "ENGINE=%s: MySQL has none of that name; use one that both have, such as "
                    "InnoDB",
                    name);
}

static void remove_option(struct sql_walk *walk, const struct sql_token *first)
{
    if (sql_walk_take_sign(walk, "="))
        sql_walk_step(walk);
    else if (walk->token.kind == SQL_TOKEN_NUMBER || walk->token.kind == SQL_TOKEN_STRING)
        sql_walk_step(walk);
    if (sql_walk_is_sign(walk, ",") && !sql_token_is_sign(first, ","))
        sql_walk_step(walk);
    sql_edits_remove(walk->edits, first->text, walk->last.text);
}

/* PAGE is Aria's own format. */
static void take_row_format(struct sql_walk *walk, const struct sql_token *first)
{
    struct sql_token value = walk->token;

    if (sql_walk_is_sign(walk, "="))
        value = sql_walk_ahead(walk, 1);
    if (sql_token_is(&value, "PAGE")) {
        (void)sql_walk_take_sign(walk, "=");
        sql_walk_step(walk);
        sql_edits_remove(walk->edits, first->text, walk->last.text);
        return;
    }
    (void)sql_walk_take_sign(walk, "=");
    sql_walk_step(walk);
}

bool sql_mysql_take_option(struct sql_walk *walk)
{
    static const char *const versioning[] = {"SYSTEM", "VERSIONING", NULL};
    struct sql_token first = walk->token;
    struct sql_token next = sql_walk_ahead(walk, 1);

    if (sql_mysql_is_any(walk, removed_options)) {
        sql_walk_step(walk);
        remove_option(walk, &first);
        return true;
    }
    if (sql_walk_take(walk, "ENGINE")) {
        take_engine(walk);
        return true;
    }
    if (sql_walk_take(walk, "ROW_FORMAT")) {
        take_row_format(walk, &first);
        return true;
    }
    if (sql_walk_are(walk, versioning))
        sql_walk_refuse(walk,
                        "SYSTEM VERSIONING: MySQL has no tables that keep their history; make "
                        "the table without it");
    else if (sql_walk_is(walk, "SEQUENCE") && sql_token_is_sign(&next, "="))
        sql_walk_refuse(walk,
                        "SEQUENCE: MySQL has none; use a table with an AUTO_INCREMENT column");
    return false;
}

void sql_mysql_partitions(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk)) {
        if (sql_walk_take(walk, "SYSTEM_TIME")) {
            sql_walk_refuse(walk, "PARTITION BY SYSTEM_TIME: MySQL has no tables that keep their "
                                  "history; make the table without it");
        } else if (sql_walk_take(walk, "PARTITION")) {
            if (sql_walk_is(walk, "BY"))
                continue;
            sql_walk_step(walk);
            if (sql_walk_is(walk, "DEFAULT"))
                sql_walk_refuse(walk, "PARTITION ... DEFAULT: MySQL has no partition for all other "
                                      "values; list them at the source");
        } else if (!sql_mysql_take_option(walk)) {
            sql_walk_step(walk);
        }
    }
}

/* ---- Definitions ---- */

bool sql_mysql_take_ignored(struct sql_walk *walk)
{
    static const char *const not_ignored[] = {"NOT", "IGNORED", NULL};
    struct sql_token first = walk->token;
    bool visible = sql_walk_are(walk, not_ignored);

    if (!visible && !sql_walk_is(walk, "IGNORED"))
        return false;
    if (visible)
        sql_walk_step(walk);
    sql_walk_step(walk);
    sql_edits_remove(walk->edits, first.text, walk->last.text);
    if (walk->origin->to != DIALECT_MYSQL_5)
        sql_edits_replace(walk->edits, sql_before(&first), visible ? "VISIBLE" : "INVISIBLE");
    return true;
}

/* An index or a constraint: what its name is, what it is of, its options. */
static void take_key(struct sql_walk *walk)
{
    static const char *const words[] = {"CONSTRAINT", "PRIMARY", "UNIQUE", "FULLTEXT", "SPATIAL",
                                        "FOREIGN",    "KEY",     "INDEX",  "CHECK",    NULL};
    bool has_columns = false;

    while (sql_mysql_is_any(walk, words)) {
        sql_walk_step(walk);
        sql_mysql_refuse_if(walk, "INDEX or CONSTRAINT");
        if (sql_token_is(&walk->last, "CHECK"))
            break;
        if (sql_token_is(&walk->last, "CONSTRAINT") && !sql_mysql_is_any(walk, words))
            sql_walk_step(walk);
    }
    while (!sql_walk_at_end(walk) && !sql_walk_is_sign(walk, ",") && !sql_walk_is_sign(walk, ")")) {
        if (sql_walk_is_sign(walk, "(")) {
            sql_walk_pass_parens(walk);
            has_columns = true;
        } else if (!has_columns || !sql_mysql_take_ignored(walk)) {
            sql_walk_step(walk); /* before them it is a name */
        }
    }
}

void sql_mysql_element(struct sql_walk *walk, bool in_alter)
{
    static const char *const period[] = {"PERIOD", "FOR", NULL};
    static const char *const vector_index[] = {"VECTOR", "INDEX", NULL};
    static const char *const vector_key[] = {"VECTOR", "KEY", NULL};
    static const char *const keys[] = {"CONSTRAINT", "PRIMARY", "UNIQUE", "FULLTEXT", "SPATIAL",
                                       "FOREIGN",    "KEY",     "INDEX",  "CHECK",    NULL};

    if (sql_walk_are(walk, period))
        sql_walk_refuse(walk, "PERIOD FOR: MySQL has no periods; make the table without it");
    else if (sql_walk_are(walk, vector_index) || sql_walk_are(walk, vector_key))
        sql_walk_refuse(walk, "VECTOR INDEX: MySQL has none; make the table without it");
    else if (sql_mysql_is_any(walk, keys))
        take_key(walk);
    else
        sql_mysql_column(walk, in_alter);
}

/* ---- CREATE TABLE ---- */

/* The walk is at an option's name: its value, in `text`. */
static const char *option_value(const struct sql_walk *walk, char text[NAME_SIZE])
{
    struct sql_token value = sql_walk_ahead(walk, 1);

    if (sql_token_is_sign(&value, "="))
        value = sql_walk_ahead(walk, 2);
    return sql_walk_value(walk, &value, text, NAME_SIZE);
}

/* Whether this option makes the format another one than InnoDB's default. */
static bool sets_format(const struct sql_walk *walk)
{
    char value[NAME_SIZE];

    if (sql_walk_is(walk, "ROW_FORMAT"))
        return strcasecmp(option_value(walk, value), "PAGE") != 0;
    return sql_walk_is(walk, "ENGINE") && strcasecmp(option_value(walk, value), "InnoDB") != 0 &&
           strcasecmp(value, "Aria") != 0;
}

/* Behind the definitions. InnoDB's row format at MariaDB is DYNAMIC, with indexes as long. */
static void take_options(struct sql_walk *walk)
{
    static const char *const query[] = {"AS", "SELECT", "IGNORE", "REPLACE", NULL};
    struct sql_token behind = walk->last;
    bool has_format = false;

    while (!sql_walk_at_end(walk) && !sql_mysql_is_any(walk, query) &&
           !sql_walk_is(walk, "PARTITION")) {
        has_format |= sets_format(walk);
        if (!sql_mysql_take_option(walk))
            sql_walk_step(walk);
    }
    if (walk->origin->to == DIALECT_MYSQL_5 && !has_format)
        sql_edits_replace(walk->edits, sql_behind(&behind), " ROW_FORMAT=DYNAMIC");
    if (sql_walk_is(walk, "PARTITION"))
        sql_mysql_partitions(walk);
}

void sql_mysql_create_table(struct sql_walk *walk)
{
    static const char *const no_columns[] = {"LIKE", "SELECT", "WITH", "TABLE", "VALUES", NULL};
    struct sql_token name;

    if (sql_walk_take(walk, "IF")) {
        (void)sql_walk_take(walk, "NOT");
        (void)sql_walk_take(walk, "EXISTS");
    }
    (void)sql_walk_take_name(walk, &name);
    if (sql_walk_is(walk, "LIKE"))
        return;
    if (sql_walk_is_sign(walk, "(")) {
        sql_walk_step(walk);
        if (sql_mysql_is_any(walk, no_columns))
            return;
        do
            sql_mysql_element(walk, false);
        while (sql_walk_take_sign(walk, ","));
        (void)sql_walk_take_sign(walk, ")");
    }
    take_options(walk);
}
