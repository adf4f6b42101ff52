#include "cli/verb.h"

static const struct verb *const binlog_verbs[] = {
    &verb_binlog_stat, &verb_binlog_print,  &verb_binlog_json, &verb_binlog_sql,
    &verb_binlog_undo, &verb_binlog_verify, &verb_binlog_cut,  NULL};

const struct verb verb_binlog = {
    .name = "binlog",
    .arguments = "VERB [options] FILE...",
    .summary = "Look into binlog files of MySQL and MariaDB",
    .details =
        "Reads files of binlog version 4, which is what MySQL and MariaDB have written since 5.0,\n"
        "straight from disk: no server is asked and no file of them is changed. Several files are "
        "read in\n"
        "the order given; - is standard input. What gzip or zstd has compressed is read as if it\n"
        "were plain, and offsets are those of the plain file.",
    .verbs = binlog_verbs,
};
