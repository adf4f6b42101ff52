#include "check.h"
#include "hex.h"

#include "wire/auth_account.h"
#include "wire/auth_method.h"
#include "wire/auth_proof.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sodium.h>

static struct err err;
static const struct span scramble = {(const uint8_t *)"abcdefghijklmnopqrst", 20};

static void test_native(void **state)
{
    uint8_t hash[AUTH_NATIVE_SIZE];
    uint8_t proof[AUTH_NATIVE_SIZE];
    struct auth_account account = {0};
    char text[AUTH_ACCOUNT_TEXT_MAX];

    (void)state;
    /* MySQL's PASSWORD('mypass'), from its manual. */
    assert_true(auth_account_make(span_str("mypass"), &account, &err));
    auth_account_native_text(&account, text);
    assert_string_equal(text, "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4");
    auth_native_hash(span_str("mypass"), hash);
    auth_native_prove(span_str("mypass"), scramble, proof);
    assert_true(auth_native_check(span_of(proof, sizeof proof), scramble, hash));
    assert_false(auth_native_check(span_of(proof, sizeof proof - 1), scramble, hash));
    assert_false(auth_native_check((struct span){0}, scramble, hash));
    assert_false(
        auth_native_check(span_of(proof, sizeof proof), span_str("ABCDEFGHIJKLMNOPQRST"), hash));
    proof[19] ^= 1;
    assert_false(auth_native_check(span_of(proof, sizeof proof), scramble, hash));
}

static void test_sha2(void **state)
{
    uint8_t hash[AUTH_SHA2_SIZE];
    uint8_t proof[AUTH_SHA2_SIZE];

    (void)state;
    auth_sha2_hash(span_str("pässword"), hash);
    auth_sha2_prove(span_str("pässword"), scramble, proof);
    assert_true(auth_sha2_check(span_of(proof, sizeof proof), scramble, hash));
    assert_false(auth_sha2_check(span_of(proof, 20), scramble, hash));
    proof[0] ^= 1;
    assert_false(auth_sha2_check(span_of(proof, sizeof proof), scramble, hash));
}

static void hex_to(const char *digits, struct buf *into)
{
    buf_init(into, 200);
    hex_append(into, digits);
}

/*
 * With the 32-byte seed of an ordinary key as password the signature is RFC 8032's, because its
 * seed is hashed the same: that makes OpenSSL the judge. Other lengths are judged by the equation.
 */
static void test_ed25519(void **state)
{
    uint8_t nonce[32] = "0123456789abcdef0123456789abcde";
    uint8_t ours[64];
    uint8_t theirs[64];
    size_t len = sizeof theirs;
    struct buf seed;
    EVP_PKEY *key;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    (void)state;
    hex_to("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", &seed);
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.data, seed.len);
    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, theirs, &len, nonce, sizeof nonce), 1);
    assert_true(auth_ed25519_sign(buf_span(&seed), span_of(nonce, sizeof nonce), ours, &err));
    assert_memory_equal(ours, theirs, 64);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    buf_done(&seed);
}

/* The public keys are what MariaDB 11.8 stores for PASSWORD('') and PASSWORD('secret'). */
static void test_ed25519_of_any_length(void **state)
{
    static const struct {
        const char *password;
        const char *key;
    } stored[] = {{"", "4LH+dBF+G5W2CKTyId8xR3SyDqZoQjUNUVNxx8aWbG4="},
                  {"secret", "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY="}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t nonce[32] = "some random bytes of the server";
        uint8_t signature[64];
        uint8_t key[32];
        size_t len = 0;

        assert_int_equal(sodium_base642bin(key, sizeof key, stored[i].key, strlen(stored[i].key),
                                           NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL),
                         0);
        assert_true(auth_ed25519_sign(span_str(stored[i].password), span_of(nonce, sizeof nonce),
                                      signature, &err));
        assert_int_equal(crypto_sign_verify_detached(signature, nonce, sizeof nonce, key), 0);
    }
}

static void test_parsec(void **state)
{
    uint8_t salt[AUTH_PARSEC_SALT_SIZE] = "P\0 salt of 18 byte";
    uint8_t nonce[32] = "some random bytes of the server";
    uint8_t answer[AUTH_PARSEC_ANSWER_SIZE];
    uint8_t message[64];
    uint8_t seed[32];
    uint8_t public[32];
    uint8_t secret[64];

    (void)state;
    assert_true(auth_parsec_answer(span_str("secret"), span_of(nonce, 32), span_of(salt, 20),
                                   answer, &err));
    assert_int_equal(
        PKCS5_PBKDF2_HMAC("secret", 6, salt + 2, 18, 1024, EVP_sha512(), sizeof seed, seed), 1);
    assert_int_equal(crypto_sign_seed_keypair(public, secret, seed), 0);
    memcpy(message, nonce, 32);
    memcpy(message + 32, answer, 32);
    assert_int_equal(crypto_sign_verify_detached(answer + 32, message, 64, public), 0);
    for (uint8_t factor = 4; factor != 0; factor = (uint8_t)(factor * 8)) {
        salt[1] = factor;
        assert_false(auth_parsec_answer(span_str("secret"), span_of(nonce, 32), span_of(salt, 20),
                                        answer, &err));
        assert_int_equal(err.class, E_PROTO);
    }
    salt[1] = 0;
    assert_false(auth_parsec_answer(span_str("secret"), span_of(nonce, 32), span_of(salt, 19),
                                    answer, &err));
    salt[0] = 'Q';
    assert_false(auth_parsec_answer(span_str("secret"), span_of(nonce, 32), span_of(salt, 20),
                                    answer, &err));
}

static EVP_PKEY *make_key(struct buf *pem)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    long len;

    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    len = BIO_get_mem_data(bio, &bytes);
    buf_init(pem, 4096);
    buf_bytes(pem, span_of(bytes, (size_t)len));
    BIO_free(bio);
    return key;
}

static void test_rsa(void **state)
{
    struct buf pem;
    struct buf secret;
    EVP_PKEY *key = make_key(&pem);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    uint8_t plain[256];
    size_t len = sizeof plain;

    (void)state;
    buf_init(&secret, 1000);
    assert_true(auth_rsa_encrypt(span_str("a password of more than 20 bytes"), scramble,
                                 buf_span(&pem), &secret, &err));
    assert_int_equal(secret.len, 256);
    assert_int_equal(EVP_PKEY_decrypt_init(context), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_decrypt(context, plain, &len, secret.data, secret.len), 1);
    for (size_t i = 0; i < len; i++)
        plain[i] ^= scramble.data[i % scramble.len];
    assert_int_equal(len, 33);
    assert_string_equal((char *)plain, "a password of more than 20 bytes");
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    /* No key, none of RSA, and a password that the key has no room for. */
    buf_clear(&secret);
    assert_false(auth_rsa_encrypt(span_str("p"), scramble, span_str("no key"), &secret, &err));
    assert_int_equal(err.class, E_PROTO);
    assert_false(auth_rsa_encrypt(span_str("p"), scramble, (struct span){0}, &secret, &err));
    memset(plain, 'x', sizeof plain);
    assert_false(auth_rsa_encrypt(span_of(plain, 256), scramble, buf_span(&pem), &secret, &err));
    assert_int_equal(secret.len, 0);
    buf_done(&secret);
    buf_done(&pem);
}

static void test_account_texts(void **state)
{
    struct auth_account made;
    struct auth_account read = {0};
    char text[AUTH_ACCOUNT_TEXT_MAX];

    (void)state;
    assert_true(auth_account_make(span_str("secret"), &made, &err));
    auth_account_native_text(&made, text);
    assert_true(auth_account_parse(&read, text, &err));
    assert_true(read.has_native && !read.has_sha2);
    auth_account_sha2_text(&made, text);
    assert_true(auth_account_parse(&read, text, &err));
    assert_true(read.has_native && read.has_sha2);
    assert_memory_equal(read.native, made.native, sizeof made.native);
    assert_memory_equal(read.sha2, made.sha2, sizeof made.sha2);
    text[strlen(text) - 1] = 0;
    assert_false(auth_account_parse(&read, text, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_false(auth_account_parse(&read, "", &err));
    assert_false(auth_account_parse(&read, "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEFX", &err));
    assert_false(auth_account_parse(&read, "secret", &err));
    /* A hash that is not whole is refused beside one of the other form, too. */
    read.has_native = false;
    assert_true(read.has_sha2);
    assert_false(auth_account_parse(&read, "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEFX", &err));
    assert_true(read.has_sha2 && !read.has_native);
    /* It does not repeat what may be a password put in the wrong place. */
    assert_null(strstr(err.text, "secret"));
    assert_memory_equal(read.native, made.native, sizeof made.native);
    assert_false(auth_account_make((struct span){0}, &made, &err));
}

static void test_method_names(void **state)
{
    (void)state;
    for (int i = 0; i < AUTH_METHODS; i++) {
        enum auth_method method = AUTH_METHODS;

        assert_true(auth_method_find(span_str(auth_method_name((enum auth_method)i)), &method));
        assert_int_equal(method, i);
        assert_false(auth_method_find(span_str("none"), &method));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_native),        cmocka_unit_test(test_sha2),
        cmocka_unit_test(test_ed25519),       cmocka_unit_test(test_ed25519_of_any_length),
        cmocka_unit_test(test_parsec),        cmocka_unit_test(test_rsa),
        cmocka_unit_test(test_account_texts), cmocka_unit_test(test_method_names),
    };

    return cmocka_run_group_tests_name("auth_proof", tests, NULL, NULL);
}
