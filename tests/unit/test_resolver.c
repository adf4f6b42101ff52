#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "net/resolver.h"
#include "net/socket.h"

#include <errno.h>

static struct err err;

static int64_t soon(void)
{
    return clock_deadline_usec(20 * USEC_PER_SEC);
}

static void test_numbers_and_names(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "::1", "localhost"};
    struct resolver_result result;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(resolver_lookup(hosts[i], 3306, -1, soon(), &result, &err));
        assert_true(result.count >= 1);
        assert_int_equal(address_port(&result.addresses[0]), 3306);
    }
    assert_false(resolver_lookup("no-such-host.invalid", 1, -1, soon(), &result, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "no-such-host.invalid: cannot look up the host");
}

/* A look-up that is given up ends behind our back and is not waited for. */
static void test_deadline_and_wakeup(void **state)
{
    struct resolver_result result;
    int stop_fd = -1;

    (void)state;
    assert_false(
        resolver_lookup("no-such-host.invalid", 1, -1, clock_now_usec() - 1, &result, &err));
    assert_true(err.class == E_TIMEOUT || err.class == E_STATE);
    assert_true(wakeup_open(&stop_fd, &err));
    wakeup_raise(stop_fd);
    assert_false(resolver_lookup("no-such-host.invalid", 1, stop_fd, soon(), &result, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "told to stop");
    fd_close(&stop_fd);
}

/* From an address of this machine, to one of its family. */
static void check_sources(uint16_t port)
{
    struct address from;
    char ip[ADDRESS_IP_MAX];
    int fd = -1;

    assert_true(socket_connect_host("127.0.0.1", port, "127.0.0.3", -1, soon(), &fd, &err));
    assert_true(address_of_local(fd, &from, &err));
    address_ip(&from, ip);
    assert_string_equal(ip, "127.0.0.3");
    fd_close(&fd);
    assert_false(socket_connect_host("127.0.0.1", port, "::1", -1, soon(), &fd, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_contains(err.text, "127.0.0.1: expected an address of the family of ::1");
    assert_false(socket_connect_host("127.0.0.1", port, "192.0.2.1", -1, soon(), &fd, &err));
    assert_int_equal(err.code, EADDRNOTAVAIL);
    assert_contains(err.text, "192.0.2.1");
    assert_int_equal(fd, -1);
    assert_true(socket_check_source("127.0.0.3", &err));
    assert_false(socket_check_source("192.0.2.1", &err));
    assert_int_equal(err.code, EADDRNOTAVAIL);
    assert_false(socket_check_source("localhost", &err));
    assert_int_equal(err.class, E_USAGE);
}

static void test_connecting(void **state)
{
    struct address address;
    int listen_fd = -1;
    int fd = -1;

    (void)state;
    assert_true(address_parse("127.0.0.1", 0, &address, &err));
    assert_true(socket_listen_tcp(&address, &listen_fd, &err));
    assert_true(address_of_local(listen_fd, &address, &err));
    assert_true(socket_connect_tcp(&address, NULL, -1, soon(), &fd, &err));
    fd_close(&fd);
    /* localhost may be ::1 first, where nobody listens. */
    assert_true(
        socket_connect_host("localhost", address_port(&address), NULL, -1, soon(), &fd, &err));
    fd_close(&fd);
    check_sources(address_port(&address));
    fd_close(&listen_fd);
    assert_false(socket_connect_tcp(&address, NULL, -1, soon(), &fd, &err));
    assert_int_equal(err.class, E_IO);
    assert_int_equal(err.code, ECONNREFUSED);
    assert_contains(err.text, "127.0.0.1 port");
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_and_names),
        cmocka_unit_test(test_deadline_and_wakeup),
        cmocka_unit_test(test_connecting),
    };

    thread_block_signals();
    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
