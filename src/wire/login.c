#include "wire/login.h"

#include "base/cursor.h"
#include "wire/handshake.h"
#include "wire/packet.h"
#include "wire/reply.h"

#define FILLER 19 /* and 4 bytes that are capabilities of MariaDB or filler of MySQL */

bool login_is_ssl_request(struct span payload)
{
    struct handshake_response head;
    struct err ignored;

    return handshake_response_parse(payload, &head, &ignored) && head.ssl_request;
}

static void write_head(struct buf *buf, const struct login *login)
{
    buf_u32(buf, login->capabilities);
    buf_u32(buf, login->max_packet);
    buf_u8(buf, (uint8_t)login->collation);
    (void)buf_reserve(buf, FILLER);
    buf_u32(buf, login->extended);
}

void login_write_ssl_request(struct buf *buf, const struct login *login)
{
    write_head(buf, login);
}

/* A string after its length, one byte or lenenc, as the capabilities say. */
static struct span read_auth_data(struct cursor *cur, uint32_t capabilities)
{
    if (capabilities & CAP_PLUGIN_AUTH_LENENC)
        return cursor_lenenc_bytes(cur);
    return cursor_bytes(cur, cursor_u8(cur));
}

/* A name with a NUL; the last of a payload may come without it. */
static struct span read_name(struct cursor *cur)
{
    struct cursor before = *cur;
    struct span name = cursor_cstr(cur);

    if (cursor_ok(cur))
        return name;
    *cur = before;
    return cursor_rest(cur);
}

/* What follows the authentication data, which is of one form in both packets. */
static void read_attributes(struct cursor *cur, struct login *login)
{
    if (login->capabilities & CAP_CONNECT_ATTRS && cursor_left(cur) > 0)
        login->attributes = cursor_lenenc_bytes(cur);
    if (login->capabilities & CAP_ZSTD && cursor_left(cur) > 0)
        login->zstd_level = cursor_u8(cur);
}

static bool check_password_form(const struct login *login, struct err *err)
{
    if (login->capabilities & CAP_SECURE_CONNECTION)
        return true;
    return err_set(err, E_AUTH, ER_NOT_SUPPORTED_AUTH_MODE,
                   "login: the client uses the password form of before MySQL 4.1, which is not "
                   "supported; upgrade the client");
}

bool login_parse(struct span payload, struct login *ret, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct login login = {0};

    login.capabilities = cursor_u32(&cur);
    login.max_packet = cursor_u32(&cur);
    login.collation = cursor_u8(&cur);
    cursor_skip(&cur, FILLER);
    login.extended = cursor_u32(&cur);
    if (login.capabilities & CAP_LONG_PASSWORD)
        login.extended = 0;
    if (!cursor_ok(&cur) || !(login.capabilities & CAP_PROTOCOL_41))
        return err_set(err, E_PROTO, 0,
                       "login: expected a client of protocol 4.1, found an answer of %zu bytes",
                       payload.len);
    if (!check_password_form(&login, err))
        return false;
    login.user = cursor_cstr(&cur);
    login.auth_data = read_auth_data(&cur, login.capabilities);
    if (login.capabilities & CAP_CONNECT_WITH_DB && cursor_left(&cur) > 0)
        login.database = read_name(&cur);
    if (login.capabilities & CAP_PLUGIN_AUTH && cursor_left(&cur) > 0)
        login.plugin = read_name(&cur);
    read_attributes(&cur, &login);
    if (!cursor_ok(&cur))
        return err_set(err, E_PROTO, 0, "login: ends inside its fields, after %zu bytes",
                       payload.len);
    *ret = login;
    return true;
}

static void write_name(struct buf *buf, struct span name)
{
    buf_bytes(buf, name);
    buf_u8(buf, 0);
}

static void write_attributes(struct buf *buf, const struct login *login)
{
    if (login->capabilities & CAP_CONNECT_ATTRS)
        buf_lenenc_bytes(buf, login->attributes);
    if (login->capabilities & CAP_ZSTD)
        buf_u8(buf, login->zstd_level);
}

static void write_auth_data(struct buf *buf, const struct login *login)
{
    if (login->capabilities & CAP_PLUGIN_AUTH_LENENC) {
        buf_lenenc_bytes(buf, login->auth_data);
        return;
    }
    if (login->auth_data.len > UINT8_MAX)
        buf->bad = true;
    buf_u8(buf, (uint8_t)login->auth_data.len);
    buf_bytes(buf, login->auth_data);
}

void login_write(struct buf *buf, const struct login *login)
{
    write_head(buf, login);
    write_name(buf, login->user);
    write_auth_data(buf, login);
    if (login->capabilities & CAP_CONNECT_WITH_DB)
        write_name(buf, login->database);
    if (login->capabilities & CAP_PLUGIN_AUTH)
        write_name(buf, login->plugin);
    write_attributes(buf, login);
}

bool login_parse_change_user(struct span payload, uint32_t capabilities, struct login *ret,
                             struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct login login = {.capabilities = capabilities};
    uint8_t command = cursor_u8(&cur);

    if (!check_password_form(&login, err))
        return false;
    login.user = cursor_cstr(&cur);
    login.auth_data = cursor_bytes(&cur, cursor_u8(&cur));
    login.database = cursor_cstr(&cur);
    if (cursor_left(&cur) > 0)
        login.collation = cursor_u16(&cur);
    if (capabilities & CAP_PLUGIN_AUTH && cursor_left(&cur) > 0)
        login.plugin = read_name(&cur);
    if (capabilities & CAP_CONNECT_ATTRS && cursor_left(&cur) > 0)
        login.attributes = cursor_lenenc_bytes(&cur);
    if (!cursor_ok(&cur) || command != COM_CHANGE_USER)
        return err_set(err, E_PROTO, 0, "COM_CHANGE_USER: ends inside its fields, after %zu bytes",
                       payload.len);
    *ret = login;
    return true;
}

void login_write_change_user(struct buf *buf, const struct login *login)
{
    buf_u8(buf, COM_CHANGE_USER);
    write_name(buf, login->user);
    if (login->auth_data.len > UINT8_MAX)
        buf->bad = true;
    buf_u8(buf, (uint8_t)login->auth_data.len);
    buf_bytes(buf, login->auth_data);
    write_name(buf, login->database);
    buf_u16(buf, login->collation);
    if (login->capabilities & CAP_PLUGIN_AUTH)
        write_name(buf, login->plugin);
    if (login->capabilities & CAP_CONNECT_ATTRS)
        buf_lenenc_bytes(buf, login->attributes);
}

bool login_attribute(const struct login *login, const char *name, struct span *ret_value)
{
    struct cursor cur = cursor_of(login->attributes);

    while (cursor_left(&cur) > 0) {
        struct span key = cursor_lenenc_bytes(&cur);
        struct span value = cursor_lenenc_bytes(&cur);

        if (!cursor_ok(&cur))
            return false;
        if (span_eq(key, span_str(name))) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

void login_write_attribute(struct buf *attributes, const char *name, const char *value)
{
    buf_lenenc_bytes(attributes, span_str(name));
    buf_lenenc_bytes(attributes, span_str(value));
}
