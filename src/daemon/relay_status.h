/*
 * The JSON object behind `borealis relay status`. Its fields are listed in borealis(1); names are
 * only ever added.
 */
#pragma once

#include "daemon/relay_identity.h"
#include "daemon/relay_snapshot.h"

struct relay_status_head {
    const char *directory;
    const char *config; /* the file; NULL: flags */
    const struct relay_identity *identity;
    int64_t started_usec; /* since 1970 */
};

/* mem_free the text. */
char *relay_status_render(const struct relay_status_head *head,
                          const struct relay_snapshot *snapshot);
