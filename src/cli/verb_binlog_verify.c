#include "cli/event_check.h"
#include "cli/event_walk.h"

#include "base/clock.h"

#include <inttypes.h>

struct tally {
    uint64_t events;
    uint64_t bytes;
    uint64_t unchecked; /* events without a checksum */
};

struct verify {
    struct event_check *check;
    struct tally file;
    struct tally total;
    int files;
};

/* A server that knows checksums always gives its format description one. */
static bool has_checksum(const struct format *format, uint8_t type)
{
    if (type == EVENT_FORMAT_DESCRIPTION)
        return format_version_has_checksum(format->family, format->version);
    return format->checksum == CHECKSUM_CRC32;
}

static bool take(void *context, const struct event_source *source, const struct plain_event *event,
                 struct buf *out, struct err *err)
{
    const struct format *format = &source->reader.format;
    struct verify *verify = context;
    bool checksum = has_checksum(format, event->header.type);

    (void)out;
    if (source->in_range && !event->packed) {
        verify->file.events++;
        verify->file.bytes += event->header.length;
        verify->file.unchecked += !checksum;
    }
    return event_check_take(verify->check, event, format, !checksum, err);
}

static void print_good(const struct event_source *source, const struct tally *tally)
{
    printf("%s: ok, %" PRIu64 " events, %" PRIu64 " bytes", source->path, tally->events,
           tally->bytes);
    if (tally->unchecked == 0)
        printf(", checksums CRC32");
    else
        printf(", %" PRIu64 " events without a checksum", tally->unchecked);
    if (source->stopped)
        printf(", to the end of the range");
    else if (!source->reader.closed)
        printf("; not closed: the last event is no Rotate or Stop, so it is being written, or its "
               "server crashed, or its end is missing");
    printf("\n");
}

static void end_file(void *context, const struct event_source *source)
{
    const struct verify *verify = context;

    print_good(source, &verify->file);
}

/* The next file, with nothing kept of those before it. */
static bool verify_file(struct verify *verify, struct event_walk *walk, bool *ret_more,
                        struct err *err)
{
    bool good;

    verify->check = event_check_new();
    verify->file = (struct tally){0};
    good = event_walk_file(walk, ret_more, err);
    verify->total.events += verify->file.events;
    verify->total.bytes += verify->file.bytes;
    verify->files += *ret_more;
    event_check_free(verify->check);
    return good;
}

static void print_total(int files, const struct tally *total, int64_t usec)
{
    double seconds = (double)usec / (double)USEC_PER_SEC;

    printf("%d files, %" PRIu64 " events, %" PRIu64 " bytes in %.2f s, %.2f GB/s\n", files,
           total->events, total->bytes, seconds,
           seconds > 0 ? (double)total->bytes / 1e9 / seconds : 0);
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    static const struct event_walk_calls calls = {.take = take, .end_file = end_file};
    int64_t begun_usec = clock_now_usec();
    struct binlog_options options;
    struct verify verify = {0};
    struct event_walk *walk;
    int exit_status = EXIT_OK;
    bool more = true;

    if (!binlog_options_parse(verb, values, argc, &options))
        return EXIT_USAGE;
    walk = event_walk_new(&options, argc, argv, &calls, &verify);
    while (more) {
        struct err err = {0};

        if (!verify_file(&verify, walk, &more, &err)) {
            int failed = binlog_failed(verb, &err);

            exit_status = exit_status == EXIT_FAILED ? EXIT_FAILED : failed;
        }
    }
    event_walk_free(walk);
    if (argc > 1 || verify.total.bytes > UINT64_C(100000000))
        print_total(verify.files, &verify.total, clock_now_usec() - begun_usec);
    return exit_status;
}

const struct verb verb_binlog_verify = {
    .name = "binlog verify",
    .arguments = "FILE...",
    .summary = "Check the structure and the checksums of binlog files",
    .details =
        "Checks every event's length, position and checksum, decodes its parts, and follows\n"
        "transactions to the end; goes on with the next file after one that is damaged.\n"
        "The exit status is 0 when all files are good and 1 when one is not, or cannot be\n"
        "read; standard error says in which file, at which offset and what was expected.\n"
        "A file that ends between transactions but was not closed is good, and named "
        "so." BINLOG_FILTER_DETAILS,
    .options = {BINLOG_RANGE_OPTIONS, BINLOG_FILTER_OPTIONS},
    .run = run,
};
