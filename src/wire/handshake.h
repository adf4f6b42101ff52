/*
 * The connection phase of the MySQL protocol as the endpoint relays it: what it must read, and may
 * change, of the server's greeting and the client's answer; greeting.h and login.h have them whole
 * (source: MySQL internals, "Protocol::HandshakeV10", "Protocol::SSLRequest",
 * "Protocol::HandshakeResponse41"; MariaDB knowledge base, "Connection").
 * The scramble and the authentication data are relayed, never interpreted. No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"
#include "wire/capability.h"

/* A payload of this length whose SSL bit is set asks for TLS and is followed by the full answer. */
#define HANDSHAKE_SSL_REQUEST_LEN 32

struct handshake_greeting {
    struct span server_version;
    uint32_t thread_id;
    uint32_t capabilities;
    size_t capabilities_low_at;  /* offset in the payload of the lower 16 bits */
    size_t capabilities_high_at; /* and of the upper ones */
};

/* Parses the payload of a version-10 greeting. E_PROTO. */
MUST_CHECK bool handshake_greeting_parse(struct span payload, struct handshake_greeting *ret,
                                         struct err *err);

/* Puts other capabilities into a greeting's payload, in place. */
void handshake_greeting_patch(uint8_t *payload, const struct handshake_greeting *greeting,
                              uint32_t capabilities);

struct handshake_response {
    uint32_t capabilities;
    uint32_t max_packet;
    uint8_t collation;
    struct span user; /* empty in an SSLRequest */
    bool ssl_request;
};

/* Parses the client's answer as far as the user name. E_PROTO; pre-4.1 clients too. */
MUST_CHECK bool handshake_response_parse(struct span payload, struct handshake_response *ret,
                                         struct err *err);

/* Puts other capabilities and another collation into an answer's payload, in place. */
void handshake_response_patch(uint8_t *payload, uint32_t capabilities, uint8_t collation);

struct handshake_change_user {
    struct span user;
    uint16_t collation;
    size_t collation_at; /* offset in the payload; 0: none, or not within the bytes given */
};

/* The first bytes of a COM_CHANGE_USER payload, from its command byte on. E_PROTO: no user name. */
MUST_CHECK bool handshake_change_user_parse(struct span payload, struct handshake_change_user *ret,
                                            struct err *err);

/* Puts another collation there, in place. */
void handshake_change_user_patch(uint8_t *payload, const struct handshake_change_user *change,
                                 uint16_t collation);

/*
 * Writes a PROXY protocol header of version 1, which tells the engine the client's address
 * (source: HAProxy, doc/proxy-protocol.txt, section 2.1). Both IPs are of one family.
 */
void handshake_write_proxy(struct buf *buf, bool ipv6, const char *client_ip, uint16_t client_port,
                           const char *server_ip, uint16_t server_port);
