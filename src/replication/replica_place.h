/*
 * Where in a channel's log a MariaDB replica by GTID stands, as a dump to it would find it: the
 * first transaction that it lacks, of all or of one domain. The log is read from its oldest file
 * on: its owner removes what the replica has. No state; any thread.
 */
#pragma once

#include "log/mirror.h"
#include "replication/dump_limits.h"
#include "translation/translator.h"

/* The replica. All is borrowed. */
struct replica_stand {
    const struct translator_options *view; /* whose view it gets; NULL: the log as it is */
    const struct gtid_list *position;      /* its gtid_slave_pos */
    const struct log_position *base;       /* what is before it, it has; empty name: says nothing */
    const struct dump_limits *limits;      /* what is left out it does not lack */
    const uint32_t *domain;                /* of this one alone; NULL: of whichever comes first */
};

struct replica_place {
    struct log_position at;   /* the source's: where that transaction begins, or the log ends */
    bool more;                /* there is one */
    struct gtid_mariadb gtid; /* what it is to the replica */
};

/* E_STATE: the log is empty; what a view's translator refuses; E_IO. */
MUST_CHECK bool replica_place_find(struct mirror *mirror, const struct replica_stand *stand,
                                   struct replica_place *ret_place, struct err *err);
