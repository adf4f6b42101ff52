/* Expressions and queries of MySQL, for MariaDB. */
#include "translation/sql_to_mariadb.h"

#define ARGUMENTS_MAX 4

/* ---- JSON paths of columns ---- */

static bool is_adjacent_sign(const struct sql_token *before, const struct sql_token *token,
                             const char *sign)
{
    return sql_token_is_sign(token, sign) &&
           before->text.data + before->text.len == token->text.data;
}

/* column->'path' and column->>'path', by the functions that they stand for. */
static bool take_arrow(struct sql_walk *walk)
{
    struct sql_token minus = walk->token;
    struct sql_token first = sql_walk_ahead(walk, 1);
    struct sql_token second;
    struct span arrow;
    bool unquotes;

    if (!is_adjacent_sign(&minus, &first, ">"))
        return false;
    second = sql_walk_ahead(walk, 2);
    unquotes = is_adjacent_sign(&first, &second, ">");
    if (walk->operand.kind == SQL_TOKEN_END ||
        sql_walk_ahead(walk, unquotes ? 3 : 2).kind != SQL_TOKEN_STRING)
        return false;
    arrow = span_of(minus.text.data, unquotes ? 3 : 2);
    sql_edits_replace(walk->edits, sql_before(&walk->operand), "%s",
                      unquotes ? "JSON_UNQUOTE(JSON_EXTRACT(" : "JSON_EXTRACT(");
    sql_edits_replace(walk->edits, arrow, ", ");
    for (size_t i = 0; i < arrow.len; i++)
        sql_walk_step(walk);
    sql_edits_replace(walk->edits, sql_behind(&walk->token), "%s", unquotes ? "))" : ")");
    sql_walk_step(walk);
    return true;
}

/* ---- Functions ---- */

/* A call that comes: its arguments, as far as they can be told apart. */
struct call {
    struct sql_token name;
    struct sql_token commas[ARGUMENTS_MAX];
    struct sql_token close;
    unsigned count; /* of arguments; ARGUMENTS_MAX: that many or more */
};

static struct call call_of(const struct sql_walk *walk)
{
    struct err ignored;
    struct sql_walk scout = sql_walk_scout(walk, &ignored);
    struct call call = {.name = walk->token};

    sql_walk_step(&scout);
    do {
        sql_walk_step(&scout);
        if (sql_token_is_sign(&scout.last, "(") && sql_walk_is_sign(&scout, ")"))
            break;
        if (call.count < ARGUMENTS_MAX)
            call.count++;
        sql_walk_seek_part_end(&scout);
        if (call.count > 0)
            call.commas[call.count - 1] = scout.token;
    } while (sql_walk_is_sign(&scout, ","));
    call.close = scout.token;
    return call;
}

static void refuse_function(struct sql_walk *walk, const struct call *call, const char *why)
{
    sql_walk_refuse(walk, "function %.*s%s; replace it at the source", (int)call->name.text.len,
                    (const char *)call->name.text.data, why);
}

static void lacks(struct sql_walk *walk, const struct call *call)
{
    refuse_function(walk, call, ": MariaDB 10.11 has none like it");
}

static void rename_to(struct sql_walk *walk, const struct call *call, const char *name)
{
    sql_edits_replace(walk->edits, call->name.text, "%s", name);
}

static void as_master_pos_wait(struct sql_walk *walk, const struct call *call)
{
    rename_to(walk, call, "MASTER_POS_WAIT");
}

static void as_geometrycollection(struct sql_walk *walk, const struct call *call)
{
    rename_to(walk, call, "GEOMETRYCOLLECTION");
}

static void as_geomcollfromtext(struct sql_walk *walk, const struct call *call)
{
    rename_to(walk, call, "ST_GEOMCOLLFROMTEXT");
}

static void as_numinteriorrings(struct sql_walk *walk, const struct call *call)
{
    rename_to(walk, call, "ST_NUMINTERIORRINGS");
}

/* REGEXP_LIKE(text, pattern): an operator. With a third argument it says what that has no words
 * for. */
static void as_regexp(struct sql_walk *walk, const struct call *call)
{
    if (call->count != 2) {
        refuse_function(walk, call, " with a match type: MariaDB has none like it");
        return;
    }
    sql_edits_replace(walk->edits, call->name.text, "((");
    sql_edits_replace(walk->edits, call->commas[0].text, ") REGEXP (");
    sql_edits_replace(walk->edits, sql_behind(&call->close), "))");
}

/* The second argument swaps the parts of the time. */
static void uuid_to_bin(struct sql_walk *walk, const struct call *call)
{
    if (call->count != 1) {
        refuse_function(walk, call, " with a swap flag: MariaDB has none like it");
        return;
    }
    sql_edits_replace(walk->edits, call->name.text, "UNHEX(REPLACE");
    sql_edits_replace(walk->edits, sql_before(&call->close), ", '-', '')");
}

static void bin_to_uuid(struct sql_walk *walk, const struct call *call)
{
    if (call->count != 1) {
        refuse_function(walk, call, " with a swap flag: MariaDB has none like it");
        return;
    }
    sql_edits_replace(walk->edits, call->name.text, "LOWER(INSERT(INSERT(INSERT(INSERT(HEX");
    sql_edits_replace(walk->edits, sql_behind(&call->close),
                      ", 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-'))");
}

/* JSON_VALUE(document, path RETURNING type ... ON EMPTY ... ON ERROR) */
static void json_value(struct sql_walk *walk, const struct call *call)
{
    struct err ignored;
    struct sql_walk scout = sql_walk_scout(walk, &ignored);

    while (!sql_walk_at_end(&scout) && scout.token.text.data < call->close.text.data) {
        if (sql_walk_is(&scout, "RETURNING") || sql_walk_is(&scout, "EMPTY") ||
            sql_walk_is(&scout, "ERROR")) {
            refuse_function(walk, call, " with RETURNING or ON: MariaDB has neither");
            return;
        }
        sql_walk_step(&scout);
    }
}

/* By the first version of MySQL that has it: before, the name may be that of a stored function. */
static const struct {
    const char *name;
    uint32_t since;
    void (*apply)(struct sql_walk *walk, const struct call *call);
} functions[] = {
    {"ANY_VALUE", 50700, lacks},
    {"BIN_TO_UUID", 80000, bin_to_uuid},
    {"ETAG", 90700, lacks},
    {"FORMAT_BYTES", 80000, lacks},
    {"FORMAT_PICO_TIME", 80000, lacks},
    {"FROM_VECTOR", 90000, lacks},
    {"GEOMCOLLECTION", 80000, as_geometrycollection},
    {"GROUPING", 80000, lacks},
    {"GTID_SUBSET", 50600, lacks},
    {"GTID_SUBTRACT", 50600, lacks},
    {"ICU_VERSION", 80000, lacks},
    {"IS_UUID", 80000, lacks},
    {"JSON_SCHEMA_VALID", 80000, lacks},
    {"JSON_SCHEMA_VALIDATION_REPORT", 80000, lacks},
    {"JSON_STORAGE_FREE", 80000, lacks},
    {"JSON_STORAGE_SIZE", 50700, lacks},
    {"JSON_VALUE", 80000, json_value},
    {"MBRCOVEREDBY", 50700, lacks},
    {"MBRCOVERS", 50700, lacks},
    {"PS_CURRENT_THREAD_ID", 80000, lacks},
    {"PS_THREAD_ID", 80000, lacks},
    {"REGEXP_LIKE", 80000, as_regexp},
    {"ROLES_GRAPHML", 80000, lacks},
    {"SOURCE_POS_WAIT", 80000, as_master_pos_wait},
    {"STATEMENT_DIGEST", 80000, lacks},
    {"STATEMENT_DIGEST_TEXT", 80000, lacks},
    {"STRING_TO_VECTOR", 90000, lacks},
    {"ST_BUFFER_STRATEGY", 50700, lacks},
    {"ST_COLLECT", 80000, lacks},
    {"ST_FRECHETDISTANCE", 80000, lacks},
    {"ST_GEOHASH", 50700, lacks},
    {"ST_GEOMCOLLFROMTXT", 50700, as_geomcollfromtext},
    {"ST_HAUSDORFFDISTANCE", 80000, lacks},
    {"ST_ISVALID", 50700, lacks},
    {"ST_LATFROMGEOHASH", 50700, lacks},
    {"ST_LATITUDE", 80000, lacks},
    {"ST_LINEINTERPOLATEPOINT", 80000, lacks},
    {"ST_LINEINTERPOLATEPOINTS", 80000, lacks},
    {"ST_LONGFROMGEOHASH", 50700, lacks},
    {"ST_LONGITUDE", 80000, lacks},
    {"ST_MAKEENVELOPE", 50700, lacks},
    {"ST_NUMINTERIORRING", 50700, as_numinteriorrings},
    {"ST_POINTATDISTANCE", 80000, lacks},
    {"ST_POINTFROMGEOHASH", 50700, lacks},
    {"ST_SIMPLIFY", 50700, lacks},
    {"ST_SWAPXY", 80000, lacks},
    {"ST_TRANSFORM", 80000, lacks},
    {"ST_VALIDATE", 50700, lacks},
    {"TO_VECTOR", 90000, lacks},
    {"UUID_TO_BIN", 80000, uuid_to_bin},
    {"VALIDATE_PASSWORD_STRENGTH", 50600, lacks},
    {"VECTOR_DIM", 90000, lacks},
    {"VECTOR_TO_STRING", 90000, lacks},
    {"WAIT_FOR_EXECUTED_GTID_SET", 50700, lacks},
    {"WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS", 50600, lacks},
};

/* A word and "(" behind one of these is a name of an object and the columns of it. */
static bool is_after_object(const struct sql_walk *walk)
{
    static const char *const words[] = {"KEY",      "INDEX",   "INTO",    "TABLE",    "REFERENCES",
                                        "FUNCTION", "UNIQUE",  "SPATIAL", "FULLTEXT", "PROCEDURE",
                                        "EXISTS",   "VIEW",    "WITH",    "AS",       "RECURSIVE",
                                        "INSERT",   "REPLACE", "IGNORE",  "PRIMARY",  "CONSTRAINT",
                                        "TO",       "RENAME",  "WINDOW"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (sql_token_is(&walk->last, words[i]))
            return true;
    return sql_token_is(&walk->last, "ON") && sql_token_is(&walk->object, "INDEX");
}

static bool take_function(struct sql_walk *walk)
{
    uint8_t first = walk->token.text.data[0] & 0xdf; /* as a capital letter */
    struct sql_token next;
    struct call call;

    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (functions[i].name[0] != first || !sql_walk_is(walk, functions[i].name) ||
            walk->origin->version < functions[i].since)
            continue;
        next = sql_walk_ahead(walk, 1);
        if (!sql_token_is_sign(&next, "(") || is_after_object(walk))
            return false;
        call = call_of(walk);
        if (!sql_token_is_sign(&call.close, ")"))
            return false;
        functions[i].apply(walk, &call);
        sql_walk_step(walk);
        return true;
    }
    return false;
}

/* ---- Words of queries ---- */

static void refuse_words(struct sql_walk *walk, const char *words)
{
    sql_walk_refuse(walk,
                    "%s: MariaDB 10.11 has none like it; write the statement without it at "
                    "the source, or with binlog_format = ROW",
                    words);
}

/* FOR SHARE: as it was called before 8.0. */
static bool take_for_share(struct sql_walk *walk)
{
    struct sql_token first = walk->token;

    if (!sql_walk_are(walk, (const char *const[]){"FOR", "SHARE", NULL}))
        return false;
    sql_walk_step(walk);
    sql_edits_replace(walk->edits,
                      span_of(first.text.data, (size_t)(walk->token.text.data - first.text.data) +
                                                   walk->token.text.len),
                      "LOCK IN SHARE MODE");
    sql_walk_step(walk);
    if (sql_walk_is(walk, "OF"))
        refuse_words(walk, "FOR SHARE OF");
    return true;
}

/* VALUES ROW(1, 2), ROW(3, 4); elsewhere, as in IN (a, ROW(1, 2)), the word may go as well. */
static bool take_row(struct sql_walk *walk)
{
    struct sql_token next = sql_walk_ahead(walk, 1);

    if (!sql_token_is_sign(&next, "(") ||
        (!sql_token_is(&walk->last, "VALUES") && !sql_token_is_sign(&walk->last, ",")))
        return false;
    sql_edits_remove(walk->edits, walk->token.text, walk->token.text);
    sql_walk_step(walk);
    return true;
}

/* TABLE t, as a query. */
static bool take_table(struct sql_walk *walk)
{
    static const char *const before[] = {"AS", "UNION", "ALL", "DISTINCT", "EXCEPT", "INTERSECT"};
    bool is_query = sql_token_is_sign(&walk->last, "(");

    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
        is_query |= sql_token_is(&walk->last, before[i]);
    if (is_query)
        sql_edits_replace(walk->edits, walk->token.text, "SELECT * FROM");
    return false;
}

static bool is_word_before_paren(const struct sql_walk *walk, const char *first, const char *second)
{
    struct sql_token next = sql_walk_ahead(walk, 1);

    if (second) {
        if (!sql_token_is(&next, second))
            return false;
        next = sql_walk_ahead(walk, 2);
    }
    return sql_walk_is(walk, first) && sql_token_is_sign(&next, "(");
}

bool sql_query_word(struct sql_walk *walk)
{
    if (sql_token_is_sign(&walk->last, "."))
        return false;
    if (sql_walk_is_sign(walk, "-"))
        return take_arrow(walk);
    if (walk->token.kind != SQL_TOKEN_WORD)
        return false;
    if (sql_walk_is(walk, "FOR"))
        return take_for_share(walk);
    if (sql_walk_is(walk, "ROW"))
        return take_row(walk);
    if (sql_walk_is(walk, "TABLE"))
        return take_table(walk);
    if (sql_walk_is(walk, "LATERAL") && is_word_before_paren(walk, "LATERAL", NULL))
        refuse_words(walk, "LATERAL");
    if (sql_walk_is(walk, "MEMBER") && is_word_before_paren(walk, "MEMBER", "OF"))
        refuse_words(walk, "MEMBER OF");
    if ((walk->casts & 1) && sql_token_is(&walk->last, "AS") && sql_walk_is(walk, "JSON"))
        refuse_words(walk, "CAST AS JSON");
    return !walk->failed && take_function(walk);
}
