#include "cli/event_walk.h"

#include "base/file.h"
#include "base/mem.h"
#include "cli/progress.h"

#include <unistd.h>

#define OUTPUT_MAX   ((size_t)1 << 33)
#define OUTPUT_PIECE ((size_t)1 << 18)

struct event_walk {
    const struct binlog_options *options;
    int argc;
    char **argv;
    const struct event_walk_calls *calls;
    void *context;
    struct unpacker *unpacker;
    struct event_filter *filter; /* NULL until the first file */
    bool unfiltered;
    struct progress *progress;
    uint64_t taken; /* bytes of the file, when progress was shown last */
    struct buf out;
    int next;          /* file */
    bool time_reached; /* in a file before */
    bool over;         /* the range ended in a file before */
};

struct event_walk *event_walk_new(const struct binlog_options *options, int argc, char **argv,
                                  const struct event_walk_calls *calls, void *context)
{
    struct event_walk *walk = mem_alloc(sizeof *walk);

    *walk = (struct event_walk){
        .options = options,
        .argc = argc,
        .argv = argv,
        .calls = calls,
        .context = context,
        .unpacker = unpacker_new(),
        .progress = options->progress ? progress_new(argc, argv, calls->prints) : NULL,
    };
    buf_init(&walk->out, OUTPUT_MAX);
    return walk;
}

void event_walk_free(struct event_walk *walk)
{
    if (!walk)
        return;
    unpacker_free(walk->unpacker);
    event_filter_free(walk->filter);
    progress_free(walk->progress);
    buf_done(&walk->out);
    mem_free(walk);
}

static bool flush(struct event_walk *walk, size_t over, struct err *err)
{
    if (!buf_ok(&walk->out))
        return err_set(err, E_LIMIT, 0, "an event needs more than %zu bytes of text", OUTPUT_MAX);
    if (walk->out.len <= over)
        return true;
    if (!fd_write_all(STDOUT_FILENO, buf_span(&walk->out), err))
        return err_prefix(err, "standard output");
    buf_clear(&walk->out);
    return true;
}

/* Some messages begin with the event's name already. */
static bool fail_at(const struct event_source *source, const struct plain_event *event,
                    struct err *err)
{
    const char *name = event_type_name(event->header.type);

    if (strncmp(err->text, name, strlen(name)) != 0)
        (void)err_prefix(err, "%s event", name);
    return err_prefix(err, "%s: offset %llu", source->path, (unsigned long long)event->offset);
}

static bool give(struct event_walk *walk, const struct event_source *source,
                 const struct plain_event *plain, struct err *err)
{
    if (!walk->calls->take(walk->context, source, plain, &walk->out, err))
        return fail_at(source, plain, err);
    return flush(walk, OUTPUT_PIECE, err);
}

/* Gives on what the filter has decided with this event. */
static bool filter(struct event_walk *walk, struct event_source *source,
                   const struct plain_event *event, struct err *err)
{
    bool in_range = source->in_range;
    bool good = true;
    struct plain_event plain;

    if (!event_filter_take(walk->filter, event, &source->reader.format, in_range, err))
        return fail_at(source, event, err);
    while (good && event_filter_next(walk->filter, &plain, &source->in_range))
        good = give(walk, source, &plain, err);
    source->in_range = in_range;
    return good;
}

static bool walk_event(struct event_walk *walk, struct event_source *source,
                       const struct reader_event *event, struct err *err)
{
    struct plain_event plain = {.header = event->header, .offset = event->offset};
    bool more;

    unpacker_start(walk->unpacker, event, &source->reader.format);
    for (;;) {
        if (!unpacker_next(walk->unpacker, &plain, &more, err))
            return fail_at(source, &plain, err);
        if (!more)
            break;
        if (walk->unfiltered ? !give(walk, source, &plain, err)
                             : !filter(walk, source, &plain, err))
            return false;
    }
    if (walk->calls->end_event)
        walk->calls->end_event(walk->context, source);
    return true;
}

/* The file is read in large pieces: most events need no look at the clock. */
static void show(struct event_walk *walk, const struct event_source *source)
{
    uint64_t taken = event_source_taken(source);

    if (taken == walk->taken)
        return;
    walk->taken = taken;
    progress_show(walk->progress, taken);
}

static bool walk_source(struct event_walk *walk, struct event_source *source, struct err *err)
{
    struct reader_event event;

    for (;;) {
        if (!event_source_next(source, &event, err))
            return false;
        if (event.bytes.len == 0)
            return true;
        if (!walk_event(walk, source, &event, err))
            return false;
        show(walk, source);
    }
}

bool event_walk_file(struct event_walk *walk, bool *ret_more, struct err *err)
{
    struct event_source source = {0};
    struct err flush_err;
    bool good;
    int i = walk->next;

    if (i == walk->argc || walk->over) {
        *ret_more = false;
        return true;
    }
    if (!walk->filter && !event_filter_new(&walk->options->criteria, &walk->filter, err))
        return false;
    walk->unfiltered = event_filter_wants_all(walk->filter);
    event_filter_end_file(walk->filter);
    walk->next++;
    good = event_source_open(&source, walk->argv[i],
                             binlog_options_range(walk->options, i, walk->argc), err);
    source.time_reached = walk->time_reached;
    good = good && walk_source(walk, &source, err);
    /* What came before an error is printed before it is told. */
    if (!flush(walk, 0, &flush_err) && good) {
        good = false;
        *err = flush_err;
    }
    progress_hide(walk->progress);
    progress_end_file(walk->progress);
    if (good && walk->calls->end_file)
        walk->calls->end_file(walk->context, &source);
    walk->time_reached = source.time_reached;
    walk->over = source.stopped_by_time;
    event_source_close(&source);
    if (good)
        *ret_more = true;
    return good;
}

int event_walk_run(const struct verb *verb, const struct binlog_options *options, int argc,
                   char **argv, event_walk_take *take, void *context)
{
    struct event_walk_calls calls = {.take = take, .prints = true};
    struct event_walk *walk = event_walk_new(options, argc, argv, &calls, context);
    struct err err = {0};
    bool more = true;
    bool good = true;

    while (good && more)
        good = event_walk_file(walk, &more, &err);
    event_walk_free(walk);
    return good ? EXIT_OK : binlog_failed(verb, &err);
}
