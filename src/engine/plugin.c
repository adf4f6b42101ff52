#include "engine/plugin.h"

#include "base/file.h"
#include "base/file_reader.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define PLUGIN_MAX (16u << 20) /* bytes */
#define ARENA_CAP  65536

/* The directory of the running program; false when the system does not tell. */
static bool program_dir(char dir[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX - 1);
    char *slash;

    if (n <= 0)
        return false;
    dir[n] = 0;
    slash = strrchr(dir, '/');
    if (!slash)
        return false;
    *slash = 0;
    return true;
}

char *engine_plugin_find(void)
{
    static const char *const places[] = {"plugin/" ENGINE_PLUGIN_FILE,
                                         "../lib/borealis/" ENGINE_PLUGIN_FILE};
    char dir[PATH_MAX];

    if (!program_dir(dir))
        return NULL;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = mem_printf("%s/%s", dir, places[i]);

        if (path_exists(path))
            return path;
        mem_free(path);
    }
    return NULL;
}

static bool copy(const char *from, const char *to, struct err *err)
{
    struct file_reader *reader = NULL;
    struct span content;
    bool ok = file_reader_open(from, &reader, err) &&
              file_reader_move(reader, 0, PLUGIN_MAX + 1, &content, err);

    if (ok && content.len > PLUGIN_MAX)
        ok = err_set(err, E_LIMIT, 0, "%s: expected a plugin of at most %u bytes, found more", from,
                     PLUGIN_MAX);
    ok = ok && file_write(to, content, 0600, err);
    file_reader_close(reader);
    return ok;
}

static bool link_one(const char *from_dir, const char *name, const char *to_dir, struct err *err)
{
    char *target = mem_printf("%s/%s", from_dir, name);
    char *link = mem_printf("%s/%s", to_dir, name);
    bool ok = symlink(target, link) == 0 || err_errno(err, "%s: cannot link", link);

    mem_free(link);
    mem_free(target);
    return ok;
}

/* All that is in one directory, but for files of our own name, as links in the other. */
static bool link_all(const char *from_dir, const char *to_dir, struct err *err)
{
    DIR *dir = opendir(from_dir);
    bool ok = dir || err_errno(err, "%s: cannot open the directory", from_dir);

    while (ok) {
        const struct dirent *entry;

        errno = 0;
        entry = readdir(dir);
        if (!entry) {
            ok = errno == 0 || err_errno(err, "%s: cannot read the directory", from_dir);
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, ENGINE_PLUGIN_FILE) != 0)
            ok = link_one(from_dir, entry->d_name, to_dir, err);
    }
    if (dir)
        (void)closedir(dir);
    return ok;
}

bool engine_plugin_install(const struct engine_home *home, const struct instance_paths *paths,
                           bool *ret_there, struct err *err)
{
    char *ours = engine_plugin_find();
    char *own = mem_printf("%s/%s", paths->plugins, ENGINE_PLUGIN_FILE);
    bool ok = dir_remove(paths->plugins, err);

    if (ok && ours)
        ok = dir_make(paths->plugins, 0700, err) &&
             (!home->plugins || link_all(home->plugins, paths->plugins, err)) &&
             copy(ours, own, err);
    if (ok)
        *ret_there = ours != NULL;
    mem_free(own);
    mem_free(ours);
    return ok;
}

bool engine_plugin_is_active(struct sql *sql, bool *ret_active, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct sql_result result;
    bool ok = sql_query(sql,
                        "SELECT 1 FROM information_schema.PLUGINS "
                        "WHERE PLUGIN_NAME = 'aurora' AND PLUGIN_STATUS = 'ACTIVE'",
                        arena, &result, err);

    if (ok)
        *ret_active = result.n_rows > 0;
    arena_free(arena);
    return ok;
}

bool engine_plugin_make_function(struct sql *sql, struct err *err)
{
    return sql_run(sql, "SET SESSION sql_log_bin = 0", err) &&
           sql_run(sql,
                   "CREATE FUNCTION IF NOT EXISTS aurora_control RETURNS STRING "
                   "SONAME '" ENGINE_PLUGIN_FILE "'",
                   err);
}
