#include "cli/event_walk.h"
#include "cli/undo_script.h"

#include <unistd.h>

/* Nothing goes to `out`: the script is printed when all of the range was found fit. */
static bool take(void *context, const struct event_source *source, const struct plain_event *event,
                 struct buf *out, struct err *err)
{
    (void)out;
    return undo_script_take(context, source, event, err);
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    struct binlog_options options;
    struct undo_script *script;
    bool rows_as_statements;
    struct err err = {0};
    int exit_status;

    if (!binlog_options_parse(verb, values, argc, &options) ||
        !binlog_options_rows(verb, values, &rows_as_statements))
        return EXIT_USAGE;
    if (!undo_script_open(rows_as_statements, &script, &err))
        return binlog_failed(verb, &err);
    exit_status = event_walk_run(verb, &options, argc, argv, take, script);
    if (exit_status == EXIT_OK && !undo_script_write(script, STDOUT_FILENO, &err))
        exit_status = binlog_failed(verb, &err);
    undo_script_close(script);
    return exit_status;
}

const struct verb verb_binlog_undo = {
    .name = "binlog undo",
    .arguments = "FILE...",
    .summary = "Print SQL that takes the row changes in binlog files back",
    .details =
        "For rows that were changed by mistake: find the bad range with 'binlog print' and run "
        "the\n"
        "script on a server that holds the rows as they were after it:\n"
        "\n"
        "borealis binlog undo --start-position=4711 --stop-position=5000 mysql-bin.000042 | mysql\n"
        "\n"
        "Changes are undone newest first, a transaction each. If anything in the range can not be\n"
        "undone nothing is printed: DDL and other statements, XA and LOAD DATA, rows without all\n"
        "columns (binlog_row_image=FULL has them), JSON logged as differences, transactions that\n"
        "the range cuts. A log tells neither foreign keys nor triggers: the script begins with a\n"
        "check that stops the client, before anything is changed, if other tables follow changes\n"
        "of these ones by ON DELETE or ON UPDATE, or triggers would fire. Rows are BINLOG\n"
        "statements, for the same family, which fail where a row is not as it was left (and "
        "MariaDB\n"
        "does not always find rows with UUID, INET or compressed columns in tables without a key:\n"
        "the client stops there). With the\n"
        "option --rows=statements they are INSERT, UPDATE and DELETE, which do not notice that;\n"
        "the log needs the columns' names (binlog_row_metadata=FULL).",
    .options = {BINLOG_ROWS_OPTION, BINLOG_RANGE_OPTIONS, BINLOG_FILTER_OPTIONS},
    .run = run,
};
