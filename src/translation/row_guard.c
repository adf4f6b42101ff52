#include "translation/row_guard.h"

#define FRACTION_MAX     999999
#define SECONDS_MAX      UINT32_C(0x7fffffff)
#define SECONDS_MAX_11_5 UINT32_C(0xffffffff)

static const uint8_t sequence_types[] = {
    COLUMN_LONGLONG, COLUMN_LONGLONG, COLUMN_LONGLONG, COLUMN_LONGLONG,
    COLUMN_LONGLONG, COLUMN_LONGLONG, COLUMN_TINY,     COLUMN_LONGLONG,
};

enum sequence_column {
    SEQUENCE_NEXT,
    SEQUENCE_MINIMUM,
    SEQUENCE_MAXIMUM,
    SEQUENCE_START,
    SEQUENCE_INCREMENT,
    SEQUENCE_CACHE,
    SEQUENCE_CYCLE,
    SEQUENCE_CYCLES,
    SEQUENCE_COLUMNS,
};

static bool has_sequence_columns(const struct table_map *map)
{
    static const char first[] = "next_not_cached_value";

    if (map->column_count != SEQUENCE_COLUMNS)
        return false;
    for (uint32_t i = 0; i < SEQUENCE_COLUMNS; i++)
        if (map->columns[i].layout.type != sequence_types[i] || map->columns[i].nullable)
            return false;
    return map->columns[0].name.len == 0 || span_eq(map->columns[0].name, span_str(first));
}

static bool may_end_version(const struct column *column)
{
    return column->layout.type == COLUMN_TIMESTAMP && column->layout.scale == 6 &&
           !column->nullable;
}

bool row_guard_is_needed(const struct table_map *map)
{
    if (!map->mariadb)
        return false;
    for (uint32_t i = 0; i < map->column_count; i++)
        if (may_end_version(&map->columns[i]))
            return true;
    return has_sequence_columns(map);
}

/* A whole row is one where its numbers fit together; of a change there are two columns. */
static bool is_sequence(const struct value *values)
{
    if (values[SEQUENCE_NEXT].kind == VALUE_ABSENT)
        return false;
    if (values[SEQUENCE_START].kind == VALUE_ABSENT)
        return values[SEQUENCE_CYCLES].kind != VALUE_ABSENT;
    return values[SEQUENCE_MINIMUM].i <= values[SEQUENCE_START].i &&
           values[SEQUENCE_START].i <= values[SEQUENCE_MAXIMUM].i &&
           values[SEQUENCE_CACHE].i >= 0 && values[SEQUENCE_CYCLE].u <= 1;
}

static bool check_image(const struct table_map *map, const struct row_image *image, struct err *err)
{
    for (uint32_t i = 0; i < map->column_count; i++) {
        const struct value *value = &image->values[i];

        if (!may_end_version(&map->columns[i]) || value->kind != VALUE_TIMESTAMP ||
            value->stamp.usec != FRACTION_MAX)
            continue;
        if (value->stamp.seconds == SECONDS_MAX || value->stamp.seconds == SECONDS_MAX_11_5)
            return err_set(err, E_STATE, 0,
                           "table %.*s.%.*s: column %u ends a version of a row of a "
                           "system-versioned table, which MySQL does not have; ALTER TABLE ... "
                           "DROP SYSTEM VERSIONING on the source, or leave the table out",
                           (int)map->database.len, (const char *)map->database.data,
                           (int)map->table.len, (const char *)map->table.data, i + 1);
    }
    return true;
}

bool row_guard_check(const struct rows *rows, const struct table_map *map,
                     struct row_reader *reader, struct err *err)
{
    bool more;

    if (!row_reader_start(reader, rows, map, err) || !row_reader_next(reader, &more, err))
        return false;
    if (!more)
        return true;
    if (rows->kind == ROWS_WRITE && has_sequence_columns(map) && is_sequence(reader->after.values))
        return err_set(err, E_STATE, 0,
                       "table %.*s.%.*s: its rows are those of a sequence, which MySQL does not "
                       "have; use AUTO_INCREMENT on the source, or leave the sequence out",
                       (int)map->database.len, (const char *)map->database.data,
                       (int)map->table.len, (const char *)map->table.data);
    return (rows->kind == ROWS_WRITE || check_image(map, &reader->before, err)) &&
           (rows->kind == ROWS_DELETE || check_image(map, &reader->after, err));
}
