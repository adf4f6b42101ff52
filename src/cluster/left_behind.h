/*
 * Transactions that were written in a cluster and that its source, which has others of them, lacks:
 * what a failover has left behind when the cluster comes back as a replica of the one that took its
 * place. Only a source that keeps MariaDB's GTIDs can tell. Pure; any thread.
 */
#pragma once

#include "binlog/gtid_list.h"

struct left_behind {
    struct gtid_mariadb there; /* the latest that the source has */
    struct gtid_mariadb here;
};

#define LEFT_BEHIND_TEXT_MAX 256

/*
 * `source_state` is the source's gtid_binlog_state as text, `own` the state of the cluster's own
 * log, in which it writes by this domain and server id. False when nothing is left behind, or
 * nothing can be said.
 */
bool left_behind_find(struct span source_state, const struct gtid_list *own, uint32_t domain,
                      uint32_t server_id, struct left_behind *ret_left);

/* A sentence of at most LEFT_BEHIND_TEXT_MAX bytes, with a NUL. */
void left_behind_print(const struct left_behind *left, char text[LEFT_BEHIND_TEXT_MAX]);
