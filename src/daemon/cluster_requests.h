/*
 * The requests of `borealis cluster` at the control socket: a name, and after a space one JSON
 * object with what belongs to it. Each answer is one JSON object; that of a request that fails has
 * "error".
 *
 *     cluster-list                                      "clusters"
 *     cluster-describe {"name"}                         "cluster"
 *     cluster-create   {"name", OPTIONS}                "cluster", which is made from now on
 *     cluster-modify   {"name", OPTIONS, "password"}    "cluster", see its "pending"
 *     cluster-reboot   {"name"}                         "cluster"
 *     cluster-delete   {"name", "confirm"}              "cluster", which goes from now on
 *     cluster-events   {"name"}                         "events"; without a name those of all
 *
 * Those about parameters are in parameter_requests.h.
 *
 * OPTIONS are "engine", "listen", "port", "require_secure_transport", "compatibility",
 * "client_networks", "parameter_group", "instance_parameter_group", "reader_listen", "reader_port",
 * "instance_listen" and "instance_port", each when it is to be another than it is. What a request
 * has besides, or of another type, is refused.
 */
#pragma once

#include "daemon/clusters.h"

/* The answer (mem_free); NULL: it is no request of these. */
char *cluster_requests_answer(struct clusters *clusters, const char *request);
