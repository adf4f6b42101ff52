/*
 * struct gtid_list: MariaDB's GTIDs, domain-server-sequence, in a list, and the GTID_LIST event at
 * the head of a file.
 *
 * A *position* (gtid_slave_pos) has one GTID per domain; a *state* (gtid_binlog_state, GTID_LIST)
 * one per domain and server, a domain's latest after its others, whose order says nothing. Looking
 * one up or setting it takes the same time in a list of any length, going through all of two lists
 * time in proportion to them.
 *
 * Layout of GTID_LIST: u32 with the count in the lower 28 bits and flags above, then domain u32,
 * server id u32, sequence u64 each; an empty list, which a server's first file has, is two zero
 * bytes longer (source: MariaDB knowledge base, "GTID_LIST_EVENT"). Owned by
 * one thread; gtid_list_done() frees it.
 */
#pragma once

#include "binlog/event.h"

#define GTID_LIST_FLAG_UNTIL_REACHED (UINT32_C(1) << 28)
#define GTID_LIST_FLAG_IGNORE_GTIDS  (UINT32_C(1) << 29)
#define GTID_LIST_COUNT_MASK         ((UINT32_C(1) << 28) - 1)

struct gtid_mariadb {
    uint64_t sequence;
    uint32_t domain;
    uint32_t server_id;
};

/* Where in `items` a key is: an open hash table. */
struct gtid_index {
    uint32_t *cells; /* 1 + place; 0: free */
    size_t cap;      /* a power of two, or 0 */
    size_t used;
};

struct gtid_list {
    struct gtid_mariadb *items; /* written here only: the indexes follow them */
    size_t count;
    size_t cap;
    uint32_t flags;              /* of a GTID_LIST event */
    struct gtid_index by_domain; /* the last of the domain */
    struct gtid_index by_server; /* the last of domain and server */
};

void gtid_list_init(struct gtid_list *list);
void gtid_list_done(struct gtid_list *list);
void gtid_list_append(struct gtid_list *list, struct gtid_mariadb gtid);

/* "0-1-2,1-5-6"; white space around GTIDs is ignored. E_USAGE; the list is untouched. */
MUST_CHECK bool gtid_list_parse(struct span text, struct gtid_list *list, struct err *err);
void gtid_list_print(struct buf *buf, const struct gtid_list *list);

/* The same by domain, then by number, whatever the list's order: as servers show them. */
void gtid_list_print_sorted(struct buf *buf, const struct gtid_list *list);

/* The body of a GTID_LIST event. E_PROTO; the list is untouched. */
MUST_CHECK bool gtid_list_decode(struct span body, struct gtid_list *list, struct err *err);
void gtid_list_encode(struct buf *buf, const struct gtid_list *list);

/* The last entry of a domain, which is its latest; NULL when there is none. */
const struct gtid_mariadb *gtid_list_find(const struct gtid_list *list, uint32_t domain);

/* Of a state: the entry of a domain's server; NULL when there is none. */
const struct gtid_mariadb *gtid_list_find_server(const struct gtid_list *list, uint32_t domain,
                                                 uint32_t server_id);

/* Of a position: replaces the domain's entry. */
void gtid_list_set_position(struct gtid_list *list, struct gtid_mariadb gtid);

/* Of a state: replaces the entry of domain and server and makes it the domain's latest. */
void gtid_list_set_state(struct gtid_list *list, struct gtid_mariadb gtid);

/* Whether it has no domain twice. */
bool gtid_list_is_position(const struct gtid_list *list);

/* Whether a position has reached a GTID: its domain's sequence is that or more. */
bool gtid_list_reached(const struct gtid_list *position, struct gtid_mariadb gtid);

/* Whether a state holds a GTID: the sequence of its domain and server is that or more. */
bool gtid_list_holds(const struct gtid_list *state, struct gtid_mariadb gtid);

/*
 * Of positions: whether one has reached all of another; the greater of each domain; what another
 * has not reached.
 */
bool gtid_list_contains(const struct gtid_list *position, const struct gtid_list *other);
void gtid_list_union(struct gtid_list *position, const struct gtid_list *other);
void gtid_list_subtract(struct gtid_list *position, const struct gtid_list *other);

/* Same entries and the same latest of each domain, in whatever order. */
bool gtid_list_equal(const struct gtid_list *a, const struct gtid_list *b);
