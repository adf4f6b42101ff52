/*
 * Parameter groups: named sets of values that clusters use, as RDS has them: DB cluster parameter
 * groups, and DB parameter groups, whose values win, for instances. Each is of a family, which is
 * the compatibility of the clusters that may use it. `default.FAMILY` is there for either kind, is
 * not stored and can not be changed; in the rows of clusters it is "".
 *
 * What is wrong about one of several changes changes nothing. One caller at a time may change
 * groups; any may look.
 */
#pragma once

#include "cluster/parameter_set.h"
#include "meta/store.h"

#define PARAMETER_GROUPS_MAX 200 /* of both kinds together */

enum parameter_method {
    METHOD_DEFAULT, /* at once where the parameter is dynamic */
    METHOD_IMMEDIATE,
    METHOD_PENDING_REBOOT,
};

/* One change of a group: value NULL resets the parameter. */
struct parameter_change {
    const char *name;
    const char *value;
};

/* Where the value of a parameter comes from. */
struct parameter_origin {
    unsigned level; /* enum parameter_level; 0: the default */
    bool immediate; /* a change of it need not wait for the next start */
};

/* "aurora-mysql8.0" for version 3; 0: there is no such family. */
const char *parameter_group_family(unsigned version);
unsigned parameter_group_version(const char *family);
void parameter_group_default(unsigned version, char name[STORE_GROUP_MAX]);

/* E_USAGE, E_STATE where there is one, E_LIMIT. description: NULL or "" is a text of its own. */
MUST_CHECK bool parameter_group_create(struct store *store, enum store_group_kind kind,
                                       const char *name, const char *family,
                                       const char *description, struct err *err);
MUST_CHECK bool parameter_group_copy(struct store *store, enum store_group_kind kind,
                                     const char *source, const char *target,
                                     const char *description, struct err *err);
MUST_CHECK bool parameter_group_delete(struct store *store, enum store_group_kind kind,
                                       const char *name, struct err *err);

/* Stores the changes, and an event for each. */
MUST_CHECK bool parameter_group_modify(struct store *store, enum store_group_kind kind,
                                       const char *name, const struct parameter_change *changes,
                                       size_t count, enum parameter_method method, struct err *err);
MUST_CHECK bool parameter_group_reset_all(struct store *store, enum store_group_kind kind,
                                          const char *name, struct err *err);

/* A group by name, also a default one. E_STATE: there is none. */
MUST_CHECK bool parameter_group_find(struct store *store, enum store_group_kind kind,
                                     const char *name, struct store_group *ret_group,
                                     struct err *err);

/*
 * What stands in a cluster's row for a group that the cluster shall use: E_STATE when there is
 * none, E_USAGE when it is of another family.
 */
MUST_CHECK bool parameter_group_choose(struct store *store, enum store_group_kind kind,
                                       unsigned version, const char *name,
                                       char ret_name[STORE_GROUP_MAX], struct err *err);

/* The values of one group (parameter_set_free), and where they come from: parameters_count
 * (mem_free).
 */
MUST_CHECK bool parameter_group_values(struct store *store, const struct store_group *group,
                                       struct parameter_set **ret_set,
                                       struct parameter_origin **ret_origins, struct err *err);

/* The same of a cluster: what its groups say that it shall run with. */
MUST_CHECK bool parameter_group_effective(struct store *store, const struct store_cluster *settings,
                                          struct parameter_set **ret_set,
                                          struct parameter_origin **ret_origins, struct err *err);
