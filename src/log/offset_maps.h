/*
 * The offset maps of a log (offset_map.h), on disk beside its files: NAME.VIEW.map, one for each
 * file and each view of it, whoever reads that view. They go with their file when it is purged.
 *
 * A map that is being written is shared: who has translated the furthest appends, and what the map
 * has already is passed over. What it has is on the disk when the call returns, for those who ask
 * for that. Everything in one can be made again by who translates the file from its beginning in
 * the same way; so one that is damaged is cut to what is good of it, or begun anew.
 *
 * Any thread; maps are closed before the mirror is.
 */
#pragma once

#include "log/mirror.h"
#include "log/offset_map.h"

struct offset_map;

/*
 * Opens the map of a file of the log for a view, or makes it; `first` is where the view's
 * transactions begin. E_STATE: the file is not in the log any more; E_IO.
 */
MUST_CHECK bool offset_map_open(struct mirror *mirror, const char *name, const char *view,
                                struct offset_pair first, struct offset_map **ret_map,
                                struct err *err);
void offset_map_close(struct offset_map *map); /* NULL is fine */

/*
 * Ends of transactions, each after the one before, all of them from the file's beginning on in
 * this call and those before; and how far in the view a transaction goes at least whose end is not
 * known yet: with the source's offset of the end before it. If `durable` they are synced when it
 * returns true; else a crash may take them back. E_IO: the map is as it was.
 */
MUST_CHECK bool offset_map_append(struct offset_map *map, const struct offset_pair *ends,
                                  size_t count, bool durable, struct err *err);

/*
 * Where a place of the view is in the log's file `name`: the last end of a transaction at or before
 * it. With ret_end->view less than `view_offset` the place is inside a transaction; places before
 * the first are that one. E_STATE: there is no such map, or it does not come so far; E_IO, E_PROTO.
 */
MUST_CHECK bool offset_map_find(struct mirror *mirror, const char *name, const char *view,
                                uint64_t view_offset, struct offset_pair *ret_end, struct err *err);
