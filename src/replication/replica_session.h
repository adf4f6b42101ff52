/*
 * A client's session at a relay: greeted, logged in, its commands answered, until it leaves: a
 * replica, a server's program such as mysqlbinlog, or a change-data reader. Runs in a thread of its
 * own, which replica_session_run() is called in.
 */
#pragma once

#include "binlog/replicate_rules.h"
#include "replication/answers.h"
#include "replication/dump_limits.h"
#include "replication/link_accept.h"
#include "replication/origin_map.h"
#include "translation/translator.h"

/*
 * Which changes a user who comes from that address gets: a share, or NULL: all. False when there is
 * no such account any more. Called in the session's thread.
 */
typedef bool replica_share_rules(void *accounts, struct span user, const char *client_ip,
                                 struct replicate_rules **ret_rules);

/* Whose replicas a listener is for. Those of the source's own family get its log as it is. */
enum replica_family { REPLICAS_OF_SOURCE, REPLICAS_OF_MYSQL, REPLICAS_OF_MARIADB };

/* What all sessions of a listener share; it outlives them. */
struct replica_session_spec {
    struct channel *channel;
    struct replicas *replicas;
    uint32_t server_id;
    const char *server_uuid;
    const char *host;
    uint16_t port;
    enum replica_family family;
    uint32_t mariadb_domain;             /* of what is translated for MariaDB */
    bool counted;                        /* the same, as in translator_options */
    enum account_policy accounts_policy; /* of translations */
    unsigned history_size;               /* the same: how many keys of rows are remembered */
    struct hidden_key_source hidden;     /* as in translator_options */
    const struct origin_map *origins;    /* of what is translated for MySQL; NULL: none */
    const struct log_position *base;     /* as in struct dump_spec */
    const struct dump_limits *limits;    /* of dumps to them; NULL: none */
    const char *accounts_of;             /* as in struct dump_spec */
    bool takes_accounts;                 /* the same */
    const struct tls *tls;               /* NULL: none is offered */
    bool require_tls;
    link_find_account *find_account;
    replica_share_rules *share_rules;
    void *accounts;
    int64_t login_usec;   /* in which a client must have logged in */
    int64_t idle_usec;    /* without a command, after which it is sent away */
    int64_t silence_usec; /* a replica that takes nothing for so long is gone */
    bool full;            /* no more clients may be: this one is told so and sent away */
    int stop_fd;          /* raised when the relay ends */
    int64_t started_usec; /* since 1970: the relay */
};

/* Takes over the conn. `client` is its address, for accounts and messages. */
void replica_session_run(const struct replica_session_spec *spec, struct conn *conn,
                         const char *client, uint32_t thread_id);
