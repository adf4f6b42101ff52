/*
 * What the daemon says of itself: the JSON object behind `borealis status`. Its fields are listed
 * in borealis(1); names are only ever added.
 */
#pragma once

#include "daemon/clusters.h"

/* Asks each engine for its log and its replication when it answers. mem_free the text. */
char *status_render(const char *dir, struct clusters *clusters);
