/*
 * OK, ERR and EOF packets (source: MySQL internals, "Generic Response Packets"). No I/O; what is
 * written are payloads, without headers.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/capability.h"

/* Error numbers that both families' clients know, as far as this program says them itself. */
enum server_error {
    ER_DISK_FULL = 1021,
    ER_CON_COUNT = 1040,
    ER_HANDSHAKE = 1043,
    ER_ACCESS_DENIED = 1045,
    ER_NO_DATABASE = 1046,
    ER_UNKNOWN_COMMAND = 1047,
    ER_SERVER_SHUTDOWN = 1053,
    ER_BAD_FIELD = 1054,
    ER_PARSE_ERROR = 1064,
    ER_EMPTY_QUERY = 1065,
    ER_NO_SUCH_THREAD = 1094,
    ER_KILL_DENIED = 1095,
    ER_UNKNOWN_ERROR = 1105,
    ER_UNKNOWN_CHARACTER_SET = 1115,
    ER_HOST_NOT_PRIVILEGED = 1130,
    ER_NET_PACKET_TOO_LARGE = 1153,
    ER_NET_PACKETS_OUT_OF_ORDER = 1156,
    ER_UNKNOWN_SYSTEM_VARIABLE = 1193,
    ER_ERROR_WHEN_EXECUTING_COMMAND = 1220,
    ER_SPECIFIC_ACCESS_DENIED = 1227,
    ER_NOT_SUPPORTED_YET = 1235,
    ER_MASTER_FATAL_ERROR_READING_BINLOG = 1236,
    ER_UNKNOWN_STATEMENT = 1243,
    ER_NOT_SUPPORTED_AUTH_MODE = 1251,
    ER_UNSUPPORTED_PREPARE = 1295,
    ER_NO_FUNCTION = 1305,
    ER_SP_WRONG_NO_OF_ARGS = 1318,
    ER_PROCACCESS_DENIED = 1370,
    ER_UNKNOWN_TARGET_BINLOG = 1373,
    ER_BINLOG_PURGE_FATAL = 1378,
    ER_WRONG_PARAMETER_COUNT = 1582,
    ER_SLAVE_FATAL_ERROR = 1593,
    ER_SIGNAL_EXCEPTION = 1644,
    ER_SECURE_TRANSPORT_REQUIRED = 3159,
};

struct reply_ok {
    uint64_t affected_rows;
    uint64_t last_insert_id;
    uint16_t status;
    uint16_t warnings;
    struct span info;
};

struct reply_err {
    uint16_t code;
    char sqlstate[6]; /* "" when the packet has none */
    struct span message;
};

/* What a payload is, where one of these may stand. A row never begins with 0xff. */
static inline bool reply_is_err(struct span payload)
{
    return payload.len >= 3 && payload.data[0] == 0xff;
}

/* An EOF packet, or the OK packet of the same first byte that takes its place. */
static inline bool reply_is_eof(struct span payload)
{
    return payload.len > 0 && payload.len < 0xffffff && payload.data[0] == 0xfe;
}

/* The session state of CAP_SESSION_TRACK is skipped. E_PROTO. */
MUST_CHECK bool reply_ok_parse(struct span payload, uint32_t capabilities, struct reply_ok *ret,
                               struct err *err);

/* `end` writes the form that ends a result set under CAP_DEPRECATE_EOF (0xfe). */
void reply_ok_write(struct buf *buf, const struct reply_ok *ok, uint32_t capabilities, bool end);

MUST_CHECK bool reply_err_parse(struct span payload, struct reply_err *ret, struct err *err);
void reply_err_write(struct buf *buf, uint16_t code, const char *sqlstate, const char *message);

/* E_PROTO; both forms. */
MUST_CHECK bool reply_eof_parse(struct span payload, uint32_t capabilities, uint16_t *ret_status,
                                struct err *err);
void reply_eof_write(struct buf *buf, uint16_t warnings, uint16_t status);

/*
 * Makes our error of a server's ERR payload: "error 1045 (28000): Access denied ...", of
 * class E_AUTH for credentials, privileges and hosts, else E_STATE; code is the server's. Returns
 * false, or E_PROTO for a payload that is none.
 */
bool reply_err_to_err(struct span payload, struct err *err);

/* The SQLSTATE that servers send with a number of ours. */
const char *reply_sqlstate(uint16_t code);
