/*
 * struct gtid_origins: what GTIDs of MySQL those of a MariaDB domain were made of, for their way
 * back.
 *
 * A channel from MySQL gives its transactions a domain, and numbers that count them
 * (gtid_exchange.h). Where they come back, in the log of a MariaDB server that has applied them,
 * their UUID, tag and number are found again here. It is built from the channel's log, file by
 * file: the GTIDs that were executed before it, then its own in their order. Of what came before
 * the first file the order is not known: the set of all is, but not which is which.
 *
 * GTIDs that follow each other make one run of 32 bytes; memory is in proportion to the runs. Not
 * to be changed while others read it: its owner keeps them apart.
 */
#pragma once

#include "binlog/gtid_set.h"

struct gtid_origins;

/* A GTID of MySQL. */
struct gtid_origin {
    struct gtid_uuid uuid;
    uint8_t tag_length;
    char tag[GTID_TAG_MAX]; /* no NUL */
    int64_t number;
};

bool gtid_origin_equal(const struct gtid_origin *a, const struct gtid_origin *b);

struct gtid_origins *gtid_origins_new(void);
void gtid_origins_free(struct gtid_origins *origins); /* NULL is fine */

/*
 * The next file of the channel's log begins with so many executed. E_STATE when these are fewer
 * than came before: it is another log.
 */
MUST_CHECK bool gtid_origins_file(struct gtid_origins *origins, const struct gtid_set *executed,
                                  struct err *err);

/*
 * The log's next transactions: `count` numbers of one source from `number` on. Those that came to
 * it from MariaDB are not counted.
 */
void gtid_origins_add(struct gtid_origins *origins, const struct gtid_uuid *uuid, struct span tag,
                      int64_t number, uint64_t count);

/* The sequence numbers that are known one by one are among these. 0, 0: none was taken yet. */
void gtid_origins_bounds(const struct gtid_origins *origins, uint64_t *ret_first,
                         uint64_t *ret_last);

/* The GTID that has this sequence number; false when it is not known. */
bool gtid_origins_find(const struct gtid_origins *origins, uint64_t sequence,
                       struct gtid_origin *ret_origin);

/* Adds all that was executed with this sequence number to a set; false when it is not known. */
bool gtid_origins_executed(const struct gtid_origins *origins, uint64_t sequence,
                           struct gtid_set *set);

/* Whether a set has all that these sequence numbers may be; false when that is not known. */
bool gtid_origins_held(const struct gtid_origins *origins, uint64_t first, uint64_t last,
                       const struct gtid_set *set);

/*
 * As a file's content, with the place in the channel's log that they were made up to, whose file
 * has a name of at most 255 bytes; and back. doc/log-format.md has the layout. E_PROTO: damaged;
 * E_STATE: of another version.
 */
void gtid_origins_encode(struct buf *buf, const struct gtid_origins *origins, struct span name,
                         uint64_t offset);
MUST_CHECK bool gtid_origins_decode(struct span bytes, struct gtid_origins **ret_origins,
                                    struct span *ret_name, uint64_t *ret_offset, struct err *err);
