/*
 * Fuzz target: one event body. The first byte is its type, the second picks the server that wrote
 * it. What decodes and encodes must do so again to the same bytes; its text for people is bounded.
 */
#include "binlog/event_info.h"
#include "binlog/inflate.h"
#include "binlog/table_change.h"
#include "roundtrip.h"

#include <stdlib.h>

#define OUT_MAX (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool once(struct span body, uint8_t type, const struct format *format, struct buf *out)
{
    struct reader_event event = {.header = {.type = type, .log_pos = 1000}, .body = body};
    struct err err;

    return roundtrip_body(&event, format, out, &err) && buf_ok(out);
}

static void show(struct span body, uint8_t type, const struct format *format, struct buf *out)
{
    struct event_header header = {.type = type};
    struct inflater *inflater = inflater_new();
    struct err err;

    if (!event_info_write(out, &header, body, format, inflater, OUT_MAX, &err) && !err.text[0])
        abort();
    inflater_free(inflater);
    buf_clear(out);
}

/* The same bytes as those of a whole event. */
static void look_for_change(struct span event, uint8_t type, const struct format *format)
{
    struct event_header header = {.type = type};

    (void)table_change_is_event(&header, event, format);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const versions[] = {"5.6.24", "9.7.4", "10.11.19-MariaDB", "11.8.6-MariaDB"};
    struct cursor cur = cursor_of(span_of(data, size));
    uint8_t type = cursor_u8(&cur);
    struct format format;
    struct buf first;
    struct buf second;

    format_init(&format, versions[cursor_u8(&cur) % 4], CHECKSUM_CRC32);
    buf_init(&first, OUT_MAX);
    buf_init(&second, OUT_MAX);
    if (cursor_ok(&cur)) {
        look_for_change(span_of(data, size), type, &format);
        show(cur.rest, type, &format, &first);
    }
    if (cursor_ok(&cur) && once(cursor_rest(&cur), type, &format, &first)) {
        if (!once(buf_span(&first), type, &format, &second) ||
            !span_eq(buf_span(&first), buf_span(&second)))
            abort();
    }
    buf_done(&first);
    buf_done(&second);
    return 0;
}
