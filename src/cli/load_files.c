#include "cli/load_files.h"

#include "base/file.h"
#include "base/mem.h"
#include "binlog/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define OPEN_MAX 64 /* files whose statement is still to come: one a session of the source */

struct load_file {
    uint32_t id;
    int fd; /* -1: not used */
    char *path;
};

struct load_files {
    const char *wanted;
    char *directory; /* absolute; NULL: not known yet */
    uint64_t count;
    struct load_file open[OPEN_MAX];
    char *path; /* of the last that ended */
};

struct load_files *load_files_new(const char *directory)
{
    struct load_files *files = mem_alloc(sizeof *files);

    files->wanted = directory;
    for (size_t i = 0; i < OPEN_MAX; i++)
        files->open[i].fd = -1;
    return files;
}

void load_files_free(struct load_files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < OPEN_MAX; i++) {
        fd_close(&files->open[i].fd);
        mem_free(files->open[i].path);
    }
    mem_free(files->directory);
    mem_free(files->path);
    mem_free(files);
}

const char *load_files_directory(const struct load_files *files)
{
    return files->directory;
}

static bool find_directory(struct load_files *files, struct err *err)
{
    const char *parent = getenv("TMPDIR");
    char *made = NULL;
    char *real;

    if (files->directory)
        return true;
    if (!files->wanted) {
        made = mem_printf("%s/borealis-load-XXXXXX", parent && *parent ? parent : "/tmp");
        if (!mkdtemp(made)) {
            (void)err_errno(err, "%s: cannot make a directory for LOAD DATA's files", made);
            mem_free(made);
            return false;
        }
    }
    real = realpath(made ? made : files->wanted, NULL);
    if (!real)
        (void)err_errno(err, "%s: cannot find the directory for LOAD DATA's files",
                        made ? made : files->wanted);
    else if (!text_is_plain(span_str(real)))
        (void)err_set(err, E_USAGE, 0,
                      "%s: expected a directory whose name is ASCII without quotes and "
                      "backslashes, for LOAD DATA's files; name another with --load-dir",
                      real);
    else
        files->directory = mem_strdup(real);
    free(real);
    mem_free(made);
    return files->directory != NULL;
}

static struct load_file *find(struct load_files *files, uint32_t id)
{
    for (size_t i = 0; i < OPEN_MAX; i++) {
        if (files->open[i].fd >= 0 && files->open[i].id == id)
            return &files->open[i];
    }
    return NULL;
}

static void forget(struct load_file *file)
{
    fd_close(&file->fd);
    mem_free(file->path);
    file->path = NULL;
}

static bool append(const struct load_file *file, struct span content, struct err *err)
{
    return fd_write_all(file->fd, content, err) || err_prefix(err, "%s", file->path);
}

bool load_files_begin(struct load_files *files, const struct load_block *block, struct err *err)
{
    struct load_file *file = find(files, block->file_id);

    if (file) /* its statement was never logged: the source stopped */
        forget(file);
    for (size_t i = 0; i < OPEN_MAX && !file; i++) {
        if (files->open[i].fd < 0)
            file = &files->open[i];
    }
    if (!file)
        return err_set(err, E_LIMIT, 0, "more than %d files of LOAD DATA without their statement",
                       OPEN_MAX);
    if (!find_directory(files, err))
        return false;
    file->id = block->file_id;
    file->path =
        mem_printf("%s/load-%llu.data", files->directory, (unsigned long long)++files->count);
    file->fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file->fd < 0) {
        (void)err_errno(err, "%s: cannot make the file", file->path);
        forget(file);
        return false;
    }
    return append(file, block->content, err);
}

bool load_files_append(struct load_files *files, const struct load_block *block, struct err *err)
{
    struct load_file *file = find(files, block->file_id);

    if (!file)
        return err_set(err, E_PROTO, 0, "file %u, of which the first block is missing",
                       block->file_id);
    return append(file, block->content, err);
}

bool load_files_end(struct load_files *files, uint32_t file_id, const char **ret_path,
                    struct err *err)
{
    struct load_file *file = find(files, file_id);

    if (!file)
        return err_set(err, E_PROTO, 0, "file %u, of which the first block is missing", file_id);
    mem_free(files->path);
    files->path = file->path;
    file->path = NULL;
    forget(file);
    *ret_path = files->path;
    return true;
}

bool load_files_drop(struct load_files *files, uint32_t file_id, struct err *err)
{
    struct load_file *file = find(files, file_id);
    bool done = true;

    if (!file)
        return true;
    if (unlink(file->path) != 0)
        done = err_errno(err, "%s: cannot remove the file", file->path);
    forget(file);
    return done;
}
