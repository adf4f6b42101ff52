/*
 * struct clusters: all clusters of a directory, each with its supervisor.
 *
 * clusters_open() and clusters_close() belong to the main thread; the rest to any, one request at a
 * time. A supervisor that is borrowed lives until it is returned, whatever is deleted meanwhile.
 */
#pragma once

#include "daemon/supervisor.h"

struct clusters;

/* What a store has. */
MUST_CHECK bool clusters_count(struct store *store, size_t *ret_count, struct err *err);
MUST_CHECK bool clusters_find_plan(struct store *store, const char *name,
                                   struct cluster_plan *ret_plan, bool *ret_found, struct err *err);

/*
 * Puts all clusters of the store to work. `changed` is what one of them shall be, or NULL. What the
 * spec has outlives it.
 */
MUST_CHECK bool clusters_open(const struct supervisor_spec *spec,
                              const struct cluster_plan *changed, struct clusters **ret_clusters,
                              struct err *err);

/* Waits for the supervisors, which have been asked to end. NULL is fine. */
void clusters_close(struct clusters *clusters);

/* Stores a new cluster and has it made. Returns at once. */
MUST_CHECK bool clusters_create(struct clusters *clusters, const char *name,
                                const struct cluster_options *options, struct err *err);

/* Stores that the cluster shall go, and has it go. Returns at once. */
MUST_CHECK bool clusters_delete(struct clusters *clusters, const char *name, struct err *err);

/*
 * Changes parameter groups, beside which no other request is at work; the clusters that use the
 * group of that name, if it is not NULL, take up what they then find in it. Returns at once.
 */
MUST_CHECK bool clusters_change_groups(
    struct clusters *clusters, bool (*change)(struct store *store, void *context, struct err *err),
    void *context, enum store_group_kind kind, const char *group, struct err *err);

/* Whether a cluster uses a group. */
bool clusters_use_group(const struct store_cluster *settings, enum store_group_kind kind,
                        const char *group);

/* Returns at once. E_STATE: the cluster is neither available nor failed. */
MUST_CHECK bool clusters_reboot(struct clusters *clusters, const char *name, struct err *err);

/* Stores other settings and has them brought into force; password: NULL leaves it. */
MUST_CHECK bool clusters_modify(struct clusters *clusters, const char *name,
                                const struct cluster_options *options, const char *password,
                                struct err *err);

/* Where their own connections come from; NULL: as routing picks. */
const char *clusters_borrow_source_address(const struct clusters *clusters);

/* All, in the order of their names (mem_free the array), or one; clusters_return() each. */
size_t clusters_borrow_all(struct clusters *clusters, struct supervisor ***ret_supervisors);
MUST_CHECK bool clusters_borrow(struct clusters *clusters, const char *name,
                                struct supervisor **ret_supervisor, struct err *err);
void clusters_return(struct clusters *clusters, struct supervisor *supervisor);

/* After SUPERVISOR_STOP and SUPERVISOR_LEAVE no cluster is taken any more. */
void clusters_ask_all(struct clusters *clusters, enum supervisor_request request);
bool clusters_have_ended(struct clusters *clusters);

/*
 * How the first attempts have ended: VERDICT_NONE while one has not, VERDICT_UP when at least one
 * is up or there is none, VERDICT_FAILED, with the first failure, when all have failed.
 */
enum supervisor_verdict clusters_verdict(struct clusters *clusters, struct err *ret_err);

struct store *clusters_borrow_store(struct clusters *clusters);
