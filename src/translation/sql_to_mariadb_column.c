/* Columns, keys and constraints of MySQL's tables, for MariaDB. */
#include "translation/sql_to_mariadb.h"

#include "translation/sql_collation.h"

#define CHECKS_SINCE     80016 /* before, they were read and forgotten */
#define REFERENCES_SINCE 90000 /* those of a column; before, the same */
#define KEYS_MADE_SINCE  80030 /* sql_generate_invisible_primary_key */

#define UTF8MB3_GENERAL_CI 33 /* collations: of NCHAR, and of CHAR(3) UNICODE */
#define UCS2_GENERAL_CI    35

/* What one column's definition has, of what the two families see differently. */
struct column {
    bool generated;
    bool not_null;
    bool has_default;
    bool is_own_key; /* its table has no key that MySQL has made */
    struct sql_token name;
    struct sql_token type;
    struct sql_token invisible; /* END: it is not */
    struct span checks_at;      /* before the first CHECK; what comes behind it goes before it */
};

/* ---- Small things ---- */

static void remove_from(struct sql_walk *walk, const struct sql_token *first)
{
    sql_edits_remove(walk->edits, first->text, walk->last.text);
}

/* WORD [=] VALUE, whose word was taken as `first`. */
static void remove_with_value(struct sql_walk *walk, const struct sql_token *first)
{
    (void)sql_walk_take_sign(walk, "=");
    sql_walk_step(walk);
    remove_from(walk, first);
}

static bool at_element_end(const struct sql_walk *walk)
{
    return sql_walk_at_end(walk) || sql_walk_is_sign(walk, ",") || sql_walk_is_sign(walk, ")");
}

/* ---- CHECK ---- */

static bool is_check(const struct sql_walk *walk)
{
    struct sql_token next;
    struct sql_token after;

    if (!sql_walk_is(walk, "CONSTRAINT"))
        return sql_walk_is(walk, "CHECK");
    next = sql_walk_ahead(walk, 1);
    after = sql_walk_ahead(walk, 2);
    return sql_token_is(&next, "CHECK") || sql_token_is(&after, "CHECK");
}

/* NOT ENFORCED: it stays, as one that always holds, so that later statements find it. */
static void take_enforcement(struct sql_walk *walk, const struct sql_token *open)
{
    struct sql_token close = walk->last;
    struct sql_token first = walk->token;
    bool is_not = sql_walk_are(walk, (const char *const[]){"NOT", "ENFORCED", NULL});

    if (is_not) {
        sql_walk_step(walk);
        sql_edits_replace(walk->edits, sql_behind(open), "TRUE OR (");
        sql_edits_replace(walk->edits, sql_before(&close), ")");
    }
    if (sql_walk_take(walk, "ENFORCED"))
        remove_from(walk, &first);
}

/*
 * [CONSTRAINT [name]] CHECK (expression) [[NOT] ENFORCED]: with the name that MySQL gives, because
 * that is what later statements call it. `prefix` goes before it.
 */
static void take_check(struct sql_table *table, const char *prefix)
{
    struct sql_walk *walk = table->walk;
    struct sql_token first = walk->token;
    struct sql_token open;
    bool named = false;

    if (sql_walk_take(walk, "CONSTRAINT") && !sql_walk_is(walk, "CHECK")) {
        named = true;
        sql_walk_step(walk);
    }
    if (!named && table->is_new)
        sql_edits_replace(walk->edits, first.text, "%sCONSTRAINT `%s_chk_%u`%s", prefix,
                          table->name, ++table->checks,
                          sql_token_is(&first, "CHECK") ? " CHECK" : "");
    else if (prefix[0])
        sql_edits_replace(walk->edits, first.text, "%s%.*s", prefix, (int)first.text.len,
                          (const char *)first.text.data);
    sql_walk_step(walk);
    open = walk->token;
    sql_walk_pass_parens(walk);
    take_enforcement(walk, &open);
}

/* Of a column: behind all its other attributes, as a constraint of the table. */
static void take_column_check(struct sql_table *table, struct column *column)
{
    struct sql_walk *walk = table->walk;
    struct sql_token first = walk->token;

    if (walk->origin->version < CHECKS_SINCE) {
        while (!at_element_end(walk) && !sql_walk_is_sign(walk, "("))
            sql_walk_step(walk);
        sql_walk_pass_parens(walk);
        remove_from(walk, &first);
        return;
    }
    if (!column->checks_at.data)
        column->checks_at = sql_before(&first);
    take_check(table, table->in_alter ? ", ADD " : ", ");
}

/* ---- Columns ---- */

static void take_type(struct sql_walk *walk, struct column *column)
{
    struct sql_token first = walk->token;

    column->type = first;
    sql_walk_step(walk);
    if (sql_token_is(&first, "VECTOR")) {
        sql_walk_pass_parens(walk);
        sql_edits_replace(
            walk->edits,
            span_of(first.text.data,
                    (size_t)(walk->last.text.data - first.text.data) + walk->last.text.len),
            "LONGBLOB");
    } else if (sql_token_is(&first, "GEOMCOLLECTION")) {
        sql_edits_replace(walk->edits, first.text, "GEOMETRYCOLLECTION");
    } else if (sql_token_is(&first, "SERIAL")) {
        column->has_default = true;
    }
}

/* REFERENCES table [(columns)] [MATCH x] [ON DELETE|UPDATE action]... */
static void take_references(struct sql_walk *walk)
{
    struct sql_token first = walk->token;
    struct sql_token name;

    sql_walk_step(walk);
    (void)sql_walk_take_name(walk, &name);
    sql_walk_pass_parens(walk);
    if (sql_walk_take(walk, "MATCH"))
        sql_walk_step(walk);
    while (sql_walk_take(walk, "ON")) {
        sql_walk_step(walk);
        if (sql_walk_take(walk, "SET") || sql_walk_take(walk, "NO"))
            sql_walk_step(walk);
        else
            sql_walk_step(walk);
    }
    if (walk->origin->version < REFERENCES_SINCE)
        remove_from(walk, &first);
}

/* DEFAULT and what it is: a value with or without a sign, a function, (an expression). */
static void take_default(struct sql_walk *walk)
{
    (void)sql_walk_take_sign(walk, "-");
    (void)sql_walk_take_sign(walk, "+");
    if (sql_walk_is_sign(walk, "("))
        sql_walk_pass_parens(walk);
    else
        sql_walk_step(walk);
    if (walk->last.kind == SQL_TOKEN_WORD && walk->token.kind == SQL_TOKEN_STRING)
        sql_walk_step(walk); /* _utf8mb4'x', X'00', b'1', DATE'2000-01-01' */
    sql_walk_pass_parens(walk);
}

static bool take_nullability(struct sql_walk *walk, struct column *column)
{
    struct sql_token first = walk->token;
    bool is_not = sql_walk_are(walk, (const char *const[]){"NOT", "NULL", NULL});

    if (!is_not && !sql_walk_is(walk, "NULL"))
        return false;
    if (is_not)
        sql_walk_step(walk);
    sql_walk_step(walk);
    column->not_null = is_not;
    if (column->generated)
        remove_from(walk, &first);
    return true;
}

/* What only MySQL has, and what changes no value. */
static bool take_own_attribute(struct sql_walk *walk)
{
    static const char *const words[] = {"COLUMN_FORMAT", "STORAGE", "SRID", "ENGINE_ATTRIBUTE",
                                        "SECONDARY_ENGINE_ATTRIBUTE"};
    struct sql_token first = walk->token;

    if (sql_walk_take(walk, "VISIBLE")) {
        remove_from(walk, &first);
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (sql_walk_take(walk, words[i])) {
            remove_with_value(walk, &first);
            return true;
        }
    }
    return false;
}

/*
 * Before the key that MySQL has made for a table: it keeps that the first column, MariaDB does not,
 * and rows do not tell the two apart where they are of one type.
 */
static void check_first(struct sql_walk *walk, const struct column *column)
{
    char name[SQL_TABLE_NAME_SIZE];

    if (walk->origin->version < KEYS_MADE_SINCE || column->is_own_key ||
        !(sql_token_is(&column->type, "BIGINT") || sql_token_is(&column->type, "INT8")))
        return;
    sql_walk_refuse(walk,
                    "column %s: FIRST: in a table with a generated invisible primary key MySQL and "
                    "MariaDB would take it for that key, and the key for it; put it AFTER another "
                    "column at the source",
                    sql_walk_value(walk, &column->name, name, sizeof name));
}

static void take_attribute(struct sql_walk *walk, struct column *column)
{
    struct sql_token first = walk->token;

    if (take_nullability(walk, column) || take_own_attribute(walk))
        return;
    if (sql_walk_is(walk, "REFERENCES")) {
        take_references(walk);
        return;
    }
    sql_walk_step(walk);
    if (sql_token_is(&first, "DEFAULT")) {
        column->has_default = true;
        take_default(walk);
    } else if (sql_token_is(&first, "AUTO_INCREMENT")) {
        column->has_default = true;
        column->is_own_key = true;
    } else if (sql_token_is(&first, "INVISIBLE")) {
        column->invisible = first;
    } else if (sql_token_is(&first, "AFTER")) {
        sql_walk_step(walk);
    } else if (sql_token_is(&first, "FIRST")) {
        check_first(walk, column);
    } else if (sql_token_is(&first, "PRIMARY")) {
        column->not_null = true;
        column->is_own_key = true;
    } else if (sql_token_is(&first, "AS") && sql_walk_is_sign(walk, "(")) {
        column->generated = true;
        sql_walk_pass_parens(walk);
    } else if (sql_walk_is_sign(walk, "(")) {
        sql_walk_pass_parens(walk);
    }
}

/* MariaDB wants a default for it: the one that MySQL takes where it is not strict. */
static void give_default(struct sql_walk *walk, const struct column *column)
{
    static const struct {
        const char *type;
        const char *value;
    } values[] = {
        {"TINYINT", "0"},    {"SMALLINT", "0"}, {"MEDIUMINT", "0"}, {"INT", "0"},
        {"INTEGER", "0"},    {"BIGINT", "0"},   {"DECIMAL", "0"},   {"NUMERIC", "0"},
        {"FLOAT", "0"},      {"DOUBLE", "0"},   {"BOOL", "0"},      {"BOOLEAN", "0"},
        {"BIT", "0"},        {"CHAR", "''"},    {"VARCHAR", "''"},  {"BINARY", "''"},
        {"VARBINARY", "''"}, {"TEXT", "''"},    {"BLOB", "''"},     {"LONGTEXT", "''"},
    };
    char name[SQL_TABLE_NAME_SIZE];

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (sql_token_is(&column->type, values[i].type)) {
            sql_edits_replace(walk->edits, sql_before(&column->invisible), "DEFAULT %s ",
                              values[i].value);
            return;
        }
    }
    sql_walk_refuse(walk,
                    "column %s: NOT NULL INVISIBLE without a default, which MariaDB does not "
                    "take; give it a default, or make it visible, at the source",
                    sql_walk_value(walk, &column->name, name, sizeof name));
}

/* What stands behind a CHECK goes before it: MariaDB has those behind all others. */
static void move_before_checks(struct sql_walk *walk, const struct column *column,
                               const struct sql_token *first)
{
    struct span moved = span_of(
        first->text.data, (size_t)(walk->last.text.data + walk->last.text.len - first->text.data));

    if (sql_edits_touch(walk->edits, moved)) {
        sql_walk_refuse(walk,
                        "an attribute of a column behind its CHECK has to be rewritten; write "
                        "CHECK as the last of them at the source");
        return;
    }
    sql_edits_put(walk->edits, column->checks_at, moved);
    sql_edits_replace(walk->edits, column->checks_at, " ");
    sql_edits_remove(walk->edits, moved, span_of(moved.data + moved.len, 0));
}

/* Behind the type: NCHAR and UNICODE name a character set, which alone means various collations. */
static void take_national(struct sql_walk *walk, const struct column *column)
{
    bool national = sql_token_is(&column->type, "NATIONAL") ||
                    sql_token_is(&column->type, "NCHAR") || sql_token_is(&column->type, "NVARCHAR");
    bool unicode = sql_walk_is(walk, "UNICODE");
    const char *collation;

    if ((!national && !unicode) || sql_collation_follows(walk))
        return;
    collation = sql_collation_for(walk, national ? UTF8MB3_GENERAL_CI : UCS2_GENERAL_CI);
    if (national)
        sql_edits_replace(walk->edits, sql_behind(&walk->last), " COLLATE %s", collation);
    else
        sql_edits_replace(walk->edits, walk->token.text, "CHARACTER SET ucs2 COLLATE %s",
                          collation);
}

void sql_table_column(struct sql_table *table)
{
    static const char *const type_words[] = {"VARCHAR", "CHAR",      "CHARACTER",
                                             "VARYING", "PRECISION", "NCHAR"};
    struct sql_walk *walk = table->walk;
    struct column column = {.name = walk->token};

    sql_walk_step(walk);
    take_type(walk, &column);
    for (size_t i = 0; i < sizeof type_words / sizeof type_words[0]; i++)
        if (!sql_walk_are(walk, (const char *const[]){"CHARACTER", "SET", NULL}))
            (void)sql_walk_take(walk, type_words[i]);
    if (sql_walk_is_sign(walk, "("))
        sql_walk_pass_parens(walk);
    take_national(walk, &column);
    while (!at_element_end(walk)) {
        struct sql_token first = walk->token;

        if (is_check(walk)) {
            take_column_check(table, &column);
            continue;
        }
        take_attribute(walk, &column);
        if (column.checks_at.data)
            move_before_checks(walk, &column, &first);
    }
    if (column.invisible.kind != SQL_TOKEN_END && column.not_null && !column.has_default &&
        !column.generated && !walk->failed)
        give_default(walk, &column);
}

/* ---- Keys ---- */

bool sql_table_is_key(const struct sql_walk *walk)
{
    static const char *const words[] = {"CONSTRAINT", "PRIMARY", "UNIQUE", "FULLTEXT", "SPATIAL",
                                        "FOREIGN",    "INDEX",   "KEY",    "CHECK"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (sql_walk_is(walk, words[i]))
            return true;
    return false;
}

/* (column [(length)] [ASC|DESC], ...) */
static void take_key_parts(struct sql_walk *walk)
{
    if (!sql_walk_is_sign(walk, "("))
        return;
    do {
        sql_walk_step(walk);
        if (sql_walk_is_sign(walk, "(")) {
            sql_walk_refuse(walk,
                            "a key of an expression: MariaDB has none; add a generated column "
                            "and a key of it instead, at the source");
            return;
        }
        sql_walk_seek_part_end(walk);
    } while (sql_walk_is_sign(walk, ","));
    (void)sql_walk_take_sign(walk, ")");
}

static void take_key_option(struct sql_walk *walk)
{
    struct sql_token first = walk->token;

    sql_walk_step(walk);
    if (sql_token_is(&first, "VISIBLE")) {
        remove_from(walk, &first);
    } else if (sql_token_is(&first, "INVISIBLE")) {
        sql_edits_replace(walk->edits, first.text, "IGNORED");
    } else if (sql_token_is(&first, "ENGINE_ATTRIBUTE") ||
               sql_token_is(&first, "SECONDARY_ENGINE_ATTRIBUTE") ||
               sql_token_is(&first, "ALGORITHM") || sql_token_is(&first, "LOCK")) {
        remove_with_value(walk, &first);
    } else if (sql_token_is(&first, "WITH") && sql_walk_take(walk, "PARSER")) {
        sql_walk_step(walk);
        remove_from(walk, &first);
    }
}

static void take_key(struct sql_walk *walk)
{
    bool foreign = false;

    while (!at_element_end(walk) && !sql_walk_is_sign(walk, "(")) {
        foreign |= sql_walk_is(walk, "FOREIGN");
        sql_walk_step(walk);
    }
    if (foreign) {
        sql_walk_seek_part_end(walk);
        return;
    }
    take_key_parts(walk);
    while (!at_element_end(walk))
        take_key_option(walk);
}

bool sql_table_element(struct sql_table *table)
{
    struct sql_walk *walk = table->walk;

    if (!sql_table_is_key(walk)) {
        sql_table_column(table);
        return true;
    }
    if (!is_check(walk)) {
        take_key(walk);
        return true;
    }
    if (walk->origin->version < CHECKS_SINCE) {
        sql_walk_seek_part_end(walk);
        return false;
    }
    take_check(table, "");
    return true;
}

void sql_create_index(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk) && !sql_walk_is_sign(walk, "("))
        sql_walk_step(walk);
    take_key_parts(walk);
    while (!sql_walk_at_end(walk))
        take_key_option(walk);
}

void sql_drop_index(struct sql_walk *walk)
{
    struct sql_token name;

    sql_walk_step(walk);
    if (!sql_walk_take(walk, "ON") || !sql_walk_take_name(walk, &name))
        return;
    while (!sql_walk_at_end(walk))
        take_key_option(walk);
}
