/*
 * rowtranslate DIALECT FILE...: the rows of binlog files as BINLOG statements for a server of that
 * dialect, a line for each statement of the source; other events are left out.
 */
#include "whole_file.h"

#include "translation/row_translator.h"

#include "base/mem.h"
#include "binlog/rows.h"
#include "binlog/text.h"
#include "binlog/unpacker.h"

#include <stdio.h>

#define BUF_MAX ((size_t)1 << 31)

struct translation {
    enum dialect to;
    struct row_translator *rows;
    struct unpacker *unpacker;
    struct reader reader;
    struct buf body;
    struct buf events; /* of the statement so far */
    struct buf line;
};

static void add_event(struct translation *t, uint8_t type, uint32_t timestamp, struct span body)
{
    struct event_header header = {.timestamp = timestamp, .type = type, .server_id = 4712};
    size_t start = t->events.len;

    header.length = (uint32_t)(EVENT_HEADER_SIZE + body.len + EVENT_CHECKSUM_SIZE);
    event_header_encode(&t->events, &header);
    buf_bytes(&t->events, body);
    checksum_append(&t->events, start);
}

static bool print_statement(struct translation *t, struct err *err)
{
    buf_clear(&t->line);
    buf_str(&t->line, "BINLOG '");
    text_write_base64(&t->line, buf_span(&t->events), NULL);
    buf_str(&t->line, "'\n");
    if (!buf_ok(&t->line) || !buf_ok(&t->events))
        return err_set(err, E_LIMIT, 0, "a statement is too long to print");
    (void)fwrite(t->line.data, 1, t->line.len, stdout);
    buf_clear(&t->events);
    return true;
}

static bool print_format(struct translation *t, struct err *err)
{
    struct format format;

    format_init(&format, dialect_version(t->to), CHECKSUM_CRC32);
    buf_clear(&t->body);
    format_encode(&t->body, &format);
    add_event(t, EVENT_FORMAT_DESCRIPTION, 0, buf_span(&t->body));
    return print_statement(t, err);
}

static bool take(struct translation *t, const struct plain_event *event, struct err *err)
{
    uint8_t type = event->type;
    struct rows rows;

    buf_clear(&t->body);
    if (type == EVENT_TABLE_MAP) {
        if (!row_translator_map(t->rows, event->body, &t->body, err))
            return false;
        add_event(t, type, event->header.timestamp, buf_span(&t->body));
        return true;
    }
    if (!event_type_is_rows(type))
        return true;
    if (!rows_decode(event->body, type, &t->reader.format, &rows, err) ||
        !row_translator_rows(t->rows, type, event->body, &t->body, &type, err))
        return false;
    add_event(t, type, event->header.timestamp, buf_span(&t->body));
    return !(rows.flags & ROWS_FLAG_STMT_END) || print_statement(t, err);
}

static bool translate_events(struct translation *t, struct span window, struct err *err)
{
    struct reader_event event;
    struct plain_event plain;
    bool more;

    reader_init(&t->reader);
    for (;;) {
        if (!reader_next(&t->reader, &window, &event, err))
            return false;
        if (event.bytes.len == 0)
            return true;
        if (event.header.type == EVENT_FORMAT_DESCRIPTION)
            row_translator_start(t->rows, &t->reader.format);
        unpacker_start(t->unpacker, &event, &t->reader.format);
        for (;;) {
            if (!unpacker_next(t->unpacker, &plain, &more, err))
                return false;
            if (!more)
                break;
            if (!take(t, &plain, err))
                return err_prefix(err, "offset %llu", (unsigned long long)event.offset);
        }
    }
}

static bool translate_file(struct translation *t, const char *path, struct err *err)
{
    struct buf bytes;
    bool done;

    buf_init(&bytes, BUF_MAX);
    if (!whole_file_read(path, &bytes, err)) {
        buf_done(&bytes);
        return false;
    }
    done = translate_events(t, buf_span(&bytes), err);
    buf_done(&bytes);
    return done || err_prefix(err, "%s", path);
}

static bool find_dialect(const char *name, enum dialect *ret_dialect)
{
    for (enum dialect dialect = 0; dialect < DIALECTS; dialect++) {
        if (strcmp(name, dialect_name(dialect)) == 0) {
            *ret_dialect = dialect;
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    struct translation t = {0};
    struct err err = {0};
    bool done;

    if (argc < 3 || !find_dialect(argv[1], &t.to)) {
        (void)fprintf(stderr, "usage: rowtranslate DIALECT FILE...\n");
        return 2;
    }
    t.rows = row_translator_new(t.to);
    t.unpacker = unpacker_new();
    buf_init(&t.body, BUF_MAX);
    buf_init(&t.events, BUF_MAX);
    buf_init(&t.line, BUF_MAX);
    done = print_format(&t, &err);
    for (int i = 2; i < argc && done; i++)
        done = translate_file(&t, argv[i], &err);
    if (!done)
        (void)fprintf(stderr, "rowtranslate: %s\n", err.text);
    row_translator_free(t.rows);
    unpacker_free(t.unpacker);
    buf_done(&t.body);
    buf_done(&t.events);
    buf_done(&t.line);
    return done ? 0 : 1;
}
