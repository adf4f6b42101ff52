#include "base/spool.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define WINDOW      ((size_t)1 << 20) /* bytes read, or gathered before they are written */
#define LENGTH_SIZE 8
#define MEMORY_MAX  ((size_t)1 << 34) /* of the longest piece */

struct spool {
    int fd;
    uint64_t size;      /* bytes in the file */
    struct buf pending; /* not yet in the file */
    struct buf window;  /* of the file, from `start` on, when reading */
    uint64_t start;
};

bool spool_open(struct spool **ret_spool, struct err *err)
{
    const char *directory = getenv("TMPDIR");
    char *path =
        mem_printf("%s/borealis-spool-XXXXXX", directory && *directory ? directory : "/tmp");
    int fd = mkostemp(path, O_CLOEXEC);
    struct spool *spool;

    if (fd < 0 || unlink(path) != 0) {
        (void)err_errno(err, "%s: cannot make a temporary file", path);
        fd_close(&fd);
        mem_free(path);
        return false;
    }
    mem_free(path);
    spool = mem_alloc(sizeof *spool);
    spool->fd = fd;
    buf_init(&spool->pending, MEMORY_MAX);
    buf_init(&spool->window, MEMORY_MAX);
    *ret_spool = spool;
    return true;
}

void spool_close(struct spool *spool)
{
    if (!spool)
        return;
    fd_close(&spool->fd);
    buf_done(&spool->pending);
    buf_done(&spool->window);
    mem_free(spool);
}

static bool flush(struct spool *spool, struct err *err)
{
    if (!buf_ok(&spool->pending))
        return err_set(err, E_LIMIT, 0, "temporary file: a piece of more than %zu bytes",
                       MEMORY_MAX);
    if (!fd_write_all(spool->fd, buf_span(&spool->pending), err))
        return err_prefix(err, "temporary file");
    spool->size += spool->pending.len;
    buf_clear(&spool->pending);
    return true;
}

bool spool_add(struct spool *spool, struct span piece, struct err *err)
{
    buf_bytes(&spool->pending, piece);
    buf_u64(&spool->pending, piece.len);
    return spool->pending.len < WINDOW || flush(spool, err);
}

static bool read_at(struct spool *spool, uint64_t offset, size_t n, struct err *err)
{
    size_t at;

    buf_clear(&spool->window);
    at = buf_reserve(&spool->window, n);
    while (at < n) {
        ssize_t got = pread(spool->fd, spool->window.data + at, n - at, (off_t)(offset + at));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, "temporary file: cannot read");
        if (got == 0)
            return err_set(err, E_IO, 0, "temporary file: ends at %llu, expected %llu bytes",
                           (unsigned long long)(offset + at), (unsigned long long)spool->size);
        at += (size_t)got;
    }
    spool->start = offset;
    return true;
}

/* The n bytes of the file before `end`, borrowed until the next call. */
static bool bytes_before(struct spool *spool, uint64_t end, uint64_t n, struct span *ret_bytes,
                         struct err *err)
{
    struct cursor cur;

    if (n > end || n > MEMORY_MAX)
        return err_set(err, E_BUG, 0, "temporary file: a piece of %llu bytes before offset %llu",
                       (unsigned long long)n, (unsigned long long)end);
    if (end - n < spool->start || end > spool->start + spool->window.len) {
        uint64_t take = n < WINDOW ? WINDOW : n;

        take = take > end ? end : take;
        if (!read_at(spool, end - take, (size_t)take, err))
            return false;
    }
    cur = cursor_of(buf_span(&spool->window));
    cursor_skip(&cur, (size_t)(end - n - spool->start));
    *ret_bytes = cursor_bytes(&cur, (size_t)n);
    return true;
}

bool spool_write_reversed(struct spool *spool, int fd, struct err *err)
{
    struct buf *out = &spool->pending;
    struct span bytes;

    if (!flush(spool, err))
        return false;
    for (uint64_t end = spool->size; end > 0; end -= bytes.len) {
        struct cursor length;

        if (!bytes_before(spool, end, LENGTH_SIZE, &bytes, err))
            return false;
        end -= LENGTH_SIZE;
        length = cursor_of(bytes);
        if (!bytes_before(spool, end, cursor_u64(&length), &bytes, err))
            return false;
        buf_bytes(out, bytes);
        if (out->len < WINDOW && end > bytes.len)
            continue;
        if (!fd_write_all(fd, buf_span(out), err))
            return err_prefix(err, "output");
        buf_clear(out);
    }
    spool->size = 0;
    buf_clear(&spool->window);
    if (ftruncate(spool->fd, 0) != 0 || lseek(spool->fd, 0, SEEK_SET) != 0)
        return err_errno(err, "temporary file: cannot empty it");
    return true;
}
