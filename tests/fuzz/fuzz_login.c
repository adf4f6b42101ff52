/*
 * The connection phase on any bytes: the first says whose packet: 0 a greeting, 1 a login, 2 a
 * COM_CHANGE_USER. What parses is written again and must parse to the same.
 */
#include "wire/greeting.h"
#include "wire/login.h"

#include <stdlib.h>

#define PAYLOAD_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void try_greeting(struct span payload)
{
    struct greeting greeting;
    struct greeting again;
    struct buf written;
    struct err err;

    if (!greeting_parse(payload, &greeting, &err))
        return;
    (void)greeting_is_mariadb(greeting.version);
    (void)greeting_plain_version(greeting.version);
    if (greeting.scramble_len < GREETING_SCRAMBLE_SIZE)
        return;
    buf_init(&written, PAYLOAD_MAX);
    greeting_write(&written, &greeting);
    must(greeting_parse(buf_span(&written), &again, &err));
    must(span_eq(again.version, greeting.version) && again.thread_id == greeting.thread_id &&
         again.capabilities == greeting.capabilities && again.extended == greeting.extended &&
         span_eq(again.plugin, greeting.plugin) &&
         memcmp(again.scramble, greeting.scramble, sizeof again.scramble) == 0);
    buf_done(&written);
}

static void check_same(const struct login *a, const struct login *b)
{
    must(span_eq(a->user, b->user) && span_eq(a->auth_data, b->auth_data) &&
         span_eq(a->database, b->database) && span_eq(a->plugin, b->plugin) &&
         span_eq(a->attributes, b->attributes));
}

static void try_login(struct span payload, bool change)
{
    uint32_t capabilities = CAP_PROTOCOL_41 | CAP_SECURE_CONNECTION | CAP_PLUGIN_AUTH |
                            CAP_CONNECT_ATTRS | CAP_CONNECT_WITH_DB;
    struct login login;
    struct login again;
    struct span value;
    struct buf written;
    struct err err;

    (void)login_is_ssl_request(payload);
    if (!(change ? login_parse_change_user(payload, capabilities, &login, &err)
                 : login_parse(payload, &login, &err)))
        return;
    (void)login_attribute(&login, "program_name", &value);
    buf_init(&written, PAYLOAD_MAX);
    if (change)
        login_write_change_user(&written, &login);
    else
        login_write(&written, &login);
    if (buf_ok(&written)) {
        must(change ? login_parse_change_user(buf_span(&written), capabilities, &again, &err)
                    : login_parse(buf_span(&written), &again, &err));
        check_same(&login, &again);
    }
    buf_done(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    switch (data[0] % 3) {
    case 0:
        try_greeting(span_of(data + 1, size - 1));
        break;
    default:
        try_login(span_of(data + 1, size - 1), data[0] % 3 == 2);
    }
    return 0;
}
