#include "check.h"

#include "net/server_url.h"

static void expect(const char *text, const char *user, const char *host, unsigned port,
                   const char *socket_path)
{
    struct server_url url;
    struct err err;

    assert_true(server_url_parse(text, &url, &err));
    assert_string_equal(url.user, user);
    assert_int_equal(url.port, port);
    if (host)
        assert_string_equal(url.host, host);
    else
        assert_null(url.host);
    if (socket_path)
        assert_string_equal(url.socket_path, socket_path);
    else
        assert_null(url.socket_path);
    server_url_done(&url);
}

static void test_servers(void **state)
{
    (void)state;
    expect("mysql://repl@db1", "repl", "db1", 3306, NULL);
    expect("mariadb://repl@db1.example.com:3307", "repl", "db1.example.com", 3307, NULL);
    expect("mysql://a@b@10.0.0.1:65535", "a@b", "10.0.0.1", 65535, NULL);
    expect("mysql://root@[::1]:3307", "root", "::1", 3307, NULL);
    expect("mysql://root@[fe80::1]", "root", "fe80::1", 3306, NULL);
    expect("mysql://root@/run/mysqld/mysqld.sock", "root", NULL, 3306, "/run/mysqld/mysqld.sock");
    expect("mysql://root@/tmp/a@b", "root", NULL, 3306, "/tmp/a@b");
}

static void refuse(const char *text, const char *part)
{
    struct server_url url = {.port = 1};
    struct err err;

    assert_false(server_url_parse(text, &url, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_contains(err.text, part);
    assert_int_equal(url.port, 1);
}

static void test_what_is_none(void **state)
{
    (void)state;
    refuse("", "expected mysql://USER@HOST[:PORT], found ''");
    refuse("db1", "found 'db1'");
    refuse("http://a@b", "found 'http://a@b'");
    refuse("mysql://db1", "found 'mysql://db1'");
    refuse("mysql://@db1", "found 'mysql://@db1'");
    refuse("mysql://a@", "expected HOST[:PORT] after the @, found ''");
    refuse("mysql://a@:3306", "found ':3306'");
    refuse("mysql://a@db1:", "found 'db1:'");
    refuse("mysql://a@db1:0", "found 'db1:0'");
    refuse("mysql://a@db1:65536", "found 'db1:65536'");
    refuse("mysql://a@db1:-1", "found 'db1:-1'");
    refuse("mysql://a@db1:33x", "found 'db1:33x'");
    refuse("mysql://a@[::1", "found '[::1'");
    refuse("mysql://a@[::1]3306", "found '[::1]3306'");
    refuse("mysql://a@[]", "found '[]'");
    refuse("mysql://a@db1:99999999999999999999", "found");
}

static void test_a_password_is_refused_and_not_shown(void **state)
{
    struct server_url url;
    struct err err;

    (void)state;
    assert_false(server_url_parse("mysql://a:secret@db1", &url, &err));
    assert_contains(err.text, "no password in the address");
    assert_null(strstr(err.text, "secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_a_password_is_refused_and_not_shown),
    };

    return cmocka_run_group_tests_name("server_url", tests, NULL, NULL);
}
