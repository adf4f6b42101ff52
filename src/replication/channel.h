/*
 * struct channel: one external source of a relay: the directory of its logs, the mirror of the
 * current one, the receiver that fills it, and what is read of the source's keys.
 *
 *     DIRECTORY/variables.json   the source's system variables, as last seen
 *     DIRECTORY/00000001/        a mirror; where a new log was begun, the next number has it
 *
 * Owned by the relay's main thread, which opens and closes it; the others' functions may be called
 * by any thread in between. Whoever reads a mirror is done before channel_close().
 *
 * When another mirror takes the place of the current one (source_change.h), the old one is shut
 * down: it may be read to its end, waiting for more ends with E_STATE. Its directory stays until
 * channel_purge() removes it.
 */
#pragma once

#include "log/retention.h"
#include "replication/dump_controls.h"
#include "replication/key_history.h"
#include "replication/origin_log.h"
#include "replication/receiver.h"

struct channel_spec {
    const char *name;
    const char *directory;         /* absolute; made if it is missing */
    struct receiver_spec receiver; /* without its name and its calls to the owner */
    uint64_t cache_bytes;          /* of the I/O cache; 0: the default */
    uint64_t keep_free_bytes;      /* of the file system */
    bool keys_of_mysql;            /* read the keys of a source of that family */
    bool keys_of_mariadb;
    bool paused;                /* the receiver waits for channel_resume() */
    struct origin_log *origins; /* is told of the log; outlives the channel; NULL: none */
};

struct channel;
struct retention_setting;

/*
 * Opens the last mirror, if there is one, and starts the receiver, unless it is to be paused. All
 * of the spec must stay.
 */
MUST_CHECK bool channel_open(const struct channel_spec *spec, struct channel **ret_channel,
                             struct err *err);
void channel_close(struct channel *channel); /* NULL is fine */

const char *channel_name(const struct channel *channel);
const struct channel_spec *channel_borrow_spec(struct channel *channel); /* as of now */

/*
 * From now on another way to the source: login, visitor and start of the spec, see
 * receiver_change(). The old ones must stay until channel_close(), too.
 */
void channel_change_receiver(struct channel *channel, const struct receiver_spec *receiver);

/*
 * By the owner: ends the receiver's connection and thread, and begins anew from where the log ends.
 * What was received stays and is served. The status of a paused one is RECEIVER_STOPPED without an
 * error.
 */
void channel_pause(struct channel *channel);
MUST_CHECK bool channel_resume(struct channel *channel, struct err *err);

/*
 * By the owner: as receiver_hold(), of the receiver that there is and of those to come. Again with
 * a reason it does nothing while there is one.
 */
void channel_hold(struct channel *channel, const struct err *why);

/*
 * Readable for good once the source was met, now or before: its log and its variables are there.
 */
int channel_borrow_met_fd(const struct channel *channel);

/* From now on keys are read of sources of these families. */
void channel_change_keys(struct channel *channel, bool of_mysql, bool of_mariadb);

/* The keys of the source's tables; good until channel_close(). */
struct key_history *channel_borrow_keys(struct channel *channel);

/*
 * The current one; NULL until a source was met for the first time. Good until channel_close(), even
 * when another takes its place meanwhile: then the next call gives that one.
 */
struct mirror *channel_borrow_mirror(struct channel *channel);

/* What its dumps have in common; good until channel_close(). */
struct dump_controls *channel_borrow_dump_controls(struct channel *channel);

/* The source's variables: an owner of its own for the caller (variables_free); NULL: none seen. */
struct variables *channel_share_variables(struct channel *channel);

/* `binlog retention hours` of the channel, good until channel_close(). */
struct retention_setting *channel_borrow_retention(struct channel *channel);

void channel_receiver_status(struct channel *channel, struct receiver_status *ret_status);

/*
 * log_purge() of the mirror, once what the origins need of it is kept; logs whose place it took go
 * as a whole, the oldest first: `hours` after that, or while all of the channel's files are larger
 * than `bytes`. *ret_purged is set in any case.
 */
MUST_CHECK bool channel_purge(struct channel *channel, const struct log_retention *retention,
                              int64_t now_usec, struct log_purged *ret_purged, struct err *err);

/* log_purge_to() of the mirror, likewise. E_STATE: there is none yet. */
MUST_CHECK bool channel_purge_to(struct channel *channel, const char *name,
                                 struct log_purged *ret_purged, struct err *err);
