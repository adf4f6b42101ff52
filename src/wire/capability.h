/*
 * What client and server tell each other that they can do: bits of the greeting and of the client's
 * answer. Both families share the lower 32; MariaDB has 32 more, its servers and clients leave
 * CAP_LONG_PASSWORD ("I am a MySQL") away when they send them (source: MySQL,
 * mysql_com.h; MariaDB knowledge base, "Connection", "capabilities").
 */
#pragma once

#include <stdint.h>

enum capability {
    CAP_LONG_PASSWORD = 1 << 0, /* MariaDB calls it CLIENT_MYSQL */
    CAP_FOUND_ROWS = 1 << 1,
    CAP_LONG_FLAG = 1 << 2,
    CAP_CONNECT_WITH_DB = 1 << 3,
    CAP_COMPRESS = 1 << 5, /* zlib */
    CAP_LOCAL_FILES = 1 << 7,
    CAP_PROTOCOL_41 = 1 << 9,
    CAP_INTERACTIVE = 1 << 10,
    CAP_SSL = 1 << 11,
    CAP_TRANSACTIONS = 1 << 13,
    CAP_SECURE_CONNECTION = 1 << 15,
    CAP_MULTI_STATEMENTS = 1 << 16,
    CAP_MULTI_RESULTS = 1 << 17,
    CAP_PLUGIN_AUTH = 1 << 19,
    CAP_CONNECT_ATTRS = 1 << 20,
    CAP_PLUGIN_AUTH_LENENC = 1 << 21, /* authentication data may pass 255 bytes */
    CAP_SESSION_TRACK = 1 << 23,
    CAP_DEPRECATE_EOF = 1 << 24,
    CAP_OPTIONAL_METADATA = 1 << 25,
    CAP_ZSTD = 1 << 26, /* MySQL 8.0.18 and later */
    CAP_QUERY_ATTRIBUTES = 1 << 27,
};

/* Status bits of OK and EOF packets. */
enum server_status {
    STATUS_AUTOCOMMIT = 1 << 1,
    STATUS_MORE_RESULTS = 1 << 3,
    STATUS_SESSION_CHANGED = 1 << 14,
};
