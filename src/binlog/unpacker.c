#include "binlog/unpacker.h"

#include "base/mem.h"
#include "binlog/inflate.h"
#include "binlog/payload.h"

struct unpacker {
    struct inflater *inflater;
    struct payload_stream *stream;
    struct buf plain;
    const struct reader_event *event;
    const struct format *format;
    bool first; /* the event itself is still to come */
    bool inside;
};

struct unpacker *unpacker_new(void)
{
    struct unpacker *unpacker = mem_alloc(sizeof *unpacker);

    unpacker->inflater = inflater_new();
    unpacker->stream = payload_stream_new(EVENT_LENGTH_MAX);
    buf_init(&unpacker->plain, UNPACKER_PLAIN_MAX);
    return unpacker;
}

void unpacker_free(struct unpacker *unpacker)
{
    if (!unpacker)
        return;
    inflater_free(unpacker->inflater);
    payload_stream_free(unpacker->stream);
    buf_done(&unpacker->plain);
    mem_free(unpacker);
}

void unpacker_start(struct unpacker *unpacker, const struct reader_event *event,
                    const struct format *format)
{
    unpacker->event = event;
    unpacker->format = format;
    unpacker->first = true;
    unpacker->inside = false;
}

/* Takes deflating off a type and its body, if there is any. */
static bool make_plain(struct unpacker *unpacker, uint8_t *type, struct span *body, struct err *err)
{
    if (inflate_type(*type) == *type)
        return true;
    buf_clear(&unpacker->plain);
    if (!inflate_event(unpacker->inflater, *type, *body, unpacker->format, EVENT_LENGTH_MAX,
                       &unpacker->plain, type, err))
        return false;
    *body = buf_span(&unpacker->plain);
    return true;
}

/* The event itself. */
static bool first_event(struct unpacker *unpacker, struct plain_event *ret_event, struct err *err)
{
    const struct reader_event *event = unpacker->event;
    uint8_t type = event->header.type;
    struct span body = event->body;
    struct payload payload;

    unpacker->first = false;
    if (type == EVENT_TRANSACTION_PAYLOAD) {
        if (!payload_decode(body, &payload, err) ||
            !payload_stream_open(unpacker->stream, &payload, UNPACKER_PLAIN_MAX, err))
            return false;
        unpacker->inside = true;
    } else if (!make_plain(unpacker, &type, &body, err)) {
        return false;
    }
    *ret_event = (struct plain_event){
        .header = event->header,
        .type = type,
        .body = body,
        .offset = event->offset,
    };
    return true;
}

/* The next inside a payload. */
static bool packed_event(struct unpacker *unpacker, struct plain_event *ret_event, bool *ret_more,
                         struct err *err)
{
    struct plain_event plain = {.offset = unpacker->event->offset, .packed = true};
    struct span bytes = {0};
    struct cursor cur;

    if (!payload_stream_next(unpacker->stream, &bytes, err))
        return false;
    if (bytes.len == 0) {
        *ret_more = false;
        return true;
    }
    if (!event_header_decode(bytes, &plain.header, err))
        return err_prefix(err, "in a Transaction_payload event");
    cur = cursor_of(bytes);
    cursor_skip(&cur, EVENT_HEADER_SIZE);
    plain.type = plain.header.type;
    plain.body = cursor_rest(&cur);
    if (plain.type == EVENT_TRANSACTION_PAYLOAD)
        return err_set(err, E_PROTO, 0, "a Transaction_payload event inside another");
    if (!make_plain(unpacker, &plain.type, &plain.body, err))
        return false;
    *ret_event = plain;
    return true;
}

bool unpacker_next(struct unpacker *unpacker, struct plain_event *ret_event, bool *ret_more,
                   struct err *err)
{
    *ret_more = unpacker->first || unpacker->inside;
    if (unpacker->first)
        return first_event(unpacker, ret_event, err);
    return !unpacker->inside || packed_event(unpacker, ret_event, ret_more, err);
}
