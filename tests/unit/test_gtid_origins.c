#include "translation/gtid_origins.h"

#include "check.h"

#include "resolver.h"
#include "translation/gtid_exchange.h"

#define A "f4ddd22d-e54e-11f1-8457-02fc00000001"
#define B "a86fe6d8-e54e-11f1-b028-02fc00000001"
#define M "b0ea115d-0000-8000-8000-000000000003"

static void set_of(struct gtid_set *set, const char *text)
{
    struct err err;

    gtid_set_init(set);
    assert_true(gtid_set_parse(span_str(text), set, &err));
}

static void begin_file(struct gtid_origins *origins, const char *executed)
{
    struct gtid_set set;
    struct err err;

    set_of(&set, executed);
    if (!gtid_origins_file(origins, &set, &err))
        fail_msg("%s", err.text);
    gtid_set_done(&set);
}

static void add(struct gtid_origins *origins, const char *uuid, const char *tag, int64_t number)
{
    struct gtid_uuid parsed;
    struct err err;

    assert_true(gtid_uuid_parse(span_str(uuid), &parsed, &err));
    gtid_origins_add(origins, &parsed, span_str(tag), number, 1);
}

static void expect(const struct gtid_origins *origins, uint64_t sequence, const char *text)
{
    struct gtid_origin origin;
    char uuid[GTID_UUID_TEXT + 1];
    char found[200];

    assert_true(gtid_origins_find(origins, sequence, &origin));
    gtid_uuid_print(&origin.uuid, uuid);
    (void)snprintf(found, sizeof found, "%s:%.*s%s%lld", uuid, (int)origin.tag_length, origin.tag,
                   origin.tag_length ? ":" : "", (long long)origin.number);
    assert_string_equal(found, text);
}

static void expect_set(const struct gtid_origins *origins, const char *list_text,
                       const char *set_text)
{
    struct one_domain domain;
    struct gtid_list list;
    struct gtid_set set;
    struct gtid_set wanted;
    struct err err;

    one_domain_init(&domain, origins, 5);
    gtid_list_init(&list);
    set_of(&set, "");
    set_of(&wanted, set_text);
    assert_true(gtid_list_parse(span_str(list_text), &list, &err));
    if (!gtid_resolve_list(&domain.resolver, &list, &set, &err))
        fail_msg("%s: %s", list_text, err.text);
    assert_true(gtid_set_equal(&set, &wanted));
    gtid_list_done(&list);
    gtid_set_done(&set);
    gtid_set_done(&wanted);
}

static void expect_unknown(const struct gtid_origins *origins, const char *list_text)
{
    struct one_domain domain;
    struct gtid_list list;
    struct gtid_set set;
    struct err err;

    one_domain_init(&domain, origins, 5);
    gtid_list_init(&list);
    set_of(&set, A ":77");
    assert_true(gtid_list_parse(span_str(list_text), &list, &err));
    assert_false(gtid_resolve_list(&domain.resolver, &list, &set, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "of domain 5 is not known");
    assert_int_equal(gtid_set_size(&set), 1);
    gtid_list_done(&list);
    gtid_set_done(&set);
}

/* A log of two servers' GTIDs, with a tag, one that came from MariaDB, and a jump of gtid_purged.
 */
static struct gtid_origins *make(void)
{
    struct gtid_origins *origins = gtid_origins_new();

    begin_file(origins, A ":1-10:20," M ":1-4");
    add(origins, A, "", 11); /* 12 */
    add(origins, A, "", 12);
    add(origins, M, "", 9);
    add(origins, B, "", 7);
    add(origins, A, "red", 1); /* 15 */
    add(origins, A, "", 14);
    begin_file(origins, A ":1-12:14:20:red:1," B ":7," M ":1-4:9");
    add(origins, A, "", 15); /* 17 */
    begin_file(origins, A ":1-12:14-15:20:red:1," B ":1-100," M ":1-4:9");
    add(origins, A, "", 16); /* 117 */
    return origins;
}

static void each_number_leads_to_its_gtid(void **state)
{
    struct gtid_origins *origins = make();
    struct gtid_origin origin;

    (void)state;
    expect(origins, 12, A ":11");
    expect(origins, 13, A ":12");
    expect(origins, 14, B ":7");
    expect(origins, 15, A ":red:1");
    expect(origins, 16, A ":14");
    expect(origins, 17, A ":15");
    expect(origins, 117, A ":16");
    assert_false(gtid_origins_find(origins, 0, &origin));
    assert_false(gtid_origins_find(origins, 11, &origin));
    assert_false(gtid_origins_find(origins, 18, &origin));
    assert_false(gtid_origins_find(origins, 116, &origin));
    assert_false(gtid_origins_find(origins, 118, &origin));
    gtid_origins_free(origins);
    gtid_origins_free(NULL);
}

static void a_state_leads_to_the_set_that_was_executed(void **state)
{
    struct gtid_origins *origins = make();

    (void)state;
    expect_set(origins, "", "");
    expect_set(origins, "5-1-11", A ":1-10:20");
    expect_set(origins, "5-1-12", A ":1-11:20");
    expect_set(origins, "5-1-3,5-2-15,0-9-3",
               A ":1-12:20:red:1," B ":7,b0ea115d-0000-8000-8000-000000000009:1-3");
    expect_set(origins, "5-1-17", A ":1-12:14-15:20:red:1," B ":7");
    expect_set(origins, "5-1-116", A ":1-12:14-15:20:red:1," B ":1-100");
    expect_set(origins, "5-1-117", A ":1-12:14-16:20:red:1," B ":1-100");
    expect_unknown(origins, "5-1-10");
    expect_unknown(origins, "5-1-18");
    expect_unknown(origins, "5-1-115");
    expect_unknown(origins, "5-1-118,0-1-1");
    gtid_origins_free(origins);
}

static void another_log_is_refused(void **state)
{
    struct gtid_origins *origins = make();
    struct gtid_set set;
    struct err err;

    (void)state;
    set_of(&set, A ":1-9");
    assert_false(gtid_origins_file(origins, &set, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "117 GTIDs executed or more, found 9");
    expect(origins, 117, A ":16");
    gtid_set_done(&set);
    gtid_origins_free(origins);
}

static void expect_held(const struct gtid_origins *origins, uint64_t first, uint64_t last,
                        const char *text, bool held)
{
    struct gtid_set set;

    set_of(&set, text);
    if (gtid_origins_held(origins, first, last, &set) != held)
        fail_msg("%llu to %llu: %s", (unsigned long long)first, (unsigned long long)last, text);
    gtid_set_done(&set);
}

/* What is known as a set alone is held by who has all of the set. */
static void a_range_is_held_or_not(void **state)
{
    struct gtid_origins *origins = make();

    (void)state;
    expect_held(origins, 12, 12, A ":11", true);
    expect_held(origins, 12, 13, A ":11", false);
    expect_held(origins, 12, 17, A ":11-12:14-15:red:1," B ":7", true);
    expect_held(origins, 12, 17, A ":11-12:14-15," B ":7", false);
    expect_held(origins, 14, 16, A ":14:red:1," B ":7", true);
    expect_held(origins, 1, 11, A ":1-10:20", true);
    expect_held(origins, 5, 5, A ":1-10", false);
    expect_held(origins, 5, 12, A ":1-11:20", true);
    expect_held(origins, 17, 20, A ":15", false);
    expect_held(origins, 17, 20, A ":1-12:14-15:20:red:1," B ":1-100", true);
    expect_held(origins, 116, 117, A ":1-12:14-16:20:red:1," B ":1-100", true);
    expect_held(origins, 117, 118, A ":1-12:14-17:20:red:1," B ":1-100", false);
    gtid_origins_free(origins);
}

static void encode(const struct gtid_origins *origins, struct buf *buf)
{
    buf_init(buf, 1 << 20);
    gtid_origins_encode(buf, origins, span_str("mysql-bin.000004"), 1234);
    assert_true(buf_ok(buf));
}

static void what_is_kept_comes_back(void **state)
{
    struct gtid_origins *origins = make();
    struct gtid_origins *back;
    struct buf first;
    struct buf again;
    struct span name;
    uint64_t offset;
    struct err err;

    (void)state;
    encode(origins, &first);
    assert_true(gtid_origins_decode(buf_span(&first), &back, &name, &offset, &err));
    assert_true(span_eq(name, span_str("mysql-bin.000004")));
    assert_int_equal(offset, 1234);
    encode(back, &again);
    assert_true(span_eq(buf_span(&first), buf_span(&again)));
    expect(back, 15, A ":red:1");
    add(back, A, "", 17);
    expect(back, 118, A ":17");
    expect_set(back, "5-1-118", A ":1-12:14-17:20:red:1," B ":1-100");
    buf_done(&first);
    buf_done(&again);
    gtid_origins_free(origins);
    gtid_origins_free(back);
}

/* Cut at any byte, with any byte changed: nothing comes of it. */
static void what_is_damaged_is_refused(void **state)
{
    struct gtid_origins *origins = make();
    struct gtid_origins *back = NULL;
    struct span name;
    uint64_t offset;
    struct buf buf;
    struct err err;

    (void)state;
    encode(origins, &buf);
    for (size_t i = 0; i < buf.len; i++) {
        assert_false(gtid_origins_decode(span_of(buf.data, i), &back, &name, &offset, &err));
        buf.data[i] ^= 0x40;
        assert_false(gtid_origins_decode(buf_span(&buf), &back, &name, &offset, &err));
        assert_int_equal(err.class, i >= 8 && i < 12 ? E_STATE : E_PROTO);
        buf.data[i] ^= 0x40;
    }
    assert_null(back);
    buf_done(&buf);
    gtid_origins_free(origins);
}

/* Whatever order they come in, each has its own number. */
static void many_in_any_order(void **state)
{
    struct gtid_origins *origins = gtid_origins_new();

    (void)state;
    begin_file(origins, "");
    for (int64_t i = 1; i <= 1000; i++)
        add(origins, i % 3 ? A : B, i % 7 ? "" : "x", i * 5 % 1001);
    for (int64_t i = 1; i <= 1000; i++) {
        char text[200];

        (void)snprintf(text, sizeof text, "%s:%s%lld", i % 3 ? A : B,
                       i % 7 ? "" : "x:", (long long)(i * 5 % 1001));
        expect(origins, (uint64_t)i, text);
    }
    gtid_origins_free(origins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_leads_to_its_gtid),
        cmocka_unit_test(a_state_leads_to_the_set_that_was_executed),
        cmocka_unit_test(another_log_is_refused),
        cmocka_unit_test(a_range_is_held_or_not),
        cmocka_unit_test(what_is_kept_comes_back),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(many_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
