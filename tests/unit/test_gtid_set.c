#include "binlog/gtid_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define A "aaaaaaaa-0000-0000-0000-000000000001"
#define B "bbbbbbbb-0000-0000-0000-000000000002"

static void parse(struct gtid_set *set, const char *text)
{
    struct err err;

    gtid_set_init(set);
    if (!gtid_set_parse(span_str(text), set, &err))
        fail_msg("%s: %s", text, err.text);
}

static void expect(const struct gtid_set *set, const char *text)
{
    struct buf buf;

    buf_init(&buf, 1 << 20);
    gtid_set_print(&buf, set);
    assert_string_equal(buf_borrow_cstr(&buf), text);
    buf_done(&buf);
}

static void text_is_read_and_printed_in_the_servers_form(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"", ""},
        {" , ,", ""},
        {A ":1", A ":1"},
        {A ":1-3:5", A ":1-3:5"},
        {A ":5:1-3", A ":1-3:5"},
        {A ":1-3:4-5:2", A ":1-5"},
        {A ":3-1", ""},
        {A ":7,\n" B ":1-2 , " A ":8", A ":7-8," B ":1-2"},
        {"AAAAAAAA-0000-0000-0000-000000000001 : 1 - 3", A ":1-3"},
        {"{aaaaaaaa-0000-0000-0000-000000000001}:1", A ":1"},
        {"aaaaaaaa000000000000000000000001:1", A ":1"},
        {A ":tag:1-2:Other_1:3", A ":other_1:3:tag:1-2"},
        {A ":1:tag:2:4," A ":tag:3", A ":1:tag:2-4"},
        {B ":1," A ":x:1", A ":x:1," B ":1"},
        {A ":9223372036854775806", A ":9223372036854775806"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gtid_set set;

        parse(&set, cases[i].in);
        expect(&set, cases[i].out);
        gtid_set_done(&set);
    }
}

static void wrong_text_is_refused(void **state)
{
    static const char *const cases[] = {
        "x",
        A,
        A ":0",
        A ":1-",
        A ":-1",
        A ":1-2-3",
        A ":9223372036854775807",
        A ":1x",
        A ":t-g:1",
        ":1",
        A ":1:9tag:1",
        A ":this_tag_has_more_than_32_characters:1",
        "aaaaaaaa-0000-0000-0000-00000000000:1",
        "gaaaaaaa-0000-0000-0000-000000000001:1",
        "{aaaaaaaa-0000-0000-0000-000000000001:1",
        A ":99999999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gtid_set set;
        struct err err;

        parse(&set, B ":1");
        if (gtid_set_parse(span_str(cases[i]), &set, &err))
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(err.class, E_USAGE);
        expect(&set, B ":1"); /* untouched */
        gtid_set_done(&set);
    }
}

static void bytes_are_as_documented(void **state)
{
    static const uint8_t classic[] = {
        1, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xaa, 0xaa, 0xaa, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
        1, 0, 0, 0, 0, 0, 0, 0, 1,    0,    0,    0,    0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,
    };
    static const uint8_t tagged[] = {
        1, 1, 0, 0, 0, 0, 0, 1, 0xaa, 0xaa, 0xaa, 0xaa, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 1, 4, 'h',  'i',  1,    0,    0, 0, 0, 0, 0,
        0, 1, 0, 0, 0, 0, 0, 0, 0,    4,    0,    0,    0, 0, 0, 0, 0,
    };
    struct gtid_set set;
    struct gtid_set back;
    struct buf buf;
    struct err err;

    (void)state;
    buf_init(&buf, 1000);
    gtid_set_init(&back);
    parse(&set, A ":1-3");
    gtid_set_encode(&buf, &set);
    assert_true(span_eq(buf_span(&buf), span_of(classic, sizeof classic)));
    gtid_set_done(&set);
    buf_clear(&buf);
    parse(&set, A ":hi:1-3");
    gtid_set_encode(&buf, &set);
    assert_true(span_eq(buf_span(&buf), span_of(tagged, sizeof tagged)));
    assert_true(gtid_set_decode(buf_span(&buf), &back, &err));
    assert_true(gtid_set_equal(&set, &back));

    for (size_t n = 0; n < sizeof tagged; n++)
        assert_false(gtid_set_decode(span_of(tagged, n), &back, &err));
    assert_true(gtid_set_equal(&set, &back));
    buf_u8(&buf, 0);
    assert_false(gtid_set_decode(buf_span(&buf), &back, &err)); /* a byte too many */
    gtid_set_done(&set);
    gtid_set_done(&back);
    buf_done(&buf);
}

static void wrong_bytes_are_refused_before_memory_is_taken(void **state)
{
    struct gtid_set set;
    struct buf buf;
    struct err err;

    (void)state;
    gtid_set_init(&set);
    buf_init(&buf, 1000);
    buf_u64(&buf, UINT64_C(0x00ffffffffffffff)); /* entries */
    buf_reserve(&buf, 100);
    assert_false(gtid_set_decode(buf_span(&buf), &set, &err));
    buf_clear(&buf);
    buf_u64(&buf, 1);
    buf_reserve(&buf, 16);
    buf_u64(&buf, UINT64_MAX / 16); /* intervals */
    buf_reserve(&buf, 100);
    assert_false(gtid_set_decode(buf_span(&buf), &set, &err));
    for (int64_t first = -1; first < 3; first++) { /* intervals that end where they begin */
        buf_clear(&buf);
        buf_u64(&buf, 1);
        buf_reserve(&buf, 16);
        buf_u64(&buf, 1);
        buf_u64(&buf, (uint64_t)first);
        buf_u64(&buf, (uint64_t)first);
        assert_false(gtid_set_decode(buf_span(&buf), &set, &err));
        assert_int_equal(err.class, E_PROTO);
    }
    buf_done(&buf);
    gtid_set_done(&set);
}

static void operations(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        const char *both;
        const char *minus;
        const char *common;
        bool contains;
    } cases[] = {
        {"", "", "", "", "", true},
        {A ":1-10", "", A ":1-10", A ":1-10", "", true},
        {"", A ":1", A ":1", "", "", false},
        {A ":1-10", A ":3-4:7", A ":1-10", A ":1-2:5-6:8-10", A ":3-4:7", true},
        {A ":1-5", A ":4-9", A ":1-9", A ":1-3", A ":4-5", false},
        {A ":1-3", A ":4-6", A ":1-6", A ":1-3", "", false},
        {A ":1:3:5", A ":2:4", A ":1-5", A ":1:3:5", "", false},
        {A ":1-3:5-7:9", A ":1-9", A ":1-9", "", A ":1-3:5-7:9", false},
        {A ":1-3:5-7", A ":3-5", A ":1-7", A ":1-2:6-7", A ":3:5", false},
        {A ":1," B ":1", B ":1", A ":1," B ":1", A ":1", B ":1", true},
        {A ":1", A ":t:1", A ":1:t:1", A ":1", "", false},
        {A ":t:1-3", A ":t:2", A ":t:1-3", A ":t:1:3", A ":t:2", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gtid_set a;
        struct gtid_set b;
        struct gtid_set work;

        parse(&a, cases[i].a);
        parse(&b, cases[i].b);
        gtid_set_init(&work);
        gtid_set_copy(&work, &a);
        gtid_set_union(&work, &b);
        expect(&work, cases[i].both);
        gtid_set_copy(&work, &a);
        gtid_set_subtract(&work, &b);
        expect(&work, cases[i].minus);
        gtid_set_copy(&work, &a);
        gtid_set_intersect(&work, &b);
        expect(&work, cases[i].common);
        assert_int_equal(gtid_set_contains(&a, &b), cases[i].contains);
        assert_true(gtid_set_contains(&a, &a));
        gtid_set_subtract(&work, &work);
        assert_true(gtid_set_is_empty(&work));
        gtid_set_done(&a);
        gtid_set_done(&b);
        gtid_set_done(&work);
    }
}

#define RANGE 200

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void from_model(struct gtid_set *set, const bool model[RANGE], const struct gtid_uuid *uuid)
{
    gtid_set_clear(set);
    for (int i = RANGE - 1; i >= 0; i--) {
        if (model[i])
            gtid_set_add(set, uuid, (struct span){0}, i + 1, i + 1);
    }
}

static void same(const struct gtid_set *set, const bool model[RANGE], const struct gtid_uuid *uuid)
{
    uint64_t size = 0;

    for (int i = 0; i < RANGE; i++) {
        assert_int_equal(gtid_set_has(set, uuid, (struct span){0}, i + 1), model[i]);
        for (int last = i, all = true; last < i + 5 && last < RANGE; last++) {
            all &= model[last];
            assert_int_equal(gtid_set_has_range(set, uuid, (struct span){0}, i + 1, last + 1), all);
        }
        size += model[i];
    }
    assert_int_equal(gtid_set_size(set), size);
}

static void random_sets_agree_with_a_table_of_booleans(void **state)
{
    struct gtid_uuid uuid = {{1}};
    uint32_t seed = 20261121;

    (void)state;
    for (int round = 0; round < 500; round++) {
        bool left[RANGE] = {0};
        bool right[RANGE] = {0};
        bool model[RANGE];
        struct gtid_set a = {0};
        struct gtid_set b = {0};
        struct gtid_set work = {0};
        bool inside = true;

        for (int i = 0; i < 12; i++) {
            int64_t first = next_random(&seed) % RANGE;
            int64_t last = first + next_random(&seed) % 20;
            bool *into = i % 2 ? left : right;

            if (last >= RANGE)
                last = RANGE - 1;
            gtid_set_add(i % 2 ? &a : &b, &uuid, (struct span){0}, first + 1, last + 1);
            for (int64_t j = first; j <= last; j++)
                into[j] = true;
        }
        same(&a, left, &uuid);
        from_model(&work, left, &uuid);
        assert_true(gtid_set_equal(&a, &work));
        for (int i = 0; i < RANGE; i++) {
            model[i] = left[i] || right[i];
            inside &= left[i] || !right[i];
        }
        gtid_set_union(&work, &b);
        same(&work, model, &uuid);
        assert_int_equal(gtid_set_contains(&a, &b), inside);
        for (int i = 0; i < RANGE; i++)
            model[i] = left[i] && !right[i];
        gtid_set_copy(&work, &a);
        gtid_set_subtract(&work, &b);
        same(&work, model, &uuid);
        gtid_set_done(&a);
        gtid_set_done(&b);
        gtid_set_done(&work);
    }
}

/* The fields of a line of tests/data/binlog/mysql-9.7/gtid-sets.txt, which record.py describes. */
static void compare_with_server(char *line)
{
    char *fields[5];
    struct gtid_set a;
    struct gtid_set b;

    line[strcspn(line, "\n")] = 0;
    for (size_t i = 0; i < 5; i++) {
        fields[i] = strsep(&line, "\t");
        assert_non_null(fields[i]);
    }
    parse(&a, fields[0]);
    parse(&b, fields[1]);
    expect(&a, fields[2]);
    assert_int_equal(gtid_set_contains(&b, &a), fields[4][0] == '1');
    gtid_set_subtract(&a, &b);
    expect(&a, fields[3]);
    gtid_set_done(&a);
    gtid_set_done(&b);
}

static void a_real_server_agrees(void **state)
{
    FILE *file = fopen("tests/data/binlog/mysql-9.7/gtid-sets.txt", "r");
    char line[4096];
    size_t lines = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        compare_with_server(line);
        lines++;
    }
    (void)fclose(file);
    assert_int_equal(lines, 300);
}

/* What takes time in proportion to the square of the length would pass the suite's budget. */
static void a_hundred_thousand_intervals_are_no_trouble(void **state)
{
    struct gtid_uuid uuid = {{1}};
    struct gtid_set odd = {0};
    struct gtid_set even = {0};
    struct gtid_set all = {0};
    struct gtid_set back = {0};
    struct buf text;
    struct err err;

    (void)state;
    for (int64_t i = 0; i < 100000; i++) {
        gtid_set_add(&odd, &uuid, (struct span){0}, 4 * i + 1, 4 * i + 1);
        gtid_set_add(&even, &uuid, (struct span){0}, 4 * i + 3, 4 * i + 3);
    }
    gtid_set_copy(&all, &odd);
    gtid_set_union(&all, &even);
    assert_int_equal(all.sources[0].count, 200000);
    assert_true(gtid_set_contains(&all, &odd));
    assert_false(gtid_set_contains(&odd, &all));
    buf_init(&text, 1 << 24);
    gtid_set_print(&text, &all);
    assert_true(gtid_set_parse(buf_span(&text), &back, &err));
    assert_true(gtid_set_equal(&all, &back));
    gtid_set_subtract(&back, &even);
    assert_true(gtid_set_equal(&back, &odd));
    gtid_set_copy(&back, &all);
    gtid_set_intersect(&back, &odd);
    assert_true(gtid_set_equal(&back, &odd));
    for (int64_t i = 0; i < 100000; i++)
        assert_int_equal(gtid_set_has(&back, &uuid, (struct span){0}, 2 * i + 1), i % 2 == 0);
    buf_clear(&text);
    gtid_set_encode(&text, &all);
    assert_true(gtid_set_decode(buf_span(&text), &back, &err));
    assert_true(gtid_set_equal(&all, &back));
    buf_done(&text);
    gtid_set_done(&odd);
    gtid_set_done(&even);
    gtid_set_done(&all);
    gtid_set_done(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read_and_printed_in_the_servers_form),
        cmocka_unit_test(wrong_text_is_refused),
        cmocka_unit_test(bytes_are_as_documented),
        cmocka_unit_test(wrong_bytes_are_refused_before_memory_is_taken),
        cmocka_unit_test(operations),
        cmocka_unit_test(random_sets_agree_with_a_table_of_booleans),
        cmocka_unit_test(a_real_server_agrees),
        cmocka_unit_test(a_hundred_thousand_intervals_are_no_trouble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
