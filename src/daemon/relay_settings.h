/*
 * struct relay_settings: what a configuration says of one channel, ready for use: certificates are
 * loaded. Making it changes nothing, so that a new file can be tried before it holds.
 *
 * Immutable and shared: each session has a share of the settings under which it logged in. Any
 * thread.
 */
#pragma once

#include "daemon/relay_config.h"

struct relay_settings {
    struct relay_config *config;                /* a share */
    const struct relay_channel_config *channel; /* of it */
    struct tls *source_tls;                     /* NULL: in clear */
    struct tls *listen_tls;                     /* NULL: the relay's own certificate */
    struct relay_settings_parts *parts;
};

/* E_USAGE and E_IO, with the channel's name. */
MUST_CHECK bool relay_settings_make(struct relay_config *config,
                                    const struct relay_channel_config *channel,
                                    struct relay_settings **ret_settings, struct err *err);

struct relay_settings *relay_settings_share(struct relay_settings *settings);
void relay_settings_free(struct relay_settings *settings); /* the last share frees; NULL is fine */

/* Whether the receiver must connect anew to go from one to the other. */
bool relay_settings_same_source(const struct relay_settings *a, const struct relay_settings *b);
