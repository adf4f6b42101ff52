#include "binlog/gtid_mariadb.h"

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

static void events_with_every_flag_come_back(void **state)
{
    struct buf buf;
    struct buf again;

    (void)state;
    buf_init(&buf, 1000);
    buf_init(&again, 1000);
    for (unsigned flags = 0; flags < 256; flags++) {
        for (unsigned extra = 0; extra < 32; extra++) {
            struct gtid_mariadb_event event = {
                .sequence = 1000000000001,
                .domain = 7,
                .flags = (uint8_t)flags,
                .commit_id = 99,
                .xa = {1, span_str("gtrid"), span_str("b")},
                .has_extra = true,
                .extra_flags = (uint8_t)extra,
                .extra_engines = 2,
                .alter_sequence = 55,
                .thread_id = 1234567,
                .padding = span_of("\0\0\0", 3),
            };
            struct gtid_mariadb_event decoded;
            struct err err;

            buf_clear(&buf);
            buf_clear(&again);
            gtid_mariadb_encode(&buf, &event);
            assert_true(gtid_mariadb_decode(buf_span(&buf), &decoded, &err));
            assert_int_equal(decoded.sequence, event.sequence);
            assert_int_equal(decoded.extra_flags, extra);
            assert_int_equal(decoded.padding.len, 3);
            gtid_mariadb_encode(&again, &decoded);
            assert_true(span_eq(buf_span(&buf), buf_span(&again)));
            for (size_t n = 0; n < 13; n++)
                assert_false(gtid_mariadb_decode(span_of(buf.data, n), &decoded, &err));
        }
    }
    buf_done(&buf);
    buf_done(&again);
}

static void a_long_xa_name_is_refused(void **state)
{
    struct gtid_mariadb_event event = {.flags = GTID_MARIADB_PREPARED_XA};
    struct gtid_mariadb_event decoded;
    uint8_t name[65] = {0};
    struct buf buf;
    struct err err;

    (void)state;
    event.xa.gtrid = span_of(name, sizeof name);
    buf_init(&buf, 1000);
    gtid_mariadb_encode(&buf, &event);
    assert_false(gtid_mariadb_decode(buf_span(&buf), &decoded, &err));
    assert_non_null(strstr(err.text, "65"));
    buf_done(&buf);
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
    gtid_list_done(&list);
    gtid_list_done(&other);

    parse(&list, "0-1-5,0-2-3,7-1-100");
    gtid_list_set_state(&list, (struct gtid_mariadb){8, 0, 1});
    expect(&list, "0-2-3,0-1-8,7-1-100");
    gtid_list_set_state(&list, (struct gtid_mariadb){9, 0, 3});
    expect(&list, "0-2-3,0-1-8,0-3-9,7-1-100");
    gtid_list_set_state(&list, (struct gtid_mariadb){1, 1, 1});
    expect(&list, "0-2-3,0-1-8,0-3-9,7-1-100,1-1-1");
    gtid_list_set_state(&list, (struct gtid_mariadb){101, 7, 1});
    expect(&list, "0-2-3,0-1-8,0-3-9,7-1-101,1-1-1");
    assert_int_equal(gtid_list_find(&list, 0)->server_id, 3);
    parse(&other, "1-1-1,7-1-101,0-2-3,0-1-8,0-3-9");
    assert_true(gtid_list_equal(&list, &other));
    gtid_list_set_state(&other, (struct gtid_mariadb){3, 0, 2});
    assert_false(gtid_list_equal(&list, &other)); /* same entries, another latest */
    gtid_list_done(&list);
    gtid_list_done(&other);
}

/* As the head of a new server's first file: two zero bytes follow the count. */
static void test_an_empty_list(void **state)
{
    static const uint8_t body[] = {0, 0, 0, 0, 0, 0};
    struct gtid_list list;
    struct err err = {0};
    struct buf buf;

    (void)state;
    gtid_list_init(&list);
    if (!gtid_list_decode(span_of(body, sizeof body), &list, &err))
        fail_msg("%s", err.text);
    assert_int_equal(list.count, 0);
    buf_init(&buf, 64);
    gtid_list_encode(&buf, &list);
    assert_true(span_eq(buf_span(&buf), span_of(body, sizeof body)));
    assert_false(gtid_list_decode(span_of(body, 5), &list, &err));
    buf_done(&buf);
    gtid_list_done(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_with_every_flag_come_back),
        cmocka_unit_test(a_long_xa_name_is_refused),
        cmocka_unit_test(lists_are_read_and_printed),
        cmocka_unit_test(list_events_come_back),
        cmocka_unit_test(positions_and_states),
        cmocka_unit_test(test_an_empty_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
