/*
 * The catalogues of a log's file, from a text, for tests:
 *
 *     at 4                            from this offset on
 *     table d t 3 0:- 2:latin1_bin,1:-    columns, and unique keys of columns with collations
 *     barrier d u
 *
 * Names have no blanks.
 */
#pragma once

#include "translation/key_catalog.h"

#include <stdio.h>

#define KEY_FILE_SECTIONS 256
#define KEY_FILE_PARTS    64
#define KEY_FILE_WORD     "%255s"

struct key_file {
    size_t count;
    uint64_t offsets[KEY_FILE_SECTIONS];
    struct key_catalog *catalogs[KEY_FILE_SECTIONS];
};

struct key_file_table {
    struct key_table table;
    struct key_columns keys[KEY_FILE_PARTS];
    struct key_column parts[KEY_FILE_PARTS];
    size_t part_count;
};

/* "2:latin1_bin,1:-" */
static inline bool key_file_key(struct key_file_table *made, const char *text)
{
    struct key_columns *key = &made->keys[made->table.key_count];

    if (made->table.key_count++ == KEY_FILE_PARTS)
        return false;
    *key = (struct key_columns){.columns = made->parts + made->part_count};
    for (int length = 0;; text += length + 1) {
        char collation[256];
        unsigned column;

        if (sscanf(text, "%u:%255[^, ]%n", &column, collation, &length) != 2 ||
            made->part_count == KEY_FILE_PARTS)
            return false;
        made->parts[made->part_count++] = (struct key_column){
            .column = column,
            .collation =
                key_collation_of(strcmp(collation, "-") == 0 ? span_str("") : span_str(collation))};
        key->count++;
        if (text[length] != ',')
            return text[length] == '\0';
    }
}

static inline bool key_file_line(struct key_file *file, const char *line, struct err *err)
{
    struct key_file_table made = {.table.keys = made.keys};
    char database[256];
    char table[256];
    char word[256];
    unsigned long long offset;
    int at = 0;
    int length;

    if (sscanf(line, "at %llu", &offset) == 1 && file->count < KEY_FILE_SECTIONS) {
        file->offsets[file->count] = offset;
        file->catalogs[file->count++] = key_catalog_new();
        return true;
    }
    if (file->count == 0)
        return err_set(err, E_USAGE, 0, "'%s' before a place", line);
    made.table.barrier =
        sscanf(line, "barrier " KEY_FILE_WORD " " KEY_FILE_WORD, database, table) == 2;
    if (!made.table.barrier && sscanf(line, "table " KEY_FILE_WORD " " KEY_FILE_WORD " %u%n",
                                      database, table, &made.table.column_count, &at) != 3)
        return err_set(err, E_USAGE, 0, "'%s' is no table", line);
    for (; at > 0 && sscanf(line + at, KEY_FILE_WORD "%n", word, &length) == 1; at += length) {
        if (!key_file_key(&made, word))
            return err_set(err, E_USAGE, 0, "'%s' is no key", word);
    }
    return key_catalog_add(file->catalogs[file->count - 1], span_str(database), span_str(table),
                           &made.table, err);
}

static inline bool key_file_read(struct key_file *file, const char *path, struct err *err)
{
    FILE *stream = fopen(path, "r");
    char line[4096];
    bool good = true;

    if (!stream)
        return err_errno(err, "%s", path);
    while (good && fgets(line, sizeof line, stream))
        good = key_file_line(file, line, err);
    (void)fclose(stream);
    return good;
}

/* For struct key_source. */
static inline struct key_catalog *key_file_at(void *userdata, const char *name, uint64_t offset)
{
    const struct key_file *file = userdata;
    struct key_catalog *found = NULL;

    (void)name;
    for (size_t i = 0; i < file->count && file->offsets[i] <= offset; i++)
        found = file->catalogs[i];
    return found ? key_catalog_share(found) : NULL;
}
