/*
 * What link_login.c and link_accept.c set in a link while both sides get to know each other. For
 * src/replication/link*.c alone.
 */
#pragma once

#include "replication/link.h"
#include "wire/auth_server.h"

struct link_identity {
    uint32_t capabilities; /* of both sides */
    bool server_is_mariadb;
    uint32_t thread_id;
    const char *server_version; /* copied; NULL: we are the server */
    const char *user;           /* copied */
    const char *client_version; /* of MySQL's own library; copied; NULL: another one, or old */
};

/* A new link over the conn, which it takes over. */
struct link *link_new(struct conn *conn, size_t payload_max);

struct conn *link_conn(struct link *link);

void link_set_identity(struct link *link, const struct link_identity *identity);

/* From the next byte on, in both directions. */
void link_start_compression(struct link *link, enum compression_algorithm algorithm, int level);

/* A server keeps its engine for a COM_CHANGE_USER; other links leave it as it is. */
struct auth_server *link_auth(struct link *link);

/* Puts "peer: " before the error; returns false. */
bool link_failed(const struct link *link, struct err *err);
