#include "wire/handshake.h"

#define SCRAMBLE_HEAD         8
#define RESPONSE_COLLATION_AT 8 /* behind capabilities and the largest packet */

bool handshake_greeting_parse(struct span payload, struct handshake_greeting *ret, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct handshake_greeting greeting = {0};
    uint8_t version = cursor_u8(&cur);

    greeting.server_version = cursor_cstr(&cur);
    greeting.thread_id = cursor_u32(&cur);
    cursor_skip(&cur, SCRAMBLE_HEAD);
    cursor_skip(&cur, 1); /* filler */
    greeting.capabilities_low_at = payload.len - cursor_left(&cur);
    greeting.capabilities = cursor_u16(&cur);
    cursor_skip(&cur, 1); /* default collation */
    cursor_skip(&cur, 2); /* status */
    greeting.capabilities_high_at = payload.len - cursor_left(&cur);
    greeting.capabilities |= (uint32_t)cursor_u16(&cur) << 16;
    if (!cursor_ok(&cur) || version != 10)
        return err_set(err, E_PROTO, 0,
                       "greeting: expected protocol version 10 and its fields, found version %u "
                       "and %zu bytes",
                       version, payload.len);
    *ret = greeting;
    return true;
}

static void put_le(uint8_t *into, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        into[i] = (uint8_t)(value >> (8 * i));
}

void handshake_greeting_patch(uint8_t *payload, const struct handshake_greeting *greeting,
                              uint32_t capabilities)
{
    put_le(payload + greeting->capabilities_low_at, capabilities, 2);
    put_le(payload + greeting->capabilities_high_at, capabilities >> 16, 2);
}

bool handshake_response_parse(struct span payload, struct handshake_response *ret, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct handshake_response response = {0};

    response.capabilities = cursor_u32(&cur);
    response.max_packet = cursor_u32(&cur);
    response.collation = cursor_u8(&cur);
    cursor_skip(&cur, 23); /* filler; MariaDB's clients put more capabilities into its end */
    if (!cursor_ok(&cur) || !(response.capabilities & CAP_PROTOCOL_41))
        return err_set(err, E_PROTO, 0,
                       "handshake: expected a client of protocol 4.1, found an answer of %zu bytes",
                       payload.len);
    response.ssl_request =
        payload.len == HANDSHAKE_SSL_REQUEST_LEN && (response.capabilities & CAP_SSL);
    if (!response.ssl_request)
        response.user = cursor_cstr(&cur);
    if (!cursor_ok(&cur))
        return err_set(err, E_PROTO, 0, "handshake: expected a user name, found none");
    *ret = response;
    return true;
}

void handshake_response_patch(uint8_t *payload, uint32_t capabilities, uint8_t collation)
{
    put_le(payload, capabilities, 4);
    payload[RESPONSE_COLLATION_AT] = collation;
}

bool handshake_change_user_parse(struct span payload, struct handshake_change_user *ret,
                                 struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct handshake_change_user change = {0};
    size_t at;

    cursor_skip(&cur, 1);
    change.user = cursor_cstr(&cur);
    if (!cursor_ok(&cur))
        return err_set(err, E_PROTO, 0, "COM_CHANGE_USER: expected a user name, found none");
    cursor_skip(&cur, cursor_u8(&cur)); /* the proof */
    (void)cursor_cstr(&cur);            /* database */
    at = payload.len - cursor_left(&cur);
    change.collation = cursor_u16(&cur);
    if (cursor_ok(&cur))
        change.collation_at = at;
    *ret = change;
    return true;
}

void handshake_change_user_patch(uint8_t *payload, const struct handshake_change_user *change,
                                 uint16_t collation)
{
    put_le(payload + change->collation_at, collation, 2);
}

void handshake_write_proxy(struct buf *buf, bool ipv6, const char *client_ip, uint16_t client_port,
                           const char *server_ip, uint16_t server_port)
{
    buf_printf(buf, "PROXY %s %s %s %u %u\r\n", ipv6 ? "TCP6" : "TCP4", client_ip, server_ip,
               (unsigned)client_port, (unsigned)server_port);
}
