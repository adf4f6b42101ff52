#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "net/certificate.h"
#include "net/conn.h"
#include "net/socket.h"
#include "net/tls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>

#define AMOUNT (4u << 20)

static struct err err;
static char dir[64];

static int64_t soon(void)
{
    return clock_deadline_usec(20 * USEC_PER_SEC);
}

static void make_pair(struct conn **ret_a, struct conn **ret_b)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    *ret_a = conn_new(fds[0], "a");
    *ret_b = conn_new(fds[1], "b");
}

struct echo {
    struct conn *conn;
    const struct tls *tls;
    bool ok;
};

/* Sends AMOUNT bytes back as they come. */
static void *echo_thread(void *arg)
{
    struct echo *echo = arg;
    uint8_t bytes[4096];
    struct err ignored;

    echo->ok = !echo->tls || conn_start_tls(echo->conn, echo->tls, NULL, soon(), &ignored);
    for (size_t done = 0; echo->ok && done < AMOUNT; done += sizeof bytes)
        echo->ok = conn_read_full(echo->conn, bytes, sizeof bytes, soon(), &ignored) &&
                   conn_write_all(echo->conn, span_of(bytes, sizeof bytes), soon(), &ignored);
    return NULL;
}

static void check_echo(const struct tls *client, const struct tls *server)
{
    struct conn *conn;
    struct echo echo = {.tls = server};
    uint8_t *sent = mem_alloc(AMOUNT);
    uint8_t *got = mem_alloc(AMOUNT);
    pthread_t thread;

    for (size_t i = 0; i < AMOUNT; i++)
        sent[i] = (uint8_t)(i * 7 + (i >> 8));
    make_pair(&conn, &echo.conn);
    assert_true(thread_start("echo", 256 << 10, echo_thread, &echo, &thread, &err));
    assert_true(!client || conn_start_tls(conn, client, NULL, soon(), &err));
    assert_true(conn_is_tls(conn) == (client != NULL));
    for (size_t done = 0; done < AMOUNT; done += 4096) {
        assert_true(conn_write_all(conn, span_of(sent + done, 4096), soon(), &err));
        assert_true(conn_read_full(conn, got + done, 4096, soon(), &err));
    }
    (void)pthread_join(thread, NULL);
    assert_true(echo.ok);
    assert_memory_equal(sent, got, AMOUNT);
    conn_free(echo.conn);
    assert_false(conn_read_full(conn, got, 1, soon(), &err));
    assert_contains(err.text, "closed");
    conn_free(conn);
    mem_free(sent);
    mem_free(got);
}

static void test_plain(void **state)
{
    (void)state;
    check_echo(NULL, NULL);
}

/* Writing to a peer that is gone is an error, never a signal that ends the process. */
static void check_no_signal(const struct tls *client, const struct tls *server)
{
    struct conn *conn;
    struct echo echo = {.tls = server};
    uint8_t byte = 0;
    sigset_t pipe_set;
    pthread_t thread;

    make_pair(&conn, &echo.conn);
    if (client) {
        assert_true(thread_start("echo", 256 << 10, echo_thread, &echo, &thread, &err));
        assert_true(conn_start_tls(conn, client, NULL, soon(), &err));
        conn_interrupt(conn_borrow_fd(echo.conn));
        (void)pthread_join(thread, NULL);
    }
    conn_free(echo.conn);
    (void)sigemptyset(&pipe_set);
    (void)sigaddset(&pipe_set, SIGPIPE);
    (void)pthread_sigmask(SIG_UNBLOCK, &pipe_set, NULL);
    while (conn_write_all(conn, span_of(&byte, 1), soon(), &err))
        continue;
    assert_int_equal(err.class, E_IO);
    conn_free(conn);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_set, NULL);
}

static void test_tls(void **state)
{
    struct certificate_set set;
    char cert[128];
    char key[128];
    struct tls_server_spec spec = {.cert_file = cert, .key_file = key};
    struct tls *server;
    struct tls *client;

    (void)state;
    check_make_dir(dir);
    (void)snprintf(cert, sizeof cert, "%s/cert", dir);
    (void)snprintf(key, sizeof key, "%s/key", dir);
    assert_true(certificate_set_make("main", "host", &set, &err));
    assert_true(file_write(cert, buf_span(&set.server_cert), 0600, &err));
    assert_true(file_write(key, buf_span(&set.server_key), 0600, &err));
    assert_true(tls_server_new(&spec, &server, &err));
    assert_true(tls_local_client_new(&client, &err));
    check_echo(client, server);
    check_no_signal(client, server);
    check_no_signal(NULL, NULL);
    tls_free(client);
    tls_free(server);
    /* A key that is not the certificate's is refused when it is loaded. */
    assert_true(file_write(key, buf_span(&set.ca_key), 0600, &err));
    assert_false(tls_server_new(&spec, &server, &err));
    assert_contains(err.text, key);
    certificate_set_done(&set);
    assert_true(dir_remove(dir, &err));
}

static void test_deadlines_hold(void **state)
{
    struct conn *a;
    struct conn *b;
    uint8_t byte;
    uint8_t *much = mem_alloc(AMOUNT);

    (void)state;
    make_pair(&a, &b);
    assert_false(conn_read_full(a, &byte, 1, clock_deadline_usec(1000), &err));
    assert_int_equal(err.class, E_TIMEOUT);
    assert_false(conn_write_all(a, span_of(much, AMOUNT), clock_deadline_usec(1000), &err));
    assert_int_equal(err.class, E_TIMEOUT);
    conn_free(a);
    conn_free(b);
    mem_free(much);
}

/* As an event that takes longer than the other side may be silent: the deadline has passed. */
static void test_patience(void **state)
{
    struct conn *conn;
    struct echo echo = {0};
    uint8_t *bytes = mem_alloc(AMOUNT);
    pthread_t thread;

    (void)state;
    make_pair(&conn, &echo.conn);
    assert_true(thread_start("echo", 256 << 10, echo_thread, &echo, &thread, &err));
    conn_set_patience(conn, 20 * USEC_PER_SEC);
    for (size_t done = 0; done < AMOUNT; done += 65536) {
        assert_true(conn_write_all(conn, span_of(bytes, 65536), 0, &err));
        assert_true(conn_read_full(conn, bytes, 65536, 0, &err));
    }
    conn_set_patience(conn, 1000);
    assert_false(conn_read_full(conn, bytes, 1, 0, &err));
    assert_int_equal(err.class, E_TIMEOUT);
    conn_set_patience(conn, 0);
    assert_false(conn_read_full(conn, bytes, 1, 0, &err));
    assert_int_equal(err.class, E_TIMEOUT);
    (void)pthread_join(thread, NULL);
    assert_true(echo.ok);
    conn_free(echo.conn);
    conn_free(conn);
    mem_free(bytes);
}

static void test_limited_silence(void **state)
{
    struct address address;
    socklen_t size = sizeof(int);
    int listener = -1;
    int msec = 0;

    (void)state;
    assert_true(address_parse("127.0.0.1", 0, &address, &err));
    assert_true(socket_listen_tcp(&address, &listener, &err));
    socket_limit_silence(listener, 9 * USEC_PER_SEC);
    assert_int_equal(getsockopt(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, &msec, &size), 0);
    assert_int_equal(msec, 9000);
    fd_close(&listener);
}

/* The directory may be as deep as it is; sockaddr_un holds 107 bytes. */
static void test_a_socket_in_a_deep_directory(void **state)
{
    char deep[300];
    char path[320];
    int listener = -1;
    int client = -1;
    int server = -1;

    (void)state;
    check_make_dir(dir);
    (void)snprintf(deep, sizeof deep, "%s/%0100d/%0100d", dir, 1, 2);
    (void)snprintf(path, sizeof path, "%s/engine.sock", deep);
    assert_false(socket_path_fits(path));
    assert_false(socket_connect_unix(path, &client, &err));
    assert_int_equal(err.class, E_IO);
    assert_true(dir_make_all(deep, 0700, &err));
    assert_true(socket_listen_unix(path, &listener, &err));
    assert_true(path_exists(path));
    assert_true(socket_connect_unix(path, &client, &err));
    assert_true(socket_accept(listener, -1, &server, &err));
    fd_close(&server);
    fd_close(&client);
    fd_close(&listener);
    assert_true(dir_remove(dir, &err));
}

static void test_paths_too_long_for_a_socket_are_refused(void **state)
{
    char path[200];
    int fd = -1;

    (void)state;
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = 0;
    assert_false(socket_listen_unix(path, &fd, &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_contains(err.text, "at most 107 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_deadlines_hold),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_limited_silence),
        cmocka_unit_test(test_a_socket_in_a_deep_directory),
        cmocka_unit_test(test_paths_too_long_for_a_socket_are_refused),
    };

    thread_block_signals();
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
