/*
 * struct key_history: which unique keys a source's tables had, and over what part of its log.
 *
 * A reading of the source's dictionary is made between two places of its log, `before` and `after`.
 * What it shows holds from the last change of tables (binlog/table_change.h) in front of `before`
 * up to the first one behind `after`; with a change between the two it shows nothing for sure, and
 * is dropped. Which of these it is can be told once the log was received up to `after`.
 *
 * Changes that the log does not have (sql_log_bin = 0) only show in a later reading that differs
 * with no change in between: then the older one holds up to where it was last seen the same, and
 * the new one from where it was begun.
 *
 * Threads: the receiver's says what it receives, before anybody can read it; one other thread, the
 * key_reader's, adds readings; any asks. Memory: KEY_HISTORY_KEPT catalogues.
 */
#pragma once

#include "log/mirror.h"
#include "translation/key_catalog.h"

#define KEY_HISTORY_KEPT 4 /* readings; the oldest goes when there are more */

struct key_history;

/* `wake_fd` (base/wakeup.h), which outlives it, is raised when key_history_wants() may have
 * changed.
 */
struct key_history *key_history_new(int wake_fd);
void key_history_free(struct key_history *history); /* NULL is fine */

/* ---- The receiver ---- */

/*
 * It was connected, and goes on at the end of this log. After another log, or a restart, nothing is
 * known of what stands before that.
 */
void key_history_connect(struct key_history *history, const struct mirror *log,
                         const struct log_position *end);

/* A change of tables stands at a place, in so many bytes. */
void key_history_note_change(struct key_history *history, const struct log_position *at,
                             uint64_t bytes);

/* All up to here was received, and its changes were noted. */
void key_history_note_end(struct key_history *history, const struct log_position *end);

/* ---- The reader ---- */

struct key_reading {
    const struct mirror *log; /* for which it was begun */
    struct log_position before;
    struct log_position after;
    struct key_catalog *catalog;
    int64_t read_usec; /* since 1970 */
};

enum key_want {
    KEY_WANT_LATER, /* nothing holds; the last reading waits for the log to come */
    KEY_WANT_NOW,   /* nothing holds at the log's end, or the source was connected anew */
    KEY_WANT_NOT,   /* the last reading holds at the log's end */
};

/* *ret_log: for which log the next reading is to be; NULL, and not NOW: none was received yet. */
enum key_want key_history_wants(struct key_history *history, const struct mirror **ret_log);

/* Takes over the reading's catalogue. */
void key_history_add(struct key_history *history, const struct key_reading *reading);

/* A reading failed. */
void key_history_note_failure(struct key_history *history, const struct err *why);

/* ---- Those who ask ---- */

/* The catalogue that holds at a place of that log: a reference; NULL: none is known. */
struct key_catalog *key_history_at(struct key_history *history, const struct mirror *log,
                                   const char *file, uint64_t offset);

/* Whom to ask, and of which log; key_place_at() is what a struct key_source asks it by. */
struct key_place {
    struct key_history *history;
    const struct mirror *log;
};

struct key_catalog *key_place_at(void *userdata, const char *file, uint64_t offset);

struct key_history_status {
    bool holds;        /* the last reading, at the log's end */
    size_t tables;     /* in it */
    int64_t read_usec; /* since 1970; 0: none has held yet */
    uint64_t readings; /* that held */
    uint64_t dropped;  /* that did not: tables were changed meanwhile */
    uint64_t failures; /* that came to nothing */
    struct err error;  /* the last failure; class E_NONE: none since a reading held */
};

void key_history_status(struct key_history *history, struct key_history_status *ret_status);
