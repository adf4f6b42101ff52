#include "cli/binlog_options.h"
#include "cli/stat_text.h"

#include "base/file.h"
#include "base/mem.h"

#include <langinfo.h>
#include <locale.h>
#include <unistd.h>

#define OUTPUT_MAX ((size_t)1 << 30)

/* What is told of the last file stands for all in the title. */
struct summary {
    char version[FORMAT_VERSION_SIZE + 1];
    enum format_family family;
    bool closed;
    bool checksums;
};

static bool read_file(struct binlog_stat *stat, const char *path, struct event_range range,
                      struct summary *summary, struct err *err)
{
    struct event_source source = {0};
    struct reader_event event = {0};
    bool good = event_source_open(&source, path, range, err);

    while (good) {
        good = event_source_next(&source, &event, err);
        if (!good || event.bytes.len == 0)
            break;
        good = binlog_stat_take(stat, source.path, source.in_range, &source.reader, &event, err);
        if (!good)
            (void)err_prefix(err, "%s", source.path);
    }
    binlog_stat_end_file(stat);
    (void)snprintf(summary->version, sizeof summary->version, "%s",
                   source.reader.format.server_version);
    summary->family = source.reader.format.family;
    summary->closed = source.reader.closed || source.stopped;
    summary->checksums = source.reader.format.checksum == CHECKSUM_CRC32;
    event_source_close(&source);
    return good;
}

static char *make_title(const char *path, int count, const struct summary *summary)
{
    const char *base = strrchr(path, '/');
    char *more = count > 1 ? mem_printf(" and %d before it", count - 1) : mem_strdup("");
    char *title = mem_printf("%s%s: %s %s%s%s", base ? base + 1 : path, more,
                             summary->family == FORMAT_MARIADB ? "MariaDB" : "MySQL",
                             summary->version, summary->checksums ? "" : ", no checksums",
                             summary->closed ? "" : ", not closed");

    mem_free(more);
    return title;
}

static bool print(const struct binlog_stat *stat, const char *title, bool json, struct err *err)
{
    struct buf buf;
    bool good;

    (void)setlocale(LC_CTYPE, "");
    buf_init(&buf, OUTPUT_MAX);
    if (json)
        stat_text_write_json(&buf, stat);
    else
        stat_text_write(&buf, stat, title, strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
    good = buf_ok(&buf) ? fd_write_all(STDOUT_FILENO, buf_span(&buf), err)
                        : err_set(err, E_LIMIT, 0, "more than 1 GiB to print");
    buf_done(&buf);
    return good;
}

/* A damaged file's counts up to there are printed too, and then what is wrong with it. */
static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    struct binlog_options options;
    struct summary summary = {0};
    struct binlog_stat stat;
    struct err err = {0};
    struct err print_err = {0};
    bool good = true;
    char *title;
    int done = 0;

    if (!binlog_options_parse(verb, values, argc, &options))
        return EXIT_USAGE;
    binlog_stat_init(&stat);
    while (done < argc && good) {
        struct event_range range = binlog_options_range(&options, done, argc);

        good = read_file(&stat, argv[done++], range, &summary, &err);
    }
    binlog_stat_finish(&stat);
    title = make_title(argv[done - 1], done, &summary);
    if ((good || stat.events > 0) &&
        !print(&stat, title, verb_value(verb, values, "json") != NULL, &print_err)) {
        good = false;
        err = print_err;
    }
    mem_free(title);
    binlog_stat_done(&stat);
    return good ? EXIT_OK : binlog_failed(verb, &err);
}

const struct verb verb_binlog_stat = {
    .name = "binlog stat",
    .arguments = "FILE...",
    .summary = "Show what is in binlog files: events, tables, transactions, rate",
    .details =
        "Counts events and bytes by type, rows by table, and transactions over time; names the\n"
        "busiest tables, those without a primary key where the log tells (MySQL and MariaDB with\n"
        "binlog_row_metadata=FULL), and the largest and the longest transactions. A transaction's\n"
        "length is from its earliest to its latest event, in seconds. Times are UTC.",
    .options = {{"json", NULL, "Print one JSON object; times are seconds since 1970."},
                BINLOG_RANGE_OPTIONS},
    .run = run,
};
