/*
 * What the log costs: appending and syncing beside plain write() and fdatasync() of the same bytes,
 * opening after a crash, reading from cache and file. Prints Markdown.
 *
 *     log-bench [DIRECTORY [MEGABYTES]]     a new directory in DIRECTORY (.); 1024 MB
 *
 * Ways are measured in turn on the same file system; only the ratio within a turn counts.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/fd_at.h"
#include "base/file.h"
#include "base/mem.h"
#include "binlog/format.h"
#include "binlog/gtid.h"
#include "log/log_reader.h"
#include "log/lookup.h"
#include "log/syncer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TURNS        5
#define ROW_BYTES    800
#define NAME         "bench-bin.000001"
#define MB           (1024.0 * 1024.0)
#define PER_TURN_MAX (UINT64_C(64) << 20)

static struct err err;

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "log-bench: %s: %s\n", #condition, err.text);                    \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Transactions with GTIDs, as a source writes them. */
struct source {
    struct buf bytes;
    size_t format_size;
    int64_t number;
    struct gtid_uuid uuid;
};

static void add_event(struct source *source, uint8_t type, struct span body)
{
    struct buf *bytes = &source->bytes;
    size_t start = bytes->len;
    struct event_header header = {
        .timestamp = 1763700000 + (uint32_t)(source->number / 1000),
        .type = type,
        .server_id = 1,
        .length = (uint32_t)(EVENT_HEADER_SIZE + body.len + EVENT_CHECKSUM_SIZE),
    };

    header.log_pos = (uint32_t)(start + header.length);
    event_header_encode(bytes, &header);
    buf_bytes(bytes, body);
    checksum_append(bytes, start);
}

static void begin_source(struct source *source)
{
    static const uint8_t no_gtids[8] = {0};
    struct format format;
    struct buf body;

    buf_init(&source->bytes, SIZE_MAX / 2);
    buf_init(&body, 4096);
    buf_str(&source->bytes, "\xfe"
                            "bin");
    format_init(&format, "9.7.0", CHECKSUM_CRC32);
    format_encode(&body, &format);
    add_event(source, EVENT_FORMAT_DESCRIPTION, buf_span(&body));
    source->format_size = source->bytes.len - LOG_FIRST_OFFSET;
    add_event(source, EVENT_PREVIOUS_GTIDS, span_of(no_gtids, sizeof no_gtids));
    buf_done(&body);
}

static void add_transaction(struct source *source)
{
    static const uint8_t query[] = {1, 0, 0, 0, 0,   0,   0,   0,   0,  0,
                                    0, 0, 0, 0, 'B', 'E', 'G', 'I', 'N'};
    static const uint8_t table_map[40] = {1};
    static uint8_t rows[ROW_BYTES];
    static const uint8_t xid[8] = {1};
    struct gtid gtid = {
        .type = EVENT_GTID,
        .parts = GTID_FLAGS | GTID_UUID | GTID_NUMBER | GTID_LAST_COMMITTED | GTID_SEQUENCE,
        .uuid = source->uuid,
        .number = ++source->number,
    };
    struct buf body;

    buf_init(&body, 4096);
    gtid_encode(&body, &gtid);
    add_event(source, EVENT_GTID, buf_span(&body));
    buf_done(&body);
    add_event(source, EVENT_QUERY, span_of(query, sizeof query));
    add_event(source, EVENT_TABLE_MAP, span_of(table_map, sizeof table_map));
    rows[source->number % ROW_BYTES]++;
    add_event(source, EVENT_WRITE_ROWS, span_of(rows, sizeof rows));
    add_event(source, EVENT_XID, span_of(xid, sizeof xid));
}

/* Transactions of at least so many bytes, from the source's beginning on again. */
static size_t make_source(struct source *source, size_t size)
{
    begin_source(source);
    while (source->bytes.len < size)
        add_transaction(source);
    return source->bytes.len;
}

/* The end of the last event that ends at `want` or before it, but after `from`. */
static size_t event_end(const struct source *source, size_t from, size_t want)
{
    size_t end = from;

    while (end < source->bytes.len) {
        struct cursor cur = cursor_of(buf_span(&source->bytes));
        struct event_header header;

        cursor_skip(&cur, end);
        must(event_header_decode(cursor_rest(&cur), &header, &err));
        if (end > from && end + header.length > want)
            break;
        end += header.length;
    }
    return end;
}

static struct mirror *open_log(const char *directory, struct mirror_recovery *ret_recovery)
{
    struct mirror *mirror;

    must(mirror_open(directory, NULL, &mirror, ret_recovery, &err));
    return mirror;
}

static struct mirror *new_log(const char *directory, const struct source *source)
{
    struct log_identity identity = {.family = FORMAT_MYSQL, .server_id = 1};
    struct mirror_recovery recovery;
    struct mirror *mirror;

    must(dir_remove(directory, &err));
    must(mirror_create(directory, &identity, &err));
    mirror = open_log(directory, &recovery);
    must(mirror_next(mirror, span_str(NAME), LOG_FIRST_OFFSET,
                     span_of(source->bytes.data + LOG_FIRST_OFFSET, source->format_size), NULL,
                     &err));
    return mirror;
}

/* ---- Appending ---- */

enum way { PLAIN, MIRROR, MIRROR_SYNCER };

static double append_all(enum way way, const char *directory, const struct source *source,
                         size_t size, size_t batch)
{
    char path[512];
    struct mirror *mirror = NULL;
    struct log_syncer *syncer = NULL;
    size_t at = LOG_FIRST_OFFSET + source->format_size;
    int64_t began;
    int fd = -1;

    (void)snprintf(path, sizeof path, "%s.plain", directory);
    if (way == PLAIN) {
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        must(fd >= 0);
    } else {
        mirror = new_log(directory, source);
    }
    if (way == MIRROR_SYNCER)
        must(log_syncer_start(mirror, &syncer, &err));
    began = clock_now_usec();
    while (at < size) {
        size_t end = event_end(source, at, at + batch);
        struct span events = span_of(source->bytes.data + at, end - at);

        if (way == PLAIN)
            must(fd_write_at(fd, at, events, "bench", &err) && fd_sync(fd, "bench", &err));
        else
            must(mirror_append(mirror, at, events, &err));
        if (way == MIRROR)
            must(mirror_sync(mirror, &err));
        at = end;
    }
    if (way == MIRROR_SYNCER) {
        struct log_position end = {NAME, at};
        enum log_wait waited;

        must(mirror_wait_synced(mirror, &end, CLOCK_NEVER, -1, &waited, &err));
    }
    began = clock_now_usec() - began;
    log_syncer_stop(syncer);
    mirror_close(mirror);
    fd_close(&fd);
    (void)unlink(path);
    return (double)(at - LOG_FIRST_OFFSET) / MB / ((double)began / 1e6);
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(double *values)
{
    qsort(values, TURNS, sizeof *values, by_value);
    return values[TURNS / 2];
}

static void bench_append(const char *directory, const struct source *source)
{
    static const struct {
        size_t batch;
        size_t size;
    } cases[] = {{1200, 4 << 20}, {65536, 64 << 20}, {1 << 20, 256 << 20}};

    (void)printf("| batch | plain MB/s | log, sync by the writer | log, sync thread |\n"
                 "| --- | --- | --- | --- |\n");
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        double plain[TURNS];
        double own[TURNS];
        double thread[TURNS];
        size_t size = cases[c].size < source->bytes.len ? cases[c].size : source->bytes.len;

        for (int i = 0; i < TURNS; i++) {
            plain[i] = append_all(PLAIN, directory, source, size, cases[c].batch);
            own[i] = append_all(MIRROR, directory, source, size, cases[c].batch) / plain[i];
            thread[i] =
                append_all(MIRROR_SYNCER, directory, source, size, cases[c].batch) / plain[i];
        }
        (void)printf("| %zu | %.1f | %.2f x | %.2f x |\n", cases[c].batch, median(plain),
                     median(own), median(thread));
    }
    (void)printf("\n");
}

/* ---- Opening ---- */

static void fill_log(const char *directory, const struct source *source, size_t size)
{
    struct mirror *mirror = new_log(directory, source);
    size_t at = LOG_FIRST_OFFSET + source->format_size;

    while (at < size) {
        size_t end = event_end(source, at, at + (1 << 20));

        must(mirror_append(mirror, at, span_of(source->bytes.data + at, end - at), &err));
        must(mirror_sync(mirror, &err));
        at = end;
    }
    mirror_close(mirror);
}

static void bench_open(const char *directory)
{
    char path[512];
    double warm[TURNS];
    double cold[TURNS];
    struct mirror_recovery recovery = {0};
    uint64_t scanned = 0;
    struct stat info;

    (void)snprintf(path, sizeof path, "%s/%s", directory, NAME);
    for (int i = 0; i < 2 * TURNS; i++) {
        int fd = open(path, O_RDWR | O_CLOEXEC);
        int64_t began;

        must(fd >= 0 && fstat(fd, &info) == 0);
        /* In the middle of the last transaction, and the index as old as a crash may leave it. */
        must(ftruncate(fd, info.st_size - 100) == 0 && fsync(fd) == 0);
        if (i % 2)
            (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        fd_close(&fd);
        (void)snprintf(path, sizeof path, "%s/%s.idx", directory, NAME);
        must(stat(path, &info) == 0);
        must(truncate(path, info.st_size - 8 * 16 * 2 * 96) == 0);
        (void)snprintf(path, sizeof path, "%s/%s", directory, NAME);
        began = clock_now_usec();
        struct mirror *mirror = open_log(directory, &recovery);
        (i % 2 ? cold : warm)[i / 2] = (double)(clock_now_usec() - began) / 1000;
        mirror_close(mirror);
        scanned = recovery.scanned_bytes;
    }
    must(stat(path, &info) == 0);
    (void)printf("Open after a crash, last file of %.0f MB, index 8 MB behind, torn tail: %.1f ms, "
                 "pages not cached %.1f ms; %.1f MB read.\n\n",
                 (double)info.st_size / MB, median(warm), median(cold), (double)scanned / MB);
}

/* ---- Reading ---- */

static double read_all(struct mirror *mirror, const struct log_position *from, size_t buffer,
                       uint64_t *ret_bytes)
{
    struct log_reader *reader;
    struct log_batch batch;
    int64_t began = clock_now_usec();

    *ret_bytes = 0;
    must(log_reader_open(mirror, from, buffer, &reader, &err));
    do {
        must(log_reader_next(reader, &batch, &err));
        *ret_bytes += batch.events.len;
    } while (batch.kind != LOG_BATCH_NONE);
    log_reader_close(reader);
    return (double)*ret_bytes / MB / ((double)(clock_now_usec() - began) / 1e6);
}

static void bench_read(const char *directory, const struct source *source)
{
    struct mirror_recovery recovery;
    struct log_position start = {{0}, 0};
    struct log_position tail = {NAME, 0};
    struct log_cache_counters counters;
    double file[TURNS];
    double small[TURNS];
    double cache[TURNS];
    size_t at = LOG_FIRST_OFFSET + source->format_size;
    struct mirror *mirror = open_log(directory, &recovery);
    uint64_t bytes;

    for (int i = 0; i < TURNS; i++) {
        file[i] = read_all(mirror, &start, 0, &bytes);
        small[i] = read_all(mirror, &start, LOG_READ_BUFFER_MIN, &bytes);
    }
    mirror_close(mirror);
    mirror = new_log(directory, source);
    while (at < PER_TURN_MAX * 2 && at < source->bytes.len) {
        size_t end = event_end(source, at, at + 65536);

        must(mirror_append(mirror, at, span_of(source->bytes.data + at, end - at), &err));
        at = end;
        if (at < PER_TURN_MAX * 5 / 4)
            tail.offset = at;
    }
    must(mirror_sync(mirror, &err));
    for (int i = 0; i < TURNS; i++)
        cache[i] = read_all(mirror, &tail, 0, &bytes);
    mirror_cache_counters(mirror, &counters);
    mirror_close(mirror);
    (void)printf("| reader | MB/s |\n| --- | --- |\n| I/O cache (%llu of %llu requests) | %.0f |\n"
                 "| file in the page cache, buffer 5 MiB | %.0f |\n"
                 "| the same, buffer 8 KiB | %.0f |\n",
                 (unsigned long long)counters.reads, (unsigned long long)counters.read_requests,
                 median(cache), median(file), median(small));
}

static void bench_lookup(const char *directory, const struct source *source)
{
    struct mirror_recovery recovery;
    struct mirror *mirror = open_log(directory, &recovery);
    struct gtid_set executed;
    struct log_position found;
    int64_t began;

    gtid_set_init(&executed);
    gtid_set_add(&executed, &source->uuid, (struct span){0}, 1, source->number - 10);
    began = clock_now_usec();
    must(log_find_gtid_set(mirror, &executed, &found, &err));
    (void)printf("Find a GTID set in that file: %.2f ms.\n\n",
                 (double)(clock_now_usec() - began) / 1000);
    gtid_set_done(&executed);
    mirror_close(mirror);
}

int main(int argc, char **argv)
{
    struct source source = {.uuid = {{1, 2, 3}}};
    long megabytes = argc > 2 ? strtol(argv[2], NULL, 10) : 1024;
    char *work = mem_printf("%s/log-bench-%d", argc > 1 ? argv[1] : ".", (int)getpid());
    char *directory = mem_printf("%s/log", work);
    size_t size;

    if (megabytes < 16 || megabytes > 16384) {
        (void)fprintf(stderr, "usage: log-bench [DIRECTORY [MEGABYTES]], 16 to 16384 MB\n");
        return 2;
    }
    must(dir_make(work, 0700, &err));
    size = make_source(&source, (size_t)megabytes << 20);
    bench_append(directory, &source);
    fill_log(directory, &source, size);
    bench_open(directory);
    bench_lookup(directory, &source);
    bench_read(directory, &source);
    must(dir_remove(work, &err));
    mem_free(directory);
    mem_free(work);
    buf_done(&source.bytes);
    return 0;
}
