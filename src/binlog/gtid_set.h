/*
 * struct gtid_set: a set of MySQL GTIDs, as sorted, disjoint, not touching intervals per
 * (UUID, tag), themselves sorted.
 *
 * Text: "UUID:1-5:7:tag:1-3,UUID2:9". Binary: number of entries u64, then per entry UUID 16 bytes,
 * number of intervals u64, and [start, end) as two i64 each. With a tag anywhere, the first number
 * has 1 in its lowest and its highest byte with the count in the six between, and every entry has
 * its tag, the length doubled as u8, after the UUID (source: mysql-server, Gtid_set::encode;
 * mysql::gtids). This is the body of PREVIOUS_GTIDS, and of a dump request.
 *
 * Set operations take time linear in the number of intervals; whether a
 * GTID or a range is in the set, its logarithm. Owned by one thread; gtid_set_done()
 * frees it. Sizes from outside are checked against the bytes that carry them.
 */
#pragma once

#include "binlog/gtid.h"

struct gtid_interval {
    int64_t first; /* 1 or more */
    int64_t last;  /* first or more */
};

struct gtid_source {
    struct gtid_uuid uuid;
    uint8_t tag_length;
    char tag[GTID_TAG_MAX]; /* no NUL */
    struct gtid_interval *intervals;
    size_t count;
    size_t cap;
};

struct gtid_set {
    struct gtid_source *sources; /* none is without intervals */
    size_t count;
    size_t cap;
};

void gtid_set_init(struct gtid_set *set);
void gtid_set_done(struct gtid_set *set);
void gtid_set_clear(struct gtid_set *set);
void gtid_set_copy(struct gtid_set *into, const struct gtid_set *from);

/* Replaces the set. White space is ignored, letters' case too. E_USAGE; the set is untouched. */
MUST_CHECK bool gtid_set_parse(struct span text, struct gtid_set *set, struct err *err);

/* The server's own form: on one line, or with each UUID on its own, as the server shows it. */
void gtid_set_print(struct buf *buf, const struct gtid_set *set);
void gtid_set_print_lines(struct buf *buf, const struct gtid_set *set);

/* Replaces the set. E_PROTO; the set is untouched. */
MUST_CHECK bool gtid_set_decode(struct span bytes, struct gtid_set *set, struct err *err);

/* The classic form where no tag is in the set, since older readers know only that. */
void gtid_set_encode(struct buf *buf, const struct gtid_set *set);

/* Adds first to last, 1 <= first <= last <= GTID_NUMBER_LAST; `tag` is valid or empty. */
void gtid_set_add(struct gtid_set *set, const struct gtid_uuid *uuid, struct span tag,
                  int64_t first, int64_t last);

void gtid_set_union(struct gtid_set *set, const struct gtid_set *other);
void gtid_set_subtract(struct gtid_set *set, const struct gtid_set *other);
void gtid_set_intersect(struct gtid_set *set, const struct gtid_set *other);

bool gtid_set_has(const struct gtid_set *set, const struct gtid_uuid *uuid, struct span tag,
                  int64_t number);

/* Whether all of first to last are in it. */
bool gtid_set_has_range(const struct gtid_set *set, const struct gtid_uuid *uuid, struct span tag,
                        int64_t first, int64_t last);
bool gtid_set_contains(const struct gtid_set *set, const struct gtid_set *subset);
bool gtid_set_equal(const struct gtid_set *a, const struct gtid_set *b);
bool gtid_set_is_empty(const struct gtid_set *set);

/* How many GTIDs; UINT64_MAX when that or more. */
uint64_t gtid_set_size(const struct gtid_set *set);
