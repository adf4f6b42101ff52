/*
 * Fuzz target: rows of a source's information_schema. A line is a row: its first byte says of which
 * part it is (t, k, c, r), the rest are values between tabs, \N is NULL. What is taken gives the
 * same catalogue each time, and nothing in it lies outside of its table.
 */
#include "base/cursor.h"
#include "replication/key_dictionary.h"

#include <stdlib.h>

#define VALUES_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Up to a separator, which is passed over. */
static struct span next(struct span *rest, uint8_t separator)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    size_t length = end ? (size_t)(end - rest->data) : rest->len;
    struct cursor cur = cursor_of(*rest);
    struct span part = cursor_bytes(&cur, length);

    if (end)
        cursor_skip(&cur, 1);
    *rest = cur.rest;
    return part;
}

static size_t part_of(uint8_t letter)
{
    static const uint8_t letters[KEY_DICTIONARY_PARTS] = {'t', 'k', 'c', 'r'};
    size_t part = 0;

    while (part < KEY_DICTIONARY_PARTS && letters[part] != letter)
        part++;
    return part;
}

static void take_line(struct key_dictionary *dictionary, struct span line)
{
    struct cursor cur = cursor_of(line);
    size_t part = part_of(cursor_u8(&cur));
    struct span values[VALUES_MAX] = {{0}};
    struct span rest = cur.rest;
    struct err err;

    if (part == KEY_DICTIONARY_PARTS)
        return;
    for (size_t i = 0; i < key_dictionary_parts[part].columns; i++) {
        values[i] = next(&rest, '\t');
        if (span_eq(values[i], span_str("\\N")))
            values[i] = (struct span){0};
    }
    (void)key_dictionary_parts[part].take(dictionary, values, &err);
}

static struct key_catalog *catalog_of(struct span text, enum format_family family)
{
    struct key_dictionary *dictionary = key_dictionary_new(family);
    struct key_catalog *catalog = NULL;
    struct err err;

    while (text.len > 0)
        take_line(dictionary, next(&text, '\n'));
    (void)!key_dictionary_finish(dictionary, &catalog, &err);
    key_dictionary_free(dictionary);
    return catalog;
}

static void check_table(const struct key_table *table)
{
    for (unsigned i = 0; table && i < table->key_count; i++) {
        require(table->keys[i].count > 0);
        for (unsigned k = 0; k < table->keys[i].count; k++)
            require(table->keys[i].columns[k].column < table->column_count);
    }
}

/* All tables that were listed, if they are known. */
static void check_tables(const struct key_catalog *catalog, struct span text)
{
    while (text.len > 0) {
        struct span line = next(&text, '\n');
        struct cursor cur = cursor_of(line);

        if (part_of(cursor_u8(&cur)) == 0) {
            struct span rest = cur.rest;
            struct span database = next(&rest, '\t');

            check_table(key_catalog_find(catalog, database, next(&rest, '\t')));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (enum format_family family = FORMAT_MYSQL; family <= FORMAT_MARIADB; family++) {
        struct key_catalog *first = catalog_of(span_of(data, size), family);
        struct key_catalog *second = catalog_of(span_of(data, size), family);

        require(!first == !second);
        if (first) {
            require(key_catalog_equal(first, second));
            check_tables(first, span_of(data, size));
        }
        key_catalog_free(first);
        key_catalog_free(second);
    }
    return 0;
}
