#include "wire/greeting.h"

#include "base/cursor.h"

#define VERSION_10      10
#define SCRAMBLE_HEAD   8
#define SCRAMBLE_TAIL   (GREETING_SCRAMBLE_SIZE - SCRAMBLE_HEAD)
#define MARIADB_PREFIX  "5.5.5-"
#define RESERVED        6
#define MARIADB_IN_NAME "MariaDB"

/* The random bytes' second part: as long as the length byte says, but 12 and a NUL at least. */
static bool parse_scramble_tail(struct cursor *cur, size_t scramble_len, struct greeting *greeting)
{
    size_t tail_len = scramble_len > SCRAMBLE_HEAD ? scramble_len - SCRAMBLE_HEAD : 0;
    struct span tail;

    if (tail_len < SCRAMBLE_TAIL + 1)
        tail_len = SCRAMBLE_TAIL + 1;
    /* Servers before 5.5.7 leave the NUL away at the payload's end. */
    if (cursor_left(cur) == SCRAMBLE_TAIL)
        tail_len = SCRAMBLE_TAIL;
    tail = cursor_bytes(cur, tail_len);
    if (!cursor_ok(cur))
        return false;
    memcpy(greeting->scramble + SCRAMBLE_HEAD, tail.data, SCRAMBLE_TAIL);
    greeting->scramble_len = GREETING_SCRAMBLE_SIZE;
    return true;
}

/* The plugin's name lacks its NUL in servers before 5.5.10. */
static struct span parse_plugin(struct cursor *cur)
{
    struct span rest = cursor_rest(cur);
    struct cursor name = cursor_of(rest);
    struct span terminated = cursor_cstr(&name);

    return cursor_ok(&name) ? terminated : rest;
}

bool greeting_parse(struct span payload, struct greeting *ret, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct greeting greeting = {.scramble_len = SCRAMBLE_HEAD};
    uint8_t protocol = cursor_u8(&cur);
    struct span scramble;
    uint8_t scramble_len;

    greeting.version = cursor_cstr(&cur);
    greeting.thread_id = cursor_u32(&cur);
    scramble = cursor_bytes(&cur, SCRAMBLE_HEAD);
    cursor_skip(&cur, 1); /* filler */
    greeting.capabilities = cursor_u16(&cur);
    if (!cursor_ok(&cur) || protocol != VERSION_10)
        return err_set(err, E_PROTO, 0,
                       "greeting: expected protocol version 10 and its fields, found version %u "
                       "and %zu bytes",
                       protocol, payload.len);
    memcpy(greeting.scramble, scramble.data, SCRAMBLE_HEAD);
    if (cursor_left(&cur) > 0) {
        greeting.collation = cursor_u8(&cur);
        greeting.status = cursor_u16(&cur);
        greeting.capabilities |= (uint32_t)cursor_u16(&cur) << 16;
        scramble_len = cursor_u8(&cur);
        cursor_skip(&cur, RESERVED);
        greeting.extended = cursor_u32(&cur);
        if (greeting.capabilities & CAP_LONG_PASSWORD)
            greeting.extended = 0; /* MySQL: four more reserved bytes */
        if (!cursor_ok(&cur) || ((greeting.capabilities & CAP_SECURE_CONNECTION) &&
                                 !parse_scramble_tail(&cur, scramble_len, &greeting)))
            return err_set(err, E_PROTO, 0, "greeting: ends inside its fields, after %zu bytes",
                           payload.len);
        if (greeting.capabilities & CAP_PLUGIN_AUTH)
            greeting.plugin = parse_plugin(&cur);
    }
    *ret = greeting;
    return true;
}

void greeting_write(struct buf *buf, const struct greeting *greeting)
{
    buf_u8(buf, VERSION_10);
    buf_bytes(buf, greeting->version);
    buf_u8(buf, 0);
    buf_u32(buf, greeting->thread_id);
    buf_bytes(buf, span_of(greeting->scramble, SCRAMBLE_HEAD));
    buf_u8(buf, 0);
    buf_u16(buf, (uint16_t)greeting->capabilities);
    buf_u8(buf, greeting->collation);
    buf_u16(buf, greeting->status);
    buf_u16(buf, (uint16_t)(greeting->capabilities >> 16));
    buf_u8(buf, GREETING_SCRAMBLE_SIZE + 1);
    (void)buf_reserve(buf, RESERVED);
    buf_u32(buf, greeting->extended);
    buf_bytes(buf, span_of(greeting->scramble + SCRAMBLE_HEAD, SCRAMBLE_TAIL));
    buf_u8(buf, 0);
    if (greeting->capabilities & CAP_PLUGIN_AUTH) {
        buf_bytes(buf, greeting->plugin);
        buf_u8(buf, 0);
    }
}

bool greeting_is_mariadb(struct span version)
{
    size_t len = sizeof MARIADB_IN_NAME - 1;

    if (version.len >= sizeof MARIADB_PREFIX - 1 &&
        memcmp(version.data, MARIADB_PREFIX, sizeof MARIADB_PREFIX - 1) == 0)
        return true;
    return version.len >= len && memmem(version.data, version.len, MARIADB_IN_NAME, len) != NULL;
}

struct span greeting_plain_version(struct span version)
{
    struct cursor cur = cursor_of(version);
    struct span prefix = cursor_bytes(&cur, sizeof MARIADB_PREFIX - 1);

    if (cursor_ok(&cur) && span_eq(prefix, span_str(MARIADB_PREFIX)))
        return cursor_rest(&cur);
    return version;
}
