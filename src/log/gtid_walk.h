/*
 * The GTIDs of a MySQL log in the order of its transactions: from the side indexes where these tell
 * the order, else from the events. Asked again, it goes on where it was. Any thread; only what is
 * synced is seen.
 */
#pragma once

#include "log/mirror.h"

/* Both are called in the thread that walks. */
struct gtid_walk_taker {
    void *context;
    /* A file begins with these executed; NULL: nobody knows. False ends the walk. */
    bool (*file)(void *context, const struct gtid_set *executed, struct err *err);
    /* Transactions one after the other, with numbers from `first` on; the tag is borrowed. */
    void (*run)(void *context, const struct gtid_uuid *uuid, struct span tag, int64_t first,
                uint64_t count);
};

/*
 * Gives all from `place` to the log's last whole transaction, and moves it there. The file of an
 * empty name is the oldest; so is one that the log does not have any more. `place` tells in any
 * case how far it came. E_STATE: the log is MariaDB's, or the taker's; E_IO, E_PROTO.
 */
MUST_CHECK bool log_walk_gtids(struct mirror *mirror, struct log_position *place,
                               const struct gtid_walk_taker *taker, struct err *err);
