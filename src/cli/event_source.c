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

uint64_t event_source_taken(const struct event_source *source)
{
    return file_reader_taken(source->own.file);
}

static bool check_start(const struct event_source *source, const struct reader_event *event,
                        struct err *err)
{
    uint64_t start = source->range.start;

    if (start <= event->offset || start >= event->offset + event->bytes.len)
        return true;
    return err_set(err, E_USAGE, 0,
                   "--start-position %llu is inside the %s event at offset %llu; the next event "
                   "begins at %llu",
                   (unsigned long long)start, event_type_name(event->header.type),
                   (unsigned long long)event->offset,
                   (unsigned long long)(event->offset + event->bytes.len));
}

/* Where the event lies: before the range, in it, or, which ends it, after its last time. */
static void place(struct event_source *source, struct reader_event *event)
{
    const struct event_range *range = &source->range;
    uint32_t time = event->header.timestamp;
    bool from_start = event->offset >= range->start;
    /* Every file's format description has to be read, so it neither begins nor ends the range. */
    bool counts = event->header.type != EVENT_FORMAT_DESCRIPTION;

    if (from_start && time >= range->start_time && counts)
        source->time_reached = true;
    source->in_range = from_start && (source->time_reached || range->start_time == 0);
    if (source->in_range && time >= range->stop_time && counts) {
        source->stopped = true;
        source->stopped_by_time = true;
        *event = (struct reader_event){0};
    }
}

static void note_place(struct event_source *source)
{
    source->inside = source->reader.transaction != READER_OUTSIDE;
    source->inside_of = source->reader.transaction_offset;
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
    note_place(source);
    if (reader->offset > READER_MAGIC_SIZE && reader->offset >= source->range.stop)
        source->stopped = true;
    while (!source->stopped) {
        size_t had;

        if (!reader_next(reader, window, event, err))
            return err_prefix(err, "%s", source->path);
        if (event->bytes.len > 0) {
            if (!check_start(source, event, err))
                return err_prefix(err, "%s", source->path);
            place(source, event);
            return true;
        }
        had = window->len;
        if (!file_reader_move(source->own.file, source->own.given - had, reader->need, window, err))
            return false;
        source->own.given = window->len;
        if (window->len < reader->need)
            return finish(source, err) || err_prefix(err, "%s", source->path);
    }
    return true;
}

bool event_source_next(struct event_source *source, struct reader_event *ret_event, struct err *err)
{
    struct reader_event event;

    if (!next(source, &event, err))
        return false;
    *ret_event = event;
    return true;
}

bool event_source_find_boundary(struct event_source *source, uint64_t *ret_offset, struct err *err)
{
    struct reader_event event = {0};

    source->range = (struct event_range){.stop = UINT64_MAX, .stop_time = UINT64_MAX};
    source->stopped = false;
    while (source->reader.transaction != READER_OUTSIDE) {
        if (!event_source_next(source, &event, err))
            return false;
    }
    *ret_offset = source->reader.offset;
    return true;
}
