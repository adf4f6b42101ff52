/*
 * struct relay_identity: by which server id and UUID sources and replicas know a relay: the same at
 * every start, kept in DIR/identity.json.
 */
#pragma once

#include "base/err.h"
#include "binlog/gtid.h"

struct relay_identity {
    uint32_t server_id;
    char server_uuid[GTID_UUID_TEXT + 1];
};

/*
 * Reads the file of the directory, or makes it. `asked` is a server id that replaces the one kept;
 * 0: none. E_IO, E_PROTO.
 */
MUST_CHECK bool relay_identity_find(const char *directory, uint32_t asked,
                                    struct relay_identity *ret_identity, struct err *err);
