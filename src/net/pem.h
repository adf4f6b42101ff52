/*
 * What somebody gives as PEM, looked at before it is used: certificates and private keys.
 *
 * Messages begin with the name that the caller gives, and never show any of the text. Any thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* One certificate or more, and nothing that is broken. E_USAGE. */
MUST_CHECK bool pem_check_certificates(struct span pem, const char *name, struct err *err);

/*
 * A certificate, with those that signed it behind it, and the private key that belongs to it, which
 * no passphrase may protect: nobody would be there to type it. E_USAGE.
 */
MUST_CHECK bool pem_check_pair(struct span cert, const char *cert_name, struct span key,
                               const char *key_name, struct err *err);
