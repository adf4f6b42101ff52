/*
 * How fast a file is translated for the other family, in memory: the bytes of the source's file per
 * second of one core. Prints one row of Markdown for each file.
 *
 *     translate-bench FILE...
 *
 * Each file is translated in turns as a view's reader does it, event by event, the output thrown
 * away at the end of each piece; the GTIDs before the file are what its head says. Of the turns the
 * median and, in parentheses, the slowest and the fastest.
 */
#include "base/mem.h"
#include "binlog/reader.h"
#include "translation/translator.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TURNS     5
#define PIECE_MAX ((size_t)1 << 20)
#define OUT_MAX   ((size_t)1 << 31)
#define MB        1e6

static struct err err;

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "translate-bench: %s: %s\n", #condition, err.text);              \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* A file in memory, and what is before its first transaction. */
struct source {
    const char *name;
    struct span bytes;
    struct span format;
    enum format_family family;
    struct gtid_set executed;
    struct gtid_list list;
    uint64_t events;
    uint64_t rows; /* events */
};

static void read_file(const char *path, struct source *source)
{
    const char *slash = strrchr(path, '/');
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;
    long size;

    must(file && fseek(file, 0, SEEK_END) == 0);
    size = ftell(file);
    must(size > 0);
    rewind(file);
    bytes = mem_alloc((size_t)size);
    must(fread(bytes, 1, (size_t)size, file) == (size_t)size);
    (void)fclose(file);
    *source = (struct source){
        .name = slash ? slash + 1 : path,
        .bytes = span_of(bytes, (size_t)size),
    };
    gtid_set_init(&source->executed);
    gtid_list_init(&source->list);
}

static void read_head(struct source *source)
{
    struct span window = source->bytes;
    struct reader reader;
    struct reader_event event;

    reader_init(&reader);
    for (;;) {
        must(reader_next(&reader, &window, &event, &err));
        if (event.bytes.len == 0)
            break;
        if (source->events++ == 0)
            source->format = event.bytes;
        source->rows += event_type_is_rows(event.header.type);
        if (event.header.type == EVENT_PREVIOUS_GTIDS)
            must(gtid_set_decode(event.body, &source->executed, &err));
        if (event.header.type == EVENT_MARIADB_GTID_LIST)
            must(gtid_list_decode(event.body, &source->list, &err));
    }
    source->family = reader.format.family;
}

/* Seconds of processor time: other work on the machine does not count. */
static double now_sec(void)
{
    struct timespec now;

    must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Seconds that one turn took. */
static double translate(const struct source *source, struct buf *out)
{
    struct translator_options options = {
        .to = source->family == FORMAT_MYSQL ? DIALECT_MARIADB : DIALECT_MYSQL_8,
        .domain = 1,
        .server_id = 1,
    };
    struct translator_state state = {.executed = &source->executed, .list = &source->list};
    struct translator *translator = translator_new(&options);
    struct cursor cur = cursor_of(source->bytes);
    double begin = now_sec();

    buf_clear(out);
    must(translator_file(translator, "bench.000001", READER_MAGIC_SIZE + source->format.len,
                         source->format, &state, out, &err));
    cursor_skip(&cur, READER_MAGIC_SIZE + source->format.len);
    while (cursor_left(&cur) > 0) {
        struct event_header header;

        must(event_header_decode(cur.rest, &header, &err));
        must(translator_take(translator, cursor_bytes(&cur, header.length), out, &err));
        if (out->len > PIECE_MAX)
            buf_clear(out);
    }
    translator_free(translator);
    return now_sec() - begin;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void bench(const char *path)
{
    struct source source;
    struct buf out;
    double rates[TURNS];
    double events;

    read_file(path, &source);
    read_head(&source);
    buf_init(&out, OUT_MAX);
    for (int i = 0; i < TURNS; i++)
        rates[i] = (double)source.bytes.len / MB / translate(&source, &out);
    qsort(rates, TURNS, sizeof rates[0], compare);
    events = (double)source.events / ((double)source.bytes.len / MB) * rates[TURNS / 2] / 1e6;
    (void)printf("| %s | %.0f | %.0f (%.0f-%.0f) | %.1f |\n", source.name,
                 (double)source.bytes.len / (double)source.events, rates[TURNS / 2], rates[0],
                 rates[TURNS - 1], events);
    buf_done(&out);
    gtid_set_done(&source.executed);
    gtid_list_done(&source.list);
}

int main(int argc, char **argv)
{
    (void)printf("| file | bytes an event | MB/s a core | million events/s |\n"
                 "| --- | --- | --- | --- |\n");
    for (int i = 1; i < argc; i++)
        bench(argv[i]);
    return argc < 2;
}
