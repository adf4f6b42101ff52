#include "endpoint/traffic.h"

#include "base/mem.h"

#include <stdatomic.h>

struct traffic {
    _Atomic uint64_t connections;
    _Atomic uint64_t logins;
    _Atomic uint64_t refused[REFUSALS];
    _Atomic uint64_t received_bytes;
    _Atomic uint64_t sent_bytes;
};

const char *refusal_name(enum refusal refusal)
{
    switch (refusal) {
    case REFUSAL_NETWORK:
        return "network";
    case REFUSAL_ENGINE_AWAY:
        return "engine_away";
    case REFUSAL_HANDSHAKE:
        return "handshake";
    case REFUSAL_TLS_REQUIRED:
        return "tls_required";
    case REFUSAL_RESERVED_USER:
        return "reserved_user";
    case REFUSAL_CHARACTER_SET:
        return "character_set";
    case REFUSAL_ENGINE:
        return "engine";
    case REFUSALS:
        break;
    }
    return "unknown";
}

struct traffic *traffic_new(void)
{
    return mem_alloc(sizeof(struct traffic));
}

void traffic_free(struct traffic *traffic)
{
    mem_free(traffic);
}

/* Nothing else is ordered by a counter. */
static void add(_Atomic uint64_t *counter, uint64_t n)
{
    (void)atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t value(_Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void traffic_connected(struct traffic *traffic)
{
    add(&traffic->connections, 1);
}

void traffic_logged_in(struct traffic *traffic)
{
    add(&traffic->logins, 1);
}

void traffic_refused(struct traffic *traffic, enum refusal refusal)
{
    add(&traffic->refused[refusal], 1);
}

void traffic_received(struct traffic *traffic, size_t bytes)
{
    add(&traffic->received_bytes, bytes);
}

void traffic_sent(struct traffic *traffic, size_t bytes)
{
    add(&traffic->sent_bytes, bytes);
}

void traffic_read(struct traffic *traffic, struct traffic_counts *ret_counts)
{
    *ret_counts = (struct traffic_counts){
        .connections = value(&traffic->connections),
        .logins = value(&traffic->logins),
        .received_bytes = value(&traffic->received_bytes),
        .sent_bytes = value(&traffic->sent_bytes),
    };
    for (enum refusal refusal = 0; refusal < REFUSALS; refusal++)
        ret_counts->refused[refusal] = value(&traffic->refused[refusal]);
}
