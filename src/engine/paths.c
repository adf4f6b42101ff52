#include "engine/paths.h"

void instance_paths_init(struct instance_paths *paths, struct arena *arena, const char *dir,
                         uint32_t binlog_epoch)
{
    paths->dir = arena_strdup(arena, dir);
    paths->data = arena_printf(arena, "%s/data", dir);
    paths->binlog = arena_printf(arena, "%s/binlog/%08u", dir, binlog_epoch);
    paths->binlog_base = arena_printf(arena, "%s/mysql-bin-changelog", paths->binlog);
    paths->relay = arena_printf(arena, "%s/relay", dir);
    paths->tmp = arena_printf(arena, "%s/tmp", dir);
    paths->run = arena_printf(arena, "%s/run", dir);
    paths->socket = arena_printf(arena, "%s/engine.sock", paths->run);
    paths->pid_file = arena_printf(arena, "%s/engine.pid", paths->run);
    paths->config = arena_printf(arena, "%s/my.cnf", dir);
    paths->log = arena_printf(arena, "%s/engine.log", dir);
    paths->lock = arena_printf(arena, "%s/lock", dir);
}
