/*
 * The requests about parameters at the control socket, in the form of cluster_requests.h, which
 * takes them. A group is of the DB cluster kind unless "instance" is true.
 *
 *     cluster-parameters       {"name"}                          "parameters" of a cluster
 *     parameter-group-list                                       "groups", default ones too
 *     parameter-group-describe {"name", "instance"}              "group", with its "parameters"
 *     parameter-group-create   {"name", "instance", "family", "description"}
 *                                                                "group"
 *     parameter-group-copy     {"name", "instance", "to", "description"}
 *                                                                "group", the new one
 *     parameter-group-modify   {"name", "instance", "parameters": [{"name", "value"}, ...],
 *                               "apply_method"}                  "group", whose "clusters" take it
 * up parameter-group-reset    {"name", "instance", "parameters": [{"name"}, ...]} "group"; "all":
 * true is all of them parameter-group-delete   {"name", "instance"}              "group", as it was
 *
 * Each function returns the answer, or NULL and err.
 */
#pragma once

#include "daemon/clusters.h"

#include <jansson.h>

json_t *parameter_requests_cluster(struct clusters *clusters, const json_t *arguments,
                                   struct err *err);
json_t *parameter_requests_list(struct clusters *clusters, const json_t *arguments,
                                struct err *err);
json_t *parameter_requests_describe(struct clusters *clusters, const json_t *arguments,
                                    struct err *err);
json_t *parameter_requests_create(struct clusters *clusters, const json_t *arguments,
                                  struct err *err);
json_t *parameter_requests_copy(struct clusters *clusters, const json_t *arguments,
                                struct err *err);
json_t *parameter_requests_modify(struct clusters *clusters, const json_t *arguments,
                                  struct err *err);
json_t *parameter_requests_reset(struct clusters *clusters, const json_t *arguments,
                                 struct err *err);
json_t *parameter_requests_delete(struct clusters *clusters, const json_t *arguments,
                                  struct err *err);
