/*
 * struct cluster_endpoint: the endpoints of one cluster with what belongs to them: their sockets,
 * TLS and whom they take. All answer alike. Belongs to the cluster's supervisor;
 * cluster_endpoint_sessions(), _traffic() and _lost_text() are for any thread.
 */
#pragma once

#include "cluster/cluster.h"
#include "daemon/cluster_sockets.h"
#include "endpoint/traffic.h"

struct cluster_endpoint;

/* Takes over the sockets. */
struct cluster_endpoint *cluster_endpoint_new(const char *name, struct cluster_sockets *sockets);
void cluster_endpoint_free(struct cluster_endpoint *endpoint);

/*
 * Listens where the cluster's settings say, unless it does; clients wait until it serves. False:
 * the cluster endpoint can not. That another one can not is an event, and keeps nothing down:
 * whoever calls this or cluster_endpoint_serve() again tries it again.
 */
MUST_CHECK bool cluster_endpoint_listen(struct cluster_endpoint *endpoint, struct cluster *cluster,
                                        struct err *err);

bool cluster_endpoint_is_whole(const struct cluster_endpoint *endpoint); /* all of them listen */

/* Serves clients, unless it does. */
MUST_CHECK bool cluster_endpoint_serve(struct cluster_endpoint *endpoint, struct cluster *cluster,
                                       struct err *err);

/*
 * Takes the cluster's settings as they are now. An endpoint that is to listen elsewhere ends its
 * sessions; it does so at the socket given, if it is for that place, or makes one itself, and
 * serves at once if told so. All sockets are taken over.
 */
MUST_CHECK bool cluster_endpoint_change(struct cluster_endpoint *endpoint, struct cluster *cluster,
                                        struct cluster_sockets *sockets, bool serve,
                                        struct err *err);

/* Reads the certificate again, for clients that come; a bad one changes nothing. */
MUST_CHECK bool cluster_endpoint_reload(struct cluster_endpoint *endpoint, struct cluster *cluster,
                                        struct err *err);

/* Ends sessions and stops listening. */
void cluster_endpoint_close(struct cluster_endpoint *endpoint);

size_t cluster_endpoint_sessions(struct cluster_endpoint *endpoint, enum endpoint_kind kind);

/* Why one can not listen; "": it does, or there is none. */
void cluster_endpoint_lost_text(struct cluster_endpoint *endpoint, enum endpoint_kind kind,
                                char ret_why[ERR_TEXT_MAX]);

void cluster_endpoint_traffic(struct cluster_endpoint *endpoint, struct traffic_counts *ret_counts);
