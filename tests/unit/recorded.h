/* Walks the events of a binlog file that a real server wrote, for tests. */
#pragma once

#include "check.h"

#include "base/mem.h"
#include "binlog/reader.h"

#define RECORDED_DATA "tests/data/binlog/"
#define RECORDED_MAX  (1 << 22)

struct recorded {
    uint8_t *content;
    struct span window;
    struct reader reader;
};

static inline void recorded_open(struct recorded *recorded, const char *name)
{
    char path[512];
    FILE *file;
    size_t size;

    (void)snprintf(path, sizeof path, RECORDED_DATA "%s", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    recorded->content = mem_alloc(RECORDED_MAX);
    size = fread(recorded->content, 1, RECORDED_MAX, file);
    assert_in_range(size, 1, RECORDED_MAX - 1);
    (void)fclose(file);
    recorded->window = span_of(recorded->content, size);
    reader_init(&recorded->reader);
}

static inline void recorded_close(struct recorded *recorded)
{
    mem_free(recorded->content);
}

/* False at the end. */
static inline bool recorded_next(struct recorded *recorded, struct reader_event *ret_event)
{
    struct err err;

    if (!reader_next(&recorded->reader, &recorded->window, ret_event, &err))
        fail_msg("%s", err.text);
    return ret_event->bytes.len > 0;
}

/* The next event of a type, which must be there. */
static inline void recorded_find(struct recorded *recorded, uint8_t type,
                                 struct reader_event *ret_event)
{
    while (recorded_next(recorded, ret_event)) {
        if (ret_event->header.type == type)
            return;
    }
    fail_msg("no event of type %u", type);
}
