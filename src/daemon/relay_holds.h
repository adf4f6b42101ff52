/*
 * struct relay_holds: the holds (log/retention.h) of those accounts of a relay that have the key
 * `hold`. What their replicas have not been sent stays in a channel's log, whatever its retention,
 * up to that size.
 *
 * A hold begins with the oldest file that the size has room for, and follows the account's dumps
 * from file to file, the last of them if there are several. While none is there it stays where it
 * is. What a dump reads that has not come to the newest log yet, of a source that was replaced,
 * moves nothing.
 *
 * Owned by the channel, under whose owner's lock it is used. The holds themselves are in the log's
 * directory, so they survive; this knows only what was logged of them.
 */
#pragma once

#include "daemon/relay_config.h"
#include "log/hold.h"
#include "replication/replicas.h"

struct relay_holds {
    struct log_holds known;     /* as they were last */
    char failure[ERR_TEXT_MAX]; /* of the last time; empty: none */
};

void relay_holds_done(struct relay_holds *holds);

/*
 * Makes, moves and drops holds, as configuration and dumps ask for, and logs what has come of them
 * with the channel's name; a failure once, until it has become another.
 */
void relay_holds_follow(struct relay_holds *holds, const struct relay_config *config,
                        const char *channel, struct mirror *mirror, struct replicas *replicas);

/* How many of the oldest files no hold keeps. */
size_t relay_holds_limit(struct mirror *mirror, const struct log_file *files, size_t count);
