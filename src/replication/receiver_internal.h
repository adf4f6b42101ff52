/*
 * What the files of struct receiver share. Nothing else includes it. All but `shared` is the
 * receiver's thread's own.
 */
#pragma once

#include "base/buf.h"
#include "binlog/reader.h"
#include "log/overlap.h"
#include "replication/receiver.h"
#include "wire/reply.h"

#include <pthread.h>

#define RECEIVER_PAYLOAD_MAX ((size_t)EVENT_LENGTH_MAX + 16)
#define RECEIVER_BATCH_BYTES ((size_t)1 << 20) /* appended at once while more is there to read */
#define ER_BINLOG_FATAL      ER_MASTER_FATAL_ERROR_READING_BINLOG

struct receiver {
    struct receiver_spec spec;
    pthread_t thread;
    int stop_fd; /* raised, under the lock, when it is to stop, to be held, or to take a change */

    /* The thread's own, during one connection. */
    struct link *link;
    struct source source;
    int64_t asked_usec; /* when its variables were, by its own clock, or a second before */
    struct mirror *mirror;
    struct reader reader;        /* of control events: knows the format description */
    struct log_position end;     /* received; while there is an overlap: compared */
    struct log_overlap *overlap; /* what has to come again before anything is appended */
    bool successor;              /* the mirror took the place of another one */
    enum source_change change;   /* what the connection found instead of the mirror's binlog */
    struct err reason;           /* and how that shows */
    struct buf batch;            /* events that are not appended yet */
    uint64_t batch_events;
    struct source_position next; /* file announced by a ROTATE whose format is yet to come */
    bool announced;
    unsigned damaged;   /* times in a row that the stream ended with damage before it got on */
    bool torn;          /* the source says that the file at hand ends within an event */
    bool was_refused;   /* with 1236, and nothing was appended since */
    bool held;          /* that was said */
    bool fatal;         /* the error at hand must not be tried again */
    int64_t since_usec; /* when the dump of the last connection began; 0: it had none */

    struct {
        pthread_mutex_t lock;
        struct receiver_status status;
        const struct receiver_spec *change; /* to be taken over by the thread; NULL: none */
        struct err hold;                    /* why nothing is to be received; class E_NONE: it is */
        bool stopping;
    } shared;
};

/* Takes what the dump sends until it ends: always false, with the reason. */
MUST_CHECK bool receiver_stream(struct receiver *receiver, struct err *err);

/* Gives the mirror what has come of whole events. */
MUST_CHECK bool receiver_append(struct receiver *receiver, struct err *err);

/* Nothing is compared any more. */
void receiver_end_overlap(struct receiver *receiver);
