#include "log/log_reader.h"

#include "base/fd_at.h"
#include "base/mem.h"
#include "log/view.h"

#define PIECE ((size_t)256 << 10) /* bytes of a file read at once, unless an event is larger */

struct log_reader {
    struct mirror *mirror;
    struct log_waiter waiter;
    size_t read_buffer;

    struct log_view view; /* the file that is read; its segment as it was when last looked at */
    uint64_t offset;      /* of the next event to give */
    uint64_t ahead;       /* the disk was asked for the file up to here */
    bool announced;       /* the FILE batch was given */
    bool whole_only;      /* nothing of a transaction before all of it is there */
    bool unwalked;        /* who takes a batch has it walked, with log_reader_walk() */

    struct log_cache_block *block; /* borrowed for the batch given last */
    struct buf copy;               /* of a block that could not be borrowed */
    uint8_t *data;
    size_t cap;
};

static size_t clamp_buffer(size_t size)
{
    if (size == 0)
        return LOG_READ_BUFFER_DEFAULT;
    if (size < LOG_READ_BUFFER_MIN)
        return LOG_READ_BUFFER_MIN;
    return size > LOG_READ_BUFFER_MAX ? LOG_READ_BUFFER_MAX : size;
}

/* Up to where the file's events may be given. */
static uint64_t end_of_file(const struct log_reader *reader)
{
    const struct log_segment *segment = &reader->view.segment;

    return reader->whole_only ? segment->whole : segment->end;
}

static bool fail_in_file(const struct log_reader *reader, struct err *err)
{
    return err_prefix(err, "%.100s/%.100s", reader->mirror->directory, reader->view.segment.name);
}

static void drop_data(struct log_reader *reader)
{
    mem_free(reader->data);
    reader->data = NULL;
    reader->cap = 0;
}

/* ---- Stepping into a file ---- */

/* Reads events on from the last record before `offset` to there, where one must end. */
static bool walk_to(struct log_reader *reader, uint64_t offset, struct err *err)
{
    const struct log_view *view = &reader->view;
    struct reader_event event = {.bytes = {.len = 1}};
    struct index_record record;
    struct log_scan scan;
    uint64_t number;
    bool ok;

    if (!index_file_find(&view->index, view->segment.records, offset, &record, &number, err))
        return false;
    log_view_scan(view, &record, view->segment.end, &scan);
    ok = true;
    while (ok && scan.reader.offset < offset && event.bytes.len > 0)
        ok = log_scan_next(&scan, &event, err);
    if (ok && scan.reader.offset != offset)
        ok = err_set(err, E_USAGE, 0, "no event begins at offset %llu; one ends at %llu",
                     (unsigned long long)offset, (unsigned long long)scan.reader.offset);
    reader->offset = scan.reader.offset;
    log_scan_done(&scan);
    return ok;
}

static bool check_offset(const struct log_segment *segment, uint64_t offset, struct err *err)
{
    if (offset >= segment->start && offset <= segment->end)
        return true;
    return err_set(err, E_STATE, 0,
                   "offset %llu is not in the log, which has %llu to %llu of the file",
                   (unsigned long long)offset, (unsigned long long)segment->start,
                   (unsigned long long)segment->end);
}

/* Opens a segment and goes to the offset. */
static bool enter(struct log_reader *reader, const struct log_segment *segment, uint64_t offset,
                  struct err *err)
{
    struct log_view view;

    if (!log_view_open(reader->mirror, segment, &view, err))
        return false;
    log_view_close(&reader->view);
    reader->view = view;
    reader->announced = false;
    reader->ahead = 0;
    return (check_offset(&view.segment, offset, err) && walk_to(reader, offset, err)) ||
           fail_in_file(reader, err);
}

/* Where to begin: a file by name, or the oldest. */
static bool find_segment(struct mirror *mirror, const struct log_position *from,
                         struct log_segment *ret_segment, struct err *err)
{
    struct log_segment *all;
    size_t count;

    if (from->name[0])
        return mirror_segment_named(mirror, from->name, ret_segment, err);
    all = mirror_segments(mirror, &count);
    if (count > 0)
        *ret_segment = all[0];
    mem_free(all);
    return count > 0 || err_set(err, E_STATE, 0, "%s: the log has no files yet", mirror->directory);
}

bool log_reader_open(struct mirror *mirror, const struct log_position *from, size_t read_buffer,
                     struct log_reader **ret_reader, struct err *err)
{
    struct log_segment segment;
    struct log_reader *reader;

    if (!find_segment(mirror, from, &segment, err))
        return false;
    reader = mem_alloc(sizeof *reader);
    reader->mirror = mirror;
    reader->view.fd = reader->view.index.fd = -1;
    reader->read_buffer = clamp_buffer(read_buffer);
    buf_init(&reader->copy, EVENT_LENGTH_MAX);
    if (!log_waiter_init(&reader->waiter, &mirror->waiters, err)) {
        mem_free(reader);
        return false;
    }
    if (!enter(reader, &segment, from->name[0] ? from->offset : segment.start, err)) {
        log_reader_close(reader);
        return false;
    }
    *ret_reader = reader;
    return true;
}

void log_reader_close(struct log_reader *reader)
{
    if (!reader)
        return;
    log_cache_release(reader->mirror->cache, reader->block);
    log_waiter_done(&reader->waiter);
    log_view_close(&reader->view);
    buf_done(&reader->copy);
    mem_free(reader->data);
    mem_free(reader);
}

/* ---- Bytes ---- */

/* Has the disk deliver one half of the read buffer while the other is used. */
static void read_ahead(struct log_reader *reader)
{
    uint64_t from = reader->ahead > reader->offset ? reader->ahead : reader->offset;
    uint64_t to = reader->offset + reader->read_buffer;

    if (reader->ahead >= reader->offset + reader->read_buffer / 2)
        return;
    fd_read_ahead(reader->view.fd, from, to - from);
    reader->ahead = to;
}

/* At least one whole event of the file, up to `limit`, through the reader's own buffer. */
static bool read_file(struct log_reader *reader, uint64_t limit, struct span *ret_bytes,
                      struct err *err)
{
    uint64_t offset = reader->offset;
    uint64_t left = limit - offset;
    size_t piece = reader->read_buffer < PIECE ? reader->read_buffer : PIECE;
    size_t want = piece;
    struct event_header header;
    size_t got;

    read_ahead(reader);
    for (;;) {
        if (want > left)
            want = (size_t)left;
        if (want > reader->cap || reader->cap > piece) {
            drop_data(reader);
            reader->data = mem_alloc(want);
            reader->cap = want;
        }
        if (!fd_read_at(reader->view.fd, offset, reader->data, want, &got, err))
            return false;
        if (got < want)
            return err_set(err, E_PROTO, 0, "ends at offset %llu, expected %llu",
                           (unsigned long long)(offset + got), (unsigned long long)limit);
        if (!event_header_decode(span_of(reader->data, got), &header, err))
            return err_prefix(err, "offset %llu", (unsigned long long)offset);
        if (header.length <= got)
            break;
        if (header.length > left)
            return err_set(err, E_PROTO, 0, "offset %llu: event of %u bytes, %llu are left",
                           (unsigned long long)offset, header.length, (unsigned long long)left);
        want = header.length;
    }
    /* Set in a linked file while its server has it open, or has crashed. */
    if (offset == LOG_FIRST_OFFSET)
        reader->data[EVENT_FLAGS_AT] &= (uint8_t)~EVENT_FLAG_IN_USE;
    *ret_bytes = span_of(reader->data, got);
    return true;
}

/*
 * The whole events that stand at the beginning of the bytes; what is left is for the next batch.
 * Each says where it ends, so that bytes that are no events do not pass for some.
 */
static bool whole_events(uint64_t offset, struct span bytes, struct span *ret_events,
                         struct err *err)
{
    struct cursor cur = cursor_of(bytes);

    while (cursor_left(&cur) >= EVENT_HEADER_SIZE) {
        uint64_t at = offset + bytes.len - cursor_left(&cur);
        struct event_header header;

        event_prefetch(cur.rest);
        if (!event_header_decode(cur.rest, &header, err))
            return err_prefix(err, "offset %llu", (unsigned long long)at);
        if (!event_is_at(&header, at))
            return err_set(err, E_PROTO, 0, "offset %llu: %s event: log_pos %u, expected %u",
                           (unsigned long long)at, event_type_name(header.type), header.log_pos,
                           (uint32_t)(at + header.length));
        if (header.length > cursor_left(&cur))
            break;
        cursor_skip(&cur, header.length);
    }
    *ret_events = span_of(bytes.data, bytes.len - cursor_left(&cur));
    return true;
}

/* What stands in the cache was walked when it came there. */
static bool walk_batch(struct log_reader *reader, size_t taken, struct log_batch *batch,
                       struct err *err)
{
    struct cursor cur = cursor_of(batch->events);

    cursor_skip(&cur, taken);
    batch->offset += taken;
    batch->events = cur.rest;
    if (!batch->from_cache && !whole_events(batch->offset, cur.rest, &batch->events, err))
        return false;
    reader->offset = batch->offset + batch->events.len;
    return true;
}

static bool read_batch(struct log_reader *reader, struct log_batch *batch, struct err *err)
{
    uint64_t limit = end_of_file(reader);
    struct span bytes;

    batch->offset = reader->offset;
    batch->from_cache = log_cache_get(reader->mirror->cache, reader->view.segment.ordinal,
                                      batch->offset, limit, &reader->copy, &reader->block, &bytes);
    if (batch->from_cache)
        drop_data(reader);
    else if (!read_file(reader, limit, &bytes, err))
        return false;
    batch->kind = LOG_BATCH_EVENTS;
    batch->events = bytes;
    return reader->unwalked || walk_batch(reader, 0, batch, err);
}

/* ---- Batches ---- */

static void announce(struct log_reader *reader, struct log_batch *batch)
{
    batch->kind = LOG_BATCH_FILE;
    batch->offset = reader->offset;
    batch->format = reader->view.index.head.format;
    reader->announced = true;
}

static uint64_t last_ordinal(struct mirror *mirror)
{
    uint64_t ordinal = 0;

    (void)pthread_mutex_lock(&mirror->shared.lock);
    if (mirror->shared.count > 0)
        ordinal = mirror->shared.segments[mirror->shared.count - 1]->ordinal;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    return ordinal;
}

/* To the next file, once this one is closed and there is one. */
static bool step(struct log_reader *reader, struct err *err)
{
    const struct log_segment *segment = &reader->view.segment;
    struct log_segment next;

    if (!segment->closed || last_ordinal(reader->mirror) <= segment->ordinal)
        return true;
    if (!mirror_segment_at(reader->mirror, segment->ordinal + 1, &next, err))
        return err_prefix(err, "%.100s: after %.100s", reader->mirror->directory, segment->name);
    return enter(reader, &next, next.start, err);
}

/* Of a file that was purged its index, which is open, still has the end. */
static bool refresh_purged(struct log_reader *reader, struct err *err)
{
    struct log_segment *segment = &reader->view.segment;
    struct index_record record;
    uint64_t size;
    uint64_t number;

    if (!fd_size(reader->view.index.fd, &size, err))
        return false;
    segment->records = (size - reader->view.index.head_size) / INDEX_RECORD_SIZE;
    if (!index_file_find(&reader->view.index, segment->records, UINT64_MAX, &record, &number, err))
        return false;
    if (record.kind != INDEX_END_RECORD)
        return err_set(err, E_STATE, 0, "the file was purged, and its side index has no end");
    segment->end = record.offset;
    segment->whole = record.transaction_offset;
    segment->closed = true;
    return true;
}

/* Looks again how far the file goes. */
static bool refresh(struct log_reader *reader, struct err *err)
{
    struct log_segment now;
    struct err purged;

    if (!mirror_segment_at(reader->mirror, reader->view.segment.ordinal, &now, &purged))
        return reader->view.segment.closed || refresh_purged(reader, err) ||
               fail_in_file(reader, err);
    if (now.start != reader->view.segment.start) /* mirror_drop_void() */
        return err_set(err, E_STATE, 0, "the file was begun at %llu, not at %llu",
                       (unsigned long long)now.start,
                       (unsigned long long)reader->view.segment.start) ||
               fail_in_file(reader, err);
    reader->view.segment = now;
    return true;
}

/* Something to give, without a wait; *batch stays NONE otherwise. */
static bool look(struct log_reader *reader, struct log_batch *batch, struct err *err)
{
    if (reader->announced && reader->offset >= end_of_file(reader)) {
        if (!refresh(reader, err))
            return false;
        if (reader->offset >= end_of_file(reader) && !step(reader, err))
            return false;
    }
    if (!reader->announced)
        announce(reader, batch);
    else if (reader->offset < end_of_file(reader))
        return read_batch(reader, batch, err) || fail_in_file(reader, err);
    return true;
}

bool log_reader_next(struct log_reader *reader, struct log_batch *ret_batch, struct err *err)
{
    struct log_batch batch = {.kind = LOG_BATCH_NONE};

    log_cache_release(reader->mirror->cache, reader->block);
    reader->block = NULL;
    if (!look(reader, &batch, err))
        return false;
    if (batch.kind == LOG_BATCH_NONE) {
        /* What comes from here on raises the descriptor; what came just before is seen now. */
        log_waiter_arm(&reader->waiter, LOG_WAITS_SYNCED);
        if (!look(reader, &batch, err) ||
            (batch.kind == LOG_BATCH_NONE && !mirror_check_alive(reader->mirror, err)))
            return false;
    }
    batch.name = reader->view.segment.name;
    *ret_batch = batch;
    return true;
}

bool log_reader_walk(struct log_reader *reader, size_t taken, struct log_batch *batch,
                     struct err *err)
{
    return walk_batch(reader, taken, batch, err) || fail_in_file(reader, err);
}

bool log_reader_wait(struct log_reader *reader, int64_t deadline_usec, int interrupt_fd,
                     enum log_wait *ret, struct err *err)
{
    return log_waiter_sleep(&reader->waiter, deadline_usec, interrupt_fd, ret, err);
}

bool log_reader_arm_closed(struct log_reader *reader)
{
    struct log_segment now;
    struct err gone;

    log_waiter_arm(&reader->waiter, LOG_WAITS_CLOSED);
    return reader->view.segment.closed ||
           !mirror_segment_at(reader->mirror, reader->view.segment.ordinal, &now, &gone) ||
           now.closed || !mirror_check_alive(reader->mirror, &gone);
}

bool log_reader_at_end(const struct log_reader *reader)
{
    return reader->announced && reader->offset >= end_of_file(reader);
}

int log_reader_fd(const struct log_reader *reader)
{
    return reader->waiter.fd;
}

void log_reader_set_whole(struct log_reader *reader)
{
    reader->whole_only = true;
}

void log_reader_set_unwalked(struct log_reader *reader)
{
    reader->unwalked = true;
}

void log_reader_set_buffer(struct log_reader *reader, size_t read_buffer)
{
    reader->read_buffer = clamp_buffer(read_buffer);
}
