#include "base/power_loss.h"

#ifdef BOREALIS_INJECT

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX   16 /* that are not synced at a time */
#define PIECE_BYTES 4096

struct unsynced {
    char path[PATH_MAX];
    uint64_t from; /* all before is synced */
    uint64_t end;  /* of what was written */
};

static struct {
    pthread_mutex_t lock;
    bool watching;
    struct unsynced files[FILES_MAX];
    size_t count;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct unsynced *find_locked(int fd, bool make)
{
    char link[64];
    char path[PATH_MAX];
    ssize_t length;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return NULL;
    path[length] = '\0';
    for (size_t i = 0; i < shared.count; i++) {
        if (strcmp(shared.files[i].path, path) == 0)
            return &shared.files[i];
    }
    if (!make)
        return NULL;
    if (shared.count == FILES_MAX)
        abort(); /* a loss that spares a file would prove nothing */
    shared.files[shared.count] = (struct unsynced){.from = UINT64_MAX};
    memcpy(shared.files[shared.count].path, path, (size_t)length + 1);
    return &shared.files[shared.count++];
}

void power_loss_watch(bool on)
{
    (void)pthread_mutex_lock(&shared.lock);
    shared.watching = on;
    shared.count = 0;
    (void)pthread_mutex_unlock(&shared.lock);
}

void power_loss_wrote(int fd, uint64_t offset, uint64_t end)
{
    struct unsynced *file;

    (void)pthread_mutex_lock(&shared.lock);
    file = shared.watching ? find_locked(fd, true) : NULL;
    if (file) {
        file->from = offset < file->from ? offset : file->from;
        file->end = end;
    }
    (void)pthread_mutex_unlock(&shared.lock);
}

uint64_t power_loss_sync_begins(int fd)
{
    struct unsynced *file;
    uint64_t end;

    (void)pthread_mutex_lock(&shared.lock);
    file = shared.watching ? find_locked(fd, false) : NULL;
    end = file ? file->end : 0;
    (void)pthread_mutex_unlock(&shared.lock);
    return end;
}

void power_loss_synced(int fd, uint64_t end)
{
    struct unsynced *file;

    (void)pthread_mutex_lock(&shared.lock);
    file = shared.watching ? find_locked(fd, false) : NULL;
    if (file && file->end > end)
        file->from = file->from > end ? file->from : end;
    else if (file)
        *file = shared.files[--shared.count];
    (void)pthread_mutex_unlock(&shared.lock);
}

/* A number that looks random and is the same at each run. */
static uint8_t garbage_at(uint64_t offset)
{
    return (uint8_t)((offset * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

static bool fill(int fd, uint64_t from, uint64_t to, bool garbage)
{
    uint8_t piece[PIECE_BYTES] = {0};

    while (from < to) {
        size_t n = to - from < sizeof piece ? (size_t)(to - from) : sizeof piece;

        for (size_t i = 0; i < n && garbage; i++)
            piece[i] = garbage_at(from + i);
        if (pwrite(fd, piece, n, (off_t)from) != (ssize_t)n)
            return false;
        from += n;
    }
    return true;
}

static bool spoil(int fd, uint64_t from, enum power_loss how, unsigned place)
{
    struct stat info;
    uint64_t size;
    uint64_t at;

    if (fstat(fd, &info) != 0)
        return false;
    size = (uint64_t)info.st_size;
    if (size <= from)
        return true;
    at = from + (size - from) * place / 100;
    switch (how) {
    case POWER_LOSS_CUT:
        return ftruncate(fd, (off_t)at) == 0;
    case POWER_LOSS_ZEROS:
        return fill(fd, at, size, false);
    case POWER_LOSS_GARBAGE:
        return fill(fd, at, size, true);
    case POWER_LOSS_HOLE:
        return fill(fd, from, at, false);
    }
    return false;
}

/* The lock stays taken: nobody else may say that something is written or synced. */
void power_loss_happen(enum power_loss how, unsigned place)
{
    (void)pthread_mutex_lock(&shared.lock);
    for (size_t i = 0; i < shared.count; i++) {
        int fd = open(shared.files[i].path, O_WRONLY | O_CLOEXEC);

        if (fd < 0)
            continue; /* removed since */
        if (!spoil(fd, shared.files[i].from, how, place))
            abort();
        (void)close(fd);
    }
}

#endif
