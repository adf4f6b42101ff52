/*
 * Optional fields of a TABLE_MAP event: each from and to its value's bytes. For table_map.c only,
 * whose head tells the layout around them.
 *
 * Bitmaps here run from the most significant bit, and character sets, signs, members and so on are
 * listed for the columns of the types concerned only, in the columns' order. A default character
 * set is a collation id and then pairs of index and collation id for the columns that differ; the
 * index counts the columns concerned only (sources: MySQL "Table_map_event" in the code
 * documentation; what MySQL 9.7 and MariaDB 10.11, 11.8 write).
 */
#pragma once

#include "binlog/table_map.h"

/* Fills columns and key of a map whose columns have their layouts. E_PROTO, E_LIMIT. */
MUST_CHECK bool table_field_decode(struct table_map *map, uint8_t type, struct span value,
                                   struct table_field *ret_field, struct err *err);

/* Writes the value. */
void table_field_encode(struct buf *buf, const struct table_map *map,
                        const struct table_field *field);

/* Room for one more; the new element is zero. For decoders. */
struct table_key_part *table_map_add_key_part(struct table_map *map);
struct span *table_map_add_member(struct table_map *map);
