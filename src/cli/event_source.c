#include "cli/event_source.h"

bool event_source_open(struct event_source *source, const char *path, struct event_range range,
                       struct err *err)
{
    *source = (struct event_source){
        .path = strcmp(path, "-") == 0 ? "standard input" : path,
        .range = range,
    };
    if (!file_reader_open(path, &source->own.file, err))
        return false;
    reader_init(&source->reader);
    source->reader.verify_checksums = true;
    source->reader.check_positions = true;
    return true;
}

void event_source_close(struct event_source *source)
{
    file_reader_close(source->own.file);
    source->own.file = NULL;
}

uint64_t event_source_size(const struct event_source *source)
{
    return file_reader_size(source->own.file);
}

static bool check_start(struct event_source *source, const struct reader_event *event,
                        struct err *err)
{
    uint64_t start = source->range.start;

    source->in_range = event->offset >= start;
    if (start <= event->offset || start >= event->offset + event->bytes.len)
        return true;
    return err_set(err, E_USAGE, 0,
                   "--start-position %llu is inside the %s event at offset %llu; the next event "
                   "begins at %llu",
                   (unsigned long long)start, event_type_name(event->header.type),
                   (unsigned long long)event->offset,
                   (unsigned long long)(event->offset + event->bytes.len));
}

static bool finish(const struct event_source *source, struct err *err)
{
    uint64_t end = source->reader.offset;

    if (!reader_finish(&source->reader, source->own.window, err))
        return false;
    if (source->range.start > end)
        return err_set(err, E_USAGE, 0, "--start-position %llu is after the file's end at %llu",
                       (unsigned long long)source->range.start, (unsigned long long)end);
    return true;
}

static bool next(struct event_source *source, struct reader_event *event, struct err *err)
{
    struct span *window = &source->own.window;
    struct reader *reader = &source->reader;

    *event = (struct reader_event){0};
    source->stopped = reader->offset > READER_MAGIC_SIZE && reader->offset >= source->range.stop;
    while (!source->stopped) {
        size_t had;

        if (!reader_next(reader, window, event, err))
            return false;
        if (event->bytes.len > 0)
            return check_start(source, event, err);
        had = window->len;
        if (!file_reader_move(source->own.file, source->own.given - had, reader->need, window, err))
            return false;
        source->own.given = window->len;
        if (window->len < reader->need)
            return finish(source, err);
    }
    return true;
}

bool event_source_next(struct event_source *source, struct reader_event *ret_event, struct err *err)
{
    struct reader_event event;

    if (!next(source, &event, err)) {
        if (err->class == E_IO)
            return false;
        return err_prefix(err, "%s", source->path);
    }
    *ret_event = event;
    return true;
}
