/*
 * struct replicas: the replicas that are connected to a relay, for SHOW REPLICAS, for metrics, and
 * so that a newer dump of a replica ends its older one.
 *
 * A session enters itself when it registers or asks for a dump and leaves at its end; what it tells
 * of its position it tells often, so each entry has a lock of its own. Any thread.
 */
#pragma once

#include "log/mirror.h"
#include "replication/link.h"
#include "translation/dialect.h"

#define REPLICA_TEXT_MAX 256

struct replica_info {
    uint32_t server_id;
    char uuid[REPLICA_TEXT_MAX]; /* empty: it told none */
    char host[REPLICA_TEXT_MAX]; /* what it reported; empty: nothing */
    uint16_t port;
    char user[REPLICA_TEXT_MAX];
    char peer[REPLICA_TEXT_MAX]; /* its address */
    const char *via; /* the listener that it came through, which outlives it; NULL: the only one */
    uint32_t thread_id;
    bool dumping;
    bool semisync;             /* it acknowledges */
    struct log_position sent;  /* the next byte to send, as the replica calls it */
    struct log_position place; /* the same in the source's file: another one in a view */
    const char *dialect;       /* of the view that it gets: dialect_name(); NULL: the log itself */
    struct log_position acked; /* semi-synchronous: it has all up to there; empty name: not yet */
    const struct mirror *log;  /* of the dump, to be compared with; NULL: no dump */
    uint64_t bytes_behind;     /* from `place` to the log's end, over the files between */
    uint64_t sent_bytes;
    uint64_t sent_events;
    int64_t since_usec; /* since 1970: when the dump began */
};

struct replicas;
struct replica;

struct replicas *replicas_new(void);
void replicas_free(struct replicas *replicas); /* every session has left */

/* The link is interrupted by replicas_kill() and by a newer dump; it outlives the entry. */
struct replica *replicas_enter(struct replicas *replicas, struct link *link,
                               const struct replica_info *info);
void replicas_leave(struct replicas *replicas, struct replica *replica); /* NULL is fine */

/*
 * The entry's replica begins a dump of the mirror, which is there as long as the registry: older
 * dumps of the same replica (its UUID, or without one its server id, unless that is 0) are ended.
 * Returns how many.
 */
unsigned replicas_begin_dump(struct replicas *replicas, struct replica *replica,
                             struct mirror *mirror, const struct replica_info *info);

/* What was sent so far, and what the replica has acknowledged. */
void replica_note_sent(struct replica *replica, const struct log_position *sent,
                       const struct log_position *place, uint64_t bytes, uint64_t events);
void replica_note_acked(struct replica *replica, const struct log_position *acked);

/* Of the views of a dialect: where the last dump ended that came to what can not be translated. */
struct replicas_stop {
    int64_t at_usec; /* since 1970; 0: none did since the last one began */
    char text[ERR_TEXT_MAX];
};

/* `text` NULL: a dump begins. */
void replicas_note_stop(struct replicas *replicas, enum dialect dialect, const char *text);
void replicas_stop(struct replicas *replicas, enum dialect dialect, struct replicas_stop *ret_stop);

/* Of the views of a dialect: statements that were left out of what was sent. */
struct replicas_left_out {
    uint64_t count; /* each of them once, whoever got the rest */
    struct log_position last;
    char words[REPLICA_TEXT_MAX]; /* the last one's first words */
};

/*
 * One at a place of the source's, in the log that the replica gets. The operator may have to do the
 * same at the replicas, so it is told of by a log line of that subject; once: not when it, or one
 * behind it, was noted before.
 */
void replicas_note_left_out(struct replicas *replicas, struct replica *replica, const char *subject,
                            enum dialect dialect, const struct log_position *place,
                            const char *words);
void replicas_left_out(struct replicas *replicas, enum dialect dialect,
                       struct replicas_left_out *ret_left_out);

/* The entry stays, but its dump is over. */
void replica_end_dump(struct replica *replica);

/* Ends all sessions, also those that enter later: the relay stops. */
void replicas_end_all(struct replicas *replicas);

/* The same for those that came through one listener, which closes; the others' dumps go on. */
void replicas_end_via(struct replicas *replicas, const char *via);

/* After either: those that enter from now on stay. */
void replicas_go_on(struct replicas *replicas);

/* Ends the session of that thread id; false when there is none. */
bool replicas_kill(struct replicas *replicas, uint32_t thread_id);

/* A copy of all entries, in a new array (mem_free), in the order in which they entered. */
void replicas_list(struct replicas *replicas, struct replica_info **ret_infos, size_t *ret_count);

/* How many dumps are semi-synchronous: Rpl_semi_sync_source_clients. */
size_t replicas_semisync_count(struct replicas *replicas);
