#include "wire/auth_proof.h"

#include "base/cursor.h"
#include "base/random.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdlib.h>

#define SHA512_SIZE       64
#define KEY_SIZE          32
#define PARSEC_ITERATIONS 1024
#define PARSEC_FACTOR_MAX 3
#define PARSEC_SCRAMBLE   32

/* Hashes a, then b; b may be empty. */
static void digest(const EVP_MD *type, struct span a, struct span b, uint8_t *into)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    /* Can fail only for want of memory, or of the algorithm in the library. */
    if (!context || EVP_DigestInit_ex(context, type, NULL) != 1 ||
        EVP_DigestUpdate(context, a.data, a.len) != 1 ||
        EVP_DigestUpdate(context, b.data, b.len) != 1 ||
        EVP_DigestFinal_ex(context, into, NULL) != 1)
        abort();
    EVP_MD_CTX_free(context);
}

/*
 * mysql_native_password and caching_sha2_password prove a password alike: a server stores
 * H(H(password)); the proof is H(password) XOR a mask that is made of the scramble and of what is
 * stored, in an order of its own for each.
 */
struct method {
    const EVP_MD *type;
    size_t size;
    bool scramble_first;
};

static struct method native_method(void)
{
    return (struct method){EVP_sha1(), AUTH_NATIVE_SIZE, true};
}

static struct method sha2_method(void)
{
    return (struct method){EVP_sha256(), AUTH_SHA2_SIZE, false};
}

static void hash_twice(const struct method *method, struct span password, uint8_t *hash)
{
    uint8_t once[AUTH_SHA2_SIZE];

    digest(method->type, password, (struct span){0}, once);
    digest(method->type, span_of(once, method->size), (struct span){0}, hash);
    OPENSSL_cleanse(once, sizeof once);
}

static void xor_mask(const struct method *method, struct span scramble, const uint8_t *hash,
                     uint8_t *into)
{
    struct span stored = span_of(hash, method->size);
    uint8_t mask[AUTH_SHA2_SIZE];

    digest(method->type, method->scramble_first ? scramble : stored,
           method->scramble_first ? stored : scramble, mask);
    for (size_t i = 0; i < method->size; i++)
        into[i] ^= mask[i];
}

static void prove(const struct method *method, struct span password, struct span scramble,
                  uint8_t *proof)
{
    uint8_t hash[AUTH_SHA2_SIZE];

    hash_twice(method, password, hash);
    digest(method->type, password, (struct span){0}, proof);
    xor_mask(method, scramble, hash, proof);
}

static bool check(const struct method *method, struct span proof, struct span scramble,
                  const uint8_t *hash)
{
    uint8_t once[AUTH_SHA2_SIZE];
    uint8_t twice[AUTH_SHA2_SIZE];
    bool same;

    if (proof.len != method->size)
        return false;
    memcpy(once, proof.data, method->size);
    xor_mask(method, scramble, hash, once);
    digest(method->type, span_of(once, method->size), (struct span){0}, twice);
    same = CRYPTO_memcmp(twice, hash, method->size) == 0;
    OPENSSL_cleanse(once, sizeof once);
    return same;
}

void auth_native_hash(struct span password, uint8_t hash[AUTH_NATIVE_SIZE])
{
    struct method method = native_method();

    hash_twice(&method, password, hash);
}

void auth_sha2_hash(struct span password, uint8_t hash[AUTH_SHA2_SIZE])
{
    struct method method = sha2_method();

    hash_twice(&method, password, hash);
}

void auth_native_prove(struct span password, struct span scramble, uint8_t proof[AUTH_NATIVE_SIZE])
{
    struct method method = native_method();

    prove(&method, password, scramble, proof);
}

bool auth_native_check(struct span proof, struct span scramble,
                       const uint8_t hash[AUTH_NATIVE_SIZE])
{
    struct method method = native_method();

    return check(&method, proof, scramble, hash);
}

void auth_sha2_prove(struct span password, struct span scramble, uint8_t proof[AUTH_SHA2_SIZE])
{
    struct method method = sha2_method();

    prove(&method, password, scramble, proof);
}

bool auth_sha2_check(struct span proof, struct span scramble, const uint8_t hash[AUTH_SHA2_SIZE])
{
    struct method method = sha2_method();

    return check(&method, proof, scramble, hash);
}

/* SHA512(a, b, c) as a number modulo the group's order. */
static void hash_to_scalar(struct span a, struct span b, struct span c, uint8_t scalar[KEY_SIZE])
{
    crypto_hash_sha512_state state;
    uint8_t hash[SHA512_SIZE];

    (void)crypto_hash_sha512_init(&state);
    (void)crypto_hash_sha512_update(&state, a.data, a.len);
    (void)crypto_hash_sha512_update(&state, b.data, b.len);
    (void)crypto_hash_sha512_update(&state, c.data, c.len);
    (void)crypto_hash_sha512_final(&state, hash);
    crypto_core_ed25519_scalar_reduce(scalar, hash);
    OPENSSL_cleanse(hash, sizeof hash);
}

/*
 * RFC 8032, 5.1.6, but the hash that yields secret scalar and prefix is of the password itself, of
 * any length, where the RFC has a 32-byte seed. Libraries' signing functions take the seed only,
 * so this puts the signature together from libsodium's group operations.
 */
bool auth_ed25519_sign(struct span password, struct span nonce,
                       uint8_t signature[AUTH_SIGNATURE_SIZE], struct err *err)
{
    uint8_t secret[SHA512_SIZE];
    uint8_t wide[SHA512_SIZE] = {0};
    uint8_t public[KEY_SIZE];
    uint8_t r[KEY_SIZE];
    uint8_t k[KEY_SIZE];
    bool good;

    if (sodium_init() < 0)
        return err_set(err, E_BUG, 0, "client_ed25519: libsodium does not start");
    digest(EVP_sha512(), password, (struct span){0}, secret);
    secret[0] &= 0xf8;
    secret[KEY_SIZE - 1] = (uint8_t)((secret[KEY_SIZE - 1] & 0x3f) | 0x40);
    hash_to_scalar(span_of(secret + KEY_SIZE, KEY_SIZE), nonce, (struct span){0}, r);
    good = crypto_scalarmult_ed25519_base_noclamp(public, secret) == 0 &&
           crypto_scalarmult_ed25519_base_noclamp(signature, r) == 0;
    hash_to_scalar(span_of(signature, KEY_SIZE), span_of(public, KEY_SIZE), nonce, k);
    memcpy(wide, secret, KEY_SIZE);
    crypto_core_ed25519_scalar_reduce(secret, wide);
    crypto_core_ed25519_scalar_mul(k, k, secret);
    crypto_core_ed25519_scalar_add(signature + KEY_SIZE, k, r);
    OPENSSL_cleanse(secret, sizeof secret);
    OPENSSL_cleanse(wide, sizeof wide);
    OPENSSL_cleanse(r, sizeof r);
    if (!good)
        return err_set(err, E_BUG, 0, "client_ed25519: the password makes no key");
    return true;
}

/* An ordinary Ed25519 signature with a 32-byte seed. */
static bool sign(const uint8_t seed[KEY_SIZE], struct span message, uint8_t *signature)
{
    size_t len = AUTH_SIGNATURE_SIZE;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEY_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = key && context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(context, signature, &len, message.data, message.len) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

bool auth_parsec_answer(struct span password, struct span scramble, struct span salt,
                        uint8_t answer[AUTH_PARSEC_ANSWER_SIZE], struct err *err)
{
    struct cursor cur = cursor_of(salt);
    uint8_t algorithm = cursor_u8(&cur);
    uint8_t factor = cursor_u8(&cur);
    struct span salt_bytes = cursor_rest(&cur);
    uint8_t message[2 * PARSEC_SCRAMBLE];
    uint8_t seed[KEY_SIZE];
    bool good;

    if (salt.len != AUTH_PARSEC_SALT_SIZE || algorithm != 'P' || factor > PARSEC_FACTOR_MAX ||
        scramble.len != PARSEC_SCRAMBLE || password.len > AUTH_PASSWORD_MAX)
        return err_set(err, E_PROTO, 0,
                       "parsec: expected %d bytes that begin with 'P' and a factor up to %d, found "
                       "%zu bytes with 0x%02x and %u",
                       AUTH_PARSEC_SALT_SIZE, PARSEC_FACTOR_MAX, salt.len, algorithm, factor);
    random_bytes(answer, PARSEC_SCRAMBLE);
    memcpy(message, scramble.data, PARSEC_SCRAMBLE);
    memcpy(message + PARSEC_SCRAMBLE, answer, PARSEC_SCRAMBLE);
    good = PKCS5_PBKDF2_HMAC((const char *)password.data, (int)password.len, salt_bytes.data,
                             (int)salt_bytes.len, PARSEC_ITERATIONS << factor, EVP_sha512(),
                             KEY_SIZE, seed) == 1 &&
           sign(seed, span_of(message, sizeof message), answer + PARSEC_SCRAMBLE);
    OPENSSL_cleanse(seed, sizeof seed);
    if (!good)
        return err_set(err, E_BUG, 0, "parsec: OpenSSL does not sign");
    return true;
}

static EVP_PKEY *read_public_key(struct span pem)
{
    EVP_PKEY *key = NULL;
    BIO *bio;

    if (pem.len == 0 || pem.len > AUTH_RSA_PEM_MAX)
        return NULL;
    bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    if (bio)
        key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (key && EVP_PKEY_base_id(key) != EVP_PKEY_RSA) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

bool auth_rsa_encrypt(struct span password, struct span scramble, struct span key_pem,
                      struct buf *out, struct err *err)
{
    EVP_PKEY *key = read_public_key(key_pem);
    EVP_PKEY_CTX *context = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    uint8_t plain[AUTH_PASSWORD_MAX + 1] = {0};
    uint8_t secret[2048]; /* a key of 16384 bits */
    size_t len = sizeof secret;
    bool good;

    if (password.len > AUTH_PASSWORD_MAX || scramble.len == 0) {
        EVP_PKEY_CTX_free(context);
        EVP_PKEY_free(key);
        return err_set(err, E_USAGE, 0, "password: expected at most %d bytes, found %zu",
                       AUTH_PASSWORD_MAX, password.len);
    }
    memcpy(plain, password.data, password.len);
    for (size_t i = 0; i <= password.len; i++)
        plain[i] ^= scramble.data[i % scramble.len];
    good = context && EVP_PKEY_encrypt_init(context) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
           (size_t)EVP_PKEY_get_size(key) <= sizeof secret &&
           EVP_PKEY_encrypt(context, secret, &len, plain, password.len + 1) == 1;
    OPENSSL_cleanse(plain, sizeof plain);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    if (!good)
        return err_set(err, E_PROTO, 0,
                       "server's public key: expected an RSA key in PEM that takes a password of "
                       "this length, found %zu bytes that are none",
                       key_pem.len);
    buf_bytes(out, span_of(secret, len));
    return true;
}
