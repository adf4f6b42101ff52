/*
 * struct peer_certificate: what a person wants to know of the certificate that the other side of a
 * TLS connection has shown, trusted or not. A value.
 */
#pragma once

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#define PEER_CERTIFICATE_TEXT_MAX 512

struct peer_certificate {
    char subject[PEER_CERTIFICATE_TEXT_MAX]; /* its common name; "" when it has none */
    char names[PEER_CERTIFICATE_TEXT_MAX];   /* of hosts and addresses, ", " between; may be cut */
    int64_t ends;                            /* seconds since 1970; 0: could not be read */
    bool self_signed;
    bool for_host; /* it is for the host that was meant */
};

/* Reads a certificate for a host's name or address; NULL: no host was meant. */
void peer_certificate_read(X509 *certificate, const char *host, struct peer_certificate *ret);
