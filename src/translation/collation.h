/*
 * Collations by id and name, and which of another dialect stands for one that it lacks.
 *
 * MySQL's utf8mb4_0900_* become MariaDB's built-in utf8mb4_uca1400_nopad_* of the same language and
 * sensitivities, and the other way round; uca1400 collations that pad become those of 0900, which
 * do not (listed in doc/compatibility.md); for MySQL 5.6 and 5.7 both become what these have. No
 * collation is ever named that a bare server of the dialect lacks. Constant tables, any thread
 * (source: information_schema.collations of MySQL 5.6 and 9.7, MariaDB 10.11 and 11.8).
 */
#pragma once

#include "translation/dialect.h"

/* Its name, NULL for an id that no server of that family has. */
const char *collation_name(uint32_t id, enum format_family family);

/* Its id, 0 for a name that no server of that family has; without regard to case. */
uint32_t collation_id(struct span name, enum format_family family);

/* What stands for it in a dialect: itself where it can be; 0 when nothing does. */
uint32_t collation_translate(uint32_t id, enum format_family from, enum dialect to);

/* What a character set's name alone means to a server of that version; 0: no such set. */
uint32_t collation_default(struct span charset, enum format_family family, uint32_t version);
