#include "wire/auth_server.h"

#include "base/random.h"
#include "wire/auth_proof.h"

#include <openssl/evp.h>
#include <stdio.h>

#define SWITCH_REQUEST 0xfe
#define MORE_DATA      0x01
#define FAST_SUCCESS   0x03

/* From the row's state to the bits' states. */
static const unsigned transitions[] = {
    [AUTH_SERVER_GREETED] =
        1u << AUTH_SERVER_SWITCHED | 1u << AUTH_SERVER_ACCEPTED | 1u << AUTH_SERVER_DENIED,
    [AUTH_SERVER_SWITCHED] = 1u << AUTH_SERVER_ACCEPTED | 1u << AUTH_SERVER_DENIED,
    [AUTH_SERVER_ACCEPTED] = 1u << AUTH_SERVER_GREETED, /* COM_CHANGE_USER */
    [AUTH_SERVER_DENIED] = 0,
};

static bool set_state(struct auth_server *auth, enum auth_server_state state, struct err *err)
{
    if (!(transitions[auth->state] & 1u << state))
        return err_set(err, E_BUG, 0, "login: from state %d to %d", auth->state, state);
    auth->state = state;
    return true;
}

/* Bytes that every client carries whole: some take the scramble for a C string. */
static void make_scramble(uint8_t scramble[GREETING_SCRAMBLE_SIZE])
{
    random_bytes(scramble, GREETING_SCRAMBLE_SIZE);
    for (size_t i = 0; i < GREETING_SCRAMBLE_SIZE; i++) {
        scramble[i] &= 0x7f;
        if (scramble[i] == 0 || scramble[i] == '$')
            scramble[i]++;
    }
}

void auth_server_init(struct auth_server *auth, enum auth_method offered)
{
    *auth =
        (struct auth_server){.state = AUTH_SERVER_GREETED, .offered = offered, .method = offered};
    make_scramble(auth->scramble);
}

static bool has_hash(const struct auth_account *account, enum auth_method method)
{
    return (method == AUTH_NATIVE && account->has_native) ||
           (method == AUTH_CACHING_SHA2 && account->has_sha2);
}

/* Judges a proof of the method in use. */
static bool judge(struct auth_server *auth, struct span proof, struct buf *reply,
                  enum auth_step *ret_step, struct err *err)
{
    struct span scramble = span_of(auth->scramble, sizeof auth->scramble);
    bool good;

    /* "No password" is an empty packet, or from caching_sha2 clients a lone NUL. */
    auth->used_password = proof.len > 1;
    if (auth->method == AUTH_NATIVE)
        good = auth_native_check(proof, scramble, auth->account.native);
    else
        good = auth_sha2_check(proof, scramble, auth->account.sha2);
    good = good && has_hash(&auth->account, auth->method);
    if (good && auth->method == AUTH_CACHING_SHA2) {
        buf_u8(reply, MORE_DATA);
        buf_u8(reply, FAST_SUCCESS);
    }
    *ret_step = good ? AUTH_DONE : AUTH_DENIED;
    return set_state(auth, good ? AUTH_SERVER_ACCEPTED : AUTH_SERVER_DENIED, err);
}

static bool ask_to_switch(struct auth_server *auth, enum auth_method method, struct buf *reply,
                          enum auth_step *ret_step, struct err *err)
{
    auth->method = method;
    make_scramble(auth->scramble);
    buf_u8(reply, SWITCH_REQUEST);
    buf_str(reply, auth_method_name(method));
    buf_u8(reply, 0);
    buf_bytes(reply, span_of(auth->scramble, sizeof auth->scramble));
    buf_u8(reply, 0);
    *ret_step = AUTH_SEND;
    return set_state(auth, AUTH_SERVER_SWITCHED, err);
}

bool auth_server_login(struct auth_server *auth, const struct login *login,
                       const struct auth_account *account, struct buf *reply,
                       enum auth_step *ret_step, struct err *err)
{
    enum auth_method named = AUTH_NATIVE;
    bool known = login->plugin.len == 0 || auth_method_find(login->plugin, &named);
    bool again = auth->state == AUTH_SERVER_ACCEPTED;

    if (again && !set_state(auth, AUTH_SERVER_GREETED, err))
        return false;
    if (auth->state != AUTH_SERVER_GREETED)
        return err_set(err, E_PROTO, 0, "login: expected none now, found one");
    auth->account = *account;
    /* The data is of use only if made for the scramble and method of the greeting. */
    if (!again && known && named == auth->offered && has_hash(account, named)) {
        auth->method = named;
        return judge(auth, login->auth_data, reply, ret_step, err);
    }
    if (known && has_hash(account, named))
        return ask_to_switch(auth, named, reply, ret_step, err);
    return ask_to_switch(auth, account->has_sha2 ? AUTH_CACHING_SHA2 : AUTH_NATIVE, reply, ret_step,
                         err);
}

bool auth_server_take(struct auth_server *auth, struct span payload, struct buf *reply,
                      enum auth_step *ret_step, struct err *err)
{
    if (auth->state != AUTH_SERVER_SWITCHED)
        return err_set(err, E_PROTO, 0, "login: expected nothing now, found %zu bytes",
                       payload.len);
    return judge(auth, payload, reply, ret_step, err);
}

bool auth_server_certificate_proof(const struct auth_server *auth, const uint8_t fingerprint[32],
                                   char proof[AUTH_CERTIFICATE_PROOF_MAX])
{
    uint8_t bytes[AUTH_NATIVE_SIZE + GREETING_SCRAMBLE_SIZE + 32];
    uint8_t hash[AUTH_SHA2_SIZE];
    unsigned len = 0;

    if (auth->state != AUTH_SERVER_ACCEPTED || auth->method != AUTH_NATIVE || !auth->used_password)
        return false;
    memcpy(bytes, auth->account.native, AUTH_NATIVE_SIZE);
    memcpy(bytes + AUTH_NATIVE_SIZE, auth->scramble, GREETING_SCRAMBLE_SIZE);
    memcpy(bytes + AUTH_NATIVE_SIZE + GREETING_SCRAMBLE_SIZE, fingerprint, 32);
    if (EVP_Digest(bytes, sizeof bytes, hash, &len, EVP_sha256(), NULL) != 1)
        return false;
    proof[0] = 1;
    for (size_t i = 0; i < sizeof hash; i++)
        (void)snprintf(proof + 1 + 2 * i, 3, "%02X", hash[i]);
    return true;
}
