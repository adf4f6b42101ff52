/*
 * Lookups by GTID, time and position, against a plain search through all transactions of made logs
 * with several sources and domains, sequence numbers out of order, and blocks of all kinds.
 */
#include "log_feed.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "base/thread.h"
#include "binlog/gtid.h"
#include "log/gtid_walk.h"
#include "log/lookup.h"
#include "log/retention.h"
#include "translation/gtid_exchange.h"

#include <stdatomic.h>
#include <unistd.h>

#define FILES        9
#define TRANSACTIONS 40 /* per file */
#define SOURCES      3
#define ALL          (FILES * TRANSACTIONS)

static char dir[FEED_DIR];
static char log_dir[FEED_LOG_DIR];
static struct err err;
static uint64_t seed;

/* What was written: where a plain search looks. */
struct transaction {
    size_t file;
    uint64_t start;
    uint64_t end;
    uint32_t latest; /* timestamp of an event */
    struct gtid gtid;
    struct gtid_mariadb mariadb;
};

static struct transaction all[ALL];
static size_t count;
static struct gtid_uuid uuids[SOURCES];
static int64_t next_number[SOURCES];
static struct gtid_set executed; /* by all that was written */
static struct gtid_list state;
static bool late; /* MySQL: a file's head lacks the GTID with which the file before it ended */
static uint32_t now;
static uint32_t peak; /* of `now` within a transaction */

/* Numbers of a parallel source without commit order: shuffled in groups. */
static int64_t shuffled[SOURCES][ALL + 8];

static void add_event(struct buf *bytes, uint8_t type, uint32_t server_id, struct span body)
{
    size_t start = bytes->len;
    struct event_header header = {
        .timestamp = now,
        .type = type,
        .server_id = server_id,
        .length = (uint32_t)(EVENT_HEADER_SIZE + body.len + EVENT_CHECKSUM_SIZE),
    };

    header.log_pos = (uint32_t)(start + header.length);
    event_header_encode(bytes, &header);
    buf_bytes(bytes, body);
    checksum_append(bytes, start);
}

static void add_rows_and_end(struct buf *bytes)
{
    static const uint8_t zeros[400] = {0};

    /* Time now and then goes back, as it does on servers. */
    now += feed_random(&seed, 4) == 0 ? feed_random(&seed, 30) : 0;
    peak = now;
    add_event(bytes, EVENT_TABLE_MAP, 1, span_of(zeros, 40));
    add_event(bytes, EVENT_WRITE_ROWS, 1, span_of(zeros, 20 + feed_random(&seed, 380)));
    now -= feed_random(&seed, 10) == 0 ? 7 : 0;
    add_event(bytes, EVENT_XID, 1, span_of(zeros, 8));
}

static void add_mysql(struct buf *bytes, struct transaction *transaction)
{
    static const uint8_t begin[] = {1, 0, 0, 0, 0,   0,   0,   0,   0,  0,
                                    0, 0, 0, 0, 'B', 'E', 'G', 'I', 'N'};
    size_t source = feed_random(&seed, SOURCES);
    struct gtid *gtid = &transaction->gtid;
    struct buf body;

    *gtid = (struct gtid){
        .type = source == 2 ? EVENT_GTID_TAGGED : EVENT_GTID,
        .parts = GTID_FLAGS | GTID_UUID | GTID_NUMBER | GTID_LAST_COMMITTED | GTID_SEQUENCE,
        .uuid = uuids[source],
        .number = shuffled[source][next_number[source]++],
        .tag = source == 2 ? span_str("tag") : (struct span){0},
    };
    if (source == 2)
        gtid->parts |= GTID_TAG;
    buf_init(&body, 4096);
    gtid_encode(&body, gtid);
    add_event(bytes, gtid->type, 1, buf_span(&body));
    buf_done(&body);
    add_event(bytes, EVENT_QUERY, 1, span_of(begin, sizeof begin));
    add_rows_and_end(bytes);
    gtid_set_add(&executed, &gtid->uuid, gtid->tag, gtid->number, gtid->number);
}

static void add_mariadb(struct buf *bytes, struct transaction *transaction)
{
    static uint64_t sequence[3];
    uint32_t domain = feed_random(&seed, 3);
    struct gtid_mariadb_event event = {.domain = domain};
    struct buf body;

    if (count == 0)
        memset(sequence, 0, sizeof sequence);
    event.sequence = ++sequence[domain];
    transaction->mariadb =
        (struct gtid_mariadb){event.sequence, domain, 1 + (uint32_t)(event.sequence / 50) % 2};
    buf_init(&body, 4096);
    gtid_mariadb_encode(&body, &event);
    buf_bytes(&body, span_of("\0\0\0\0\0\0", 6));
    add_event(bytes, EVENT_MARIADB_GTID, transaction->mariadb.server_id, buf_span(&body));
    buf_done(&body);
    add_rows_and_end(bytes);
    gtid_list_set_state(&state, transaction->mariadb);
}

/* What a file of MySQL's says that was executed before it. */
static void encode_executed(struct buf *body)
{
    const struct gtid *last = &all[count > 0 ? count - 1 : 0].gtid;
    struct gtid_set uncounted;
    struct gtid_set told;

    gtid_set_init(&told);
    gtid_set_init(&uncounted);
    gtid_set_copy(&told, &executed);
    if (late && count > 0)
        gtid_set_add(&uncounted, &last->uuid, last->tag, last->number, last->number);
    gtid_set_subtract(&told, &uncounted);
    gtid_set_encode(body, &told);
    gtid_set_done(&uncounted);
    gtid_set_done(&told);
}

static void add_head(struct buf *bytes, enum format_family family, size_t *ret_format_size)
{
    struct format format;
    struct buf body;

    buf_init(&body, 1 << 20);
    buf_str(bytes, "\xfe"
                   "bin");
    format_init(&format, family == FORMAT_MYSQL ? "9.7.0" : "11.8.1-MariaDB", CHECKSUM_CRC32);
    format_encode(&body, &format);
    add_event(bytes, EVENT_FORMAT_DESCRIPTION, 1, buf_span(&body));
    *ret_format_size = bytes->len - LOG_FIRST_OFFSET;
    buf_clear(&body);
    if (family == FORMAT_MYSQL)
        encode_executed(&body);
    else
        gtid_list_encode(&body, &state);
    add_event(bytes, family == FORMAT_MYSQL ? EVENT_PREVIOUS_GTIDS : EVENT_MARIADB_GTID_LIST, 1,
              buf_span(&body));
    buf_done(&body);
}

static void add_file(struct mirror *mirror, enum format_family family, size_t at)
{
    struct log_state before;
    struct buf bytes;
    size_t format_size;
    char name[32];

    buf_init(&bytes, 16 << 20);
    log_state_init(&before);
    feed_name(at, name);
    if (late && at > 0)
        ok(log_state_of_file(mirror, name, &before, &err));
    feed_name(at + 1, name);
    add_head(&bytes, family, &format_size);
    ok(mirror_next(mirror, span_str(name), LOG_FIRST_OFFSET,
                   span_of(bytes.data + LOG_FIRST_OFFSET, format_size),
                   before.kind == LOG_STATE_UNKNOWN ? NULL : &before, &err));
    log_state_done(&before);
    for (size_t i = 0; i < TRANSACTIONS; i++) {
        struct transaction *transaction = &all[count];

        *transaction = (struct transaction){.file = at, .start = bytes.len};
        now += feed_random(&seed, 3);
        if (family == FORMAT_MYSQL)
            add_mysql(&bytes, transaction);
        else
            add_mariadb(&bytes, transaction);
        transaction->latest = peak;
        transaction->end = bytes.len;
        count++;
    }
    ok(mirror_append(mirror, LOG_FIRST_OFFSET + format_size,
                     span_of(bytes.data + LOG_FIRST_OFFSET + format_size,
                             bytes.len - LOG_FIRST_OFFSET - format_size),
                     &err));
    ok(mirror_sync(mirror, &err));
    buf_done(&bytes);
}

static void shuffle_numbers(uint32_t within)
{
    for (size_t s = 0; s < SOURCES; s++) {
        memset(uuids[s].bytes, (int)(s + 1), sizeof uuids[s].bytes);
        next_number[s] = 0;
        for (size_t i = 0; i < ALL + 8; i++)
            shuffled[s][i] = (int64_t)i + 1;
        for (size_t i = 0; within > 1 && i + within < ALL + 8; i++) {
            size_t other = i + feed_random(&seed, within);
            int64_t kept = shuffled[s][i];

            shuffled[s][i] = shuffled[s][other];
            shuffled[s][other] = kept;
        }
    }
}

static struct mirror *make_log(enum format_family family, uint32_t within, uint32_t index_block)
{
    struct mirror_options options = {.index_block = index_block};
    struct mirror *mirror;

    count = 0;
    now = 1700000000;
    gtid_set_clear(&executed);
    gtid_list_done(&state);
    shuffle_numbers(within);
    ok(dir_remove(log_dir, &err));
    mirror = feed_mirror_new(log_dir, &options);
    for (size_t i = 0; i < FILES; i++)
        add_file(mirror, family, i);
    return mirror;
}

static int make_dir(void **unused)
{
    (void)unused;
    feed_make_dir(dir, log_dir);
    seed = 5;
    return inject_set(NULL, &err) ? 0 : -1;
}

static int drop_dir(void **unused)
{
    (void)unused;
    gtid_set_done(&executed);
    gtid_list_done(&state);
    return dir_remove(dir, &err) ? 0 : -1;
}

static void assert_position(const struct log_position *found, size_t file, uint64_t offset)
{
    char name[32];

    feed_name(file + 1, name);
    assert_string_equal(found->name, name);
    assert_int_equal(found->offset, offset);
}

static void assert_at(const struct log_position *found, const struct transaction *wanted)
{
    if (wanted)
        assert_position(found, wanted->file, wanted->start);
    else
        assert_position(found, FILES - 1, all[ALL - 1].end);
}

/* A set with all up to some transaction, and some of those after it. */
static void make_set(struct gtid_set *set, size_t upto, uint32_t sparse)
{
    gtid_set_clear(set);
    for (size_t i = 0; i < ALL; i++) {
        if (i < upto || feed_random(&seed, 100) < sparse)
            gtid_set_add(set, &all[i].gtid.uuid, all[i].gtid.tag, all[i].gtid.number,
                         all[i].gtid.number);
    }
}

static void check_sets(struct mirror *mirror)
{
    struct gtid_set set;

    gtid_set_init(&set);
    for (size_t i = 0; i < 200; i++) {
        const struct transaction *wanted = NULL;
        struct log_position found;

        make_set(&set, feed_random(&seed, ALL + 1), feed_random(&seed, 100));
        for (size_t j = 0; j < ALL && !wanted; j++) {
            if (!gtid_set_has(&set, &all[j].gtid.uuid, all[j].gtid.tag, all[j].gtid.number))
                wanted = &all[j];
        }
        ok(log_find_gtid_set(mirror, &set, &found, &err));
        assert_at(&found, wanted);
    }
    gtid_set_done(&set);
}

static void test_gtid_sets(void **unused)
{
    /* In order, so that blocks have one run; and in such disorder that blocks are MIXED. */
    static const struct {
        uint32_t within;
        uint32_t block;
    } kinds[] = {{1, 0}, {1, 700}, {4, 1500}, {60, 20000}, {60, 900}};

    (void)unused;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct mirror *mirror = make_log(FORMAT_MYSQL, kinds[i].within, kinds[i].block);

        check_sets(mirror);
        mirror_close(mirror);
    }
}

static void test_purged_gtids_are_refused_by_name(void **unused)
{
    struct mirror *mirror = make_log(FORMAT_MYSQL, 1, 700);
    struct log_purged purged;
    struct log_position found = {"untouched", 1};
    struct gtid_set set;
    char uuid[GTID_UUID_TEXT + 1];

    (void)unused;
    ok(log_purge_to(mirror, "mysql-bin.000004", &purged, &err));
    assert_int_equal(purged.files, 3);
    gtid_set_init(&set);
    make_set(&set, 3 * TRANSACTIONS - 1, 0);
    assert_false(log_find_gtid_set(mirror, &set, &found, &err));
    assert_int_equal(err.class, E_STATE);
    gtid_uuid_print(&all[3 * TRANSACTIONS - 1].gtid.uuid, uuid);
    assert_contains(err.text, uuid);
    assert_contains(err.text, "mysql-bin.000004");
    assert_string_equal(found.name, "untouched");
    make_set(&set, 3 * TRANSACTIONS, 0);
    ok(log_find_gtid_set(mirror, &set, &found, &err));
    assert_at(&found, &all[3 * TRANSACTIONS]);
    gtid_set_done(&set);
    mirror_close(mirror);
}

/* What a walk gives, against what was written. */
struct walked {
    size_t at; /* the next transaction */
    size_t files;
};

static bool take_file(void *context, const struct gtid_set *before, struct err *why)
{
    struct walked *walked = context;

    (void)why;
    assert_non_null(before);
    assert_int_equal(gtid_set_size(before), walked->at);
    walked->files++;
    return true;
}

static void take_run(void *context, const struct gtid_uuid *uuid, struct span tag, int64_t first,
                     uint64_t length)
{
    struct walked *walked = context;

    for (uint64_t i = 0; i < length; i++) {
        const struct gtid *gtid = &all[walked->at++].gtid;

        assert_memory_equal(uuid, &gtid->uuid, sizeof *uuid);
        assert_true(span_eq(tag, gtid->tag));
        assert_int_equal(first + (int64_t)i, gtid->number);
    }
}

static void check_walks(struct mirror *mirror)
{
    struct walked walked = {0};
    struct gtid_walk_taker taker = {.context = &walked, .file = take_file, .run = take_run};
    struct log_position place = {.offset = 0};

    ok(log_walk_gtids(mirror, &place, &taker, &err));
    assert_at(&place, NULL);
    assert_int_equal(walked.at, ALL);
    assert_int_equal(walked.files, FILES);
    ok(log_walk_gtids(mirror, &place, &taker, &err));
    assert_int_equal(walked.at, ALL);
    for (size_t i = 0; i < ALL; i += 7) {
        walked = (struct walked){.at = i + 1};
        place.offset = all[i].end;
        feed_name(all[i].file + 1, place.name);
        ok(log_walk_gtids(mirror, &place, &taker, &err));
        assert_at(&place, NULL);
        assert_int_equal(walked.at, ALL);
    }
}

/* Whatever order they have, they come in it; where it is told, many at once. */
static void test_walks_give_all_in_their_order(void **unused)
{
    static const struct {
        uint32_t within;
        uint32_t block;
    } kinds[] = {{1, 0}, {1, 700}, {1, 3000}, {4, 1500}, {60, 20000}, {60, 900}};

    (void)unused;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct mirror *mirror = make_log(FORMAT_MYSQL, kinds[i].within, kinds[i].block);

        check_walks(mirror);
        mirror_close(mirror);
    }
}

static void test_walks_begin_where_the_log_does(void **unused)
{
    struct mirror *mirror = make_log(FORMAT_MYSQL, 1, 700);
    struct walked walked = {.at = 3 * TRANSACTIONS};
    struct gtid_walk_taker taker = {.context = &walked, .file = take_file, .run = take_run};
    struct log_position place = {.name = "mysql-bin.000002", .offset = 4711};
    struct log_purged purged;

    (void)unused;
    ok(log_purge_to(mirror, "mysql-bin.000004", &purged, &err));
    ok(log_walk_gtids(mirror, &place, &taker, &err));
    assert_int_equal(walked.at, ALL);
    assert_int_equal(walked.files, FILES - 3);
    mirror_close(mirror);
    mirror = make_log(FORMAT_MARIADB, 1, 0);
    place = (struct log_position){.offset = 0};
    assert_false(log_walk_gtids(mirror, &place, &taker, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "expected a log of MySQL");
    mirror_close(mirror);
}

/* Whether the replica wants it, as the source would find: after its own GTID in the domain. */
static const struct transaction *first_after(const struct gtid_list *position)
{
    bool reached[3] = {0};

    for (size_t i = 0; i < ALL; i++) {
        const struct gtid_mariadb *gtid = &all[i].mariadb;
        const struct gtid_mariadb *has = gtid_list_find(position, gtid->domain);

        if (!has || reached[gtid->domain])
            return &all[i];
        reached[gtid->domain] =
            has->server_id == gtid->server_id && has->sequence == gtid->sequence;
    }
    return NULL;
}

static void test_gtid_positions(void **unused)
{
    static const uint32_t blocks[] = {0, 700, 3000};

    (void)unused;
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
        struct mirror *mirror = make_log(FORMAT_MARIADB, 1, blocks[b]);

        for (size_t i = 0; i < 200; i++) {
            struct gtid_list position = {0};
            struct log_position found;

            /* Each domain at a point of its own, or not there at all. */
            for (uint32_t domain = 0; domain < 3; domain++) {
                size_t upto = feed_random(&seed, ALL + 1);

                for (size_t j = 0; j < upto; j++) {
                    if (all[j].mariadb.domain == domain && feed_random(&seed, 20) > 0)
                        gtid_list_set_position(&position, all[j].mariadb);
                }
            }
            ok(log_find_gtid_position(mirror, &position, &found, &err));
            assert_at(&found, first_after(&position));
            gtid_list_done(&position);
        }
        mirror_close(mirror);
    }
}

static void test_positions_that_are_gone_or_ahead(void **unused)
{
    struct mirror *mirror = make_log(FORMAT_MARIADB, 1, 700);
    struct gtid_list position = {0};
    struct log_position found;
    struct log_purged purged;

    (void)unused;
    ok(gtid_list_parse(span_str("0-1-100000"), &position, &err));
    assert_false(log_find_gtid_position(mirror, &position, &found, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "0-1-100000");
    /* A domain that the log does not have is nothing to it. */
    gtid_list_done(&position);
    for (size_t i = 0; i < ALL; i++)
        gtid_list_set_position(&position, all[i].mariadb);
    gtid_list_set_position(&position, (struct gtid_mariadb){5, 99, 1});
    ok(log_find_gtid_position(mirror, &position, &found, &err));
    assert_at(&found, NULL);
    ok(log_purge_to(mirror, "mysql-bin.000004", &purged, &err));
    gtid_list_done(&position);
    assert_false(log_find_gtid_position(mirror, &position, &found, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "mysql-bin.000004");
    for (size_t i = 0; i < 3 * TRANSACTIONS; i++)
        gtid_list_set_position(&position, all[i].mariadb);
    ok(log_find_gtid_position(mirror, &position, &found, &err));
    assert_at(&found, first_after(&position));
    gtid_list_done(&position);
    mirror_close(mirror);
}

/* The set of a MySQL replica that has some of a MariaDB source's transactions. */
static void make_exchanged(struct gtid_set *set, size_t upto, uint32_t sparse)
{
    gtid_set_clear(set);
    for (size_t i = 0; i < ALL; i++) {
        const struct gtid_mariadb *gtid = &all[i].mariadb;
        struct gtid_uuid uuid;

        if (i >= upto && feed_random(&seed, 100) >= sparse)
            continue;
        gtid_uuid_of_domain(gtid->domain, gtid->server_id, &uuid);
        gtid_set_add(set, &uuid, (struct span){0}, (int64_t)gtid->sequence,
                     (int64_t)gtid->sequence);
    }
}

static bool has_exchanged(const struct gtid_set *set, const struct gtid_mariadb *gtid)
{
    struct gtid_uuid uuid;

    gtid_uuid_of_domain(gtid->domain, gtid->server_id, &uuid);
    return gtid_set_has(set, &uuid, (struct span){0}, (int64_t)gtid->sequence);
}

/* Servers take turns in a domain, so that each has holes which are no transactions. */
static void test_exchanged_sets(void **unused)
{
    static const uint32_t blocks[] = {0, 700, 3000};
    struct log_position found;
    struct gtid_set set;

    (void)unused;
    gtid_set_init(&set);
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
        struct mirror *mirror = make_log(FORMAT_MARIADB, 1, blocks[b]);

        for (size_t i = 0; i < 100; i++) {
            const struct transaction *wanted = NULL;

            make_exchanged(&set, feed_random(&seed, ALL + 1), feed_random(&seed, 100));
            for (size_t j = 0; j < ALL && !wanted; j++)
                wanted = has_exchanged(&set, &all[j].mariadb) ? NULL : &all[j];
            ok(log_find_exchanged_set(mirror, &set, NULL, &found, &err));
            assert_at(&found, wanted);
        }
        mirror_close(mirror);
    }
    gtid_set_done(&set);
}

static void test_exchanged_sets_of_a_purged_log(void **unused)
{
    struct mirror *mirror = make_log(FORMAT_MARIADB, 1, 700);
    struct log_position found = {"untouched", 1};
    struct log_purged purged;
    struct gtid_set set;

    (void)unused;
    gtid_set_init(&set);
    ok(log_purge_to(mirror, "mysql-bin.000004", &purged, &err));
    make_exchanged(&set, 2 * TRANSACTIONS, 0);
    assert_false(log_find_exchanged_set(mirror, &set, NULL, &found, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "mysql-bin.000004");
    assert_string_equal(found.name, "untouched");
    make_exchanged(&set, 3 * TRANSACTIONS + 5, 0);
    ok(log_find_exchanged_set(mirror, &set, NULL, &found, &err));
    assert_at(&found, &all[3 * TRANSACTIONS + 5]);
    gtid_set_done(&set);
    mirror_close(mirror);
}

/* By the number of transactions, whatever their order; the beginning of a file. */
static void test_exchanged_positions(void **unused)
{
    struct mirror *mirror = make_log(FORMAT_MYSQL, 60, 900);
    struct log_position found = {"untouched", 1};
    struct log_purged purged;

    (void)unused;
    for (uint64_t number = 1; number <= ALL + 1; number++) {
        struct gtid_list position = {0};
        size_t file = number / TRANSACTIONS < FILES ? number / TRANSACTIONS : FILES - 1;

        gtid_list_set_position(&position, (struct gtid_mariadb){number, 7, 3});
        gtid_list_set_position(&position, (struct gtid_mariadb){1000000, 2, 3});
        ok(log_find_exchanged_position(mirror, &position, 7, &found, &err));
        assert_position(&found, file, LOG_FIRST_OFFSET);
        gtid_list_done(&position);
    }
    ok(log_purge_to(mirror, "mysql-bin.000004", &purged, &err));
    memcpy(found.name, "untouched", 10);
    for (uint64_t number = 3 * TRANSACTIONS - 1; number <= 3 * TRANSACTIONS; number++) {
        struct gtid_list position = {0};
        bool there = number == 3 * TRANSACTIONS;

        gtid_list_set_position(&position, (struct gtid_mariadb){number, 7, 3});
        assert_int_equal(log_find_exchanged_position(mirror, &position, 7, &found, &err), there);
        assert_string_equal(found.name, there ? "mysql-bin.000004" : "untouched");
        gtid_list_done(&position);
    }
    mirror_close(mirror);
}

static void test_times(void **unused)
{
    static const uint32_t blocks[] = {0, 700};

    (void)unused;
    for (size_t b = 0; b < 2; b++) {
        struct mirror *mirror = make_log(FORMAT_MYSQL, 1, blocks[b]);
        struct log_position found;

        for (uint32_t time = all[0].latest + 1; time < now + 20; time += 3) {
            const struct transaction *wanted = NULL;

            for (size_t i = 0; i < ALL && !wanted; i++)
                wanted = all[i].latest >= time ? &all[i] : NULL;
            ok(log_find_time(mirror, time, &found, &err));
            /* The head of a file has the time as well, and comes before its first transaction. */
            if (wanted && found.offset < all[wanted->file * TRANSACTIONS].start) {
                char name[32];

                feed_name(wanted->file + 1, name);
                assert_string_equal(found.name, name);
                assert_true(wanted == &all[wanted->file * TRANSACTIONS]);
            } else {
                assert_at(&found, wanted);
            }
        }
        mirror_close(mirror);
    }
}

static void check_state(struct mirror *mirror, size_t done, const struct log_position *position,
                        enum format_family family)
{
    struct log_state got;
    struct gtid_set set;
    struct gtid_list list;

    gtid_set_init(&set);
    gtid_list_init(&list);
    log_state_init(&got);
    if (family == FORMAT_MYSQL)
        make_set(&set, done, 0);
    for (size_t i = 0; i < done && family == FORMAT_MARIADB; i++)
        gtid_list_set_state(&list, all[i].mariadb);
    ok(log_state_at(mirror, position, &got, &err));
    assert_int_equal(got.kind, family == FORMAT_MYSQL ? LOG_STATE_MYSQL : LOG_STATE_MARIADB);
    assert_true(family == FORMAT_MYSQL ? gtid_set_equal(&got.set, &set)
                                       : gtid_list_equal(&got.list, &list));
    gtid_set_done(&set);
    gtid_list_done(&list);
    log_state_done(&got);
}

static void test_states(void **unused)
{
    static const struct {
        enum format_family family;
        uint32_t within;
        uint32_t block;
    } kinds[] = {
        {FORMAT_MYSQL, 1, 0},    {FORMAT_MYSQL, 1, 700},   {FORMAT_MYSQL, 60, 20000},
        {FORMAT_MYSQL, 4, 1500}, {FORMAT_MARIADB, 1, 700}, {FORMAT_MARIADB, 1, 0},
    };

    (void)unused;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct mirror *mirror = make_log(kinds[k].family, kinds[k].within, kinds[k].block);

        for (size_t i = 0; i < ALL; i += 3) {
            struct log_position position = {{0}, all[i].start};

            feed_name(all[i].file + 1, position.name);
            check_state(mirror, i, &position, kinds[k].family);
            position.offset = all[i].end;
            check_state(mirror, i + 1, &position, kinds[k].family);
        }
        mirror_close(mirror);
    }
}

static void test_a_state_of_no_place(void **unused)
{
    struct mirror *mirror = make_log(FORMAT_MYSQL, 1, 700);
    struct log_position position = {"mysql-bin.000002", all[TRANSACTIONS].start + 1};
    struct log_state got;

    (void)unused;
    log_state_init(&got);
    assert_false(log_state_at(mirror, &position, &got, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_contains(err.text, "no event begins at offset");
    position.offset = 1 << 30;
    assert_false(log_state_at(mirror, &position, &got, &err));
    assert_int_equal(err.class, E_STATE);
    (void)snprintf(position.name, sizeof position.name, "mysql-bin.000099");
    assert_false(log_state_at(mirror, &position, &got, &err));
    assert_contains(err.text, "no such file");
    mirror_close(mirror);
}

static void test_first_and_last_of_a_file(void **unused)
{
    static const uint32_t blocks[] = {0, 700};

    (void)unused;
    for (size_t b = 0; b < 2; b++) {
        struct mirror *mirror = make_log(FORMAT_MARIADB, 1, blocks[b]);

        for (size_t i = 0; i < FILES; i++) {
            const struct gtid_mariadb *first = &all[i * TRANSACTIONS].mariadb;
            const struct gtid_mariadb *last = &all[(i + 1) * TRANSACTIONS - 1].mariadb;
            struct log_file_gtids gtids;
            char name[32];
            char text[64];

            feed_name(i + 1, name);
            ok(log_file_gtids(mirror, name, &gtids, &err));
            (void)snprintf(text, sizeof text, "%u-%u-%llu", first->domain, first->server_id,
                           (unsigned long long)first->sequence);
            assert_string_equal(gtids.first, text);
            (void)snprintf(text, sizeof text, "%u-%u-%llu", last->domain, last->server_id,
                           (unsigned long long)last->sequence);
            assert_string_equal(gtids.last, text);
        }
        mirror_close(mirror);
    }
}

/* Flips a byte in each record of a file's index: the events are read instead. */
static void test_damaged_records_are_passed_over(void **unused)
{
    struct mirror *mirror = make_log(FORMAT_MYSQL, 4, 700);
    struct mirror_recovery recovery;

    (void)unused;
    mirror_close(mirror);
    for (size_t i = 0; i < FILES; i++) {
        char path[192];
        FILE *file;
        long size;

        (void)snprintf(path, sizeof path, "%s/mysql-bin.%06zu.idx", log_dir, i + 1);
        file = fopen(path, "r+b");
        assert_non_null(file);
        assert_int_equal(fseek(file, 0, SEEK_END), 0);
        size = ftell(file);
        /* All but the first and the last few: those of the head, and END. */
        for (long at = size - 96L * 4; at > size - 96L * 40 && at > 700; at -= 96L * 3) {
            assert_int_equal(fseek(file, at + 20, SEEK_SET), 0);
            assert_int_not_equal(fputc(0xa5, file), EOF);
        }
        assert_int_equal(fclose(file), 0);
    }
    mirror = feed_mirror_open(log_dir, &recovery);
    assert_int_equal(recovery.cut_bytes, 0);
    check_sets(mirror);
    for (size_t i = 0; i < ALL; i += 7) {
        struct log_position position = {{0}, all[i].start};

        feed_name(all[i].file + 1, position.name);
        check_state(mirror, i, &position, FORMAT_MYSQL);
    }
    mirror_close(mirror);
}

struct purging {
    struct mirror *mirror;
    atomic_bool done;
    bool failed;
};

static void *purge_all(void *arg)
{
    struct purging *purging = arg;
    struct err own;

    for (size_t i = 1; i < FILES && !purging->failed; i++) {
        struct log_purged purged;
        char name[32];

        feed_name(i + 1, name);
        purging->failed = !log_purge_to(purging->mirror, name, &purged, &own);
    }
    atomic_store(&purging->done, true);
    return NULL;
}

/* A replica that has all is served, whatever goes meanwhile. */
static void test_purges_do_not_disturb(void **unused)
{
    (void)unused;
    for (int round = 0; round < 20; round++) {
        struct purging purging = {.mirror = make_log(FORMAT_MYSQL, 1, 700)};
        pthread_t thread;

        ok(thread_start("purge", 256 * 1024, purge_all, &purging, &thread, &err));
        while (!atomic_load(&purging.done)) {
            struct log_position found;

            ok(log_find_gtid_set(purging.mirror, &executed, &found, &err));
            assert_at(&found, NULL);
            ok(log_find_time(purging.mirror, 0, &found, &err));
        }
        (void)pthread_join(thread, NULL);
        assert_false(purging.failed);
        mirror_close(purging.mirror);
    }
}

/* MySQL begins a file before it has counted what XA COMMIT ended in the file before. */
static void test_heads_that_lack_a_gtid(void **unused)
{
    late = true;
    test_gtid_sets(unused);
    test_states(unused);
    test_walks_give_all_in_their_order(unused);
    test_purged_gtids_are_refused_by_name(unused);
    late = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gtid_sets, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_purged_gtids_are_refused_by_name, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_walks_give_all_in_their_order, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_walks_begin_where_the_log_does, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_gtid_positions, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_positions_that_are_gone_or_ahead, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_exchanged_sets, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_exchanged_sets_of_a_purged_log, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_exchanged_positions, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_times, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_states, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_state_of_no_place, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_first_and_last_of_a_file, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_purges_do_not_disturb, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_damaged_records_are_passed_over, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_heads_that_lack_a_gtid, make_dir, drop_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
