/* Events made by hand, for tests of what takes them from a file. */
#pragma once

#include "check.h"
#include "hex.h"

#include "binlog/query.h"
#include "binlog/unpacker.h"
#include "cli/event_source.h"

/* d.t (id INT PRIMARY KEY, v VARCHAR(20) latin1), with names, sign, character set and key. */
#define EVENTS_MAP                                                                                 \
    "6d00000000000100016400017400 02 030f 02 1400 02"                                              \
    "010100 020108 04050269640176 080100"
#define EVENTS_PLAIN_MAP "6d00000000000100016400017400 02 030f 02 1400 02"

struct events {
    struct event_source source;
    struct buf body;
    uint64_t offset;
};

static inline void events_init(struct events *events, const char *version)
{
    *events = (struct events){.source = {.path = "a.000001", .in_range = true}, .offset = 4};
    format_init(&events->source.reader.format, version, CHECKSUM_NONE);
    buf_init(&events->body, 100000);
}

static inline void events_done(struct events *events)
{
    buf_done(&events->body);
}

/* An event with a body in hexadecimal; borrowed until the next. */
static inline struct plain_event events_hex(struct events *events, uint8_t type, const char *hex)
{
    struct plain_event event = {.header = {.timestamp = 1, .type = type, .server_id = 7},
                                .type = type};

    buf_clear(&events->body);
    hex_append(&events->body, hex);
    event.body = buf_span(&events->body);
    event.offset = events->offset;
    events->offset += 100;
    return event;
}

static inline struct plain_event events_query(struct events *events, const char *text)
{
    struct query query = {.database = span_str("d"), .text = span_str(text)};
    struct plain_event event = events_hex(events, EVENT_QUERY, "");

    query_encode(&events->body, &query);
    event.body = buf_span(&events->body);
    return event;
}
