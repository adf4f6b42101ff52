#include "cluster/binlog_files.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "log/position.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define INDEX_MAX (16u << 20) /* bytes, of some 100,000 paths */

/* Whether a name is one of the log's files, of those that go. */
static bool goes(const char *name, const char *base, const char *first)
{
    size_t len = strlen(base);

    return strncmp(name, base, len) == 0 && name[len] == '.' && name[len + 1] != '\0' &&
           name[len + 1 + strspn(name + len + 1, "0123456789")] == '\0' &&
           log_name_number(name) < log_name_number(first);
}

/* Appends the lines that stay. */
static void keep_lines(char *content, const char *base, const char *first, struct buf *buf)
{
    for (char *line = content; *line;) {
        char *end = line + strcspn(line, "\n");
        bool last = *end == '\0';
        const char *slash;

        *end = '\0';
        slash = strrchr(line, '/');
        if (!goes(slash ? slash + 1 : line, base, first))
            buf_printf(buf, "%s\n", line);
        line = last ? end : end + 1;
    }
}

static bool shorten_index(const char *directory, const char *base, const char *first,
                          struct err *err)
{
    char *path = mem_printf("%s/%s.index", directory, base);
    char *content = NULL;
    struct buf kept;
    bool ok = true;

    buf_init(&kept, INDEX_MAX + 1);
    if (path_exists(path)) {
        ok = file_read(path, INDEX_MAX, &content, err);
        if (ok) {
            size_t before = strlen(content);

            keep_lines(content, base, first, &kept);
            if (kept.len < before)
                ok = file_write(path, buf_span(&kept), 0600, err);
        }
    }
    buf_done(&kept);
    mem_free(content);
    mem_free(path);
    return ok;
}

static bool remove_one(const char *directory, const char *name, struct err *err)
{
    char *path = mem_printf("%s/%s", directory, name);
    bool ok = unlink(path) == 0 || errno == ENOENT || err_errno(err, "%s: cannot remove", path);

    mem_free(path);
    return ok;
}

bool binlog_files_remove(const char *directory, const char *base, const char *first,
                         uint32_t *ret_removed, struct err *err)
{
    const struct dirent *entry;
    uint32_t removed = 0;
    bool ok = true;
    DIR *dir;

    if (!shorten_index(directory, base, first, err))
        return false;
    dir = opendir(directory);
    if (!dir)
        return err_errno(err, "%s: cannot open the directory", directory);
    while (ok && (entry = readdir(dir))) {
        if (!goes(entry->d_name, base, first))
            continue;
        ok = remove_one(directory, entry->d_name, err);
        removed += ok;
    }
    (void)closedir(dir);
    if (!ok || (removed > 0 && !dir_sync(directory, err)))
        return false;
    *ret_removed = removed;
    return true;
}
