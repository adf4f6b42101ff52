#include "binlog/charset.h"
#include "check.h"
#include "translation/collation.h"

#include <strings.h>

#define IDS     4096 /* all are below it */
#define SERVERS 4

/* What a server said of its collations (tests/data). */
struct server {
    const char *name;
    enum format_family family;
    uint32_t version;
    enum dialect dialect; /* that it is the least of */
    char names[IDS][64];
    char charsets[IDS][16];
    bool is_default[IDS];
    unsigned count;
};

static struct server servers[SERVERS] = {
    {.name = "mysql-5.6", .family = FORMAT_MYSQL, .version = 50624, .dialect = DIALECT_MYSQL_5},
    {.name = "mysql-9.7", .family = FORMAT_MYSQL, .version = 90700, .dialect = DIALECT_MYSQL_8},
    {.name = "mariadb-10.11",
     .family = FORMAT_MARIADB,
     .version = 101119,
     .dialect = DIALECT_MARIADB},
    {.name = "mariadb-11.8",
     .family = FORMAT_MARIADB,
     .version = 110806,
     .dialect = DIALECT_MARIADB},
};

static void load(struct server *server)
{
    char path[128];
    char mark[16];
    char name[64];
    char charset[16];
    unsigned id;
    FILE *file;

    (void)snprintf(path, sizeof path, "tests/data/binlog/%s/collations.txt", server->name);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fscanf(file, "%u %63s %15s %15s", &id, name, charset, mark) == 4) {
        assert_true(id < IDS);
        (void)snprintf(server->names[id], sizeof server->names[id], "%s", name);
        (void)snprintf(server->charsets[id], sizeof server->charsets[id], "%s", charset);
        server->is_default[id] = strcmp(mark, "default") == 0;
        server->count++;
    }
    assert_int_equal(fclose(file), 0);
}

static int load_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < SERVERS; i++)
        load(&servers[i]);
    return 0;
}

/* MySQL 5.6 says utf8_ where all others say utf8mb3_. */
static bool same_name(const char *ours, const char *theirs)
{
    if (strncmp(theirs, "utf8_", 5) == 0 && strncmp(ours, "utf8mb3_", 8) == 0)
        return strcmp(ours + 8, theirs + 5) == 0;
    return strcmp(ours, theirs) == 0;
}

static void test_names_are_the_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < SERVERS; i++) {
        const struct server *server = &servers[i];

        assert_in_range(server->count, 200, IDS);
        for (uint32_t id = 0; id < IDS; id++) {
            const char *ours = collation_name(id, server->family);

            if (!server->names[id][0])
                continue;
            if (!ours || !same_name(ours, server->names[id]))
                fail_msg("%s: %u is %s, not %s", server->name, id, server->names[id], ours);
            assert_int_equal(collation_id(span_str(server->names[id]), server->family), id);
            assert_true(same_name(charset_of_collation(id).name, server->charsets[id]) ||
                        strcmp(server->charsets[id], "utf8") == 0);
        }
    }
}

static void test_no_other_ids(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < 2 * IDS; id++)
        for (size_t i = 0; i < SERVERS; i += 2) {
            bool known = id < IDS && (servers[i].names[id][0] || servers[i + 1].names[id][0]);

            if (known != (collation_name(id, servers[i].family) != NULL))
                fail_msg("%u, in family of %s: %s", id, servers[i].name, known ? "lacks" : "has");
        }
    assert_null(collation_name(UINT32_MAX, FORMAT_MARIADB));
}

static void test_ids_of_other_spellings(void **state)
{
    (void)state;
    assert_int_equal(collation_id(span_str("UTF8MB4_Bin"), FORMAT_MYSQL), 46);
    assert_int_equal(collation_id(span_str("utf8_general_ci"), FORMAT_MYSQL), 33);
    assert_int_equal(collation_id(span_str("utf8_uca1400_ai_ci"), FORMAT_MARIADB), 2048);
    assert_int_equal(collation_id(span_str("utf8mb4_uca1400_ai_ci"), FORMAT_MYSQL), 0);
    assert_int_equal(collation_id(span_str("utf8mb4_nopad_bin"), FORMAT_MYSQL), 0);
    assert_int_equal(collation_id(span_str(""), FORMAT_MYSQL), 0);
    assert_int_equal(collation_id(span_str("utf8_"), FORMAT_MYSQL), 0);
    assert_int_equal(collation_id(span_of("utf8mb4_bin\0", 12), FORMAT_MYSQL), 0);
    assert_int_equal(collation_id(span_str("utf8mb4_bin_utf8mb4_bin_utf8mb4_bin_utf8mb4_bin_utf8mb4"
                                           "_bin_utf8mb4_bin"),
                                  FORMAT_MYSQL),
                     0);
}

/* Whatever comes, the target has it, in the same character set. */
static void test_the_target_has_it(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < 2 * IDS; id++)
        for (int family = FORMAT_MYSQL; family <= FORMAT_MARIADB; family++)
            for (size_t i = 0; i < SERVERS; i++) {
                const struct server *to = &servers[i];
                uint32_t got = collation_translate(id, (enum format_family)family, to->dialect);

                if (got == 0)
                    continue;
                assert_true(got < IDS);
                if (!to->names[got][0])
                    fail_msg("%u becomes %u: %s lacks it", id, got, to->name);
                assert_string_equal(charset_of_collation(got).name, charset_of_collation(id).name);
            }
}

/* Only what is listed here has no equal. */
static void test_what_has_none(void **state)
{
    (void)state;
    for (uint32_t id = 1; id < IDS; id++)
        for (int to = 0; to < DIALECTS; to++) {
            bool mysql = collation_name(id, FORMAT_MYSQL) != NULL;
            bool mariadb = collation_name(id, FORMAT_MARIADB) != NULL;
            bool alone = id == 76 || (id >= 248 && id <= 250);

            if (mysql && !(alone && to != DIALECT_MYSQL_8))
                assert_int_not_equal(collation_translate(id, FORMAT_MYSQL, (enum dialect)to), 0);
            if (mysql && alone && to != DIALECT_MYSQL_8)
                assert_int_equal(collation_translate(id, FORMAT_MYSQL, (enum dialect)to), 0);
            if (mariadb && to != DIALECT_MARIADB)
                assert_int_not_equal(collation_translate(id, FORMAT_MARIADB, (enum dialect)to), 0);
        }
    assert_int_equal(collation_translate(0, FORMAT_MYSQL, DIALECT_MARIADB), 0);
    assert_int_equal(collation_translate(2304, FORMAT_MYSQL, DIALECT_MARIADB), 0);
    assert_int_equal(collation_translate(UINT32_MAX, FORMAT_MARIADB, DIALECT_MYSQL_8), 0);
}

static void check_pair(const char *from, enum format_family family, enum dialect to,
                       const char *expected)
{
    uint32_t id = collation_id(span_str(from), family);
    uint32_t got = collation_translate(id, family, to);
    const char *name = collation_name(got, dialect_family(to));

    assert_int_not_equal(id, 0);
    if (!name || strcmp(name, expected) != 0)
        fail_msg("%s for %s: %s, not %s", from, dialect_name(to), name, expected);
}

static void test_mysql_to_mariadb(void **state)
{
    static const char *const pairs[][2] = {
        {"latin1_swedish_ci", "latin1_swedish_ci"},
        {"utf8_general_ci", "utf8mb3_general_ci"},
        {"utf8mb4_croatian_ci", "utf8mb4_croatian_mysql561_ci"},
        {"utf8mb4_0900_ai_ci", "utf8mb4_uca1400_nopad_ai_ci"},
        {"utf8mb4_0900_as_ci", "utf8mb4_uca1400_nopad_as_ci"},
        {"utf8mb4_0900_as_cs", "utf8mb4_uca1400_nopad_as_cs"},
        {"utf8mb4_0900_bin", "utf8mb4_nopad_bin"},
        {"utf8mb4_de_pb_0900_ai_ci", "utf8mb4_uca1400_german2_nopad_ai_ci"},
        {"utf8mb4_vi_0900_as_cs", "utf8mb4_uca1400_vietnamese_nopad_as_cs"},
        {"utf8mb4_hr_0900_ai_ci", "utf8mb4_uca1400_croatian_nopad_ai_ci"},
        {"utf8mb4_hu_0900_as_cs", "utf8mb4_uca1400_hungarian_nopad_as_cs"},
        {"utf8mb4_es_trad_0900_ai_ci", "utf8mb4_uca1400_spanish2_nopad_ai_ci"},
        {"utf8mb4_ja_0900_as_cs", "utf8mb4_uca1400_nopad_as_cs"},
        {"utf8mb4_zh_0900_as_cs", "utf8mb4_uca1400_nopad_as_cs"},
        {"utf8mb4_ru_0900_ai_ci", "utf8mb4_uca1400_nopad_ai_ci"},
        {"utf8mb4_nb_0900_ai_ci", "utf8mb4_uca1400_danish_nopad_ai_ci"},
        {"utf8mb4_gl_0900_as_cs", "utf8mb4_uca1400_spanish_nopad_as_cs"},
        {"utf8mb4_bs_0900_ai_ci", "utf8mb4_uca1400_croatian_nopad_ai_ci"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        check_pair(pairs[i][0], FORMAT_MYSQL, DIALECT_MARIADB, pairs[i][1]);
}

/* The aliases of 11.4 are what that server itself says that they are, and 10.11 has those. */
static void test_aliases_of_mariadb(void **state)
{
    (void)state;
    for (uint32_t id = 255; id <= 323; id++)
        if (servers[3].names[id][0])
            assert_int_equal(collation_translate(id, FORMAT_MARIADB, DIALECT_MARIADB),
                             collation_translate(id, FORMAT_MYSQL, DIALECT_MARIADB));
}

static void test_mariadb_to_mysql(void **state)
{
    static const char *const pairs[][3] = {
        {"utf8mb4_uca1400_ai_ci", "utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_ci"},
        {"utf8mb4_uca1400_nopad_ai_ci", "utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_ci"},
        {"utf8mb4_uca1400_as_ci", "utf8mb4_0900_as_ci", "utf8mb4_bin"},
        {"utf8mb4_uca1400_ai_cs", "utf8mb4_0900_as_cs", "utf8mb4_bin"},
        {"utf8mb4_uca1400_as_cs", "utf8mb4_0900_as_cs", "utf8mb4_bin"},
        {"utf8mb4_uca1400_danish_ai_ci", "utf8mb4_da_0900_ai_ci", "utf8mb4_danish_ci"},
        {"utf8mb4_uca1400_danish_as_ci", "utf8mb4_da_0900_as_cs", "utf8mb4_bin"},
        {"utf8mb4_uca1400_vietnamese_ai_ci", "utf8mb4_vi_0900_ai_ci", "utf8mb4_vietnamese_ci"},
        {"utf8mb4_uca1400_croatian_ai_ci", "utf8mb4_hr_0900_ai_ci", "utf8mb4_croatian_ci"},
        {"utf8mb4_uca1400_persian_ai_ci", "utf8mb4_persian_ci", "utf8mb4_persian_ci"},
        {"utf8mb4_uca1400_sinhala_as_cs", "utf8mb4_0900_as_cs", "utf8mb4_bin"},
        {"utf8mb3_uca1400_ai_ci", "utf8mb3_unicode_520_ci", "utf8mb3_unicode_520_ci"},
        {"utf8mb3_uca1400_swedish_ai_ci", "utf8mb3_swedish_ci", "utf8mb3_swedish_ci"},
        {"utf8mb3_uca1400_as_cs", "utf8mb3_bin", "utf8mb3_bin"},
        {"utf32_uca1400_nopad_ai_ci", "utf32_unicode_520_ci", "utf32_unicode_520_ci"},
        {"ucs2_uca1400_croatian_ai_ci", "ucs2_croatian_ci", "ucs2_croatian_ci"},
        {"utf16_uca1400_german2_ai_ci", "utf16_german2_ci", "utf16_german2_ci"},
        {"utf8mb4_nopad_bin", "utf8mb4_0900_bin", "utf8mb4_bin"},
        {"latin1_nopad_bin", "latin1_bin", "latin1_bin"},
        {"utf8mb4_unicode_520_nopad_ci", "utf8mb4_unicode_520_ci", "utf8mb4_unicode_520_ci"},
        {"utf8mb4_croatian_ci", "utf8mb4_croatian_ci", "utf8mb4_croatian_ci"},
        {"utf8mb3_croatian_mysql561_ci", "utf8mb3_croatian_ci", "utf8mb3_croatian_ci"},
        {"utf8mb4_myanmar_ci", "utf8mb4_unicode_520_ci", "utf8mb4_unicode_520_ci"},
        {"utf8mb4_thai_520_w2", "utf8mb4_0900_as_cs", "utf8mb4_bin"},
        {"utf8mb3_general1400_as_ci", "utf8mb3_bin", "utf8mb3_bin"},
        {"utf8mb4_general1400_as_ci", "utf8mb4_0900_as_ci", "utf8mb4_bin"},
        {"utf8mb4_0900_ai_ci", "utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_ci"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        check_pair(pairs[i][0], FORMAT_MARIADB, DIALECT_MYSQL_8, pairs[i][1]);
        check_pair(pairs[i][0], FORMAT_MARIADB, DIALECT_MYSQL_5, pairs[i][2]);
    }
}

/* There and back again it is the same, but for what is listed as nearest. */
static void test_way_back(void **state)
{
    unsigned same = 0;
    unsigned count = 0;

    (void)state;
    for (uint32_t id = 1; id < IDS; id++) {
        uint32_t there = collation_translate(id, FORMAT_MYSQL, DIALECT_MARIADB);

        if (there == 0)
            continue;
        count++;
        same += collation_translate(there, FORMAT_MARIADB, DIALECT_MYSQL_8) == id;
    }
    assert_int_equal(count - same, 19); /* 0900 of ja, ru, zh, nb, nn, sr_latn, bs, bg, gl, mn */
}

static void test_defaults(void **state)
{
    (void)state;
    for (size_t i = 0; i < SERVERS; i++)
        for (uint32_t id = 1; id < IDS; id++) {
            const struct server *server = &servers[i];

            if (!server->is_default[id])
                continue;
            assert_int_equal(
                collation_default(span_str(server->charsets[id]), server->family, server->version),
                id);
        }
    assert_int_equal(collation_default(span_str("UTF8"), FORMAT_MYSQL, 80036), 33);
    assert_int_equal(collation_default(span_str("utf8mb4"), FORMAT_MYSQL, 50744), 45);
    assert_int_equal(collation_default(span_str("utf8mb4"), FORMAT_MARIADB, 110402), 45);
    assert_int_equal(collation_default(span_str("gb18030"), FORMAT_MARIADB, 110402), 0);
    assert_int_equal(collation_default(span_str("utf8mb"), FORMAT_MYSQL, 80036), 0);
    assert_int_equal(collation_default(span_str(""), FORMAT_MYSQL, 80036), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_the_servers),
        cmocka_unit_test(test_no_other_ids),
        cmocka_unit_test(test_ids_of_other_spellings),
        cmocka_unit_test(test_the_target_has_it),
        cmocka_unit_test(test_what_has_none),
        cmocka_unit_test(test_mysql_to_mariadb),
        cmocka_unit_test(test_aliases_of_mariadb),
        cmocka_unit_test(test_mariadb_to_mysql),
        cmocka_unit_test(test_way_back),
        cmocka_unit_test(test_defaults),
    };

    return cmocka_run_group_tests(tests, load_all, NULL);
}
