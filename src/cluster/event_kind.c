#include "cluster/event_kind.h"

#include "base/clock.h"

#include <stdio.h>

static const struct {
    const char *source_type;
    const char *category;
    const char *id;
    const char *message;
} kinds[] = {
    [EVENT_CLUSTER_CREATED] = {"db-cluster", "creation", "RDS-EVENT-0170", "DB cluster created."},
    [EVENT_CLUSTER_NOT_CREATED] =
        {"db-cluster", "failure", "RDS-EVENT-0354",
         "You can't create the DB cluster because of incompatible resources. "},
    [EVENT_CLUSTER_DELETED] = {"db-cluster", "deletion", "RDS-EVENT-0171", "DB cluster deleted."},
    [EVENT_CLUSTER_STARTED] = {"db-cluster", "notification", "RDS-EVENT-0151",
                               "DB cluster started."},
    [EVENT_CLUSTER_STOPPED] = {"db-cluster", "notification", "RDS-EVENT-0150",
                               "DB cluster stopped."},
    [EVENT_CLUSTER_STOP_FAILED] = {"db-cluster", "notification", "RDS-EVENT-0152",
                                   "DB cluster stop failed."},
    [EVENT_CLUSTER_MODIFIED] = {"db-cluster", "configuration change", "", "DB cluster modified: "},
    [EVENT_ENDPOINT_LOST] = {"db-cluster", "failure", "",
                             "An endpoint of the DB cluster can not be served. "},
    [EVENT_ENDPOINT_FOUND] =
        {"db-cluster", "notification", "",
         "An endpoint of the DB cluster is served again, which could not be: "},
    [EVENT_INSTANCE_CREATED] = {"db-instance", "creation", "RDS-EVENT-0005",
                                "DB instance created."},
    [EVENT_INSTANCE_DELETED] = {"db-instance", "deletion", "RDS-EVENT-0003",
                                "DB instance deleted."},
    [EVENT_INSTANCE_SHUTDOWN] = {"db-instance", "availability", "RDS-EVENT-0004",
                                 "DB instance shutdown."},
    [EVENT_INSTANCE_RESTARTED] = {"db-instance", "availability", "RDS-EVENT-0006",
                                  "DB instance restarted."},
    [EVENT_INSTANCE_NOT_RESTARTED] = {"db-instance", "availability", "RDS-EVENT-0022",
                                      "Error restarting mysql: "},
    [EVENT_RECOVERY_STARTED] =
        {"db-instance", "recovery", "RDS-EVENT-0020",
         "Recovery of the DB instance has started. Recovery time will vary with the amount of data "
         "to be recovered."},
    [EVENT_RECOVERY_COMPLETE] = {"db-instance", "recovery", "RDS-EVENT-0021",
                                 "Recovery of the DB instance is complete."},
    [EVENT_STORAGE_LOW] = {"db-instance", "low storage", "RDS-EVENT-0089",
                           "The free storage capacity for DB instance: "},
    [EVENT_RETENTION_CUT] = {"db-cluster", "low storage", "", "Binary log retention is cut: "},
    [EVENT_STORAGE_FULL] = {"db-instance", "low storage", "RDS-EVENT-0007",
                            "Allocated storage has been exhausted. Allocate additional storage to "
                            "resolve."},
    [EVENT_STORAGE_BACK] = {"db-instance", "notification", "", "Storage is free again: "},
    [EVENT_MASTER_CREDENTIALS_RESET] = {"db-instance", "configuration change", "RDS-EVENT-0016",
                                        "Reset master credentials."},
    [EVENT_PARAMETER_UPDATED] = {"db-parameter-group", "configuration change", "RDS-EVENT-0037",
                                 "Updated parameter "},
    [EVENT_REPLICATION_STOPPED] = {"db-instance", "read replica", "RDS-EVENT-0045",
                                   "Replication has stopped. "},
    [EVENT_REPLICATION_RESUMED] = {"db-instance", "read replica", "RDS-EVENT-0046",
                                   "Replication for the Read Replica resumed."},
    [EVENT_SOURCE_LACKS] = {"db-instance", "read replica", "",
                            "The replication source lacks transactions that were written here: "},
    [EVENT_SOURCE_NEWER] = {"db-instance", "read replica", "",
                            "The replication source is a newer MariaDB than the engine: "},
    [EVENT_UNTIL_REACHED] = {"db-instance", "read replica", "",
                             "Replication has been stopped since the replica reached the stop "
                             "point specified by the "},
    [EVENT_TABLE_NOT_INNODB] = {"db-instance", "notification", "", "Storage engine: "},
};

struct store_event event_make(enum event_kind kind, const char *cluster, const char *source,
                              const char *detail)
{
    struct store_event event = {.at_usec = clock_wall_usec()};
    bool is_cluster = kinds[kind].source_type[3] == 'c';

    (void)snprintf(event.cluster, sizeof event.cluster, "%s", cluster);
    (void)snprintf(event.source_type, sizeof event.source_type, "%s", kinds[kind].source_type);
    (void)snprintf(event.source, sizeof event.source, "%s", is_cluster ? cluster : source);
    (void)snprintf(event.category, sizeof event.category, "%s", kinds[kind].category);
    (void)snprintf(event.id, sizeof event.id, "%s", kinds[kind].id);
    (void)snprintf(event.message, sizeof event.message, "%s%s", kinds[kind].message,
                   detail ? detail : "");
    return event;
}
