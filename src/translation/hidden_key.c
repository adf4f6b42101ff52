#include "translation/hidden_key.h"

#include "binlog/table_map.h"

#include <string.h>
#include <strings.h>

#define NAME "my_row_id"

bool hidden_key_may_be(const struct table_map *map)
{
    const struct column *column;

    if (!map->mariadb || map->key_count != 1)
        return false;
    column = &map->columns[map->key[0].column];
    return map->key[0].prefix == 0 && column->layout.type == COLUMN_LONGLONG &&
           column->is_unsigned && column->name.len == strlen(NAME) &&
           strncasecmp((const char *)column->name.data, NAME, strlen(NAME)) == 0;
}

static bool fail(const struct table_map *map, const char *why, struct err *err)
{
    return err_set(err, E_STATE, 0, "table %.*s.%.*s: column %u (" NAME "): %s",
                   (int)map->database.len, (const char *)map->database.data, (int)map->table.len,
                   (const char *)map->table.data, (unsigned)map->key[0].column + 1, why);
}

bool hidden_key_ask(const struct hidden_key_source *source, const struct table_map *map,
                    bool *ret_hidden, struct err *err)
{
    bool hidden = false;

    if (!source->ask)
        return fail(map,
                    "MySQL reads its rows otherwise where this key is invisible, and MariaDB's log "
                    "does not tell whether it is; give the column another name at the source, or "
                    "leave the table out",
                    err);
    if (!source->ask(source->userdata, map->database, map->table, &hidden, err))
        return false;
    if (hidden && map->key[0].column != 0)
        return fail(map,
                    "MySQL keeps this key, which is invisible, the first column; MODIFY it FIRST "
                    "at the source, and skip the transaction at the replica",
                    err);
    *ret_hidden = hidden;
    return true;
}
