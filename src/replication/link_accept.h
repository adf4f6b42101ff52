/*
 * link_accept(): greets a client as a server and logs it in. The accounts are the caller's.
 */
#pragma once

#include "base/err.h"
#include "net/tls.h"
#include "replication/link.h"
#include "wire/auth_account.h"
#include "wire/auth_method.h"
#include "wire/login.h"

#include <stdint.h>

struct link_account {
    /* Both, where the password was known: a user who has one alone can be told from nobody. */
    struct auth_account hashes;
    bool require_tls;
    bool may_administer; /* change what the relay keeps, end others' sessions */
    bool without_gtids;  /* its MySQL replicas, behind a MariaDB, have GTID_MODE=OFF */
};

/*
 * The account of a user who comes from that address (an IP, or "localhost" for a unix socket);
 * false when there is none. Called in the thread of link_accept().
 */
typedef bool link_find_account(void *context, struct span user, const char *client_ip,
                               struct link_account *ret_account);

struct link_accept_spec {
    const char *version; /* as announced; MariaDB's begin with "5.5.5-" or have "MariaDB" in them */
    uint32_t thread_id;
    enum auth_method method; /* offered first: AUTH_NATIVE or AUTH_CACHING_SHA2 */
    const struct tls *tls;   /* NULL: none offered */
    bool require_tls;        /* of every user over TCP */
    bool offer_zlib;
    bool offer_zstd;
    size_t payload_max; /* bytes of a command; 0: 1 MB */
    int stop_fd;        /* a wake-up that ends all waiting, now and later; -1: none */
    link_find_account *find_account;
    void *context;
};

/*
 * Takes over the conn, whatever the outcome. On failure the client was told what a server tells
 * it, as far as it can hear; E_AUTH for a refusal, with the number it was given.
 */
MUST_CHECK bool link_accept(struct conn *conn, const struct link_accept_spec *spec,
                            int64_t deadline_usec, struct link **ret_link, struct err *err);

/*
 * Answers a COM_CHANGE_USER that was read from the link: logs in anew. As link_accept(); after a
 * failure the link is to be freed.
 */
MUST_CHECK bool link_change_user(struct link *link, struct span command,
                                 const struct link_accept_spec *spec, int64_t deadline_usec,
                                 struct err *err);
