#include "check.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "daemon/directory.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define NOBODY "4194999\n" /* more than the kernel gives out */

static char dir[64];
static struct err err;
static int held_fd;

static int make_dir(void **state)
{
    (void)state;
    check_make_dir(dir);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    fd_close(&held_fd);
    return dir_remove(dir, &err) ? 0 : -1;
}

/* Somebody has the lock, and the file names a process. */
static void hold(const char *pid)
{
    char path[96];

    (void)snprintf(path, sizeof path, "%s/daemon.lock", dir);
    assert_true(file_lock(path, &held_fd, &err));
    assert_int_equal(write(held_fd, pid, strlen(pid)), strlen(pid));
}

static void test_one_that_is_there_has_it(void **state)
{
    struct directory directory;
    char pid[32];

    (void)state;
    (void)snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    hold(pid);
    assert_true(directory_find(dir, &directory, &err));
    assert_false(directory_lock(&directory, &err));
    assert_int_equal(err.class, E_STATE);
    pid[strlen(pid) - 1] = '\0';
    assert_contains(err.text, "another borealis daemon (pid ");
    assert_contains(err.text, pid);
    assert_contains(err.text, dir);
    directory_close(&directory);
}

static void *let_go(void *arg)
{
    (void)arg;
    (void)poll(NULL, 0, 200);
    fd_close(&held_fd);
    return NULL;
}

/* A child between fork() and exec() has its descriptors. */
static void test_what_a_dead_one_has_left_is_waited_for(void **state)
{
    struct directory directory;
    pthread_t thread;

    (void)state;
    hold(NOBODY);
    assert_true(directory_find(dir, &directory, &err));
    assert_true(thread_start("child", 64u << 10, let_go, NULL, &thread, &err));
    if (!directory_lock(&directory, &err))
        fail_msg("%s", err.text);
    assert_int_equal(pthread_join(thread, NULL), 0);
    directory_close(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_that_is_there_has_it, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_what_a_dead_one_has_left_is_waited_for, make_dir,
                                        drop_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
