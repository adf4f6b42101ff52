/*
 * The options that say what a cluster shall be, and how they become a request's.
 */
#pragma once

#include "cli/verb.h"

#include <jansson.h>
#include <stdint.h>

#define LISTEN_OPTION                                                                              \
    {                                                                                              \
        "listen", "IP", "Address of the endpoint; 127.0.0.1 at first."                             \
    }
#define PORT_OPTION                                                                                \
    {                                                                                              \
        "port", "N", "Port of the endpoint; at first the first free one from 13306 on."            \
    }
#define REQUIRE_TLS_OPTION                                                                         \
    {                                                                                              \
        "require-secure-transport", "on|off", "Refuse clients that do not use TLS; off at first."  \
    }
#define CLIENT_NETWORKS_OPTION                                                                     \
    {                                                                                              \
        "client-networks", "NETWORK,...",                                                          \
            "Where clients may come from, as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.7; any at "    \
            "first, and with an empty value."                                                      \
    }

#define PARAMETER_GROUP_OPTION                                                                     \
    {                                                                                              \
        "parameter-group", "NAME",                                                                 \
            "The DB cluster parameter group; the default one of its compatibility at first."       \
    }
#define INSTANCE_PARAMETER_GROUP_OPTION                                                            \
    {                                                                                              \
        "instance-parameter-group", "NAME",                                                        \
            "The DB parameter group of its instances, whose values win; the default one at first." \
    }
#define READER_LISTEN_OPTION                                                                       \
    {                                                                                              \
        "reader-listen", "IP",                                                                     \
            "Address of the reader endpoint; where nothing is given, the endpoint's."              \
    }
#define READER_PORT_OPTION                                                                         \
    {                                                                                              \
        "reader-port", "N|off",                                                                    \
            "Port of the reader endpoint; where only its address is given, the endpoint's. There " \
            "is none at first. It leads to the writer as long as the cluster has no other "        \
            "instance."                                                                            \
    }
#define INSTANCE_LISTEN_OPTION                                                                     \
    {                                                                                              \
        "instance-listen", "IP", "As --reader-listen, of the writer's own endpoint."               \
    }
#define INSTANCE_PORT_OPTION                                                                       \
    {                                                                                              \
        "instance-port", "N|off", "As --reader-port, of the writer's own endpoint."                \
    }

bool cluster_options_port(const char *text, uint16_t *ret_port);

/*
 * The options that were given, and the name, as an object (released by the caller). EXIT_USAGE,
 * said already.
 */
int cluster_options_read(const struct verb *verb, const char *const *values, const char *name,
                         json_t **ret_arguments);
