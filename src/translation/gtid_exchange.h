/*
 * GTIDs of one family as those of the other: one to one, and the same at every relay of a source.
 *
 * MySQL -> MariaDB: the domain is the channel's, the server id the event's, the sequence number how
 * many GTIDs the source has executed with this one (PREVIOUS_GTIDS and those after it), those that
 * came from MariaDB apart: it grows without a stored map, whatever the UUIDs, tags and gaps. A
 * transaction without a GTID has its place instead: the file's number times 2^40 and the offset in
 * the file. Or it is counted: the file's number times 2^40, the offset at which the log has the
 * file from, and how many came before it there. That is the same only where the file is read from
 * the same offset on, as one log always does; but it has no gaps within a file, of which a MySQL
 * server would keep each in its gtid_executed. It is never more than the place.
 *
 * MariaDB -> MySQL: the UUID is made of domain and server id and leads back to them, the number is
 * the sequence number. Either way a GTID that was made here becomes what it was before.
 *
 * UUIDs made here are of version 8 (RFC 9562): b0ea115d-DDDD-8DDD-8D00-0000SSSSSSSS with the domain
 * and the server id as hexadecimal digits D and S. No state, any thread.
 */
#pragma once

#include "binlog/gtid.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"

/* The UUID that stands for a domain's server, and back; false for a UUID that was not made here. */
void gtid_uuid_of_domain(uint32_t domain, uint32_t server_id, struct gtid_uuid *ret_uuid);
bool gtid_uuid_to_domain(const struct gtid_uuid *uuid, uint32_t *ret_domain,
                         uint32_t *ret_server_id);

/* The sequence number of a transaction without a GTID that begins there. */
uint64_t gtid_sequence_of_place(uint64_t file_number, uint64_t offset);

/* Whether a sequence number is that of a place, no count of GTIDs; and which. */
bool gtid_sequence_to_place(uint64_t sequence, uint64_t *ret_file_number, uint64_t *ret_offset);

/* The sequence number of the latest transaction of a set: how many GTIDs are not made here. */
uint64_t gtid_sequence_of_set(const struct gtid_set *set);

/*
 * What a server of the other family would have in its GTID_LIST, or in its PREVIOUS_GTIDS, where
 * one of this family has a set, or a state. `domain` and `server_id` are those of transactions from
 * MySQL. Replaces the list, or the set. E_LIMIT for a sequence number that is no number in MySQL.
 */
void gtid_set_to_list(const struct gtid_set *set, uint32_t domain, uint32_t server_id,
                      struct gtid_list *list);
MUST_CHECK bool gtid_list_to_set(const struct gtid_list *list, struct gtid_set *set,
                                 struct err *err);
