/*
 * A client that asks for the binlog: its session becomes a dump of the cluster's change log.
 *
 * The engine is asked first, on the session's own connection: whether the account may
 * (COM_REGISTER_SLAVE, which also has it listed by SHOW SLAVE HOSTS for as long as the dump runs),
 * and what the client has set before (@slave_connect_state and the like). A client of MySQL's own
 * library that does not call itself a MariaDB replica gets the view of the log that is made for
 * MySQL. Runs in the session's thread; the session ends with it, as the servers' own does.
 */
#pragma once

#include "endpoint/entrance.h"
#include "endpoint/stream.h"

struct dump_session_spec {
    const struct endpoint_spec *endpoint;
    const struct entrance *entrance;
    struct stream *client;
    struct span unread;     /* read off it and not used: the request, or its beginning */
    struct span registered; /* the client's own COM_REGISTER_SLAVE; empty: it sent none */
};

/* E_IO and the like: why it ended before the client was told. */
MUST_CHECK bool dump_session_run(const struct dump_session_spec *spec, struct err *err);
