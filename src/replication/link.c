#include "replication/link.h"

#include "base/clock.h"
#include "base/mem.h"
#include "binlog/event.h"
#include "replication/link_internal.h"
#include "wire/joiner.h"

#include <stdatomic.h>

/* A little less than the kernel sends as one: of 64 KiB it would send a small rest apart. */
#define OUT_FLUSH    (60u << 10) /* bytes collected before they are sent unasked */
#define WINDOW_KEEP  (4u << 20)  /* bytes; a larger one is given back when it is empty */
#define OUT_MAX      (32 << 20)  /* bytes; a full packet and what was collected before it */
#define DIRECT_MIN   (16u << 10) /* bytes of a tail that is sent from where it lies */
#define GOODBYE_USEC (1 * USEC_PER_SEC)

struct window {
    uint8_t *data;
    size_t begin; /* of what was not taken yet */
    size_t end;   /* of what was read */
    size_t cap;
    size_t size; /* of one read; 0: no further than needed */
};

struct link {
    struct conn *conn;
    struct link_identity identity;
    char *server_version;
    char *user;
    char *client_version;
    struct auth_server auth;
    struct joiner joiner;
    struct window in;  /* plain bytes */
    struct window raw; /* compressed frames; unused without compression */
    struct buf out;    /* packets that wait */
    struct buf frames; /* compressed, on their way */
    uint8_t frame;     /* number of the next compressed frame, of both directions as packets' */
    enum compression_algorithm algorithm;
    struct compression *compression;
    atomic_bool interrupted;
};

struct link *link_new(struct conn *conn, size_t payload_max)
{
    struct link *link = mem_alloc(sizeof *link);

    link->conn = conn;
    joiner_init(&link->joiner, payload_max);
    buf_init(&link->out, OUT_MAX);
    buf_init(&link->frames, OUT_MAX);
    return link;
}

void link_free(struct link *link)
{
    if (!link)
        return;
    conn_free(link->conn);
    compression_free(link->compression);
    mem_free(link->in.data);
    mem_free(link->raw.data);
    buf_done(&link->out);
    buf_done(&link->frames);
    mem_free(link->server_version);
    mem_free(link->client_version);
    mem_free(link->user);
    mem_free(link);
}

void link_close(struct link *link)
{
    const uint8_t quit = COM_QUIT;
    struct err ignored;

    if (!link)
        return;
    if (!atomic_load(&link->interrupted))
        (void)!link_command(link, span_of(&quit, 1), clock_deadline_usec(GOODBYE_USEC), &ignored);
    link_free(link);
}

static void window_preload(struct window *window, struct span bytes)
{
    if (bytes.len == 0)
        return;
    window->data = mem_alloc(bytes.len);
    memcpy(window->data, bytes.data, bytes.len);
    window->end = window->cap = bytes.len;
}

struct link *link_adopt(struct conn *conn, const struct link_terms *terms, struct span plain,
                        struct span raw)
{
    struct link *link = link_new(conn, PACKET_PAYLOAD_MAX);

    link_set_identity(link, &(struct link_identity){.capabilities = terms->capabilities,
                                                    .server_version = terms->server_version,
                                                    .user = terms->user});
    link_start_compression(link, terms->algorithm, terms->level);
    link->frame = terms->frame;
    window_preload(&link->in, plain);
    window_preload(&link->raw, raw);
    return link;
}

struct conn *link_detach(struct link *link)
{
    struct conn *conn = link->conn;

    link->conn = NULL;
    link_free(link);
    return conn;
}

struct conn *link_conn(struct link *link)
{
    return link->conn;
}

struct auth_server *link_auth(struct link *link)
{
    return &link->auth;
}

void link_set_identity(struct link *link, const struct link_identity *identity)
{
    mem_free(link->server_version);
    mem_free(link->user);
    mem_free(link->client_version);
    link->identity = *identity;
    link->server_version = identity->server_version ? mem_strdup(identity->server_version) : NULL;
    link->user = identity->user ? mem_strdup(identity->user) : NULL;
    link->client_version = identity->client_version ? mem_strdup(identity->client_version) : NULL;
    link->in.size = LINK_WINDOW_DEFAULT;
    link->raw.size = LINK_WINDOW_DEFAULT;
}

void link_start_compression(struct link *link, enum compression_algorithm algorithm, int level)
{
    link->algorithm = algorithm;
    link->frame = 0;
    link->joiner.any_sequence = algorithm != COMPRESSION_NONE;
    if (algorithm != COMPRESSION_NONE)
        link->compression = compression_new(algorithm, level);
}

bool link_failed(const struct link *link, struct err *err)
{
    return err_prefix(err, "%s", conn_peer(link->conn));
}

uint32_t link_capabilities(const struct link *link)
{
    return link->identity.capabilities;
}

enum compression_algorithm link_compression(const struct link *link)
{
    return link->algorithm;
}

const struct conn *link_borrow_conn(const struct link *link)
{
    return link->conn;
}

void link_set_patience(struct link *link, int64_t usec)
{
    conn_set_patience(link->conn, usec);
}

const char *link_peer(const struct link *link)
{
    return conn_peer(link->conn);
}

const char *link_server_version(const struct link *link)
{
    return link->server_version ? link->server_version : "";
}

bool link_server_is_mariadb(const struct link *link)
{
    return link->identity.server_is_mariadb;
}

uint32_t link_thread_id(const struct link *link)
{
    return link->identity.thread_id;
}

const char *link_user(const struct link *link)
{
    return link->user ? link->user : "";
}

const char *link_client_version(const struct link *link)
{
    return link->client_version ? link->client_version : "";
}

void link_set_payload_max(struct link *link, size_t bytes)
{
    link->joiner.payload_max = bytes;
}

void link_set_window(struct link *link, size_t bytes)
{
    link->in.size = bytes;
    link->raw.size = bytes;
}

static bool stopped(const struct link *link, struct err *err)
{
    return err_set(err, E_STATE, 0, "%s: the connection was interrupted", conn_peer(link->conn));
}

/* Room for `need` bytes from `begin` on: what is there moves to the front, or to more memory. */
static void window_room(struct window *window, size_t need)
{
    size_t have = window->end - window->begin;

    if (have == 0) {
        window->begin = window->end = 0;
        if (window->cap > WINDOW_KEEP && need <= window->size) {
            mem_free(window->data);
            window->data = NULL;
            window->cap = 0;
        }
    }
    if (need <= window->cap - window->begin)
        return;
    if (window->begin > 0) {
        memmove(window->data, window->data + window->begin, have);
        window->begin = 0;
        window->end = have;
    }
    if (need > window->cap) {
        window->cap = need > window->size ? need : window->size;
        window->data = mem_realloc(window->data, window->cap);
    }
}

/* One read of at least a byte into the window; *ret_there is false when there is none yet. */
static bool window_read(struct link *link, struct window *window, size_t need, bool wait,
                        int64_t deadline_usec, bool *ret_there, struct err *err)
{
    size_t n = 0;
    size_t room;

    window_room(window, need);
    /* No further than needed into a large payload, see joiner.h; and before the login is over,
     * because TLS may begin behind any packet. */
    room = need > window->size ? window->begin + need - window->end : window->cap - window->end;
    *ret_there = true;
    if (wait) {
        if (!conn_read_some(link->conn, window->data + window->end, room, deadline_usec, &n, err))
            return atomic_load(&link->interrupted) ? stopped(link, err) : false;
    } else {
        switch (conn_try_read(link->conn, window->data + window->end, room, &n, err)) {
        case IO_DONE:
        case IO_EOF:
            break;
        case IO_AGAIN:
            *ret_there = false;
            return true;
        case IO_ERROR:
            return false;
        }
    }
    if (n == 0) {
        if (atomic_load(&link->interrupted))
            return stopped(link, err);
        return err_set(err, E_IO, 0, "%s: closed the connection", conn_peer(link->conn));
    }
    window->end += n;
    return true;
}

/* Takes the next compressed frame out of the raw window, if it is there whole. */
static bool take_frame(struct link *link, bool *ret_taken, size_t *ret_need, struct err *err)
{
    struct window *raw = &link->raw;
    size_t have = raw->end - raw->begin;
    struct compression_header header;
    size_t whole;
    uint32_t plain;

    *ret_taken = false;
    *ret_need = COMPRESSION_HEADER_SIZE;
    if (have < COMPRESSION_HEADER_SIZE)
        return true;
    header = compression_header_parse(raw->data + raw->begin);
    whole = COMPRESSION_HEADER_SIZE + header.payload_len;
    *ret_need = whole;
    /* Servers number frames loosely, above all with semi-sync, and no client minds. */
    if (!link->server_version && header.sequence != link->frame)
        return err_set(err, E_PROTO, 0, "%s: compressed frame: expected number %u, found %u",
                       conn_peer(link->conn), link->frame, header.sequence);
    if (have < whole)
        return true;
    plain = compression_plain_size(&header);
    window_room(&link->in, link->in.end - link->in.begin + plain);
    if (!compression_expand(
            link->compression, &header,
            span_of(raw->data + raw->begin + COMPRESSION_HEADER_SIZE, header.payload_len),
            link->in.data + link->in.end, err))
        return link_failed(link, err);
    link->in.end += plain;
    raw->begin += whole;
    link->frame = (uint8_t)(header.sequence + 1);
    *ret_taken = true;
    return true;
}

/* Gets more plain bytes into the window: `need` is what the joiner asks for. */
static bool fill(struct link *link, size_t need, bool wait, int64_t deadline_usec, bool *ret_there,
                 struct err *err)
{
    bool taken = false;
    size_t raw_need = 0;

    if (link->algorithm == COMPRESSION_NONE)
        return window_read(link, &link->in, need, wait, deadline_usec, ret_there, err);
    *ret_there = true;
    for (;;) {
        if (!take_frame(link, &taken, &raw_need, err))
            return false;
        if (taken)
            return true;
        if (!window_read(link, &link->raw, raw_need, wait, deadline_usec, ret_there, err))
            return false;
        if (!*ret_there)
            return true;
    }
}

/* The next payload from what is there; *ret_need is set when more is needed. */
static enum joiner_step step(struct link *link, size_t *ret_need, struct span *ret_payload,
                             struct err *err)
{
    struct window *in = &link->in;
    size_t len = in->end - in->begin;
    uint8_t nothing;
    enum joiner_step what = joiner_step(&link->joiner, in->data ? in->data + in->begin : &nothing,
                                        &len, ret_need, ret_payload, err);

    in->end = in->begin + len;
    switch (what) {
    case JOINER_NEED:
        break;
    case JOINER_WHOLE:
        in->begin += *ret_need;
        break;
    case JOINER_BAD:
        (void)link_failed(link, err);
        break;
    }
    return what;
}

static bool read_payload(struct link *link, bool wait, int64_t deadline_usec, bool *ret_there,
                         struct span *ret_payload, struct err *err)
{
    size_t need = 0;

    if (atomic_load(&link->interrupted))
        return stopped(link, err);
    for (;;) {
        switch (step(link, &need, ret_payload, err)) {
        case JOINER_WHOLE:
            *ret_there = true;
            return true;
        case JOINER_BAD:
            return false;
        case JOINER_NEED:
            break;
        }
        if (!fill(link, need, wait, deadline_usec, ret_there, err))
            return false;
        if (!*ret_there)
            return true;
    }
}

bool link_read(struct link *link, int64_t deadline_usec, struct span *ret_payload, struct err *err)
{
    bool there;

    return read_payload(link, true, deadline_usec, &there, ret_payload, err);
}

bool link_try_read(struct link *link, bool *ret_there, struct span *ret_payload, struct err *err)
{
    return read_payload(link, false, 0, ret_there, ret_payload, err);
}

bool link_has_payload(struct link *link)
{
    struct window *in = &link->in;
    size_t have = in->end - in->begin;
    struct packet_header header;

    if (link->joiner.joined > 0 || have < PACKET_HEADER_SIZE)
        return false;
    header = packet_header_parse(in->data + in->begin);
    return header.payload_len < PACKET_PAYLOAD_MAX &&
           have - PACKET_HEADER_SIZE >= header.payload_len;
}

/* Sends what waits, with one more part behind it that is not copied. */
static bool send_out(struct link *link, struct span more, int64_t deadline_usec, struct err *err)
{
    struct span parts[] = {buf_span(&link->out), more};
    bool good;

    if (link->algorithm != COMPRESSION_NONE) {
        buf_clear(&link->frames);
        compression_write(link->compression, &link->frames, &link->frame, parts[0]);
        parts[0] = buf_span(&link->frames);
    }
    if (!buf_ok(&link->out) || !buf_ok(&link->frames))
        return err_set(err, E_BUG, 0, "%s: a packet is over %d bytes", conn_peer(link->conn),
                       OUT_MAX);
    good = conn_write_parts(link->conn, parts, more.len > 0 ? 2 : 1, deadline_usec, err);
    buf_clear(&link->out);
    if (!good && atomic_load(&link->interrupted))
        return stopped(link, err);
    return good;
}

/* The first n bytes of a span, or all of it, which are taken off. */
static struct span take(struct span *bytes, size_t n)
{
    struct cursor cur = cursor_of(*bytes);
    struct span taken = cursor_bytes(&cur, n < bytes->len ? n : bytes->len);

    *bytes = cur.rest;
    return taken;
}

bool link_write(struct link *link, struct span head, struct span tail, int64_t deadline_usec,
                struct err *err)
{
    size_t len;

    if (atomic_load(&link->interrupted))
        return stopped(link, err);
    do {
        struct span first = take(&head, PACKET_PAYLOAD_MAX);
        struct span second = take(&tail, PACKET_PAYLOAD_MAX - first.len);
        bool direct = second.len >= DIRECT_MIN && link->algorithm == COMPRESSION_NONE;

        len = first.len + second.len;
        buf_u24(&link->out, (uint32_t)len);
        buf_u8(&link->out, link->joiner.sequence++);
        buf_bytes(&link->out, first);
        if (!direct)
            buf_bytes(&link->out, second);
        if ((direct || link->out.len >= OUT_FLUSH) &&
            !send_out(link, direct ? second : (struct span){0}, deadline_usec, err))
            return false;
    } while (len == PACKET_PAYLOAD_MAX);
    return true;
}

bool link_put(struct link *link, struct span head, struct span tail)
{
    size_t len = head.len + tail.len;

    if (tail.len >= DIRECT_MIN || link->out.len + len >= OUT_FLUSH)
        return false;
    buf_u32(&link->out, (uint32_t)len | (uint32_t)link->joiner.sequence++ << 24);
    buf_bytes(&link->out, head);
    buf_bytes(&link->out, tail);
    return true;
}

/* Puts in those that there is room for; *ret_full when the next one had none. */
static void put_events(struct link *link, struct link_events *events, bool *ret_full)
{
    struct buf *out = &link->out;
    uint8_t sequence = link->joiner.sequence;
    struct cursor cur = cursor_of(events->left);
    uint64_t offset = events->offset;
    uint64_t count = 0;
    bool full = false;

    while (cursor_left(&cur) >= EVENT_HEADER_SIZE) {
        struct event_header header;
        struct err odd;

        event_prefetch(cur.rest);
        if (!event_header_decode(cur.rest, &header, &odd) || header.length > cursor_left(&cur) ||
            !event_is_at(&header, offset) || events->stops[header.type] ||
            header.length >= DIRECT_MIN)
            break;
        full = out->len + header.length >= OUT_FLUSH;
        if (full)
            break;
        buf_le(out, (header.length + 1) | (uint64_t)sequence++ << 24, 5);
        buf_bytes(out, cursor_bytes(&cur, header.length));
        offset += header.length;
        count++;
    }
    link->joiner.sequence = sequence;
    events->left = cur.rest;
    events->offset = offset;
    events->count += count;
    *ret_full = full;
}

bool link_write_events(struct link *link, struct link_events *events, int64_t deadline_usec,
                       struct err *err)
{
    bool full;

    for (;;) {
        put_events(link, events, &full);
        if (!full)
            return true;
        if (atomic_load(&link->interrupted))
            return stopped(link, err);
        if (!send_out(link, (struct span){0}, deadline_usec, err))
            return false;
    }
}

bool link_flush(struct link *link, int64_t deadline_usec, struct err *err)
{
    return link->out.len == 0 || send_out(link, (struct span){0}, deadline_usec, err);
}

size_t link_unsent(const struct link *link)
{
    return link->out.len;
}

void link_renumber(struct link *link, uint8_t sequence)
{
    link->joiner.sequence = sequence;
    link->frame = sequence;
}

bool link_command(struct link *link, struct span payload, int64_t deadline_usec, struct err *err)
{
    link_renumber(link, 0);
    return link_write(link, payload, (struct span){0}, deadline_usec, err) &&
           link_flush(link, deadline_usec, err);
}

bool link_read_command(struct link *link, int64_t deadline_usec, struct span *ret_payload,
                       struct err *err)
{
    /* In the middle of one, after a timeout, the numbers go on. */
    if (link->joiner.joined == 0 && link->raw.begin == link->raw.end)
        link_renumber(link, 0);
    return link_read(link, deadline_usec, ret_payload, err);
}

bool link_write_aside(struct link *link, struct span payload, int64_t deadline_usec,
                      struct err *err)
{
    uint8_t sequence = link->joiner.sequence;
    uint8_t frame = link->frame;
    bool good = link_flush(link, deadline_usec, err);

    if (!good)
        return false;
    good = link_command(link, payload, deadline_usec, err);
    link->joiner.sequence = sequence;
    link->frame = frame;
    return good;
}

bool link_read_aside(struct link *link, bool *ret_there, struct span *ret_payload, struct err *err)
{
    uint8_t sequence = link->joiner.sequence;
    uint8_t frame = link->frame;
    bool good;

    link_renumber(link, 0);
    good = link_try_read(link, ret_there, ret_payload, err);
    link->joiner.sequence = sequence;
    link->frame = frame;
    return good;
}

void link_interrupt(struct link *link)
{
    atomic_store(&link->interrupted, true);
    conn_interrupt(conn_borrow_fd(link->conn));
}
