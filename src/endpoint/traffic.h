/*
 * struct traffic: what has come to the endpoints of a cluster: counters that only grow.
 *
 * Owned by whoever makes the endpoints, and outlives them, so that it counts on over a change of
 * address. Any thread; what is read is not of one moment.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Why a client was turned away. */
enum refusal {
    REFUSAL_NETWORK,       /* its address is not in the client networks */
    REFUSAL_ENGINE_AWAY,   /* the engine could not be reached */
    REFUSAL_HANDSHAKE,     /* its answer to the greeting is none */
    REFUSAL_TLS_REQUIRED,  /* it did not use TLS */
    REFUSAL_RESERVED_USER, /* it came as the daemon's own account */
    REFUSAL_CHARACTER_SET, /* it named one that the engine lacks */
    REFUSAL_ENGINE,        /* the engine refused it: a password, too many connections */
    REFUSALS,
};

const char *refusal_name(enum refusal refusal);

struct traffic_counts {
    uint64_t connections; /* accepted by the listener */
    uint64_t logins;      /* that got in */
    uint64_t refused[REFUSALS];
    uint64_t received_bytes; /* from clients, after their login; compressed ones count unpacked */
    uint64_t sent_bytes;     /* to them, likewise */
};

struct traffic;

struct traffic *traffic_new(void);
void traffic_free(struct traffic *traffic); /* NULL is fine */

void traffic_connected(struct traffic *traffic);
void traffic_logged_in(struct traffic *traffic);
void traffic_refused(struct traffic *traffic, enum refusal refusal);
void traffic_received(struct traffic *traffic, size_t bytes);
void traffic_sent(struct traffic *traffic, size_t bytes);

void traffic_read(struct traffic *traffic, struct traffic_counts *ret_counts);
