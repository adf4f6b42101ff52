/*
 * What can happen to a cluster: one table of kinds, each with the source, category, id and text
 * that RDS gives it (source: Aurora user guide, "Amazon RDS event categories and event messages").
 * Those without an id are Borealis's own, but for UNTIL_REACHED, whose text is documented without.
 */
#pragma once

#include "meta/store.h"

enum event_kind {
    EVENT_CLUSTER_CREATED,
    EVENT_CLUSTER_NOT_CREATED,
    EVENT_CLUSTER_DELETED,
    EVENT_CLUSTER_STARTED,
    EVENT_CLUSTER_STOPPED,
    EVENT_CLUSTER_STOP_FAILED,
    EVENT_CLUSTER_MODIFIED,
    EVENT_ENDPOINT_LOST,
    EVENT_ENDPOINT_FOUND,
    EVENT_INSTANCE_CREATED,
    EVENT_INSTANCE_DELETED,
    EVENT_INSTANCE_SHUTDOWN,
    EVENT_INSTANCE_RESTARTED,
    EVENT_INSTANCE_NOT_RESTARTED,
    EVENT_RECOVERY_STARTED,
    EVENT_RECOVERY_COMPLETE,
    EVENT_STORAGE_LOW,
    EVENT_RETENTION_CUT,
    EVENT_STORAGE_FULL,
    EVENT_STORAGE_BACK,
    EVENT_MASTER_CREDENTIALS_RESET,
    EVENT_REPLICATION_STOPPED,
    EVENT_REPLICATION_RESUMED,
    EVENT_SOURCE_LACKS,
    EVENT_SOURCE_NEWER,
    EVENT_UNTIL_REACHED,
    EVENT_TABLE_NOT_INNODB,
    EVENT_PARAMETER_UPDATED,
};

/*
 * An event of now. `source` is the instance or the parameter group that the kind is about. `detail`
 * ends the text of the kinds that have one: NOT_CREATED, MODIFIED, LOST, FOUND, NOT_RESTARTED,
 * STORAGE_LOW, RETENTION_CUT, STORAGE_BACK, UPDATED, REPLICATION_STOPPED, SOURCE_LACKS,
 * SOURCE_NEWER, UNTIL_REACHED, TABLE_NOT_INNODB; else NULL.
 */
struct store_event event_make(enum event_kind kind, const char *cluster, const char *source,
                              const char *detail);
