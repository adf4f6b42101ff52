/*
 * The arithmetic of the authentication methods: proofs of a password, and their checks against
 * hashes. Checks take the same time whatever the content. Any thread.
 *
 * Sources: MySQL internals, "Authentication Methods"; MySQL, sha2_password/README; MariaDB,
 * plugin/auth_ed25519 and plugin/auth_parsec; RFC 8032.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "wire/auth_account.h"

#define AUTH_ED25519_NONCE_SIZE 32
#define AUTH_PARSEC_SALT_SIZE   20 /* 'P', the factor of the iterations, 18 bytes of salt */
#define AUTH_SIGNATURE_SIZE     64
#define AUTH_PARSEC_ANSWER_SIZE 96 /* 32 bytes of ours and the signature */
#define AUTH_RSA_PEM_MAX        8192
#define AUTH_PASSWORD_MAX       256 /* bytes; more than any server takes */

/* A hash of a hash: what servers store. */
void auth_native_hash(struct span password, uint8_t hash[AUTH_NATIVE_SIZE]);
void auth_sha2_hash(struct span password, uint8_t hash[AUTH_SHA2_SIZE]);

/* mysql_native_password: SHA1(p) xor SHA1(scramble, SHA1(SHA1(p))). */
void auth_native_prove(struct span password, struct span scramble, uint8_t proof[AUTH_NATIVE_SIZE]);
bool auth_native_check(struct span proof, struct span scramble,
                       const uint8_t hash[AUTH_NATIVE_SIZE]);

/* caching_sha2_password: SHA256(p) xor SHA256(SHA256(SHA256(p)), scramble). */
void auth_sha2_prove(struct span password, struct span scramble, uint8_t proof[AUTH_SHA2_SIZE]);
bool auth_sha2_check(struct span proof, struct span scramble, const uint8_t hash[AUTH_SHA2_SIZE]);

/* client_ed25519: the nonce signed with the key that SHA512(password) is. E_BUG. */
MUST_CHECK bool auth_ed25519_sign(struct span password, struct span nonce,
                                  uint8_t signature[AUTH_SIGNATURE_SIZE], struct err *err);

/*
 * parsec: 32 random bytes of ours, then the server's and those signed with the Ed25519 key that
 * PBKDF2 makes of password and salt. E_PROTO for a salt of another form.
 */
MUST_CHECK bool auth_parsec_answer(struct span password, struct span scramble, struct span salt,
                                   uint8_t answer[AUTH_PARSEC_ANSWER_SIZE], struct err *err);

/*
 * Appends the password and its NUL, xored with the scramble and encrypted with the server's RSA
 * public key (PEM; OAEP). E_PROTO for what is no such key, or too small a one.
 */
MUST_CHECK bool auth_rsa_encrypt(struct span password, struct span scramble, struct span key_pem,
                                 struct buf *out, struct err *err);
