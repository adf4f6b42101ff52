/*
 * struct external_source: the source that a cluster replicates from, at work: its channel (receiver
 * and mirrored log, replication/channel.h), and the door through which the cluster's own engine
 * reads that log: a TCP port of 127.0.0.1 with TLS, one random account, and events in MariaDB's
 * dialect.
 *
 * Owned by struct source_replication, under whose lock all calls are made. The door is open as long
 * as it is; the receiver runs between start and stop.
 */
#pragma once

#include "cluster/source_definition.h"
#include "replication/channel.h"
#include "replication/dump_limits.h"
#include "replication/replica_place.h"

struct external_source;

/* All is borrowed and outlives the source. */
struct external_source_spec {
    const char *subject;        /* of log lines */
    const char *directory;      /* absolute: of the logs of sources; tls/ in it is the door's */
    const char *material;       /* directory of the SSL material (ssl_material.h); may lack it */
    uint32_t server_id;         /* of the engine: the source must have another */
    const char *source_address; /* an IP of this machine to connect from; NULL: as routing picks */
    uint64_t keep_free_bytes;   /* of the file system: the log never takes these */

    const char *accounts_of; /* the cluster's master user, of whom a source knows nothing */
    bool takes_accounts;     /* of the source */

    bool (*admit)(void *context, const struct source *source, struct err *err); /* receiver_gate */

    /*
     * Keys of rows by which the transactions of a MySQL source are told what they have to wait for
     * (translation/dependencies.h), if its user may see all tables; 0: by its own word
     * alone. Asked for at each connection of the engine.
     */
    unsigned (*history_size)(void *context);

    /* translation/hidden_key.h: of the engine's tables. */
    bool (*check_hidden_key)(void *context, struct span database, struct span table,
                             struct err *err);
    void *context;
    const struct source_definition *definition;
    const struct dump_limits *limits; /* at first; a copy is taken */
};

/*
 * Opens the log and the door, at the definition's port, or, if that is 0 or taken, at one of the
 * kernel's choice. The receiver does not run.
 */
MUST_CHECK bool external_source_open(const struct external_source_spec *spec,
                                     struct external_source **ret_source, struct err *err);
void external_source_close(struct external_source *source); /* NULL is fine */

uint16_t external_source_port(const struct external_source *source);

/* What the engine is not to get, from its next dump on: a copy is taken. */
void external_source_limit(struct external_source *source, const struct dump_limits *limits);

/* Whether the engine was told since then that it has all up to where it is to stop. */
bool external_source_has_told_stop(struct external_source *source);

/* Of the certificate that the door shows; as long as the source. */
const char *external_source_borrow_ca(const struct external_source *source);

/* The receiver; one that has stopped for good begins anew. Keys are read from then on, or not. */
MUST_CHECK bool external_source_start(struct external_source *source, struct err *err);
void external_source_stop(struct external_source *source);
bool external_source_is_started(const struct external_source *source);

/* channel_hold(): a receiver that is held is started all the same. */
void external_source_hold(struct external_source *source, const struct err *why);

struct channel *external_source_borrow_channel(struct external_source *source);

/*
 * The place in the source's own log of a place as the engine calls it. False when that is not known
 * (yet).
 */
bool external_source_place(struct external_source *source, const char *file, uint64_t offset,
                           struct log_position *ret_place);

/*
 * Where in the source's log an engine with this gtid_slave_pos stands, in all of it or, unless
 * `domain` is NULL, in that domain; see replica_place.h.
 */
MUST_CHECK bool external_source_stand(struct external_source *source, const char *gtids,
                                      const uint32_t *domain, struct replica_place *ret_place,
                                      struct err *err);

/*
 * Whether an engine with this gtid_slave_pos has applied all that was received. Of a source without
 * GTIDs that is not known: false.
 */
bool external_source_is_applied(struct external_source *source, const char *gtids);

/*
 * The log's files before the one that the engine is in go. Of a source without GTIDs the file of
 * its last transaction stays, too: by its place, in its gtid_slave_pos `gtids`, the engine goes on
 * when it connects anew.
 */
MUST_CHECK bool external_source_purge(struct external_source *source, const char *engine_file,
                                      const char *gtids, struct err *err);
