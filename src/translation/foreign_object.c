#include "translation/foreign_object.h"

#include "binlog/sql_token.h"

#include <strings.h>

#define NAME_MAX_BYTES 1024 /* of a name with quotes and escapes; longer is none of these */
#define SYSTEM         "mysql"

struct reading {
    struct sql_tokens tokens;
    struct sql_token token; /* the next one, not taken yet */
};

/* Version comments are read as if the engine read them: what it does not read harms nobody. */
static void step(struct reading *reading)
{
    struct err ignored;

    do {
        if (!sql_tokens_next(&reading->tokens, &reading->token, &ignored))
            reading->token = (struct sql_token){.kind = SQL_TOKEN_END};
    } while (reading->token.kind == SQL_TOKEN_VERSION ||
             reading->token.kind == SQL_TOKEN_VERSION_END);
}

static bool take(struct reading *reading, const char *word)
{
    if (!sql_token_is(&reading->token, word))
        return false;
    step(reading);
    return true;
}

static bool is_name(const struct reading *reading)
{
    return reading->token.kind == SQL_TOKEN_WORD || reading->token.kind == SQL_TOKEN_NAME ||
           reading->token.kind == SQL_TOKEN_STRING;
}

static bool means(const struct reading *reading, const char *name)
{
    struct buf value;
    bool same;

    if (!is_name(reading) || reading->token.text.len > NAME_MAX_BYTES)
        return false;
    buf_init(&value, NAME_MAX_BYTES);
    sql_token_value(&value, &reading->tokens, &reading->token);
    same = value.len == strlen(name) && strncasecmp((const char *)value.data, name, value.len) == 0;
    buf_done(&value);
    return same;
}

/* The kinds that have a body or a definer. */
static bool is_kind(const struct reading *reading)
{
    static const char *const kinds[] = {"PROCEDURE", "FUNCTION", "TRIGGER",
                                        "EVENT",     "VIEW",     "PACKAGE"};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (sql_token_is(&reading->token, kinds[i]))
            return true;
    }
    return false;
}

/* What stands before the kind, but for the definer. False: it is of another kind. */
static bool pass_before_kind(struct reading *reading)
{
    static const char *const words[] = {"OR",      "REPLACE",   "ALGORITHM", "UNDEFINED",
                                        "MERGE",   "TEMPTABLE", "SQL",       "SECURITY",
                                        "DEFINER", "INVOKER",   "AGGREGATE"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (take(reading, words[i]))
            return true;
    }
    if (!sql_token_is_sign(&reading->token, "="))
        return false;
    step(reading);
    return true;
}

/* IF [NOT] EXISTS, BODY; then the name. */
static bool is_of_system(struct reading *reading, struct span database)
{
    struct sql_token name;
    bool system;

    step(reading);
    (void)take(reading, "BODY");
    if (take(reading, "IF")) {
        (void)take(reading, "NOT");
        (void)take(reading, "EXISTS");
    }
    system = means(reading, SYSTEM);
    name = reading->token;
    step(reading);
    if (name.kind != SQL_TOKEN_END && sql_token_is_sign(&reading->token, "."))
        return system;
    return database.len == strlen(SYSTEM) &&
           strncasecmp((const char *)database.data, SYSTEM, database.len) == 0;
}

static void write_other(struct buf *buf, struct span text, const struct sql_token *name)
{
    size_t before = (size_t)(name->text.data - text.data);
    size_t behind = before + name->text.len;
    const char *quote = name->kind == SQL_TOKEN_WORD ? "" : "`";

    buf_bytes(buf, span_of(text.data, before));
    buf_str(buf, quote);
    buf_str(buf, FOREIGN_OTHER);
    buf_str(buf, quote);
    buf_bytes(buf, span_of(text.data + behind, text.len - behind));
}

enum foreign_object foreign_object_read(struct span text, uint64_t sql_mode, struct span database,
                                        struct buf *buf)
{
    struct reading reading = {.tokens = sql_tokens_under(text, sql_mode)};
    struct sql_token definer = {.kind = SQL_TOKEN_END};

    bool alters;

    step(&reading);
    alters = take(&reading, "ALTER");
    if (!alters && !take(&reading, "CREATE") && !take(&reading, "DROP"))
        return FOREIGN_OBJECT_GOOD;
    if (alters && sql_token_is(&reading.token, "SEQUENCE"))
        return is_of_system(&reading, database) ? FOREIGN_OBJECT_SYSTEM : FOREIGN_OBJECT_SEQUENCE;
    while (!is_kind(&reading)) {
        bool is_definer = sql_token_is(&reading.token, "DEFINER");

        if (!pass_before_kind(&reading))
            return FOREIGN_OBJECT_GOOD;
        if (!is_definer || !sql_token_is_sign(&reading.token, "="))
            continue;
        step(&reading);
        if (means(&reading, FOREIGN_ADMIN))
            definer = reading.token;
        step(&reading);
        if (reading.token.kind == SQL_TOKEN_USER) {
            bool apart = reading.token.text.len == 1; /* @ 'host' */

            step(&reading);
            if (apart)
                step(&reading);
        } else if (sql_token_is_sign(&reading.token, "(")) { /* CURRENT_USER() */
            step(&reading);
            step(&reading);
        }
    }
    if (is_of_system(&reading, database))
        return FOREIGN_OBJECT_SYSTEM;
    if (definer.kind == SQL_TOKEN_END)
        return FOREIGN_OBJECT_GOOD;
    write_other(buf, text, &definer);
    return FOREIGN_OBJECT_DEFINER;
}
