/*
 * SSL material: with what the cluster speaks TLS to an external source. An authority, a certificate
 * to show and its private key, as mysql.rds_import_binlog_ssl_material is given them.
 *
 * It comes as one JSON object with the members ssl_ca, ssl_cert and ssl_key, each a text in PEM.
 * The documented call has line breaks inside these strings, as they are, which JSON does not allow:
 * here they are taken, as are tabs; blanks at both ends of a line are not part of it.
 *
 * It is kept in DIR/sslreplication/ (mode 0700) as ssl_ca.pem, ssl_cert.pem and ssl_key.pem (0600).
 * One directory takes the place of another, so that never a certificate stands there with another
 * one's key but for a crash between two renames, which ssl_material_recover() undoes. No message
 * shows any of it. Storing belongs to one thread at a time.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#define SSL_MATERIAL_MAX       65536 /* bytes, of the JSON text */
#define SSL_MATERIAL_DIR       "sslreplication"
#define SSL_MATERIAL_CA_FILE   "ssl_ca.pem"
#define SSL_MATERIAL_CERT_FILE "ssl_cert.pem"
#define SSL_MATERIAL_KEY_FILE  "ssl_key.pem"

struct ssl_material {
    char *ca; /* with a NUL, and none before it */
    char *cert;
    char *key;
};

/* E_USAGE with the byte where the text is wrong, E_LIMIT. */
MUST_CHECK bool ssl_material_parse(struct span json, struct ssl_material *ret_material,
                                   struct err *err);
void ssl_material_done(struct ssl_material *material); /* wipes */

/* Whether TLS can be spoken with it: its parts can be read and belong together. E_USAGE. */
MUST_CHECK bool ssl_material_check(const struct ssl_material *material, struct err *err);

/* In the place of what was there, durably. E_IO; E_USAGE when TLS would not take it after all. */
MUST_CHECK bool ssl_material_store(const char *dir, const struct ssl_material *material,
                                   struct err *err);

/* None there is fine. */
MUST_CHECK bool ssl_material_remove(const char *dir, struct err *err);

/* After a crash; nothing may be storing. */
MUST_CHECK bool ssl_material_recover(const char *dir, struct err *err);
