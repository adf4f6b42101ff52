#include "net/conn.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "net/peer_certificate.h"
#include "net/socket.h"
#include "net/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PARTS_MAX 64 /* of one call of the kernel */

struct conn {
    int fd;
    SSL *ssl;          /* NULL: plain */
    short tls_read_on; /* what the last SSL_read waits for: 0, POLLIN or POLLOUT */
    short tls_write_on;
    int stop_fd;           /* -1: none */
    int64_t patience_usec; /* 0: deadlines are not put off */
    int64_t moved_usec;    /* when the last byte went, since there is patience */
    char *peer;
};

struct conn *conn_new(int fd, const char *peer)
{
    struct conn *conn = mem_alloc(sizeof *conn);

    conn->fd = fd;
    conn->stop_fd = -1;
    conn->peer = mem_strdup(peer);
    return conn;
}

void conn_free(struct conn *conn)
{
    if (!conn)
        return;
    if (conn->ssl) {
        /* One close_notify if it fits; waiting for the peer's own buys nothing. */
        ERR_clear_error();
        (void)SSL_shutdown(conn->ssl);
        SSL_free(conn->ssl);
    }
    fd_close(&conn->fd);
    mem_free(conn->peer);
    mem_free(conn);
}

int conn_borrow_fd(const struct conn *conn)
{
    return conn->fd;
}

const char *conn_peer(const struct conn *conn)
{
    return conn->peer;
}

bool conn_is_tls(const struct conn *conn)
{
    return conn->ssl != NULL;
}

void conn_set_stop(struct conn *conn, int stop_fd)
{
    conn->stop_fd = stop_fd;
}

void conn_set_patience(struct conn *conn, int64_t usec)
{
    conn->patience_usec = usec;
    conn->moved_usec = clock_now_usec();
}

static enum io_result moved(struct conn *conn, size_t n, size_t *ret_n)
{
    if (conn->patience_usec > 0)
        conn->moved_usec = clock_now_usec();
    *ret_n = n;
    return IO_DONE;
}

static bool wait_for(struct conn *conn, short events, int64_t deadline_usec, struct err *err)
{
    int64_t put_off = conn->moved_usec + conn->patience_usec;

    if (conn->patience_usec > 0 && put_off > deadline_usec)
        deadline_usec = put_off;
    return socket_wait(conn->fd, events, conn->stop_fd, deadline_usec, conn->peer, err);
}

static bool tls_error(struct conn *conn, const char *what, struct err *err)
{
    char reason[160] = "the connection broke";
    unsigned long code = ERR_get_error();

    if (code)
        ERR_error_string_n(code, reason, sizeof reason);
    return err_set(err, E_PROTO, 0, "%s: TLS: %s: %s", conn->peer, what, reason);
}

bool conn_start_tls(struct conn *conn, const struct tls *tls, const char *host,
                    int64_t deadline_usec, struct err *err)
{
    conn->ssl = tls_new_session(tls, conn->fd, host, err);
    if (!conn->ssl)
        return false;
    for (;;) {
        int done;
        int reason;

        ERR_clear_error();
        done = SSL_do_handshake(conn->ssl);
        if (done == 1)
            return true;
        reason = SSL_get_error(conn->ssl, done);
        if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
            if (!wait_for(conn, reason == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline_usec,
                          err))
                return false;
            continue;
        }
        return tls_explain(conn->ssl, conn->peer, host, err);
    }
}

bool conn_own_fingerprint(const struct conn *conn, uint8_t fingerprint[32])
{
    X509 *own = conn->ssl ? SSL_get_certificate(conn->ssl) : NULL;
    unsigned len = 0;

    return own && X509_digest(own, EVP_sha256(), fingerprint, &len) == 1 && len == 32;
}

bool conn_peer_certificate(const struct conn *conn, const char *host,
                           struct peer_certificate *ret_certificate)
{
    X509 *shown = conn->ssl ? SSL_get0_peer_certificate(conn->ssl) : NULL;

    if (!shown)
        return false;
    peer_certificate_read(shown, host, ret_certificate);
    return true;
}

const char *conn_tls_version(const struct conn *conn)
{
    return conn->ssl ? SSL_get_version(conn->ssl) : NULL;
}

const char *conn_tls_cipher(const struct conn *conn)
{
    return conn->ssl ? SSL_get_cipher_name(conn->ssl) : NULL;
}

/* What SSL_read or SSL_write returned n <= 0 for; *wait_on is then what to poll for. */
static enum io_result tls_result(struct conn *conn, int n, short *wait_on, struct err *err)
{
    switch (SSL_get_error(conn->ssl, n)) {
    case SSL_ERROR_WANT_READ:
        *wait_on = POLLIN;
        return IO_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        *wait_on = POLLOUT;
        return IO_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return IO_EOF;
    default:
        /* Most MySQL clients close the socket without a close_notify. The protocol has its own
         * lengths, so a cut cannot pass for an end. */
        if (ERR_peek_error() == 0 ||
            ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
            return IO_EOF;
        (void)tls_error(conn, "stream", err);
        return IO_ERROR;
    }
}

static enum io_result socket_result(struct conn *conn, const char *what, struct err *err)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return IO_AGAIN;
    (void)err_errno(err, "%s: cannot %s", conn->peer, what);
    return IO_ERROR;
}

enum io_result conn_try_read(struct conn *conn, uint8_t *into, size_t max, size_t *ret_n,
                             struct err *err)
{
    ssize_t n;

    if (conn->ssl) {
        conn->tls_read_on = 0;
        ERR_clear_error();
        n = SSL_read(conn->ssl, into, max > INT_MAX ? INT_MAX : (int)max);
        if (n <= 0)
            return tls_result(conn, (int)n, &conn->tls_read_on, err);
    } else {
        n = recv(conn->fd, into, max, 0);
        if (n == 0)
            return IO_EOF;
        if (n < 0)
            return socket_result(conn, "read", err);
    }
    return moved(conn, (size_t)n, ret_n);
}

enum io_result conn_try_write(struct conn *conn, struct span bytes, size_t *ret_n, struct err *err)
{
    ssize_t n;

    if (conn->ssl) {
        conn->tls_write_on = 0;
        ERR_clear_error();
        n = SSL_write(conn->ssl, bytes.data, bytes.len > INT_MAX ? INT_MAX : (int)bytes.len);
        if (n <= 0)
            return tls_result(conn, (int)n, &conn->tls_write_on, err);
    } else {
        n = send(conn->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (n < 0)
            return socket_result(conn, "write", err);
    }
    return moved(conn, (size_t)n, ret_n);
}

short conn_poll_events(const struct conn *conn, bool want_read, bool want_write)
{
    short events = 0;

    if (want_read)
        events |= conn->tls_read_on ? conn->tls_read_on : POLLIN;
    if (want_write)
        events |= conn->tls_write_on ? conn->tls_write_on : POLLOUT;
    return events;
}

bool conn_pending(const struct conn *conn)
{
    return conn->ssl && SSL_pending(conn->ssl) > 0;
}

bool conn_read_full(struct conn *conn, uint8_t *into, size_t n, int64_t deadline_usec,
                    struct err *err)
{
    size_t done = 0;

    while (done < n) {
        size_t got = 0;

        switch (conn_try_read(conn, into + done, n - done, &got, err)) {
        case IO_DONE:
            done += got;
            break;
        case IO_AGAIN:
            if (!wait_for(conn, conn_poll_events(conn, true, false), deadline_usec, err))
                return false;
            break;
        case IO_EOF:
            return err_set(err, E_IO, 0, "%s: closed the connection", conn->peer);
        case IO_ERROR:
            return false;
        }
    }
    return true;
}

bool conn_write_all(struct conn *conn, struct span bytes, int64_t deadline_usec, struct err *err)
{
    while (bytes.len > 0) {
        size_t sent = 0;

        switch (conn_try_write(conn, bytes, &sent, err)) {
        case IO_DONE:
            bytes = span_of(bytes.data + sent, bytes.len - sent);
            break;
        case IO_AGAIN:
            if (!wait_for(conn, conn_poll_events(conn, false, true), deadline_usec, err))
                return false;
            break;
        case IO_EOF:
            return err_set(err, E_IO, 0, "%s: closed the connection", conn->peer);
        case IO_ERROR:
            return false;
        }
    }
    return true;
}

bool conn_read_some(struct conn *conn, uint8_t *into, size_t max, int64_t deadline_usec,
                    size_t *ret_n, struct err *err)
{
    for (;;) {
        switch (conn_try_read(conn, into, max, ret_n, err)) {
        case IO_DONE:
            return true;
        case IO_AGAIN:
            if (!wait_for(conn, conn_poll_events(conn, true, false), deadline_usec, err))
                return false;
            break;
        case IO_EOF:
            *ret_n = 0;
            return true;
        case IO_ERROR:
            return false;
        }
    }
}

/* Several parts in one call of the kernel; as conn_try_write(). */
static enum io_result try_send(struct conn *conn, const struct iovec *parts, size_t count,
                               size_t *ret_n, struct err *err)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                             .msg_iovlen = count < PARTS_MAX ? count : PARTS_MAX};
    ssize_t n = sendmsg(conn->fd, &message, MSG_NOSIGNAL);

    if (n < 0)
        return socket_result(conn, "write", err);
    return moved(conn, (size_t)n, ret_n);
}

static bool send_parts(struct conn *conn, struct iovec *parts, size_t count, int64_t deadline_usec,
                       struct err *err)
{
    while (count > 0) {
        size_t sent = 0;

        switch (try_send(conn, parts, count, &sent, err)) {
        case IO_DONE:
            break;
        case IO_AGAIN:
            if (!wait_for(conn, POLLOUT, deadline_usec, err))
                return false;
            break;
        case IO_EOF:
        case IO_ERROR:
            return false;
        }
        while (count > 0 && sent >= parts->iov_len) {
            sent -= parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (uint8_t *)parts->iov_base + sent;
            parts->iov_len -= sent;
        }
    }
    return true;
}

bool conn_write_parts(struct conn *conn, const struct span *parts, size_t count,
                      int64_t deadline_usec, struct err *err)
{
    struct iovec vectors[PARTS_MAX];

    if (!conn->ssl && count <= PARTS_MAX) {
        for (size_t i = 0; i < count; i++)
            vectors[i] = (struct iovec){.iov_base = (void *)(uintptr_t)parts[i].data,
                                        .iov_len = parts[i].len};
        return send_parts(conn, vectors, count, deadline_usec, err);
    }
    for (size_t i = 0; i < count; i++) {
        if (!conn_write_all(conn, parts[i], deadline_usec, err))
            return false;
    }
    return true;
}

void conn_interrupt(int fd)
{
    (void)shutdown(fd, SHUT_RDWR);
}
