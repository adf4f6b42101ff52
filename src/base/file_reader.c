#include "base/file_reader.h"

#include "base/decompressor.h"
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
    bool begun; /* it is known whether the file is compressed */

    struct decompressor *decompressor; /* NULL: it is plain */
    uint8_t *packed;                   /* PIECE bytes of the compressed file */
    struct span packed_left;
    bool packed_end;
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
    decompressor_free(reader->decompressor);
    mem_free(reader->packed);
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

static bool read_piece(struct file_reader *reader, uint8_t *into, size_t cap, size_t *ret_length,
                       struct err *err)
{
    ssize_t n;

    do
        n = read(reader->fd, into, cap);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(err, "%s: cannot read", reader->path);
    reader->taken += (uint64_t)n;
    *ret_length = (size_t)n;
    return true;
}

/* The window has the file's first bytes: if they are compressed, they become input. */
static void begin(struct file_reader *reader)
{
    size_t length = reader->end - reader->start;
    enum compression compression = compression_of(span_of(reader->data + reader->start, length));

    reader->begun = length >= COMPRESSION_MAGIC_SIZE || reader->at_end;
    if (compression == COMPRESSION_NONE)
        return;
    reader->decompressor = decompressor_new(compression);
    reader->packed = reader->data;
    reader->packed_left = span_of(reader->packed + reader->start, length);
    reader->packed_end = reader->at_end;
    reader->data = NULL;
    reader->cap = reader->start = reader->end = 0;
    reader->at_end = false;
}

/* Some more plain bytes out of the compressed file. */
static bool unpack(struct file_reader *reader, size_t *ret_length, struct err *err)
{
    size_t length = 0;
    bool stuck = false;

    while (length == 0 && !stuck) {
        size_t before;

        if (reader->packed_left.len == 0 && !reader->packed_end) {
            size_t n;

            if (!read_piece(reader, reader->packed, PIECE, &n, err))
                return false;
            reader->packed_left = span_of(reader->packed, n);
            reader->packed_end = n == 0;
        }
        before = reader->packed_left.len;
        if (!decompressor_run(reader->decompressor, &reader->packed_left,
                              reader->data + reader->end, reader->cap - reader->end, &length, err))
            return err_prefix(err, "%s", reader->path);
        stuck = before == reader->packed_left.len && reader->packed_end;
    }
    if (length == 0 && !decompressor_finish(reader->decompressor, err))
        return err_prefix(err, "%s", reader->path);
    *ret_length = length;
    return true;
}

bool file_reader_move(struct file_reader *reader, size_t used, size_t need, struct span *ret_window,
                      struct err *err)
{
    reader->start += used;
    while ((reader->end - reader->start < need || !reader->begun) && !reader->at_end) {
        size_t n;

        make_room(reader, need);
        if (reader->decompressor ? !unpack(reader, &n, err)
                                 : !read_piece(reader, reader->data + reader->end,
                                               reader->cap - reader->end, &n, err))
            return false;
        reader->end += n;
        reader->at_end = n == 0;
        if (!reader->begun)
            begin(reader);
    }
    *ret_window =
        span_of(reader->data ? reader->data + reader->start : NULL, reader->end - reader->start);
    return true;
}
