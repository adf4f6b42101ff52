#include "wire/reply.h"

#include "base/cursor.h"

#define SQLSTATE_LEN 5

bool reply_ok_parse(struct span payload, uint32_t capabilities, struct reply_ok *ret,
                    struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct reply_ok ok = {0};
    uint8_t first = cursor_u8(&cur);

    ok.affected_rows = cursor_lenenc(&cur);
    ok.last_insert_id = cursor_lenenc(&cur);
    ok.status = cursor_u16(&cur);
    ok.warnings = cursor_u16(&cur);
    if (capabilities & CAP_SESSION_TRACK) {
        if (cursor_left(&cur) > 0)
            ok.info = cursor_lenenc_bytes(&cur);
        if (ok.status & STATUS_SESSION_CHANGED && cursor_left(&cur) > 0)
            (void)cursor_lenenc_bytes(&cur);
    } else {
        ok.info = cursor_rest(&cur);
    }
    if (!cursor_ok(&cur) || (first != 0 && first != 0xfe))
        return err_set(err, E_PROTO, 0, "expected an OK packet, found %zu bytes after 0x%02x",
                       payload.len, first);
    *ret = ok;
    return true;
}

void reply_ok_write(struct buf *buf, const struct reply_ok *ok, uint32_t capabilities, bool end)
{
    buf_u8(buf, end ? 0xfe : 0);
    buf_lenenc(buf, ok->affected_rows);
    buf_lenenc(buf, ok->last_insert_id);
    buf_u16(buf, ok->status);
    buf_u16(buf, ok->warnings);
    if (ok->info.len == 0)
        return;
    if (capabilities & CAP_SESSION_TRACK)
        buf_lenenc_bytes(buf, ok->info);
    else
        buf_bytes(buf, ok->info);
}

bool reply_err_parse(struct span payload, struct reply_err *ret, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct reply_err reply = {0};
    uint8_t first = cursor_u8(&cur);

    reply.code = cursor_u16(&cur);
    if (!cursor_ok(&cur) || first != 0xff)
        return err_set(err, E_PROTO, 0, "expected an ERR packet, found %zu bytes after 0x%02x",
                       payload.len, first);
    reply.message = cursor_rest(&cur);
    /* A server that does not know its client yet leaves the SQLSTATE away. */
    if (reply.message.len > SQLSTATE_LEN && reply.message.data[0] == '#') {
        struct cursor message = cursor_of(reply.message);

        cursor_skip(&message, 1);
        memcpy(reply.sqlstate, cursor_bytes(&message, SQLSTATE_LEN).data, SQLSTATE_LEN);
        reply.message = cursor_rest(&message);
    }
    *ret = reply;
    return true;
}

void reply_err_write(struct buf *buf, uint16_t code, const char *sqlstate, const char *message)
{
    buf_u8(buf, 0xff);
    buf_u16(buf, code);
    if (sqlstate) {
        buf_u8(buf, '#');
        buf_str(buf, sqlstate);
    }
    buf_str(buf, message);
}

bool reply_eof_parse(struct span payload, uint32_t capabilities, uint16_t *ret_status,
                     struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct reply_ok ok;
    uint16_t status;

    if (capabilities & CAP_DEPRECATE_EOF) {
        if (!reply_ok_parse(payload, capabilities, &ok, err))
            return false;
        *ret_status = ok.status;
        return true;
    }
    if (cursor_u8(&cur) != 0xfe)
        cur.bad = true;
    cursor_skip(&cur, 2); /* warnings */
    status = cursor_u16(&cur);
    if (!cursor_end(&cur))
        return err_set(err, E_PROTO, 0, "expected an EOF packet, found %zu bytes", payload.len);
    *ret_status = status;
    return true;
}

void reply_eof_write(struct buf *buf, uint16_t warnings, uint16_t status)
{
    buf_u8(buf, 0xfe);
    buf_u16(buf, warnings);
    buf_u16(buf, status);
}

/*
 * Numbers that mean: not this user (1045, 1698, 1524 and 4151), not from there (1129 to 1131), not
 * in this way (1251, 1275, 3118, 3159, 3878, a password that is to be changed: 1820, 1862), or not
 * with these rights (1044, 1142, 1227).
 */
static bool is_refusal(uint16_t code)
{
    static const uint16_t refusals[] = {1044, 1045, 1129, 1130, 1131, 1142, 1227, 1251, 1275,
                                        1524, 1698, 1820, 1862, 3118, 3159, 3878, 4151};

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (refusals[i] == code)
            return true;
    }
    return false;
}

/* Numbers that pass by themselves: too many connections, a server that shuts down or starts. */
static bool is_passing(uint16_t code)
{
    return code == 1040 || code == 1053 || code == 1203 || code == 1226 || code == 3169;
}

bool reply_err_to_err(struct span payload, struct err *err)
{
    struct reply_err reply;
    char text[ERR_TEXT_MAX];
    size_t len;

    if (!reply_err_parse(payload, &reply, err))
        return false;
    len = reply.message.len < sizeof text - 1 ? reply.message.len : sizeof text - 1;
    if (len > 0)
        memcpy(text, reply.message.data, len);
    text[len] = 0;
    for (size_t i = 0; i < len; i++) {
        if ((uint8_t)text[i] < ' ')
            text[i] = ' ';
    }
    (void)err_set(err, is_refusal(reply.code) ? E_AUTH : E_STATE, reply.code, "error %u%s%s%s: %s",
                  reply.code, *reply.sqlstate ? " (" : "", reply.sqlstate,
                  *reply.sqlstate ? ")" : "", text);
    err->retriable = is_passing(reply.code);
    return false;
}

const char *reply_sqlstate(uint16_t code)
{
    switch (code) {
    case ER_HANDSHAKE:
    case ER_UNKNOWN_COMMAND:
    case ER_SERVER_SHUTDOWN:
    case ER_NET_PACKET_TOO_LARGE:
    case ER_NET_PACKETS_OUT_OF_ORDER:
        return "08S01";
    case ER_NOT_SUPPORTED_AUTH_MODE:
        return "08004";
    case ER_ACCESS_DENIED:
        return "28000";
    case ER_NO_DATABASE:
        return "3D000";
    case ER_BAD_FIELD:
        return "42S22";
    case ER_SIGNAL_EXCEPTION:
        return "45000";
    case ER_PARSE_ERROR:
    case ER_EMPTY_QUERY:
    case ER_UNKNOWN_CHARACTER_SET:
    case ER_SPECIFIC_ACCESS_DENIED:
    case ER_NOT_SUPPORTED_YET:
    case ER_NO_FUNCTION:
    case ER_SP_WRONG_NO_OF_ARGS:
    case ER_PROCACCESS_DENIED:
    case ER_WRONG_PARAMETER_COUNT:
        return "42000";
    default:
        return "HY000";
    }
}
