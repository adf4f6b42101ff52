#include "cli/verb.h"

#include "base/mem.h"
#include "daemon/relay.h"

#include <string.h>

#define CHANNEL        "source"
#define LISTEN_DEFAULT "127.0.0.1:13307"

/* The flags say what a configuration file with one channel and one account would. */
static const struct {
    const char *option;
    const char *section;
    const char *key;
} flags[] = {
    {"dir", "relay", "dir"},
    {"server-id", "relay", "server_id"},
    {"verbose", "relay", "verbose"},
    {"source", "channel", "source"},
    {"source-password-file", "channel", "source_password_file"},
    {"source-ssl-mode", "channel", "source_ssl_mode"},
    {"source-ssl-ca", "channel", "source_ssl_ca"},
    {"start", "channel", "start"},
    {"source-change", "channel", "source_change"},
    {"semi-sync", "channel", "semi_sync"},
    {"listen", "channel", "listen"},
    {"listen-mariadb", "channel", "listen_mariadb"},
    {"listen-mysql", "channel", "listen_mysql"},
    {"mariadb-domain", "channel", "mariadb_domain"},
    {"translate-accounts", "channel", "translate_accounts"},
    {"dependency-tracking", "channel", "dependency_tracking"},
    {"dependency-history-size", "channel", "dependency_history_size"},
    {"ssl-cert", "channel", "ssl_cert"},
    {"ssl-key", "channel", "ssl_key"},
    {"retention-hours", "channel", "binlog_retention_hours"},
    {"disk-low", "channel", "disk_low"},
    {"disk-short", "channel", "disk_short"},
    {"replica-password-file", "account", "password_file"},
};

static bool set_section(const struct verb *verb, const char *const *values,
                        struct relay_config *config, const char *section, const char *name,
                        struct err *err)
{
    if (!relay_config_begin(config, section, name, err))
        return err_prefix(err, "%s '%s'", section, name);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        const char *value = verb_value(verb, values, flags[i].option);

        if (strcmp(flags[i].section, section) != 0 || !value)
            continue;
        /* A flag without a value is a switch. */
        if (!relay_config_set(config, flags[i].key, *value ? value : "on", err))
            return err_prefix(err, "--%s", flags[i].option);
    }
    return true;
}

static bool config_of_flags(const struct verb *verb, const char *const *values,
                            struct relay_config **ret_config, struct err *err)
{
    static const char *const needed[] = {"dir", "source", "replica-user", "replica-password-file"};
    struct relay_config *config;

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!verb_value(verb, values, needed[i]))
            return err_set(err, E_USAGE, 0, "--%s is needed, or --config", needed[i]);
    }
    config = relay_config_new();
    if (set_section(verb, values, config, "relay", "", err) &&
        set_section(verb, values, config, "channel", CHANNEL, err) &&
        (verb_value(verb, values, "listen") ||
         relay_config_set(config, "listen", LISTEN_DEFAULT, err)) &&
        set_section(verb, values, config, "account", verb_value(verb, values, "replica-user"),
                    err) &&
        relay_config_finish(config, err)) {
        *ret_config = config;
        return true;
    }
    relay_config_free(config);
    return false;
}

/* What stands in the file does not stand on the command line, where it would be forgotten. */
static bool config_of_file(const struct verb *verb, const char *const *values,
                           struct relay_config **ret_config, struct err *err)
{
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (verb_value(verb, values, flags[i].option))
            return err_set(err, E_USAGE, 0,
                           "--%s: expected it in the file of --config, as %s in [%s]",
                           flags[i].option, flags[i].key, flags[i].section);
    }
    return relay_config_load(verb_value(verb, values, "config"), ret_config, err);
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    bool check = verb_value(verb, values, "check-config");
    struct relay_config *config = NULL;
    struct err err = {0};
    bool good;

    (void)argc;
    (void)argv;
    good = verb_value(verb, values, "config") ? config_of_file(verb, values, &config, &err)
                                              : config_of_flags(verb, values, &config, &err);
    if (!good)
        return verb_usage_error(verb, "%s", err.text);
    if (check) {
        good = relay_check(config, &err);
        relay_config_free(config);
    } else {
        good = relay_run(config, &err);
    }
    if (!good)
        (void)fprintf(stderr, "borealis relay: %s\n", err.text);
    else if (check)
        (void)printf("The configuration is good.\n");
    return good ? EXIT_OK : EXIT_FAILED;
}

static const struct verb *const relay_verbs[] = {
    &verb_relay_status, &verb_relay_stop, &verb_relay_reload, &verb_relay_hash_password, NULL};

const struct verb verb_relay = {
    .name = "relay",
    .arguments = "",
    .summary = "Mirror servers' binary logs and serve them to replicas",
    .details =
        "Follows a MySQL or MariaDB server as a replica does and keeps its binlog files, byte for "
        "byte, in a directory; replicas, mysqlbinlog and change-data readers of the same family "
        "connect to it instead of the server, by file and position or by GTID; replicas of the "
        "other "
        "family at addresses of their own, where the events are translated. They see only what is "
        "on the disk. It goes on where it stopped, after a crash too. The account at the source "
        "needs REPLICATION SLAVE; to begin 'now', REPLICATION CLIENT (BINLOG MONITOR) too. With "
        "--config it follows up to 200 sources, by a file that SIGHUP and 'borealis relay reload' "
        "have it read again; the flags are for one source.",
    .options =
        {{"config", "FILE", "What to do, in the form of RELAY CONFIGURATION in borealis(1)."},
         {"check-config", NULL,
          "Say whether the configuration is good, with what it names; change nothing."},
         {"dir", "DIR", "The directory that holds the relay; made at the first start."},
         {"source", "URL", "The server to follow: mysql://USER@HOST[:PORT]."},
         {"source-password-file", "FILE", "Its user's password, the first line of a file."},
         {"source-ssl-mode", "MODE",
          "DISABLED, REQUIRED (when nothing is given), VERIFY_CA or VERIFY_IDENTITY."},
         {"source-ssl-ca", "FILE", "PEM file of the authorities that the source is checked by."},
         {"start", "WHERE",
          "Where an empty relay begins: oldest (when nothing is given), now, FILE:POSITION, or "
          "gtid:GTIDS: the beginning of the file that has the first transaction after them. A "
          "position may be corrected as long as nothing came."},
         {"source-change", "WHAT",
          "When the source is another server, or its binlog is not the one that was received: stop "
          "(when nothing is given), follow: begin a new log if the source has all GTIDs of the old "
          "one, or anew: in any case."},
         {"semi-sync", "on|off",
          "Acknowledge what is on the relay's disk to a source that does semi-synchronous "
          "replication; off when nothing is given."},
         {"listen", "IP:PORT", "Where replicas connect; " LISTEN_DEFAULT " when nothing is given."},
         {"listen-mariadb", "IP:PORT",
          "Where MariaDB replicas connect whatever the source is: MySQL's events are translated "
          "for them."},
         {"listen-mysql", "IP:PORT",
          "Where MySQL replicas connect whatever the source is: MariaDB's events are translated "
          "for them."},
         {"mariadb-domain", "N",
          "The GTID domain that MySQL's transactions have at MariaDB replicas; 1 when nothing is "
          "given. It must be the same at every relay of the source."},
         {"translate-accounts", "WHAT",
          "What translated replicas get of statements on users, roles and rights: drop (when "
          "nothing is given), replicate or stop. It must be the same at every relay of the "
          "source."},
         {"dependency-tracking", "WHAT",
          "How translated replicas are told which transactions may be applied beside each other: "
          "source (when nothing is given) or writeset: by the rows' unique keys, which are read "
          "from "
          "the source with SELECT and REPLICATION CLIENT on *.*."},
         {"dependency-history-size", "N",
          "So many rows' keys are remembered for that; 25000 when nothing is given."},
         {"replica-user", "NAME", "The account that replicas log in with."},
         {"replica-password-file", "FILE", "Its password, the first line of a file."},
         {"ssl-cert", "FILE",
          "PEM certificate of the listener; else it makes one, of the authority DIR/tls/ca.pem."},
         {"ssl-key", "FILE", "And its key."},
         {"server-id", "N", "The relay's server id; else a large random one, kept."},
         {"retention-hours", "N", "Remove files that were closed for so long; else never."},
         {"disk-low", "N%|SIZE",
          "Receive nothing while less of the file system is free, until a quarter more is; 5%, at "
          "most 4G, when nothing is given."},
         {"disk-short", "N%|SIZE",
          "With --retention-hours: remove the oldest files while less is free, until a quarter "
          "more is; 2%, at most 2G, when nothing is given."},
         {"verbose", NULL, "Log more."}},
    .run = run,
    .verbs = relay_verbs,
};
