#include "log/overlap.h"

#include "base/fd_at.h"
#include "base/mem.h"
#include "log/view.h"

#define FLAGS_AT 17 /* of an event's header, 2 bytes */

struct log_overlap {
    struct span format; /* of the file, without IN_USE */
    struct span rest;   /* what the mirror has from the next event to compare on */
    struct buf memory;  /* of both */
};

/* The end of a block before the end, if that is not too far away. */
static bool find_start(const struct log_view *view, uint64_t *ret_offset, struct err *err)
{
    uint64_t end = view->segment.end;
    struct index_record record;
    uint64_t number;

    *ret_offset = end;
    if (end <= view->segment.start)
        return true;
    if (!index_file_find(&view->index, view->segment.records, end - 1, &record, &number, err))
        return false;
    if (end - record.offset <= LOG_OVERLAP_MAX)
        *ret_offset = record.offset;
    return true;
}

static bool load(const struct log_view *view, struct log_overlap *overlap, uint64_t *ret_offset,
                 struct err *err)
{
    struct span format = view->index.head.format;
    struct cursor cur;
    uint8_t *bytes;
    size_t size;
    size_t got;
    bool good;

    if (!find_start(view, ret_offset, err))
        return false;
    size = (size_t)(view->segment.end - *ret_offset);
    bytes = mem_alloc(size + 1);
    good = fd_read_at(view->fd, *ret_offset, bytes, size, &got, err) &&
           (got == size || err_set(err, E_PROTO, 0, "ends at offset %llu, expected %llu",
                                   (unsigned long long)(*ret_offset + got),
                                   (unsigned long long)view->segment.end));
    if (good) {
        buf_bytes(&overlap->memory, format);
        buf_bytes(&overlap->memory, span_of(bytes, size));
        cur = cursor_of(buf_span(&overlap->memory));
        overlap->format = cursor_bytes(&cur, format.len);
        overlap->rest = cursor_rest(&cur);
    }
    mem_free(bytes);
    return good;
}

bool log_overlap_open(struct mirror *mirror, struct log_overlap **ret_overlap,
                      struct log_position *ret_from, struct err *err)
{
    struct log_overlap *overlap;
    struct log_segment segment;
    struct log_ends ends;
    struct log_view view;
    bool good;

    mirror_ends(mirror, &ends);
    if (!mirror_segment_named(mirror, ends.synced.name, &segment, err) ||
        !log_view_open(mirror, &segment, &view, err))
        return false;
    overlap = mem_alloc(sizeof *overlap);
    buf_init(&overlap->memory, SIZE_MAX / 2);
    good = load(&view, overlap, &ends.synced.offset, err) || log_view_fail(&view, err);
    log_view_close(&view);
    if (!good) {
        log_overlap_close(overlap);
        return false;
    }
    *ret_from = ends.synced;
    *ret_overlap = overlap;
    return true;
}

void log_overlap_close(struct log_overlap *overlap)
{
    if (!overlap)
        return;
    buf_done(&overlap->memory);
    mem_free(overlap);
}

bool log_overlap_is_done(const struct log_overlap *overlap)
{
    return overlap->rest.len == 0;
}

bool log_overlap_has_format(const struct log_overlap *overlap, struct span format, bool *ret_same,
                            struct err *err)
{
    struct event_header theirs;
    struct event_header ours;

    if (!event_header_decode(format, &theirs, err) ||
        !event_header_decode(overlap->format, &ours, err))
        return false;
    *ret_same = theirs.type == ours.type && theirs.timestamp == ours.timestamp &&
                theirs.server_id == ours.server_id && theirs.length == ours.length;
    return true;
}

bool log_overlap_take(struct log_overlap *overlap, const struct event_header *header,
                      struct span event)
{
    struct cursor cur = cursor_of(overlap->rest);
    struct span ours = cursor_bytes(&cur, event.len);
    struct buf closed;
    bool same;

    if (!cursor_ok(&cur))
        return false;
    /* The log has a format description as it stands in a file that is closed. */
    buf_init(&closed, event.len);
    buf_bytes(&closed, event);
    if (header->type == EVENT_FORMAT_DESCRIPTION)
        buf_patch_le(&closed, FLAGS_AT, header->flags & (uint16_t)~EVENT_FLAG_IN_USE, 2);
    same = memcmp(closed.data, ours.data, event.len) == 0;
    buf_done(&closed);
    if (same)
        overlap->rest = cursor_rest(&cur);
    return same;
}
