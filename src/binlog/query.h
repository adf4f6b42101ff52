/*
 * struct query: the QUERY event, a statement with the session's state that it depends on, and
 * MariaDB's QUERY_COMPRESSED, which differs only in its text (see inflate.h).
 *
 * Layout: thread id u32, execution time u32 seconds, length of the database u8, error code u16,
 * length of the status variables u16; status variables; database, NUL; text to the end. A status
 * variable is its code u8 and a value whose form the code gives; a reader that meets a code it
 * does not know can not go on, so what follows is kept as bytes (source: MySQL internals manual,
 * "QUERY_EVENT"; MariaDB knowledge base, "QUERY_EVENT"). Borrows from the body; any thread.
 */
#pragma once

#include "binlog/event.h"
#include "binlog/format.h"

#define QUERY_POST_HEADER_SIZE   13
#define QUERY_STATUS_MAX         24  /* distinct variables in one event */
#define QUERY_DATABASES_OVER_MAX 254 /* the count of updated databases when there were too many */

enum query_status_code {
    QUERY_FLAGS2 = 0,
    QUERY_SQL_MODE = 1,
    QUERY_CATALOG = 2, /* with a NUL after it: MySQL 5.0.0 to 5.0.3 */
    QUERY_AUTO_INCREMENT = 3,
    QUERY_CHARSET = 4,
    QUERY_TIME_ZONE = 5,
    QUERY_CATALOG_NZ = 6,
    QUERY_LC_TIME_NAMES = 7,
    QUERY_CHARSET_DATABASE = 8,
    QUERY_TABLE_MAP_FOR_UPDATE = 9,
    QUERY_SOURCE_DATA_WRITTEN = 10,
    QUERY_INVOKER = 11,
    QUERY_UPDATED_DATABASES = 12,
    QUERY_MICROSECONDS = 13,
    QUERY_EXPLICIT_DEFAULTS_FOR_TIMESTAMP = 16,
    QUERY_DDL_LOGGED_WITH_XID = 17,
    QUERY_DEFAULT_COLLATION_FOR_UTF8MB4 = 18,
    QUERY_SQL_REQUIRE_PRIMARY_KEY = 19,
    QUERY_DEFAULT_TABLE_ENCRYPTION = 20,
    QUERY_ENABLE_CASCADE_TRIGGERS = 21, /* MySQL 9.7 */

    /* MariaDB's own. It writes the last one first. */
    QUERY_MARIADB_MICROSECONDS = 128,
    QUERY_MARIADB_XID = 129,
    QUERY_MARIADB_GTID_FLAGS = 130,
    QUERY_MARIADB_CHARSET_COLLATIONS = 131,
};

enum query_flags2 { /* bits of flags2; 1 means the option is on */
                    QUERY_FLAG_AUTO_IS_NULL = 1 << 14,
                    QUERY_FLAG_MARIADB_NO_CHECK_CONSTRAINTS = 1 << 15, /* 10.x */
                    QUERY_FLAG_NOT_AUTOCOMMIT = 1 << 19,
                    QUERY_FLAG_MARIADB_EXPLICIT_TIMESTAMP = 1 << 24,
                    QUERY_FLAG_NO_FOREIGN_KEY_CHECKS = 1 << 26,
                    QUERY_FLAG_RELAXED_UNIQUE_CHECKS = 1 << 27,
                    QUERY_FLAG_MARIADB_IF_EXISTS = 1 << 28,
                    QUERY_FLAG_MARIADB_INSERT_HISTORY = 1 << 30,
};

struct query_status {
    uint8_t codes[QUERY_STATUS_MAX]; /* the variables that are there, in their order */
    uint8_t count;
    struct span unknown; /* from the first unknown code to the end of the status variables */

    uint32_t flags2; /* enum query_flags2 */
    uint64_t sql_mode;
    struct span catalog; /* of either code */
    uint16_t auto_increment_increment;
    uint16_t auto_increment_offset;
    uint16_t charset_client; /* collation ids */
    uint16_t collation_connection;
    uint16_t collation_server;
    struct span time_zone;
    uint16_t lc_time_names;
    uint16_t collation_database;
    uint64_t table_map_for_update; /* bit per table of a multi-table update */
    uint32_t source_data_written;
    struct span user;
    struct span host;
    uint8_t database_count; /* QUERY_DATABASES_OVER_MAX: not listed */
    struct span databases;  /* so many NUL-terminated names */
    uint32_t microseconds;  /* of either code */
    uint64_t xid;           /* of either code */
    uint8_t explicit_defaults_for_timestamp;
    uint16_t default_collation_for_utf8mb4;
    uint8_t sql_require_primary_key;
    uint8_t default_table_encryption;
    uint8_t enable_cascade_triggers;
    uint8_t gtid_flags;     /* enum gtid_mariadb_extra_flag */
    uint64_t alter_seq_no;  /* with COMMIT_ALTER or ROLLBACK_ALTER in gtid_flags */
    struct span collations; /* pairs of u16: charset's default collation, collation in its place */
};

struct query {
    uint32_t thread_id;
    uint32_t exec_time; /* seconds */
    uint16_t error_code;
    struct span status; /* undecoded; query_status_decode() */
    struct span database;
    struct span text; /* of QUERY_COMPRESSED: the compressed form */
};

/* `type` is EVENT_QUERY or EVENT_MARIADB_QUERY_COMPRESSED. E_PROTO. */
MUST_CHECK bool query_decode(struct span body, uint8_t type, const struct format *format,
                             struct query *ret_query, struct err *err);
void query_encode(struct buf *buf, const struct query *query);

/*
 * The two parts of a QUERY, between which EXECUTE_LOAD_QUERY has its own. The head gives the
 * lengths of the status variables and the database, and what follows it their bytes and the text,
 * to the end of the body. E_PROTO.
 */
void query_decode_head(struct cursor *cur, struct query *query);
MUST_CHECK bool query_decode_rest(struct cursor *cur, struct span body, uint8_t type,
                                  struct query *query, struct err *err);
void query_encode_head(struct buf *buf, const struct query *query);
void query_encode_rest(struct buf *buf, const struct query *query);

MUST_CHECK bool query_status_decode(struct span bytes, struct query_status *ret_status,
                                    struct err *err);
void query_status_encode(struct buf *buf, const struct query_status *status);

/* Whether a variable of that code is there. */
bool query_status_has(const struct query_status *status, uint8_t code);
