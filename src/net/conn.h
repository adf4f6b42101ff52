/*
 * struct conn: one byte stream, a plain socket or TLS over it.
 *
 * This and socket.c are the only callers of send, recv and SSL_*. A conn owns its (non-blocking)
 * descriptor; conn_free() closes it. One thread at a time, except conn_interrupt(). The try_ forms
 * never block and fit a poll() loop; the others wait until done, the end of the stream, the
 * deadline, or the wake-up of conn_set_stop() (E_STATE).
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct conn;
struct tls;

enum io_result {
    IO_DONE,  /* at least one byte was moved */
    IO_AGAIN, /* wait for conn_poll_events(), then try again */
    IO_EOF,   /* the peer has closed its side */
    IO_ERROR, /* err is set */
};

/* Takes over the descriptor. `peer` names the other side in messages; it is copied. */
struct conn *conn_new(int fd, const char *peer);
void conn_free(struct conn *conn);

int conn_borrow_fd(const struct conn *conn);
const char *conn_peer(const struct conn *conn);
bool conn_is_tls(const struct conn *conn);

/* A wake-up (base/wakeup.h) that ends this conn's waiting when it is raised; -1: none. */
void conn_set_stop(struct conn *conn, int stop_fd);

/*
 * From here on the deadlines of the forms that wait are put off to so long after the last byte
 * that went either way: what is large may take its time as long as it goes on. 0: no more.
 */
void conn_set_patience(struct conn *conn, int64_t usec);

/*
 * TLS handshake from here on, as its server or client. A failure leaves the conn unusable: E_AUTH
 * says what is wrong with a certificate. `host` is whom a client means to reach (sent to the
 * server, and compared if `tls` says so); NULL otherwise.
 */
MUST_CHECK bool conn_start_tls(struct conn *conn, const struct tls *tls, const char *host,
                               int64_t deadline_usec, struct err *err);

/* SHA256 of our own certificate in this TLS session; false when there is none. */
bool conn_own_fingerprint(const struct conn *conn, uint8_t fingerprint[32]);

/* The certificate that a server has shown us; false when there is none. `host` as above. */
struct peer_certificate;
bool conn_peer_certificate(const struct conn *conn, const char *host,
                           struct peer_certificate *ret_certificate);

/* "TLSv1.3" and the cipher's name; NULL without TLS. Borrowed. */
const char *conn_tls_version(const struct conn *conn);
const char *conn_tls_cipher(const struct conn *conn);

enum io_result conn_try_read(struct conn *conn, uint8_t *into, size_t max, size_t *ret_n,
                             struct err *err);
enum io_result conn_try_write(struct conn *conn, struct span bytes, size_t *ret_n, struct err *err);

/*
 * The poll() events that the next try waits for: POLLIN or POLLOUT, and for TLS also what its last
 * try asked for. Bytes that TLS has read ahead do not show in poll(): ask conn_pending() first.
 */
short conn_poll_events(const struct conn *conn, bool want_read, bool want_write);
bool conn_pending(const struct conn *conn);

/* Exactly n bytes; the end of the stream before that is E_IO with code 0. */
MUST_CHECK bool conn_read_full(struct conn *conn, uint8_t *into, size_t n, int64_t deadline_usec,
                               struct err *err);
MUST_CHECK bool conn_write_all(struct conn *conn, struct span bytes, int64_t deadline_usec,
                               struct err *err);

/* At least one byte, at most max; *ret_n is 0 at the end of the stream. */
MUST_CHECK bool conn_read_some(struct conn *conn, uint8_t *into, size_t max, int64_t deadline_usec,
                               size_t *ret_n, struct err *err);

/* All bytes of the parts, in order, with as few system calls as the kernel allows. */
MUST_CHECK bool conn_write_parts(struct conn *conn, const struct span *parts, size_t count,
                                 int64_t deadline_usec, struct err *err);

/* Ends the stream in both directions: a thread that waits on it wakes up. Any thread. */
void conn_interrupt(int fd);
