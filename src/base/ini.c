#include "base/ini.h"

#include <ctype.h>

#define SHOWN_MAX 100 /* bytes of a line in a message */

struct ini ini_of(struct span text)
{
    return (struct ini){.rest = cursor_of(text)};
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct span trim(struct span text)
{
    while (text.len > 0 && is_blank(text.data[0]))
        text = span_of(text.data + 1, text.len - 1);
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

static struct span take_line(struct ini *ini)
{
    const uint8_t *end = memchr(ini->rest.rest.data, '\n', cursor_left(&ini->rest));
    size_t length = end ? (size_t)(end - ini->rest.rest.data) : cursor_left(&ini->rest);
    struct span line = cursor_bytes(&ini->rest, length);

    if (end)
        cursor_skip(&ini->rest, 1);
    ini->line++;
    return line;
}

static bool fail(struct err *err, const char *expected, struct span found)
{
    char shown[SHOWN_MAX + 1];
    size_t n = found.len < SHOWN_MAX ? found.len : SHOWN_MAX;

    for (size_t i = 0; i < n; i++)
        shown[i] = isprint(found.data[i]) ? (char)found.data[i] : '?';
    shown[n] = '\0';
    return err_set(err, E_USAGE, 0, "expected %s, found '%s'", expected, shown);
}

/* The text up to a '#' that stands at its beginning or after a blank. */
static struct span cut_comment(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '#' && (i == 0 || is_blank(text.data[i - 1])))
            return trim(span_of(text.data, i));
    }
    return trim(text);
}

static bool take_section(struct span line, struct ini_item *item, struct err *err)
{
    struct span inside = cut_comment(line);
    size_t word = 0;

    if (inside.len < 2 || inside.data[inside.len - 1] != ']')
        return fail(err, "a ']' at the end of the section's name", line);
    inside = trim(span_of(inside.data + 1, inside.len - 2));
    while (word < inside.len && !is_blank(inside.data[word]))
        word++;
    if (word == 0)
        return fail(err, "a section's name in the brackets", line);
    item->kind = INI_SECTION;
    item->word = span_of(inside.data, word);
    item->name = trim(span_of(inside.data + word, inside.len - word));
    return true;
}

static bool take_key(struct span text, struct ini_item *item)
{
    if (text.len == 0 || text.len > INI_KEY_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!isalnum(text.data[i]) && text.data[i] != '_' && text.data[i] != '-')
            return false;
        item->key[i] = text.data[i] == '-' ? '_' : (char)text.data[i];
    }
    item->key[text.len] = '\0';
    return true;
}

static bool take_value(struct span text, struct ini_item *item, struct err *err)
{
    const uint8_t *end;
    struct span after;

    if (text.len == 0 || (text.data[0] != '"' && text.data[0] != '\'')) {
        item->value = cut_comment(text);
        return true;
    }
    end = memchr(text.data + 1, text.data[0], text.len - 1);
    if (!end)
        return fail(err, "a quote at the end of the value", text);
    item->value = span_of(text.data + 1, (size_t)(end - text.data - 1));
    after = span_of(end + 1, text.len - item->value.len - 2);
    if (cut_comment(after).len > 0)
        return fail(err, "nothing after the closing quote", text);
    return true;
}

static bool take_assignment(struct span line, struct ini_item *item, struct err *err)
{
    const uint8_t *equals = memchr(line.data, '=', line.len);

    if (!equals || !take_key(trim(span_of(line.data, (size_t)(equals - line.data))), item))
        return fail(err, "[SECTION] or KEY = VALUE", line);
    item->kind = INI_VALUE;
    return take_value(trim(span_of(equals + 1, line.len - (size_t)(equals - line.data) - 1)), item,
                      err);
}

bool ini_next(struct ini *ini, struct ini_item *ret_item, struct err *err)
{
    struct ini_item item = {.kind = INI_END};
    bool good = true;

    while (item.kind == INI_END && good && cursor_left(&ini->rest) > 0) {
        struct span line = trim(take_line(ini));

        if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';')
            continue;
        if (memchr(line.data, '\0', line.len))
            return fail(err, "text without zero bytes", line);
        good = line.data[0] == '[' ? take_section(line, &item, err)
                                   : take_assignment(line, &item, err);
    }
    if (good)
        *ret_item = item;
    return good;
}
