#include "engine/paths.h"

#include "net/socket.h"

void instance_paths_init(struct instance_paths *paths, struct arena *arena, const char *dir,
                         uint32_t binlog_epoch)
{
    paths->dir = arena_strdup(arena, dir);
    paths->data = arena_printf(arena, "%s/data", dir);
    paths->binlog = arena_printf(arena, "%s/" INSTANCE_BINLOG_DIRECTORY "/%08u", dir, binlog_epoch);
    paths->binlog_base = arena_printf(arena, "%s/" INSTANCE_BINLOG_NAME, paths->binlog);
    paths->relay = arena_printf(arena, "%s/relay", dir);
    paths->tmp = arena_printf(arena, "%s/tmp", dir);
    paths->run = arena_printf(arena, "%s/run", dir);
    paths->socket = arena_printf(arena, "%s/engine.sock", paths->run);
    /* A name may be long, and is in the path twice. */
    paths->own_socket = socket_path_fits(paths->socket) ? paths->socket : "../run/engine.sock";
    paths->pid_file = arena_printf(arena, "%s/engine.pid", paths->run);
    paths->config = arena_printf(arena, "%s/my.cnf", dir);
    paths->client_config = arena_printf(arena, "%s/rdsadmin.cnf", dir);
    paths->log = arena_printf(arena, "%s/engine.log", dir);
    paths->plugins = arena_printf(arena, "%s/plugin", dir);
    paths->status_page = arena_printf(arena, "%s/status.page", paths->run);
    paths->daemon_socket = arena_printf(arena, "%s/daemon.sock", paths->run);
    paths->lock = arena_printf(arena, "%s/lock", dir);
}
