/* auth_client and auth_server: each against packets, and both against each other. */
#include "check.h"

#include "wire/auth_client.h"
#include "wire/auth_proof.h"
#include "wire/auth_server.h"

static struct err err;

struct talk {
    struct auth_client *client;
    struct buf reply;
    enum auth_step step;
};

/* A client that has answered a greeting of that plugin. */
static void begin(struct talk *talk, const char *plugin, struct auth_client_spec spec)
{
    struct greeting greeting = {.plugin = span_str(plugin), .scramble_len = 20};
    const char *named = NULL;

    memcpy(greeting.scramble, "abcdefghijklmnopqrst", 20);
    if (!spec.password.data)
        spec.password = span_str("SeCrEt");
    talk->client = auth_client_new(&spec);
    buf_init(&talk->reply, 2000);
    assert_true(auth_client_start(talk->client, &greeting, &talk->reply, &named, &err));
}

static bool take(struct talk *talk, const char *bytes, size_t len)
{
    buf_clear(&talk->reply);
    return auth_client_take(talk->client, span_of(bytes, len), &talk->reply, &talk->step, &err);
}

static void end(struct talk *talk)
{
    assert_null(strstr(err.text, "SeCrEt"));
    auth_client_free(talk->client);
    buf_done(&talk->reply);
}

#define SWITCH(plugin)    "\xfe" plugin "\0abcdefghijklmnopqrst"
#define TAKE(talk, bytes) take(talk, bytes, sizeof(bytes) - 1)
/* With the NUL that a literal ends with, as the scramble does. */
#define TAKE_NUL(talk, bytes) take(talk, bytes, sizeof(bytes))

static void refuses(struct talk *talk, const char *bytes, size_t len, enum err_class class)
{
    assert_false(take(talk, bytes, len));
    assert_int_equal(err.class, class);
    /* And gives nothing away with it. */
    for (size_t i = 0; i + 6 <= talk->reply.len; i++)
        assert_memory_not_equal(talk->reply.data + i, "SeCrEt", 6);
}

static void test_the_password_stays_here_without_tls(void **state)
{
    struct talk talk;

    (void)state;
    begin(&talk, "caching_sha2_password", (struct auth_client_spec){0});
    assert_int_equal(talk.reply.len, 32);
    refuses(&talk, "\1\4", 2, E_AUTH);
    assert_contains(err.text, "use TLS");
    end(&talk);
    begin(&talk, "mysql_native_password", (struct auth_client_spec){0});
    assert_int_equal(talk.reply.len, 20);
    refuses(&talk, SWITCH("sha256_password"), sizeof SWITCH("sha256_password"), E_AUTH);
    end(&talk);
    for (int allow = 0; allow < 2; allow++) {
        begin(&talk, "mysql_native_password", (struct auth_client_spec){.allow_clear = allow});
        refuses(&talk, "\xfemysql_clear_password", 22, E_AUTH);
        end(&talk);
    }
    /* Secure is not enough for mysql_clear_password. */
    begin(&talk, "mysql_native_password", (struct auth_client_spec){.secure = true, .tls = true});
    refuses(&talk, "\xfemysql_clear_password", 22, E_AUTH);
    end(&talk);
}

static void test_the_password_inside_tls(void **state)
{
    static const struct auth_client_spec tls = {.secure = true, .tls = true, .allow_clear = true};
    struct talk talk;

    (void)state;
    begin(&talk, "caching_sha2_password", tls);
    assert_true(TAKE(&talk, "\1\4"));
    assert_int_equal(talk.step, AUTH_SEND);
    assert_span_eq(buf_span(&talk.reply), "SeCrEt\0");
    assert_true(TAKE(&talk, "\0\0\0\2\0\0\0"));
    assert_int_equal(talk.step, AUTH_DONE);
    end(&talk);
    begin(&talk, "mysql_native_password", tls);
    assert_true(TAKE_NUL(&talk, "\xfemysql_clear_password"));
    assert_span_eq(buf_span(&talk.reply), "SeCrEt\0");
    end(&talk);
    begin(&talk, "caching_sha2_password", tls);
    assert_true(TAKE(&talk, "\1\3"));
    assert_int_equal(talk.step, AUTH_WAIT);
    assert_int_equal(talk.reply.len, 0);
    end(&talk);
}

static void test_sha256_asks_for_a_key_over_a_unix_socket(void **state)
{
    struct talk talk;

    (void)state;
    begin(&talk, "mysql_native_password", (struct auth_client_spec){.secure = true});
    assert_true(TAKE_NUL(&talk, SWITCH("sha256_password")));
    assert_span_eq(buf_span(&talk.reply), "\1");
    refuses(&talk, "\1no key", 7, E_PROTO);
    end(&talk);
}

static void test_packets_out_of_order(void **state)
{
    struct talk talk;

    (void)state;
    begin(&talk, "mysql_native_password", (struct auth_client_spec){.secure = true, .tls = true});
    refuses(&talk, "", 0, E_PROTO);
    refuses(&talk, "\1\3", 2, E_PROTO);
    refuses(&talk, "\xfe", 1, E_AUTH);
    assert_contains(err.text, "before MySQL 4.1");
    refuses(&talk,
            "\xfe"
            "dialog\0x",
            9, E_AUTH);
    assert_contains(err.text, "method 'dialog', which is not supported");
    refuses(&talk, "\xfemysql_native_password", 22, E_PROTO);
    refuses(&talk, "\xfemysql_native_password\0short", 28, E_PROTO);
    refuses(&talk, "\xff\x15\4#28000no", 11, E_AUTH);
    assert_int_equal(err.code, 1045);
    end(&talk);
    /* A switch after the password went out, to fish for it in another form. */
    begin(&talk, "caching_sha2_password", (struct auth_client_spec){.secure = true, .tls = true});
    assert_true(TAKE(&talk, "\1\4"));
    refuses(&talk, SWITCH("mysql_native_password"), sizeof SWITCH("mysql_native_password"),
            E_PROTO);
    end(&talk);
    /* Switches without end. */
    begin(&talk, "mysql_native_password", (struct auth_client_spec){0});
    for (int i = 0; i < 4; i++)
        assert_true(TAKE_NUL(&talk, SWITCH("mysql_native_password")));
    refuses(&talk, SWITCH("mysql_native_password"), sizeof SWITCH("mysql_native_password"),
            E_PROTO);
    end(&talk);
}

static void test_an_unknown_method_in_the_greeting(void **state)
{
    struct talk talk;

    (void)state;
    begin(&talk, "auth_gssapi_client", (struct auth_client_spec){0});
    assert_int_equal(talk.reply.len, 0);
    assert_true(TAKE_NUL(&talk, SWITCH("mysql_native_password")));
    assert_int_equal(talk.reply.len, 20);
    end(&talk);
}

/* Both engines, for each pair of what is offered and what the client's account has. */
static enum auth_step converse(enum auth_method offered, const struct auth_account *account,
                               const char *password, bool *ret_used)
{
    struct auth_server server;
    struct greeting greeting = {.scramble_len = 20};
    struct login login = {0};
    struct auth_client *client =
        auth_client_new(&(struct auth_client_spec){.password = span_str(password)});
    struct buf up;
    struct buf down;
    const char *plugin = NULL;
    enum auth_step step = AUTH_WAIT;
    enum auth_step client_step = AUTH_WAIT;

    buf_init(&up, 1000);
    buf_init(&down, 1000);
    auth_server_init(&server, offered);
    greeting.plugin = span_str(auth_method_name(offered));
    memcpy(greeting.scramble, server.scramble, 20);
    assert_true(auth_client_start(client, &greeting, &up, &plugin, &err));
    login.plugin = span_str(plugin);
    login.auth_data = buf_span(&up);
    assert_true(auth_server_login(&server, &login, account, &down, &step, &err));
    while (step == AUTH_SEND) {
        buf_clear(&up);
        assert_true(auth_client_take(client, buf_span(&down), &up, &client_step, &err));
        assert_int_equal(client_step, AUTH_SEND);
        buf_clear(&down);
        assert_true(auth_server_take(&server, buf_span(&up), &down, &step, &err));
    }
    if (step == AUTH_DONE && down.len > 0) {
        assert_true(auth_client_take(client, buf_span(&down), &up, &client_step, &err));
        assert_int_equal(client_step, AUTH_WAIT);
    }
    *ret_used = server.used_password;
    auth_client_free(client);
    buf_done(&up);
    buf_done(&down);
    return step;
}

static void test_both_sides(void **state)
{
    static const enum auth_method offers[] = {AUTH_NATIVE, AUTH_CACHING_SHA2};
    struct auth_account account;
    bool used = false;

    (void)state;
    for (int offer = 0; offer < 2; offer++) {
        for (int has = 1; has < 4; has++) {
            assert_true(auth_account_make(span_str("secret"), &account, &err));
            account.has_native = has & 1;
            account.has_sha2 = has & 2;
            assert_int_equal(converse(offers[offer], &account, "secret", &used), AUTH_DONE);
            assert_int_equal(converse(offers[offer], &account, "Secret", &used), AUTH_DENIED);
            assert_true(used);
            assert_int_equal(converse(offers[offer], &account, "", &used), AUTH_DENIED);
            assert_false(used);
            auth_account_make_decoy(has & 1, has & 2, &account);
            assert_int_equal(converse(offers[offer], &account, "secret", &used), AUTH_DENIED);
        }
    }
    /* An account without any hash opens to nothing. */
    memset(&account, 0, sizeof account);
    assert_int_equal(converse(AUTH_NATIVE, &account, "", &used), AUTH_DENIED);
    assert_int_equal(converse(AUTH_CACHING_SHA2, &account, "secret", &used), AUTH_DENIED);
}

static void test_the_server_takes_one_answer(void **state)
{
    struct auth_server server;
    struct auth_account account;
    struct login login = {.plugin = span_str("mysql_native_password")};
    enum auth_step step = AUTH_WAIT;
    char proof[AUTH_CERTIFICATE_PROOF_MAX];
    uint8_t fingerprint[32] = {0};
    struct buf reply;

    (void)state;
    buf_init(&reply, 1000);
    assert_true(auth_account_make(span_str("secret"), &account, &err));
    auth_server_init(&server, AUTH_NATIVE);
    assert_false(auth_server_take(&server, span_str("x"), &reply, &step, &err));
    assert_true(auth_server_login(&server, &login, &account, &reply, &step, &err));
    assert_int_equal(step, AUTH_DENIED);
    assert_false(auth_server_login(&server, &login, &account, &reply, &step, &err));
    assert_int_equal(err.class, E_PROTO);
    assert_false(auth_server_take(&server, span_str("x"), &reply, &step, &err));
    assert_false(auth_server_certificate_proof(&server, fingerprint, proof));
    /* Scrambles are of bytes that every client can carry, and never twice the same. */
    for (int i = 0; i < 200; i++) {
        struct auth_server other;

        auth_server_init(&other, AUTH_NATIVE);
        for (size_t k = 0; k < sizeof other.scramble; k++)
            assert_true(other.scramble[k] > 0 && other.scramble[k] < 0x80 &&
                        other.scramble[k] != '$');
        assert_memory_not_equal(other.scramble, server.scramble, sizeof other.scramble);
    }
    buf_done(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_password_stays_here_without_tls),
        cmocka_unit_test(test_the_password_inside_tls),
        cmocka_unit_test(test_sha256_asks_for_a_key_over_a_unix_socket),
        cmocka_unit_test(test_packets_out_of_order),
        cmocka_unit_test(test_an_unknown_method_in_the_greeting),
        cmocka_unit_test(test_both_sides),
        cmocka_unit_test(test_the_server_takes_one_answer),
    };

    return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
