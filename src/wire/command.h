/*
 * The commands of a replica and of a client that asks a server for its state: payloads with their
 * command byte, both ways (source: MySQL internals, "Command Phase", "COM_REGISTER_SLAVE",
 * "COM_BINLOG_DUMP", "COM_BINLOG_DUMP_GTID", "COM_QUERY"). No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/capability.h"
#include "wire/packet.h"

/* E_PROTO for an empty payload. */
MUST_CHECK bool command_parse(struct span payload, uint8_t *ret_command, struct err *err);
const char *command_name(uint8_t command); /* "COM_PING"; "command" when it has no name here */

/* COM_QUERY: the text; with CAP_QUERY_ATTRIBUTES the attributes before it are skipped. E_PROTO. */
MUST_CHECK bool command_query_parse(struct span payload, uint32_t capabilities,
                                    struct span *ret_text, struct err *err);
void command_query_write(struct buf *buf, uint32_t capabilities, struct span text);

struct command_register {
    uint32_t server_id;
    struct span host; /* what SHOW REPLICAS is to show; empty: nothing told */
    struct span user;
    struct span password; /* replicas send it only if their administrator asked for that */
    uint16_t port;
};

MUST_CHECK bool command_register_parse(struct span payload, struct command_register *ret,
                                       struct err *err);
void command_register_write(struct buf *buf, const struct command_register *command);

/* Bits of a dump request. The families disagree on what 0x02 and 0x04 mean. */
enum dump_flag {
    DUMP_NON_BLOCK = 0x01,
    DUMP_MYSQL_HEARTBEAT_V2 = 0x02,
    DUMP_MARIADB_ANNOTATE_ROWS = 0x02,
    DUMP_MYSQL_SKIP_TAGGED_GTIDS = 0x04,
};

struct command_dump {
    bool gtid; /* COM_BINLOG_DUMP_GTID */
    uint16_t flags;
    uint32_t server_id;
    struct span file;     /* may be empty */
    uint64_t position;    /* 32 bits on the wire without gtid */
    struct span gtid_set; /* encoded as in a PREVIOUS_GTIDS event (binlog/gtid_set.h) */
};

MUST_CHECK bool command_dump_parse(struct span payload, struct command_dump *ret, struct err *err);
void command_dump_write(struct buf *buf, const struct command_dump *command);

/* COM_INIT_DB's database, COM_PROCESS_KILL's thread, COM_SET_OPTION's option. E_PROTO. */
MUST_CHECK bool command_init_db_parse(struct span payload, struct span *ret_database,
                                      struct err *err);
MUST_CHECK bool command_process_kill_parse(struct span payload, uint32_t *ret_thread_id,
                                           struct err *err);
MUST_CHECK bool command_set_option_parse(struct span payload, uint16_t *ret_option,
                                         struct err *err);
