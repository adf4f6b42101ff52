#include "wire/auth_client.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "wire/auth_proof.h"
#include "wire/reply.h"

#include <openssl/crypto.h>

#define SWITCH_REQUEST  0xfe
#define MORE_DATA       0x01
#define FAST_SUCCESS    0x03
#define FULL_LOGIN      0x04
#define ASK_KEY_CACHING 0x02
#define ASK_KEY_SHA256  0x01
#define SCRAMBLE_MAX    32
#define SWITCHES_MAX    4 /* a server needs one */

enum state {
    NEW,           /* the greeting is to be answered */
    PROVED,        /* a proof, or the password, was sent: the server's word is due */
    KEY_ASKED,     /* the server's RSA key is due */
    SALT_ASKED,    /* parsec's salt is due */
    PASSWORD_SENT, /* in full: nothing but the end may follow */
    ENDED,
};

/* From the row's state to the bits' states. A switch begins again at PROVED or later. */
static const unsigned transitions[] = {
    [NEW] = 1u << PROVED | 1u << KEY_ASKED | 1u << SALT_ASKED | 1u << PASSWORD_SENT,
    [PROVED] =
        1u << PROVED | 1u << KEY_ASKED | 1u << SALT_ASKED | 1u << PASSWORD_SENT | 1u << ENDED,
    [KEY_ASKED] = 1u << PASSWORD_SENT,
    [SALT_ASKED] = 1u << PROVED,
    [PASSWORD_SENT] = 1u << ENDED,
    [ENDED] = 0,
};

struct auth_client {
    enum state state;
    enum auth_method method;
    unsigned switches;
    bool secure;
    bool tls;
    bool allow_clear;
    bool fetch_key;
    struct buf password;
    struct buf server_key;
    uint8_t scramble[SCRAMBLE_MAX];
    size_t scramble_len;
};

static bool set_state(struct auth_client *auth, enum state state, struct err *err)
{
    if (!(transitions[auth->state] & 1u << state))
        return err_set(err, E_PROTO, 0, "login with %s: the server's packet is out of order",
                       auth_method_name(auth->method));
    auth->state = state;
    return true;
}

struct auth_client *auth_client_new(const struct auth_client_spec *spec)
{
    struct auth_client *auth = mem_alloc(sizeof *auth);

    auth->state = NEW;
    auth->secure = spec->secure;
    auth->tls = spec->tls;
    auth->allow_clear = spec->allow_clear;
    auth->fetch_key = spec->fetch_key;
    buf_init(&auth->password, AUTH_PASSWORD_MAX);
    buf_init(&auth->server_key, AUTH_RSA_PEM_MAX);
    /* In one piece: a buffer that grows would leave copies behind. */
    buf_bytes(&auth->password, spec->password);
    buf_bytes(&auth->server_key, spec->server_key);
    return auth;
}

void auth_client_free(struct auth_client *auth)
{
    if (!auth)
        return;
    if (auth->password.data)
        OPENSSL_cleanse(auth->password.data, auth->password.cap);
    buf_done(&auth->password);
    buf_done(&auth->server_key);
    mem_free(auth);
}

enum auth_method auth_client_method(const struct auth_client *auth)
{
    return auth->method;
}

static struct span scramble_of(const struct auth_client *auth)
{
    return span_of(auth->scramble, auth->scramble_len);
}

static bool unsafe(const struct auth_client *auth, const char *advice, struct err *err)
{
    return err_set(err, E_AUTH, 0,
                   "login with %s: the server wants the password itself, which is not sent over "
                   "this connection; %s",
                   auth_method_name(auth->method), advice);
}

static void write_password(const struct auth_client *auth, struct buf *out)
{
    buf_bytes(out, buf_span(&auth->password));
    buf_u8(out, 0);
}

static bool encrypt_password(struct auth_client *auth, struct span key, struct buf *out,
                             struct err *err)
{
    return auth_rsa_encrypt(buf_span(&auth->password), scramble_of(auth), key, out, err) &&
           set_state(auth, PASSWORD_SENT, err);
}

/* The password itself: inside TLS, or encrypted with the server's key. */
static bool send_password(struct auth_client *auth, uint8_t ask_key, struct buf *out,
                          struct err *err)
{
    if (auth->tls || (auth->secure && auth->method != AUTH_SHA256)) {
        write_password(auth, out);
        return set_state(auth, PASSWORD_SENT, err);
    }
    if (auth->server_key.len > 0)
        return encrypt_password(auth, buf_span(&auth->server_key), out, err);
    if (auth->fetch_key || auth->secure) {
        buf_u8(out, ask_key);
        return set_state(auth, KEY_ASKED, err);
    }
    return unsafe(auth, "use TLS, give the server's public key, or allow to fetch it", err);
}

static bool prove_ed25519(struct auth_client *auth, struct buf *out, struct err *err)
{
    uint8_t signature[AUTH_SIGNATURE_SIZE];

    if (auth->scramble_len != AUTH_ED25519_NONCE_SIZE)
        return err_set(err, E_PROTO, 0, "login with client_ed25519: expected %d bytes, found %zu",
                       AUTH_ED25519_NONCE_SIZE, auth->scramble_len);
    if (!auth_ed25519_sign(buf_span(&auth->password), scramble_of(auth), signature, err))
        return false;
    buf_bytes(out, span_of(signature, sizeof signature));
    return set_state(auth, PROVED, err);
}

/* The first answer of the method in use to its scramble. */
static bool prove(struct auth_client *auth, struct buf *out, struct err *err)
{
    struct span password = buf_span(&auth->password);
    uint8_t proof[AUTH_SHA2_SIZE];

    switch (auth->method) {
    case AUTH_NATIVE:
        if (password.len > 0) {
            auth_native_prove(password, scramble_of(auth), proof);
            buf_bytes(out, span_of(proof, AUTH_NATIVE_SIZE));
        }
        return set_state(auth, PROVED, err);
    case AUTH_CACHING_SHA2:
        if (password.len > 0) {
            auth_sha2_prove(password, scramble_of(auth), proof);
            buf_bytes(out, span_of(proof, AUTH_SHA2_SIZE));
        }
        return set_state(auth, PROVED, err);
    case AUTH_SHA256:
        if (password.len > 0)
            return send_password(auth, ASK_KEY_SHA256, out, err);
        buf_u8(out, 0);
        return set_state(auth, PASSWORD_SENT, err);
    case AUTH_CLEAR:
        if (!auth->secure || !auth->allow_clear)
            return unsafe(auth, "use TLS and allow clear passwords, or another method", err);
        write_password(auth, out);
        return set_state(auth, PASSWORD_SENT, err);
    case AUTH_ED25519:
        return prove_ed25519(auth, out, err);
    case AUTH_PARSEC:
        return set_state(auth, SALT_ASKED, err); /* an empty packet asks */
    case AUTH_METHODS:
        break;
    }
    return err_set(err, E_BUG, 0, "login: no method");
}

/* A scramble of 20 bytes comes with a NUL after it. */
static bool take_scramble(struct auth_client *auth, struct span scramble, struct err *err)
{
    if (scramble.len == GREETING_SCRAMBLE_SIZE + 1)
        scramble.len = GREETING_SCRAMBLE_SIZE;
    if (scramble.len > SCRAMBLE_MAX)
        return err_set(err, E_PROTO, 0, "login with %s: expected at most %d bytes, found %zu",
                       auth_method_name(auth->method), SCRAMBLE_MAX, scramble.len);
    if (scramble.len > 0)
        memcpy(auth->scramble, scramble.data, scramble.len);
    auth->scramble_len = scramble.len;
    if (scramble.len < GREETING_SCRAMBLE_SIZE && auth->method != AUTH_CLEAR)
        return err_set(err, E_PROTO, 0, "login with %s: expected %d bytes, found %zu",
                       auth_method_name(auth->method), GREETING_SCRAMBLE_SIZE, scramble.len);
    return true;
}

bool auth_client_start(struct auth_client *auth, const struct greeting *greeting, struct buf *data,
                       const char **ret_plugin, struct err *err)
{
    enum auth_method offered = AUTH_NATIVE;
    bool known = greeting->plugin.len == 0 || auth_method_find(greeting->plugin, &offered);

    if (!buf_ok(&auth->password) || !buf_ok(&auth->server_key))
        return err_set(err, E_USAGE, 0,
                       "login: expected a password of at most %d bytes and a key of at most %d",
                       AUTH_PASSWORD_MAX, AUTH_RSA_PEM_MAX);
    /*
     * In answer to the greeting only proofs that say nothing about the password: who needs more
     * is told so by a switch, when it is clear that it is the account's own method.
     */
    if (!known || (offered != AUTH_NATIVE && offered != AUTH_CACHING_SHA2)) {
        auth->method = AUTH_NATIVE;
        *ret_plugin = auth_method_name(AUTH_NATIVE);
        return set_state(auth, PROVED, err);
    }
    auth->method = offered;
    *ret_plugin = auth_method_name(offered);
    return take_scramble(auth, span_of(greeting->scramble, greeting->scramble_len), err) &&
           prove(auth, data, err);
}

static bool take_switch(struct auth_client *auth, struct span payload, struct buf *reply,
                        enum auth_step *ret_step, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct span name;

    cursor_skip(&cur, 1);
    if (payload.len == 1)
        return err_set(err, E_AUTH, 0,
                       "login: the server asks for the password form of before MySQL 4.1, which "
                       "gives the password away; set the account's password anew on the server");
    name = cursor_cstr(&cur);
    if (!cursor_ok(&cur))
        return err_set(err, E_PROTO, 0, "login: a request to switch without a method's name");
    if (!auth_method_find(name, &auth->method))
        return err_set(err, E_AUTH, 0,
                       "login: the server asks for method '%.*s', which is not supported",
                       name.len < 64 ? (int)name.len : 64, (const char *)name.data);
    if (auth->state != PROVED || ++auth->switches > SWITCHES_MAX)
        return err_set(err, E_PROTO, 0, "login with %s: a request to switch is out of order",
                       auth_method_name(auth->method));
    *ret_step = AUTH_SEND;
    return take_scramble(auth, cursor_rest(&cur), err) && prove(auth, reply, err);
}

/* caching_sha2_password's verdicts. */
static bool take_verdict(struct auth_client *auth, struct span data, struct buf *reply,
                         enum auth_step *ret_step, struct err *err)
{
    if (data.len == 1 && data.data[0] == FAST_SUCCESS) {
        *ret_step = AUTH_WAIT;
        return set_state(auth, PROVED, err);
    }
    if (data.len == 1 && data.data[0] == FULL_LOGIN) {
        *ret_step = AUTH_SEND;
        return send_password(auth, ASK_KEY_CACHING, reply, err);
    }
    return err_set(err, E_PROTO, 0,
                   "login with caching_sha2_password: expected 3 or 4, found %zu other bytes",
                   data.len);
}

static bool take_data(struct auth_client *auth, struct span data, struct buf *reply,
                      enum auth_step *ret_step, struct err *err)
{
    uint8_t answer[AUTH_PARSEC_ANSWER_SIZE];

    if (auth->state == KEY_ASKED) {
        *ret_step = AUTH_SEND;
        return encrypt_password(auth, data, reply, err);
    }
    if (auth->state == SALT_ASKED) {
        if (!auth_parsec_answer(buf_span(&auth->password), scramble_of(auth), data, answer, err))
            return false;
        buf_bytes(reply, span_of(answer, sizeof answer));
        *ret_step = AUTH_SEND;
        return set_state(auth, PROVED, err);
    }
    if (auth->state == PROVED && auth->method == AUTH_CACHING_SHA2)
        return take_verdict(auth, data, reply, ret_step, err);
    return err_set(err, E_PROTO, 0, "login with %s: expected no data, found %zu bytes",
                   auth_method_name(auth->method), data.len);
}

bool auth_client_take(struct auth_client *auth, struct span payload, struct buf *reply,
                      enum auth_step *ret_step, struct err *err)
{
    struct cursor cur = cursor_of(payload);

    if (reply_is_err(payload))
        return reply_err_to_err(payload, err);
    switch (cursor_u8(&cur)) {
    case 0:
        if (!cursor_ok(&cur))
            break;
        *ret_step = AUTH_DONE;
        return set_state(auth, ENDED, err);
    case SWITCH_REQUEST:
        return take_switch(auth, payload, reply, ret_step, err);
    case MORE_DATA:
        return take_data(auth, cursor_rest(&cur), reply, ret_step, err);
    default:
        /* MariaDB's plugins send their data bare. */
        return take_data(auth, payload, reply, ret_step, err);
    }
    return err_set(err, E_PROTO, 0, "login: an empty packet");
}
