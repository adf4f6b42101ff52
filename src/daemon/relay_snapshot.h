/*
 * struct relay_snapshot: what a relay's channels are at one moment, as values: status and metrics
 * are made of it without a lock. Owned by who took it; relay_snapshot_done() frees.
 */
#pragma once

#include "daemon/relay_channels.h"

struct relay_replica_snapshot {
    struct replica_info info;
    bool has_position;
    uint64_t behind_bytes; /* synced, not sent; counted from the oldest file when its is gone */
};

struct relay_hold_snapshot {
    struct log_hold hold;
    uint64_t bytes; /* of the log, from its first file on; 0: that is gone */
};

struct relay_channel_snapshot {
    char *name;
    char *source;         /* as configured: mysql://USER@HOST:PORT */
    char *listen;         /* IP:PORT */
    char *listen_mariadb; /* NULL: there is none */
    char *listen_mysql;
    struct replicas_stop stops[DIALECTS]; /* of translations */
    struct replicas_left_out left_out[DIALECTS];
    bool tracks_dependencies;
    struct key_history_status keys;
    bool started;
    const char *state;  /* "failed": not started; else of the receiver */
    char *error;        /* NULL: none */
    int64_t error_usec; /* since 1970; 0: not known */
    struct receiver_status receiver;
    int64_t seconds_behind; /* -1: not known */
    double bytes_per_second;

    bool has_log; /* a source was met */
    struct log_ends ends;
    char *gtids; /* that it has, synced; NULL: not known */
    char *first_file;
    size_t files;
    uint64_t bytes;
    struct log_cache_counters cache;
    struct log_sync_counters syncs;

    struct relay_channel_disk disk;
    uint64_t disk_free; /* bytes, for this user; 0 and 0: not known */
    uint64_t disk_size;
    uint64_t retention_hours; /* UINT64_MAX: no bound */
    uint64_t retention_bytes; /* 0: no bound */
    struct relay_hold_snapshot *holds;
    size_t n_holds;
    size_t clients;                          /* connections at the listener */
    struct relay_replica_snapshot *replicas; /* those that are logged in */
    size_t n_replicas;
};

struct relay_snapshot {
    struct relay_channel_snapshot *channels;
    size_t count;
};

/* The caller has the channels' lock. With the GTIDs it reads the log's index. */
void relay_snapshot_take(struct relay_channels *channels, bool with_gtids,
                         struct relay_snapshot *ret_snapshot);
void relay_snapshot_done(struct relay_snapshot *snapshot);
