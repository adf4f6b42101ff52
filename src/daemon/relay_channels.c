#include "daemon/relay_channels.h"

#include "base/log.h"
#include "base/mem.h"

#define SUBJECT     "relay"
#define CHANGES_MAX (64u << 10)

bool relay_plan_make(struct relay_config *config, struct relay_plan *ret_plan, struct err *err)
{
    struct relay_plan plan = {.settings =
                                  mem_alloc(RELAY_CHANNELS_MAX * sizeof(struct relay_settings *))};

    for (struct relay_channel_config *at = config->channels; at; at = at->next) {
        if (!relay_settings_make(config, at, &plan.settings[plan.count], err)) {
            relay_plan_done(&plan);
            return false;
        }
        plan.count++;
    }
    *ret_plan = plan;
    return true;
}

void relay_plan_done(struct relay_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        relay_settings_free(plan->settings[i]);
    mem_free(plan->settings);
    *plan = (struct relay_plan){0};
}

/* Whoever takes settings out of a plan leaves NULL there. */
static struct relay_settings *take_settings(struct relay_plan *plan, size_t i)
{
    struct relay_settings *settings = plan->settings[i];

    plan->settings[i] = NULL;
    return settings;
}

static void log_translated(const struct relay_channel *channel, const char *family,
                           const struct relay_address *address)
{
    if (address->ip)
        log_info(SUBJECT, "channel %s relays to %s replicas at %s:%u", relay_channel_name(channel),
                 family, address->ip, address->port);
}

static bool start(struct relay_channel *channel, struct err *err)
{
    const struct relay_channel_config *config = relay_channel_settings(channel)->channel;

    if (!relay_channel_start(channel, err)) {
        log_error(SUBJECT, "not started: %s", err->text);
        return false;
    }
    log_info(SUBJECT, "channel %s relays %s:%u to replicas at %s:%u", relay_channel_name(channel),
             config->source_host, config->source_port, config->listen, config->port);
    log_translated(channel, "MariaDB", &config->listen_mariadb);
    log_translated(channel, "MySQL", &config->listen_mysql);
    return true;
}

static struct relay_channel *find_channel(struct relay_channel *const *items, size_t count,
                                          const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i] && strcmp(relay_channel_name(items[i]), name) == 0)
            return items[i];
    }
    return NULL;
}

/* The channels that the settings of one name; NULL: none. The config has checked the names. */
static struct origin_map *map_origins(struct relay_channel *const *items, size_t count,
                                      const struct relay_settings *settings)
{
    struct origin_domain domains[RELAY_CHANNELS_MAX];
    size_t found = 0;

    for (const struct relay_name *name = settings->channel->gtids_of; name; name = name->next) {
        const struct relay_channel_config *other =
            relay_config_channel(settings->config, name->text);

        domains[found++] = (struct origin_domain){
            (uint32_t)other->mariadb_domain,
            relay_channel_borrow_origins(find_channel(items, count, name->text))};
    }
    return found > 0 ? origin_map_new(domains, found) : NULL;
}

bool relay_channels_open(struct relay_channels *channels,
                         const struct relay_channel_context *context, struct relay_config *config,
                         struct relay_plan *plan, struct err *err)
{
    struct err first = {0};
    bool any = false;

    channels->context = *context;
    channels->config = relay_config_share(config);
    channels->items = mem_alloc(RELAY_CHANNELS_MAX * sizeof *channels->items);
    for (size_t i = 0; i < plan->count; i++)
        channels->items[channels->count++] = relay_channel_new(context, take_settings(plan, i));
    for (size_t i = 0; i < channels->count; i++) {
        struct relay_channel *channel = channels->items[i];
        struct err why = {0};

        relay_channel_change(
            channel, NULL,
            map_origins(channels->items, channels->count, relay_channel_settings(channel)));
        if (start(channel, &why))
            any = true;
        else if (first.class == E_NONE)
            first = why;
    }
    relay_plan_done(plan);
    if (!any)
        *err = first;
    return any;
}

void relay_channels_close(struct relay_channels *channels)
{
    for (size_t i = 0; i < channels->count; i++)
        relay_channel_free(channels->items[i]);
    mem_free(channels->items);
    relay_config_free(channels->config);
    *channels = (struct relay_channels){0};
}

void relay_channels_retry(struct relay_channels *channels)
{
    struct err logged;

    for (size_t i = 0; i < channels->count; i++) {
        if (!relay_channel_is_started(channels->items[i]))
            (void)!start(channels->items[i], &logged);
    }
}

/* ---- Another configuration ---- */

void relay_changes_init(struct relay_changes *changes)
{
    buf_init(&changes->added, CHANGES_MAX);
    buf_init(&changes->removed, CHANGES_MAX);
    buf_init(&changes->restart, CHANGES_MAX);
}

void relay_changes_done(struct relay_changes *changes)
{
    buf_done(&changes->added);
    buf_done(&changes->removed);
    buf_done(&changes->restart);
}

static void note(struct buf *list, const char *channel, const char *key)
{
    buf_str(list, list->len > 0 ? ", " : "");
    if (key)
        buf_printf(list, "[channel %s] %s", channel, key);
    else
        buf_str(list, channel);
}

static bool is_same_address(const struct relay_address *a, const struct relay_address *b)
{
    if (!a->ip || !b->ip)
        return a->ip == b->ip;
    return a->port == b->port && strcmp(a->ip, b->ip) == 0;
}

static void note_restart(const struct relay_channel *channel, struct buf *restart)
{
    const struct relay_channel_config *now = relay_channel_settings(channel)->channel;
    const struct relay_channel_started *started = relay_channel_started(channel);

    if (now->port != started->port || strcmp(now->listen, started->listen) != 0)
        note(restart, relay_channel_name(channel), "listen");
    if (!is_same_address(&now->listen_mariadb, &started->listen_mariadb))
        note(restart, relay_channel_name(channel), "listen_mariadb");
    if (!is_same_address(&now->listen_mysql, &started->listen_mysql))
        note(restart, relay_channel_name(channel), "listen_mysql");
    if (now->cache_bytes != started->cache_bytes)
        note(restart, relay_channel_name(channel), "cache_bytes");
    if (now->keep_free_bytes != started->keep_free_bytes)
        note(restart, relay_channel_name(channel), "keep_free_bytes");
}

static struct relay_channel *take_channel(struct relay_channels *channels, const char *name)
{
    for (size_t i = 0; i < channels->count; i++) {
        struct relay_channel *channel = channels->items[i];

        if (channel && strcmp(relay_channel_name(channel), name) == 0) {
            channels->items[i] = NULL;
            return channel;
        }
    }
    return NULL;
}

/* Those that the new config does not have: first, because a new one may need their address. */
static void remove_others(struct relay_channels *channels, const struct relay_config *config,
                          struct relay_changes *changes)
{
    for (size_t i = 0; i < channels->count; i++) {
        const char *name = relay_channel_name(channels->items[i]);

        if (relay_config_channel(config, name))
            continue;
        log_info(SUBJECT, "channel %s is removed from the configuration: stopped, its log is kept",
                 name);
        note(&changes->removed, name, NULL);
        relay_channel_free(channels->items[i]);
        channels->items[i] = NULL;
    }
}

void relay_channels_change(struct relay_channels *channels, struct relay_config *config,
                           struct relay_plan *plan, struct relay_changes *changes)
{
    struct relay_channel **items = mem_alloc(RELAY_CHANNELS_MAX * sizeof *items);
    struct err logged;

    remove_others(channels, config, changes);
    for (size_t i = 0; i < plan->count; i++) {
        const char *name = plan->settings[i]->channel->section.name;

        items[i] = take_channel(channels, name);
        if (!items[i]) {
            items[i] = relay_channel_new(&channels->context, take_settings(plan, i));
            note(&changes->added, name, NULL);
        }
    }
    for (size_t i = 0; i < plan->count; i++) {
        struct relay_settings *settings = take_settings(plan, i);

        relay_channel_change(items[i], settings,
                             map_origins(items, plan->count,
                                         settings ? settings : relay_channel_settings(items[i])));
        if (relay_channel_is_started(items[i]) || start(items[i], &logged))
            note_restart(items[i], &changes->restart);
    }
    mem_free(channels->items);
    channels->items = items;
    channels->count = plan->count;
    relay_config_free(channels->config);
    channels->config = relay_config_share(config);
    relay_plan_done(plan);
}
