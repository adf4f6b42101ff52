/*
 * What OpenSSL reads and writes a socket through. Its own way uses write(), which raises SIGPIPE
 * when the peer is gone; this one never raises a signal.
 */
#pragma once

typedef struct bio_st BIO; /* OpenSSL's own name for it */

/* Borrows the descriptor. NULL when OpenSSL has no memory. */
BIO *socket_bio_new(int fd);
