#include "translation/table_translation.h"

#include "base/mem.h"
#include "translation/collation.h"

/* What a dialect's servers know of the table map's flags and optional fields. */
static const struct {
    uint16_t flags;
    uint8_t last_field; /* enum table_field_type; 0: none */
} known[DIALECTS] = {
    [DIALECT_MYSQL_5] = {TABLE_MAP_FLAG_BIT_LEN_EXACT, 0},
    [DIALECT_MYSQL_8] = {TABLE_MAP_FLAG_BIT_LEN_EXACT | TABLE_MAP_FLAG_REFERRED_FK_DB |
                             TABLE_MAP_FLAG_GENERATED_INVISIBLE_KEY,
                         UINT8_MAX},
    [DIALECT_MARIADB] = {TABLE_MAP_FLAG_BIT_LEN_EXACT, FIELD_ENUM_AND_SET_COLUMN_CHARSET},
};

#define TABLE_ID_SIZE 6

void table_translation_init(struct table_translation *translation)
{
    *translation = (struct table_translation){0};
}

void table_translation_done(struct table_translation *translation)
{
    if (!translation)
        return;
    mem_free(translation->own.columns);
    mem_free(translation->changes);
    *translation = (struct table_translation){0};
}

static enum format_family family_of(const struct table_map *map)
{
    return map->mariadb ? FORMAT_MARIADB : FORMAT_MYSQL;
}

bool table_translation_is_copy(const struct table_map *map, enum dialect to)
{
    for (uint32_t i = 0; i < map->column_count; i++)
        if (!column_is_copied(&map->columns[i], family_of(map), to))
            return false;
    return true;
}

bool table_translation_blame(const struct table_map *map, uint32_t column, struct err *err)
{
    struct span name = map->columns[column].name;

    if (name.len > 0)
        (void)err_prefix(err, "column %u (%.*s)", column + 1, (int)name.len,
                         (const char *)name.data);
    else
        (void)err_prefix(err, "column %u", column + 1);
    return err_prefix(err, "table %.*s.%.*s", (int)map->database.len,
                      (const char *)map->database.data, (int)map->table.len,
                      (const char *)map->table.data);
}

static void set_capacity(struct table_translation *translation, uint32_t count)
{
    if (count <= translation->own.cap)
        return;
    translation->own.cap = count;
    translation->own.columns =
        mem_realloc(translation->own.columns, count * sizeof *translation->own.columns);
    translation->changes = mem_realloc(translation->changes, count * sizeof *translation->changes);
}

/* Signs, names, members and so on are in the columns: what is left is encoded from there. */
static void leave_out_fields(struct table_map *map, enum dialect to)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < map->field_count; i++)
        if (map->fields[i].type <= known[to].last_field)
            map->fields[kept++] = map->fields[i];
    map->field_count = kept;
}

static bool is_of_collations(uint8_t type)
{
    return type == FIELD_DEFAULT_CHARSET || type == FIELD_COLUMN_CHARSET ||
           type == FIELD_ENUM_AND_SET_DEFAULT_CHARSET || type == FIELD_ENUM_AND_SET_COLUMN_CHARSET;
}

static bool translate_collation(uint32_t *collation, enum format_family from, enum dialect to)
{
    if (*collation != 0)
        *collation = collation_translate(*collation, from, to);
    return *collation != 0;
}

/* One that has no counterpart makes the event say nothing of collations, which is allowed. */
static void translate_collations(struct table_map *map, enum format_family from, enum dialect to)
{
    uint32_t kept = 0;
    bool known_to_all = true;

    for (uint32_t i = 0; i < map->column_count; i++)
        if (map->columns[i].collation != 0 &&
            !translate_collation(&map->columns[i].collation, from, to))
            known_to_all = false;
    for (uint32_t i = 0; i < map->field_count; i++)
        if (is_of_collations(map->fields[i].type) && map->fields[i].collation != 0 &&
            !translate_collation(&map->fields[i].collation, from, to))
            known_to_all = false;
    for (uint32_t i = 0; i < map->field_count; i++)
        if (known_to_all || !is_of_collations(map->fields[i].type))
            map->fields[kept++] = map->fields[i];
    map->field_count = kept;
}

/*
 * A table whose only texts were documents has no field for collations: their columns need one now,
 * or they would read as bytes.
 */
static void add_collations(struct table_map *map)
{
    struct table_field added = {.type = FIELD_DEFAULT_CHARSET};
    uint32_t at = map->field_count > 0 && map->fields[0].type == FIELD_SIGNEDNESS ? 1 : 0;

    if (table_map_has_field(map, FIELD_DEFAULT_CHARSET) ||
        table_map_has_field(map, FIELD_COLUMN_CHARSET) || map->field_count == TABLE_MAP_FIELDS_MAX)
        return;
    for (uint32_t i = 0; i < map->column_count; i++) {
        const struct column *column = &map->columns[i];

        if (!column_type_is_character(column->layout.type, map->mariadb))
            continue;
        if (column->collation == 0)
            return;
        added.collation = column->collation;
    }
    if (added.collation == 0)
        return;
    for (uint32_t i = map->field_count++; i > at; i--)
        map->fields[i] = map->fields[i - 1];
    map->fields[at] = added;
}

bool table_translation_make(struct table_translation *translation, const struct table_map *map,
                            enum dialect to, struct err *err)
{
    struct table_map other = *map;

    set_capacity(translation, map->column_count);
    other.json_count = 0;
    for (uint32_t i = 0; i < map->column_count; i++) {
        struct column *column = &translation->own.columns[i];

        if (!column_translate(&map->columns[i], family_of(map), to, column,
                              &translation->changes[i], err))
            return table_translation_blame(map, i, err);
        other.json_count += column->layout.type == COLUMN_JSON;
    }
    other.columns = translation->own.columns;
    other.id_size = TABLE_ID_SIZE;
    other.flags &= known[to].flags;
    other.mariadb = dialect_family(to) == FORMAT_MARIADB;
    leave_out_fields(&other, to);
    if (family_of(map) != dialect_family(to)) {
        translate_collations(&other, family_of(map), to);
        if (to == DIALECT_MARIADB)
            add_collations(&other);
    }
    translation->from = map;
    translation->map = other;
    return true;
}
