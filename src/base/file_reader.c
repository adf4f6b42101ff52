#include "base/file_reader.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 20) /* stays in the processor's cache until it was decoded */

struct file_reader {
    char *path;
    int fd;
    uint64_t size;
    uint64_t taken;
    uint8_t *data;
    size_t cap;
    size_t start; /* of the window in data */
    size_t end;
    bool at_end;
};

bool file_reader_open(const char *path, struct file_reader **ret_reader, struct err *err)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    struct file_reader *reader;
    struct stat info;
    int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_errno(err, "%s: cannot open", name);
    if (fstat(fd, &info) != 0) {
        (void)err_errno(err, "%s: cannot look at it", name);
        fd_close(&fd);
        return false;
    }
    if (S_ISDIR(info.st_mode)) {
        fd_close(&fd);
        return err_set(err, E_USAGE, 0, "%s: expected a file, found a directory", name);
    }
    reader = mem_alloc(sizeof *reader);
    reader->path = mem_strdup(name);
    reader->fd = fd;
    reader->size = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
    *ret_reader = reader;
    return true;
}

void file_reader_close(struct file_reader *reader)
{
    if (!reader)
        return;
    fd_close(&reader->fd);
    mem_free(reader->path);
    mem_free(reader->data);
    mem_free(reader);
}

uint64_t file_reader_size(const struct file_reader *reader)
{
    return reader->size;
}

uint64_t file_reader_taken(const struct file_reader *reader)
{
    return reader->taken;
}

/*
 * Moves the window to the front, and grows step by step as bytes arrive: a need that the file does
 * not hold takes no memory.
 */
static void make_room(struct file_reader *reader, size_t need)
{
    size_t left = reader->end - reader->start;

    if (reader->start > 0) {
        memmove(reader->data, reader->data + reader->start, left);
        reader->start = 0;
        reader->end = left;
    }
    if (reader->end == reader->cap) {
        size_t doubled = reader->cap > 0 ? reader->cap * 2 : PIECE;

        reader->cap = reader->cap > 0 && need < doubled && need > reader->cap ? need : doubled;
        reader->data = mem_realloc(reader->data, reader->cap);
    }
}

bool file_reader_move(struct file_reader *reader, size_t used, size_t need, struct span *ret_window,
                      struct err *err)
{
    reader->start += used;
    while (reader->end - reader->start < need && !reader->at_end) {
        ssize_t n;

        make_room(reader, need);
        n = read(reader->fd, reader->data + reader->end, reader->cap - reader->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "%s: cannot read", reader->path);
        reader->end += (size_t)n;
        reader->taken += (uint64_t)n;
        reader->at_end = n == 0;
    }
    *ret_window =
        span_of(reader->data ? reader->data + reader->start : NULL, reader->end - reader->start);
    return true;
}
