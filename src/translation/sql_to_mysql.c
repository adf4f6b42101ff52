/* Statements of MariaDB for MySQL. */
#include "translation/sql_to_mysql.h"

#include "translation/sql_collation.h"
#include "translation/sql_routine.h"
#include "translation/sql_rules.h"

#include <strings.h>

#define SQL_MODE_ORACLE                  ((uint64_t)1 << 9)
#define SQL_MODE_EMPTY_STRING_IS_NULL    ((uint64_t)1 << 32)
#define SQL_MODE_SIMULTANEOUS_ASSIGNMENT ((uint64_t)1 << 33)

static bool is_mysql_5(const struct sql_walk *walk)
{
    return walk->origin->to == DIALECT_MYSQL_5;
}

/* ---- Each word ---- */

static bool is_first(const struct sql_walk *walk)
{
    return walk->last.kind == SQL_TOKEN_END;
}

/* sql_walk_are(), for words that seldom come: it is asked for each word of a statement. */
static bool comes(const struct sql_walk *walk, const char *const words[])
{
    return sql_walk_is(walk, words[0]) && sql_walk_are(walk, words);
}

/* Modes in which MariaDB reads a statement in a way that MySQL has none for. */
static void check_modes(struct sql_walk *walk)
{
    static const char *const simple[] = {"DROP",     "TRUNCATE",  "RENAME", "BEGIN", "COMMIT",
                                         "ROLLBACK", "SAVEPOINT", "XA",     NULL};
    uint64_t mode = walk->session->sql_mode;

    if (mode & SQL_MODE_ORACLE && !sql_mysql_is_any(walk, simple))
        sql_walk_refuse(walk, "sql_mode=ORACLE: MySQL does not read statements in this way; run it "
                              "without this mode at the source");
    else if (mode & SQL_MODE_SIMULTANEOUS_ASSIGNMENT && sql_walk_is(walk, "UPDATE"))
        sql_walk_refuse(walk, "sql_mode=SIMULTANEOUS_ASSIGNMENT: MySQL sets columns one after the "
                              "other; use binlog_format=ROW at the source");
}

/* CREATE OR REPLACE of all but views is two statements, and a GTID can have only one. */
static void check_or_replace(struct sql_walk *walk)
{
    static const char *const or_replace[] = {"CREATE", "OR", "REPLACE", NULL};
    static const char *const of_view[] = {"VIEW", "ALGORITHM", "SQL", NULL};
    bool first = is_first(walk);
    struct sql_token what;

    if (!comes(walk, or_replace))
        return;
    what = sql_walk_ahead(walk, 3);
    for (size_t i = 0; of_view[i]; i++)
        if (sql_token_is(&what, of_view[i]))
            return;
    if (sql_token_is(&what, "DEFINER") && (!first || sql_token_is(&walk->object, "VIEW")))
        return;
    if (first)
        what = walk->object;
    sql_walk_refuse(walk,
                    "CREATE OR REPLACE %.*s: MySQL has it for views alone, and DROP and CREATE "
                    "can not have one GTID; write them as two statements at the source",
                    (int)what.text.len, (const char *)what.text.data);
}

static void refuse_sequence(struct sql_walk *walk)
{
    sql_walk_refuse(walk, "SEQUENCE: MySQL has none; use an AUTO_INCREMENT column at the source");
}

static void check_sequence_functions(struct sql_walk *walk)
{
    static const char *const functions[] = {"NEXTVAL", "LASTVAL", "SETVAL", NULL};
    static const char *const next[] = {"NEXT", "VALUE", "FOR", NULL};
    static const char *const previous[] = {"PREVIOUS", "VALUE", "FOR", NULL};
    struct sql_token behind;

    if (sql_mysql_is_any(walk, functions)) {
        behind = sql_walk_ahead(walk, 1);
        if (sql_token_is_sign(&behind, "("))
            refuse_sequence(walk);
    } else if (comes(walk, next) || comes(walk, previous)) {
        refuse_sequence(walk);
    }
}

/* What only MariaDB has words for, wherever they stand. */
static void check_words(struct sql_walk *walk)
{
    static const struct {
        const char *words[4];
        const char *why;
    } refused[] = {
        {{"FOR", "PORTION", "OF"},
         "FOR PORTION OF: MySQL has no periods; use binlog_format=ROW at the source"},
        {{"EXECUTE", "IMMEDIATE"},
         "EXECUTE IMMEDIATE: MySQL has no such words; write PREPARE and EXECUTE at the source"},
        {{"ROW", "TYPE", "OF"},
         "ROW TYPE OF: MySQL has no such variables; declare one for each column"},
        {{"TYPE", "OF"}, "TYPE OF: MySQL has no such variables; name their type at the source"},
        {{"AGGREGATE", "FUNCTION"},
         "AGGREGATE FUNCTION: MySQL has no stored ones; write a query in its place"},
        {{"WITHOUT", "OVERLAPS"},
         "WITHOUT OVERLAPS: MySQL has no periods; make the index without it"},
        {{"VECTOR", "INDEX"}, "VECTOR INDEX: MySQL has none; make the table without it"},
        {{"PACKAGE", "BODY"}, "PACKAGE: MySQL has none; write its routines one by one"},
    };

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (comes(walk, refused[i].words)) {
            sql_walk_refuse(walk, "%s", refused[i].why);
            return;
        }
    }
}

static bool is_routine(const struct sql_walk *walk)
{
    static const char *const objects[] = {"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"};

    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
        if (sql_walk_is_head(walk, "CREATE", objects[i]))
            return true;
    return false;
}

/* Whether TEMPORARY stands between the two. */
static bool is_temporary(const struct sql_walk *walk)
{
    struct cursor cur = cursor_of(
        span_of(walk->verb.text.data, (size_t)(walk->object.text.data - walk->verb.text.data)));
    size_t length = strlen("TEMPORARY");

    for (; cursor_left(&cur) >= length; cursor_skip(&cur, 1)) {
        if (strncasecmp((const char *)cur.rest.data, "TEMPORARY", length) == 0)
            return true;
    }
    return false;
}

/* With GTIDs MySQL 5.6 refuses (1786) to run it: it would be two transactions in its log. */
static void check_table_of_query(struct sql_walk *walk)
{
    if (is_mysql_5(walk) && sql_walk_is(walk, "SELECT") &&
        sql_walk_is_head(walk, "CREATE", "TABLE") && !is_temporary(walk))
        sql_walk_refuse(walk, "CREATE TABLE ... SELECT: MySQL 5.6 can not create a table and fill "
                              "it in one transaction: write CREATE TABLE and INSERT ... SELECT at "
                              "the source");
}

/* FOR i IN 1..3 DO */
static void check_loop(struct sql_walk *walk)
{
    struct sql_token in;

    if (!sql_walk_is(walk, "FOR") || !is_routine(walk))
        return;
    in = sql_walk_ahead(walk, 2);
    if (sql_token_is(&in, "IN"))
        sql_walk_refuse(walk, "FOR ... IN: MySQL has no such loop; write WHILE at the source");
}

/* What a statement returns to its client means nothing to a replica. */
static void take_returning(struct sql_walk *walk)
{
    static const char *const verbs[] = {"INSERT", "REPLACE", "DELETE"};
    struct sql_token first = walk->token;

    if (!sql_walk_is(walk, "RETURNING") || walk->depth > 0)
        return;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (sql_walk_is_head(walk, verbs[i], NULL) || sql_walk_is_head(walk, "SET", NULL)) {
            while (!sql_walk_at_end(walk))
                sql_walk_step(walk);
            sql_edits_remove(walk->edits, first.text, walk->last.text);
            return;
        }
    }
}

static void check_empty_string(struct sql_walk *walk)
{
    if (walk->session->sql_mode & SQL_MODE_EMPTY_STRING_IS_NULL &&
        walk->token.kind == SQL_TOKEN_STRING && walk->token.text.len == 2)
        sql_walk_refuse(walk,
                        "sql_mode=EMPTY_STRING_IS_NULL: '' is no NULL in MySQL; write NULL at "
                        "the source");
}

/* ALTER ONLINE TABLE, ALTER IGNORE TABLE */
static void take_alter_word(struct sql_walk *walk)
{
    struct sql_token first = walk->token;

    if (!sql_walk_is_head(walk, "ALTER", "TABLE") || !sql_token_is(&walk->last, "ALTER"))
        return;
    if (sql_walk_take(walk, "ONLINE"))
        sql_edits_remove(walk->edits, first.text, first.text);
    else if (sql_walk_is(walk, "IGNORE") && !is_mysql_5(walk))
        sql_walk_refuse(walk,
                        "ALTER IGNORE TABLE: MySQL has it no more; remove the double rows, and "
                        "write it without IGNORE at the source");
}

static bool each_word(struct sql_walk *walk)
{
    const uint8_t *before = walk->token.text.data;

    if (is_first(walk))
        check_modes(walk);
    check_empty_string(walk);
    if (walk->token.kind != SQL_TOKEN_WORD)
        return false;
    if (sql_collation_word(walk))
        return true;
    check_or_replace(walk);
    check_sequence_functions(walk);
    check_words(walk);
    check_loop(walk);
    check_table_of_query(walk);
    take_returning(walk);
    take_alter_word(walk);
    return walk->token.text.data != before;
}

/* ---- Statements ---- */

/* MariaDB's JSON is text; of the others a routine has text, too, which MySQL would not convert. */
static void take_routine_type(struct sql_walk *walk)
{
    static const char *const own[] = {"UUID", "INET6", "INET4", "VECTOR", NULL};
    struct sql_token type = walk->token;

    if (sql_walk_take(walk, "JSON"))
        sql_edits_replace(walk->edits, type.text,
                          "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    else if (sql_mysql_is_any(walk, own))
        sql_walk_refuse(walk,
                        "type %.*s of a parameter or variable: MySQL has none like it; write "
                        "a CHAR or VARBINARY of that size at the source",
                        (int)type.text.len, (const char *)type.text.data);
}

/* IF NOT EXISTS is in MySQL since 8.0.29. */
static void create_routine(struct sql_walk *walk)
{
    if (is_mysql_5(walk))
        sql_mysql_refuse_if(walk, "CREATE");
    sql_routine_types(walk, take_routine_type);
}

static void create_event(struct sql_walk *walk)
{
    sql_routine_types(walk, take_routine_type);
}

static void create_view(struct sql_walk *walk)
{
    sql_mysql_refuse_if(walk, "CREATE VIEW");
}

static void rename_table(struct sql_walk *walk)
{
    sql_mysql_refuse_if(walk, "RENAME TABLE");
    while (!sql_walk_at_end(walk)) {
        sql_mysql_take_wait(walk);
        sql_walk_step(walk);
    }
}

/* DROP and TRUNCATE: only WAIT is MariaDB's. */
static void take_waits(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk)) {
        sql_mysql_take_wait(walk);
        sql_walk_step(walk);
    }
}

/* PERSISTENT FOR: which statistics are kept. */
static void analyze(struct sql_walk *walk)
{
    static const char *const persistent[] = {"PERSISTENT", "FOR", NULL};

    while (!sql_walk_at_end(walk) && !sql_walk_are(walk, persistent))
        sql_walk_step(walk);
    if (!sql_walk_at_end(walk)) {
        struct sql_token first = walk->token;

        while (!sql_walk_at_end(walk))
            sql_walk_step(walk);
        sql_edits_remove(walk->edits, first.text, walk->last.text);
    }
}

/* What only MariaDB keeps means nothing to MySQL. */
static void flush(struct sql_walk *walk)
{
    static const char *const own[] = {"QUERY",
                                      "CLIENT_STATISTICS",
                                      "INDEX_STATISTICS",
                                      "TABLE_STATISTICS",
                                      "USER_STATISTICS",
                                      "USER_VARIABLES",
                                      "THREAD_STATISTICS",
                                      "DES_KEY_FILE",
                                      "SSL",
                                      "GLOBAL",
                                      "SESSION",
                                      "HOSTS",
                                      NULL};

    while (sql_walk_take(walk, "LOCAL") || sql_walk_take(walk, "NO_WRITE_TO_BINLOG"))
        ;
    walk->dropped = sql_mysql_is_any(walk, own);
}

/* A database's comment: MySQL has none. */
static void database(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk)) {
        struct sql_token first = walk->token;
        struct sql_token value = sql_walk_ahead(walk, 1);
        bool comment = sql_walk_is(walk, "COMMENT") &&
                       (value.kind == SQL_TOKEN_STRING || sql_token_is_sign(&value, "="));

        sql_walk_step(walk);
        if (!comment)
            continue;
        (void)sql_walk_take_sign(walk, "=");
        sql_walk_step(walk);
        sql_edits_remove(walk->edits, first.text, walk->last.text);
    }
}

static void refuse_package(struct sql_walk *walk)
{
    sql_walk_refuse(walk, "PACKAGE: MySQL has none; write its routines one by one");
}

static void set_statement(struct sql_walk *walk);

static const struct sql_rule statements[] = {
    {"CREATE", "TABLE", sql_mysql_create_table},
    {"ALTER", "TABLE", sql_mysql_alter_table},
    {"DROP", "TABLE", take_waits},
    {"RENAME", "TABLE", rename_table},
    {"RENAME", "TABLES", rename_table},
    {"TRUNCATE", NULL, take_waits},
    {"ANALYZE", NULL, analyze},
    {"OPTIMIZE", NULL, take_waits},
    {"FLUSH", NULL, flush},
    {"CREATE", "INDEX", sql_mysql_index},
    {"DROP", "INDEX", sql_mysql_index},
    {"CREATE", "VIEW", create_view},
    {"CREATE", "PROCEDURE", create_routine},
    {"CREATE", "FUNCTION", create_routine},
    {"CREATE", "TRIGGER", create_routine},
    {"CREATE", "EVENT", create_event},
    {"CREATE", "DATABASE", database},
    {"CREATE", "SCHEMA", database},
    {"ALTER", "DATABASE", database},
    {"ALTER", "SCHEMA", database},
    {"CREATE", "SEQUENCE", refuse_sequence},
    {"ALTER", "SEQUENCE", refuse_sequence},
    {"DROP", "SEQUENCE", refuse_sequence},
    {"CREATE", "PACKAGE", refuse_package},
    {"DROP", "PACKAGE", refuse_package},
    {"CREATE", "USER", sql_mysql_account},
    {"ALTER", "USER", sql_mysql_account},
    {"CREATE", "ROLE", sql_mysql_role},
    {"DROP", "ROLE", sql_mysql_role},
    {"GRANT", NULL, sql_mysql_grant},
    {"REVOKE", NULL, sql_mysql_grant},
    {"SET", NULL, set_statement},
    {NULL, NULL, NULL},
};

static void apply(struct sql_walk *walk)
{
    for (const struct sql_rule *rule = statements; rule->verb; rule++) {
        if (sql_walk_is_head(walk, rule->verb, rule->object)) {
            rule->apply(walk);
            return;
        }
    }
}

/*
 * SET STATEMENT a = 1 FOR ...: what is set is in the event, or is about how the source worked, or
 * else it can change what the statement does.
 */
static void set_statement(struct sql_walk *walk)
{
    static const char *const known[] = {"sql_mode",
                                        "character_set_client",
                                        "collation_connection",
                                        "collation_server",
                                        "foreign_key_checks",
                                        "unique_checks",
                                        "time_zone",
                                        "timestamp",
                                        "max_statement_time",
                                        "lock_wait_timeout",
                                        "innodb_lock_wait_timeout",
                                        "sort_buffer_size",
                                        "join_buffer_size",
                                        "tmp_table_size",
                                        "max_heap_table_size",
                                        "optimizer_switch",
                                        "insert_id",
                                        "auto_increment_increment",
                                        "auto_increment_offset",
                                        "binlog_format",
                                        "binlog_row_image",
                                        NULL};
    struct sql_token first = walk->last;

    if (sql_walk_is(walk, "PASSWORD") || sql_walk_is(walk, "DEFAULT")) {
        sql_mysql_set_account(walk);
        return;
    }
    if (!sql_walk_take(walk, "STATEMENT"))
        return;
    do {
        if (!sql_mysql_is_any(walk, known)) {
            sql_walk_refuse(walk,
                            "SET STATEMENT %.*s: MySQL has no such words, and without them the "
                            "statement could do something else; use SET SESSION at the source",
                            (int)walk->token.text.len, (const char *)walk->token.text.data);
            return;
        }
        while (!sql_walk_at_end(walk) && !sql_walk_is_sign(walk, ",") && !sql_walk_is(walk, "FOR"))
            sql_walk_step(walk);
    } while (sql_walk_take_sign(walk, ","));
    if (!sql_walk_take(walk, "FOR"))
        return;
    sql_edits_remove(walk->edits, first.text, walk->last.text);
    walk->object = (struct sql_token){.kind = SQL_TOKEN_END};
    sql_walk_head(walk);
    if (sql_account_goes_on(walk))
        apply(walk);
}

const struct sql_rules sql_rules_to_mysql = {each_word, statements};
