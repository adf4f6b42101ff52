/*
 * struct dump_out: the stream of one dump, on its way to the replica: events out of the log's files
 * and those that stand in no file (artificial ROTATE, heartbeats, a format description for a stream
 * that begins behind it), framed as the replica asked for, and what the replica says meanwhile.
 *
 * Owned by the dump's thread; dump_out_done() ends it. The link, the registry's entry and the
 * source's texts are the caller's (source: MySQL, sql/rpl_binlog_sender.cc and plugin/semisync;
 * MariaDB, sql/sql_repl.cc and sql/semisync_master.cc).
 */
#pragma once

#include "binlog/format.h"
#include "log/position.h"
#include "replication/replicas.h"

struct dump_out {
    struct link *link;
    struct replica *replica; /* told of what is sent and acknowledged */
    uint32_t server_id;      /* of events that are made here */
    bool mariadb;
    bool heartbeat_v2;
    bool semisync;            /* the replica acknowledges events when it is asked to */
    int64_t silence_usec;     /* a replica that takes nothing for so long is gone */
    bool stops_at_statements; /* of dump_out_events(): others may go out in their place */
    uint8_t asked_checksum;   /* CHECKSUM_UNDEFINED: the replica asked for none */

    uint8_t checksum;  /* of the events to come; UNDEFINED before the first format description */
    bool announced;    /* a ROTATE was sent */
    bool bare;         /* and no format description since the last one */
    struct buf format; /* that of the latest file */
    struct log_position at;    /* the next byte to send or leave out */
    struct log_position place; /* the same in the source's file, which is another one for a view */
    uint64_t sent_bytes;       /* since the registry was told */
    uint64_t sent_events;
    struct buf body; /* of events that are made here; the memory is kept */
    struct buf made;
};

/* Of a struct whose first members are set. */
void dump_out_init(struct dump_out *out);
void dump_out_done(struct dump_out *out);

/* The events' checksums have so many bytes. */
size_t dump_out_checksum_size(const struct dump_out *out);

/*
 * One event as it is. With `wants_ack` a semi-synchronous replica is asked to acknowledge it, and
 * gets all that was not flushed.
 */
MUST_CHECK bool dump_out_event(struct dump_out *out, struct span event, bool wants_ack,
                               struct err *err);

/*
 * Events that come at out->at as they are, up to a ROTATE (or a statement), or one that
 * dump_out_event() is better for; or a part of one, which may stand at the end, or bytes that are
 * no event. In *ret_size their bytes. Nothing for a semi-synchronous replica.
 */
MUST_CHECK bool dump_out_events(struct dump_out *out, struct span events, size_t *ret_size,
                                struct err *err);

/* An event of our own with out->body, whose header has type, flags, time and log_pos. */
MUST_CHECK bool dump_out_made(struct dump_out *out, struct event_header header, bool checksum,
                              struct err *err);

/* The artificial ROTATE before a file; out->at is that place then. */
MUST_CHECK bool dump_out_rotate(struct dump_out *out, const char *name, uint64_t position,
                                struct err *err);

/*
 * To a replica that may have only a part of a statement's rows events, before all else: the last of
 * them, of a table that it does not know and so passes over. MariaDB stops (1595) at a ROTATE that
 * comes before the last one (source: MariaDB, sql/slave.cc, queue_event()).
 */
MUST_CHECK bool dump_out_statement_end(struct dump_out *out, struct err *err);

/* A file's format description: how the stream begins to a replica that may know it already. */
enum dump_format {
    DUMP_FORMAT_FOLLOWS,   /* is not sent here: it comes as the next event */
    DUMP_FORMAT_CONTINUED, /* without the time of a server's start, at which temporary tables go */
    DUMP_FORMAT_BEHIND,    /* without its position, too: the stream begins behind it */
    DUMP_FORMAT_RESTARTED, /* as of a source that was restarted: what is open is rolled back */
};

/* Takes over the file's checksums. `code` 1236: the replica does not know checksums. */
MUST_CHECK bool dump_out_format(struct dump_out *out, struct span event, enum dump_format how,
                                struct err *err);

/*
 * Between transactions: the next event to come is the one at `position`, whatever the replica has
 * counted, since it got others than are in the file.
 */
MUST_CHECK bool dump_out_renew(struct dump_out *out, uint64_t position, struct err *err);

/*
 * After a ROTATE with a format description before it, without which MySQL before 8 and MariaDB take
 * all for what servers before 5.0 wrote, and stop (1595). `behind`: so many bytes before out->at
 * are not sent yet, in the middle of a transaction.
 */
MUST_CHECK bool dump_out_heartbeat(struct dump_out *out, uint64_t behind, struct err *err);
MUST_CHECK bool dump_out_flush(struct dump_out *out, struct err *err);
void dump_out_note(struct dump_out *out); /* to the registry */

/*
 * Takes in what the replica has said so far, without waiting: acknowledgements. E_IO when it has
 * left; E_PROTO for anything else.
 */
MUST_CHECK bool dump_out_hear(struct dump_out *out, struct err *err);
