#include "daemon/relay_config.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/ini.h"
#include "base/mem.h"
#include "base/secret_file.h"
#include "daemon/relay_config_keys.h"
#include "log/hold.h"

#include <inttypes.h>
#include <libgen.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define ARENA_CAP       ((size_t)128 << 20) /* a key's object is larger than its text, not 100 times */
#define SECRET_MAX      1024                /* bytes of a file with a password or hashes */
#define NAME_LENGTH_MAX 64
#define HASH_BLANKS     " \t\r\n"

/* As the servers' own, but for the heartbeat, which is cheap. */
#define HEARTBEAT_SECONDS  5
#define SILENCE_SECONDS    60
#define MARIADB_DOMAIN     1     /* not 0, in which a MariaDB writes what is its own */
#define DEPENDENCY_HISTORY 25000 /* as MySQL has it */

#define ADDRESSES 3 /* of a channel's listeners */

struct relay_config_parts {
    struct arena *arena;
    atomic_uint shares;
    char *base; /* the file's directory; NULL: flags */
    size_t n_channels;
    size_t n_accounts;
    struct relay_channel_config **last_channel;
    struct relay_account_config **last_account;
    /* The section at hand. */
    const struct relay_section_keys *keys;
    struct relay_section *object;
    unsigned line;
};

struct relay_config *relay_config_new(void)
{
    struct relay_config *config = mem_alloc(sizeof *config);
    struct relay_config_parts *parts = mem_alloc(sizeof *parts);

    config->parts = parts;
    parts->arena = arena_new(ARENA_CAP);
    atomic_init(&parts->shares, 1);
    parts->last_channel = &config->channels;
    parts->last_account = &config->accounts;
    return config;
}

struct relay_config *relay_config_share(struct relay_config *config)
{
    (void)atomic_fetch_add(&config->parts->shares, 1);
    return config;
}

void relay_config_free(struct relay_config *config)
{
    if (!config || atomic_fetch_sub(&config->parts->shares, 1) > 1)
        return;
    for (struct relay_channel_config *channel = config->channels; channel; channel = channel->next)
        secret_free(channel->source_password);
    for (struct relay_account_config *account = config->accounts; account; account = account->next)
        replicate_rules_free(account->rules);
    arena_free(config->parts->arena);
    mem_free(config->parts->base);
    mem_free(config->parts);
    mem_free(config);
}

struct relay_channel_config *relay_config_channel(const struct relay_config *config,
                                                  const char *name)
{
    struct relay_channel_config *channel = config->channels;

    while (channel && strcmp(channel->section.name, name) != 0)
        channel = channel->next;
    return channel;
}

bool relay_config_serves(const struct relay_account_config *account, const char *channel)
{
    const struct relay_name *name = account->channels;

    while (name && strcmp(name->text, channel) != 0)
        name = name->next;
    return name || !account->channels;
}

static bool comes_from(const struct relay_account_config *account, const char *ip)
{
    const struct relay_host *host = account->hosts;

    while (host && !address_range_has(&host->range, ip))
        host = host->next;
    return host || !account->hosts;
}

const struct relay_account_config *relay_config_account(const struct relay_config *config,
                                                        const char *channel, struct span user,
                                                        const char *ip)
{
    const struct relay_account_config *account = config->accounts;

    while (account && !span_eq(user, span_str(account->section.name)))
        account = account->next;
    if (account && relay_config_serves(account, channel) && comes_from(account, ip))
        return account;
    return NULL;
}

/* ---- Sections and keys ---- */

static bool fail_twice(const struct relay_section *first, struct err *err)
{
    return err_set(err, E_USAGE, 0, "expected the section once, found it in line %u too",
                   first->line);
}

static bool begin_channel(struct relay_config *config, const char *name, struct err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_-";
    struct relay_config_parts *parts = config->parts;
    struct relay_channel_config *channel = relay_config_channel(config, name);

    if (channel)
        return fail_twice(&channel->section, err);
    if (strspn(name, letters) != strlen(name) || strlen(name) > NAME_LENGTH_MAX ||
        strcmp(name, "tls") == 0)
        return err_set(err, E_USAGE, 0,
                       "expected a name of 1 to %d letters, digits, '_' and '-', which is not "
                       "'tls', found '%s'",
                       NAME_LENGTH_MAX, name);
    if (parts->n_channels++ == RELAY_CHANNELS_MAX)
        return err_set(err, E_LIMIT, 0, "expected at most %d channels", RELAY_CHANNELS_MAX);
    channel = arena_alloc(parts->arena, sizeof *channel);
    channel->source_tls = true;
    channel->start = RECEIVER_FROM_OLDEST;
    channel->retention_hours = UINT64_MAX;
    channel->disk_limits = disk_limits_default;
    channel->disk_limits.stages[DISK_FULL] = (struct disk_limit){0}; /* of no concern to a relay */
    channel->mariadb_domain = MARIADB_DOMAIN;
    channel->dependency_history_size = DEPENDENCY_HISTORY;
    channel->source_heartbeat_seconds = HEARTBEAT_SECONDS;
    channel->source_silence_seconds = SILENCE_SECONDS;
    channel->replica_silence_seconds = SILENCE_SECONDS;
    for (enum dump_control i = 0; i < DUMP_CONTROL_COUNT; i++)
        channel->controls[i] = dump_control_info(i)->standard;
    *parts->last_channel = channel;
    parts->last_channel = &channel->next;
    parts->object = &channel->section;
    return true;
}

static bool begin_account(struct relay_config *config, const char *name, struct err *err)
{
    struct relay_config_parts *parts = config->parts;
    struct relay_account_config *account = config->accounts;

    while (account && strcmp(account->section.name, name) != 0)
        account = account->next;
    if (account)
        return fail_twice(&account->section, err);
    if (strlen(name) > NAME_LENGTH_MAX)
        return err_set(err, E_USAGE, 0, "expected a user name of 1 to %d bytes", NAME_LENGTH_MAX);
    if (parts->n_accounts++ == RELAY_ACCOUNTS_MAX)
        return err_set(err, E_LIMIT, 0, "expected at most %d accounts", RELAY_ACCOUNTS_MAX);
    account = arena_alloc(parts->arena, sizeof *account);
    *parts->last_account = account;
    parts->last_account = &account->next;
    parts->object = &account->section;
    return true;
}

static bool begin_relay(struct relay_config *config, struct err *err)
{
    if (config->section.name)
        return fail_twice(&config->section, err);
    config->parts->object = &config->section;
    return true;
}

bool relay_config_begin(struct relay_config *config, const char *word, const char *name,
                        struct err *err)
{
    static const struct relay_section_keys *const sections[] = {
        &relay_section_relay, &relay_section_channel, &relay_section_account};
    struct relay_config_parts *parts = config->parts;
    const struct relay_section_keys *keys = NULL;
    bool good;

    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        if (strcmp(word, sections[i]->word) == 0)
            keys = sections[i];
    }
    if (!keys || !keys->argument != (*name == '\0'))
        return err_set(err, E_USAGE, 0, "expected [relay], [channel NAME] or [account NAME]");
    if (keys == &relay_section_channel)
        good = begin_channel(config, name, err);
    else if (keys == &relay_section_account)
        good = begin_account(config, name, err);
    else
        good = begin_relay(config, err);
    if (!good)
        return false;
    parts->keys = keys;
    parts->object->name = *name ? arena_strdup(parts->arena, name) : keys->word;
    parts->object->line = parts->line;
    return true;
}

bool relay_config_set(struct relay_config *config, const char *key, const char *value,
                      struct err *err)
{
    struct relay_config_parts *parts = config->parts;
    const struct config_key *known = parts->keys ? config_key_find(parts->keys->keys, key) : NULL;
    uint64_t bit;

    if (!parts->keys)
        return err_set(err, E_USAGE, 0, "expected a [section] before the first key");
    if (!known)
        return err_set(err, E_USAGE, 0, "expected a key of [%s%s], found one that it does not have",
                       parts->keys->word, parts->keys->argument ? " NAME" : "");
    bit = UINT64_C(1) << (known - parts->keys->keys);
    if ((parts->object->given & bit) && !known->again)
        return err_set(err, E_USAGE, 0, "expected it once in the section, found it again");
    parts->object->given |= bit;
    if (known->take == config_take_path && parts->base && *value != '/' && *value)
        value = arena_printf(parts->arena, "%s/%s", parts->base, value);
    return known->take(known, parts->object, parts->arena, value, err);
}

/* ---- The end ---- */

/* "FILE:LINE: [channel a] " before the text, as far as there is a file. */
static bool fail_section(const struct relay_config *config, const char *word,
                         const struct relay_section *section, struct err *err)
{
    if (!config->path)
        return false;
    if (!section->name)
        return err_prefix(err, "%s", config->path);
    if (strcmp(section->name, word) == 0)
        return err_prefix(err, "%s:%u: [%s]", config->path, section->line, word);
    return err_prefix(err, "%s:%u: [%s %s]", config->path, section->line, word, section->name);
}

static bool read_secret(const char *path, char **ret_secret, struct err *err)
{
    return secret_file_read(path, SECRET_MAX, ret_secret, err);
}

/* The keys' names, and what they have. */
static void list_addresses(const struct relay_channel_config *channel, const char *names[ADDRESSES],
                           struct relay_address addresses[ADDRESSES])
{
    names[0] = "listen";
    names[1] = "listen_mariadb";
    names[2] = "listen_mysql";
    addresses[0] = (struct relay_address){channel->listen, channel->port};
    addresses[1] = channel->listen_mariadb;
    addresses[2] = channel->listen_mysql;
}

/* No two listeners of one channel, or of two, at one address. */
static bool check_addresses(const struct relay_channel_config *a,
                            const struct relay_channel_config *b, struct err *err)
{
    struct relay_address ours[ADDRESSES];
    struct relay_address theirs[ADDRESSES];
    const char *names[ADDRESSES];

    list_addresses(b, names, theirs);
    list_addresses(a, names, ours);
    for (size_t i = 0; i < ADDRESSES; i++) {
        for (size_t j = 0; j < (a == b ? i : ADDRESSES); j++) {
            if (ours[i].ip && theirs[j].ip && ours[i].port == theirs[j].port &&
                strcmp(ours[i].ip, theirs[j].ip) == 0)
                return err_set(err, E_USAGE, 0,
                               "%s: expected an address of its own, found that of %s%s%s", names[i],
                               a == b ? names[j] : "[channel ", a == b ? "" : b->section.name,
                               a == b ? "" : "]");
        }
    }
    return true;
}

static bool same_address(const struct relay_channel_config *a, const struct relay_channel_config *b,
                         struct err *err)
{
    if (!check_addresses(a, b, err))
        return false;
    /* The source would end the dump of one for that of the other, again and again. */
    if (a->source_port == b->source_port && strcmp(a->source_host, b->source_host) == 0)
        return err_set(err, E_USAGE, 0,
                       "source: expected a server of its own, found that of [channel %s]",
                       b->section.name);
    return true;
}

/* Domains of the source that are other channels': each is one channel's, of a MySQL source. */
static bool check_gtids_of(const struct relay_config *config,
                           const struct relay_channel_config *channel, struct err *err)
{
    if (channel->gtids_of && !channel->listen_mysql.ip)
        return err_set(err, E_USAGE, 0,
                       "gtids_of: expected listen_mysql, whose replicas it is for, found none");
    for (const struct relay_name *name = channel->gtids_of; name; name = name->next) {
        const struct relay_channel_config *other = relay_config_channel(config, name->text);

        if (!other || other == channel)
            return err_set(err, E_USAGE, 0,
                           "gtids_of: expected names of other [channel NAME] sections, found '%s'",
                           name->text);
        if (other->gtids_of)
            return err_set(err, E_USAGE, 0,
                           "gtids_of: expected channels from MySQL, found '%s', which has gtids_of "
                           "itself, as only one from MariaDB has",
                           name->text);
        for (const struct relay_name *next = name->next; next; next = next->next) {
            const struct relay_channel_config *more = relay_config_channel(config, next->text);

            if (more && more->mariadb_domain == other->mariadb_domain)
                return err_set(err, E_USAGE, 0,
                               "gtids_of: expected channels with a mariadb_domain each, found "
                               "%" PRIu64 " at '%s' and at '%s'",
                               other->mariadb_domain, next->text, name->text);
        }
    }
    return true;
}

static bool finish_channel(const struct relay_config *config, struct relay_channel_config *channel,
                           struct err *err)
{
    if (!channel->source_host)
        return err_set(err, E_USAGE, 0, "source is needed");
    if (!channel->listen)
        return err_set(err, E_USAGE, 0, "listen is needed");
    if (!channel->cert_file != !channel->key_file)
        return err_set(err, E_USAGE, 0, "ssl_cert and ssl_key go together");
    if (!check_addresses(channel, channel, err) || !check_gtids_of(config, channel, err))
        return false;
    if (channel->source_silence_seconds <= channel->source_heartbeat_seconds)
        return err_set(err, E_USAGE, 0,
                       "source_silence_seconds: expected more than source_heartbeat_seconds, which "
                       "is %" PRIu64 ", found %" PRIu64,
                       channel->source_heartbeat_seconds, channel->source_silence_seconds);
    if (channel->key_file && !secret_file_check(channel->key_file, err))
        return err_prefix(err, "ssl_key");
    for (struct relay_channel_config *other = config->channels; other != channel;
         other = other->next) {
        if (!same_address(channel, other, err))
            return false;
    }
    if (!channel->source_password_file)
        return true;
    if (!read_secret(channel->source_password_file, &channel->source_password, err))
        return err_prefix(err, "source_password_file");
    channel->source_password[strcspn(channel->source_password, "\r\n")] = '\0';
    return true;
}

static bool read_hashes(struct relay_account_config *account, struct err *err)
{
    char *secret;
    char *at;
    bool good = true;

    if (!read_secret(account->password_hash_file, &secret, err))
        return false;
    at = secret + strspn(secret, HASH_BLANKS);
    while (good && *at) {
        size_t length = strcspn(at, HASH_BLANKS);
        char *next = at + length + (at[length] != '\0');

        at[length] = '\0';
        good = auth_account_parse(&account->hashes, at, err) ||
               err_prefix(err, "%s", account->password_hash_file);
        at = next + strspn(next, HASH_BLANKS);
    }
    secret_free(secret);
    return good;
}

static bool read_password(struct relay_account_config *account, struct err *err)
{
    char *secret;
    bool good;

    if (!read_secret(account->password_file, &secret, err))
        return false;
    secret[strcspn(secret, "\r\n")] = '\0';
    good = auth_account_make(span_str(secret), &account->hashes, err) ||
           err_prefix(err, "%s", account->password_file);
    secret_free(secret);
    return good;
}

static bool finish_account(const struct relay_config *config, struct relay_account_config *account,
                           struct err *err)
{
    bool given = account->hashes.has_native || account->hashes.has_sha2;

    for (const struct relay_name *name = account->channels; name; name = name->next) {
        if (!relay_config_channel(config, name->text))
            return err_set(err, E_USAGE, 0,
                           "channels: expected names of [channel NAME] sections, found '%s'",
                           name->text);
    }
    if (given + !!account->password_file + !!account->password_hash_file != 1)
        return err_set(err, E_USAGE, 0,
                       "expected one of password_hash, password_hash_file and password_file, "
                       "found %s",
                       given || account->password_file ? "several" : "none");
    if (account->rules && account->without_gtids)
        return err_set(err, E_USAGE, 0,
                       "without_gtids: expected no replicate_* rules beside it, whose replicas "
                       "are by GTID");
    if (account->hold_bytes > 0 && !log_hold_name_check(account->section.name, err))
        return false;
    if (given && config->path && !secret_file_check(config->path, err))
        return err_prefix(err, "password_hash");
    if (account->password_hash_file && !read_hashes(account, err))
        return err_prefix(err, "password_hash_file");
    if (account->password_file && !read_password(account, err))
        return err_prefix(err, "password_file");
    if (!account->hashes.has_native && !account->hashes.has_sha2)
        return err_set(err, E_USAGE, 0, "password_hash_file: expected a hash in %s, found none",
                       account->password_hash_file);
    return true;
}

bool relay_config_finish(struct relay_config *config, struct err *err)
{
    if (!config->dir) {
        (void)err_set(err, E_USAGE, 0, "dir is needed");
        return fail_section(config, "relay", &config->section, err);
    }
    if (!config->channels || !config->accounts) {
        (void)err_set(err, E_USAGE, 0, "expected at least one [%s NAME], found none",
                      config->channels ? "account" : "channel");
        return config->path ? err_prefix(err, "%s", config->path) : false;
    }
    for (struct relay_channel_config *at = config->channels; at; at = at->next) {
        if (!finish_channel(config, at, err))
            return fail_section(config, "channel", &at->section, err);
    }
    for (struct relay_account_config *at = config->accounts; at; at = at->next) {
        if (!finish_account(config, at, err))
            return fail_section(config, "account", &at->section, err);
    }
    return true;
}

/* ---- A file ---- */

static bool take_item(struct relay_config *config, const struct ini_item *item, struct err *err)
{
    struct relay_config_parts *parts = config->parts;
    struct arena *arena = parts->arena;
    const char *word;
    const char *name;

    if (item->kind == INI_VALUE) {
        const char *value =
            arena_printf(arena, "%.*s", (int)item->value.len, (const char *)item->value.data);

        if (relay_config_set(config, item->key, value, err))
            return true;
        (void)err_prefix(err, "%s", item->key);
        return parts->keys && parts->keys->argument
                   ? err_prefix(err, "[%s %s]", parts->keys->word, parts->object->name)
                   : (parts->keys && err_prefix(err, "[%s]", parts->keys->word));
    }
    word = arena_printf(arena, "%.*s", (int)item->word.len, (const char *)item->word.data);
    name = item->name.len == 0
               ? ""
               : arena_printf(arena, "%.*s", (int)item->name.len, (const char *)item->name.data);
    return relay_config_begin(config, word, name, err) ||
           err_prefix(err, "[%s%s%s]", word, *name ? " " : "", name);
}

static bool take_text(struct relay_config *config, const char *text, struct err *err)
{
    struct ini ini = ini_of(span_str(text));
    struct ini_item item;

    do {
        bool good = ini_next(&ini, &item, err);

        config->parts->line = ini.line;
        if (!good || (item.kind != INI_END && !take_item(config, &item, err)))
            return err_prefix(err, "%s:%u", config->path, ini.line);
    } while (item.kind != INI_END);
    return true;
}

bool relay_config_load(const char *path, struct relay_config **ret_config, struct err *err)
{
    struct relay_config *config;
    char *text;
    char *copy;
    bool good;

    if (!file_read(path, RELAY_CONFIG_MAX, &text, err))
        return false;
    config = relay_config_new();
    config->path = arena_strdup(config->parts->arena, path);
    copy = mem_strdup(path);
    config->parts->base = mem_strdup(dirname(copy));
    mem_free(copy);
    good = (strlen(text) == file_size(path) ||
            err_set(err, E_USAGE, 0, "%s: expected text, found a zero byte", path)) &&
           take_text(config, text, err) && relay_config_finish(config, err);
    secret_free(text);
    if (good)
        *ret_config = config;
    else
        relay_config_free(config);
    return good;
}
