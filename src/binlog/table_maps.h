/*
 * struct table_maps: the table maps that rows events refer to by table id.
 *
 * A map holds for the statement it belongs to, whose last rows event has ROWS_FLAG_STMT_END; it is
 * kept beyond that while there is room, because the same table mostly comes back with the same
 * bytes, which then cost one comparison. Memory is bounded by the tables of one statement. Owned by
 * one thread.
 */
#pragma once

#include "binlog/table_map.h"

struct table_maps;

struct table_maps *table_maps_new(void);
void table_maps_free(struct table_maps *maps); /* NULL is fine */

/*
 * Takes the body of a TABLE_MAP event; the map is borrowed until its statement has ended. E_PROTO,
 * E_LIMIT.
 */
MUST_CHECK bool table_maps_take(struct table_maps *maps, struct span body,
                                const struct format *format, const struct table_map **ret_map,
                                struct err *err);

/* NULL when there was none. */
const struct table_map *table_maps_find(struct table_maps *maps, uint64_t table_id);

/* After a rows event with ROWS_FLAG_STMT_END. */
void table_maps_end_statement(struct table_maps *maps);
