/*
 * struct greeting: the server's first packet, version 10, in full, both families (source: MySQL
 * internals, "Protocol::HandshakeV10"; MariaDB knowledge base, "Connection", "Initial handshake
 * packet"). handshake.h has the part that the endpoint relays. No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/capability.h"

#define GREETING_SCRAMBLE_SIZE 20

struct greeting {
    struct span version; /* as sent: MariaDB puts "5.5.5-" before its own */
    uint32_t thread_id;
    uint32_t capabilities;
    uint32_t extended; /* MariaDB's further capabilities; 0 for MySQL */
    uint8_t collation;
    uint16_t status;
    uint8_t scramble[GREETING_SCRAMBLE_SIZE];
    size_t scramble_len; /* 8 for what is older than 4.1, else 20 */
    struct span plugin;  /* empty without CAP_PLUGIN_AUTH */
};

/* Parses a payload; spans are borrowed from it. E_PROTO. */
MUST_CHECK bool greeting_parse(struct span payload, struct greeting *ret, struct err *err);
void greeting_write(struct buf *buf, const struct greeting *greeting);

/* Whether a version is MariaDB's. */
bool greeting_is_mariadb(struct span version);

/* The version without MariaDB's "5.5.5-". */
struct span greeting_plain_version(struct span version);
