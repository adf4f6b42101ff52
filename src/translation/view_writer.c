#include "translation/view_writer.h"

#include "binlog/checksum.h"

#define LOG_POS_AT 13 /* bytes into the header */

/* What a reader of the view needs to know; the others are about the source's own log. */
#define KEPT_FLAGS (EVENT_FLAG_THREAD_SPECIFIC | EVENT_FLAG_SUPPRESS_USE | EVENT_FLAG_IGNORABLE)

size_t view_begin(struct buf *buf, const struct event_header *header)
{
    struct event_header made = *header;
    size_t start = buf->len;

    made.length = 0;
    made.log_pos = 0;
    made.flags &= KEPT_FLAGS;
    event_header_encode(buf, &made);
    return start;
}

bool view_end(const struct view_writer *writer, struct buf *buf, size_t start, uint8_t type,
              struct err *err)
{
    size_t length;

    (void)buf_reserve(buf, writer->checksum_size);
    length = buf->len - start;
    if (!buf_ok(buf) || length > EVENT_LENGTH_MAX)
        return err_set(err, E_LIMIT, 0,
                       "%s event: longer than an event can be when translated, %u bytes",
                       event_type_name(type), EVENT_LENGTH_MAX);
    buf_patch_le(buf, start + EVENT_TYPE_AT, type, 1);
    buf_patch_le(buf, start + EVENT_LENGTH_AT, length, 4);
    return true;
}

bool view_append(const struct view_writer *writer, struct buf *buf,
                 const struct event_header *header, struct span body, struct err *err)
{
    size_t start = view_begin(buf, header);

    buf_bytes(buf, body);
    return view_end(writer, buf, start, header->type, err);
}

bool view_place(struct view_writer *writer, struct buf *buf, size_t start, struct err *err)
{
    if (!buf_ok(buf))
        return err_set(err, E_LIMIT, 0, "translated events do not fit into %zu bytes", buf->max);
    while (start < buf->len) {
        struct cursor cur = cursor_of(span_of(buf->data + start, buf->len - start));
        struct event_header header;
        struct span event;

        if (!event_header_decode(cur.rest, &header, err))
            return err_prefix(err, "translated");
        event = cursor_bytes(&cur, header.length - writer->checksum_size);
        writer->offset += header.length;
        buf_patch_le(buf, start + LOG_POS_AT, (uint32_t)writer->offset, 4);
        if (writer->checksum_size > 0)
            buf_patch_le(buf, start + event.len, checksum_of_event(event), EVENT_CHECKSUM_SIZE);
        start += header.length;
    }
    return true;
}
