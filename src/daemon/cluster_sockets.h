/*
 * struct cluster_sockets: the listening sockets of a cluster's endpoints, made before anything else
 * is: an address that is not this machine's and a port that is taken must change nothing.
 *
 * A value whose descriptors belong to whoever has it; each goes with the place that it listens at,
 * and who takes one leaves -1.
 */
#pragma once

#include "cluster/place.h"

struct cluster_sockets {
    struct {
        int fd; /* -1: none */
        struct place place;
    } at[ENDPOINT_KINDS];
};

void cluster_sockets_init(struct cluster_sockets *sockets); /* none */
void cluster_sockets_close(struct cluster_sockets *sockets);

/* One that listens at the place; E_STATE when it is taken. kind is for the message. */
MUST_CHECK bool cluster_socket_open(const struct place *place, enum endpoint_kind kind, int *ret_fd,
                                    struct err *err);

/* One for each endpoint of the settings. */
MUST_CHECK bool cluster_sockets_open(const struct store_cluster *settings,
                                     struct cluster_sockets *ret_sockets, struct err *err);

/*
 * One for each endpoint that moves, but for those where an endpoint of before is in the way:
 * whoever closes that can make them. That their addresses are this machine's is tried all the same.
 */
MUST_CHECK bool cluster_sockets_open_next(const struct store_cluster *before,
                                          const struct store_cluster *next,
                                          struct cluster_sockets *ret_sockets, struct err *err);

/* Takes the sockets that the other has, in the place of own ones. */
void cluster_sockets_replace(struct cluster_sockets *sockets, struct cluster_sockets *other);

/* Takes the socket of an endpoint if it listens at the place; else closes it and returns -1. */
int cluster_sockets_take(struct cluster_sockets *sockets, enum endpoint_kind kind,
                         const struct place *place);
