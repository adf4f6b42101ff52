/*
 * struct relay_config: what `borealis relay` is told to do: by its configuration file, or by flags
 * that say the same of one source.
 *
 *     [relay]            dir, ...              the process
 *     [channel NAME]     source, listen, ...   one source; its log is in DIR/NAME
 *     [account NAME]     password_hash, ...    whom the listeners let in
 *
 * The tables of keys are in relay_config_keys.h. A config is filled by one thread, and then only
 * read, by any: whoever uses it after its maker has his own share of it. Nothing here changes
 * anything outside of the memory.
 */
#pragma once

#include "base/disk_watch.h"
#include "binlog/replicate_rules.h"
#include "net/address_range.h"
#include "net/tls.h"
#include "replication/dump_controls.h"
#include "replication/receiver.h"
#include "translation/sql_translator.h"
#include "wire/auth_account.h"

#define RELAY_CHANNELS_MAX 200
#define RELAY_ACCOUNTS_MAX 1000
#define RELAY_CONFIG_MAX   ((size_t)1 << 20) /* bytes of a file */

/* How every section's object begins. */
struct relay_section {
    const char *name;
    unsigned line;  /* 0: not from a file */
    uint64_t given; /* bit i: the i-th key of its table was given */
};

/* Where replicas connect. */
struct relay_address {
    const char *ip; /* NULL: nowhere */
    uint16_t port;
};

struct relay_name {
    struct relay_name *next;
    const char *text;
};

struct relay_channel_config {
    struct relay_section section;
    struct relay_channel_config *next;

    const char *source_url; /* as given */
    const char *source_host;
    uint16_t source_port;
    const char *source_user;
    const char *source_password_file; /* NULL: no password */
    char *source_password;            /* its first line */
    bool source_tls;                  /* else in clear */
    enum tls_mode source_tls_mode;
    const char *source_ca; /* NULL: what the system trusts */
    bool semi_sync;
    uint64_t source_heartbeat_seconds; /* these two, and that of replicas, are never 0 */
    uint64_t source_silence_seconds;
    enum receiver_start start;
    struct source_position position;
    const char *gtids; /* FROM_GTIDS */
    enum source_change_policy source_change;

    const char *listen; /* an IP */
    uint16_t port;
    struct relay_address listen_mariadb; /* of replicas of that family, whatever the source's is */
    struct relay_address listen_mysql;
    uint64_t mariadb_domain;     /* what MySQL's transactions are in for MariaDB's replicas */
    struct relay_name *gtids_of; /* channels whose GTIDs come back through this one's source */
    enum account_policy translate_accounts;
    bool tracks_dependencies; /* for translated replicas, by the rows' keys */
    uint64_t dependency_history_size;
    const char *cert_file; /* of the listener's TLS, with its key; NULL: the relay's own */
    const char *key_file;
    bool require_tls;
    uint64_t max_connections; /* clients at a time; 0: the default */
    uint64_t replica_silence_seconds;

    uint64_t retention_hours; /* UINT64_MAX: no bound */
    uint64_t retention_bytes; /* 0: no bound */
    uint64_t cache_bytes;     /* 0: the default */
    uint64_t keep_free_bytes;
    struct disk_limits disk_limits;        /* of two stages */
    uint64_t controls[DUMP_CONTROL_COUNT]; /* the standard values where nothing is given */
};

struct relay_host {
    struct relay_host *next;
    struct address_range range;
};

struct relay_account_config {
    struct relay_section section;
    struct relay_account_config *next;

    struct auth_account hashes;
    const char *password_file;
    const char *password_hash_file;
    uint64_t hold_bytes; /* 0: nothing is held for its replica */
    bool require_tls;
    bool admin;
    bool without_gtids;
    struct relay_name *channels;   /* none: all */
    struct relay_host *hosts;      /* none: any */
    struct replicate_rules *rules; /* which changes its replicas get; NULL: all */
};

struct relay_config {
    struct relay_section section;
    const char *path; /* of the file; NULL: flags */
    const char *dir;
    uint64_t server_id;         /* 0: as kept in the directory, or chosen at the first start */
    const char *metrics_listen; /* an IP; NULL: no metrics */
    uint16_t metrics_port;
    bool verbose;
    struct relay_channel_config *channels;
    struct relay_account_config *accounts;
    struct relay_config_parts *parts; /* what only the maker needs */
};

/*
 * Reads a file, and the files with secrets that it names. E_USAGE: FILE:LINE: [SECTION] KEY: what
 * was expected, what was found; E_IO.
 */
MUST_CHECK bool relay_config_load(const char *path, struct relay_config **ret_config,
                                  struct err *err);

/*
 * The same by hand: a new config, sections and their values in turn, and the end, which checks what
 * belongs together and reads the secrets. Errors do not name the key of relay_config_set().
 */
struct relay_config *relay_config_new(void);
MUST_CHECK bool relay_config_begin(struct relay_config *config, const char *word, const char *name,
                                   struct err *err);
MUST_CHECK bool relay_config_set(struct relay_config *config, const char *key, const char *value,
                                 struct err *err);
MUST_CHECK bool relay_config_finish(struct relay_config *config, struct err *err);

struct relay_config *relay_config_share(struct relay_config *config);
void relay_config_free(struct relay_config *config); /* the last share frees; NULL is fine */

/* NULL when there is none of the name. */
struct relay_channel_config *relay_config_channel(const struct relay_config *config,
                                                  const char *name);

/* Whether the account may be used at a channel. */
bool relay_config_serves(const struct relay_account_config *account, const char *channel);

/* The account of that user for clients of a channel from an address; NULL: none. */
const struct relay_account_config *relay_config_account(const struct relay_config *config,
                                                        const char *channel, struct span user,
                                                        const char *ip);
