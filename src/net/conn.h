/*
 * struct conn: one byte stream, a plain socket or TLS over it.
 *
 * This and socket.c are the only callers of send, recv and SSL_*. A conn owns its (non-blocking)
 * descriptor; conn_free() closes it. One thread at a time, except conn_interrupt(). The try_ forms
 * never block and fit a poll() loop; the others wait until done, the end of the stream, or the
 * deadline.
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
bool conn_is_tls(const struct conn *conn);

/*
 * TLS handshake from here on, as its server or client. The tls object must outlive the conn. A
 * failure leaves the conn unusable.
 */
MUST_CHECK bool conn_start_tls(struct conn *conn, const struct tls *tls, int64_t deadline_usec,
                               struct err *err);

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

/* Ends the stream in both directions: a thread that waits on it wakes up. Any thread. */
void conn_interrupt(int fd);
