#include "cli/binlog_cut.h"
#include "cli/binlog_options.h"

#include "base/file.h"
#include "base/file_writer.h"
#include "cli/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#define OUTPUT_MAX   ((size_t)1 << 32)
#define OUTPUT_PIECE ((size_t)1 << 20)
#define OUTPUT_MODE  0640 /* as the servers' own */

struct job {
    const struct binlog_options *options;
    struct binlog_cut *cut;
    struct event_filter *filter;
    struct file_writer *writer; /* NULL: standard output */
    struct progress *progress;
    uint64_t taken; /* bytes of the file, when progress was shown last */
    struct buf out;
    bool time_reached; /* in a file before */
    bool over;
    bool wanted; /* the last event */
};

static bool flush(struct job *job, size_t over, struct err *err)
{
    if (!buf_ok(&job->out))
        return err_set(err, E_LIMIT, 0, "an event is larger than %zu bytes", OUTPUT_MAX);
    if (job->out.len <= over)
        return true;
    if (job->writer ? !file_writer_write(job->writer, buf_span(&job->out), err)
                    : !fd_write_all(STDOUT_FILENO, buf_span(&job->out), err))
        return job->writer ? false : err_prefix(err, "standard output");
    buf_clear(&job->out);
    return true;
}

static bool refuse_inside(struct event_source *source, bool at_start, struct err *err)
{
    const char *path = source->path;
    uint64_t begun = source->inside_of;
    uint64_t end;

    if (!event_source_find_boundary(source, &end, err))
        return false;
    return err_set(err, E_USAGE, 0,
                   "%s: the range %ss inside the transaction from offset %" PRIu64 " to %" PRIu64
                   ", and transactions are cut whole: %s it at one of these, with --%s-position",
                   path, at_start ? "begin" : "end", begun, end, at_start ? "begin" : "end",
                   at_start ? "start" : "stop");
}

/* Whether the filter wants the event: by what chooses whole transactions it is never undecided. */
static bool is_wanted(struct job *job, const struct event_source *source,
                      const struct reader_event *event, bool *ret_wanted, struct err *err)
{
    struct plain_event plain = {
        .header = event->header,
        .type = event->header.type,
        .body = event->body,
        .offset = event->offset,
    };

    if (!event_filter_take(job->filter, &plain, &source->reader.format, source->in_range, err))
        return false;
    return event_filter_next(job->filter, &plain, ret_wanted);
}

static bool take_event(struct job *job, struct event_source *source,
                       const struct reader_event *event, struct err *err)
{
    bool wanted = false;

    if (!is_wanted(job, source, event, &wanted, err))
        return err_prefix(err, "%s: offset %" PRIu64, source->path, event->offset);
    if (wanted && !job->wanted && source->inside)
        return refuse_inside(source, true, err);
    job->wanted = wanted;
    if (!binlog_cut_take(job->cut, &source->reader, event, wanted, &job->out, err))
        return err_prefix(err, "%s: offset %" PRIu64, source->path, event->offset);
    return flush(job, OUTPUT_PIECE, err);
}

static bool cut_source(struct job *job, struct event_source *source, struct err *err)
{
    struct reader_event event;

    job->wanted = false;
    for (;;) {
        if (!event_source_next(source, &event, err))
            return false;
        if (event.bytes.len == 0)
            break;
        if (!take_event(job, source, &event, err))
            return false;
        if (event_source_taken(source) != job->taken) {
            job->taken = event_source_taken(source);
            progress_show(job->progress, job->taken);
        }
    }
    if (source->stopped && source->inside && job->wanted)
        return refuse_inside(source, false, err);
    return true;
}

static bool cut_file(struct job *job, const char *path, struct event_range range, struct err *err)
{
    struct event_source source = {0};
    bool good = event_source_open(&source, path, range, err);

    source.time_reached = job->time_reached;
    event_filter_end_file(job->filter);
    good = good && cut_source(job, &source, err);
    job->time_reached = source.time_reached;
    job->over = source.stopped_by_time;
    event_source_close(&source);
    progress_end_file(job->progress);
    return good;
}

static bool cut_all(struct job *job, const char *output, bool force, int argc, char **argv,
                    struct err *err)
{
    bool to_file = strcmp(output, "-") != 0;

    if (to_file && !file_writer_open(output, OUTPUT_MODE, force, &job->writer, err)) {
        if (err->code == EEXIST)
            return err_set(err, E_USAGE, EEXIST, "%s: exists already; --force replaces it", output);
        return false;
    }
    for (int i = 0; i < argc && !job->over; i++) {
        if (!cut_file(job, argv[i], binlog_options_range(job->options, i, argc), err))
            return false;
    }
    if (!binlog_cut_finish(job->cut, &job->out, err) || !flush(job, 0, err))
        return false;
    return !to_file || file_writer_commit(job->writer, err);
}

static bool parse_output(const struct verb *verb, const char *const *values,
                         const char **ret_output)
{
    const char *output = verb_value(verb, values, "output");

    if (!output || *output == '\0') {
        (void)verb_usage_error(verb, "expected --output FILE, or - for standard output");
        return false;
    }
    if (strcmp(output, "-") == 0 && isatty(STDOUT_FILENO)) {
        (void)verb_usage_error(verb, "--output -: standard output is a terminal, and a binlog is "
                                     "no text");
        return false;
    }
    *ret_output = output;
    return true;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    struct binlog_options options;
    struct job job = {.options = &options};
    const char *output;
    struct err err = {0};
    bool good;

    if (!binlog_options_parse(verb, values, argc, &options) || !parse_output(verb, values, &output))
        return EXIT_USAGE;
    job.cut = binlog_cut_new();
    job.progress = options.progress ? progress_new(argc, argv, false) : NULL;
    buf_init(&job.out, OUTPUT_MAX);
    good = event_filter_new(&options.criteria, &job.filter, &err) &&
           cut_all(&job, output, verb_value(verb, values, "force") != NULL, argc, argv, &err);
    progress_free(job.progress);
    if (good && job.writer)
        printf("%s: %" PRIu64 " transactions, %" PRIu64 " events, %" PRIu64 " bytes\n", output,
               binlog_cut_transactions(job.cut), binlog_cut_events(job.cut),
               binlog_cut_size(job.cut));
    event_filter_free(job.filter);
    file_writer_free(job.writer);
    binlog_cut_free(job.cut);
    buf_done(&job.out);
    return good ? EXIT_OK : binlog_failed(verb, &err);
}

const struct verb verb_binlog_cut = {
    .name = "binlog cut",
    .arguments = "FILE...",
    .summary = "Make a binlog file of a range of others",
    .details =
        "Writes the transactions of the range into a new, closed binlog file that servers,\n"
        "replicas and mysqlbinlog read: a format description, the GTIDs before the range, the\n"
        "transactions at their new offsets with new checksums, and a Stop event. Several files\n"
        "are joined; they have to be of one server version and format, and to follow each other,\n"
        "which their GTIDs tell: without GTIDs the order is not checked. Transactions stay whole:\n"
        "a range that begins or ends inside one is refused, and there is no choice by table,\n"
        "because a part of a transaction under the same GTID would pass for all of it. GTIDs that\n"
        "a choice leaves out in the middle are not in the file, and not among those before it\n"
        "either. The file appears when it is whole and synced; until then it is FILE.new. Relay\n"
        "logs and encrypted files are refused.",
    .options = {{"output", "FILE", "The new file; - is standard output, unless a terminal."},
                {"force", NULL, "Replace the file if it exists."},
                BINLOG_RANGE_OPTIONS},
    .run = run,
};
