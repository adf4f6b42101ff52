/*
 * struct entrance: how a client gets in: the protocol's connection phase, from the engine's
 * greeting to its OK packet, relayed packet by packet.
 *
 * The endpoint changes three things on the way. It starts TLS on both sides when the client asks
 * for it, so that REQUIRE SSL means what it says. It offers compression, which ends here: the
 * engine is behind a unix socket. And it puts the collation ids that only MySQL 8 has into the
 * engine's own. What the two say to each other to prove a password passes unread, whatever the
 * plugin. Runs in the session's thread. No log but of refused logins.
 */
#pragma once

#include "endpoint/endpoint.h"
#include "net/address.h"
#include "net/conn.h"
#include "translation/dialect.h"
#include "wire/compression.h"

#define ENTRANCE_USER_MAX 128

struct entrance {
    struct conn *engine; /* the caller frees it, whatever the outcome; NULL: was not reached */
    char client_ip[ADDRESS_IP_MAX];
    char user[ENTRANCE_USER_MAX];         /* as whom it logged in, cut, for messages */
    uint32_t capabilities;                /* of client and engine, without compression */
    bool is_master;                       /* logged in as the master user */
    bool is_mysql;                        /* it uses MySQL's own library */
    uint32_t mysql_version;               /* of that, as format_parse_version(); 0: not told */
    bool is_mysqldump;                    /* and is that program */
    bool is_replica;                      /* and calls itself a replica, or a reader of binlogs */
    bool lacks_0900;                      /* the engine does not know MySQL 8's collations */
    enum compression_algorithm algorithm; /* that the client's side uses from here on */
    int level;                            /* of it */
};

/*
 * True when the client is logged in: both sides may speak freely from here on. False when it is
 * not, and knows it as far as it can be told; err then says why unless its class is E_NONE.
 * stop_fd: a wake-up that ends the waiting.
 */
MUST_CHECK bool entrance_pass(const struct endpoint_spec *spec, struct conn *client, int stop_fd,
                              struct entrance *ret_entrance, struct err *err);

/* Whose binlog a client of MySQL's library is given. */
enum dialect entrance_dialect(const struct entrance *entrance);

/* Turns away a client whose address is not admitted: the engine never hears of it. */
void entrance_refuse(const struct endpoint_spec *spec, struct conn *client, const char *ip);

/* Whether nobody may log in as that user through an endpoint. */
bool entrance_is_reserved(const struct endpoint_spec *spec, struct span user);

/* Writes the packet that refuses such a user, as the engine does it to a wrong password; logs. */
void entrance_write_refusal(struct buf *packet, const struct endpoint_spec *spec,
                            const char *client_ip, struct span user, uint8_t sequence);
