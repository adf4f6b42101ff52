/* Dumps of a mirror of recorded files, over a socket pair: what the replica's side receives. */
#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "binlog/checksum.h"
#include "binlog/control.h"
#include "log_feed.h"
#include "replication/dump.h"
#include "replication/link_internal.h"

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

/* The whole recorded file, under that name; it stays the open one. */
static void feed(struct fixture *fixture, const char *name)
{
    feed_begin(fixture->mirror, &fixture->file, name);
    feed_append(fixture->mirror, &fixture->file, fixture->file.format_size + LOG_FIRST_OFFSET,
                fixture->file.size);
    assert_true(mirror_sync(fixture->mirror, &err));
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
    feed(&fixture, "a.000001");
    feed(&fixture, "a.000002");
    start(&fixture);
    expect_file(&fixture);
    expect_file(&fixture);
    feed(&fixture, "a.000003");
    expect_file(&fixture);
    end(&fixture);
    assert_false(fixture.ended_well);
    destroy(&fixture);
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
    assert_int_equal(header.log_pos, fixture.file.size);

    feed(&fixture, "a.000002");
    expect_next_file(&fixture);
    for (int i = 0; i < 3; i++)
        expect(&fixture, EVENT_HEARTBEAT); /* all of the file is there, and waits */
    feed(&fixture, "a.000003");
    do
        (void)receive(&fixture, &header);
    while (header.type == EVENT_HEARTBEAT);
    assert_int_equal(header.type, EVENT_FORMAT_DESCRIPTION);
    expect_next_file(&fixture); /* the file was closed: it came whole */
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
    feed(&fixture, "a.000001");
    feed(&fixture, "a.000002");
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
    feed(&fixture, "a.000010");
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
    feed(&fixture, "a.000010");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_yield),
        cmocka_unit_test(test_yield_ends_with_the_log),
        cmocka_unit_test(test_a_file_that_comes_next),
        cmocka_unit_test(test_a_position_that_comes),
        cmocka_unit_test(test_positions_that_never_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
