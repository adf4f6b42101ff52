/*
 * What SHOW SLAVE STATUS of the engine says of its relay, said of the source instead: the values of
 * some columns, by their names. No state of its own.
 */
#pragma once

#include "base/arena.h"
#include "cluster/external_source.h"

/* The engine's own row, as texts; NULL for SQL's NULL. */
struct source_engine_row {
    const char *io_running;
    const char *sql_running;
    const char *file; /* of the last transaction applied, as the engine calls it */
    const char *offset;
    const char *behind;
    const char *io_errno;
    const char *io_error;
    const char *gtids; /* gtid_slave_pos */
};

struct source_field {
    const char *column; /* the name that SHOW SLAVE STATUS has, MySQL's or MariaDB's */
    const char *value;  /* NULL for SQL's NULL */
};

#define SOURCE_FIELDS_MAX 32

struct source_fields {
    size_t count; /* 0: the engine's row stands as it is */
    struct source_field fields[SOURCE_FIELDS_MAX];
};

/* Texts are of the arena. */
void source_status_describe(struct external_source *source,
                            const struct source_definition *definition, const char *material,
                            const struct source_engine_row *row, struct arena *arena,
                            struct source_fields *ret_fields);
