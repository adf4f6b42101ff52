#include "engine/instance.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "engine/bootstrap.h"
#include "engine/config.h"
#include "engine/paths.h"
#include "engine/plugin.h"
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define ARENA_CAP   65536
#define CONFIG_MAX  (2u << 20)
#define LOG_TAIL    4096
#define LOG_MESSAGE 200
#define PING_SEC    5
#define RETRY_USEC  (USEC_PER_SEC / 20)

struct instance {
    struct arena *arena;
    struct instance_spec spec;
    struct instance_paths paths;
    const struct engine_home *home;
    struct process process;
    bool terminated; /* the process was sent SIGTERM */
};

struct instance *instance_new(const struct instance_spec *spec, const struct engine_home *home)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct instance *instance = arena_alloc(arena, sizeof *instance);

    instance->arena = arena;
    instance->home = home;
    instance->process = PROCESS_NONE;
    instance->spec = *spec;
    instance->spec.name = arena_strdup(arena, spec->name);
    instance->spec.tls_ca = arena_strdup(arena, spec->tls_ca);
    instance->spec.tls_cert = arena_strdup(arena, spec->tls_cert);
    instance->spec.tls_key = arena_strdup(arena, spec->tls_key);
    instance->spec.admin_password = arena_strdup(arena, spec->admin_password);
    instance->spec.options = mem_strdup(spec->options);
    instance->spec.aurora_version = arena_strdup(arena, spec->aurora_version);
    instance_paths_init(&instance->paths, arena, spec->dir, spec->binlog_epoch);
    instance->spec.dir = instance->paths.dir;
    return instance;
}

void instance_free(struct instance *instance)
{
    if (!instance)
        return;
    process_done(&instance->process);
    mem_free((char *)instance->spec.options);
    arena_free(instance->arena);
}

bool instance_create(struct instance *instance, struct err *err)
{
    const struct instance_paths *paths = &instance->paths;
    int lock_fd = -1;
    bool ok = dir_make_all(paths->dir, 0700, err) && dir_make(paths->data, 0700, err) &&
              dir_make_all(paths->binlog, 0700, err) && dir_make(paths->relay, 0700, err) &&
              dir_make(paths->tmp, 0700, err) && dir_make(paths->run, 0700, err) &&
              file_lock(paths->lock, &lock_fd, err) &&
              engine_bootstrap(instance->home, paths, ENGINE_ADMIN_USER,
                               instance->spec.admin_password, lock_fd, err);

    fd_close(&lock_fd);
    return ok;
}

bool instance_is_running(struct instance *instance, bool *ret_running, struct err *err)
{
    int fd = -1;

    if (file_lock(instance->paths.lock, &fd, err)) {
        fd_close(&fd);
        *ret_running = false;
        return true;
    }
    if (err->class != E_STATE)
        return false;
    *ret_running = true;
    return true;
}

static bool write_config(struct instance *instance, bool with_plugin, struct err *err)
{
    struct buf config;
    bool ok;

    buf_init(&config, CONFIG_MAX);
    ok = engine_config_render(&instance->spec, &instance->paths, instance->home, with_plugin,
                              &config, err) &&
         file_write(instance->paths.config, buf_span(&config), 0600, err);
    buf_clear(&config);
    ok = ok && engine_config_render_client(&instance->spec, &instance->paths, &config, err) &&
         file_write(instance->paths.client_config, buf_span(&config), 0600, err);
    buf_done(&config);
    return ok;
}

/* The plugins and the option file; no engine may run. */
static bool prepare_start(struct instance *instance, struct err *err)
{
    bool with_plugin = false;

    return engine_plugin_install(instance->home, &instance->paths, &with_plugin, err) &&
           write_config(instance, with_plugin, err);
}

bool instance_rewrite_config(struct instance *instance, struct err *err)
{
    return write_config(instance, path_exists(instance->paths.plugins), err);
}

void instance_set_options(struct instance *instance, bool with_binlog, const char *options)
{
    mem_free((char *)instance->spec.options);
    instance->spec.with_binlog = with_binlog;
    instance->spec.options = mem_strdup(options);
}

void instance_require_secure_transport(struct instance *instance, bool required)
{
    instance->spec.require_secure_transport = required;
}

bool instance_start(struct instance *instance, struct err *err)
{
    char *defaults = mem_printf("--defaults-file=%s", instance->paths.config);
    const char *argv[] = {instance->home->server, defaults, NULL};
    int lock_fd = -1;
    int log_fd = -1;
    bool ok = file_lock(instance->paths.lock, &lock_fd, err) && prepare_start(instance, err);

    if (ok) {
        log_fd = open(instance->paths.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ok = log_fd >= 0 || err_errno(err, "%s: cannot open", instance->paths.log);
    }
    /* A socket left by a killed engine would make the wait for this one look at a dead end. */
    if (ok && unlink(instance->paths.socket) != 0 && errno != ENOENT)
        ok = err_errno(err, "%s: cannot remove", instance->paths.socket);
    ok = ok && process_spawn(&(struct process_spec){.argv = argv,
                                                    .workdir = instance->paths.data,
                                                    .stdin_fd = -1,
                                                    .stdout_fd = log_fd,
                                                    .stderr_fd = log_fd,
                                                    .inherit_fd = lock_fd},
                             &instance->process, err);
    fd_close(&log_fd);
    /* From here on the engine alone holds the lock. */
    fd_close(&lock_fd);
    mem_free(defaults);
    return ok;
}

/* The pid of whoever listens at the engine's socket. */
static bool socket_owner(struct instance *instance, pid_t *ret_pid, struct err *err)
{
    int fd = -1;
    bool ok =
        socket_connect_unix(instance->paths.socket, &fd, err) && socket_peer_pid(fd, ret_pid, err);

    fd_close(&fd);
    return ok;
}

/* Until the next look; ends early when the engine does. */
static void wait_a_little(const struct process *process)
{
    struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};

    (void)poll(&ended, 1, (int)(RETRY_USEC / 1000));
}

bool instance_adopt(struct instance *instance, pid_t pid, uint64_t start_ticks,
                    int64_t deadline_usec, struct err *err)
{
    if (pid > 0 && process_adopt(pid, start_ticks, &instance->process, err))
        return true;
    for (;;) {
        pid_t owner = 0;
        uint64_t ticks = 0;
        bool running = false;

        if (socket_owner(instance, &owner, err) && process_start_ticks(owner, &ticks, err) &&
            process_adopt(owner, ticks, &instance->process, err))
            return true;
        if (!instance_is_running(instance, &running, err))
            return false;
        if (!running)
            return err_set(err, E_STATE, 0, "instance %s: its engine has ended",
                           instance->spec.name);
        if (clock_now_usec() >= deadline_usec)
            return err_set(err, E_TIMEOUT, 0,
                           "instance %s: %s is locked by a running engine that does not answer "
                           "at %s",
                           instance->spec.name, instance->paths.lock, instance->paths.socket);
        wait_a_little(&instance->process);
    }
}

/* The last "[ERROR]" line in the engine's log that gives a reason, for the message about why it
 * ended. */
static void last_log_error(struct instance *instance, char *line, size_t size)
{
    const char *found = NULL;
    char *tail = NULL;
    struct err ignored;

    (void)snprintf(line, size, "no error there");
    if (!file_read_tail(instance->paths.log, LOG_TAIL, &tail, &ignored))
        return;
    for (const char *next = strstr(tail, "[ERROR]"); next; next = strstr(next + 1, "[ERROR]")) {
        if (strncmp(next, "[ERROR] Aborting", strlen("[ERROR] Aborting")) != 0)
            found = next;
    }
    if (found)
        (void)snprintf(line, size, "%.*s", (int)strcspn(found, "\n"), found);
    mem_free(tail);
}

bool instance_wait_ready(struct instance *instance, int64_t deadline_usec, struct err *err)
{
    for (;;) {
        struct sql *sql = NULL;

        if (instance_connect(instance, PING_SEC, &sql, err)) {
            sql_close(sql);
            return true;
        }
        if (err->class == E_AUTH)
            return err_prefix(err, "instance %s", instance->spec.name);
        if (!process_alive(&instance->process)) {
            char line[LOG_MESSAGE];

            last_log_error(instance, line, sizeof line);
            return err_set(err, E_STATE, 0, "instance %s: the engine ended; %s: %s",
                           instance->spec.name, instance->paths.log, line);
        }
        if (clock_now_usec() >= deadline_usec)
            return err_set(err, E_TIMEOUT, 0, "instance %s: the engine is not ready yet",
                           instance->spec.name);
        wait_a_little(&instance->process);
    }
}

bool instance_stop(struct instance *instance, int64_t deadline_usec, struct err *err)
{
    if (instance->process.pid == 0)
        return true;
    /* In the middle of its start an engine loses a SIGTERM for good: it must answer first. */
    if (!instance->terminated) {
        (void)!instance_wait_ready(instance, deadline_usec, err);
        if (err->class == E_TIMEOUT && process_alive(&instance->process))
            return false;
        (void)process_signal(&instance->process, SIGTERM);
        instance->terminated = true;
    }
    if (!process_wait(&instance->process, deadline_usec, NULL, err))
        return err_prefix(err, "instance %s: engine", instance->spec.name);
    instance_reap(instance);
    return true;
}

void instance_reap(struct instance *instance)
{
    struct err ignored;

    (void)!process_wait(&instance->process, 0, NULL, &ignored);
    process_done(&instance->process);
    instance->terminated = false;
}

bool instance_kill(struct instance *instance, int64_t deadline_usec, struct err *err)
{
    (void)process_signal(&instance->process, SIGKILL);
    if (!process_wait(&instance->process, deadline_usec, NULL, err))
        return err_prefix(err, "instance %s: engine", instance->spec.name);
    instance_reap(instance);
    return true;
}

bool instance_connect(struct instance *instance, unsigned timeout_sec, struct sql **ret_sql,
                      struct err *err)
{
    return sql_connect(instance->paths.socket, ENGINE_ADMIN_USER, instance->spec.admin_password,
                       timeout_sec, ret_sql, err);
}

const struct process *instance_borrow_process(const struct instance *instance)
{
    return &instance->process;
}

const char *instance_borrow_socket(const struct instance *instance)
{
    return instance->paths.socket;
}

const char *instance_borrow_log(const struct instance *instance)
{
    return instance->paths.log;
}

const char *instance_borrow_binlog(const struct instance *instance)
{
    return instance->paths.binlog;
}

const char *instance_borrow_status_page(const struct instance *instance)
{
    return instance->paths.status_page;
}

const char *instance_borrow_daemon_socket(const struct instance *instance)
{
    return instance->paths.daemon_socket;
}
