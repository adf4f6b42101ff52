/*
 * struct show_view: how one of the engine's answers is shown: which columns it has instead, in
 * which order and under which names, and what their values are. Those of a relay become those of
 * its source; MariaDB's columns that MySQL has not come last. Privileges, errors and the number of
 * rows stay the engine's.
 *
 * Made from the engine's column descriptions, for the answer or for a prepared statement; rows of
 * the text and of the binary protocol (source: MySQL internals, "Text Resultset", "Column
 * Definition Packet", "Binary Protocol Resultset"; MariaDB's extended metadata). No I/O but what
 * the environment's calls do.
 */
#pragma once

#include "cluster/source_status.h"
#include "endpoint/show_statement.h"
#include "replication/status_columns.h"

#define SHOW_VIEW_COLUMNS_MAX 128

#define SHOW_COMPATIBILITY_MYSQL_8 3 /* from which on it answers as MySQL 8.0, else as 5.7 */

struct replicas;

/* What the values are to be; count 0: as they are. */
typedef void show_describe_source(void *context, const struct source_engine_row *row,
                                  struct arena *arena, struct source_fields *ret_fields);

struct show_environment {
    unsigned compatibility;
    show_describe_source *describe_source;
    void *context;
    struct replicas *replicas; /* that the cluster serves; NULL: none */
    uint32_t server_id;        /* the engine's */
};

struct show_view;

/*
 * For what the engine answers with these columns, by the payloads of their descriptions. NULL: it
 * is none of what was asked for, and stays. Of `asked`, what was answered, and all before it, is
 * taken away.
 */
struct show_view *show_view_make(const struct show_environment *environment,
                                 struct show_statement *asked, const struct span *descriptions,
                                 size_t count);
void show_view_free(struct show_view *view); /* NULL is fine */

size_t show_view_columns(const struct show_view *view);

/* The payload of a column's description. */
void show_view_write_column(const struct show_view *view, const struct span *descriptions,
                            size_t column, struct buf *payload);

/*
 * The rows, from one of the engine's: each its length, 4 bytes, and its payload. False: that is no
 * row of these columns.
 */
MUST_CHECK bool show_view_write_rows(const struct show_view *view,
                                     const struct show_environment *environment, struct span row,
                                     bool binary, struct buf *rows);
