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

#define REPLICA_TEXT_MAX 256

struct replica_info {
    uint32_t server_id;
    char uuid[REPLICA_TEXT_MAX]; /* empty: it told none */
    char host[REPLICA_TEXT_MAX]; /* what it reported; empty: nothing */
    uint16_t port;
    char user[REPLICA_TEXT_MAX];
    char peer[REPLICA_TEXT_MAX]; /* its address */
    uint32_t thread_id;
    bool dumping;
    bool semisync;             /* it acknowledges */
    struct log_position sent;  /* the next byte to send */
    struct log_position acked; /* semi-synchronous: it has all up to there; empty name: not yet */
    uint64_t bytes_behind;     /* from `sent` to the log's end, over the files between */
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
void replica_note_sent(struct replica *replica, const struct log_position *sent, uint64_t bytes,
                       uint64_t events);
void replica_note_acked(struct replica *replica, const struct log_position *acked);

/* The entry stays, but its dump is over. */
void replica_end_dump(struct replica *replica);

/* Ends all sessions, also those that enter later: the relay stops. */
void replicas_end_all(struct replicas *replicas);

/* Ends the session of that thread id; false when there is none. */
bool replicas_kill(struct replicas *replicas, uint32_t thread_id);

/* A copy of all entries, in a new array (mem_free), in the order in which they entered. */
void replicas_list(struct replicas *replicas, struct replica_info **ret_infos, size_t *ret_count);

/* How many dumps are semi-synchronous: Rpl_semi_sync_source_clients. */
size_t replicas_semisync_count(struct replicas *replicas);
