/* struct link over socket pairs, and logins over TCP and through TLS of both sides of ours. */
#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "net/certificate.h"
#include "net/socket.h"
#include "replication/link_accept.h"
#include "replication/link_internal.h"
#include "replication/link_login.h"
#include "replication/link_query.h"
#include "wire/packet.h"
#include "wire/semisync.h"

#include <sys/socket.h>

#define STACK_BYTES (512u << 10)
#define HUGE_SIZE   (2 * (size_t)PACKET_PAYLOAD_MAX)

static struct err err;

static int64_t soon(void)
{
    return clock_deadline_usec(60 * USEC_PER_SEC);
}

/* Two links that know each other; `a` is the client. */
static void make_pair(struct link **ret_a, struct link **ret_b,
                      enum compression_algorithm algorithm)
{
    struct link_identity server = {.server_version = "9.7.0"};
    struct link_identity client = {0};
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    *ret_a = link_new(conn_new(fds[0], "server"), HUGE_SIZE);
    *ret_b = link_new(conn_new(fds[1], "client"), HUGE_SIZE);
    link_set_identity(*ret_a, &server);
    link_set_identity(*ret_b, &client);
    link_start_compression(*ret_a, algorithm, 0);
    link_start_compression(*ret_b, algorithm, 0);
}

static void fill(uint8_t *bytes, size_t n, size_t salt)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)((i + salt) * 7 + (i >> 12));
}

struct sender {
    struct link *link;
    const size_t *sizes;
    size_t count;
    bool ok;
};

static void *send_all(void *arg)
{
    struct sender *sender = arg;
    uint8_t *bytes = mem_alloc(HUGE_SIZE + 1);
    struct err ignored;

    sender->ok = true;
    for (size_t i = 0; i < sender->count && sender->ok; i++) {
        size_t head = sender->sizes[i] < 3 ? sender->sizes[i] : 3;
        struct span tail;

        fill(bytes, sender->sizes[i], i);
        tail = span_of(bytes + head, sender->sizes[i] - head);
        sender->ok = link_put(sender->link, span_of(bytes, head), tail) ||
                     link_write(sender->link, span_of(bytes, head), tail, soon(), &ignored);
    }
    sender->ok = sender->ok && link_flush(sender->link, soon(), &ignored);
    mem_free(bytes);
    return NULL;
}

static void check_stream(enum compression_algorithm algorithm)
{
    static const size_t sizes[] = {
        1,     0,      5, 20000, 70000, HUGE_SIZE, 3, PACKET_PAYLOAD_MAX - 1, PACKET_PAYLOAD_MAX,
        16384, 300000, 1};
    struct sender sender = {.sizes = sizes, .count = sizeof sizes / sizeof *sizes};
    uint8_t *bytes = mem_alloc(HUGE_SIZE + 1);
    struct link *a;
    struct link *b;
    struct span payload;
    pthread_t thread;

    make_pair(&a, &b, algorithm);
    sender.link = b;
    assert_true(thread_start("sender", STACK_BYTES, send_all, &sender, &thread, &err));
    for (size_t i = 0; i < sender.count; i++) {
        assert_true(link_read(a, soon(), &payload, &err));
        fill(bytes, sizes[i], i);
        assert_int_equal(payload.len, sizes[i]);
        assert_true(sizes[i] == 0 || memcmp(payload.data, bytes, sizes[i]) == 0);
    }
    (void)pthread_join(thread, NULL);
    assert_true(sender.ok);
    assert_false(link_has_payload(a));
    link_free(b);
    assert_false(link_read(a, soon(), &payload, &err));
    assert_int_equal(err.class, E_IO);
    assert_int_equal(err.code, 0);
    assert_contains(err.text, "server: closed the connection");
    link_free(a);
    mem_free(bytes);
}

static void test_streams(void **state)
{
    (void)state;
    check_stream(COMPRESSION_NONE);
    check_stream(COMPRESSION_ZLIB);
    check_stream(COMPRESSION_ZSTD);
}

/* A read that timed out in the middle of a payload goes on with the next call. */
static void test_a_timeout_loses_nothing(void **state)
{
    static const uint8_t packet[] = {6, 0, 0, 0, 'a', 'b', 'c', 'd', 'e', 'f'};
    struct link *a;
    struct link *b;
    struct conn *raw;
    struct span payload;
    bool there = true;

    (void)state;
    make_pair(&a, &b, COMPRESSION_NONE);
    raw = link_conn(b);
    for (size_t i = 0; i < sizeof packet; i++) {
        assert_false(link_read(a, clock_now_usec(), &payload, &err));
        assert_int_equal(err.class, E_TIMEOUT);
        assert_true(link_try_read(a, &there, &payload, &err));
        assert_false(there);
        assert_true(conn_write_all(raw, span_of(packet + i, 1), soon(), &err));
    }
    assert_true(link_try_read(a, &there, &payload, &err));
    assert_true(there);
    assert_span_eq(payload, "abcdef");
    link_free(a);
    link_free(b);
}

/* Payloads are put until there is enough to send, and large ones never. */
static void test_putting(void **state)
{
    static const uint8_t bytes[20000];
    struct link *a;
    struct link *b;
    struct span payload;
    size_t put = 0;
    size_t unsent;

    (void)state;
    make_pair(&a, &b, COMPRESSION_NONE);
    assert_false(link_put(b, span_str("x"), span_of(bytes, sizeof bytes)));
    assert_int_equal(link_unsent(b), 0);
    while (link_put(b, span_str("x"), span_of(bytes, 999)))
        put++;
    assert_true(put > 1);
    unsent = link_unsent(b);
    assert_int_equal(unsent, put * (PACKET_HEADER_SIZE + 1000));
    assert_true(link_flush(b, soon(), &err));
    assert_int_equal(link_unsent(b), 0);
    assert_true(link_put(b, span_str("last"), (struct span){0}));
    assert_true(link_flush(b, soon(), &err));
    for (size_t i = 0; i < put; i++) {
        assert_true(link_read(a, soon(), &payload, &err));
        assert_int_equal(payload.len, 1000);
    }
    assert_true(link_read(a, soon(), &payload, &err));
    assert_span_eq(payload, "last");
    link_free(a);
    link_free(b);
}

static void test_limits_and_numbers(void **state)
{
    struct link *a;
    struct link *b;
    struct span payload;

    (void)state;
    make_pair(&a, &b, COMPRESSION_NONE);
    link_set_payload_max(a, 3);
    assert_true(link_write(b, span_str("four"), (struct span){0}, soon(), &err));
    assert_int_equal(link_unsent(b), 8);
    assert_true(link_flush(b, soon(), &err));
    assert_false(link_read(a, soon(), &payload, &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_contains(err.text, "server: packet: expected a payload of at most 3 bytes, found 4");
    link_free(a);
    link_free(b);
    make_pair(&a, &b, COMPRESSION_NONE);
    link_renumber(b, 5);
    assert_true(link_write(b, span_str("x"), (struct span){0}, soon(), &err));
    assert_true(link_flush(b, soon(), &err));
    assert_false(link_read(a, soon(), &payload, &err));
    assert_int_equal(err.class, E_PROTO);
    link_free(a);
    link_free(b);
}

/* Numbers as in semi-synchronous replication, with acknowledgements on the way. */
static void check_semisync(enum compression_algorithm algorithm)
{
    struct link *a;
    struct link *b;
    struct span payload;
    bool there;

    make_pair(&a, &b, algorithm);
    assert_true(link_command(a, span_str("dump"), soon(), &err));
    assert_true(link_read_command(b, soon(), &payload, &err));
    assert_span_eq(payload, "dump");
    for (int i = 0; i < 5; i++) {
        assert_true(link_write(b, span_str("event"), (struct span){0}, soon(), &err));
        assert_true(link_write(b, span_str("asks"), (struct span){0}, soon(), &err));
        assert_true(link_flush(b, soon(), &err));
        link_renumber(b, SEMISYNC_NEXT_SEQUENCE);
        assert_true(link_read_aside(b, &there, &payload, &err));
        assert_false(there);
        assert_true(link_read(a, soon(), &payload, &err));
        assert_true(link_read(a, soon(), &payload, &err));
        assert_span_eq(payload, "asks");
        link_renumber(a, SEMISYNC_NEXT_SEQUENCE);
        assert_true(link_write_aside(a, span_str("ack"), soon(), &err));
        assert_true(link_read_aside(b, &there, &payload, &err));
        assert_true(there);
        assert_span_eq(payload, "ack");
    }
    link_free(a);
    link_free(b);
}

static void test_semisync(void **state)
{
    (void)state;
    check_semisync(COMPRESSION_NONE);
    check_semisync(COMPRESSION_ZLIB);
}

struct reader {
    struct link *link;
    int stop_fd;
    struct err err;
    bool read;
};

static void *read_one(void *arg)
{
    struct reader *reader = arg;
    struct span payload;

    reader->read = link_read(reader->link, CLOCK_NEVER, &payload, &reader->err);
    return NULL;
}

static void test_interruption(void **state)
{
    struct span payload;

    (void)state;
    for (int by_wakeup = 0; by_wakeup < 2; by_wakeup++) {
        struct reader reader = {.stop_fd = -1};
        struct link *b;
        pthread_t thread;

        make_pair(&reader.link, &b, COMPRESSION_NONE);
        assert_true(wakeup_open(&reader.stop_fd, &err));
        conn_set_stop(link_conn(reader.link), reader.stop_fd);
        assert_true(thread_start("reader", STACK_BYTES, read_one, &reader, &thread, &err));
        if (by_wakeup)
            wakeup_raise(reader.stop_fd);
        else
            link_interrupt(reader.link);
        (void)pthread_join(thread, NULL);
        assert_false(reader.read);
        assert_int_equal(reader.err.class, E_STATE);
        assert_contains(reader.err.text, by_wakeup ? "told to stop" : "interrupted");
        if (!by_wakeup) {
            assert_false(link_read(reader.link, soon(), &payload, &err));
            assert_int_equal(err.class, E_STATE);
            assert_false(link_write(reader.link, span_str("x"), payload, soon(), &err));
        }
        link_close(reader.link);
        link_free(b);
        fd_close(&reader.stop_fd);
    }
}

/* A server in a thread: one client, a few answers. */
struct server {
    struct link_accept_spec spec;
    int listen_fd;
    uint16_t port;
    struct err err;
    bool accepted;
    size_t commands;
};

static bool find_account(void *context, struct span user, const char *client_ip,
                         struct link_account *ret_account)
{
    struct err ignored;

    (void)context;
    *ret_account = (struct link_account){0};
    return strcmp(client_ip, "127.0.0.1") == 0 && span_eq(user, span_str("alice")) &&
           auth_account_make(span_str("SeCrEt"), &ret_account->hashes, &ignored);
}

static void *serve(void *arg)
{
    struct server *server = arg;
    struct link *link = NULL;
    struct span command;
    struct err ignored;
    int fd = -1;

    if (!socket_accept(server->listen_fd, -1, &fd, &server->err))
        return NULL;
    server->accepted =
        link_accept(conn_new(fd, "client"), &server->spec, soon(), &link, &server->err);
    if (!server->accepted)
        return NULL;
    while (link_read_command(link, soon(), &command, &ignored) && command.data[0] != COM_QUIT &&
           link_answer_ok(link, soon(), &ignored))
        server->commands++;
    link_free(link);
    return NULL;
}

static void listen_on(struct server *server)
{
    struct address address;

    assert_true(address_parse("127.0.0.1", 0, &address, &err));
    assert_true(socket_listen_tcp(&address, &server->listen_fd, &err));
    assert_true(address_of_local(server->listen_fd, &address, &err));
    server->port = address_port(&address);
    server->spec.find_account = find_account;
    server->spec.stop_fd = -1;
    server->spec.version = "9.7.0";
    server->spec.offer_zlib = server->spec.offer_zstd = true;
}

/* Logs in and pings twice; false when refused. */
static bool visit(struct server *server, struct link_login_spec spec)
{
    struct link *link = NULL;
    pthread_t thread;
    bool good;

    server->commands = 0;
    server->err = (struct err){0};
    listen_on(server);
    spec.host = "127.0.0.1";
    spec.port = server->port;
    spec.stop_fd = -1;
    spec.user = spec.user ? spec.user : "alice";
    assert_true(thread_start("server", STACK_BYTES, serve, server, &thread, &err));
    good = link_login(&spec, soon(), &link, &err);
    if (good) {
        assert_true(link_ping(link, soon(), &err));
        assert_true(link_execute(link, "SET x = 1", soon(), &err));
    }
    link_close(link);
    (void)pthread_join(thread, NULL);
    fd_close(&server->listen_fd);
    assert_int_equal(server->accepted, good);
    assert_int_equal(server->commands, good ? 2 : 0);
    assert_null(strstr(err.text, "SeCrEt"));
    assert_null(strstr(server->err.text, "SeCrEt"));
    return good;
}

static void test_logins(void **state)
{
    static const enum auth_method methods[] = {AUTH_NATIVE, AUTH_CACHING_SHA2};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server server = {.spec = {.method = methods[i]}};

        assert_true(visit(&server, (struct link_login_spec){.password = "SeCrEt"}));
        assert_true(visit(&server, (struct link_login_spec){.password = "SeCrEt", .zlib = true}));
        assert_true(visit(&server, (struct link_login_spec){
                                       .password = "SeCrEt", .zstd = true, .zstd_level = 19}));
        assert_false(visit(&server, (struct link_login_spec){.password = "SeCrEt!"}));
        assert_int_equal(err.class, E_AUTH);
        assert_int_equal(err.code, 1045);
        assert_contains(err.text, "'alice'@'127.0.0.1' (using password: YES)");
        assert_false(visit(&server, (struct link_login_spec){.user = "bob"}));
        assert_contains(err.text, "'bob'@'127.0.0.1' (using password: NO)");
    }
}

static char dir[64];
static char paths[3][128];

/* Files of an authority and a server's certificate; which of paths[] is which: certificate, key,
 * authority. */
static void write_certificates(void)
{
    struct certificate_set set;
    const struct buf *contents[] = {&set.server_cert, &set.server_key, &set.ca_cert};

    assert_true(certificate_set_make("main", "db.example", &set, &err));
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "%s/%zu", dir, i);
        assert_true(file_write(paths[i], buf_span(contents[i]), 0600, &err));
    }
    certificate_set_done(&set);
}

static void test_logins_through_tls(void **state)
{
    struct server server = {.spec = {.method = AUTH_CACHING_SHA2, .require_tls = true}};
    struct tls_server_spec server_spec = {.cert_file = paths[0], .key_file = paths[1]};
    struct tls_client_spec client_spec = {.mode = TLS_VERIFY_IDENTITY, .ca_file = paths[2]};
    struct tls *server_tls = NULL;
    struct tls *tls = NULL;

    (void)state;
    check_make_dir(dir);
    write_certificates();
    assert_true(tls_server_new(&server_spec, &server_tls, &err));
    assert_true(tls_client_new(&client_spec, &tls, &err));
    server.spec.tls = server_tls;
    assert_true(visit(&server, (struct link_login_spec){.password = "SeCrEt", .tls = tls}));
    assert_true(
        visit(&server, (struct link_login_spec){.password = "SeCrEt", .tls = tls, .zstd = true}));
    assert_false(visit(&server, (struct link_login_spec){.password = "SeCrEt"}));
    assert_int_equal(err.code, 3159);
    /* An authority of the same name that is another. */
    tls_free(tls);
    write_certificates();
    assert_true(tls_client_new(&client_spec, &tls, &err));
    assert_false(visit(&server, (struct link_login_spec){.password = "SeCrEt", .tls = tls}));
    assert_int_equal(err.class, E_AUTH);
    assert_contains(err.text, "the certificate is refused");
    /* A server without TLS: nothing goes on in clear unless that was asked for by name. */
    server.spec.tls = NULL;
    server.spec.require_tls = false;
    assert_false(visit(&server, (struct link_login_spec){.password = "SeCrEt", .tls = tls}));
    assert_contains(err.text, "found that it offers none");
    assert_true(visit(&server, (struct link_login_spec){
                                   .password = "SeCrEt", .tls = tls, .tls_preferred = true}));
    tls_free(tls);
    tls_free(server_tls);
    assert_true(dir_remove(dir, &err));
}

static void test_wrong_use(void **state)
{
    struct tls_client_spec spec = {.versions = "TLSv1.4"};
    struct link *link = NULL;
    struct tls *tls = NULL;

    (void)state;
    assert_false(link_login(&(struct link_login_spec){.stop_fd = -1}, soon(), &link, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_false(tls_client_new(&spec, &tls, &err));
    assert_contains(err.text, "found 'TLSv1.4'");
    spec = (struct tls_client_spec){.cert_file = "only"};
    assert_false(tls_client_new(&spec, &tls, &err));
    assert_contains(err.text, "found only only");
    spec = (struct tls_client_spec){.ciphers = "NO-SUCH"};
    assert_false(tls_client_new(&spec, &tls, &err));
    assert_contains(err.text, "NO-SUCH");
    assert_false(tls_server_new(&(struct tls_server_spec){0}, &tls, &err));
    assert_int_equal(err.class, E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),   cmocka_unit_test(test_a_timeout_loses_nothing),
        cmocka_unit_test(test_putting),   cmocka_unit_test(test_limits_and_numbers),
        cmocka_unit_test(test_semisync),  cmocka_unit_test(test_interruption),
        cmocka_unit_test(test_logins),    cmocka_unit_test(test_logins_through_tls),
        cmocka_unit_test(test_wrong_use),
    };

    thread_block_signals();
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
