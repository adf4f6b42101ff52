#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct err err;

static struct process start(const char *script, int inherit_fd)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    struct process process;

    assert_true(process_spawn(&(struct process_spec){.argv = argv,
                                                     .stdin_fd = -1,
                                                     .stdout_fd = -1,
                                                     .stderr_fd = -1,
                                                     .inherit_fd = inherit_fd},
                              &process, &err));
    return process;
}

static void test_spawn_and_wait(void **state)
{
    struct process process = start("exit 7", -1);
    int status = 0;

    (void)state;
    assert_true(process_wait(&process, clock_deadline_usec(10 * USEC_PER_SEC), &status, &err));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    assert_false(process_alive(&process));
    assert_false(process_signal(&process, SIGTERM));
    process_done(&process);
}

static void test_when_it_started(void **state)
{
    int64_t before = clock_wall_usec();
    struct process process = start("exec sleep 60", -1);
    int64_t after = clock_wall_usec();
    /* It is known in ticks. */
    int64_t tick = USEC_PER_SEC / sysconf(_SC_CLK_TCK);

    (void)state;
    assert_in_range(process_started_usec(&process), before - 2 * tick, after + tick);
    assert_true(process_signal(&process, SIGKILL));
    assert_true(process_wait(&process, clock_deadline_usec(10 * USEC_PER_SEC), NULL, &err));
    process_done(&process);
}

static void test_a_running_process_is_adopted_by_its_start_time(void **state)
{
    struct process process = start("exec sleep 60", -1);
    struct process adopted;

    (void)state;
    assert_true(process_alive(&process));
    assert_true(process_adopt(process.pid, process.start_ticks, &adopted, &err));
    process_done(&adopted);
    /* Another process that got the same pid later. */
    assert_false(process_adopt(process.pid, process.start_ticks + 1, &adopted, &err));
    assert_int_equal(err.class, E_STATE);
    assert_false(process_wait(&process, clock_now_usec(), NULL, &err));
    assert_int_equal(err.class, E_TIMEOUT);
    assert_true(process_signal(&process, SIGKILL));
    assert_true(process_wait(&process, clock_deadline_usec(10 * USEC_PER_SEC), NULL, &err));
    assert_false(process_adopt(process.pid, process.start_ticks, &adopted, &err));
    process_done(&process);
}

static void test_the_child_has_a_session_and_only_the_descriptor_given(void **state)
{
    char dir[64];
    char path[128];
    struct process process;
    int fd = -1;
    int other = -1;

    (void)state;
    check_make_dir(dir);
    (void)snprintf(path, sizeof path, "%s/lock", dir);
    assert_true(file_lock(path, &fd, &err));
    process = start("read x <&3; exec sleep 60", fd);
    assert_int_equal(getsid(process.pid), process.pid);
    fd_close(&fd);
    assert_false(file_lock(path, &other, &err));
    assert_true(process_signal(&process, SIGKILL));
    assert_true(process_wait(&process, clock_deadline_usec(10 * USEC_PER_SEC), NULL, &err));
    assert_true(file_lock(path, &other, &err));
    fd_close(&other);
    process_done(&process);
    assert_true(dir_remove(dir, &err));
}

static void test_a_missing_program_is_named(void **state)
{
    const char *argv[] = {"/nonexistent/program", NULL};
    struct process process;

    (void)state;
    assert_false(process_spawn(
        &(struct process_spec){
            .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, .inherit_fd = -1},
        &process, &err));
    assert_contains(err.text, "/nonexistent/program");
}

static void test_output(void **state)
{
    const char *echo[] = {"/bin/sh", "-c", "printf 'one\\ntwo'", NULL};
    const char *fails[] = {"/bin/sh", "-c", "exit 3", NULL};
    const char *hangs[] = {"/bin/sh", "-c", "exec sleep 60", NULL};
    int64_t soon = clock_deadline_usec(10 * USEC_PER_SEC);
    char *output = NULL;

    (void)state;
    assert_true(process_output(echo, 100, soon, &output, &err));
    assert_string_equal(output, "one\ntwo");
    mem_free(output);
    assert_true(process_output(echo, 3, soon, &output, &err));
    assert_string_equal(output, "one");
    mem_free(output);
    assert_false(process_output(fails, 100, soon, &output, &err));
    assert_int_equal(err.class, E_STATE);
    assert_false(process_output(hangs, 100, clock_deadline_usec(USEC_PER_SEC / 10), &output, &err));
    assert_int_equal(err.class, E_TIMEOUT);
}

static void test_descriptors(void **state)
{
    struct rlimit limit;
    struct rlimit after;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max / 2;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    process_raise_descriptors();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_int_equal(after.rlim_cur, limit.rlim_max);
    assert_int_equal(after.rlim_max, limit.rlim_max);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spawn_and_wait),
        cmocka_unit_test(test_when_it_started),
        cmocka_unit_test(test_a_running_process_is_adopted_by_its_start_time),
        cmocka_unit_test(test_the_child_has_a_session_and_only_the_descriptor_given),
        cmocka_unit_test(test_a_missing_program_is_named),
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_descriptors),
    };

    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
