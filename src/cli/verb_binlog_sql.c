#include "cli/event_walk.h"
#include "cli/sql_script.h"

#include "base/file.h"

#include <unistd.h>

#define HEAD_MAX ((size_t)1 << 21) /* and tail, with the last rows of a range that ends inside */

static bool take(void *context, const struct event_source *source, const struct plain_event *event,
                 struct buf *out, struct err *err)
{
    size_t start = out->len;

    if (sql_script_take(context, source, event, out, err))
        return true;
    out->len = start; /* a statement cut short would be run as it is */
    return false;
}

static bool print(const struct buf *buf, struct err *err)
{
    if (!buf_ok(buf))
        return err_set(err, E_LIMIT, 0, "more than %zu bytes of text", buf->max);
    return fd_write_all(STDOUT_FILENO, buf_span(buf), err) || err_prefix(err, "standard output");
}

static int write_script(const struct verb *verb, const struct binlog_options *options, int argc,
                        char **argv, struct sql_script *script)
{
    struct err err = {0};
    int exit_status;
    struct buf buf;

    buf_init(&buf, HEAD_MAX);
    sql_script_write_head(script, &buf);
    if (!print(&buf, &err)) {
        buf_done(&buf);
        return binlog_failed(verb, &err);
    }
    buf_clear(&buf);
    exit_status = event_walk_run(verb, options, argc, argv, take, script);
    if (exit_status == EXIT_OK &&
        (!sql_script_write_tail(script, &buf, &err) || !print(&buf, &err)))
        exit_status = binlog_failed(verb, &err);
    buf_done(&buf);
    return exit_status;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    struct sql_script_options script_options = {
        .skip_gtids = verb_value(verb, values, "skip-gtids") != NULL,
        .load_directory = verb_value(verb, values, "load-dir"),
    };
    struct binlog_options options;
    struct sql_script *script;
    int exit_status;

    if (!binlog_options_parse(verb, values, argc, &options) ||
        !binlog_options_rows(verb, values, &script_options.rows_as_statements))
        return EXIT_USAGE;
    script = sql_script_new(&script_options);
    exit_status = write_script(verb, &options, argc, argv, script);
    if (sql_script_load_directory(script))
        (void)fprintf(stderr,
                      "borealis %s: LOAD DATA's files are in %s; remove them when the script was "
                      "run\n",
                      verb->name, sql_script_load_directory(script));
    sql_script_free(script);
    return exit_status;
}

const struct verb verb_binlog_sql = {
    .name = "binlog sql",
    .arguments = "FILE...",
    .summary = "Print binlog files as SQL that does the same again",
    .details =
        "The script is for a server's command line client, whose session it sets as the logged\n"
        "ones were and puts back at the end:\n"
        "\n"
        "borealis binlog sql mysql-bin.000042 | mysql --binary-mode\n"
        "\n"
        "or, with MariaDB's client, mariadb --binary-mode --comments: without these options a\n"
        "client changes line ends and leaves comments out inside stored routines. GTIDs are kept,\n"
        "so a MySQL server skips what it has already and needs gtid_mode=ON; with --skip-gtids "
        "all\n"
        "is applied as new. Rows are BINLOG statements, exact, for a server of the same family.\n"
        "With --rows=statements they are INSERT, UPDATE and DELETE, for people and for the other\n"
        "family: the log needs the columns' names (binlog_row_metadata=FULL), generated columns,\n"
        "which a log does not mark, are refused by the server, the triggers there fire, and that "
        "a\n"
        "row to change is missing is not noticed. LOAD DATA needs a client with --local-infile=1\n"
        "and a server with local_infile=ON.",
    .options = {BINLOG_ROWS_OPTION,
                {"skip-gtids", NULL, "Leave GTIDs out: the server makes new ones."},
                {"load-dir", "DIR",
                 "Put the files of LOAD DATA statements here (default: a new directory in "
                 "$TMPDIR)."},
                BINLOG_RANGE_OPTIONS,
                BINLOG_FILTER_OPTIONS},
    .run = run,
};
