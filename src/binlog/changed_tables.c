#include "binlog/changed_tables.h"

#define NAMES_MAX ((size_t)64 << 10) /* bytes of all names of a statement */
#define WORDS_MAX 8

struct reading {
    struct changed_tables *changed;
    struct sql_tokens tokens;
    struct sql_token token; /* the next one, not taken yet */
    struct span database;
    bool broken;
};

void changed_tables_init(struct changed_tables *changed)
{
    *changed = (struct changed_tables){.changes = CHANGES_UNKNOWN};
    buf_init(&changed->names, NAMES_MAX);
}

void changed_tables_done(struct changed_tables *changed)
{
    buf_done(&changed->names);
}

/* ---- Tokens ---- */

static void step(struct reading *reading)
{
    struct err ignored;

    if (!sql_tokens_next(&reading->tokens, &reading->token, &ignored)) {
        reading->broken = true;
        reading->token = (struct sql_token){.kind = SQL_TOKEN_END};
    }
}

static bool take(struct reading *reading, const char *word)
{
    if (!sql_token_is(&reading->token, word))
        return false;
    step(reading);
    return true;
}

static bool take_sign(struct reading *reading, const char *sign)
{
    if (!sql_token_is_sign(&reading->token, sign))
        return false;
    step(reading);
    return true;
}

/* Any of the words, as often as they come. */
static void pass(struct reading *reading, const char *const words[WORDS_MAX])
{
    for (size_t i = 0; i < WORDS_MAX && words[i]; i++) {
        if (take(reading, words[i]))
            i = (size_t)-1;
    }
}

static void pass_if(struct reading *reading)
{
    pass(reading, (const char *const[WORDS_MAX]){"IF", "NOT", "EXISTS"});
}

/* Up to a word of the statement itself, which is taken; false at the end. */
static bool seek(struct reading *reading, const char *word)
{
    while (reading->token.kind != SQL_TOKEN_END && !sql_token_is(&reading->token, word))
        step(reading);
    return take(reading, word);
}

/* ---- Names ---- */

static bool take_name(struct reading *reading, struct span *ret_name)
{
    struct buf *names = &reading->changed->names;
    size_t start = names->len;

    if (reading->token.kind != SQL_TOKEN_WORD && reading->token.kind != SQL_TOKEN_NAME)
        return false;
    sql_token_value(names, &reading->tokens, &reading->token);
    if (!buf_ok(names) || names->len == start)
        return false;
    *ret_name = span_of(names->data + start, names->len - start);
    step(reading);
    return true;
}

/* NAME or DATABASE.NAME */
static bool take_table(struct reading *reading)
{
    struct changed_tables *changed = reading->changed;
    struct replicate_table table = {.database = reading->database};

    if (changed->count == CHANGED_TABLES_MAX || !take_name(reading, &table.table))
        return false;
    if (take_sign(reading, ".")) {
        table.database = table.table;
        if (!take_name(reading, &table.table))
            return false;
    }
    changed->tables[changed->count++] = table;
    return true;
}

static enum changes one_table(struct reading *reading)
{
    return take_table(reading) ? CHANGES_TABLES : CHANGES_UNKNOWN;
}

static enum changes several_tables(struct reading *reading)
{
    pass_if(reading);
    do {
        if (!take_table(reading))
            return CHANGES_UNKNOWN;
    } while (take_sign(reading, ","));
    return CHANGES_TABLES;
}

static enum changes of_database(struct reading *reading)
{
    pass_if(reading);
    return take_name(reading, &reading->changed->database) ? CHANGES_DATABASE : CHANGES_UNKNOWN;
}

/* ---- Statements ---- */

/* What has neither rows nor a table: the word after CREATE, ALTER or DROP. */
static bool is_no_table(const struct reading *reading)
{
    static const char *const words[] = {"USER",  "ROLE",   "FUNCTION", "PROCEDURE",
                                        "EVENT", "SERVER", "PACKAGE"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (sql_token_is(&reading->token, words[i]))
            return true;
    }
    return false;
}

static bool take_database_word(struct reading *reading)
{
    return take(reading, "DATABASE") || take(reading, "SCHEMA");
}

/* After CREATE or ALTER: OR REPLACE, TEMPORARY, DEFINER = USER and what else may stand before. */
static enum changes of_create(struct reading *reading)
{
    pass(reading, (const char *const[WORDS_MAX]){"OR", "REPLACE"});
    if (take_database_word(reading))
        return of_database(reading);
    pass(reading, (const char *const[WORDS_MAX]){"TEMPORARY", "ONLINE", "IGNORE", "UNIQUE",
                                                 "FULLTEXT", "SPATIAL"});
    if (take(reading, "TABLE")) {
        pass_if(reading);
        return one_table(reading);
    }
    if (take(reading, "INDEX"))
        return seek(reading, "ON") ? one_table(reading) : CHANGES_UNKNOWN;
    if (take(reading, "ALGORITHM") || take(reading, "DEFINER") || take(reading, "SQL")) {
        while (reading->token.kind != SQL_TOKEN_END && !is_no_table(reading) &&
               !sql_token_is(&reading->token, "TRIGGER") && !sql_token_is(&reading->token, "VIEW"))
            step(reading);
    }
    if (take(reading, "VIEW")) {
        pass_if(reading);
        return one_table(reading);
    }
    if (take(reading, "TRIGGER")) /* NAME BEFORE INSERT ON TABLE */
        return seek(reading, "ON") ? one_table(reading) : CHANGES_UNKNOWN;
    return is_no_table(reading) ? CHANGES_NO_TABLE : CHANGES_UNKNOWN;
}

static enum changes of_drop(struct reading *reading)
{
    if (take_database_word(reading))
        return of_database(reading);
    if (take(reading, "INDEX"))
        return seek(reading, "ON") ? one_table(reading) : CHANGES_UNKNOWN;
    pass(reading, (const char *const[WORDS_MAX]){"TEMPORARY"});
    if (take(reading, "TABLE") || take(reading, "VIEW"))
        return several_tables(reading);
    return is_no_table(reading) ? CHANGES_NO_TABLE : CHANGES_UNKNOWN;
}

static enum changes of_maintenance(struct reading *reading)
{
    pass(reading, (const char *const[WORDS_MAX]){"NO_WRITE_TO_BINLOG", "LOCAL"});
    return take(reading, "TABLE") ? several_tables(reading) : CHANGES_UNKNOWN;
}

static enum changes of_rename(struct reading *reading)
{
    if (!take(reading, "TABLE"))
        return sql_token_is(&reading->token, "USER") ? CHANGES_NO_TABLE : CHANGES_UNKNOWN;
    pass_if(reading);
    do {
        if (!take_table(reading) || !take(reading, "TO") || !take_table(reading))
            return CHANGES_UNKNOWN;
    } while (take_sign(reading, ","));
    return reading->token.kind == SQL_TOKEN_END ? CHANGES_TABLES : CHANGES_UNKNOWN;
}

/* Of one table: what follows its name begins with one of the words, or is the end. */
static enum changes one_table_before(struct reading *reading, const char *const words[WORDS_MAX])
{
    if (!take_table(reading))
        return CHANGES_UNKNOWN;
    for (size_t i = 0; i < WORDS_MAX && words[i]; i++) {
        if (sql_token_is(&reading->token, words[i]))
            return CHANGES_TABLES;
    }
    return reading->token.kind == SQL_TOKEN_END ? CHANGES_TABLES : CHANGES_UNKNOWN;
}

static const char *const modifiers[WORDS_MAX] = {"LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED",
                                                 "QUICK", "IGNORE"};

static enum changes of_insert(struct reading *reading)
{
    pass(reading, modifiers);
    (void)take(reading, "INTO");
    return one_table(reading);
}

static enum changes of_delete(struct reading *reading)
{
    pass(reading, modifiers);
    if (!take(reading, "FROM"))
        return CHANGES_UNKNOWN;
    return one_table_before(reading, (const char *const[WORDS_MAX]){"WHERE", "ORDER", "LIMIT"});
}

static enum changes of_load(struct reading *reading)
{
    if (!seek(reading, "INTO") || !take(reading, "TABLE"))
        return CHANGES_UNKNOWN;
    return one_table(reading);
}

static enum changes of_statement(struct reading *reading)
{
    if (take(reading, "XA"))
        return CHANGES_XA;
    if (take(reading, "BEGIN") || take(reading, "COMMIT") || take(reading, "ROLLBACK") ||
        take(reading, "SAVEPOINT") || take(reading, "RELEASE"))
        return CHANGES_TRANSACTION;
    if (take(reading, "CREATE") || take(reading, "ALTER"))
        return of_create(reading);
    if (take(reading, "DROP"))
        return of_drop(reading);
    if (take(reading, "RENAME"))
        return of_rename(reading);
    if (take(reading, "TRUNCATE")) {
        (void)take(reading, "TABLE");
        return one_table(reading);
    }
    if (take(reading, "INSERT") || take(reading, "REPLACE"))
        return of_insert(reading);
    if (take(reading, "UPDATE")) {
        pass(reading, modifiers);
        return one_table_before(reading, (const char *const[WORDS_MAX]){"SET"});
    }
    if (take(reading, "DELETE"))
        return of_delete(reading);
    if (take(reading, "LOAD"))
        return of_load(reading);
    if (take(reading, "ANALYZE") || take(reading, "OPTIMIZE") || take(reading, "REPAIR"))
        return of_maintenance(reading);
    if (take(reading, "GRANT") || take(reading, "REVOKE") || take(reading, "SET") ||
        take(reading, "FLUSH"))
        return CHANGES_NO_TABLE;
    return CHANGES_UNKNOWN;
}

void changed_tables_read(struct changed_tables *changed, struct sql_tokens statement,
                         struct span database)
{
    struct reading reading = {.changed = changed, .tokens = statement, .database = database};

    buf_clear(&changed->names);
    changed->database = (struct span){0};
    changed->count = 0;
    /* The spans stay: the names are at most as long as the statement. */
    if (!buf_room(&changed->names,
                  statement.rest.rest.len < NAMES_MAX ? statement.rest.rest.len : NAMES_MAX)) {
        changed->changes = CHANGES_UNKNOWN;
        return;
    }
    step(&reading);
    changed->changes = of_statement(&reading);
    if (reading.broken)
        changed->changes = CHANGES_UNKNOWN;
}
