#include "check.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "control_call.h"
#include "net/socket.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG_MS  60000 /* only a failure waits for so long */
#define SHORT_MS 50

static struct err err;
static char dir[64];
static char path[128];
static char problem[CONTROL_PROBLEM_MAX + 1];

/* A daemon for one call. */
struct daemon {
    const char *answer; /* NULL: none, and the connection stays open until the call is over */
    size_t len;
    const char *secret;
    size_t secret_len;
    size_t asked_len; /* what to wait for; 0: anything */
    char asked[32];
    bool deaf; /* does not even listen */
    int listen_fd;
    int client_fd;
};

static void *serve(void *arg)
{
    struct daemon *daemon = arg;

    daemon->client_fd = accept(daemon->listen_fd, NULL, NULL);
    if (!daemon->deaf)
        (void)recv(daemon->client_fd, daemon->asked,
                   daemon->asked_len ? daemon->asked_len : sizeof daemon->asked - 1,
                   daemon->asked_len ? MSG_WAITALL : 0);
    if (daemon->answer) {
        (void)send(daemon->client_fd, daemon->answer, daemon->len, MSG_NOSIGNAL);
        fd_close(&daemon->client_fd);
    }
    return NULL;
}

static bool call(struct daemon *daemon, int timeout_ms)
{
    pthread_t thread;
    bool ok;

    daemon->client_fd = -1;
    daemon->len = daemon->len || !daemon->answer ? daemon->len : strlen(daemon->answer);
    assert_true(socket_listen_unix(path, &daemon->listen_fd, &err));
    assert_int_equal(fcntl(daemon->listen_fd, F_SETFL, 0), 0); /* accept() waits */
    assert_true(thread_start("daemon", 65536, serve, daemon, &thread, &err));
    *problem = 0;
    ok = control_call(path, daemon->secret, daemon->secret_len, timeout_ms, problem);
    assert_int_equal(pthread_join(thread, NULL), 0);
    fd_close(&daemon->client_fd);
    fd_close(&daemon->listen_fd);
    return ok;
}

static void test_done(void **state)
{
    struct daemon daemon = {.answer = "done\n"};

    (void)state;
    assert_true(call(&daemon, LONG_MS));
    assert_string_equal(daemon.asked, "wake\n");
    assert_string_equal(problem, "");
}

static void test_other_answers(void **state)
{
    char flood[4096];

    (void)state;
    assert_false(call(&(struct daemon){.answer = "cluster/x: no room\n"}, LONG_MS));
    assert_string_equal(problem, "The Borealis daemon answered: cluster/x: no room");
    assert_false(call(&(struct daemon){.answer = "\n"}, LONG_MS));
    assert_string_equal(problem, "The Borealis daemon answered: nothing");
    assert_false(call(&(struct daemon){.answer = "\x01\xff%s\n"}, LONG_MS));
    assert_string_equal(problem, "The Borealis daemon answered: ??%s");
    assert_false(call(&(struct daemon){.answer = "done\0\n", .len = 6}, LONG_MS));
    assert_string_equal(problem, "The Borealis daemon answered: done?");
    memset(flood, 'x', sizeof flood);
    assert_false(call(&(struct daemon){.answer = flood, .len = sizeof flood}, LONG_MS));
    assert_int_equal(strlen(problem), CONTROL_PROBLEM_MAX);
    for (const char *part = "don"; *part; part++) {
        assert_false(call(&(struct daemon){.answer = part}, LONG_MS));
        assert_contains(problem, "without an answer");
    }
    assert_false(call(&(struct daemon){.answer = ""}, LONG_MS));
    assert_contains(problem, "without an answer");
}

static void test_a_secret_goes_with_the_call(void **state)
{
    static const char expected[] = "take 6\nk\0\ne\ny";
    struct daemon daemon = {.answer = "done\n",
                            .secret = expected + 7,
                            .secret_len = 6,
                            .asked_len = sizeof expected - 1};
    char *long_one = mem_alloc(CONTROL_SECRET_MAX + 1);

    (void)state;
    assert_true(call(&daemon, LONG_MS));
    assert_memory_equal(daemon.asked, expected, sizeof expected - 1);
    assert_false(control_call(path, long_one, CONTROL_SECRET_MAX + 1, LONG_MS, problem));
    assert_contains(problem, "too long");
    mem_free(long_one);
}

/* Gone before it was asked: that is no SIGPIPE, and no other error than if it had gone after. */
static void test_gone_at_once(void **state)
{
    struct daemon daemon = {.answer = "", .deaf = true};

    (void)state;
    assert_false(call(&daemon, LONG_MS));
    assert_contains(problem, "without an answer");
}

static void test_no_answer_in_time(void **state)
{
    (void)state;
    assert_false(call(&(struct daemon){.answer = NULL}, SHORT_MS));
    assert_contains(problem, "has not answered in time");
}

/* A listener that accepts nobody: its queue fills, then calls are not even taken. */
static void test_a_queue_that_is_full(void **state)
{
    int listen_fd = -1;
    int waiting_fd = -1;

    (void)state;
    assert_true(socket_listen_unix(path, &listen_fd, &err));
    assert_int_equal(listen(listen_fd, 0), 0);
    assert_true(socket_connect_unix(path, &waiting_fd, &err));
    assert_false(control_call(path, NULL, 0, SHORT_MS, problem));
    assert_contains(problem, "has not answered in time");
    fd_close(&waiting_fd);
    fd_close(&listen_fd);
}

static void test_nobody_there(void **state)
{
    char too_long[200];
    int listen_fd = -1;

    (void)state;
    assert_false(control_call(path, NULL, 0, LONG_MS, problem));
    assert_contains(problem, "does not run: No such file");
    assert_true(socket_listen_unix(path, &listen_fd, &err));
    fd_close(&listen_fd);
    assert_false(control_call(path, NULL, 0, LONG_MS, problem));
    assert_contains(problem, "does not run: Connection refused");
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = 0;
    assert_false(control_call(too_long, NULL, 0, LONG_MS, problem));
    assert_contains(problem, "too long");
}

static int set_up(void **state)
{
    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/daemon.sock", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return dir_remove(dir, &err) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_done, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_secret_goes_with_the_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gone_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_answer_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_queue_that_is_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody_there, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("control_call", tests, NULL, NULL);
}
