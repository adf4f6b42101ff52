#include "cli/binlog_options.h"

#include "base/clock.h"
#include "cli/event_check.h"

#include <inttypes.h>

struct tally {
    uint64_t events;
    uint64_t bytes;
    uint64_t unchecked; /* events without a checksum */
};

static bool check_events(struct event_source *source, struct event_check *check,
                         struct tally *tally, struct err *err)
{
    for (;;) {
        struct reader_event event;
        bool checksum = source->reader.format.checksum == CHECKSUM_CRC32;

        if (!event_source_next(source, &event, err))
            return false;
        if (event.bytes.len == 0)
            return true;
        if (event.header.type == EVENT_FORMAT_DESCRIPTION)
            checksum = format_checksum_size(event.bytes) > 0;
        if (!event_check_take(check, &event, &source->reader.format, !checksum, err))
            return err_prefix(err, "%s", source->path);
        tally->events += source->in_range;
        tally->bytes += source->in_range ? event.bytes.len : 0;
        tally->unchecked += source->in_range && !checksum;
    }
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
        printf(", to --stop-position");
    else if (!source->reader.closed)
        printf("; not closed: the last event is no Rotate or Stop, so it is being written, or its "
               "server crashed, or its end is missing");
    printf("\n");
}

static bool verify(const char *path, struct event_range range, struct tally *total, struct err *err)
{
    struct event_source source = {0};
    struct event_check *check = event_check_new();
    struct tally tally = {0};
    bool good =
        event_source_open(&source, path, range, err) && check_events(&source, check, &tally, err);

    if (good)
        print_good(&source, &tally);
    total->events += tally.events;
    total->bytes += tally.bytes;
    event_check_free(check);
    event_source_close(&source);
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
    int64_t begun_usec = clock_now_usec();
    struct binlog_options options;
    struct tally total = {0};
    int exit_status = EXIT_OK;

    if (!binlog_options_parse(verb, values, argc, &options))
        return EXIT_USAGE;
    for (int i = 0; i < argc; i++) {
        struct err err = {0};

        if (!verify(argv[i], binlog_options_range(&options, i, argc), &total, &err)) {
            int failed = binlog_failed(verb, &err);

            exit_status = exit_status == EXIT_FAILED ? EXIT_FAILED : failed;
        }
    }
    if (argc > 1 || total.bytes > UINT64_C(100000000))
        print_total(argc, &total, clock_now_usec() - begun_usec);
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
        "A file that ends between transactions but was not closed is good, and named so.",
    .options = {BINLOG_RANGE_OPTIONS},
    .run = run,
};
