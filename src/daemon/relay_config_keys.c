#include "daemon/relay_config_keys.h"

#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"
#include "binlog/replicate_rules.h"
#include "daemon/relay_config.h"
#include "log/cache.h"
#include "net/server_url.h"
#include "translation/dependencies.h"

#include <string.h>

#define HOURS_MAX       UINT64_C(87600) /* ten years */
#define CONNECTIONS_MAX 100000
#define HEARTBEAT_MAX   3600  /* seconds */
#define SILENCE_MAX     86400 /* seconds */
#define GTID_PREFIX     "gtid:"
#define BYTES_MAX       (UINT64_C(1) << 50)
#define RELAY(f)        .offset = offsetof(struct relay_config, f)
#define CHANNEL(f)      .offset = offsetof(struct relay_channel_config, f)
#define ACCOUNT(f)      .offset = offsetof(struct relay_account_config, f)
#define LIST_BLANK      ", \t"

/* Each word of a list, split at commas and blanks, goes through `take`. */
static bool take_list(const char *text, struct arena *arena, void *object,
                      bool (*take)(void *object, struct arena *arena, const char *word,
                                   struct err *err),
                      struct err *err)
{
    const char *at = text + strspn(text, LIST_BLANK);

    if (*at == '\0')
        return err_set(err, E_USAGE, 0, "expected at least one name, found nothing");
    while (*at) {
        size_t length = strcspn(at, LIST_BLANK);

        if (!take(object, arena, arena_printf(arena, "%.*s", (int)length, at), err))
            return false;
        at += length;
        at += strspn(at, LIST_BLANK);
    }
    return true;
}

/* ---- [relay] ---- */

static bool take_metrics(const struct config_key *key, void *object, struct arena *arena,
                         const char *text, struct err *err)
{
    struct relay_config *config = object;
    uint16_t port = 0;

    (void)key;
    if (!config_parse_host(text, arena, &config->metrics_listen, &port) || port == 0)
        return err_set(err, E_USAGE, 0, "expected IP:PORT, found '%s'", text);
    config->metrics_port = port;
    return true;
}

const struct relay_section_keys relay_section_relay = {
    .word = "relay",
    .help = "The process; it stands once.",
    .object_bytes = sizeof(struct relay_config),
    .keys = {{"dir", "DIR", "The directory that holds the relay; made at the first start. Needed.",
              .take = config_take_path, RELAY(dir)},
             {"server_id", "N",
              "The server id that it shows to both sides; else a large random one, kept.",
              .take = config_take_number, RELAY(server_id), .least = 1, .most = UINT32_MAX},
             {"metrics_listen", "IP:PORT",
              "Where Prometheus reads /metrics, by HTTP and without a password; else nowhere.",
              .take = take_metrics},
             {"verbose", "on|off", "Log more.", .take = config_take_flag, RELAY(verbose)}},
};

/* ---- [channel NAME] ---- */

/* mysql://USER@HOST[:PORT] */
static bool take_source(const struct config_key *key, void *object, struct arena *arena,
                        const char *text, struct err *err)
{
    struct relay_channel_config *channel = object;
    struct server_url url;
    bool tcp;

    (void)key;
    if (!server_url_parse(text, &url, err))
        return false;
    tcp = url.host;
    if (tcp) {
        channel->source_host = arena_strdup(arena, url.host);
        channel->source_port = url.port;
        channel->source_user = arena_strdup(arena, url.user);
        channel->source_url = arena_strdup(arena, text);
    } else {
        (void)err_set(err, E_USAGE, 0, "expected HOST[:PORT] after the @, found '%s'",
                      url.socket_path);
    }
    server_url_done(&url);
    return tcp;
}

static bool take_ssl_mode(const struct config_key *key, void *object, struct arena *arena,
                          const char *text, struct err *err)
{
    static const struct {
        const char *name;
        bool tls;
        enum tls_mode mode;
    } modes[] = {
        {"DISABLED", false, TLS_REQUIRED},
        {"REQUIRED", true, TLS_REQUIRED},
        {"VERIFY_CA", true, TLS_VERIFY_CA},
        {"VERIFY_IDENTITY", true, TLS_VERIFY_IDENTITY},
    };
    struct relay_channel_config *channel = object;

    (void)key;
    (void)arena;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(text, modes[i].name) == 0) {
            channel->source_tls = modes[i].tls;
            channel->source_tls_mode = modes[i].mode;
            return true;
        }
    }
    return err_set(err, E_USAGE, 0,
                   "expected DISABLED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY, found '%s'", text);
}

/* A MySQL set or a MariaDB position: which of them the source wants is not known yet. */
static bool is_gtids(const char *text)
{
    struct gtid_list list;
    struct gtid_set set;
    struct err ignored;
    bool good;

    gtid_set_init(&set);
    gtid_list_init(&list);
    good = (gtid_set_parse(span_str(text), &set, &ignored) && !gtid_set_is_empty(&set)) ||
           (gtid_list_parse(span_str(text), &list, &ignored) && list.count > 0);
    gtid_set_done(&set);
    gtid_list_done(&list);
    return good;
}

/* oldest, now, gtid:GTIDS, FILE:POSITION */
static bool take_start(const struct config_key *key, void *object, struct arena *arena,
                       const char *text, struct err *err)
{
    struct relay_channel_config *channel = object;
    const char *colon = strrchr(text, ':');
    const char *gtids = text + strlen(GTID_PREFIX);

    (void)key;
    if (strcmp(text, "oldest") == 0 || strcmp(text, "now") == 0) {
        channel->start = *text == 'o' ? RECEIVER_FROM_OLDEST : RECEIVER_FROM_NOW;
        return true;
    }
    if (strncmp(text, GTID_PREFIX, strlen(GTID_PREFIX)) == 0 && is_gtids(gtids)) {
        channel->start = RECEIVER_FROM_GTIDS;
        channel->gtids = arena_strdup(arena, gtids);
        return true;
    }
    if (!colon || colon == text || (size_t)(colon - text) >= sizeof channel->position.file ||
        !config_parse_number(colon + 1, LOG_FIRST_OFFSET, UINT64_MAX, &channel->position.offset))
        return err_set(err, E_USAGE, 0,
                       "expected oldest, now, FILE:POSITION (as mysql-bin.000001:4) or "
                       "gtid:GTIDS (a MySQL set, or MariaDB's as 0-1-100), found '%s'",
                       text);
    channel->start = RECEIVER_FROM_POSITION;
    memcpy(channel->position.file, text, (size_t)(colon - text));
    return true;
}

/* The key is the control's name. */
static bool take_control(const struct config_key *key, void *object, struct arena *arena,
                         const char *text, struct err *err)
{
    struct relay_channel_config *channel = object;
    enum dump_control control;

    (void)arena;
    if (!dump_control_find(span_str(key->name), &control))
        return err_set(err, E_BUG, 0, "%s is no control of dumps", key->name);
    return dump_control_parse(control, span_str(text), &channel->controls[control], err);
}

static bool take_source_change(const struct config_key *key, void *object, struct arena *arena,
                               const char *text, struct err *err)
{
    static const char *const policies[] = {
        [SOURCE_CHANGE_STOP] = "stop",
        [SOURCE_CHANGE_FOLLOW] = "follow",
        [SOURCE_CHANGE_ANEW] = "anew",
    };
    struct relay_channel_config *channel = object;

    (void)key;
    (void)arena;
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        if (strcmp(text, policies[i]) == 0) {
            channel->source_change = (enum source_change_policy)i;
            return true;
        }
    }
    return err_set(err, E_USAGE, 0, "expected stop, follow or anew, found '%s'", text);
}

static bool take_listen(const struct config_key *key, void *object, struct arena *arena,
                        const char *text, struct err *err)
{
    struct relay_channel_config *channel = object;
    uint16_t port = 0;

    if (!config_parse_host(text, arena, &channel->listen, &port) || port == 0)
        return err_set(err, E_USAGE, 0, "expected %s, found '%s'", key->argument, text);
    channel->port = port;
    return true;
}

static bool take_address(const struct config_key *key, void *object, struct arena *arena,
                         const char *text, struct err *err)
{
    struct relay_address *address = (struct relay_address *)((char *)object + key->offset);
    uint16_t port = 0;

    if (!config_parse_host(text, arena, &address->ip, &port) || port == 0)
        return err_set(err, E_USAGE, 0, "expected %s, found '%s'", key->argument, text);
    address->port = port;
    return true;
}

static bool take_accounts(const struct config_key *key, void *object, struct arena *arena,
                          const char *text, struct err *err)
{
    static const char *const policies[] = {
        [ACCOUNTS_DROP] = "drop",
        [ACCOUNTS_REPLICATE] = "replicate",
        [ACCOUNTS_STOP] = "stop",
    };
    struct relay_channel_config *channel = object;

    (void)key;
    (void)arena;
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        if (strcmp(text, policies[i]) == 0) {
            channel->translate_accounts = (enum account_policy)i;
            return true;
        }
    }
    return err_set(err, E_USAGE, 0, "expected drop, replicate or stop, found '%s'", text);
}

static bool add_gtids_of(void *object, struct arena *arena, const char *word, struct err *err)
{
    struct relay_channel_config *channel = object;
    struct relay_name *name = arena_alloc(arena, sizeof *name);

    for (const struct relay_name *given = channel->gtids_of; given; given = given->next) {
        if (strcmp(given->text, word) == 0)
            return err_set(err, E_USAGE, 0, "expected each channel once, found '%s' again", word);
    }
    *name = (struct relay_name){.next = channel->gtids_of, .text = word};
    channel->gtids_of = name;
    return true;
}

static bool take_gtids_of(const struct config_key *key, void *object, struct arena *arena,
                          const char *text, struct err *err)
{
    (void)key;
    return take_list(text, arena, object, add_gtids_of, err);
}

static bool take_tracking(const struct config_key *key, void *object, struct arena *arena,
                          const char *text, struct err *err)
{
    struct relay_channel_config *channel = object;

    (void)key;
    (void)arena;
    channel->tracks_dependencies = strcmp(text, "writeset") == 0;
    return channel->tracks_dependencies || strcmp(text, "source") == 0 ||
           err_set(err, E_USAGE, 0, "expected source or writeset, found '%s'", text);
}

static bool take_disk_limit(const struct config_key *key, void *object, struct arena *arena,
                            const char *text, struct err *err)
{
    (void)arena;
    return disk_limit_parse(text, (struct disk_limit *)((char *)object + key->offset), err);
}

const struct relay_section_keys relay_section_channel = {
    .word = "channel",
    .argument = "NAME",
    .help = "One source. Its log is in DIR/NAME, and its replicas connect at an address of its "
            "own. NAME has letters, digits, '_' and '-'; at most 200 channels.",
    .object_bytes = sizeof(struct relay_channel_config),
    .keys =
        {{"source", "mysql://USER@HOST[:PORT]", "The server to follow. Needed.",
          .take = take_source},
         {"source_password_file", "FILE",
          "The user's password at the source, the first line of a file.", .take = config_take_path,
          CHANNEL(source_password_file)},
         {"source_ssl_mode", "MODE",
          "DISABLED, REQUIRED (when nothing is given), VERIFY_CA or VERIFY_IDENTITY.",
          .take = take_ssl_mode},
         {"source_ssl_ca", "FILE", "PEM file of the authorities that the source is checked by.",
          .take = config_take_path, CHANNEL(source_ca)},
         {"source_heartbeat_seconds", "N",
          "How often the source is asked to say that it is there while it has nothing to send "
          "(MASTER_HEARTBEAT_PERIOD); 5 when nothing is given.",
          .take = config_take_number, CHANNEL(source_heartbeat_seconds), .least = 1,
          .most = HEARTBEAT_MAX},
         {"source_silence_seconds", "N",
          "When the source has sent no byte for so long, the connection is dead and another is "
          "made (slave_net_timeout); 60 when nothing is given.",
          .take = config_take_number, CHANNEL(source_silence_seconds), .least = 2,
          .most = SILENCE_MAX},
         {"semi_sync", "on|off",
          "Acknowledge each transaction to a semi-synchronous source, once it is synced.",
          .take = config_take_flag, CHANNEL(semi_sync)},
         {"start", "WHERE",
          "Where an empty log begins: oldest (when nothing is given), now, FILE:POSITION, or "
          "gtid:GTIDS: the beginning of the file that has the first transaction after them. A "
          "position may be corrected as long as nothing came.",
          .take = take_start},
         {"source_change", "WHAT",
          "When the source is another server, or its binlog is not the one that was received: "
          "stop (when nothing is given); follow: begin a new log if the source has all GTIDs of "
          "the old one; anew: begin one in any case.",
          .take = take_source_change},
         {"listen", "IP:PORT", "Where replicas connect. Needed.", .take = take_listen},
         {"listen_mariadb", "IP:PORT",
          "Where MariaDB replicas connect whatever the source is: MySQL's events are translated "
          "for them.",
          .take = take_address, CHANNEL(listen_mariadb)},
         {"listen_mysql", "IP:PORT",
          "Where MySQL replicas connect whatever the source is: MariaDB's events are translated "
          "for them.",
          .take = take_address, CHANNEL(listen_mysql)},
         {"mariadb_domain", "N",
          "The GTID domain that MySQL's transactions have at MariaDB replicas; 1 when nothing is "
          "given. It must be the same at every relay of the source, and another one for each "
          "source of a replica.",
          .take = config_take_number, CHANNEL(mariadb_domain), .least = 1, .most = UINT32_MAX},
         {"gtids_of", "NAME,...",
          "Channels of this relay whose sources are MySQL, and whose transactions the source, a "
          "MariaDB, has applied in their mariadb_domain: MySQL replicas get them under the GTIDs "
          "that they had there.",
          .take = take_gtids_of, .again = true},
         {"translate_accounts", "WHAT",
          "What translated replicas get of statements on users, roles and rights: drop (when "
          "nothing is given), replicate: in the other family's words, or stop. It must be the "
          "same at every relay of the source.",
          .take = take_accounts},
         {"dependency_tracking", "WHAT",
          "How translated replicas are told which transactions may be applied beside each other: "
          "source (when nothing is given): as the source has run them; writeset: also those that "
          "change different rows, by the tables' unique keys, which are read from the source "
          "(binlog_transaction_dependency_tracking). The account there then needs SELECT and "
          "REPLICATION CLIENT (BINLOG MONITOR at MariaDB) on *.*.",
          .take = take_tracking},
         {"dependency_history_size", "N",
          "So many rows' keys are remembered for that "
          "(binlog_transaction_dependency_history_size); 25000 when nothing is given.",
          .take = config_take_number, CHANNEL(dependency_history_size), .least = 1,
          .most = DEPENDENCIES_SIZE_MAX},
         {"ssl_cert", "FILE",
          "PEM certificate of the listener; else one of the relay's own authority, "
          "DIR/tls/ca.pem.",
          .take = config_take_path, CHANNEL(cert_file)},
         {"ssl_key", "FILE", "And its key.", .take = config_take_path, CHANNEL(key_file)},
         {"require_tls", "on|off", "Refuse clients that do not use TLS.", .take = config_take_flag,
          CHANNEL(require_tls)},
         {"max_connections", "N",
          "Clients at a time, those that have not logged in yet too; 500 when nothing is given.",
          config_take_number, CHANNEL(max_connections), .least = 1, .most = CONNECTIONS_MAX},
         {"replica_silence_seconds", "N",
          "A replica that takes and acknowledges no byte for so long is gone, and its dump ends "
          "(net_write_timeout); 60 when nothing is given.",
          .take = config_take_number, CHANNEL(replica_silence_seconds), .least = 1,
          .most = SILENCE_MAX},
         {"binlog_retention_hours", "N",
          "Remove files that were closed for so long; else never by age.",
          .take = config_take_number, CHANNEL(retention_hours), .most = HOURS_MAX},
         {"retention_bytes", "SIZE",
          "Remove the oldest files while all together are larger; else never by size.",
          .take = config_take_size, CHANNEL(retention_bytes), .least = 1, .most = BYTES_MAX},
         {"cache_bytes", "SIZE", "Memory for the newest events; 64M when nothing is given.",
          .take = config_take_size, CHANNEL(cache_bytes), .least = LOG_CACHE_MIN,
          .most = LOG_CACHE_MAX},
         {"disk_low", "N%|SIZE",
          "When less of the file system is free, nothing more is received from the source, until a "
          "quarter more is; 5%, at most 4G, when nothing is given, 0: never.",
          .take = take_disk_limit, CHANNEL(disk_limits.stages[DISK_LOW])},
         {"disk_short", "N%|SIZE",
          "When less is free, and a retention is set, the oldest files go before their time, until "
          "a quarter more is free; 2%, at most 2G, when nothing is given, 0: never.",
          .take = take_disk_limit, CHANNEL(disk_limits.stages[DISK_SHORT])},
         {"keep_free_bytes", "SIZE",
          "Refuse what would leave less free in the file system, at each write, whatever the stage "
          "of the disk.",
          .take = config_take_size, CHANNEL(keep_free_bytes), .most = BYTES_MAX},
         {"aurora_binlog_read_buffer_size", "SIZE", "Bytes that a dump reads of a file at once.",
          .take = take_control},
         {"aurora_binlog_replication_max_yield_seconds", "N",
          "So long a dump waits for the file that is written to fill.", .take = take_control},
         {"aurora_binlog_use_large_read_buffer", "0|1",
          "Whether the two above have an effect; at 0 files are read through 8192 bytes.",
          .take = take_control},
         {"borealis_dump_metrics_seconds", "N",
          "How often the log tells where each replica's dump is; 60 when nothing is given, 0: "
          "never.",
          .take = take_control}},
};

/* ---- [account NAME] ---- */

static bool add_channel(void *object, struct arena *arena, const char *word, struct err *err)
{
    struct relay_account_config *account = object;
    struct relay_name *name = arena_alloc(arena, sizeof *name);

    (void)err;
    *name = (struct relay_name){.next = account->channels, .text = word};
    account->channels = name;
    return true;
}

static bool add_host(void *object, struct arena *arena, const char *word, struct err *err)
{
    struct relay_account_config *account = object;
    struct relay_host *host = arena_alloc(arena, sizeof *host);

    if (!address_range_parse(span_str(word), &host->range, err))
        return false;
    host->next = account->hosts;
    account->hosts = host;
    return true;
}

static bool add_hash(void *object, struct arena *arena, const char *word, struct err *err)
{
    struct relay_account_config *account = object;

    (void)arena;
    return auth_account_parse(&account->hashes, word, err);
}

static bool take_hashes(const struct config_key *key, void *object, struct arena *arena,
                        const char *text, struct err *err)
{
    (void)key;
    return take_list(text, arena, object, add_hash, err);
}

static bool take_channels(const struct config_key *key, void *object, struct arena *arena,
                          const char *text, struct err *err)
{
    (void)key;
    return take_list(text, arena, object, add_channel, err);
}

static bool take_hosts(const struct config_key *key, void *object, struct arena *arena,
                       const char *text, struct err *err)
{
    (void)key;
    return take_list(text, arena, object, add_host, err);
}

/* The key is the rule's name. */
static bool take_rule(const struct config_key *key, void *object, struct arena *arena,
                      const char *text, struct err *err)
{
    struct relay_account_config *account = object;
    enum replicate_rule rule;

    (void)arena;
    if (!replicate_rule_find(span_str(key->name), &rule))
        return err_set(err, E_BUG, 0, "%s is no rule of replication", key->name);
    if (!account->rules)
        account->rules = replicate_rules_new();
    return replicate_rules_add(account->rules, rule, span_str(text), err);
}

const struct relay_section_keys relay_section_account = {
    .word = "account",
    .argument = "NAME",
    .help = "Whom the listeners let in, by user name; at most 1000 accounts. It has its password's "
            "hashes, as 'borealis relay hash-password' prints them, or a file with either.",
    .object_bytes = sizeof(struct relay_account_config),
    .keys =
        {{"password_hash", "HASH...",
          "What mysql_native_password ('*' and 40 digits) and caching_sha2_password ('$sha2$' and "
          "64) check a password by; both for a user of both families.",
          .take = take_hashes, .again = true},
         {"password_hash_file", "FILE", "A file with the hashes, in the same form.",
          .take = config_take_path, ACCOUNT(password_hash_file)},
         {"password_file", "FILE",
          "A file with the password itself, its first line; hashes are better, because the "
          "password can not be read from them.",
          .take = config_take_path, ACCOUNT(password_file)},
         {"channels", "NAME,...", "Only these channels; else all.", take_channels, 0,
          .again = true},
         {"hosts", "ADDRESS,...",
          "Only from these: an IP, a network as 192.0.2.0/24 or 192.0.2.%, localhost, %; else "
          "from everywhere.",
          .take = take_hosts, .again = true},
         {"replicate_do_db", "DATABASE,...",
          "Its replicas, which must be by GTID, get only changes of these databases.",
          .take = take_rule, .again = true},
         {"replicate_ignore_db", "DATABASE,...", "They get no changes of these databases.",
          .take = take_rule, .again = true},
         {"replicate_do_table", "DATABASE.TABLE,...", "They get only changes of these tables.",
          .take = take_rule, .again = true},
         {"replicate_ignore_table", "DATABASE.TABLE,...", "They get no changes of these tables.",
          .take = take_rule, .again = true},
         {"replicate_wild_do_table", "PATTERN.PATTERN,...",
          "They get only changes of tables that are like these, with % and _.", .take = take_rule,
          .again = true},
         {"replicate_wild_ignore_table", "PATTERN.PATTERN,...",
          "They get no changes of tables that are like these.", .take = take_rule, .again = true},
         {"hold", "SIZE",
          "Files that its replica has not been sent stay, whatever the retention, until they and "
          "those after them are more than SIZE: then it is given up. For one replica: give each an "
          "account of its own.",
          .take = config_take_size, ACCOUNT(hold_bytes), .least = 1, .most = BYTES_MAX},
         {"require_tls", "on|off", "Only with TLS.", .take = config_take_flag,
          ACCOUNT(require_tls)},
         {"without_gtids", "on|off",
          "Its MySQL replicas of a MariaDB source have GTID_MODE=OFF, and are by position.",
          .take = config_take_flag, ACCOUNT(without_gtids)},
         {"admin", "on|off",
          "May set how long files are kept (CALL mysql.rds_set_configuration), PURGE BINARY LOGS, "
          "see all sessions and KILL them.",
          .take = config_take_flag, ACCOUNT(admin)}},
};

/* ---- Man page ---- */

static void print_escaped(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (strchr("_*\\<>#~`[", *text))
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
}

static void print_section(const struct relay_section_keys *section, FILE *out)
{
    (void)fprintf(out, "## \\[%s%s%s]\n\n", section->word, section->argument ? " " : "",
                  section->argument ? section->argument : "");
    print_escaped(section->help, out);
    (void)fprintf(out, "\n\n");
    for (const struct config_key *key = section->keys; key->name; key++) {
        (void)fputc('*', out);
        print_escaped(key->name, out);
        (void)fprintf(out, "* = ");
        print_escaped(key->argument, out);
        (void)fprintf(out, "\n\t");
        print_escaped(key->help, out);
        (void)fprintf(out, "%s\n\n", key->again ? " May be given several times." : "");
    }
}

void relay_config_print_man(FILE *out)
{
    (void)fprintf(out, "# RELAY CONFIGURATION\n\n");
    print_section(&relay_section_relay, out);
    print_section(&relay_section_channel, out);
    print_section(&relay_section_account, out);
}
