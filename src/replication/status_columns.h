/*
 * The columns that MySQL's statements about replication have, in its order, with its names and
 * types, by version (source: MySQL 5.7 and 8.0 reference manuals, "SHOW SLAVE STATUS Statement",
 * "SHOW REPLICA STATUS Statement", "SHOW REPLICAS Statement", "SHOW BINARY LOGS Statement"; the
 * types: what MySQL 5.6 and 9.7 describe them as). Constant.
 */
#pragma once

#include "wire/result.h"

#define STATUS_MYSQL_5_7 50700
#define STATUS_MYSQL_8   80000

#define STATUS_NAME_MAX 64

enum status_list {
    STATUS_OF_SOURCE,   /* SHOW SLAVE STATUS, SHOW REPLICA STATUS */
    STATUS_OF_REPLICAS, /* SHOW SLAVE HOSTS, SHOW REPLICAS */
    STATUS_OF_LOGS,     /* SHOW BINARY LOGS */
};

struct status_column {
    const char *name;     /* the old words' */
    const char *new_name; /* the new words'; NULL: by rule */
    enum result_type type;
    uint32_t version;  /* from which on it is there; 0: always */
    const char *value; /* of one that knows no better */
};

const struct status_column *status_columns(enum status_list list, size_t *ret_count);

/* "Master_Log_File" as "Source_Log_File", "Slave_IO_State" as "Replica_IO_State". */
void status_column_rename(const struct status_column *column, char name[STATUS_NAME_MAX]);
