/*
 * Every recorded file, translated for every dialect of the other family: what comes out is a binlog
 * of that family, with right checksums and positions, the same at every time, with a transaction
 * for each that went in; what can not be translated is listed here.
 */
#include "recorded.h"
#include "resolver.h"
#include "translation.h"

#include "binlog/rows.h"
#include "binlog/unpacker.h"

#include <dirent.h>

/* What stops a translation, and by which words. */
static const struct {
    const char *file;
    const char *dialect; /* NULL: every */
    const char *words;
} refusals[] = {
    {"mysql-9.7/ddl.binlog", NULL, "a key of an expression"},
    {"mysql-9.7/partial-json.binlog", NULL, "without the document"},
    {"mysql-9.7/ddl.binlog", NULL, "a key of an expression: MariaDB has none"},
    {"mariadb-10.11/types-old-temporal.binlog", NULL, "mysql56_temporal_format"},
    {"mariadb-11.8/types-old-temporal.binlog", NULL, "mysql56_temporal_format"},
    {"mariadb-11.8/encrypted.binlog", NULL, "encrypted by MariaDB"},
    {"mariadb-10.11/ddl.binlog", NULL, "SEQUENCE: MySQL has none"},
    {"mariadb-11.8/ddl.binlog", NULL, "SEQUENCE: MySQL has none"},
    {"mariadb-10.11/xa.binlog", "mysql5", "none that outlive their session"},
    {"mariadb-11.8/xa.binlog", "mysql5", "none that outlive their session"},
};

static size_t translated;
static size_t refused;

static bool is_refused(const char *name, enum dialect to, const struct err *err)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (strcmp(refusals[i].file, name) == 0 &&
            (!refusals[i].dialect || strcmp(refusals[i].dialect, dialect_name(to)) == 0) &&
            strstr(err->text, refusals[i].words))
            return true;
    }
    return false;
}

/* What a walk over a file finds. */
struct census {
    size_t gtids;
    size_t rows; /* events */
    size_t others;
    bool closed;
};

static void count_event(struct census *census, const struct plain_event *event)
{
    switch ((enum event_type)event->type) {
    case EVENT_GTID:
    case EVENT_ANONYMOUS_GTID:
    case EVENT_GTID_TAGGED:
    case EVENT_MARIADB_GTID:
        census->gtids++;
        break;
    case EVENT_USER_VAR:
    case EVENT_INTVAR:
    case EVENT_RAND:
    case EVENT_TABLE_MAP:
    case EVENT_EXECUTE_LOAD_QUERY:
        census->others++;
        break;
    default:
        census->rows += event_type_is_rows(event->type);
    }
}

/* MySQL 5.6 without GTIDs has none: its transactions are counted by their ends. */
static void take_census(const char *name, struct span bytes, struct census *ret)
{
    struct unpacker *unpacker = unpacker_new();
    struct reader reader;
    struct reader_event event;
    struct plain_event plain;
    enum reader_transaction before;
    size_t ends = 0;
    struct err err;
    bool more;

    *ret = (struct census){0};
    reader_init(&reader);
    reader.verify_checksums = true;
    reader.check_positions = true;
    for (;;) {
        before = reader.transaction;
        if (!reader_next(&reader, &bytes, &event, &err))
            fail_msg("%s: %s", name, err.text);
        if (event.bytes.len == 0)
            break;
        assert_in_range(event.header.type, 1, reader.format.type_count);
        ends += reader.transaction == READER_OUTSIDE &&
                (before != READER_OUTSIDE || event.header.type == EVENT_QUERY ||
                 event.header.type == EVENT_TRANSACTION_PAYLOAD);
        unpacker_start(unpacker, &event, &reader.format);
        do {
            assert_true(unpacker_next(unpacker, &plain, &more, &err));
            if (more)
                count_event(ret, &plain);
        } while (more);
    }
    if (ret->gtids == 0)
        ret->gtids = ends;
    ret->closed = reader.closed;
    assert_int_equal(reader.transaction, READER_OUTSIDE);
    unpacker_free(unpacker);
}

static void translate_file(const char *name, enum dialect to)
{
    struct translation translation;
    struct translation again;
    struct recorded file;
    struct census in;
    struct census out;
    struct err err;

    recorded_open(&file, name);
    translation_init(&translation, to);
    translation_init(&again, to);
    if (!translate_bytes(&translation, file.window, &err)) {
        assert_int_not_equal(err.class, E_BUG);
        assert_null(strchr(err.text, '\n'));
        if (!is_refused(name, to, &err))
            fail_msg("%s for %s: %s", name, dialect_title(to), err.text);
        refused++;
    } else {
        assert_true(translate_bytes(&again, file.window, &err));
        assert_true(span_eq(buf_span(&translation.out), buf_span(&again.out)));
        take_census(name, file.window, &in);
        take_census(name, buf_span(&translation.out), &out);
        if (in.gtids != out.gtids || in.rows != out.rows || in.others != out.others)
            fail_msg("%s for %s: %zu transactions, %zu rows, %zu others became %zu, %zu, %zu", name,
                     dialect_title(to), in.gtids, in.rows, in.others, out.gtids, out.rows,
                     out.others);
        assert_int_equal(in.closed, out.closed);
        assert_int_equal(translator_offset(translation.translator), translation.out.len);
        assert_true(translator_is_between(translation.translator));
        translated++;
    }
    translation_done(&translation);
    translation_done(&again);
    recorded_close(&file);
}

/* Each *.binlog of the servers whose names begin so. */
static void each_file(const char *server_prefix, enum dialect to)
{
    DIR *servers = opendir(RECORDED_DATA);
    struct dirent *server;

    assert_non_null(servers);
    while ((server = readdir(servers))) {
        char path[600];
        DIR *files;
        struct dirent *entry;

        if (strncmp(server->d_name, server_prefix, strlen(server_prefix)) != 0)
            continue;
        (void)snprintf(path, sizeof path, RECORDED_DATA "%s", server->d_name);
        files = opendir(path);
        assert_non_null(files);
        while ((entry = readdir(files))) {
            (void)snprintf(path, sizeof path, "%s/%s", server->d_name, entry->d_name);
            if (strstr(path, ".binlog"))
                translate_file(path, to);
        }
        (void)closedir(files);
    }
    (void)closedir(servers);
}

static void every_file_of_mysql_is_one_of_mariadb(void **state)
{
    (void)state;
    translated = refused = 0;
    each_file("mysql-", DIALECT_MARIADB);
    assert_in_range(translated, 33, 100);
    assert_int_equal(refused, 2);
}

static void every_file_of_mariadb_is_one_of_mysql(void **state)
{
    (void)state;
    translated = refused = 0;
    each_file("mariadb-", DIALECT_MYSQL_8);
    assert_in_range(translated, 35, 100);
    assert_int_equal(refused, 5);
    translated = refused = 0;
    each_file("mariadb-", DIALECT_MYSQL_5);
    assert_in_range(translated, 33, 100);
    assert_int_equal(refused, 7);
}

/* GTIDs and rows of a file, in their order; a table of other types may come back as such. */
static void gather(struct span bytes, struct gtid_origins *origins, struct buf *gtids,
                   struct buf *images)
{
    struct reader reader;
    struct reader_event event;
    struct gtid_set executed;
    struct gtid gtid;
    struct rows rows;
    struct err err;

    reader_init(&reader);
    gtid_set_init(&executed);
    while (reader_next(&reader, &bytes, &event, &err) && event.bytes.len > 0) {
        uint8_t type = event.header.type;

        if (type == EVENT_PREVIOUS_GTIDS) {
            assert_true(gtid_set_decode(event.body, &executed, &err));
            gtid_set_print(gtids, &executed);
            if (origins)
                assert_true(gtid_origins_file(origins, &executed, &err));
        } else if (type == EVENT_GTID || type == EVENT_GTID_TAGGED) {
            assert_true(gtid_decode(event.body, type, &gtid, &err));
            buf_bytes(gtids, span_of(&gtid.uuid, sizeof gtid.uuid));
            buf_bytes(gtids, gtid.tag);
            buf_u64(gtids, (uint64_t)gtid.number);
            if (origins)
                gtid_origins_add(origins, &gtid.uuid, gtid.tag, gtid.number, 1);
        } else if (event_type_is_rows(type)) {
            assert_true(rows_decode(event.body, type, &reader.format, &rows, &err));
            buf_u8(images, rows.kind);
            buf_bytes(images, rows.images);
        }
    }
    gtid_set_done(&executed);
}

static void go_there_and_back(const char *name)
{
    struct gtid_origins *origins = gtid_origins_new();
    struct one_domain domain;
    struct translation there;
    struct translation back;
    struct recorded file;
    struct buf gathered[4];
    struct err err;

    for (size_t i = 0; i < 4; i++)
        buf_init(&gathered[i], RECORDED_MAX);
    recorded_open(&file, name);
    gather(file.window, origins, &gathered[0], &gathered[1]);
    translation_init(&there, DIALECT_MARIADB);
    one_domain_init(&domain, origins, 5);
    translation_init_with(&back, DIALECT_MYSQL_8, &domain.resolver);
    if (!translate_bytes(&there, file.window, &err) ||
        !translate_bytes(&back, buf_span(&there.out), &err))
        fail_msg("%s: %s", name, err.text);
    gather(buf_span(&back.out), NULL, &gathered[2], &gathered[3]);
    assert_true(span_eq(buf_span(&gathered[0]), buf_span(&gathered[2])));
    assert_true(gathered[0].len > 0);
    assert_true(span_eq(buf_span(&gathered[1]), buf_span(&gathered[3])));
    for (size_t i = 0; i < 4; i++)
        buf_done(&gathered[i]);
    translation_done(&there);
    translation_done(&back);
    gtid_origins_free(origins);
    recorded_close(&file);
}

/* Through MariaDB's form and back: the same GTIDs, tags and all, and the same rows. */
static void there_and_back(void **state)
{
    static const char *const names[] = {
        "rows-full", "rows-minimal", "rows-noblob",  "xa",          "mixed",     "gtid-tagged",
        "relayed",   "errors",       "gtid-classic", "no-checksum", "load-data", "stop",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[100];

        (void)snprintf(name, sizeof name, "mysql-9.7/%s.binlog", names[i]);
        go_there_and_back(name);
    }
}

static void a_file_is_not_translated_for_its_own_family(void **state)
{
    static const struct {
        const char *name;
        enum dialect to;
    } cases[] = {
        {"mysql-9.7/xa.binlog", DIALECT_MYSQL_5},
        {"mysql-5.6/mixed.binlog", DIALECT_MYSQL_8},
        {"mariadb-10.11/xa.binlog", DIALECT_MARIADB},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct translation translation;
        struct recorded file;
        struct err err;

        recorded_open(&file, cases[i].name);
        translation_init(&translation, cases[i].to);
        assert_false(translate_bytes(&translation, file.window, &err));
        assert_int_equal(err.class, E_STATE);
        assert_contains(err.text, "is not translated for");
        translation_done(&translation);
        recorded_close(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_of_mysql_is_one_of_mariadb),
        cmocka_unit_test(every_file_of_mariadb_is_one_of_mysql),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(a_file_is_not_translated_for_its_own_family),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
