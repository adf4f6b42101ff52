/*
 * What a channel's log tells of GTIDs: waited for, kept over purges and restarts, and never mixed
 * up with those of another log.
 */
#include "log_feed.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "binlog/checksum.h"
#include "binlog/query.h"
#include "log/retention.h"
#include "replication/origin_map.h"
#include "wire/reply.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define A        "f4ddd22d-e54e-11f1-8457-02fc00000001"
#define B        "a86fe6d8-e54e-11f1-b028-02fc00000001"
#define BYTES    ((size_t)1 << 20)
#define LONG     (60 * USEC_PER_SEC)
#define TRY      ((int64_t)1000) /* usec */
#define STACK    ((size_t)256 << 10)
#define VERSION  "9.7.0"
#define NUMBERS  20
#define ATTACHES 10000

static _Thread_local struct err err; /* threads of a test use ok(), too */
static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];

/* A log that is written transaction by transaction. */
struct source {
    struct mirror *mirror;
    struct gtid_set executed;
    uint64_t offset;
    size_t files;
};

static void add_event(struct source *source, struct buf *bytes, uint8_t type, struct span body)
{
    size_t start = bytes->len;
    struct event_header header = {
        .timestamp = 1,
        .type = type,
        .server_id = 1,
        .length = (uint32_t)(EVENT_HEADER_SIZE + body.len + EVENT_CHECKSUM_SIZE),
    };

    header.log_pos = (uint32_t)(source->offset + start + header.length);
    event_header_encode(bytes, &header);
    buf_bytes(bytes, body);
    checksum_append(bytes, start);
}

static void append(struct source *source, struct buf *bytes)
{
    ok(mirror_append(source->mirror, source->offset, buf_span(bytes), &err));
    ok(mirror_sync(source->mirror, &err));
    source->offset += bytes->len;
    buf_done(bytes);
}

/* As a source sends it: with its format description alone, and then what was executed. */
static void next_file(struct source *source, struct origin_log *log)
{
    struct format format;
    char name[FEED_NAME];
    struct buf bytes;
    struct buf body;

    feed_name(++source->files, name);
    source->offset = LOG_FIRST_OFFSET;
    buf_init(&bytes, BYTES);
    buf_init(&body, BYTES);
    format_init(&format, VERSION, CHECKSUM_CRC32);
    format_encode(&body, &format);
    add_event(source, &bytes, EVENT_FORMAT_DESCRIPTION, buf_span(&body));
    ok(mirror_next(source->mirror, span_str(name), LOG_FIRST_OFFSET, buf_span(&bytes), NULL, &err));
    source->offset += bytes.len;
    if (log)
        ok(origin_log_keep(log, false, &err));
    buf_clear(&bytes);
    buf_clear(&body);
    gtid_set_encode(&body, &source->executed);
    add_event(source, &bytes, EVENT_PREVIOUS_GTIDS, buf_span(&body));
    append(source, &bytes);
    buf_done(&body);
}

static void execute(struct source *source, const char *uuid, const char *tag, int64_t number)
{
    struct query query = {.database = span_str("d"), .text = span_str("CREATE TABLE t (a INT)")};
    struct gtid gtid = {
        .type = *tag ? EVENT_GTID_TAGGED : EVENT_GTID,
        .parts = GTID_FLAGS | GTID_UUID | GTID_NUMBER | GTID_LAST_COMMITTED | GTID_SEQUENCE |
                 (*tag ? GTID_TAG : 0),
        .number = number,
        .tag = span_str(tag),
    };
    struct buf bytes;
    struct buf body;

    ok(gtid_uuid_parse(span_str(uuid), &gtid.uuid, &err));
    buf_init(&bytes, BYTES);
    buf_init(&body, BYTES);
    gtid_encode(&body, &gtid);
    add_event(source, &bytes, gtid.type, buf_span(&body));
    buf_clear(&body);
    query_encode(&body, &query);
    add_event(source, &bytes, EVENT_QUERY, buf_span(&body));
    buf_done(&body);
    append(source, &bytes);
    gtid_set_add(&source->executed, &gtid.uuid, gtid.tag, number, number);
}

/* A log of its own, in a directory of the test's, with some executed before it. */
static void begin(struct source *source, const char *directory, const char *executed)
{
    *source = (struct source){.mirror = feed_mirror_new(directory, NULL)};
    gtid_set_init(&source->executed);
    ok(gtid_set_parse(span_str(executed), &source->executed, &err));
    next_file(source, NULL);
}

static void end(struct source *source)
{
    mirror_close(source->mirror);
    gtid_set_done(&source->executed);
}

static int setup(void **unused)
{
    (void)unused;
    feed_make_dir(dir, log_dir);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    return dir_remove(dir, &err) ? 0 : -1;
}

static struct origin_log *attached(struct mirror *mirror)
{
    struct origin_log *log = origin_log_new("there");

    ok(origin_log_attach(log, mirror, NULL, 0, &err));
    return log;
}

static void expect(struct origin_log *log, uint64_t sequence, const char *text)
{
    struct gtid_origin origin;
    char uuid[GTID_UUID_TEXT + 1];
    char found[200];

    ok(origin_log_find(log, sequence, LONG, &origin, &err));
    gtid_uuid_print(&origin.uuid, uuid);
    (void)snprintf(found, sizeof found, "%s:%.*s%s%lld", uuid, (int)origin.tag_length, origin.tag,
                   origin.tag_length ? ":" : "", (long long)origin.number);
    assert_string_equal(found, text);
}

static void expect_set(struct origin_log *log, uint64_t sequence, const char *text)
{
    struct gtid_set wanted;
    struct gtid_set set;

    gtid_set_init(&set);
    gtid_set_init(&wanted);
    ok(gtid_set_parse(span_str(text), &wanted, &err));
    ok(origin_log_executed(log, sequence, LONG, &set, &err));
    assert_true(gtid_set_equal(&set, &wanted));
    gtid_set_done(&set);
    gtid_set_done(&wanted);
}

static void expect_failure(struct origin_log *log, uint64_t sequence, enum err_class class,
                           const char *text)
{
    struct gtid_origin origin;
    struct gtid_set set;

    gtid_set_init(&set);
    assert_false(origin_log_find(log, sequence, TRY, &origin, &err));
    assert_int_equal(err.class, class);
    assert_contains(err.text, text);
    assert_int_equal(err.code, class == E_TIMEOUT ? ER_UNKNOWN_ERROR : 0);
    assert_false(origin_log_executed(log, sequence, TRY, &set, &err));
    assert_int_equal(err.class, class);
    assert_contains(err.text, text);
    assert_true(gtid_set_is_empty(&set));
    gtid_set_done(&set);
}

static void answers_come_from_the_log_as_it_grows(void **unused)
{
    struct source source;
    struct origin_log *log;
    struct gtid_set set;

    (void)unused;
    begin(&source, log_dir, A ":1-3");
    log = attached(source.mirror);
    expect_failure(log, 4, E_TIMEOUT, "channel there has not come to it yet");
    execute(&source, A, "", 5); /* 4 */
    execute(&source, A, "", 4);
    execute(&source, B, "red", 9);
    expect(log, 4, A ":5");
    expect(log, 5, A ":4");
    expect(log, 6, B ":red:9");
    expect_set(log, 3, A ":1-3");
    expect_set(log, 4, A ":1-3:5");
    expect_failure(log, 3 - 1, E_STATE, "there, which knows numbers in 4 to 6, does not know it");
    origin_log_want(log, true);
    next_file(&source, log);
    execute(&source, A, "", 6);
    expect(log, 7, A ":6");
    gtid_set_init(&set);
    ok(gtid_set_parse(span_str(A ":4-6"), &set, &err));
    assert_true(origin_log_held(log, 4, 5, &set));
    assert_false(origin_log_held(log, 4, 7, &set));
    assert_false(origin_log_held(log, 7, 8, &set));
    assert_false(origin_log_held(log, 3, 4, &set));
    gtid_set_done(&set);
    origin_log_detach(log);
    expect(log, 7, A ":6");
    expect_failure(log, 8, E_TIMEOUT, "channel there is not running");
    end(&source);
    origin_log_free(log);
}

static void *execute_more(void *context)
{
    struct source *source = context;

    next_file(source, NULL);
    for (int64_t i = 1; i <= 200; i++)
        execute(source, A, "", i);
    return NULL;
}

/* Whoever asks for what is still to come waits until it is there. */
static void what_is_ahead_is_waited_for(void **unused)
{
    struct source source;
    struct origin_log *log;
    pthread_t thread;

    (void)unused;
    begin(&source, log_dir, "");
    log = attached(source.mirror);
    ok(thread_start("source", STACK, execute_more, &source, &thread, &err));
    expect(log, 200, A ":200");
    expect_set(log, 150, A ":1-150");
    (void)pthread_join(thread, NULL);
    mirror_shutdown(source.mirror);
    expect_failure(log, 201, E_TIMEOUT, "has not come to it yet");
    origin_log_detach(log);
    end(&source);
    origin_log_free(log);
}

struct asking {
    struct origin_log *log;
    atomic_bool failed;
};

static void *ask(void *context)
{
    struct asking *asking = context;
    struct gtid_origin origin;
    struct err why;

    atomic_store(&asking->failed,
                 !origin_log_find(asking->log, 9, LONG, &origin, &why) && why.class == E_TIMEOUT);
    return NULL;
}

/* A channel that closes does not wait for those who do. */
static void who_waits_is_let_go_when_the_channel_closes(void **unused)
{
    struct source source;
    struct asking asking;
    pthread_t thread;

    (void)unused;
    begin(&source, log_dir, "");
    asking = (struct asking){.log = attached(source.mirror)};
    ok(thread_start("ask", STACK, ask, &asking, &thread, &err));
    mirror_shutdown(source.mirror);
    origin_log_detach(asking.log);
    end(&source);
    (void)pthread_join(thread, NULL);
    assert_true(atomic_load(&asking.failed));
    origin_log_free(asking.log);
}

static struct mirror *open_again(struct mirror *mirror)
{
    struct mirror_recovery recovery;

    mirror_close(mirror);
    return feed_mirror_open(log_dir, &recovery);
}

/* Three files; the first two are purged after what they had was kept, or not. */
static void make_purged(struct source *source, bool wanted)
{
    struct origin_log *log;
    struct log_purged purged;

    begin(source, log_dir, "");
    execute(source, A, "", 1);
    execute(source, A, "", 2);
    next_file(source, NULL);
    execute(source, B, "", 1);
    next_file(source, NULL);
    execute(source, A, "red", 1);
    log = attached(source->mirror);
    if (wanted)
        origin_log_want(log, true);
    ok(origin_log_keep(log, false, &err));
    ok(log_purge_to(source->mirror, "mysql-bin.000003", &purged, &err));
    execute(source, A, "", 3);
    origin_log_detach(log);
    origin_log_free(log);
    source->mirror = open_again(source->mirror);
}

static void what_is_purged_is_still_known(void **unused)
{
    struct source source;
    struct origin_log *log;

    (void)unused;
    make_purged(&source, true);
    log = attached(source.mirror);
    expect(log, 1, A ":1");
    expect(log, 3, B ":1");
    expect(log, 4, A ":red:1");
    expect(log, 5, A ":3");
    expect_set(log, 2, A ":1-2");
    expect_set(log, 5, A ":1-3:red:1," B ":1");
    origin_log_detach(log);
    end(&source);
    origin_log_free(log);
}

static void what_nobody_wants_is_not_kept(void **unused)
{
    struct source source;
    struct origin_log *log;

    (void)unused;
    make_purged(&source, false);
    log = attached(source.mirror);
    expect(log, 4, A ":red:1");
    expect_set(log, 3, A ":1-2," B ":1");
    expect_failure(log, 2, E_STATE, "knows numbers in 4 to 5, does not know it");
    origin_log_detach(log);
    end(&source);
    origin_log_free(log);
}

static char *kept_path(void)
{
    return mem_printf("%s/origins", log_dir);
}

/* Cut short, of another version, of more than the log has: named, and nothing is changed. */
static void a_kept_file_that_is_not_right_is_refused(void **unused)
{
    struct origin_log *log = origin_log_new("there");
    char *path = kept_path();
    struct source source;
    char *content;
    size_t size;

    (void)unused;
    make_purged(&source, true);
    size = file_size(path);
    ok(file_read(path, BYTES, &content, &err));
    for (size_t cut = 0; cut < size; cut++) {
        ok(file_write(path, span_of(content, cut), 0600, &err));
        assert_false(origin_log_attach(log, source.mirror, NULL, 0, &err));
        assert_int_equal(err.class, E_PROTO);
        assert_contains(err.text, path);
    }
    content[8] = 2;
    ok(file_write(path, span_of(content, size), 0600, &err));
    assert_false(origin_log_attach(log, source.mirror, NULL, 0, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "expected version 1, found 2");
    expect_failure(log, 1, E_TIMEOUT, "is not running");
    mem_free(content);
    mem_free(path);
    end(&source);
    origin_log_free(log);
}

static void more_than_the_log_has_is_refused(void **unused)
{
    struct origin_log *log = origin_log_new("there");
    struct gtid_origins *origins = gtid_origins_new();
    char *path = kept_path();
    struct source source;
    struct buf content;

    (void)unused;
    begin(&source, log_dir, "");
    buf_init(&content, BYTES);
    gtid_origins_encode(&content, origins, span_str("mysql-bin.000001"), 1 << 20);
    ok(file_write(path, buf_span(&content), 0600, &err));
    assert_false(origin_log_attach(log, source.mirror, NULL, 0, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "it was kept up to mysql-bin.000001:1048576, and the file ends at");
    buf_done(&content);
    gtid_origins_free(origins);
    mem_free(path);
    end(&source);
    origin_log_free(log);
}

/* The channel's log ends with three; another one takes its place, which has begun with two. */
static void make_two(struct source *old, struct source *new, char *old_dir)
{
    struct origin_log *log;

    begin(old, old_dir, "");
    execute(old, A, "", 1);
    execute(old, A, "", 2);
    execute(old, A, "", 3);
    log = attached(old->mirror);
    origin_log_want(log, true);
    ok(origin_log_keep(log, true, &err));
    origin_log_detach(log);
    origin_log_free(log);
    begin(new, log_dir, A ":1");
}

static void two_logs_are_not_mixed(void **unused)
{
    char *old_dir = mem_printf("%s/old", dir);
    struct origin_log *log = origin_log_new("there");
    struct gtid_origin origin;
    struct source old;
    struct source new;
    struct gtid_set set;

    (void)unused;
    make_two(&old, &new, old_dir);
    ok(origin_log_attach(log, new.mirror, &old_dir, 1, &err));
    execute(&new, A, "", 2);
    expect(log, 1, A ":1"); /* the old one alone has it */
    expect(log, 2, A ":2"); /* and here both are of one mind */
    execute(&new, B, "", 7);
    execute(&new, A, "", 3);
    expect_failure(log, 3, E_STATE, "there has begun a new log, in which it is another GTID");
    expect(log, 4, A ":3");
    expect_set(log, 4, A ":1-3," B ":7");
    gtid_set_init(&set);
    ok(gtid_set_parse(span_str(A ":1-3"), &set, &err));
    assert_true(origin_log_held(log, 2, 2, &set));
    assert_false(origin_log_held(log, 3, 3, &set));
    assert_true(origin_log_held(log, 1, 1, &set));
    gtid_set_done(&set);
    origin_log_forget_older(log);
    expect_failure(log, 3, E_STATE, "another GTID");
    end(&old);
    ok(dir_remove(old_dir, &err));
    origin_log_forget_older(log);
    expect(log, 3, B ":7");
    assert_false(origin_log_find(log, 1, TRY, &origin, &err));
    assert_contains(err.text, "does not know it");
    origin_log_detach(log);
    end(&new);
    origin_log_free(log);
    mem_free(old_dir);
}

struct reading {
    struct origin_log *log;
    atomic_bool enough;
    atomic_bool wrong;
};

static void *read_all_the_time(void *context)
{
    struct reading *reading = context;
    struct gtid_origin origin;

    for (uint64_t i = 0; !atomic_load(&reading->enough); i++) {
        uint64_t sequence = 1 + i % NUMBERS;

        if (!origin_log_find(reading->log, sequence, LONG, &origin, &err) ||
            origin.number != (int64_t)sequence)
            atomic_store(&reading->wrong, true);
    }
    return NULL;
}

/* Whoever is about to read the old log does not take it for the new one. */
static void a_log_that_takes_the_others_place_is_read_from_its_beginning(void **unused)
{
    char *other_dir = mem_printf("%s/other", dir);
    struct source sources[2];
    pthread_t threads[2];
    struct reading reading = {.log = NULL};

    (void)unused;
    begin(&sources[0], log_dir, "");
    begin(&sources[1], other_dir, "");
    for (int64_t i = 1; i <= NUMBERS; i++) {
        execute(&sources[0], A, "", i);
        execute(&sources[1], B, "", i);
        if (i == NUMBERS / 2)
            next_file(&sources[1], NULL);
    }
    reading.log = attached(sources[0].mirror);
    for (size_t i = 0; i < 2; i++)
        ok(thread_start("read", STACK, read_all_the_time, &reading, &threads[i], &err));
    for (int i = 1; i <= ATTACHES; i++)
        ok(origin_log_attach(reading.log, sources[i % 2].mirror, NULL, 0, &err));
    atomic_store(&reading.enough, true);
    for (size_t i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    assert_false(atomic_load(&reading.wrong));
    origin_log_detach(reading.log);
    end(&sources[0]);
    end(&sources[1]);
    origin_log_free(reading.log);
    mem_free(other_dir);
}

/* Channels by their domains, as a translation asks for them. */
static void a_map_knows_whose_a_domain_is(void **unused)
{
    struct source source;
    struct origin_log *log;
    struct origin_domain domains[1];
    const struct gtid_resolver *resolver;
    struct origin_map *map;
    struct gtid_origin origin;

    (void)unused;
    begin(&source, log_dir, A ":1");
    execute(&source, A, "", 2);
    log = attached(source.mirror);
    domains[0] = (struct origin_domain){7, log};
    map = origin_map_new(domains, 1);
    origin_log_free(log);
    resolver = origin_map_resolver(map);
    assert_true(gtid_resolver_has(resolver, 7, 1));
    assert_false(gtid_resolver_has(resolver, 8, 1));
    assert_false(gtid_resolver_has(resolver, 7, UINT64_C(3) << 40)); /* the place of an event */
    assert_false(gtid_resolver_has(NULL, 7, 1));
    assert_null(origin_map_resolver(NULL));
    ok(resolver->find(resolver->context, 7, 2, &origin, &err));
    assert_int_equal(origin.number, 2);
    assert_false(resolver->find(resolver->context, 7, 1, &origin, &err));
    assert_contains(err.text, "what number 1 of domain 7 was at its first source: channel there, ");
    origin_log_detach(log);
    end(&source);
    origin_map_free(map);
    origin_map_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_come_from_the_log_as_it_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_ahead_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(who_waits_is_let_go_when_the_channel_closes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_purged_is_still_known, setup, teardown),
        cmocka_unit_test_setup_teardown(what_nobody_wants_is_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kept_file_that_is_not_right_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(more_than_the_log_has_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(two_logs_are_not_mixed, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_log_that_takes_the_others_place_is_read_from_its_beginning, setup, teardown),
        cmocka_unit_test_setup_teardown(a_map_knows_whose_a_domain_is, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
