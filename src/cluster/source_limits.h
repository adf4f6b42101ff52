/*
 * What the engine is not to get of its source's log, by the definition of that source: the
 * transactions that were here before, or that were skipped, and where replication is to stop. And
 * what an operator says in GTIDs, which may be of either family. No state.
 */
#pragma once

#include "cluster/source_definition.h"
#include "replication/dump_limits.h"

/* Replaces `limits`, which were initialized. E_PROTO: the definition's texts are no GTIDs. */
MUST_CHECK bool source_limits_make(const struct source_definition *definition,
                                   struct dump_limits *limits, struct err *err);

/*
 * `added` joins a text of GTIDs of one family, or of both, as the definition keeps it: a set, then
 * a list, parted by ';'. The caller frees *ret_text. E_USAGE: it is of neither family.
 */
MUST_CHECK bool source_limits_join(const char *text, const char *added, char **ret_text,
                                   struct err *err);

/* One GTID, UUID:7, UUID:tag:7 or 0-1-7: whether it is MariaDB's. E_USAGE names what was found. */
MUST_CHECK bool source_limits_check_one(const char *text, bool *ret_mariadb, struct err *err);
