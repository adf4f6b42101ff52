#include "cli/event_walk.h"

#include "base/file.h"

#include <unistd.h>

#define OUTPUT_MAX   ((size_t)1 << 33)
#define OUTPUT_PIECE ((size_t)1 << 18)

struct walk {
    struct unpacker *unpacker;
    struct buf out;
    event_walk_take *take;
    void *context;
};

static bool flush(struct walk *walk, size_t over, struct err *err)
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

static bool fail_at(const struct event_source *source, const struct plain_event *event,
                    struct err *err)
{
    return err_prefix(err, "%s: offset %llu: %s event", source->path,
                      (unsigned long long)event->offset, event_type_name(event->header.type));
}

static bool walk_event(struct walk *walk, const struct event_source *source,
                       const struct reader_event *event, struct err *err)
{
    struct plain_event plain = {.header = event->header, .offset = event->offset};
    bool more;

    unpacker_start(walk->unpacker, event, &source->reader.format);
    for (;;) {
        if (!unpacker_next(walk->unpacker, &plain, &more, err))
            return fail_at(source, &plain, err);
        if (!more)
            return true;
        if (!walk->take(walk->context, source, &plain, &walk->out, err))
            return fail_at(source, &plain, err);
        if (!flush(walk, OUTPUT_PIECE, err))
            return false;
    }
}

static bool walk_file(struct walk *walk, const char *path, struct event_range range,
                      struct err *err)
{
    struct event_source source = {0};
    struct reader_event event = {0};
    bool good = event_source_open(&source, path, range, err);

    while (good) {
        good = event_source_next(&source, &event, err);
        if (!good || event.bytes.len == 0)
            break;
        good = walk_event(walk, &source, &event, err);
    }
    event_source_close(&source);
    return good;
}

int event_walk_run(const struct verb *verb, const struct binlog_options *options, int argc,
                   char **argv, event_walk_take *take, void *context)
{
    struct walk walk = {.unpacker = unpacker_new(), .take = take, .context = context};
    struct err flush_err = {0};
    struct err err = {0};
    bool good = true;

    buf_init(&walk.out, OUTPUT_MAX);
    for (int i = 0; i < argc && good; i++)
        good = walk_file(&walk, argv[i], binlog_options_range(options, i, argc), &err);
    if (!flush(&walk, 0, &flush_err) && good) {
        good = false;
        err = flush_err;
    }
    buf_done(&walk.out);
    unpacker_free(walk.unpacker);
    return good ? EXIT_OK : binlog_failed(verb, &err);
}
