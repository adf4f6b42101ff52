/*
 * struct link: a connection to a MySQL server or client after both know each other: payloads in
 * and out, plain or compressed.
 *
 * Reading borrows payloads from one window that is filled in large pieces; a payload that spans
 * packets is joined there, so bytes are copied once, by the kernel or by TLS. Writing collects
 * small payloads and sends large ones from where they lie. Owns its conn. One thread at a time,
 * except link_interrupt(). A call that fails with E_TIMEOUT may be repeated; after any other
 * failure the link is of no more use. link_login(), link_accept() and link_adopt() make links.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "net/conn.h"
#include "wire/compression.h"

#include <stddef.h>
#include <stdint.h>

#define LINK_WINDOW_DEFAULT (256u << 10)

struct link;

void link_free(struct link *link); /* NULL is fine; closes without a goodbye */

/* What both sides of a connection agreed on before it became a link. The texts are copied. */
struct link_terms {
    uint32_t capabilities;
    const char *server_version; /* of the other side; NULL: we are the server */
    const char *user;
    enum compression_algorithm algorithm;
    int level;
    uint8_t frame; /* number of the next compressed frame */
};

/*
 * A link over a connection whose sides know each other already. `plain` was read off it and not
 * used, `raw` likewise of the next compressed frame. link_detach() gives the conn back and frees
 * the rest.
 */
struct link *link_adopt(struct conn *conn, const struct link_terms *terms, struct span plain,
                        struct span raw);
struct conn *link_detach(struct link *link);

/* Sends a COM_QUIT if that can be done at once, and frees. For the client's side. */
void link_close(struct link *link);

/* What both sides agreed on. */
uint32_t link_capabilities(const struct link *link);
enum compression_algorithm link_compression(const struct link *link);
const struct conn *link_borrow_conn(const struct link *link);

/* conn_set_patience() of its conn: deadlines count from the last byte that went. 0: no more. */
void link_set_patience(struct link *link, int64_t usec);
const char *link_peer(const struct link *link); /* for messages: "db1:3306" */

/* The other side, when it is a server: its version as sent, its thread id for us. */
const char *link_server_version(const struct link *link);
bool link_server_is_mariadb(const struct link *link);
uint32_t link_thread_id(const struct link *link);

/* The other side, when it is a client. */
const char *link_user(const struct link *link);
const char *link_client_version(const struct link *link); /* of MySQL's library; else empty */

/* Bytes that one payload may have from here on, and that one read asks the kernel for. */
void link_set_payload_max(struct link *link, size_t bytes);
void link_set_window(struct link *link, size_t bytes);

/*
 * The next payload, borrowed until the next call on the link. E_TIMEOUT; E_IO with code 0 when the
 * other side closed the connection; E_PROTO, E_LIMIT; E_STATE after link_interrupt().
 */
MUST_CHECK bool link_read(struct link *link, int64_t deadline_usec, struct span *ret_payload,
                          struct err *err);

/* link_read() if a payload is there or comes without waiting; *ret_there says whether. */
MUST_CHECK bool link_try_read(struct link *link, bool *ret_there, struct span *ret_payload,
                              struct err *err);

/* Whether link_read() would return without asking the kernel. */
bool link_has_payload(struct link *link);

/*
 * Writes a payload that is head, then tail. It may stay in the link until link_flush(); a large
 * tail is sent from where it lies. Waits for room until the deadline: then the stream is cut in
 * the middle, and E_TIMEOUT ends the link too.
 */
MUST_CHECK bool link_write(struct link *link, struct span head, struct span tail,
                           int64_t deadline_usec, struct err *err);

/*
 * link_write() without sending, for many small payloads in a row: false, and nothing was done, when
 * the payload is large, or enough has been collected to be sent.
 */
bool link_put(struct link *link, struct span head, struct span tail);

/* Binlog events that lie one behind the other; `left` may end within one. */
struct link_events {
    struct span left;
    uint64_t offset;   /* in their file, of the first one */
    const bool *stops; /* UINT8_MAX + 1 of them: whether it is one of these types */
    uint64_t count;
};

/*
 * link_write() of each event, after a byte 0, up to one that is large, of a type that `stops` has,
 * or none that can stand there: those that went in are taken off, and counted.
 */
MUST_CHECK bool link_write_events(struct link *link, struct link_events *events,
                                  int64_t deadline_usec, struct err *err);

MUST_CHECK bool link_flush(struct link *link, int64_t deadline_usec, struct err *err);
size_t link_unsent(const struct link *link); /* bytes that wait for a flush */

/* A new command: its sequence number is 0; writes and flushes it. For the client's side. */
MUST_CHECK bool link_command(struct link *link, struct span payload, int64_t deadline_usec,
                             struct err *err);

/* The next command of a client. As link_read(); its answer begins with number 1. */
MUST_CHECK bool link_read_command(struct link *link, int64_t deadline_usec,
                                  struct span *ret_payload, struct err *err);

/*
 * Semi-synchronous replication breaks the numbering, which both directions share, twice. After an
 * event that wants an acknowledgement both sides call link_renumber() with SEMISYNC_NEXT_SEQUENCE;
 * the acknowledgement goes aside with a number 0 of its own. link_read_aside() does not wait;
 * *ret_there as above.
 */
void link_renumber(struct link *link, uint8_t sequence);
MUST_CHECK bool link_write_aside(struct link *link, struct span payload, int64_t deadline_usec,
                                 struct err *err);
MUST_CHECK bool link_read_aside(struct link *link, bool *ret_there, struct span *ret_payload,
                                struct err *err);

/* Ends the link: a thread that waits on it, or will, gets E_STATE. Any thread. */
void link_interrupt(struct link *link);
