/*
 * What the unit tests of src/log share: recorded binlog files as a source would send them, and a
 * mirror in a directory of its own.
 */
#pragma once

#include "check.h"

#include "log/mirror.h"

#define FEED_FILES_MAX 80
#define FEED_DIR       64
#define FEED_LOG_DIR   96
#define FEED_NAME      32

/* Expects success of a call that tells its failure in the test's `err`. */
#define ok(condition)                                                                              \
    do {                                                                                           \
        err = (struct err){0};                                                                     \
        if (!(condition))                                                                          \
            fail_msg("%s: %s", #condition, err.text);                                              \
    } while (0)

struct feed_file {
    char path[160];
    char *bytes;
    size_t size;        /* up to the end of its last whole event */
    size_t format_size; /* of the format description event */
    bool has_checksums;
    size_t *ends; /* offsets at which events end, from the format description's on */
    size_t count;
    bool *whole; /* a transaction ends there, too */
};

/*
 * A new directory, in memory where that can be had, and the path of the log in it; the test removes
 * it.
 */
void feed_make_dir(char dir[FEED_DIR], char log_dir[FEED_LOG_DIR]);

/* mysql-bin.000001, and so on. */
void feed_name(size_t number, char name[FEED_NAME]);

/* All recorded files that a source would send: not the encrypted one. */
size_t feed_load_all(struct feed_file files[FEED_FILES_MAX]);
void feed_load(struct feed_file *file, const char *path);
void feed_free(struct feed_file *file);

/* Begins the file under a name in the mirror, and appends all of it, one event a call. */
void feed_begin(struct mirror *mirror, const struct feed_file *file, const char *name);
void feed_append(struct mirror *mirror, const struct feed_file *file, size_t from, size_t to);

/* The whole file under a name, synced; it stays the open one. */
void feed_whole(struct mirror *mirror, const struct feed_file *file, const char *name);

struct mirror *feed_mirror_new(const char *directory, const struct mirror_options *options);
struct mirror *feed_mirror_open(const char *directory, struct mirror_recovery *ret_recovery);

/* The largest whole end at or before an offset; 0 when there is none. */
size_t feed_whole_before(const struct feed_file *file, size_t offset);

/* A small generator of numbers that repeats itself: what fails can be run again. */
uint32_t feed_random(uint64_t *state, uint32_t below);
