/*
 * struct relay_channels: the channels of a relay by the configuration that holds: started, replaced
 * by those of another configuration, stopped. Whoever uses them has the owner's lock.
 */
#pragma once

#include "base/buf.h"
#include "daemon/relay_channel.h"

struct relay_channels {
    struct relay_channel_context context;
    struct relay_config *config; /* a share */
    struct relay_channel **items;
    size_t count;
};

/* All settings of a config, in its order: what to try before anything is changed. */
struct relay_plan {
    struct relay_settings **settings;
    size_t count;
};

MUST_CHECK bool relay_plan_make(struct relay_config *config, struct relay_plan *ret_plan,
                                struct err *err);
void relay_plan_done(struct relay_plan *plan);

/*
 * Starts all of a plan, which is emptied. Those that fail are logged and stay, to be tried again;
 * false with the first error when all failed.
 */
MUST_CHECK bool relay_channels_open(struct relay_channels *channels,
                                    const struct relay_channel_context *context,
                                    struct relay_config *config, struct relay_plan *plan,
                                    struct err *err);
void relay_channels_close(struct relay_channels *channels);

/* Starts those again that are not; once a minute is enough. */
void relay_channels_retry(struct relay_channels *channels);

/*
 * Goes over to another config, whose plan is emptied. What takes a restart stays as it is and is
 * named in `restart`, one text after the other, with ", " between them; the other three have names
 * of channels.
 */
struct relay_changes {
    struct buf added;
    struct buf removed;
    struct buf restart;
};

void relay_changes_init(struct relay_changes *changes);
void relay_changes_done(struct relay_changes *changes);

void relay_channels_change(struct relay_channels *channels, struct relay_config *config,
                           struct relay_plan *plan, struct relay_changes *changes);
