/*
 * The authentication engines on any conversation. First byte: bit 0 which side, then of the client
 * secure, tls, allow_clear, fetch_key; of the server which method is offered. The second names the
 * greeting's or the login's method. Then packets, each after a length of one byte.
 *
 * Whatever a server says, the password goes out in clear only where it may.
 */
#include "base/cursor.h"
#include "wire/auth_client.h"
#include "wire/auth_server.h"

#include <stdlib.h>

#define PASSWORD "do not tell"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void client(uint8_t flags, uint8_t named, struct cursor *cur)
{
    struct auth_client_spec spec = {.password = span_str(PASSWORD),
                                    .secure = flags & 2,
                                    .tls = (flags & 6) == 6,
                                    .allow_clear = flags & 8,
                                    .fetch_key = flags & 16};
    struct greeting greeting = {.plugin = span_str(auth_method_name(named % AUTH_METHODS)),
                                .scramble_len = 20,
                                .scramble = "abcdefghijklmnopqrs"};
    struct auth_client *auth = auth_client_new(&spec);
    enum auth_step step = AUTH_WAIT;
    const char *plugin;
    struct buf reply;
    struct err err;

    buf_init(&reply, 1 << 16);
    if (auth_client_start(auth, &greeting, &reply, &plugin, &err)) {
        while (cursor_left(cur) > 0 && step != AUTH_DONE) {
            struct span packet = cursor_bytes(cur, cursor_u8(cur));

            buf_clear(&reply);
            if (!cursor_ok(cur) || !auth_client_take(auth, packet, &reply, &step, &err))
                break;
            if (!spec.secure && reply.len > 0 &&
                memmem(reply.data, reply.len, PASSWORD, sizeof PASSWORD - 1))
                abort();
        }
    }
    auth_client_free(auth);
    buf_done(&reply);
}

/* Nobody gets in who does not know the password, which no input is long enough to guess. */
static void server(uint8_t flags, uint8_t named, struct cursor *cur)
{
    struct auth_server auth;
    struct auth_account account;
    struct login login = {.plugin = span_str(auth_method_name(named % AUTH_METHODS))};
    enum auth_step step = AUTH_DENIED;
    struct buf reply;
    struct err err;

    buf_init(&reply, 1 << 16);
    auth_account_make_decoy(flags & 2, flags & 4, &account);
    auth_server_init(&auth, flags & 8 ? AUTH_NATIVE : AUTH_CACHING_SHA2);
    login.auth_data = cursor_bytes(cur, cursor_u8(cur));
    if (auth_server_login(&auth, &login, &account, &reply, &step, &err)) {
        while (step == AUTH_SEND && cursor_left(cur) > 0) {
            struct span packet = cursor_bytes(cur, cursor_u8(cur));

            if (!auth_server_take(&auth, packet, &reply, &step, &err))
                break;
        }
    }
    if (step == AUTH_DONE)
        abort();
    buf_done(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cur = cursor_of(span_of(data, size));
    uint8_t flags = cursor_u8(&cur);
    uint8_t named = cursor_u8(&cur);

    if (!cursor_ok(&cur))
        return 0;
    if (flags & 1)
        server(flags, named, &cur);
    else
        client(flags, named, &cur);
    return 0;
}
