#include "daemon/relay_settings.h"

#include "base/file.h"
#include "base/mem.h"

#include <stdatomic.h>

#define AUTHORITIES_MAX ((size_t)4 << 20) /* bytes of a file; the system's has 200 KiB */

struct relay_settings_parts {
    atomic_uint shares;
    char *authorities; /* content of the file that the source is checked by; NULL: none */
};

static bool load(struct relay_settings *settings, struct err *err)
{
    const struct relay_channel_config *channel = settings->channel;
    struct tls_client_spec source = {.mode = channel->source_tls_mode,
                                     .ca_file = channel->source_ca};
    struct tls_server_spec server = {.cert_file = channel->cert_file,
                                     .key_file = channel->key_file};

    if (channel->source_ca &&
        !file_read(channel->source_ca, AUTHORITIES_MAX, &settings->parts->authorities, err))
        return false;
    return (!channel->source_tls || tls_client_new(&source, &settings->source_tls, err)) &&
           (!channel->cert_file || tls_server_new(&server, &settings->listen_tls, err));
}

bool relay_settings_make(struct relay_config *config, const struct relay_channel_config *channel,
                         struct relay_settings **ret_settings, struct err *err)
{
    struct relay_settings *settings = mem_alloc(sizeof *settings);

    settings->config = relay_config_share(config);
    settings->channel = channel;
    settings->parts = mem_alloc(sizeof *settings->parts);
    atomic_init(&settings->parts->shares, 1);
    if (!load(settings, err)) {
        relay_settings_free(settings);
        return err_prefix(err, "channel %s", channel->section.name);
    }
    *ret_settings = settings;
    return true;
}

struct relay_settings *relay_settings_share(struct relay_settings *settings)
{
    (void)atomic_fetch_add(&settings->parts->shares, 1);
    return settings;
}

void relay_settings_free(struct relay_settings *settings)
{
    if (!settings || atomic_fetch_sub(&settings->parts->shares, 1) > 1)
        return;
    tls_free(settings->source_tls);
    tls_free(settings->listen_tls);
    relay_config_free(settings->config);
    mem_free(settings->parts->authorities);
    mem_free(settings->parts);
    mem_free(settings);
}

static bool same_text(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

bool relay_settings_same_source(const struct relay_settings *a, const struct relay_settings *b)
{
    const struct relay_channel_config *x = a->channel;
    const struct relay_channel_config *y = b->channel;

    return same_text(x->source_host, y->source_host) && x->source_port == y->source_port &&
           same_text(x->source_user, y->source_user) &&
           same_text(x->source_password, y->source_password) && x->source_tls == y->source_tls &&
           x->source_tls_mode == y->source_tls_mode &&
           same_text(a->parts->authorities, b->parts->authorities) &&
           x->source_heartbeat_seconds == y->source_heartbeat_seconds &&
           x->source_silence_seconds == y->source_silence_seconds && x->semi_sync == y->semi_sync &&
           x->start == y->start && same_text(x->gtids, y->gtids) &&
           x->source_change == y->source_change && same_text(x->position.file, y->position.file) &&
           x->position.offset == y->position.offset;
}
