#include "translation/sql_collation.h"

#include "binlog/charset.h"
#include "translation/collation.h"

#include <stdio.h>
#include <strings.h>

#define NAME_SIZE 80

/* ---- Collations ---- */

static void refuse(struct sql_walk *walk, const char *what, const char *name)
{
    sql_walk_refuse(walk,
                    "%s %s: %s has none like it; convert what is of it to utf8mb4 at the source",
                    what, name, dialect_title(walk->origin->to));
}

const char *sql_collation_for(struct sql_walk *walk, uint32_t id)
{
    enum format_family family = walk->origin->family;
    uint32_t there = collation_translate(id, family, walk->origin->to);

    if (there == 0) {
        refuse(walk, "collation", collation_name(id, family));
        return NULL;
    }
    return collation_name(there, dialect_family(walk->origin->to));
}

/* MySQL before 8.0.30 knows the collations of utf8mb3 only as those of utf8, later ones know both.
 */
static const char *spelled(const struct sql_walk *walk, const char *name, char text[NAME_SIZE])
{
    static const char prefix[] = "utf8mb3_";
    bool shorter = dialect_family(walk->origin->to) == FORMAT_MYSQL &&
                   strncasecmp(name, prefix, strlen(prefix)) == 0;

    (void)snprintf(text, NAME_SIZE, "%s%s", shorter ? "utf8_" : "",
                   shorter ? name + strlen(prefix) : name);
    return text;
}

/* uca1400_ai_ci, which is of the character set that it is used with. */
static bool refuse_short(struct sql_walk *walk, const char *name)
{
    static const char prefix[] = "uca1400_";

    if (walk->origin->family != FORMAT_MARIADB || strncasecmp(name, prefix, strlen(prefix)) != 0)
        return false;
    sql_walk_refuse(walk,
                    "collation %s: its name does not tell of which character set it is; write all "
                    "of it, as utf8mb4_%s, at the source",
                    name, name);
    return true;
}

/* Behind COLLATE, and COLLATE = of a table's options. */
static void take_collation(struct sql_walk *walk)
{
    char name[NAME_SIZE], text[NAME_SIZE];
    const char *there;
    uint32_t id;

    (void)sql_walk_take_sign(walk, "=");
    if (sql_walk_is(walk, "DEFAULT") ||
        (!sql_walk_is_name(walk) && walk->token.kind != SQL_TOKEN_STRING))
        return;
    (void)sql_walk_value(walk, &walk->token, name, sizeof name);
    id = collation_id(span_str(name), walk->origin->family);
    if (id == 0) {
        if (!refuse_short(walk, name))
            refuse(walk, "collation", name);
        return;
    }
    there = sql_collation_for(walk, id);
    if (there && strcasecmp(spelled(walk, there, text), name) != 0)
        sql_edits_replace(walk->edits, walk->token.text, "%s", text);
}

/* ---- Character sets ---- */

/* Those whose default collation depends on the version, and on settings. */
static bool is_moving(const char *charset)
{
    static const char *const names[] = {"utf8", "utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(charset, names[i]) == 0)
            return true;
    return false;
}

/*
 * MariaDB tells what differs from the standard collations, as its own default since 11.5 does; what
 * it has applied as a replica is without.
 */
static uint32_t meaning_of(const struct sql_walk *walk, const char *charset)
{
    enum format_family family = walk->origin->family;
    const struct sql_session *session = walk->session;
    struct cursor cur = cursor_of(session->collations);
    uint32_t id = collation_default(span_str(charset), family,
                                    family == FORMAT_MARIADB ? 0 : walk->origin->version);

    if (strcasecmp(charset, "utf8mb4") == 0 && session->collation_utf8mb4)
        return session->collation_utf8mb4;
    while (cursor_left(&cur) > 0) {
        uint32_t of_charset = cursor_u16(&cur);
        uint32_t instead = cursor_u16(&cur);

        if (of_charset == id)
            return instead;
    }
    return id;
}

void sql_collation_put_default(struct sql_walk *walk, struct span place, const char *charset)
{
    const char *there = sql_collation_for(walk, meaning_of(walk, charset));
    char text[NAME_SIZE];

    if (there)
        sql_edits_replace(walk->edits, place, " COLLATE %s", spelled(walk, there, text));
}

/* A token that names a character set: its name in `name`; utf8mb3, which MySQL 5 calls utf8. */
static bool take_charset(struct sql_walk *walk, const struct sql_token *token, char name[NAME_SIZE])
{
    uint32_t id;

    (void)sql_walk_value(walk, token, name, NAME_SIZE);
    id = collation_default(span_str(name), walk->origin->family, walk->origin->version);
    if (id == 0)
        return false;
    if (collation_translate(id, walk->origin->family, walk->origin->to) == 0) {
        refuse(walk, "character set", name);
        return false;
    }
    if (strcasecmp(name, walk->origin->to == DIALECT_MYSQL_5 ? "utf8mb3" : "utf8") == 0)
        sql_edits_replace(walk->edits, token->text,
                          walk->origin->to == DIALECT_MYSQL_5 ? "utf8" : "utf8mb3");
    return true;
}

static bool is_routine(const struct sql_walk *walk)
{
    static const char *const objects[] = {"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"};

    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
        if (sql_token_is(&walk->object, objects[i]))
            return true;
    return false;
}

static bool is_definition(const struct sql_walk *walk)
{
    return sql_token_is(&walk->object, "TABLE") || sql_token_is(&walk->object, "DATABASE") ||
           sql_token_is(&walk->object, "SCHEMA") || is_routine(walk);
}

bool sql_collation_follows(const struct sql_walk *walk)
{
    struct err ignored;
    struct sql_walk scout = sql_walk_scout(walk, &ignored);
    bool options = walk->depth == 0 && !sql_walk_is_head(walk, "ALTER", "TABLE");

    while (!sql_walk_at_end(&scout) && !sql_walk_is_sign(&scout, ")") &&
           !sql_walk_is_sign(&scout, ";") && (options || !sql_walk_is_sign(&scout, ","))) {
        if (sql_walk_is(&scout, "COLLATE") || sql_walk_is(&scout, "BINARY"))
            return true;
        if (sql_walk_is(&scout, "SELECT") || sql_walk_is(&scout, "BEGIN") ||
            sql_walk_is(&scout, "RETURN") || sql_walk_is(&scout, "PARTITION"))
            return false;
        if (sql_walk_is_sign(&scout, "("))
            sql_walk_pass_parens(&scout);
        else
            sql_walk_step(&scout);
    }
    return false;
}

/* Behind CHARACTER SET, CHARSET and = */
static void take_charset_clause(struct sql_walk *walk)
{
    struct sql_token token = walk->token;
    char name[NAME_SIZE];

    if (sql_walk_is(walk, "DEFAULT") ||
        (!sql_walk_is_name(walk) && token.kind != SQL_TOKEN_STRING) ||
        !take_charset(walk, &token, name) || !is_moving(name))
        return;
    sql_walk_step(walk);
    if (!is_definition(walk) || (walk->casts & 1) || walk->collated || sql_collation_follows(walk))
        return;
    sql_collation_put_default(walk, sql_behind(&token), name);
}

/* SET NAMES, in a routine. */
static void take_names(struct sql_walk *walk)
{
    struct sql_token token = walk->token;
    char name[NAME_SIZE];

    if ((!sql_walk_is_name(walk) && token.kind != SQL_TOKEN_STRING) ||
        !take_charset(walk, &token, name) || !is_moving(name))
        return;
    sql_walk_step(walk);
    if (sql_walk_is(walk, "COLLATE"))
        return;
    sql_collation_put_default(walk, sql_behind(&token), name);
}

/* _utf8'text', _utf8 X'..', _utf8 0x.. */
static bool take_introducer(struct sql_walk *walk)
{
    struct sql_token charset = walk->token;
    struct sql_token next;
    char name[NAME_SIZE];

    if (charset.text.len < 2 || charset.text.data[0] != '_')
        return false;
    next = sql_walk_ahead(walk, 1);
    if (next.kind != SQL_TOKEN_STRING && next.kind != SQL_TOKEN_NUMBER &&
        !sql_token_is(&next, "X") && !sql_token_is(&next, "B"))
        return false;
    charset.text = span_of(charset.text.data + 1, charset.text.len - 1);
    (void)take_charset(walk, &charset, name);
    sql_walk_step(walk);
    return true;
}

bool sql_collation_word(struct sql_walk *walk)
{
    char name[NAME_SIZE];

    if (walk->token.kind != SQL_TOKEN_WORD || sql_token_is_sign(&walk->last, "."))
        return false;
    if (sql_walk_take(walk, "COLLATE")) {
        take_collation(walk);
    } else if (sql_walk_take(walk, "CHARSET")) {
        (void)sql_walk_take_sign(walk, "=");
        take_charset_clause(walk);
    } else if (sql_walk_is(walk, "CHARACTER") &&
               sql_walk_are(walk, (const char *const[]){"CHARACTER", "SET", NULL})) {
        sql_walk_step(walk);
        sql_walk_step(walk);
        (void)sql_walk_take_sign(walk, "=");
        take_charset_clause(walk);
    } else if (sql_token_is(&walk->last, "SET") && sql_walk_take(walk, "NAMES")) {
        take_names(walk);
    } else if ((walk->casts & 1) && sql_walk_take(walk, "USING")) {
        (void)take_charset(walk, &walk->token, name);
    } else {
        return take_introducer(walk);
    }
    return true;
}
