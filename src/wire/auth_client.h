/*
 * struct auth_client: proves a password to a server, whichever method that asks for. An engine
 * without I/O: the caller sends what it is given and hands in what the server says.
 *
 * The password crosses the network in clear only inside TLS or over a unix socket ("secure"), and
 * by mysql_clear_password only if that is allowed besides; without them it crosses encrypted with
 * the server's RSA key if one is given or may be fetched, or not at all. A fetched key is whatever
 * the other side of the wire sent: it keeps the password from listeners, not from an impostor.
 * Owned by one thread; auth_client_free() wipes the password.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/auth_method.h"
#include "wire/greeting.h"

struct auth_client_spec {
    struct span password;
    bool secure; /* TLS or a unix socket */
    bool tls;    /* sha256_password's servers take the password itself inside TLS alone */
    bool allow_clear;
    bool fetch_key;         /* over a unix socket that needs no permission */
    struct span server_key; /* PEM; empty: none */
};

enum auth_step {
    AUTH_SEND,   /* send the reply, even an empty one, then read on */
    AUTH_WAIT,   /* nothing to say: read on */
    AUTH_DONE,   /* in */
    AUTH_DENIED, /* server side only: an ERR packet is due */
};

struct auth_client;

/* Copies the spec's bytes. */
struct auth_client *auth_client_new(const struct auth_client_spec *spec);
void auth_client_free(struct auth_client *auth); /* NULL is fine */

/*
 * Answers the greeting: the method to name in the login and the data to put in it. A server whose
 * method is not one of ours is answered with one that is, without data; it will ask to switch.
 */
MUST_CHECK bool auth_client_start(struct auth_client *auth, const struct greeting *greeting,
                                  struct buf *data, const char **ret_plugin, struct err *err);

/*
 * Takes a packet of the server after the login. E_AUTH for a refusal (code is the server's) and
 * for what would give the password away; E_PROTO.
 */
MUST_CHECK bool auth_client_take(struct auth_client *auth, struct span payload, struct buf *reply,
                                 enum auth_step *ret_step, struct err *err);

/* The method in use, for messages. */
enum auth_method auth_client_method(const struct auth_client *auth);
