/*
 * struct log_list: the answer to SHOW BINARY LOGS on its way to a client of the MySQL 8 interface:
 * with a third column, Encrypted, which is No in every row. Names and sizes stay the engine's, so
 * they agree with what else it says of its log.
 *
 * In the text and the binary protocol, and the description of a prepared statement (source: MySQL
 * internals, "Text Resultset", "Binary Protocol Resultset", "COM_STMT_PREPARE Response"; MariaDB's
 * MARIADB_CLIENT_CACHE_METADATA). Belongs to a session. No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

#define LOG_LIST_STATEMENTS                                                                        \
    16 /* prepared ones that are known; of more, the oldest are forgotten                          \
        */

struct log_list {
    enum {
        LOG_LIST_NONE, /* no answer is awaited */
        LOG_LIST_HEAD, /* of a result, or of what was prepared */
        LOG_LIST_ROWS,
    } state;
    bool with_eof; /* descriptions end with a packet of their own: no CAP_DEPRECATE_EOF */
    bool prepares;
    unsigned more; /* packets that there are now than were */
    unsigned ends; /* packets to come that end descriptions or rows */
    uint32_t statements[LOG_LIST_STATEMENTS];
    unsigned known; /* how many were noted */
};

void log_list_init(struct log_list *list, bool with_eof);

/* Whether a statement, or the execution of one prepared by its text, may be answered so. */
bool log_list_may_be(struct span text);

/* The next answer may be one: of a statement, or, with `prepares`, of COM_STMT_PREPARE. */
void log_list_await(struct log_list *list, bool prepares);

/* Whether a prepared statement of that number is one. */
bool log_list_is_prepared(const struct log_list *list, uint32_t statement);

/*
 * Takes bytes of the answer, packet headers included, and appends what goes on instead; returns how
 * many it took: whole packets. The state is LOG_LIST_NONE when what follows is no concern of it.
 */
size_t log_list_take(struct log_list *list, struct span bytes, struct buf *buf);
