#include "check.h"

#include "base/file.h"
#include "daemon/cluster_sockets.h"
#include "net/socket.h"

#include <unistd.h>

static struct err err;

/* Settings with a cluster endpoint at a free port, and that it is so. */
static struct store_cluster settings_at_free_port(void)
{
    struct store_cluster settings = {.name = "a", .listen = "127.0.0.1"};
    struct address address;
    int fd = -1;

    assert_true(address_parse(settings.listen, 0, &address, &err));
    assert_true(socket_listen_tcp(&address, &fd, &err));
    assert_true(address_of_local(fd, &address, &err));
    settings.port = address_port(&address);
    fd_close(&fd);
    return settings;
}

static uint16_t port_of(int fd)
{
    struct address address;

    assert_true(address_of_local(fd, &address, &err));
    return address_port(&address);
}

static void test_all_or_none_is_opened(void **state)
{
    struct store_cluster settings = settings_at_free_port();
    struct store_cluster other = settings_at_free_port();
    struct cluster_sockets sockets;
    struct cluster_sockets taken;
    struct place place;

    (void)state;
    other.reader.port = settings.port;
    assert_true(cluster_sockets_open(&settings, &sockets, &err));
    assert_int_equal(port_of(sockets.at[ENDPOINT_CLUSTER].fd), settings.port);
    assert_int_equal(sockets.at[ENDPOINT_READER].fd, -1);
    assert_int_equal(sockets.at[ENDPOINT_INSTANCE].fd, -1);

    assert_false(cluster_sockets_open(&other, &taken, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "choose another with --reader-port");
    cluster_sockets_close(&sockets);
    assert_true(cluster_sockets_open(&other, &sockets, &err));
    assert_true(place_of(&other, ENDPOINT_READER, &place));
    assert_int_equal(port_of(sockets.at[ENDPOINT_READER].fd), place.port);
    cluster_sockets_close(&sockets);
}

static void test_only_what_moves_and_is_free_is_opened(void **state)
{
    struct store_cluster before = settings_at_free_port();
    struct store_cluster next = before;
    struct store_cluster other = settings_at_free_port();
    struct cluster_sockets held;
    struct cluster_sockets sockets;

    (void)state;
    assert_true(cluster_sockets_open(&before, &held, &err));
    next.reader.port = other.port;
    assert_true(cluster_sockets_open_next(&before, &next, &sockets, &err));
    assert_int_equal(sockets.at[ENDPOINT_CLUSTER].fd, -1);
    assert_int_equal(port_of(sockets.at[ENDPOINT_READER].fd), other.port);
    cluster_sockets_close(&sockets);

    /* The two change places: the old one is in the way of the reader's. */
    next.port = other.port;
    next.reader.port = before.port;
    assert_true(cluster_sockets_open_next(&before, &next, &sockets, &err));
    assert_int_equal(port_of(sockets.at[ENDPOINT_CLUSTER].fd), other.port);
    assert_int_equal(sockets.at[ENDPOINT_READER].fd, -1);
    cluster_sockets_close(&sockets);

    (void)snprintf(next.reader.listen, sizeof next.reader.listen, "192.0.2.99");
    assert_false(cluster_sockets_open_next(&before, &next, &sockets, &err));
    assert_contains(err.text, "192.0.2.99");
    /* Everywhere, where the old one is in the way: the address is tried. */
    (void)snprintf(next.reader.listen, sizeof next.reader.listen, "0.0.0.0");
    assert_true(cluster_sockets_open_next(&before, &next, &sockets, &err));
    cluster_sockets_close(&sockets);
    cluster_sockets_close(&held);
}

static void test_a_socket_is_taken_for_its_own_place(void **state)
{
    struct store_cluster settings = settings_at_free_port();
    struct cluster_sockets sockets;
    struct cluster_sockets others;
    struct place place;
    struct place elsewhere;
    int fd;

    (void)state;
    assert_true(place_of(&settings, ENDPOINT_CLUSTER, &place));
    elsewhere = place;
    elsewhere.port++;
    assert_true(cluster_sockets_open(&settings, &sockets, &err));
    assert_int_equal(cluster_sockets_take(&sockets, ENDPOINT_CLUSTER, &elsewhere), -1);
    assert_int_equal(sockets.at[ENDPOINT_CLUSTER].fd, -1);

    assert_true(cluster_sockets_open(&settings, &others, &err));
    cluster_sockets_replace(&sockets, &others);
    assert_int_equal(others.at[ENDPOINT_CLUSTER].fd, -1);
    fd = cluster_sockets_take(&sockets, ENDPOINT_CLUSTER, &place);
    assert_int_equal(port_of(fd), place.port);
    assert_int_equal(sockets.at[ENDPOINT_CLUSTER].fd, -1);
    fd_close(&fd);
    cluster_sockets_close(&sockets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_or_none_is_opened),
        cmocka_unit_test(test_only_what_moves_and_is_free_is_opened),
        cmocka_unit_test(test_a_socket_is_taken_for_its_own_place),
    };

    return cmocka_run_group_tests_name("cluster_sockets", tests, NULL, NULL);
}
