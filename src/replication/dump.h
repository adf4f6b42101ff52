/*
 * A dump: the events of a channel's mirror to one replica, over its link, until either ends it.
 *
 * The stream is what the source itself would send: an artificial ROTATE that names file and
 * position, the file's format description, and events as they stand in the files, another
 * artificial ROTATE before each file, and heartbeats when there is nothing to send. Only what is
 * synced is sent. A replica by position may be ahead of the log, in its last file or at the
 * beginning of the next, as it can be after a crash of the relay: it gets heartbeats until the log
 * is there. A replica of another family than the source's gets a view of the log (view_reader.h).
 * With rules only the changes that pass them are sent, see dump_filter.h; such dumps are
 * by GTID. Runs in the session's thread (source: MySQL, sql/rpl_binlog_sender.cc; MariaDB,
 * sql/sql_repl.cc).
 */
#pragma once

#include "binlog/replicate_rules.h"
#include "log/mirror.h"
#include "replication/dump_controls.h"
#include "replication/dump_ears.h"
#include "replication/dump_limits.h"
#include "replication/replicas.h"
#include "translation/translator.h"
#include "wire/command.h"

/* A statement of a view's source that the replica does not get, at a place of the source's. */
typedef void dump_left_out(void *userdata, const struct log_position *place, const char *words);

/* What the replica's session has said. */
struct dump_spec {
    struct mirror *mirror; /* NULL: the source was not met yet */
    struct dump_controls *controls;
    struct link *link;
    struct replica *replica;               /* told of what is sent */
    const struct replicate_rules *rules;   /* which changes it gets; NULL: all */
    const struct translator_options *view; /* whose view it gets; NULL: the log as it is */
    const struct dump_limits *limits;      /* of a MariaDB replica by GTID; NULL: none */
    const char *accounts_of; /* dump_accounts.h: the master user whose cluster's engine it is */
    /*
     * Of a MariaDB replica by GTID: where its copy of the source stands, of which it has no GTIDs.
     * It has all that comes before, whatever it says: of domains that it does not name it has what
     * was there. An empty name: where the log begins, by GTIDs. NULL: it says all.
     */
    const struct log_position *base;
    struct command_dump request;
    uint32_t server_id;           /* the relay's, in artificial events */
    bool mariadb;                 /* the family of what is sent */
    uint8_t checksum;             /* @master_binlog_checksum; CHECKSUM_UNDEFINED: not set */
    bool semisync;                /* @rpl_semi_sync_replica or _slave: acknowledges events */
    int64_t heartbeat_usec;       /* @master_heartbeat_period; 0: none */
    unsigned capability;          /* @mariadb_slave_capability */
    bool by_gtid;                 /* MariaDB: @slave_connect_state was set */
    struct span connect_state;    /* its text */
    bool gtid_strict;             /* @slave_gtid_strict_mode */
    bool gtid_ignore_duplicates;  /* @slave_gtid_ignore_duplicates */
    bool by_until;                /* @slave_until_gtid was set */
    struct span until;            /* its text */
    int64_t patience_usec;        /* so long a replica that is ahead waits for the log */
    int64_t silence_usec;         /* a replica that takes nothing for so long is gone */
    bool takes_accounts;          /* the cluster of `accounts_of` does */
    bool filter_skip_replication; /* @@skip_replication: leave out events that are so marked */
    bool reopened;                /* a mirror that is shut down is opened again, as it is */
    struct dump_guard *guard;     /* NULL: none */
    bool *ret_stopped;            /* set when a view ends at what can not be translated */
    dump_left_out *left_out;      /* told of what a view comes without; NULL: nobody */
    void *userdata;               /* its first argument */
};

/*
 * Returns true when a dump that was asked not to wait has sent all; the caller ends it with an EOF
 * packet. Otherwise E_STATE or E_USAGE with code 1236, which the replica is to be told; or the
 * link's error.
 */
MUST_CHECK bool dump_run(const struct dump_spec *spec, struct err *err);
