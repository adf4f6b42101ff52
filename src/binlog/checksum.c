#include "binlog/checksum.h"

#include <libdeflate.h>

const char *checksum_alg_name(uint8_t alg)
{
    switch (alg) {
    case CHECKSUM_NONE:
        return "NONE";
    case CHECKSUM_CRC32:
        return "CRC32";
    case CHECKSUM_UNDEFINED:
        return "UNDEFINED";
    default:
        return "unknown";
    }
}

/* The event is a format description with IN_USE set: its CRC is taken with the flag cleared. */
static uint32_t checksum_masked(struct span event)
{
    uint8_t header[EVENT_HEADER_SIZE];
    struct cursor cur = cursor_of(event);
    uint32_t crc;
    struct span rest;

    memcpy(header, cursor_bytes(&cur, sizeof header).data, sizeof header);
    header[EVENT_FLAGS_AT] &= (uint8_t)~EVENT_FLAG_IN_USE;
    rest = cursor_rest(&cur);
    crc = libdeflate_crc32(0, header, sizeof header);
    return rest.len ? libdeflate_crc32(crc, rest.data, rest.len) : crc;
}

uint32_t checksum_of_event(struct span event)
{
    if (event.len >= EVENT_HEADER_SIZE && event.data[EVENT_TYPE_AT] == EVENT_FORMAT_DESCRIPTION &&
        (event.data[EVENT_FLAGS_AT] & EVENT_FLAG_IN_USE))
        return checksum_masked(event);
    return libdeflate_crc32(0, event.data, event.len);
}

bool checksum_verify(struct span event, struct err *err)
{
    struct cursor cur = cursor_of(event);
    struct span covered;
    uint32_t expected;
    uint32_t found;

    if (event.len < EVENT_HEADER_SIZE + EVENT_CHECKSUM_SIZE)
        return err_set(err, E_PROTO, 0, "checksum: event of %zu bytes, expected %d or more",
                       event.len, EVENT_HEADER_SIZE + EVENT_CHECKSUM_SIZE);
    covered = cursor_bytes(&cur, event.len - EVENT_CHECKSUM_SIZE);
    found = cursor_u32(&cur);
    expected = checksum_of_event(covered);
    if (found != expected)
        return err_set(err, E_PROTO, 0, "%s event: checksum 0x%08x, expected 0x%08x of its bytes",
                       event_type_name(event.data[EVENT_TYPE_AT]), found, expected);
    return true;
}

void checksum_append(struct buf *buf, size_t start)
{
    if (buf->bad || start > buf->len) {
        buf->bad = true;
        return;
    }
    buf_u32(buf, checksum_of_event(span_of(buf->data + start, buf->len - start)));
}
