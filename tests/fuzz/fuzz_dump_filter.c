/*
 * Fuzz target: a whole binlog file through the filter of a dump, by rules of databases and of
 * tables. What comes out is whole events, and at no time more bytes than went in. Seeds:
 * tests/data/binlog.
 */
#include "binlog/reader.h"
#include "replication/dump_filter.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static size_t check_events(struct span events)
{
    struct cursor cur = cursor_of(events);
    struct event_header header;
    struct err err;

    while (cursor_left(&cur) > 0) {
        require(event_header_decode(cur.rest, &header, &err));
        cursor_skip(&cur, header.length);
        require(cursor_ok(&cur));
    }
    return events.len;
}

static void filter_file(struct span window, enum replicate_rule rule, const char *text)
{
    struct replicate_rules *rules = replicate_rules_new();
    struct dump_filter *filter = dump_filter_new(rules);
    struct reader reader;
    struct reader_event event;
    struct err err = {0};
    size_t taken = 0;
    size_t given = 0;

    require(replicate_rules_add(rules, rule, span_str(text), &err));
    reader_init(&reader);
    while (reader_next(&reader, &window, &event, &err) && event.bytes.len > 0) {
        struct dump_filter_verdict verdict;

        if ((event.header.type == EVENT_FORMAT_DESCRIPTION &&
             !dump_filter_file(filter, event.bytes, &err)) ||
            !dump_filter_take(filter, &event.header, event.bytes, &verdict, &err))
            break;
        taken += event.bytes.len;
        given += check_events(verdict.first) + (verdict.keep ? event.bytes.len : 0);
        require(given <= taken);
    }
    require(err.class != E_BUG);
    dump_filter_free(filter);
    replicate_rules_free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    filter_file(span_of(data, size), REPLICATE_DO_DB, "of_nobody");
    filter_file(span_of(data, size), REPLICATE_WILD_IGNORE_TABLE, "%.t%");
    return 0;
}
