/*
 * struct aurora_bridge: between Aurora's variables in the engine and the dumps of the cluster: once
 * a second it shows the counters of the change log's I/O cache on the status page, when they have
 * changed, and asks the engine for the settings of dumps (@@aurora_binlog_*), which take effect on
 * those that run.
 *
 * A thread of its own, and a control connection that it makes again when it was lost. An engine
 * without the plugin has no such variables: then the standard values hold.
 */
#pragma once

#include "engine/sql.h"
#include "engine/status_page.h"
#include "replication/change_log.h"

struct aurora_bridge;

/* All of the spec must stay until the stop. */
struct aurora_bridge_spec {
    const char *subject; /* of log lines */
    struct status_page *page;
    struct change_log *log;
    bool (*connect)(void *context, struct sql **ret_sql, struct err *err);
    void *context;
};

MUST_CHECK bool aurora_bridge_start(const struct aurora_bridge_spec *spec,
                                    struct aurora_bridge **ret_bridge, struct err *err);
void aurora_bridge_stop(struct aurora_bridge *bridge); /* NULL is fine */
