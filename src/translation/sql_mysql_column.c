/*
 * Columns of MariaDB's tables in MySQL's words: types, defaults, and what goes with a column.
 */
#include "translation/sql_collation.h"
#include "translation/sql_to_mysql.h"

#include <stdlib.h>
#include <strings.h>

#define VECTOR_NUMBER_SIZE 4 /* bytes */

enum kind {
    KIND_PLAIN,
    KIND_MOMENT, /* DATETIME, TIMESTAMP: the time of now may be its default */
    KIND_LONG,   /* TEXT, BLOB, geometries: only an expression may be its default */
    KIND_OPAQUE, /* bytes of a type that MySQL lacks */
};

struct column {
    struct sql_token name;
    enum kind kind;
    struct sql_token references;     /* a foreign key that stands in the column; END: none */
    struct sql_token references_end; /* its last token */
    struct sql_token check;          /* one that looks at other columns; END: none */
    struct sql_token check_end;
    bool in_alter;
    bool in_list;
};

static bool is_mysql_5(const struct sql_walk *walk)
{
    return walk->origin->to == DIALECT_MYSQL_5;
}

/* ---- Types ---- */

/* What MariaDB has and MySQL lacks, and what holds the bytes that row events have for it. */
static const struct {
    const char *type;
    const char *instead;
    enum kind kind;
} other_types[] = {
    {"JSON", "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", KIND_LONG},
    {"UUID", "BINARY(16)", KIND_OPAQUE},
    {"INET6", "BINARY(16)", KIND_OPAQUE},
    {"INET4", "BINARY(4)", KIND_OPAQUE},
};

static const char *const long_types[] = {"TINYBLOB",
                                         "BLOB",
                                         "MEDIUMBLOB",
                                         "LONGBLOB",
                                         "LONG",
                                         "TINYTEXT",
                                         "TEXT",
                                         "MEDIUMTEXT",
                                         "LONGTEXT",
                                         "GEOMETRY",
                                         "POINT",
                                         "LINESTRING",
                                         "POLYGON",
                                         "MULTIPOINT",
                                         "MULTILINESTRING",
                                         "MULTIPOLYGON",
                                         "GEOMETRYCOLLECTION",
                                         NULL};
static const char *const moment_types[] = {"DATETIME", "TIMESTAMP", NULL};
static const char *const plain_types[] = {
    "BIT",       "BOOL",    "BOOLEAN",      "TINYINT",  "SMALLINT",  "MEDIUMINT",
    "MIDDLEINT", "INT",     "INTEGER",      "BIGINT",   "INT1",      "INT2",
    "INT3",      "INT4",    "INT8",         "DECIMAL",  "DEC",       "NUMERIC",
    "FIXED",     "FLOAT",   "FLOAT4",       "FLOAT8",   "DOUBLE",    "REAL",
    "DATE",      "TIME",    "YEAR",         "CHAR",     "CHARACTER", "NCHAR",
    "NATIONAL",  "VARCHAR", "VARCHARACTER", "NVARCHAR", "BINARY",    "VARBINARY",
    "ENUM",      "SET",     "SERIAL",       NULL};

/* VECTOR(n): n numbers, one behind the other. */
static bool take_vector(struct sql_walk *walk)
{
    struct sql_token type = walk->token;
    struct sql_token size = sql_walk_ahead(walk, 2);
    char digits[16];
    unsigned long numbers;

    if (!sql_walk_is(walk, "VECTOR") || size.kind != SQL_TOKEN_NUMBER)
        return false;
    numbers = strtoul(sql_walk_value(walk, &size, digits, sizeof digits), NULL, 10);
    sql_walk_step(walk);
    sql_walk_pass_parens(walk);
    sql_edits_remove(walk->edits, type.text, walk->last.text);
    sql_edits_replace(walk->edits, sql_before(&type), "VARBINARY(%lu)",
                      numbers * VECTOR_NUMBER_SIZE);
    return true;
}

/* NATIONAL CHAR and the like are of utf8mb3, of the collation that this means at the source. */
static bool is_national(const struct sql_walk *walk)
{
    static const char *const types[] = {"NATIONAL", "NCHAR", "NVARCHAR", NULL};

    return sql_mysql_is_any(walk, types);
}

static void take_national(struct sql_walk *walk)
{
    static const char *const words[] = {"NATIONAL", "NCHAR",        "NVARCHAR", "CHAR", "CHARACTER",
                                        "VARCHAR",  "VARCHARACTER", "VARYING",  NULL};
    struct sql_walk ahead;

    while (sql_mysql_is_any(walk, words))
        sql_walk_step(walk);
    sql_walk_pass_parens(walk);
    ahead = *walk;
    while (!sql_walk_at_end(&ahead) && !sql_walk_is_sign(&ahead, ",") &&
           !sql_walk_is_sign(&ahead, ")")) {
        if (sql_walk_is(&ahead, "COLLATE"))
            return;
        sql_walk_step(&ahead);
    }
    sql_collation_put_default(walk, sql_behind(&walk->last), "utf8mb3");
}

static enum kind take_type(struct sql_walk *walk)
{
    struct sql_token type = walk->token;
    enum kind kind = KIND_PLAIN;

    for (size_t i = 0; i < sizeof other_types / sizeof other_types[0]; i++) {
        if (sql_walk_take(walk, other_types[i].type)) {
            sql_edits_replace(walk->edits, type.text, "%s", other_types[i].instead);
            return other_types[i].kind;
        }
    }
    if (take_vector(walk))
        return KIND_OPAQUE;
    if (is_national(walk)) {
        take_national(walk);
        return KIND_PLAIN;
    }
    if (sql_mysql_is_any(walk, moment_types))
        kind = KIND_MOMENT;
    else if (sql_mysql_is_any(walk, long_types))
        kind = KIND_LONG;
    else if (!sql_mysql_is_any(walk, plain_types))
        sql_walk_refuse(walk, "type %.*s: MySQL has none of that name; give the column another one",
                        (int)type.text.len, (const char *)type.text.data);
    sql_walk_step(walk);
    sql_walk_pass_parens(walk);
    return kind;
}

/* ---- Defaults ---- */

static bool is_now(const struct sql_walk *walk)
{
    static const char *const words[] = {"NOW", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP",
                                        NULL};

    return sql_mysql_is_any(walk, words);
}

/* A number, a string and so on, if one comes, and whether it did: 1, -1, 'a' 'b', X'1F', TRUE. */
static bool take_constant(struct sql_walk *walk)
{
    static const char *const words[] = {"NULL", "TRUE", "FALSE", NULL};
    struct sql_walk ahead = *walk;

    if (!sql_walk_take_sign(&ahead, "-"))
        (void)sql_walk_take_sign(&ahead, "+");
    if (ahead.token.kind == SQL_TOKEN_WORD && !sql_mysql_is_any(&ahead, words) &&
        sql_walk_ahead(&ahead, 1).kind == SQL_TOKEN_STRING)
        sql_walk_step(&ahead);
    if (ahead.token.kind != SQL_TOKEN_NUMBER && ahead.token.kind != SQL_TOKEN_STRING &&
        !sql_mysql_is_any(&ahead, words))
        return false;
    do
        sql_walk_step(&ahead);
    while (ahead.token.kind == SQL_TOKEN_STRING);
    *walk = ahead;
    return true;
}

/* A function's call, or a word such as CURRENT_DATE. */
static void take_call(struct sql_walk *walk)
{
    struct sql_token name;

    if (!sql_walk_take_name(walk, &name)) {
        sql_walk_refuse(walk, "DEFAULT: a value or an expression was expected; make the change "
                              "without it at the source");
        return;
    }
    sql_walk_pass_parens(walk);
}

static void refuse_expression(struct sql_walk *walk)
{
    sql_walk_refuse(walk,
                    "DEFAULT: MySQL 5.6 and 5.7 have no expressions there; make a constant the "
                    "default, or set it in a trigger");
}

/* (x): of MySQL 5.6 and 5.7 only what needs no brackets, which go. */
static void take_bracketed(struct sql_walk *walk)
{
    struct sql_walk inside = *walk;
    struct sql_token first = walk->token;
    bool simple;

    (void)sql_walk_take_sign(&inside, "(");
    simple = take_constant(&inside);
    if (!simple && is_now(&inside)) {
        take_call(&inside);
        simple = true;
    }
    simple = simple && sql_walk_is_sign(&inside, ")");
    sql_walk_pass_parens(walk);
    if (!is_mysql_5(walk))
        return;
    if (!simple) {
        refuse_expression(walk);
        return;
    }
    sql_edits_remove(walk->edits, first.text, first.text);
    sql_edits_remove(walk->edits, walk->last.text, walk->last.text);
}

static void put_in_brackets(struct sql_walk *walk, const struct sql_token *first)
{
    sql_edits_replace(walk->edits, sql_before(first), "(");
    sql_edits_replace(walk->edits, sql_behind(&walk->last), ")");
}

/* Behind DEFAULT, which is `keyword`. */
static void take_default(struct sql_walk *walk, const struct sql_token *keyword, enum kind kind)
{
    struct sql_token first = walk->token;
    bool null = sql_walk_is(walk, "NULL");
    bool now = is_now(walk) && kind == KIND_MOMENT;

    if (sql_walk_is_sign(walk, "(")) {
        if (kind == KIND_OPAQUE)
            sql_walk_pass_parens(walk);
        else
            take_bracketed(walk);
    } else if (take_constant(walk)) {
        if (kind == KIND_LONG && !null) {
            if (is_mysql_5(walk))
                sql_walk_refuse(walk,
                                "DEFAULT: MySQL 5.6 and 5.7 have none for TEXT, BLOB and JSON "
                                "columns; make the column without it");
            else
                put_in_brackets(walk, &first);
        }
    } else {
        take_call(walk);
        if (!now && kind != KIND_OPAQUE && !walk->failed) {
            if (is_mysql_5(walk))
                refuse_expression(walk);
            else
                put_in_brackets(walk, &first);
        }
    }
    if (kind == KIND_OPAQUE && !null && !walk->failed)
        sql_edits_remove(walk->edits, keyword->text, walk->last.text);
}

void sql_mysql_set_default(struct sql_walk *walk)
{
    struct sql_token keyword = walk->token;

    /* The type is not told: MySQL 8 takes an expression for all of them. */
    if (!sql_walk_take(walk, "DEFAULT"))
        return;
    take_default(walk, &keyword, is_mysql_5(walk) ? KIND_PLAIN : KIND_LONG);
}

/* ---- What goes with a column ---- */

static void refuse_versioning(struct sql_walk *walk)
{
    sql_walk_refuse(walk,
                    "SYSTEM VERSIONING: MySQL has no tables that keep their history; make the "
                    "table without it");
}

static void take_generated(struct sql_walk *walk)
{
    if (sql_walk_is(walk, "ROW")) {
        refuse_versioning(walk);
        return;
    }
    if (!sql_walk_is_sign(walk, "("))
        return;
    if (is_mysql_5(walk)) {
        sql_walk_refuse(walk, "GENERATED column: MySQL 5.6 has none; make it a plain one that a "
                              "trigger sets");
        return;
    }
    sql_walk_pass_parens(walk);
}

/* REFERENCES t (a) ON DELETE ... in a column, which MySQL before 9.0 reads and forgets. */
static void take_references(struct sql_walk *walk, struct column *column)
{
    static const char *const actions[] = {"RESTRICT", "CASCADE", "SET", "NO", NULL};
    struct sql_token name;

    column->references = walk->token;
    sql_walk_step(walk);
    (void)sql_walk_take_name(walk, &name);
    sql_walk_pass_parens(walk);
    if (sql_walk_take(walk, "MATCH"))
        sql_walk_step(walk);
    while (sql_walk_is(walk, "ON")) {
        sql_walk_step(walk);
        if (!sql_walk_take(walk, "DELETE") && !sql_walk_take(walk, "UPDATE"))
            break;
        if (!sql_mysql_is_any(walk, actions))
            break;
        if (sql_walk_is(walk, "SET") || sql_walk_is(walk, "NO"))
            sql_walk_step(walk);
        sql_walk_step(walk);
    }
    column->references_end = walk->last;
}

/* Whether a check looks at other columns than its own, which MySQL lets only a table's do. */
static bool looks_further(const struct sql_walk *walk, const struct column *column)
{
    static const char *const words[] = {
        "AND", "OR",  "XOR",    "NOT",  "IN",   "IS",   "NULL", "LIKE", "TRUE",  "BETWEEN", "FALSE",
        "DIV", "MOD", "REGEXP", "CASE", "WHEN", "THEN", "ELSE", "END",  "RLIKE", NULL};
    struct sql_walk inside = *walk;
    unsigned depth = walk->depth;
    char own[256], name[256];

    (void)sql_walk_value(walk, &column->name, own, sizeof own);
    (void)sql_walk_take_sign(&inside, "(");
    while (!sql_walk_at_end(&inside) && inside.depth > depth) {
        struct sql_token token = inside.token;
        bool may_be_column = sql_walk_is_name(&inside) && !sql_mysql_is_any(&inside, words);

        sql_walk_step(&inside);
        if (may_be_column && !sql_walk_is_sign(&inside, "(") &&
            inside.token.kind != SQL_TOKEN_STRING &&
            strcasecmp(sql_walk_value(&inside, &token, name, sizeof name), own) != 0)
            return true;
    }
    return false;
}

static struct span part(const struct sql_token *first, const struct sql_token *last)
{
    return span_of(first->text.data, (size_t)(last->text.data - first->text.data) + last->text.len);
}

static void put_behind(struct sql_walk *walk, struct span words)
{
    sql_edits_put(walk->edits, sql_behind(&walk->last), words);
}

/*
 * Part of a column goes behind it, as a constraint of the table: a check, or else a key. A list of
 * columns in ALTER TABLE takes these as CREATE TABLE does.
 */
static void move_behind(struct sql_walk *walk, const struct column *column, bool is_key,
                        struct span text)
{
    if (sql_edits_touch(walk->edits, text)) {
        sql_walk_refuse(
            walk,
            "column %.*s: its CHECK or REFERENCES has words that are MariaDB's own; write "
            "it as a constraint of the table, behind the columns, at the source",
            (int)column->name.text.len, (const char *)column->name.text.data);
        return;
    }
    put_behind(walk, span_str(column->in_alter && !column->in_list ? ", ADD " : ", "));
    if (is_key) {
        put_behind(walk, span_str("FOREIGN KEY ("));
        put_behind(walk, column->name.text);
        put_behind(walk, span_str(") "));
    }
    put_behind(walk, text);
    sql_edits_remove(walk->edits, text, text);
}

/* MySQL 5.6 reads a check only as the last thing of a column, and forgets it. */
static void take_check(struct sql_walk *walk, struct column *column)
{
    struct sql_token first = walk->token;

    sql_walk_step(walk);
    if (is_mysql_5(walk)) {
        sql_walk_pass_parens(walk);
        sql_edits_remove(walk->edits, first.text, walk->last.text);
    } else if (looks_further(walk, column)) {
        column->check = first;
        sql_walk_pass_parens(walk);
        column->check_end = walk->last;
    } else {
        sql_walk_pass_parens(walk);
    }
}

/* COMPRESSED, REF_SYSTEM_ID: with = and a value, where they come. */
static void remove_with_value(struct sql_walk *walk)
{
    struct sql_token first = walk->token;

    sql_walk_step(walk);
    if (sql_walk_take_sign(walk, "="))
        sql_walk_step(walk);
    sql_edits_remove(walk->edits, first.text, walk->last.text);
}

static void take_invisible(struct sql_walk *walk)
{
    if (is_mysql_5(walk))
        sql_walk_refuse(walk,
                        "INVISIBLE: MySQL 5.6 and 5.7 have no such columns; make it a plain one");
    sql_walk_step(walk);
}

static void take_attribute(struct sql_walk *walk, struct column *column)
{
    static const char *const removed[] = {"COMPRESSED", "REF_SYSTEM_ID", NULL};
    struct sql_token token = walk->token;

    if (sql_mysql_is_any(walk, removed)) {
        remove_with_value(walk);
    } else if (sql_walk_is(walk, "CHECK")) {
        take_check(walk, column);
    } else if (sql_walk_is(walk, "REFERENCES")) {
        take_references(walk, column);
    } else if (sql_walk_is(walk, "INVISIBLE")) {
        take_invisible(walk);
    } else if (sql_walk_is(walk, "SYSTEM") &&
               (sql_token_is(&walk->last, "WITH") || sql_token_is(&walk->last, "WITHOUT"))) {
        refuse_versioning(walk);
    } else if (sql_walk_take(walk, "AFTER")) {
        sql_walk_step(walk);
    } else if (sql_walk_take(walk, "PERSISTENT")) {
        sql_edits_replace(walk->edits, token.text, "STORED");
    } else if (sql_walk_take(walk, "DEFAULT")) {
        take_default(walk, &token, column->kind);
    } else if (sql_walk_take(walk, "AS")) {
        take_generated(walk);
    } else if (sql_walk_is_sign(walk, "(")) {
        sql_walk_pass_parens(walk);
    } else {
        sql_walk_step(walk);
    }
}

void sql_mysql_column(struct sql_walk *walk, bool in_alter)
{
    struct column column = {.name = walk->token, .in_alter = in_alter};

    column.in_list = walk->depth > 0;
    sql_walk_step(walk);
    column.kind = take_type(walk);
    while (!sql_walk_at_end(walk) && !sql_walk_is_sign(walk, ",") && !sql_walk_is_sign(walk, ")"))
        take_attribute(walk, &column);
    if (walk->failed)
        return;
    if (column.check.kind != SQL_TOKEN_END)
        move_behind(walk, &column, false, part(&column.check, &column.check_end));
    if (column.references.kind != SQL_TOKEN_END)
        move_behind(walk, &column, true, part(&column.references, &column.references_end));
}
