/*
 * struct source_definition: from where a cluster replicates, as an operator has set it, and the
 * private way between its engine and its relay. Kept in one file of mode 0600:
 *
 *     DIR/clusters/NAME/relay/source.json
 *
 * It has the source's password; it is replaced as a whole.
 */
#pragma once

#include "base/err.h"
#include "binlog/gtid.h"
#include "log/position.h"

#include <stdbool.h>
#include <stdint.h>

#define SOURCE_ID_LEN       8 /* letters and digits */
#define SOURCE_DOOR_SECRET  32
#define SOURCE_DOOR_ACCOUNT "relay-" /* with the id: the user that the engine is at its relay */

struct source_definition {
    char id[SOURCE_ID_LEN + 1]; /* random; each definition has its own, and its log a directory */
    char *host;
    uint16_t port;
    char *user;
    char *password; /* may be empty */
    bool encrypted; /* never in clear */

    /* From where: a position, or, with an empty name, behind the GTIDs that are here already. */
    struct log_position position;
    char *gtids;            /* a set, of a MySQL source */
    char *gtids_of_mariadb; /* a GTID per domain, of a MariaDB source */

    char *skipped; /* GTIDs of the source that are never to be applied; "": none */

    /* Where replication is to stop: a place in the source's log or GTIDs of it; both empty: never.
     */
    struct log_position until;
    char *until_gtids;
    bool until_reached; /* it has stopped there, and that was told */

    uint32_t domain; /* of what MySQL's transactions become at the engine */
    bool counted;    /* those without GTIDs, as in translator_options: it stays as it was begun */
    int64_t set_at;  /* seconds since 1970 */

    /* The relay as the source and the engine see it. */
    uint32_t server_id;
    char server_uuid[GTID_UUID_TEXT + 1];
    uint16_t door_port; /* of 127.0.0.1; 0: none was chosen yet */
    char door_password[SOURCE_DOOR_SECRET + 1];
};

/* Wipes the passwords; NULL is fine. */
void source_definition_free(struct source_definition *definition);

bool source_definition_is_auto(const struct source_definition *definition);

/* Replaces a text of the definition. */
void source_definition_put(char **text, const char *value);

/*
 * The same source with another beginning: behind the position, or, without one, behind the GTIDs.
 * It has an id, a door, a domain and a server id of its own.
 */
struct source_definition *source_definition_renew(const struct source_definition *definition,
                                                  uint32_t taken_domain, uint32_t taken_server_id,
                                                  const struct log_position *position,
                                                  const char *gtids, const char *gtids_of_mariadb);

/*
 * Takes what a procedure asks for, a JSON object with host, port, user, password, ssl, and file and
 * position or gtids and gtids_of_mariadb, and chooses the rest, a domain and a server id that are
 * not taken. E_USAGE names the argument, and shows none.
 */
MUST_CHECK bool source_definition_parse(const char *asked, uint32_t taken_domain,
                                        uint32_t taken_server_id,
                                        struct source_definition **ret_definition, struct err *err);

/* *ret_definition is NULL when there is no file. E_PROTO: it is not what we write. */
MUST_CHECK bool source_definition_load(const char *path, struct source_definition **ret_definition,
                                       struct err *err);
MUST_CHECK bool source_definition_save(const char *path, const struct source_definition *definition,
                                       struct err *err);
