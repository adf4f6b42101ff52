/*
 * struct index_file: the side index of a file, on disk.
 *
 * Records are looked for by binary search in O(log n) reads. One that is damaged is passed over:
 * the BLOCK after it then vouches for less, and more events are read instead. Owned by one thread;
 * index_file_close().
 */
#pragma once

#include "base/buf.h"
#include "log/index.h"

struct index_file {
    int fd;
    size_t head_size;
    uint64_t records; /* whole ones; those not looked at may be damaged */
    struct index_head head;
    struct buf head_bytes; /* which `head` borrows from */
};

/* "NAME.idx" */
#define INDEX_NAME_SIZE (LOG_NAME_MAX + 5)
void index_file_name(const char *name, char index_name[INDEX_NAME_SIZE]);

/* E_IO (ENOENT when it is missing), E_PROTO, E_STATE. */
MUST_CHECK bool index_file_open(int dir_fd, const char *name, struct index_file *ret_file,
                                struct err *err);

/* Makes it anew, with a head only, synced; the directory is not. E_IO. */
MUST_CHECK bool index_file_create(int dir_fd, const struct index_head *head,
                                  struct index_file *ret_file, struct err *err);
void index_file_close(struct index_file *file);

#define INDEX_NO_RECORD UINT64_MAX

/*
 * The last BLOCK or END record among the first `records` whose offset is at most `offset`:
 * INDEX_NO_RECORD, and a record of the file's start, when there is none. E_IO.
 */
MUST_CHECK bool index_file_find(const struct index_file *file, uint64_t records, uint64_t offset,
                                struct index_record *ret_record, uint64_t *ret_number,
                                struct err *err);

/* The same for those in whose blocks, and before, no event has that timestamp or a later one. */
MUST_CHECK bool index_file_find_time(const struct index_file *file, uint64_t records,
                                     uint32_t timestamp, struct index_record *ret_record,
                                     struct err *err);

/* Whether the bytes of the file that a record vouches for are there. E_IO. */
MUST_CHECK bool index_record_holds(const struct index_record *record, int data_fd, bool *ret_holds,
                                   struct err *err);

/*
 * All records in their order, in large reads. `valid` is false for a damaged one.
 */
struct index_walk {
    const struct index_file *file;
    uint64_t records;
    uint64_t number; /* of the next one */
    struct buf piece;
    struct cursor rest;
};

void index_walk_init(struct index_walk *walk, const struct index_file *file, uint64_t records);
void index_walk_done(struct index_walk *walk);

/* False in *ret_more at the end. */
MUST_CHECK bool index_walk_next(struct index_walk *walk, struct index_record *ret_record,
                                bool *ret_valid, bool *ret_more, struct err *err);
