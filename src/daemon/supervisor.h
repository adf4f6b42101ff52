/*
 * struct supervisor: keeps one cluster up: makes it, starts or adopts its engine, starts it again
 * when it ends, serves its endpoint, purges its binlog, and deletes it.
 *
 * It has a thread of its own, so that what fails or takes long in one cluster is no other's
 * concern. Others ask it for things and look at it; supervisor_free() belongs to its owner, once
 * the thread has ended.
 */
#pragma once

#include "cluster/cluster.h"
#include "daemon/cluster_sockets.h"
#include "endpoint/traffic.h"

struct supervisor;

/* What may be asked of it; each is done as soon as the step at hand is. */
enum supervisor_request {
    SUPERVISOR_STOP = 1,   /* engine and thread */
    SUPERVISOR_LEAVE = 2,  /* the thread, now: a stopping engine ends by itself */
    SUPERVISOR_DELETE = 4, /* the cluster, and then the thread */
    SUPERVISOR_REBOOT = 8,
    SUPERVISOR_APPLY = 16,  /* what cluster_modify() has stored */
    SUPERVISOR_RELOAD = 32, /* the certificate; a bad one changes nothing */
};

/* How the first attempt to bring the cluster up has ended. */
enum supervisor_verdict { VERDICT_NONE, VERDICT_UP, VERDICT_FAILED };

struct supervisor_spec {
    const char *dir;            /* of the daemon, absolute */
    struct store *store;        /* outlives it */
    const char *source_address; /* of clusters' own connections; NULL: as routing picks */
    int changed_fd;             /* a wake-up, raised at the verdict and at the thread's end */
    struct disk_limits disk_limits;
};

/*
 * Starts the thread. The sockets of the endpoints are taken over, whatever the outcome; what is not
 * among them it makes itself.
 */
MUST_CHECK bool supervisor_start(const struct supervisor_spec *spec,
                                 const struct cluster_plan *plan, struct cluster_sockets *sockets,
                                 struct supervisor **ret_supervisor, struct err *err);

/* Joins the thread, which must have been asked to end, and leaves a running engine alone. */
void supervisor_free(struct supervisor *supervisor);

/* Any thread, as are those below. */
void supervisor_ask(struct supervisor *supervisor, enum supervisor_request request);

/* SUPERVISOR_APPLY, with the sockets of endpoints that move, which are taken over. */
void supervisor_ask_apply(struct supervisor *supervisor, struct cluster_sockets *sockets);

bool supervisor_has_ended(struct supervisor *supervisor);

/* ret_err is filled for VERDICT_FAILED. */
enum supervisor_verdict supervisor_verdict(struct supervisor *supervisor, struct err *ret_err);

size_t supervisor_sessions(struct supervisor *supervisor, enum endpoint_kind kind);
void supervisor_lost_text(struct supervisor *supervisor, enum endpoint_kind kind,
                          char ret_why[ERR_TEXT_MAX]); /* "": it listens, or there is none */
void supervisor_traffic(struct supervisor *supervisor, struct traffic_counts *ret_counts);

/* Constant; it may be looked at, modified and connected to. */
struct cluster *supervisor_borrow_cluster(struct supervisor *supervisor);
