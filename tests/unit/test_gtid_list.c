#include "binlog/gtid_list.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(const struct gtid_list *list, const char *text)
{
    struct buf buf;

    buf_init(&buf, 1000);
    gtid_list_print(&buf, list);
    assert_string_equal(buf_borrow_cstr(&buf), text);
    buf_done(&buf);
}

static void parse(struct gtid_list *list, const char *text)
{
    struct err err;

    gtid_list_init(list);
    assert_true(gtid_list_parse(span_str(text), list, &err));
}

static void lists_are_read_and_printed(void **state)
{
    static const char *const wrong[] = {"0-1",
                                        "0-1-",
                                        "a",
                                        "0-1-2,",
                                        ",",
                                        "0-1-2 0-1-3",
                                        "-1-1-1",
                                        "4294967296-1-1",
                                        "0-1-18446744073709551616",
                                        "0--1-2"};
    struct gtid_list list;
    struct err err;

    (void)state;
    parse(&list, " 0-1-2 , 4294967295-4294967295-18446744073709551615\n");
    expect(&list, "0-1-2,4294967295-4294967295-18446744073709551615");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (gtid_list_parse(span_str(wrong[i]), &list, &err))
            fail_msg("accepted: %s", wrong[i]);
        assert_int_equal(err.class, E_USAGE);
    }
    assert_int_equal(list.count, 2);
    assert_true(gtid_list_parse(span_str(""), &list, &err));
    assert_int_equal(list.count, 0);
    gtid_list_done(&list);
}

static void list_events_come_back(void **state)
{
    struct gtid_list list;
    struct gtid_list decoded;
    struct buf buf;
    struct err err;

    (void)state;
    gtid_list_init(&decoded);
    parse(&list, "0-1-2,0-2-3,7-1-100");
    list.flags = GTID_LIST_FLAG_UNTIL_REACHED;
    buf_init(&buf, 1000);
    gtid_list_encode(&buf, &list);
    assert_int_equal(buf.len, 4 + 3 * 16);
    assert_true(gtid_list_decode(buf_span(&buf), &decoded, &err));
    assert_int_equal(decoded.flags, GTID_LIST_FLAG_UNTIL_REACHED);
    assert_true(gtid_list_equal(&list, &decoded));
    for (size_t n = 0; n < buf.len; n++)
        assert_false(gtid_list_decode(span_of(buf.data, n), &decoded, &err));
    buf_u8(&buf, 0);
    assert_false(gtid_list_decode(buf_span(&buf), &decoded, &err));
    expect(&decoded, "0-1-2,0-2-3,7-1-100");
    buf_done(&buf);
    gtid_list_done(&list);
    gtid_list_done(&decoded);
}

/* As the first file of a server has it. */
static void an_empty_list_has_padding(void **state)
{
    static const uint8_t bytes[] = {0, 0, 0, 0, 0, 0, 0};
    struct gtid_list list;
    struct buf buf;
    struct err err;

    (void)state;
    gtid_list_init(&list);
    buf_init(&buf, 100);
    assert_true(gtid_list_decode(span_of(bytes, 6), &list, &err));
    assert_int_equal(list.count, 0);
    gtid_list_encode(&buf, &list);
    assert_true(span_eq(buf_span(&buf), span_of(bytes, 6)));
    assert_true(gtid_list_decode(span_of(bytes, 4), &list, &err));
    assert_false(gtid_list_decode(span_of(bytes, 5), &list, &err));
    assert_false(gtid_list_decode(span_of(bytes, 7), &list, &err));
    assert_false(gtid_list_decode(span_of("\0\0\0\0\0\1", 6), &list, &err));
    buf_done(&buf);
    gtid_list_done(&list);
}

static void positions_and_states(void **state)
{
    struct gtid_list list;
    struct gtid_list other;

    (void)state;
    parse(&list, "0-1-5,7-1-100");
    gtid_list_set_position(&list, (struct gtid_mariadb){6, 0, 2});
    gtid_list_set_position(&list, (struct gtid_mariadb){1, 3, 3});
    expect(&list, "0-2-6,7-1-100,3-3-1");
    assert_true(gtid_list_reached(&list, (struct gtid_mariadb){6, 0, 9}));
    assert_false(gtid_list_reached(&list, (struct gtid_mariadb){7, 0, 2}));
    assert_false(gtid_list_reached(&list, (struct gtid_mariadb){1, 1, 1}));
    assert_null(gtid_list_find(&list, 1));

    parse(&other, "7-5-90,0-9-9,8-1-1");
    assert_false(gtid_list_contains(&list, &other));
    gtid_list_union(&list, &other);
    expect(&list, "0-9-9,7-1-100,3-3-1,8-1-1");
    assert_true(gtid_list_contains(&list, &other));
    assert_false(gtid_list_equal(&list, &other));
    gtid_list_subtract(&list, &other);
    expect(&list, "7-1-100,3-3-1");
    gtid_list_subtract(&list, &list);
    expect(&list, "");
    assert_null(gtid_list_find(&list, 7));
    assert_true(gtid_list_contains(&other, &list));
    gtid_list_done(&list);
    gtid_list_done(&other);

    parse(&list, "0-1-5,0-2-3,7-1-100");
    gtid_list_set_state(&list, (struct gtid_mariadb){8, 0, 1});
    expect(&list, "0-2-3,0-1-8,7-1-100");
    gtid_list_set_state(&list, (struct gtid_mariadb){9, 0, 3});
    expect(&list, "0-2-3,0-1-8,7-1-100,0-3-9");
    gtid_list_set_state(&list, (struct gtid_mariadb){1, 1, 1});
    expect(&list, "0-2-3,0-1-8,7-1-100,0-3-9,1-1-1");
    gtid_list_set_state(&list, (struct gtid_mariadb){101, 7, 1});
    expect(&list, "0-2-3,0-1-8,7-1-101,0-3-9,1-1-1");
    assert_int_equal(gtid_list_find(&list, 0)->server_id, 3);
    parse(&other, "1-1-1,7-1-101,0-2-3,0-1-8,0-3-9");
    assert_true(gtid_list_equal(&list, &other));
    assert_true(gtid_list_holds(&list, (struct gtid_mariadb){8, 0, 1}));
    assert_false(gtid_list_holds(&list, (struct gtid_mariadb){9, 0, 1})); /* server 3 wrote it */
    assert_false(gtid_list_holds(&list, (struct gtid_mariadb){1, 0, 4}));
    assert_int_equal(gtid_list_find_server(&list, 0, 2)->sequence, 3);
    assert_null(gtid_list_find_server(&list, 7, 2));
    gtid_list_set_state(&other, (struct gtid_mariadb){3, 0, 2});
    assert_false(gtid_list_equal(&list, &other)); /* same entries, another latest */
    gtid_list_done(&list);
    gtid_list_done(&other);
}

/* Numbers that look random and are the same in each run. */
static uint32_t next_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A position keeps no trace of the servers that wrote before, and a state does. */
static void many_settings_keep_the_indexes_right(void **state)
{
    struct gtid_list position;
    struct gtid_list states;
    uint64_t latest[8] = {0};
    uint64_t sequences[8][8] = {{0}};
    uint32_t seed = 1;

    (void)state;
    gtid_list_init(&position);
    gtid_list_init(&states);
    for (uint64_t n = 1; n <= 20000; n++) {
        uint32_t domain = next_number(&seed) % 8;
        uint32_t server = next_number(&seed) % 8;
        struct gtid_mariadb gtid = {n, domain, server};

        gtid_list_set_position(&position, gtid);
        gtid_list_set_state(&states, gtid);
        latest[domain] = n;
        sequences[domain][server] = n;
        assert_ptr_equal(gtid_list_find(&position, domain),
                         gtid_list_find_server(&position, domain, server));
        assert_int_equal(gtid_list_find(&states, domain)->server_id, server);
    }
    assert_int_equal(position.count, 8);
    assert_int_equal(states.count, 64);
    for (uint32_t domain = 0; domain < 8; domain++) {
        assert_int_equal(gtid_list_find(&position, domain)->sequence, latest[domain]);
        assert_int_equal(gtid_list_find(&states, domain)->sequence, latest[domain]);
        for (uint32_t server = 0; server < 8; server++)
            assert_int_equal(gtid_list_find_server(&states, domain, server)->sequence,
                             sequences[domain][server]);
    }
    gtid_list_done(&position);
    gtid_list_done(&states);
}

/* What takes time in proportion to the square of the length does not end here. */
static void lists_may_be_long(void **state)
{
    enum { LENGTH = 200000 };
    struct gtid_list list;
    struct gtid_list other;
    struct gtid_list decoded;
    struct buf buf;
    struct err err;

    (void)state;
    gtid_list_init(&list);
    gtid_list_init(&other);
    gtid_list_init(&decoded);
    for (uint32_t round = 1; round <= 3; round++) {
        for (uint32_t i = 0; i < LENGTH; i++) {
            gtid_list_set_state(&list, (struct gtid_mariadb){round, 0, i});
            gtid_list_set_position(&other, (struct gtid_mariadb){round, i, round});
        }
    }
    assert_int_equal(list.count, LENGTH);
    assert_int_equal(other.count, LENGTH);
    assert_int_equal(gtid_list_find(&list, 0)->server_id, LENGTH - 1);
    assert_true(gtid_list_equal(&list, &list));
    assert_true(gtid_list_contains(&other, &other));
    buf_init(&buf, 16 * LENGTH + 4);
    gtid_list_encode(&buf, &list);
    assert_true(gtid_list_decode(buf_span(&buf), &decoded, &err));
    assert_true(gtid_list_equal(&list, &decoded));
    gtid_list_set_state(&decoded, (struct gtid_mariadb){3, 0, 0});
    assert_false(gtid_list_equal(&list, &decoded));
    gtid_list_union(&decoded, &other);
    assert_int_equal(decoded.count, 2 * LENGTH - 1);
    gtid_list_subtract(&decoded, &other);
    assert_int_equal(decoded.count, 0);
    buf_done(&buf);
    gtid_list_done(&list);
    gtid_list_done(&other);
    gtid_list_done(&decoded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_read_and_printed),
        cmocka_unit_test(list_events_come_back),
        cmocka_unit_test(an_empty_list_has_padding),
        cmocka_unit_test(positions_and_states),
        cmocka_unit_test(many_settings_keep_the_indexes_right),
        cmocka_unit_test(lists_may_be_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
