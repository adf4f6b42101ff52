#include "cli/event_walk.h"
#include "cli/stat_text.h"

#include "base/file.h"
#include "base/mem.h"

#include <langinfo.h>
#include <locale.h>
#include <unistd.h>

#define OUTPUT_MAX ((size_t)1 << 30)

/* What the title says of all files together. */
struct summary {
    struct binlog_stat stat;
    const char *first; /* path */
    const char *last;
    char version[FORMAT_VERSION_SIZE + 1]; /* of the first */
    enum format_family family;
    bool other_versions; /* further files have others */
    bool open;           /* the last one was not closed */
    bool unchecked;      /* one has no checksums */
    bool in_file;        /* a file has begun and not ended */
};

static void note_file(struct summary *summary, const struct event_source *source)
{
    const struct format *format = &source->reader.format;

    if (!summary->first) {
        summary->first = source->path;
        summary->family = format->family;
        (void)snprintf(summary->version, sizeof summary->version, "%s", format->server_version);
    }
    summary->in_file = true;
    summary->last = source->path;
    summary->other_versions |= strcmp(summary->version, format->server_version) != 0;
    summary->unchecked |= format->checksum != CHECKSUM_CRC32;
}

static bool take(void *context, const struct event_source *source, const struct plain_event *event,
                 struct buf *out, struct err *err)
{
    struct summary *summary = context;

    (void)out;
    if (event->type == EVENT_FORMAT_DESCRIPTION)
        note_file(summary, source);
    return binlog_stat_take(&summary->stat, source->path, source->in_range, &source->reader, event,
                            err);
}

static void end_event(void *context, const struct event_source *source)
{
    struct summary *summary = context;

    binlog_stat_end_event(&summary->stat, &source->reader);
    summary->open = !source->reader.closed;
}

static void end_file(void *context, const struct event_source *source)
{
    struct summary *summary = context;

    binlog_stat_end_file(&summary->stat);
    summary->in_file = false;
    summary->open = !source->reader.closed && !source->stopped;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* "a.000042: MySQL 9.7.0"; "a.000042 to a.000044, 3 files: ..." */
static char *make_title(const struct summary *summary)
{
    unsigned long long files = summary->stat.files;
    char *more = files > 1 ? mem_printf(" to %s, %llu files", base_name(summary->last), files)
                           : mem_strdup("");
    char *title =
        mem_printf("%s%s: %s %s%s%s%s", base_name(summary->first), more,
                   summary->family == FORMAT_MARIADB ? "MariaDB" : "MySQL", summary->version,
                   summary->other_versions ? " and other versions" : "",
                   summary->unchecked ? ", no checksums" : "", summary->open ? ", not closed" : "");

    mem_free(more);
    return title;
}

static bool print(const struct summary *summary, bool json, struct err *err)
{
    char *title = make_title(summary);
    struct buf buf;
    bool good;

    (void)setlocale(LC_CTYPE, "");
    buf_init(&buf, OUTPUT_MAX);
    if (json)
        stat_text_write_json(&buf, &summary->stat);
    else
        stat_text_write(&buf, &summary->stat, title, strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
    good = buf_ok(&buf) ? fd_write_all(STDOUT_FILENO, buf_span(&buf), err)
                        : err_set(err, E_LIMIT, 0, "more than 1 GiB to print");
    buf_done(&buf);
    mem_free(title);
    return good;
}

/* A damaged file's counts up to there are printed too, and then what is wrong with it. */
static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    static const struct event_walk_calls calls = {
        .take = take, .end_event = end_event, .end_file = end_file};
    struct binlog_options options;
    struct summary summary = {0};
    struct event_walk *walk;
    struct err err = {0};
    struct err print_err = {0};
    bool more = true;
    bool good = true;

    if (!binlog_options_parse(verb, values, argc, &options))
        return EXIT_USAGE;
    binlog_stat_init(&summary.stat);
    walk = event_walk_new(&options, argc, argv, &calls, &summary);
    while (good && more)
        good = event_walk_file(walk, &more, &err);
    event_walk_free(walk);
    if (summary.in_file)
        binlog_stat_end_file(&summary.stat);
    binlog_stat_finish(&summary.stat);
    if ((good || summary.stat.events > 0) &&
        !print(&summary, verb_value(verb, values, "json") != NULL, &print_err)) {
        good = false;
        err = print_err;
    }
    binlog_stat_done(&summary.stat);
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
        "length is from its earliest to its latest event, in seconds. Times are "
        "UTC." BINLOG_FILTER_DETAILS,
    .options = {{"json", NULL, "Print one JSON object; times are seconds since 1970."},
                BINLOG_RANGE_OPTIONS,
                BINLOG_FILTER_OPTIONS},
    .run = run,
};
