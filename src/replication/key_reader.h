/*
 * struct key_reader: a thread that keeps a key_history up to date: it reads the source's keys over
 * a connection of its own after each connect, soon after each change of tables in the log, and
 * every ten minutes, because some changes are in no log.
 *
 * A reading takes a tenth of the time at most; one that failed is tried again after a pause that
 * grows up to a minute. The owner stops it before it closes the mirrors.
 */
#pragma once

#include "replication/key_history.h"
#include "replication/link_login.h"

/* All pointers must stay while the reader lives. */
struct key_reader_spec {
    const char *name; /* of the channel, for the log */
    struct link_login_spec login;
    int64_t connect_usec; /* for a whole reading: 60 s if 0 */
    bool of_mysql;        /* keys are wanted of sources of that family */
    bool of_mariadb;
};

struct key_reader;

MUST_CHECK bool key_reader_start(const struct key_reader_spec *spec, struct key_reader **ret_reader,
                                 struct err *err);
void key_reader_stop(struct key_reader *reader); /* NULL is fine */

/* From now on by this; as receiver_change(). */
void key_reader_change(struct key_reader *reader, const struct key_reader_spec *spec);

/* What it fills; good until key_reader_stop(). */
struct key_history *key_reader_borrow_history(struct key_reader *reader);
