#include "check.h"

#include "wire/login.h"
#include "wire/packet.h"

#define USUAL                                                                                      \
    (CAP_PROTOCOL_41 | CAP_SECURE_CONNECTION | CAP_PLUGIN_AUTH | CAP_CONNECT_WITH_DB |             \
     CAP_CONNECT_ATTRS | CAP_PLUGIN_AUTH_LENENC)

static struct err err;

static void make(struct login *login, struct buf *attributes, uint32_t capabilities)
{
    buf_init(attributes, 200);
    login_write_attribute(attributes, "_os", "Linux");
    login_write_attribute(attributes, "program_name", "test");
    *login = (struct login){.capabilities = capabilities,
                            .max_packet = 1 << 24,
                            .collation = 45,
                            .user = span_str("alice"),
                            .auth_data = span_of("\0\1\2", 3),
                            .database = span_str("shop"),
                            .plugin = span_str("caching_sha2_password"),
                            .attributes = buf_span(attributes),
                            .zstd_level = 7};
}

static void check_same(const struct login *login, bool zstd)
{
    struct span value = {0};

    assert_span_eq(login->user, "alice");
    assert_span_eq(login->auth_data, "\0\1\2");
    assert_span_eq(login->database, "shop");
    assert_span_eq(login->plugin, "caching_sha2_password");
    assert_int_equal(login->collation, 45);
    assert_int_equal(login->zstd_level, zstd ? 7 : 0);
    assert_true(login_attribute(login, "program_name", &value));
    assert_span_eq(value, "test");
    assert_false(login_attribute(login, "program", &value));
}

static void test_round_trip(void **state)
{
    struct login login;
    struct login again;
    struct buf attributes;
    struct buf payload;

    (void)state;
    make(&login, &attributes, USUAL | CAP_ZSTD);
    buf_init(&payload, 1000);
    login_write(&payload, &login);
    assert_true(login_parse(buf_span(&payload), &again, &err));
    check_same(&again, true);
    assert_int_equal(again.max_packet, 1 << 24);
    assert_false(login_is_ssl_request(buf_span(&payload)));
    /* One byte before the length of authentication data without CAP_PLUGIN_AUTH_LENENC. */
    login.capabilities &= ~(uint32_t)CAP_PLUGIN_AUTH_LENENC;
    buf_clear(&payload);
    login_write(&payload, &login);
    assert_true(login_parse(buf_span(&payload), &again, &err));
    check_same(&again, true);
    buf_done(&payload);
    buf_done(&attributes);
}

static void test_change_user(void **state)
{
    struct login login;
    struct login again;
    struct buf attributes;
    struct buf payload;

    (void)state;
    make(&login, &attributes, USUAL);
    buf_init(&payload, 1000);
    login_write_change_user(&payload, &login);
    assert_true(login_parse_change_user(buf_span(&payload), USUAL, &again, &err));
    check_same(&again, false);
    for (size_t len = 0; len < 1 + 6 + 4 + 5; len++)
        assert_false(login_parse_change_user(span_of(payload.data, len), USUAL, &again, &err));
    payload.data[0] = COM_PING;
    assert_false(login_parse_change_user(buf_span(&payload), USUAL, &again, &err));
    buf_done(&payload);
    buf_done(&attributes);
}

static void test_cut(void **state)
{
    struct login login;
    struct login again;
    struct buf attributes;
    struct buf payload;
    size_t least = 32 + sizeof "alice" + 1 + 3;

    (void)state;
    make(&login, &attributes, USUAL);
    buf_init(&payload, 1000);
    login_write(&payload, &login);
    for (size_t len = 0; len < least; len++) {
        assert_false(login_parse(span_of(payload.data, len), &again, &err));
        assert_int_equal(err.class, E_PROTO);
    }
    /* Attributes that say they are longer than the packet. */
    assert_false(login_parse(span_of(payload.data, payload.len - 1), &again, &err));
    buf_done(&payload);
    buf_done(&attributes);
}

static void test_ssl_request(void **state)
{
    struct login login = {.capabilities = USUAL | CAP_SSL, .collation = 45};
    struct buf payload;

    (void)state;
    buf_init(&payload, 100);
    login_write_ssl_request(&payload, &login);
    assert_int_equal(payload.len, 32);
    assert_true(login_is_ssl_request(buf_span(&payload)));
    assert_false(login_is_ssl_request(span_of(payload.data, 31)));
    buf_done(&payload);
}

static void test_old_clients_are_refused(void **state)
{
    uint8_t bytes[60] = {0};
    struct login login;

    (void)state;
    assert_false(login_parse(span_of(bytes, sizeof bytes), &login, &err));
    assert_contains(err.text, "4.1");
    bytes[1] = CAP_PROTOCOL_41 >> 8;
    assert_false(login_parse(span_of(bytes, sizeof bytes), &login, &err));
    assert_int_equal(err.class, E_AUTH);
    assert_int_equal(err.code, 1251);
}

/* Attributes are the client's own words: a pair that is cut ends the list. */
static void test_attributes_that_lie(void **state)
{
    struct login login = {.attributes = span_of("\1a\2b", 4)};
    struct span value;

    (void)state;
    assert_false(login_attribute(&login, "a", &value));
    login.attributes = span_of("\xfe\xff\xff\xff\xff\xff\xff\xff\xff", 9);
    assert_false(login_attribute(&login, "a", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_change_user),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_ssl_request),
        cmocka_unit_test(test_old_clients_are_refused),
        cmocka_unit_test(test_attributes_that_lie),
    };

    return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
