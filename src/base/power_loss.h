/*
 * What a loss of power does to files, in builds with tests only: of what fd_write_at() has written
 * and no fd_sync() has made durable, anything may be on the disk afterwards. Files that only grow
 * are meant: what stood there before does not come back. In other builds there is nothing of it.
 *
 * Files are known by their path, from power_loss_watch() on; what is removed is left out. Any
 * thread. It ends with power_loss_happen(): no other thread goes on past a write or a sync.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What becomes of it, on one side of a place in it; the other side is as it was written. */
enum power_loss {
    POWER_LOSS_CUT,     /* the file ends at the place */
    POWER_LOSS_ZEROS,   /* zeros behind the place: it had grown, its bytes were not written */
    POWER_LOSS_GARBAGE, /* behind the place */
    POWER_LOSS_HOLE,    /* zeros before the place: later pages were written first */
};

#ifdef BOREALIS_INJECT

/* Forgets all that is known, and from now on takes note of what is written, or does not. */
void power_loss_watch(bool on);

/* Bytes from offset to end were written; with the same twice, the file was cut there. */
void power_loss_wrote(int fd, uint64_t offset, uint64_t end);

/* Around a sync: the end up to which it counts, and that it has succeeded. */
uint64_t power_loss_sync_begins(int fd);
void power_loss_synced(int fd, uint64_t end);

/* Spoils all files; `place` is in percent of what was not synced. The process is to end now. */
void power_loss_happen(enum power_loss how, unsigned place);

#else

#define power_loss_wrote(fd, offset, end) ((void)0)
#define power_loss_sync_begins(fd)        UINT64_C(0)
#define power_loss_synced(fd, end)        ((void)(end))

#endif
