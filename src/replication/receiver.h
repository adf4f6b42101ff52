/*
 * struct receiver: pulls a source's binlog into a mirror, as a replica's I/O thread does: connects,
 * checks who is there, asks for the dump from where the mirror ends, appends what comes, and begins
 * again with a growing pause whenever the connection ends.
 *
 * It has a thread of its own. The mirror is the owner's: at each connect the receiver says which
 * source it met and gets the mirror that belongs to it. The owner stops the receiver before it
 * closes the mirror. What can only get worse by trying again stops it for good: another source than
 * the mirror's, one with our own server id (1593) or that its gate refuses, a binlog that the
 * source no longer has (1236), events that come damaged time and again, a mirror that failed. A
 * full disk is waited for: it tries again every few seconds. While it is held it has no connection
 * at all.
 */
#pragma once

#include "log/mirror.h"
#include "replication/key_history.h"
#include "replication/link_login.h"
#include "replication/source_change.h"

enum receiver_start {
    RECEIVER_FROM_OLDEST, /* the source's oldest file */
    RECEIVER_FROM_NOW,    /* where its binlog ends at the first connect */
    RECEIVER_FROM_POSITION,
    RECEIVER_FROM_FILE,  /* the beginning of the file in which the position is, if the source would
                            serve it: what came before it in the file tells the state there */
    RECEIVER_FROM_GTIDS, /* the file in which the first transaction after them is */
};

struct receiver_log {
    struct mirror *mirror;
    bool successor; /* of another log: if it is empty, `start` was for that one */
};

/* Sources that could be followed and must not be: what finds one stops the receiver for good. */
struct receiver_gate {
    /* Of the source that was just met, in the receiver's thread; NULL: all may. */
    bool (*admit)(void *context, const struct source *source, struct err *err);
    void *context;

    /*
     * Seconds since 1970: an event of the visitor's own server id that was written then or later
     * has come back: the source replicates from here, itself or through others. 0: not looked for.
     */
    uint32_t own_since;
};

/* All pointers must stay while the receiver lives. */
struct receiver_spec {
    const char *name; /* of the channel, for the log */
    struct link_login_spec login;
    struct source_visitor visitor;
    enum receiver_start start; /* of an empty mirror; a successor's is GTIDS, or else OLDEST */
    struct source_position position;
    const char *gtids;            /* MySQL: a set; MariaDB: a position, a GTID per domain */
    const char *gtids_of_mariadb; /* where the family is not known: this for MariaDB; NULL: that */
    int64_t connect_usec;         /* for connecting, logging in and asking: 60 s if 0 */
    int64_t silence_usec;         /* without a byte, not even a heartbeat: the connection is dead */

    enum source_change_policy on_change;
    struct receiver_gate gate;
    struct key_history *keys; /* told of what is received */

    /*
     * The owner's log, made for the source that was just met if there is none yet, or, with `anew`,
     * in place of the one that there is. Called in the receiver's thread.
     */
    bool (*find_log)(void *context, const struct log_identity *identity, bool anew,
                     struct receiver_log *ret_log, struct err *err);

    /* The source is the one whose log it is: the owner keeps its variables. */
    bool (*keep_variables)(void *context, struct variables *variables, struct err *err);
    void *context;
};

enum receiver_state {
    RECEIVER_CONNECTING,
    RECEIVER_RECEIVING,
    RECEIVER_PAUSING, /* until the next attempt, or as long as it is held */
    RECEIVER_STOPPED, /* for good; the error says why */
};

const char *receiver_state_name(enum receiver_state state); /* "connecting", ... */

struct receiver_status {
    enum receiver_state state;
    struct err error;        /* the last one; class E_NONE: none since events came */
    int64_t error_usec;      /* since 1970, when it came */
    uint64_t connects;       /* successful ones */
    uint64_t failures;       /* attempts and connections that ended with an error */
    uint64_t damaged;        /* of them: events that were not whole, or against the protocol */
    uint64_t new_logs;       /* begun because the source was not as it was */
    uint64_t events;         /* appended since the start */
    uint64_t bytes;          /* of them */
    int64_t heard_usec;      /* since 1970: the last event or heartbeat */
    uint32_t last_timestamp; /* of the last event that has one, seconds since 1970 */
    int64_t clock_usec;      /* the source's clock minus ours */
    bool caught_up;          /* a heartbeat or an empty socket followed the last event */
    bool semisync;
};

struct receiver;

MUST_CHECK bool receiver_start_thread(const struct receiver_spec *spec,
                                      struct receiver **ret_receiver, struct err *err);

/*
 * From now on another login and visitor: the connection ends, if there is one, and the next is made
 * by these at once; a receiver that has stopped for good tries again. All pointers must stay, and
 * those of the specification before until receiver_stop(). Counters go on.
 */
void receiver_change(struct receiver *receiver, const struct receiver_spec *spec);

/*
 * Ends the connection, and makes none until it is called with NULL: then at once. The status has
 * the reason for so long. What has come whole is kept.
 */
void receiver_hold(struct receiver *receiver, const struct err *why);

/* Ends the connection and the thread. NULL is fine. */
void receiver_stop(struct receiver *receiver);

void receiver_status(struct receiver *receiver, struct receiver_status *ret_status);

/*
 * How old, by the source's clock, the last event is that came, in seconds: 0 when all has come; -1
 * when that is not known, because it is not receiving.
 */
int64_t receiver_seconds_behind(const struct receiver_status *status);
