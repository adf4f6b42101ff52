/*
 * Until when the makers of a server's series mend it, as far as this program knows
 * (source: the release policies of MySQL and of the MariaDB Foundation).
 */
#pragma once

#include "binlog/format.h"

/* "2028-02-16"; NULL: not known. The version is major * 10000 + minor * 100 + patch. */
const char *support_end(enum format_family family, uint32_t version);

/* Whether our tests run with servers of the series. */
bool support_is_tested(enum format_family family, uint32_t version);
