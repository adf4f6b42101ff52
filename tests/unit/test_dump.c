/* Dumps of a mirror of recorded files, over a socket pair: what the replica's side receives. */
#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "binlog/checksum.h"
#include "binlog/control.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"
#include "log/lookup.h"
#include "log_feed.h"
#include "replication/dump.h"
#include "replication/dump_metrics.h"
#include "replication/link_internal.h"
#include "wire/command.h"
#include "wire/reply.h"
#include "wire/semisync.h"

#include <sys/socket.h>

#define STACK_BYTES (512u << 10)
#define PAYLOAD_MAX ((size_t)64 << 20)
#define PERIOD_USEC 10000

static struct err err;
static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];

struct fixture {
    struct feed_file file;
    struct mirror *mirror;
    struct dump_controls *controls;
    struct replicas *replicas;
    struct link *server;
    struct link *client;
    struct dump_spec spec;
    pthread_t thread;
    bool ended_well;
    struct err why;
};

static int64_t soon(void)
{
    return clock_deadline_usec(60 * USEC_PER_SEC);
}

static void make(struct fixture *fixture, const char *path)
{
    struct link_identity identity = {.server_version = "9.7.0"};
    struct replica_info info = {.server_id = 7};
    int fds[2];

    *fixture = (struct fixture){0};
    feed_make_dir(dir, log_dir);
    feed_load(&fixture->file, path);
    fixture->mirror = feed_mirror_new(log_dir, NULL);
    fixture->controls = dump_controls_new();
    fixture->replicas = replicas_new();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    fixture->client = link_new(conn_new(fds[0], "relay"), PAYLOAD_MAX);
    fixture->server = link_new(conn_new(fds[1], "replica"), PAYLOAD_MAX);
    link_set_identity(fixture->client, &identity);
    link_set_identity(fixture->server, &(struct link_identity){0});
    fixture->spec = (struct dump_spec){
        .mirror = fixture->mirror,
        .controls = fixture->controls,
        .link = fixture->server,
        .replica = replicas_enter(fixture->replicas, fixture->server, &info),
        .server_id = 99,
        .checksum = CHECKSUM_CRC32,
        .silence_usec = 60 * USEC_PER_SEC,
        .request = {.server_id = 7, .position = LOG_FIRST_OFFSET},
    };
}

static void *run(void *arg)
{
    struct fixture *fixture = arg;

    fixture->ended_well = dump_run(&fixture->spec, &fixture->why);
    return NULL;
}

static void start(struct fixture *fixture)
{
    assert_true(thread_start("dump", STACK_BYTES, run, fixture, &fixture->thread, &err));
}

static void end(struct fixture *fixture)
{
    link_interrupt(fixture->server);
    assert_int_equal(pthread_join(fixture->thread, NULL), 0);
}

static void destroy(struct fixture *fixture)
{
    replicas_leave(fixture->replicas, fixture->spec.replica);
    replicas_free(fixture->replicas);
    link_free(fixture->server);
    link_free(fixture->client);
    dump_controls_free(fixture->controls);
    mirror_close(fixture->mirror);
    feed_free(&fixture->file);
    assert_true(dir_remove(dir, &err));
}

/* The next event, borrowed until the next read. */
static struct span receive(struct fixture *fixture, struct event_header *header)
{
    struct span payload;

    if (!link_read(fixture->client, soon(), &payload, &err))
        fail_msg("%s", err.text);
    assert_true(payload.len > 1 && payload.data[0] == 0);
    payload = span_of(payload.data + 1, payload.len - 1);
    assert_true(event_header_decode(payload, header, &err));
    assert_int_equal(header->length, payload.len);
    return payload;
}

static void expect(struct fixture *fixture, uint8_t type)
{
    struct event_header header;

    (void)receive(fixture, &header);
    assert_string_equal(event_type_name(header.type), event_type_name(type));
}

/* All up to the artificial ROTATE, which a real one may stand before. */
static void expect_next_file(struct fixture *fixture)
{
    struct event_header header;

    do
        (void)receive(fixture, &header);
    while (header.type != EVENT_ROTATE || !(header.flags & EVENT_FLAG_ARTIFICIAL));
}

/* The file's events as they are, from its format description on. */
static void expect_file(struct fixture *fixture)
{
    struct event_header header;
    size_t from = LOG_FIRST_OFFSET;

    expect(fixture, EVENT_ROTATE);
    while (from < fixture->file.size) {
        struct span event = receive(fixture, &header);

        if (from > LOG_FIRST_OFFSET)
            assert_memory_equal(event.data, fixture->file.bytes + from, event.len);
        from += event.len;
    }
}

static void test_files(void **state)
{
    struct fixture fixture;

    (void)state;
    make(&fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    feed_whole(fixture.mirror, &fixture.file, "a.000002");
    start(&fixture);
    expect_file(&fixture);
    expect_file(&fixture);
    feed_whole(fixture.mirror, &fixture.file, "a.000003");
    expect_file(&fixture);
    end(&fixture);
    assert_false(fixture.ended_well);
    destroy(&fixture);
}

/* The second byte of the position at which the n-th event says that it ends. */
static void damage(const struct fixture *fixture, const char *name, size_t n)
{
    size_t at = fixture->file.ends[n - 1] + EVENT_LENGTH_AT + 5;
    char path[FEED_LOG_DIR + 16];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", log_dir, name);
    file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    assert_true(fputc(~fixture->file.bytes[at] & 0xff, file) != EOF);
    assert_int_equal(fclose(file), 0);
}

static void expect_undamaged(struct fixture *fixture, size_t count)
{
    expect(fixture, EVENT_ROTATE);
    for (size_t i = 0; i < count; i++) {
        size_t begin = i == 0 ? LOG_FIRST_OFFSET : fixture->file.ends[i - 1];
        struct event_header header;

        (void)receive(fixture, &header);
        assert_int_equal(header.length, fixture->file.ends[i] - begin);
    }
}

/* What stands before it goes out; the replica is told what is wrong, and where. */
static void test_a_damaged_file(void **state)
{
    enum { DAMAGED = 6 };
    struct mirror_recovery recovery;
    struct fixture fixture;

    (void)state;
    for (int semisync = 0; semisync < 2; semisync++) {
        char where[64];

        make(&fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
        feed_whole(fixture.mirror, &fixture.file, "a.000001");
        feed_whole(fixture.mirror, &fixture.file, "a.000002");
        mirror_close(fixture.mirror); /* and with it the cache */
        damage(&fixture, "a.000001", DAMAGED);
        fixture.mirror = feed_mirror_open(log_dir, &recovery);
        fixture.spec.mirror = fixture.mirror;
        fixture.spec.semisync = semisync;
        start(&fixture);
        assert_int_equal(pthread_join(fixture.thread, NULL), 0);
        assert_false(fixture.ended_well);
        (void)snprintf(where, sizeof where,
                       "a.000001: offset %zu: ", fixture.file.ends[DAMAGED - 1]);
        assert_contains(fixture.why.text, where);
        assert_int_equal(fixture.why.code, ER_MASTER_FATAL_ERROR_READING_BINLOG);
        assert_true(link_flush(fixture.server, soon(), &err));
        if (!semisync)
            expect_undamaged(&fixture, DAMAGED);
        destroy(&fixture);
    }
}

/* One that stands in no file, before a heartbeat that follows a ROTATE. */
static void expect_bare_format(struct fixture *fixture)
{
    struct event_header header;

    (void)receive(fixture, &header);
    assert_int_equal(header.type, EVENT_FORMAT_DESCRIPTION);
    assert_int_equal(header.log_pos, 0);
}

/*
 * Turned on in the middle of a file, yielding begins with the next; heartbeats tell where the dump
 * is meanwhile; what ends it is the file's end, or the setting.
 */
static void test_yield(void **state)
{
    struct event_header header;
    struct fixture fixture;

    (void)state;
    make(&fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    fixture.spec.heartbeat_usec = PERIOD_USEC;
    feed_begin(fixture.mirror, &fixture.file, "a.000001");
    assert_true(mirror_sync(fixture.mirror, &err));
    start(&fixture);
    expect(&fixture, EVENT_ROTATE);
    expect(&fixture, EVENT_FORMAT_DESCRIPTION);
    expect(&fixture, EVENT_HEARTBEAT);
    dump_controls_set(fixture.controls, DUMP_MAX_YIELD_SECONDS, 36000);
    feed_append(fixture.mirror, &fixture.file, fixture.file.format_size + LOG_FIRST_OFFSET,
                fixture.file.size);
    assert_true(mirror_sync(fixture.mirror, &err));
    do
        (void)receive(&fixture, &header);
    while (header.type == EVENT_HEARTBEAT);
    assert_int_equal(header.type, EVENT_PREVIOUS_GTIDS);
    do
        (void)receive(&fixture, &header);
    while (header.type != EVENT_HEARTBEAT);
    assert_int_equal(header.log_pos, LOG_FIRST_OFFSET); /* of the next file: this one was rotated */

    feed_whole(fixture.mirror, &fixture.file, "a.000002");
    expect_next_file(&fixture);
    expect_bare_format(&fixture);
    for (int i = 0; i < 3; i++)
        expect(&fixture, EVENT_HEARTBEAT); /* all of the file is there, and waits */
    feed_whole(fixture.mirror, &fixture.file, "a.000003");
    do
        (void)receive(&fixture, &header);
    while (header.type == EVENT_HEARTBEAT);
    assert_int_equal(header.type, EVENT_FORMAT_DESCRIPTION);
    expect_next_file(&fixture); /* the file was closed: it came whole */
    expect_bare_format(&fixture);
    for (int i = 0; i < 3; i++)
        expect(&fixture, EVENT_HEARTBEAT);
    dump_controls_set(fixture.controls, DUMP_USE_LARGE_READ_BUFFER, 0);
    do
        (void)receive(&fixture, &header);
    while (header.type == EVENT_HEARTBEAT);
    assert_int_equal(header.type, EVENT_FORMAT_DESCRIPTION);
    end(&fixture);
    destroy(&fixture);
}

/* What is sent while nothing yields is sent at once; a dump that yields ends when it is told to. */
/* ---- Views ---- */

static const char view_name[] = "a-mariadb2.000001";

/*
 * All events of the view from a place on, up to its ROTATE: heartbeats tell of the next file then.
 * Where the stream begins.
 */
static uint64_t receive_view(struct fixture *fixture, struct buf *bytes)
{
    struct event_header header = {.type = EVENT_UNKNOWN};
    struct rotate rotate;
    struct span event = receive(fixture, &header);

    assert_int_equal(header.type, EVENT_ROTATE);
    assert_true(rotate_decode(span_of(event.data + EVENT_HEADER_SIZE,
                                      event.len - EVENT_HEADER_SIZE - EVENT_CHECKSUM_SIZE),
                              &rotate, &err));
    assert_true(span_eq(rotate.name, span_str(view_name)));
    if (rotate.position > LOG_FIRST_OFFSET)
        expect(fixture, EVENT_FORMAT_DESCRIPTION);
    do {
        event = receive(fixture, &header);
        if (header.log_pos != 0 && header.type != EVENT_HEARTBEAT)
            buf_bytes(bytes, event); /* it stands in the file */
    } while (header.type != EVENT_HEARTBEAT || header.log_pos != LOG_FIRST_OFFSET);
    return rotate.position;
}

static void make_view(struct fixture *fixture, struct translator_options *options, bool *stopped)
{
    *options = (struct translator_options){.to = DIALECT_MARIADB, .domain = 7, .server_id = 1};
    make(fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    fixture->spec.view = options;
    fixture->spec.ret_stopped = stopped;
    fixture->spec.mariadb = true;
    fixture->spec.capability = 4;
    fixture->spec.heartbeat_usec = PERIOD_USEC;
    fixture->spec.request.flags = DUMP_MARIADB_ANNOTATE_ROWS;
    feed_whole(fixture->mirror, &fixture->file, "a.000001");
}

/* From an event of the view's on, in the middle of a transaction or not: the same bytes. */
static void test_view_places(void **state)
{
    struct translator_options options;
    struct fixture fixture;
    bool stopped = false;
    struct buf whole;
    size_t at = 0;

    (void)state;
    buf_init(&whole, 1 << 20);
    make_view(&fixture, &options, &stopped);
    start(&fixture);
    assert_int_equal(receive_view(&fixture, &whole), LOG_FIRST_OFFSET);
    end(&fixture);
    destroy(&fixture);
    for (;;) {
        struct event_header header;
        struct buf rest;

        assert_true(event_header_decode(span_of(whole.data + at, whole.len - at), &header, &err));
        at += header.length;
        if (at == whole.len)
            break;
        buf_init(&rest, 1 << 20);
        make_view(&fixture, &options, &stopped);
        fixture.spec.request.file = span_str(view_name);
        fixture.spec.request.position = LOG_FIRST_OFFSET + at;
        start(&fixture);
        assert_int_equal(receive_view(&fixture, &rest), LOG_FIRST_OFFSET + at);
        assert_int_equal(rest.len, whole.len - at);
        assert_memory_equal(rest.data, whole.data + at, rest.len);
        end(&fixture);
        destroy(&fixture);
        buf_done(&rest);
    }
    buf_done(&whole);
    assert_false(stopped);
}

static void test_yield_ends_with_the_log(void **state)
{
    struct event_header header;
    struct fixture fixture;

    (void)state;
    make(&fixture, "tests/data/binlog/mariadb-11.8/rows-full.binlog");
    fixture.spec.mariadb = true;
    fixture.spec.request.flags = DUMP_MARIADB_ANNOTATE_ROWS;
    fixture.spec.capability = 4;
    fixture.spec.heartbeat_usec = PERIOD_USEC;
    dump_controls_set(fixture.controls, DUMP_MAX_YIELD_SECONDS, 36000);
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    feed_whole(fixture.mirror, &fixture.file, "a.000002");
    start(&fixture);
    expect_file(&fixture); /* the first one a dump sends: it did not come to it while yielding */
    expect(&fixture, EVENT_ROTATE);
    do
        (void)receive(&fixture, &header);
    while (header.type != EVENT_HEARTBEAT);
    mirror_shutdown(fixture.mirror);
    assert_int_equal(pthread_join(fixture.thread, NULL), 0);
    assert_false(fixture.ended_well);
    assert_contains(fixture.why.text, "has begun a new log");
    destroy(&fixture);
}

/* ---- Ahead of the log ---- */

/*
 * The next file is not there yet: a replica stops when a heartbeat names the one before; and an
 * older one at any, unless it has a format description after the ROTATE.
 */
static void check_heartbeat_after_a_file(bool newer)
{
    struct fixture fixture;
    struct event_header header;
    struct heartbeat heartbeat;
    struct rotate rotate;
    struct span event;
    struct span body;

    make(&fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    fixture.spec.heartbeat_usec = PERIOD_USEC;
    fixture.spec.request.flags = newer ? DUMP_MYSQL_HEARTBEAT_V2 : 0;
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    body = span_of(fixture.file.bytes + fixture.file.ends[fixture.file.count - 2],
                   fixture.file.size - fixture.file.ends[fixture.file.count - 2]);
    body =
        span_of(body.data + EVENT_HEADER_SIZE, body.len - EVENT_HEADER_SIZE - EVENT_CHECKSUM_SIZE);
    assert_true(rotate_decode(body, &rotate, &err));
    start(&fixture);
    expect_file(&fixture);
    if (!newer)
        expect_bare_format(&fixture);
    event = receive(&fixture, &header);
    assert_int_equal(header.type, newer ? EVENT_HEARTBEAT_V2 : EVENT_HEARTBEAT);
    body = span_of(event.data + EVENT_HEADER_SIZE,
                   event.len - EVENT_HEADER_SIZE - EVENT_CHECKSUM_SIZE);
    assert_true(newer ? heartbeat_v2_decode(body, &heartbeat, &err)
                      : heartbeat_decode(body, &header, &heartbeat, &err));
    assert_true(span_eq(heartbeat.name, rotate.name));
    assert_int_equal(heartbeat.position, LOG_FIRST_OFFSET);
    expect(&fixture, newer ? EVENT_HEARTBEAT_V2 : EVENT_HEARTBEAT);
    end(&fixture);
    destroy(&fixture);
}

static void test_heartbeats_after_a_file(void **state)
{
    (void)state;
    check_heartbeat_after_a_file(false);
    check_heartbeat_after_a_file(true);
}

static void expect_refusal(struct fixture *fixture, const char *text)
{
    assert_int_equal(pthread_join(fixture->thread, NULL), 0);
    assert_false(fixture->ended_well);
    assert_int_equal(fixture->why.code, 1236);
    assert_contains(fixture->why.text, text);
}

static void ask(struct fixture *fixture, const char *name, uint64_t position)
{
    make(fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    fixture->spec.heartbeat_usec = PERIOD_USEC;
    fixture->spec.request.file = span_str(name);
    fixture->spec.request.position = position;
    feed_begin(fixture->mirror, &fixture->file, "a.000009");
    assert_true(mirror_sync(fixture->mirror, &err));
}

static void start_ahead(struct fixture *fixture)
{
    start(fixture);
    expect(fixture, EVENT_ROTATE);
    expect(fixture, EVENT_FORMAT_DESCRIPTION);
    expect(fixture, EVENT_HEARTBEAT);
}

/* The relay was killed when it had shown the ROTATE to the next file, and nothing of that. */
static void test_a_file_that_comes_next(void **state)
{
    struct fixture fixture;
    struct event_header header;
    struct rotate rotate;
    struct span event;

    (void)state;
    ask(&fixture, "a.000010", LOG_FIRST_OFFSET);
    start(&fixture);
    event = receive(&fixture, &header);
    assert_true(rotate_decode(span_of(event.data + EVENT_HEADER_SIZE,
                                      event.len - EVENT_HEADER_SIZE - EVENT_CHECKSUM_SIZE),
                              &rotate, &err));
    assert_true(span_eq(rotate.name, span_str("a.000009")));
    assert_int_equal(rotate.position, fixture.file.format_size + LOG_FIRST_OFFSET);
    expect(&fixture, EVENT_FORMAT_DESCRIPTION);
    expect(&fixture, EVENT_HEARTBEAT);
    feed_whole(fixture.mirror, &fixture.file, "a.000010");
    do
        event = receive(&fixture, &header);
    while (header.type == EVENT_HEARTBEAT);
    assert_int_equal(header.type, EVENT_ROTATE);
    expect(&fixture, EVENT_FORMAT_DESCRIPTION);
    expect(&fixture, EVENT_PREVIOUS_GTIDS);
    end(&fixture);
    destroy(&fixture);
}

/* The relay has cut off a part of a transaction that it had shown, and receives it again. */
static void test_a_position_that_comes(void **state)
{
    struct fixture fixture;
    struct event_header header;
    uint64_t at;

    (void)state;
    ask(&fixture, "a.000009", LOG_FIRST_OFFSET);
    at = fixture.file.ends[4];
    fixture.spec.request.position = at;
    start(&fixture);
    expect(&fixture, EVENT_ROTATE);
    (void)receive(&fixture, &header);
    assert_int_equal(header.type, EVENT_FORMAT_DESCRIPTION);
    assert_int_equal(header.log_pos, 0);
    (void)receive(&fixture, &header);
    assert_int_equal(header.type, EVENT_HEARTBEAT);
    assert_int_equal(header.log_pos, at);
    feed_append(fixture.mirror, &fixture.file, fixture.file.ends[0], fixture.file.ends[3]);
    assert_true(mirror_sync(fixture.mirror, &err));
    expect(&fixture, EVENT_HEARTBEAT);
    feed_append(fixture.mirror, &fixture.file, fixture.file.ends[3], fixture.file.ends[6]);
    assert_true(mirror_sync(fixture.mirror, &err));
    do
        (void)receive(&fixture, &header);
    while (header.type == EVENT_HEARTBEAT);
    assert_int_equal(header.log_pos, fixture.file.ends[5]);
    end(&fixture);
    destroy(&fixture);
}

static void test_positions_that_never_come(void **state)
{
    struct fixture fixture;

    (void)state;
    ask(&fixture, "a.000009", LOG_FIRST_OFFSET);
    fixture.spec.request.position = fixture.file.ends[4] + 1;
    start_ahead(&fixture);
    feed_append(fixture.mirror, &fixture.file, fixture.file.ends[0], fixture.file.ends[6]);
    assert_true(mirror_sync(fixture.mirror, &err));
    expect_refusal(&fixture, "impossible position");
    destroy(&fixture);

    ask(&fixture, "a.000009", 1u << 20);
    start_ahead(&fixture);
    feed_whole(fixture.mirror, &fixture.file, "a.000010");
    expect_refusal(&fixture, "impossible position");
    destroy(&fixture);

    ask(&fixture, "a.000009", 1u << 20);
    fixture.spec.request.flags = DUMP_NON_BLOCK;
    start(&fixture);
    expect_refusal(&fixture, "impossible position");
    destroy(&fixture);

    ask(&fixture, "a.000011", LOG_FIRST_OFFSET);
    start(&fixture);
    expect_refusal(&fixture, "Could not find first log file");
    destroy(&fixture);

    ask(&fixture, "a.000010", 120);
    start(&fixture);
    expect_refusal(&fixture, "Could not find first log file");
    destroy(&fixture);

    ask(&fixture, "b.000010", LOG_FIRST_OFFSET);
    start(&fixture);
    expect_refusal(&fixture, "Could not find first log file");
    destroy(&fixture);
}

/* ---- Beginning by GTID ---- */

/* The dump was refused before it sent anything. */
static void expect_refused(struct fixture *fixture, const char *text)
{
    fixture->why = (struct err){0};
    assert_false(dump_run(&fixture->spec, &fixture->why));
    assert_int_equal(fixture->why.code, ER_MASTER_FATAL_ERROR_READING_BINLOG);
    assert_contains(fixture->why.text, text);
}

static void ask_by_set(struct fixture *fixture, const struct gtid_set *executed, struct buf *text)
{
    buf_init(text, 4096);
    gtid_set_encode(text, executed);
    fixture->spec.request.gtid = true;
    fixture->spec.request.gtid_set = buf_span(text);
}

/* A replica that has nothing of this source begins at the file, one that has all gets its head. */
static void test_mysql_head(void **state)
{
    struct event_header header;
    struct fixture fixture;
    struct log_state has;
    struct log_ends ends;
    struct buf text;

    (void)state;
    make(&fixture, "tests/data/binlog/mysql-9.7/gtid-classic.binlog");
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    mirror_ends(fixture.mirror, &ends);
    log_state_init(&has);
    assert_true(log_state_at(fixture.mirror, &ends.synced, &has, &err));
    ask_by_set(&fixture, &has.set, &text);
    fixture.spec.heartbeat_usec = PERIOD_USEC;
    start(&fixture);
    expect(&fixture, EVENT_ROTATE);
    (void)receive(&fixture, &header);
    assert_int_equal(header.type, EVENT_FORMAT_DESCRIPTION);
    assert_int_not_equal(header.log_pos, 0);
    expect(&fixture, EVENT_PREVIOUS_GTIDS);
    (void)receive(&fixture, &header); /* all that is left out, told by one */
    assert_int_equal(header.type, EVENT_HEARTBEAT);
    assert_int_equal(header.log_pos, ends.synced.offset);
    end(&fixture);
    log_state_done(&has);
    buf_done(&text);
    destroy(&fixture);
}

static void test_mariadb_unknown_gtids(void **state)
{
    struct fixture fixture;

    (void)state;
    make(&fixture, "tests/data/binlog/mariadb-11.8/gtid-list.binlog");
    fixture.spec.mariadb = true;
    fixture.spec.capability = 4;
    fixture.spec.by_gtid = true;
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    fixture.spec.connect_state = span_str("8-77-9999999999999");
    expect_refused(&fixture, "Error: connecting slave requested to start from GTID "
                             "8-77-9999999999999, "
                             "which is not in the master's binlog");
    fixture.spec.connect_state = span_str("8-77-1");
    expect_refused(&fixture, "contains GTIDs with higher sequence numbers");
    fixture.spec.connect_state = span_str("0-77-1"); /* a domain of others; it lacks ours */
    expect_refused(&fixture, "Could not find GTID state requested by slave in any binlog files");
    fixture.spec.connect_state = span_str("nonsense");
    expect_refused(&fixture, "");
    fixture.spec.connect_state = span_str("");
    fixture.spec.by_until = true;
    fixture.spec.until = span_str("0-");
    expect_refused(&fixture, "");
    destroy(&fixture);
}

/* A refusal would stop the replica for good, of a log that is only about to begin. */
static void test_log_that_has_just_begun(void **state)
{
    struct fixture fixture;

    (void)state;
    make(&fixture, "tests/data/binlog/mariadb-11.8/gtid-list.binlog");
    fixture.spec.mariadb = true;
    fixture.spec.capability = 4;
    fixture.spec.by_gtid = true;
    fixture.spec.connect_state = span_str("7-101-15,8-1234-1000000000010");
    assert_false(dump_run(&fixture.spec, &err)); /* without a file */
    assert_int_equal(err.class, E_TIMEOUT);
    assert_int_equal(err.code, 0);
    feed_begin(fixture.mirror, &fixture.file, "a.000001");
    assert_true(mirror_sync(fixture.mirror, &err));
    assert_false(dump_run(&fixture.spec, &err)); /* without its list of GTIDs */
    assert_int_equal(err.class, E_TIMEOUT);
    assert_int_equal(err.code, 0);
    fixture.spec.patience_usec = 60 * USEC_PER_SEC;
    start(&fixture);
    feed_append(fixture.mirror, &fixture.file, fixture.file.ends[0], fixture.file.size);
    assert_true(mirror_sync(fixture.mirror, &err));
    expect(&fixture, EVENT_ROTATE);
    expect(&fixture, EVENT_FORMAT_DESCRIPTION);
    expect(&fixture, EVENT_MARIADB_GTID_LIST);
    end(&fixture);
    assert_int_equal(fixture.why.code, 0);
    destroy(&fixture);
}

/* Within a file the list at its head is not the state: an artificial one tells it. */
static void test_mariadb_state(void **state)
{
    struct event_header header;
    struct fixture fixture;
    struct gtid_list list;
    struct span event;

    (void)state;
    make(&fixture, "tests/data/binlog/mariadb-11.8/gtid-list.binlog");
    fixture.spec.mariadb = true;
    fixture.spec.capability = 4;
    fixture.spec.by_gtid = true;
    fixture.spec.connect_state = span_str("7-101-15,8-1234-1000000000010");
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    start(&fixture);
    expect(&fixture, EVENT_ROTATE);
    expect(&fixture, EVENT_FORMAT_DESCRIPTION);
    event = receive(&fixture, &header);
    assert_int_equal(header.type, EVENT_MARIADB_GTID_LIST);
    assert_int_equal(header.flags, EVENT_FLAG_ARTIFICIAL);
    gtid_list_init(&list);
    assert_true(gtid_list_decode(span_of(event.data + EVENT_HEADER_SIZE,
                                         event.len - EVENT_HEADER_SIZE - EVENT_CHECKSUM_SIZE),
                                 &list, &err));
    assert_int_equal(gtid_list_find(&list, 8)->sequence, INT64_C(1000000000010));
    gtid_list_done(&list);
    end(&fixture);
    destroy(&fixture);
}

/* ---- What a replica may send ---- */

static void test_absurd_requests(void **state)
{
    static const uint8_t set[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 1, 2, 3};
    static const char long_name[1000] = "a";
    struct fixture fixture;

    (void)state;
    make(&fixture, "tests/data/binlog/mysql-9.7/gtid-classic.binlog");
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    fixture.spec.request.position = 3;
    expect_refused(&fixture, "position < 4");
    fixture.spec.request.flags = DUMP_NON_BLOCK;
    fixture.spec.request.position = UINT64_MAX;
    fixture.spec.request.file = span_str("a.000001");
    expect_refused(&fixture, "impossible position");
    fixture.spec.request.position = 5;
    expect_refused(&fixture, "no event begins at offset 5");
    fixture.spec.request.file = span_of(long_name, sizeof long_name);
    expect_refused(&fixture, "Could not find first log file name");
    fixture.spec.request.file = span_str("../../etc/passwd");
    expect_refused(&fixture, "Could not find first log file name");
    fixture.spec.request.gtid = true;
    fixture.spec.request.gtid_set = span_of(set, sizeof set);
    expect_refused(&fixture, "");
    destroy(&fixture);
}

static void end_with(struct fixture *fixture, enum err_class class, const char *text)
{
    assert_int_equal(pthread_join(fixture->thread, NULL), 0);
    assert_false(fixture->ended_well);
    assert_int_equal(fixture->why.class, class);
    assert_contains(fixture->why.text, text);
}

static void say(struct fixture *fixture, struct span payload)
{
    assert_true(link_write_aside(fixture->client, payload, soon(), &err));
}

static void say_ack(struct fixture *fixture, const char *file, uint64_t position)
{
    struct semisync_ack ack = {.position = position, .file = span_str(file)};
    struct buf payload;

    buf_init(&payload, 1024);
    semisync_ack_write(&payload, &ack);
    say(fixture, buf_span(&payload));
    buf_done(&payload);
}

static void test_garbage_ends_a_dump(void **state)
{
    struct fixture fixture;
    uint8_t *much = mem_alloc(100000);

    (void)state;
    make(&fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    start(&fixture);
    say(&fixture, span_str("SELECT 1"));
    end_with(&fixture, E_PROTO, "expected nothing but acknowledgements");
    destroy(&fixture);
    make(&fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    start(&fixture);
    say(&fixture, span_of(much, 100000));
    end_with(&fixture, E_LIMIT, "");
    destroy(&fixture);
    mem_free(much);
}

static void test_leaving(void **state)
{
    struct fixture fixture;

    (void)state;
    make(&fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    start(&fixture);
    say(&fixture, span_str("\x01"));
    end_with(&fixture, E_IO, "the replica has left");
    destroy(&fixture);
}

/* ---- Semi-synchronous replicas ---- */

/* Receives up to the event that is to be acknowledged; its end. */
static uint64_t receive_wanted(struct fixture *fixture)
{
    for (;;) {
        struct event_header header;
        struct span payload;
        struct span event;
        bool wanted;

        assert_true(link_read(fixture->client, soon(), &payload, &err));
        assert_true(semisync_header_parse(span_of(payload.data + 1, payload.len - 1), &wanted,
                                          &event, &err));
        assert_true(event_header_decode(event, &header, &err));
        if (!wanted)
            continue;
        link_renumber(fixture->client, SEMISYNC_NEXT_SEQUENCE);
        return header.log_pos;
    }
}

static void test_acknowledgements(void **state)
{
    struct replica_info *infos;
    struct fixture fixture;
    uint64_t position;
    size_t count;

    (void)state;
    make(&fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    fixture.spec.semisync = true;
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    start(&fixture);
    position = receive_wanted(&fixture);
    assert_true(feed_whole_before(&fixture.file, position) == position);
    say_ack(&fixture, "a.000001", position);
    feed_whole(fixture.mirror, &fixture.file, "a.000002");
    assert_true(receive_wanted(&fixture) > 0);
    for (;;) { /* the acknowledgement was taken in before the next was asked for, or is now */
        replicas_list(fixture.replicas, &infos, &count);
        position = strcmp(infos[0].acked.name, "a.000001") == 0 ? infos[0].acked.offset : 0;
        mem_free(infos);
        if (position > 0)
            break;
    }
    say_ack(&fixture, "a.000009", 4);
    /* How far it was then depends on when it hears of it. */
    end_with(&fixture, E_PROTO, "acknowledges a.000009:4, but was sent no more than ");
    destroy(&fixture);
}

static void test_bad_acknowledgements(void **state)
{
    static const char *const names[] = {"../x", "no-number", "a.000001/"};
    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        make(&fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
        fixture.spec.semisync = true;
        feed_whole(fixture.mirror, &fixture.file, "a.000001");
        start(&fixture);
        say_ack(&fixture, names[i], 4);
        assert_int_equal(pthread_join(fixture.thread, NULL), 0);
        assert_false(fixture.ended_well);
        assert_contains(fixture.why.text, names[i]);
        destroy(&fixture);
    }
}

/* ---- Metrics ---- */

static void test_metrics(void **state)
{
    struct replica_info info = {
        .server_id = 7, .uuid = "u", .sent = {"a.000003", 1234}, .bytes_behind = 5};
    struct log_position from = {"a.000001", LOG_FIRST_OFFSET};
    struct fixture fixture;
    struct buf text;

    (void)state;
    buf_init(&text, 1024);
    dump_metrics_print(&text, &info);
    assert_string_equal(buf_borrow_cstr(&text),
                        "[Dump thread metrics] Secondary_id: 7, Secondary_uuid: u, Binlog_file: "
                        "a.000003, Pos: 1234, Bytes_behind_primary: 5");
    buf_done(&text);
    make(&fixture, "tests/data/binlog/mysql-9.7/rows-full.binlog");
    feed_whole(fixture.mirror, &fixture.file, "a.000001");
    feed_whole(fixture.mirror, &fixture.file, "a.000002");
    assert_int_equal(mirror_bytes_after(fixture.mirror, &from), 2 * (fixture.file.size - 4));
    from.offset = fixture.file.size;
    assert_int_equal(mirror_bytes_after(fixture.mirror, &from), fixture.file.size - 4);
    from = (struct log_position){"a.000002", fixture.file.size};
    assert_int_equal(mirror_bytes_after(fixture.mirror, &from), 0);
    destroy(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_a_damaged_file),
        cmocka_unit_test(test_yield),
        cmocka_unit_test(test_view_places),
        cmocka_unit_test(test_yield_ends_with_the_log),
        cmocka_unit_test(test_heartbeats_after_a_file),
        cmocka_unit_test(test_a_file_that_comes_next),
        cmocka_unit_test(test_a_position_that_comes),
        cmocka_unit_test(test_positions_that_never_come),
        cmocka_unit_test(test_mysql_head),
        cmocka_unit_test(test_mariadb_unknown_gtids),
        cmocka_unit_test(test_log_that_has_just_begun),
        cmocka_unit_test(test_mariadb_state),
        cmocka_unit_test(test_absurd_requests),
        cmocka_unit_test(test_garbage_ends_a_dump),
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_acknowledgements),
        cmocka_unit_test(test_bad_acknowledgements),
        cmocka_unit_test(test_metrics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
