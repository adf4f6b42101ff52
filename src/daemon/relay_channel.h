/*
 * struct relay_channel: one source of a relay at work: its receiver and log
 * (replication/channel.h), its listener, and the replicas that are connected there.
 *
 * Whoever uses it has the relay's lock. It exists whether it could be started or not: one that
 * could not has its reason, and may be started again; nothing of it is open then. Its sessions run
 * under the settings that held when they connected, but accounts are always those that hold now.
 */
#pragma once

#include "daemon/relay_identity.h"
#include "daemon/relay_settings.h"
#include "log/retention.h"
#include "replication/origin_map.h"
#include "replication/replicas.h"

/* Of the relay; all of it outlives the channels. */
struct relay_channel_context {
    const char *directory; /* DIR, absolute */
    const struct relay_identity *identity;
    const struct tls *own_tls; /* for listeners without a certificate of their own */
};

struct relay_channel;

/* Takes over a share of the settings. Nothing is opened. */
struct relay_channel *relay_channel_new(const struct relay_channel_context *context,
                                        struct relay_settings *settings);

/* What its log tells of GTIDs, whether it is started or not; as long as the channel. */
struct origin_log *relay_channel_borrow_origins(struct relay_channel *channel);

/* Stops it first. Replicas are cut off, what is in the log stays. NULL is fine. */
void relay_channel_free(struct relay_channel *channel);

/* Opens log and listener. The error is kept, too: relay_channel_error(). */
MUST_CHECK bool relay_channel_start(struct relay_channel *channel, struct err *err);
bool relay_channel_is_started(const struct relay_channel *channel);

/* What only a start changes. */
struct relay_channel_started {
    char *listen;
    uint16_t port;
    struct relay_address listen_mariadb; /* the texts are the settings' of the start */
    struct relay_address listen_mysql;
    uint64_t cache_bytes;
    uint64_t keep_free_bytes;
    int64_t since_usec; /* since 1970 */
};

const struct relay_channel_started *relay_channel_started(const struct relay_channel *channel);
const struct err *relay_channel_error(const struct relay_channel *channel); /* NULL: none */

/*
 * Takes over a share of new settings of the same channel, NULL: those that it has, and of the
 * channels whose GTIDs come back through it, NULL: none. Sessions go on; the receiver connects anew
 * when its part has changed.
 */
void relay_channel_change(struct relay_channel *channel, struct relay_settings *settings,
                          struct origin_map *origins);

const char *relay_channel_name(const struct relay_channel *channel);
const struct relay_settings *relay_channel_settings(const struct relay_channel *channel);
struct channel *relay_channel_borrow(struct relay_channel *channel); /* NULL: not started */
struct replicas *relay_channel_replicas(struct relay_channel *channel);
size_t relay_channel_clients(struct relay_channel *channel);
const char *relay_channel_directory(const struct relay_channel *channel);

/*
 * Bytes per second that came from the source between the two last samples; the owner takes one
 * every few seconds.
 */
void relay_channel_sample(struct relay_channel *channel);
double relay_channel_rate(const struct relay_channel *channel);

/* The disk that the log is on, as last seen. */
struct relay_channel_disk {
    enum disk_stage stage;
    struct disk_space space; /* of size 0: not yet */
    struct log_purged cut;   /* since the start, while it was short */
};

/*
 * Looks at the disk, which the owner has it do every second or so. Low: nothing is received any
 * more. Short: the oldest files go before the retention says so, if it says anything, but none that
 * a dump is in or has before it.
 */
void relay_channel_watch_disk(struct relay_channel *channel);
void relay_channel_disk(const struct relay_channel *channel, struct relay_channel_disk *ret_disk);

/*
 * How long, and how much, is kept: what an administrator has set by a client comes before what the
 * configuration says. Its in_use is NULL.
 */
struct log_retention relay_channel_retention(struct relay_channel *channel);

/* Has the holds of accounts follow their dumps; the owner has it do so every second or so. */
void relay_channel_hold(struct relay_channel *channel);

/* Removes what the retention no longer keeps, and no dump is in or has before it; logs it. */
void relay_channel_purge(struct relay_channel *channel);
