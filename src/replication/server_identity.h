/* What a server that we play is told apart by in replication: numbers of chance, chosen once and
 * kept. */
#ifndef BOREALIS_REPLICATION_SERVER_IDENTITY_H
#define BOREALIS_REPLICATION_SERVER_IDENTITY_H

#include "binlog/gtid.h"

#include <stdint.h>

/* A server_uuid: RFC 4122's version 4, small letters. */
void server_uuid_choose(char ret_text[GTID_UUID_TEXT + 1]);

/* A server id or GTID domain from 2^30 to 2^31-1, unlike those that a person chooses; never
 * `taken`. */
uint32_t server_number_choose(uint32_t taken);

#endif
