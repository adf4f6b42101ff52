#include "translation/gtid_exchange.h"

#include "check.h"

static void there_and_back(uint32_t domain, uint32_t server_id, const char *text)
{
    struct gtid_uuid uuid;
    char printed[GTID_UUID_TEXT + 1];
    uint32_t domain_again;
    uint32_t server_again;

    gtid_uuid_of_domain(domain, server_id, &uuid);
    gtid_uuid_print(&uuid, printed);
    assert_string_equal(printed, text);
    assert_true(gtid_uuid_to_domain(&uuid, &domain_again, &server_again));
    assert_int_equal(domain_again, domain);
    assert_int_equal(server_again, server_id);
}

static void a_uuid_leads_back_to_its_domain(void **state)
{
    (void)state;
    there_and_back(0, 1, "b0ea115d-0000-8000-8000-000000000001");
    there_and_back(7, 101, "b0ea115d-0000-8000-8700-000000000065");
    there_and_back(0x12345678, 0x9abcdef0, "b0ea115d-1234-8567-8800-00009abcdef0");
    there_and_back(UINT32_MAX, UINT32_MAX, "b0ea115d-ffff-8fff-8f00-0000ffffffff");
}

static void others_were_not_made_here(void **state)
{
    static const char *const others[] = {
        "b0ea115e-0000-8000-8000-000000000001", "b0ea115d-0000-4000-8000-000000000001",
        "b0ea115d-0000-8000-9000-000000000001", "b0ea115d-0000-8000-8001-000000000001",
        "b0ea115d-0000-8000-8000-000100000001", "f4ddd22d-e54e-11f1-8457-02fc00000001",
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct gtid_uuid uuid;
        uint32_t domain = 5;
        uint32_t server_id = 6;
        struct err err;

        assert_true(gtid_uuid_parse(span_str(others[i]), &uuid, &err));
        assert_false(gtid_uuid_to_domain(&uuid, &domain, &server_id));
        assert_int_equal(domain, 5);
        assert_int_equal(server_id, 6);
    }
}

static void a_place_is_greater_in_every_later_file(void **state)
{
    (void)state;
    assert_true(gtid_sequence_of_place(1, 4) == (UINT64_C(1) << 40) + 4);
    assert_true(gtid_sequence_of_place(7, UINT64_C(1) << 39) < gtid_sequence_of_place(8, 4));
}

static void expect_list(const char *set_text, uint64_t sequence, const char *list_text)
{
    struct gtid_set set;
    struct gtid_list list;
    struct buf text;
    struct err err;

    gtid_set_init(&set);
    gtid_list_init(&list);
    gtid_list_append(&list, (struct gtid_mariadb){9, 9, 9}); /* is replaced */
    buf_init(&text, 1000);
    assert_true(gtid_set_parse(span_str(set_text), &set, &err));
    assert_true(gtid_sequence_of_set(&set) == sequence);
    gtid_set_to_list(&set, 5, 1, &list);
    gtid_list_print(&text, &list);
    assert_string_equal(buf_borrow_cstr(&text), list_text);
    buf_done(&text);
    gtid_list_done(&list);
    gtid_set_done(&set);
}

static void a_set_is_one_domain_and_those_that_came_from_others(void **state)
{
    (void)state;
    expect_list("", 0, "");
    expect_list("f4ddd22d-e54e-11f1-8457-02fc00000001:1-7", 7, "5-1-7");
    expect_list("f4ddd22d-e54e-11f1-8457-02fc00000001:2-7:9:red:1-5", 12, "5-1-12");
    expect_list("b0ea115d-0000-8000-8000-000000000001:1-9:12", 0, "0-1-12");
    /* The domain's latest is the greatest, whichever server it is of. */
    expect_list("b0ea115d-0000-8000-8000-000000000001:1-90,"
                "b0ea115d-0000-8000-8000-000000000002:1-12,"
                "f4ddd22d-e54e-11f1-8457-02fc00000001:1-3",
                3, "0-2-12,0-1-90,5-1-3");
    /* What came from this very domain is its, too. */
    expect_list("b0ea115d-0000-8000-8500-000000000001:4,f4ddd22d-e54e-11f1-8457-02fc00000001:1-3",
                3, "5-1-4");
}

static void a_state_is_all_numbers_up_to_its_own(void **state)
{
    struct gtid_set set;
    struct gtid_list list;
    struct buf text;
    struct err err;

    (void)state;
    gtid_set_init(&set);
    gtid_list_init(&list);
    buf_init(&text, 1000);
    assert_true(gtid_list_parse(span_str("0-1-5,0-2-7,3-1-1"), &list, &err));
    assert_true(gtid_list_to_set(&list, &set, &err));
    gtid_set_print(&text, &set);
    assert_string_equal(buf_borrow_cstr(&text), "b0ea115d-0000-8000-8000-000000000001:1-5,"
                                                "b0ea115d-0000-8000-8000-000000000002:1-7,"
                                                "b0ea115d-0000-8000-8300-000000000001:1");
    assert_true(gtid_list_parse(span_str("0-1-9223372036854775807"), &list, &err));
    assert_false(gtid_list_to_set(&list, &set, &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_contains(err.text, "0-1-9223372036854775807");
    assert_int_equal(set.count, 3);
    buf_done(&text);
    gtid_list_done(&list);
    gtid_set_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uuid_leads_back_to_its_domain),
        cmocka_unit_test(others_were_not_made_here),
        cmocka_unit_test(a_place_is_greater_in_every_later_file),
        cmocka_unit_test(a_set_is_one_domain_and_those_that_came_from_others),
        cmocka_unit_test(a_state_is_all_numbers_up_to_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
