/*
 * A cluster, and an event, as the JSON objects that `borealis status` and `borealis cluster` print.
 * Their fields are listed in borealis(1); names are only ever added.
 */
#pragma once

#include "daemon/supervisor.h"

#include <jansson.h>

/* With ask_engine an engine that is available says where its log and its replication are. */
json_t *cluster_json(struct supervisor *supervisor, bool ask_engine);

/*
 * Adds "connects_from" (cluster_outgoing.h), towards the source that the object names. May wait two
 * seconds for a name server.
 */
void cluster_json_add_outgoing(json_t *cluster, const char *source_address);

json_t *cluster_json_event(const struct store_event *event);

/* Renders and releases it; mem_free the text. */
char *cluster_json_text(json_t *json);
