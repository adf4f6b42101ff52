/*
 * struct login: what a client says about itself, as HandshakeResponse41 or COM_CHANGE_USER; and
 * the SSLRequest before it (source: MySQL internals, "Protocol::HandshakeResponse41",
 * "Protocol::SSLRequest", "COM_CHANGE_USER"; MariaDB knowledge base, "Connection"). No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/capability.h"

struct login {
    uint32_t capabilities;
    uint32_t extended; /* MariaDB's further capabilities */
    uint32_t max_packet;
    uint16_t collation;
    struct span user;
    struct span auth_data;
    struct span database;   /* empty: none */
    struct span plugin;     /* empty: mysql_native_password is meant */
    struct span attributes; /* pairs of strings after their lengths: login_attribute() */
    uint8_t zstd_level;     /* with CAP_ZSTD */
};

/* Whether a payload is an SSLRequest: to be answered by TLS, then the full packet follows. */
bool login_is_ssl_request(struct span payload);
void login_write_ssl_request(struct buf *buf, const struct login *login);

/*
 * Parse what the client's own capabilities say is there; spans are borrowed from the payload.
 * E_PROTO; E_AUTH with code 1251 for clients without 4.1's password form.
 */
MUST_CHECK bool login_parse(struct span payload, struct login *ret, struct err *err);
void login_write(struct buf *buf, const struct login *login);

/* A COM_CHANGE_USER payload with its command byte; the capabilities are the connection's. */
MUST_CHECK bool login_parse_change_user(struct span payload, uint32_t capabilities,
                                        struct login *ret, struct err *err);
void login_write_change_user(struct buf *buf, const struct login *login);

/* The value of a connection attribute such as "program_name"; false when it is not there. */
bool login_attribute(const struct login *login, const char *name, struct span *ret_value);

/* Appends a pair to the bytes that `attributes` is made of. */
void login_write_attribute(struct buf *attributes, const char *name, const char *value);
