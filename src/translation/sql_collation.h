/*
 * Character sets and collations in statements, of either direction: what each word of a statement
 * is asked for.
 *
 * A collation's name becomes that of the one which stands for it (collation.h); utf8 becomes
 * utf8mb3, which all servers but MySQL 5's know; a character set's name without a collation gets
 * the one that it meant at the source, where servers of the target do not agree in what it means.
 * Rules of a walk.
 */
#pragma once

#include "translation/sql_walk.h"

/* True: the walk is behind what it was asked for. */
bool sql_collation_word(struct sql_walk *walk);

/* The collation of the target for one of the source, by name; NULL, and refused, when none is. */
const char *sql_collation_for(struct sql_walk *walk, uint32_t id);

/* Puts COLLATE at a place: of the collation that a character set's name alone meant at the source.
 */
void sql_collation_put_default(struct sql_walk *walk, struct span place, const char *charset);

/* Whether the clause that the walk stands in names a collation further on: COLLATE or BINARY. */
bool sql_collation_follows(const struct sql_walk *walk);
