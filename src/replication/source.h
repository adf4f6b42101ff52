/*
 * struct source: what a receiver learns of a server before it asks for its binlog, and how it makes
 * itself known there: the statements that a replica of that family and version sends.
 *
 * The steps are those of the servers' own replicas (source: MySQL, sql/rpl_replica.cc,
 * get_master_version_and_clock(); MariaDB, sql/slave.cc, same name). Owned by one thread;
 * source_done() frees it.
 */
#pragma once

#include "binlog/format.h"
#include "binlog/gtid.h"
#include "log/mirror.h"
#include "replication/link.h"
#include "replication/variables.h"

struct source {
    enum format_family family;
    uint32_t version; /* major * 10000 + minor * 100 + patch */
    char version_text[FORMAT_VERSION_SIZE + 1];
    uint32_t server_id;
    char server_uuid[GTID_UUID_TEXT + 1]; /* empty: MariaDB, and MySQL before 5.6 */
    uint8_t checksum;   /* enum checksum_alg of the events to come; UNDEFINED before 5.6 */
    int64_t clock_usec; /* its clock minus ours */
    bool gtids;         /* its transactions have GTIDs: MariaDB, MySQL with gtid_mode=ON */
    bool semisync;      /* it marks events, and may ask for acknowledgements of them */
    struct variables *variables;
};

/* Who we are to a source. */
struct source_visitor {
    uint32_t server_id;
    const char *server_uuid; /* NULL: none */
    const char *report_host; /* for SHOW REPLICAS; "" for nothing */
    uint16_t report_port;
    int64_t heartbeat_usec; /* silence after which the source sends a heartbeat */
    bool semisync;          /* acknowledge events, if the source does that */
};

/* Who is there, and nothing else: family, version, server id and UUID. As link_query(). */
MUST_CHECK bool source_ask_who(struct link *link, int64_t deadline_usec, struct source *ret_source,
                               struct err *err);

/* For comparing it with a mirror's. */
void source_identity(const struct source *source, struct log_identity *ret_identity);

/*
 * Asks over a link that is logged in. E_STATE when it can not be a source: its binlog is off or its
 * server id is ours or 0; otherwise as link_query(). On failure nothing is left to free.
 */
MUST_CHECK bool source_ask(struct link *link, const struct source_visitor *visitor,
                           int64_t deadline_usec, struct source *ret_source, struct err *err);
void source_done(struct source *source);

/* Sets up the session for a dump and registers: heartbeats, checksums, capability, semi-sync. */
MUST_CHECK bool source_prepare(struct link *link, const struct source_visitor *visitor,
                               struct source *source, int64_t deadline_usec, struct err *err);

#define SOURCE_FILE_MAX 512
struct source_position {
    char file[SOURCE_FILE_MAX];
    uint64_t offset;
};

/*
 * The largest offset that the source can be asked for: its request has 32 bits for it, but for that
 * of a MySQL 8 with GTIDs. Files are larger when a transaction is.
 */
uint64_t source_position_max(const struct source *source);

/*
 * Whether such a server, killed while it writes, leaves a part of an event at the end of its file
 * and begins another one. MySQL from 5.6 on cuts it off.
 */
bool source_leaves_torn(const struct source *source);

/* Asks for the dump from a position on; events follow on the link. E_LIMIT: past that offset. */
MUST_CHECK bool source_dump(struct link *link, const struct source_visitor *visitor,
                            const struct source *source, const struct source_position *from,
                            int64_t deadline_usec, struct err *err);
