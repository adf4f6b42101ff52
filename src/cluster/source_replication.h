/*
 * struct source_replication: replication of one cluster from an external source: its definition,
 * the source at work, and what the engine is told. The engine's own replica threads read the
 * relay's log by GTID, so their place commits with each transaction; the source's file and position
 * were the beginning only.
 *
 * DIR/clusters/NAME/relay/ holds source.json (source_definition.h), a directory for the log of that
 * definition, named by its id, and tls/ of the way between engine and relay.
 *
 * What a crash leaves. To set a source: the log's directory is made, the engine forgets the source
 * before, the definition is replaced, the old log goes, gtid_slave_pos is emptied, and the engine
 * is pointed to the relay, last: before that it has no source, and after it the definition that the
 * engine's account names. A definition that the engine does not name is none. To forget one: the
 * engine first, then the rest, which the next start or the next source removes. Whether it is to
 * run is what the procedures have noted in mysql.rds_replication_status.
 *
 * To begin elsewhere with the same source is to set it anew, with a definition that is made of the
 * old one. Which GTIDs are here, and which are skipped, is in the definition: it is replaced as a
 * whole, before the engine's threads start by it.
 *
 * What needs the engine's threads down looks itself, and leaves everything as it is where they run:
 * of two procedures called at once the later one is refused, and what the first has started goes
 * on.
 *
 * Any thread; calls wait for each other. The sql is the caller's.
 */
#pragma once

#include "cluster/source_status.h"
#include "engine/sql.h"

struct source_replication;

/* What the cluster says. The calls are for any thread. */
struct source_owner {
    /* Whether it may have a source there at all, and one that was met. */
    bool (*admit_place)(void *context, const char *host, uint16_t port, struct err *err);
    bool (*admit)(void *context, const struct source *source, struct err *err);

    unsigned (*history_size)(void *context); /* external_source.h */
    bool (*check_hidden_key)(void *context, struct span database, struct span table,
                             struct err *err); /* the same */
    void *context;
};

/* Strings are copied. */
struct source_replication_spec {
    const char *subject;    /* of log lines */
    const char *directory;  /* DIR/clusters/NAME/relay, absolute */
    const char *material;   /* external_source.h */
    const char *engine_log; /* the engine's own, which tells what its applier has stopped with */
    const char *source_address; /* external_source.h; borrowed */
    uint32_t server_id;         /* of the engine */
    uint32_t domain;            /* of what begins in the cluster */
    uint64_t keep_free_bytes;   /* external_source.h */
    const char *accounts_of;    /* external_source.h */
    bool takes_accounts;        /* the same */
    struct source_owner owner;
};

struct source_replication *source_replication_new(const struct source_replication_spec *spec);
void source_replication_free(struct source_replication *replication); /* NULL is fine */

/* The engine's threads are down. `asked` as in source_definition_parse(). */
MUST_CHECK bool source_replication_set(struct source_replication *replication, struct sql *sql,
                                       const char *asked, struct err *err);

/*
 * The engine's threads are down. From now on the source is followed behind the GTIDs that are here,
 * or from the place up to which it is applied. Nothing to do is fine.
 */
MUST_CHECK bool source_replication_set_auto(struct source_replication *replication, struct sql *sql,
                                            bool automatic, struct err *err);

/* The engine's threads are down. From the next start on, in TLS or in clear. */
MUST_CHECK bool source_replication_set_encrypted(struct source_replication *replication,
                                                 struct sql *sql, bool encrypted, struct err *err);

/* The receiver, then the engine's threads. E_STATE: there is no source. */
MUST_CHECK bool source_replication_start(struct source_replication *replication, struct sql *sql,
                                         struct err *err);

/*
 * The same until a place in the source's log, or GTIDs of it: `asked` is an object with file and
 * position, or gtids. Stored first, so that it holds over a crash, until the next start. The check
 * is for a moment later: E_STATE when something has failed rather than come to its end.
 */
MUST_CHECK bool source_replication_start_until(struct source_replication *replication,
                                               struct sql *sql, const char *asked, struct err *err);
MUST_CHECK bool source_replication_check_until(struct source_replication *replication,
                                               struct sql *sql, struct err *err);

/*
 * Whether the engine was told that it has all up to there: then the check is for when it has
 * applied it. *ret_reached is true once for each start: nothing more is received from then on, and
 * a restart of engine or daemon does not begin again. *ret_by_gtid: what was asked for.
 */
bool source_replication_nears_until(struct source_replication *replication);
MUST_CHECK bool source_replication_take_reached(struct source_replication *replication,
                                                struct sql *sql, bool *ret_reached,
                                                bool *ret_by_gtid, struct err *err);

/* The engine's threads alone, after they were stopped for a while. */
MUST_CHECK bool source_replication_start_threads(struct source_replication *replication,
                                                 struct sql *sql, struct err *err);

/*
 * The transaction with which the applier has stopped counts as applied from one statement of the
 * engine's on, so a crash skips it or does not, and no other. E_STATE: it has not stopped so.
 */
MUST_CHECK bool source_replication_skip_error(struct source_replication *replication,
                                              struct sql *sql, struct err *err);

/* One GTID of the source is never applied. To skip: the engine's threads are down. */
MUST_CHECK bool source_replication_check_gtid(struct source_replication *replication,
                                              struct sql *sql, const char *gtid, struct err *err);
MUST_CHECK bool source_replication_skip_gtid(struct source_replication *replication,
                                             struct sql *sql, const char *gtid, struct err *err);

/*
 * From the file behind that with the number `index` on, for a source that has refused to go on
 * (1236). What was received is applied. E_STATE; E_USAGE for a number before the current file's.
 */
MUST_CHECK bool source_replication_next_file(struct source_replication *replication,
                                             struct sql *sql, const char *index, struct err *err);

/* The receiver alone: stopping the engine's threads may take long, and is the procedures'. */
void source_replication_stop(struct source_replication *replication);

/*
 * Receives nothing for this reason, whatever is started meanwhile; NULL: goes on. Again and again
 * it does nothing.
 */
void source_replication_hold(struct source_replication *replication, const struct err *why);

/* The engine's threads are down. */
MUST_CHECK bool source_replication_reset(struct source_replication *replication, struct sql *sql,
                                         struct err *err);

/*
 * An engine answers: what it is told to follow is opened, and goes on if it is `wanted`. Of an
 * engine that ran before, threads that have stopped stay so.
 */
MUST_CHECK bool source_replication_resume(struct source_replication *replication, struct sql *sql,
                                          bool adopted, bool wanted, struct err *err);

/* Whether there is something to look after, every second or so. */
bool source_replication_is_started(struct source_replication *replication);

/* Whether a check has something to do. */
bool source_replication_has_given_up(struct source_replication *replication);

/*
 * A receiver that has stopped for good takes the engine's receiving thread with it. *ret_why has
 * the reason then, once; else its class is E_NONE.
 */
MUST_CHECK bool source_replication_check(struct source_replication *replication, struct sql *sql,
                                         struct err *ret_why, struct err *err);

/*
 * What has come of the engine's own threads since the last look: that one has stopped with an
 * error, which *ret_why then has, without the statement; or that both go on after that, or after a
 * check.
 */
enum source_turn { SOURCE_GOES_ON, SOURCE_HAS_STOPPED, SOURCE_HAS_RESUMED };
MUST_CHECK bool source_replication_look(struct source_replication *replication, struct sql *sql,
                                        enum source_turn *ret_turn, struct err *ret_why,
                                        struct err *err);

/* Removes from the log what is applied. */
MUST_CHECK bool source_replication_purge(struct source_replication *replication, struct sql *sql,
                                         struct err *err);

/* What SHOW SLAVE STATUS is to say otherwise than the engine, for a row of its own; no fields
 * without a source. */
void source_replication_describe(struct source_replication *replication,
                                 const struct source_engine_row *row, struct arena *arena,
                                 struct source_fields *ret_fields);
