#include "log/overlap.h"

#include "base/fd_at.h"
#include "base/mem.h"
#include "log/view.h"

#define FLAGS_AT 17                  /* of an event's header, 2 bytes */
#define PIECE    ((size_t)256 << 10) /* bytes of the file that are compared at once */

struct log_overlap {
    struct log_view view;
    uint64_t offset; /* of the next event to compare */
    uint8_t piece[PIECE];
};

/*
 * The end of a block before the end, if that is not too far away; as far away as it has to be when
 * the source can not be asked for more than `most`.
 */
static bool find_start(const struct log_view *view, uint64_t most, uint64_t *ret_offset,
                       struct err *err)
{
    uint64_t end = view->segment.end;
    struct index_record record;
    uint64_t number;

    *ret_offset = end;
    if (end <= view->segment.start)
        return true;
    if (!index_file_find(&view->index, view->segment.records, end - 1 < most ? end - 1 : most,
                         &record, &number, err))
        return false;
    if (end - record.offset <= LOG_OVERLAP_MAX || end > most)
        *ret_offset = record.offset;
    return true;
}

bool log_overlap_open(struct mirror *mirror, uint64_t most, struct log_overlap **ret_overlap,
                      struct log_position *ret_from, struct err *err)
{
    struct log_overlap *overlap;
    struct log_segment segment;
    struct log_ends ends;

    mirror_ends(mirror, &ends);
    if (!mirror_segment_named(mirror, ends.synced.name, &segment, err))
        return false;
    overlap = mem_alloc(sizeof *overlap);
    if (!log_view_open(mirror, &segment, &overlap->view, err)) {
        mem_free(overlap);
        return false;
    }
    if (!find_start(&overlap->view, most, &overlap->offset, err)) {
        (void)log_view_fail(&overlap->view, err);
        log_overlap_close(overlap);
        return false;
    }
    ends.synced.offset = overlap->offset;
    *ret_from = ends.synced;
    *ret_overlap = overlap;
    return true;
}

void log_overlap_close(struct log_overlap *overlap)
{
    if (!overlap)
        return;
    log_view_close(&overlap->view);
    mem_free(overlap);
}

bool log_overlap_is_done(const struct log_overlap *overlap)
{
    return overlap->offset == overlap->view.segment.end;
}

bool log_overlap_has_format(const struct log_overlap *overlap, struct span format, bool *ret_same,
                            struct err *err)
{
    struct event_header theirs;
    struct event_header ours;

    if (!event_header_decode(format, &theirs, err) ||
        !event_header_decode(overlap->view.index.head.format, &ours, err))
        return false;
    *ret_same = theirs.type == ours.type && theirs.timestamp == ours.timestamp &&
                theirs.server_id == ours.server_id && theirs.length == ours.length;
    return true;
}

/* Whether the file has the bytes at an offset. */
static bool has_bytes(struct log_overlap *overlap, uint64_t offset, struct span bytes,
                      bool *ret_has, struct err *err)
{
    struct cursor cur = cursor_of(bytes);
    bool has = true;

    while (has && cursor_left(&cur) > 0) {
        size_t left = cursor_left(&cur);
        struct span theirs = cursor_bytes(&cur, left < PIECE ? left : PIECE);
        size_t got;

        if (!fd_read_at(overlap->view.fd, offset, overlap->piece, theirs.len, &got, err))
            return log_view_fail(&overlap->view, err);
        has = got == theirs.len && memcmp(overlap->piece, theirs.data, got) == 0;
        offset += theirs.len;
    }
    *ret_has = has;
    return true;
}

bool log_overlap_take(struct log_overlap *overlap, const struct event_header *header,
                      struct span event, bool *ret_same, struct err *err)
{
    struct buf closed;
    bool same = false;
    bool good = true;

    /* The log has a format description as it stands in a file that is closed. */
    buf_init(&closed, event.len);
    if (header->type == EVENT_FORMAT_DESCRIPTION) {
        buf_bytes(&closed, event);
        buf_patch_le(&closed, FLAGS_AT, header->flags & (uint16_t)~EVENT_FLAG_IN_USE, 2);
        event = buf_span(&closed);
    }
    if (event.len <= overlap->view.segment.end - overlap->offset)
        good = has_bytes(overlap, overlap->offset, event, &same, err);
    buf_done(&closed);
    if (good && same)
        overlap->offset += event.len;
    if (good)
        *ret_same = same;
    return good;
}
