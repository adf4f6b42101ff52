#include "translation/key_collation.h"

#include "binlog/charset.h"
#include "translation/collation.h"

#include <strings.h>

/*
 * Collations that keep all of printable ASCII apart but for case: of no language with rules of its
 * own, and without oversights (koi8u_general_ci has some).
 */
static const char *const of_unicode[] = {
    "general_ci",          "general_nopad_ci",    "general_mysql500_ci",  "unicode_ci",
    "unicode_nopad_ci",    "unicode_520_ci",      "unicode_520_nopad_ci", "0900_ai_ci",
    "0900_as_ci",          "0900_as_cs",          "uca1400_ai_ci",        "uca1400_ai_cs",
    "uca1400_as_ci",       "uca1400_as_cs",       "uca1400_nopad_ai_ci",  "uca1400_nopad_ai_cs",
    "uca1400_nopad_as_ci", "uca1400_nopad_as_cs",
};

/* Others, all up to "_ci", "_cs" or "_nopad_ci". */
static const char *const of_others[] = {
    "ascii_general",  "cp1250_general", "cp1251_general", "cp1256_general",   "cp1257_general",
    "cp850_general",  "cp852_general",  "cp866_general",  "dec8_swedish",     "greek_general",
    "hebrew_general", "hp8_english",    "koi8r_general",  "latin1_general",   "latin1_german1",
    "latin1_swedish", "latin2_general", "latin7_general", "macroman_general",
};

static bool is(struct span word, const char *text)
{
    return word.len == strlen(text) && strncasecmp((const char *)word.data, text, word.len) == 0;
}

static bool ends(struct span name, const char *text)
{
    size_t length = strlen(text);

    return name.len >= length && is(span_of(name.data + name.len - length, length), text);
}

/* The character set of a name that some server has. */
static struct charset charset_of(struct span name)
{
    uint32_t id = collation_id(name, FORMAT_MYSQL);

    return charset_of_collation(id ? id : collation_id(name, FORMAT_MARIADB));
}

static bool is_in(struct span word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is(word, list[i]))
            return true;
    }
    return false;
}

/* What follows the character set and a dash. */
static struct span rest_of(struct span name)
{
    struct cursor cur = cursor_of(name);

    while (cursor_left(&cur) > 0 && cursor_u8(&cur) != '_')
        continue;
    return cur.rest;
}

static bool is_folded(struct span name, const char *charset)
{
    static const char *const ends_of_others[] = {"_nopad_ci", "_ci", "_cs"};
    size_t count = sizeof of_others / sizeof of_others[0];

    if (strcmp(charset, "utf8mb3") == 0 || strcmp(charset, "utf8mb4") == 0)
        return is_in(rest_of(name), of_unicode, sizeof of_unicode / sizeof of_unicode[0]);
    for (size_t i = 0; i < sizeof ends_of_others / sizeof ends_of_others[0]; i++) {
        if (ends(name, ends_of_others[i]) &&
            is_in(span_of(name.data, name.len - strlen(ends_of_others[i])), of_others, count))
            return true;
    }
    return false;
}

enum key_collation key_collation_of(struct span name)
{
    struct charset charset;

    if (name.len == 0 || is(name, "binary"))
        return KEY_COLLATION_BYTES;
    charset = charset_of(name);
    if (!charset_has_ascii(charset.encoding))
        return KEY_COLLATION_UNKNOWN;
    if (ends(name, "_bin"))
        return KEY_COLLATION_PADDED;
    return is_folded(name, charset.name) ? KEY_COLLATION_FOLDED : KEY_COLLATION_UNKNOWN;
}
