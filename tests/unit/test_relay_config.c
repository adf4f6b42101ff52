#include "check.h"

#include "base/file.h"
#include "base/mem.h"
#include "daemon/relay_config.h"
#include "daemon/relay_settings.h"

#define HASHES                                                                                     \
    "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7 "                                                   \
    "$sha2$3881219d087dd9c634373fd33dfa33a2cb6bfc6c520b64b8bb60ef2ceb534ae7"
#define RELAY   "[relay]\ndir = /var/lib/relay\n"
#define CHANNEL "[channel a]\nsource = mysql://u@db1\nlisten = 127.0.0.1:1\n"
#define BACK    "listen_mysql = 127.0.0.1:3\n"
#define OTHER   "[channel b]\nsource = mysql://u@db2\nlisten = 127.0.0.1:4\n"
#define ACCOUNT "[account r]\npassword_hash = " HASHES "\n"

struct place {
    char dir[64];
    char path[80];
};

static int make_place(void **state)
{
    struct place *place = mem_alloc(sizeof *place);

    check_make_dir(place->dir);
    (void)snprintf(place->path, sizeof place->path, "%s/relay.cnf", place->dir);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    struct err err;

    assert_true(dir_remove(place->dir, &err));
    mem_free(place);
    return 0;
}

static void write_file(const struct place *place, const char *name, const char *text, mode_t mode)
{
    char *path = mem_printf("%s/%s", place->dir, name);
    struct err err;

    assert_true(file_write(path, span_str(text), mode, &err));
    mem_free(path);
}

static struct relay_config *load(const struct place *place, const char *text)
{
    struct relay_config *config = NULL;
    struct err err;

    write_file(place, "relay.cnf", text, 0600);
    if (!relay_config_load(place->path, &config, &err))
        fail_msg("%s", err.text);
    return config;
}

static void test_every_key(void **state)
{
    const struct place *place = *state;
    const struct relay_channel_config *channel;
    const struct replicate_rules *rules;
    struct relay_config *config;

    write_file(place, "source.password", "secret\nmore\n", 0600);
    config = load(place, "[relay]\ndir = /var/lib/relay\nserver-id = 7\nverbose = on\n"
                         "metrics_listen = 127.0.0.1:9104\n"
                         "[channel a]\nsource = mysql://u@[::1]:3307\n"
                         "source_password_file = source.password\n"
                         "source_ssl_mode = VERIFY_CA\nsource_ssl_ca = /etc/ca.pem\n"
                         "source_heartbeat_seconds = 2\nsource_silence_seconds = 9\n"
                         "replica_silence_seconds = 30\n"
                         "semi_sync = on\nstart = mysql-bin.000007:120\nlisten = 0.0.0.0:13307\n"
                         "listen_mariadb = 0.0.0.0:13309\nlisten_mysql = [::]:13310\n"
                         "mariadb_domain = 4294967295\ntranslate_accounts = replicate\n"
                         "dependency_tracking = writeset\ndependency_history_size = 1000000\n"
                         "require_tls = on\nbinlog_retention_hours = 48\nretention_bytes = 10G\n"
                         "cache_bytes = 128M\nkeep_free_bytes = 4096\n"
                         "disk_low = 20G\ndisk-short = 3%\n"
                         "[channel b]\nsource = mariadb://u@db2\nlisten = [::]:13308\n"
                         "listen_mysql = [::]:13311\ngtids_of = a\ngtids_of = d\n"
                         "start = gtid:0-1-100\n"
                         "[channel d]\nsource = mysql://u@db3\nlisten = [::]:13312\n" ACCOUNT
                         "channels = b, a\nhosts = 192.0.2.0/24\nhosts = localhost\n"
                         "replicate_do_db = shop\nreplicate-do-db = log,`a.b`\n"
                         "replicate_wild_ignore_table = shop.tmp\\_%\n"
                         "require_tls = on\n");
    assert_string_equal(config->dir, "/var/lib/relay");
    assert_int_equal(config->server_id, 7);
    assert_true(config->verbose);
    assert_string_equal(config->metrics_listen, "127.0.0.1");
    assert_int_equal(config->metrics_port, 9104);
    channel = relay_config_channel(config, "a");
    assert_string_equal(channel->source_host, "::1");
    assert_int_equal(channel->source_port, 3307);
    assert_string_equal(channel->source_user, "u");
    assert_string_equal(channel->source_password, "secret");
    assert_true(channel->source_tls && channel->source_tls_mode == TLS_VERIFY_CA);
    assert_string_equal(channel->source_ca, "/etc/ca.pem");
    assert_true(channel->semi_sync && channel->require_tls);
    rules = config->accounts->rules;
    assert_true(replicate_rules_pass_rows(rules, span_str("a.b"), span_str("t")));
    assert_true(replicate_rules_pass_rows(rules, span_str("shop"), span_str("tmpx")));
    assert_false(replicate_rules_pass_rows(rules, span_str("shop"), span_str("tmp_1")));
    assert_false(replicate_rules_pass_rows(rules, span_str("other"), span_str("t")));
    assert_int_equal(channel->source_heartbeat_seconds, 2);
    assert_int_equal(channel->source_silence_seconds, 9);
    assert_int_equal(channel->replica_silence_seconds, 30);
    assert_int_equal(channel->start, RECEIVER_FROM_POSITION);
    assert_string_equal(channel->position.file, "mysql-bin.000007");
    assert_int_equal(channel->position.offset, 120);
    assert_int_equal(channel->retention_hours, 48);
    assert_true(channel->retention_bytes == UINT64_C(10) << 30);
    assert_int_equal(channel->cache_bytes, 128 << 20);
    assert_int_equal(channel->keep_free_bytes, 4096);
    assert_true(channel->disk_limits.stages[DISK_LOW].bytes == UINT64_C(20) << 30);
    assert_int_equal(channel->disk_limits.stages[DISK_LOW].percent, 0);
    assert_int_equal(channel->disk_limits.stages[DISK_SHORT].percent, 3);
    assert_string_equal(channel->listen_mariadb.ip, "0.0.0.0");
    assert_int_equal(channel->listen_mariadb.port, 13309);
    assert_string_equal(channel->listen_mysql.ip, "::");
    assert_int_equal(channel->listen_mysql.port, 13310);
    assert_int_equal(channel->mariadb_domain, UINT32_MAX);
    assert_int_equal(channel->translate_accounts, ACCOUNTS_REPLICATE);
    assert_true(channel->tracks_dependencies);
    assert_int_equal(channel->dependency_history_size, 1000000);
    channel = relay_config_channel(config, "b");
    assert_int_equal(channel->source_port, 3306);
    assert_null(channel->listen_mariadb.ip);
    assert_int_equal(channel->listen_mysql.port, 13311);
    assert_string_equal(channel->gtids_of->text, "d");
    assert_string_equal(channel->gtids_of->next->text, "a");
    assert_null(channel->gtids_of->next->next);
    assert_int_equal(channel->mariadb_domain, 1);
    assert_int_equal(channel->translate_accounts, ACCOUNTS_DROP);
    assert_false(channel->tracks_dependencies);
    assert_int_equal(channel->dependency_history_size, 25000);
    assert_int_equal(channel->start, RECEIVER_FROM_GTIDS);
    assert_string_equal(channel->gtids, "0-1-100");
    assert_int_equal(channel->source_heartbeat_seconds, 5);
    assert_int_equal(channel->source_silence_seconds, 60);
    assert_int_equal(channel->replica_silence_seconds, 60);
    assert_true(channel->retention_hours == UINT64_MAX && channel->retention_bytes == 0);
    assert_int_equal(channel->disk_limits.stages[DISK_LOW].percent, 5);
    assert_int_equal(channel->disk_limits.stages[DISK_SHORT].percent, 2);
    assert_int_equal(channel->disk_limits.stages[DISK_FULL].percent, 0);
    assert_null(relay_config_channel(config, "c"));
    assert_non_null(relay_config_account(config, "a", span_str("r"), "192.0.2.9"));
    assert_non_null(relay_config_account(config, "b", span_str("r"), "::1"));
    assert_null(relay_config_account(config, "b", span_str("r"), "198.51.100.1"));
    assert_null(relay_config_account(config, "b", span_str("q"), "::1"));
    relay_config_free(relay_config_share(config));
    relay_config_free(config);
}

static void test_an_account_of_one_channel(void **state)
{
    struct relay_config *config =
        load(*state, RELAY CHANNEL "[channel b]\nsource=mysql://u@db2\nlisten=127.0.0.1:2\n" ACCOUNT
                                   "channels = b\n");

    assert_null(relay_config_account(config, "a", span_str("r"), "::1"));
    assert_non_null(relay_config_account(config, "b", span_str("r"), "::1"));
    relay_config_free(config);
}

/* What is wrong, and what the error says after the file's name. */
static const struct {
    const char *text;
    const char *expected;
} wrong[] = {
    {"dir = /x\n", ":1: dir: expected a [section] before the first key"},
    {"[relay]\nlisten = 127.0.0.1:1\n", ":2: [relay]: listen: expected a key of [relay]"},
    {"[relay]\ndir = /x\ndir = /y\n", ":3: [relay]: dir: expected it once in the section"},
    {"[relay]\n[relay]\n", ":2: [relay]: expected the section once, found it in line 1 too"},
    {"[mysqld]\n", ":1: [mysqld]: expected [relay], [channel NAME] or [account NAME]"},
    {"[channel]\n", "expected [relay], [channel NAME]"},
    {"[relay x]\n", "expected [relay], [channel NAME]"},
    {"[channel ../x]\n", ":1: [channel ../x]: expected a name of 1 to 64 letters"},
    {"[channel tls]\n", "which is not 'tls'"},
    {CHANNEL CHANNEL, ":4: [channel a]: expected the section once, found it in line 1 too"},
    {"[relay]\nserver_id = 0\n", ":2: [relay]: server_id: expected 1 to 4294967295, found '0'"},
    {"[relay]\nserver_id = 1x\n", "found '1x'"},
    {"[relay]\nverbose = yes\n", "verbose: expected on or off, found 'yes'"},
    {"[relay]\nmetrics_listen = 9104\n", "metrics_listen: expected IP:PORT, found '9104'"},
    {"[relay]\ndir =\n", "dir: expected DIR, found nothing"},
    {"[channel a]\nsource = db1\n", ":2: [channel a]: source: expected mysql://USER@HOST[:PORT]"},
    {"[channel a]\nsource = mysql://u:p@db1\n", "expected no password in the address"},
    {"[channel a]\nsource = mysql://u@/run/s", "expected HOST[:PORT] after the @, found '/run/s'"},
    {"[channel a]\nsource = mysql://u@db1:x\n", "expected HOST[:PORT] after the @, found 'db1:x'"},
    {"[channel a]\nsource_ssl_mode = PREFERRED\n", "expected DISABLED, REQUIRED, VERIFY_CA"},
    {"[channel a]\nstart = yesterday\n", "start: expected oldest, now, FILE:POSITION"},
    {"[channel a]\nretention_bytes = 0\n", "retention_bytes: expected 1 to"},
    {"[channel a]\nretention_bytes = 2000000T\n", "as 512M or 10G, found '2000000T'"},
    {"[channel a]\nretention_bytes = M\n", "found 'M'"},
    {"[channel a]\ndisk_low = 100%\n", "disk_low: expected 0% to 99%, or 0 to 1125899906842624"},
    {"[channel a]\ndisk_short = a\n", "disk_short: expected 0% to 99%"},
    {"[channel a]\nbinlog_retention_hours = -1\n", "expected 0 to 87600, found '-1'"},
    {"[channel a]\nsource_heartbeat_seconds = 0\n", "expected 1 to 3600, found '0'"},
    {"[channel a]\nsource_silence_seconds = 1\n", "expected 2 to 86400, found '1'"},
    {"[channel a]\nreplica_silence_seconds = 0\n", "expected 1 to 86400, found '0'"},
    {RELAY CHANNEL "source_silence_seconds = 5\n" ACCOUNT,
     ":3: [channel a]: source_silence_seconds: expected more than source_heartbeat_seconds, which "
     "is 5, found 5"},
    {"[account r]\nhosts = db1\n", "hosts: expected an IP address"},
    {"[account r]\nhosts = ,\n", "hosts: expected at least one name, found nothing"},
    {"[account r]\nreplicate_do_table = shop\n",
     ":2: [account r]: replicate_do_table: expected names such as "},
    {"[account r]\nreplicate_wild_do_table = shop\n",
     "[account r]: replicate_wild_do_table: expected patterns such as shop.%,log.day_, found "
     "'shop'"},
    {"[account r]\npassword_hash = secret\n",
     "[account r]: password_hash: password hash: expected"},
    {"[account r]\nhold = all\n", ":2: [account r]: hold: expected 1 to"},
    {RELAY CHANNEL ACCOUNT "[account the warehouse]\npassword_hash = " HASHES "\nhold = 1G\n",
     ":8: [account the warehouse]: hold: expected a name of 1 to 64 printable ASCII characters "
     "without space and '=', found 'the warehouse'"},
    {CHANNEL ACCOUNT, ": dir is needed"},
    {RELAY ACCOUNT, ": expected at least one [channel NAME], found none"},
    {RELAY CHANNEL, ": expected at least one [account NAME], found none"},
    {RELAY "[channel a]\nlisten = 127.0.0.1:1\n" ACCOUNT, ":3: [channel a]: source is needed"},
    {RELAY "[channel a]\nsource = mysql://u@h\n" ACCOUNT, ":3: [channel a]: listen is needed"},
    {"[channel a]\nlisten_mysql = 13307\n", "listen_mysql: expected IP:PORT, found '13307'"},
    {"[channel a]\nmariadb_domain = 0\n", "mariadb_domain: expected 1 to 4294967295, found '0'"},
    {"[channel a]\ntranslate_accounts = yes\n",
     "translate_accounts: expected drop, replicate or stop, found 'yes'"},
    {"[channel a]\ndependency_tracking = commit_order\n",
     "dependency_tracking: expected source or writeset, found 'commit_order'"},
    {"[channel a]\ndependency_history_size = 0\n",
     "dependency_history_size: expected 1 to 1000000, found '0'"},
    {"[channel a]\ndependency_history_size = 25k\n",
     "dependency_history_size: expected 1 to 1000000, found '25k'"},
    {RELAY CHANNEL "listen_mysql = 127.0.0.1:1\n" ACCOUNT,
     ":3: [channel a]: listen_mysql: expected an address of its own, found that of listen"},
    {RELAY CHANNEL "[channel b]\nsource = mysql://u@db2\nlisten = 127.0.0.1:2\n"
                   "listen_mariadb = 127.0.0.1:1\n" ACCOUNT,
     ":6: [channel b]: listen_mariadb: expected an address of its own, found that of [channel a]"},
    {RELAY CHANNEL "ssl_cert = /x\n" ACCOUNT, ":3: [channel a]: ssl_cert and ssl_key go together"},
    {RELAY CHANNEL "source_password_file = none\n" ACCOUNT, "[channel a]: source_password_file: "},
    {RELAY CHANNEL "[channel b]\nsource = mysql://u@db2\nlisten = 127.0.0.1:1\n" ACCOUNT,
     ":6: [channel b]: listen: expected an address of its own, found that of [channel a]"},
    {RELAY CHANNEL "[channel b]\nsource = mysql://u@db1\nlisten = 127.0.0.1:2\n" ACCOUNT,
     ":6: [channel b]: source: expected a server of its own, found that of [channel a]"},
    {RELAY CHANNEL "gtids_of = b\n" OTHER ACCOUNT,
     ":3: [channel a]: gtids_of: expected listen_mysql, whose replicas it is for, found none"},
    {RELAY CHANNEL BACK "gtids_of = c\n" OTHER ACCOUNT,
     ":3: [channel a]: gtids_of: expected names of other [channel NAME] sections, found 'c'"},
    {RELAY CHANNEL BACK "gtids_of = b, a\n" OTHER ACCOUNT,
     "gtids_of: expected names of other [channel NAME] sections, found 'a'"},
    {RELAY CHANNEL BACK "gtids_of = b, b\n" OTHER ACCOUNT,
     "gtids_of: expected each channel once, found 'b' again"},
    {RELAY CHANNEL BACK "gtids_of = \n" OTHER ACCOUNT,
     "gtids_of: expected at least one name, found nothing"},
    {RELAY CHANNEL BACK "gtids_of = b\n" OTHER "listen_mysql = 127.0.0.1:5\ngtids_of = a\n" ACCOUNT,
     "gtids_of: expected channels from MySQL, found 'b', which has gtids_of itself, as only one"},
    {RELAY CHANNEL BACK "gtids_of = b, c\n" OTHER
                        "[channel c]\nsource = mysql://u@db3\nlisten = 127.0.0.1:6\n" ACCOUNT,
     "gtids_of: expected channels with a mariadb_domain each, found 1 at 'b' and at 'c'"},
    {RELAY CHANNEL ACCOUNT "channels = a,shop\n", ":6: [account r]: channels: expected names of"},
    {RELAY CHANNEL "[account r]\n", "password_hash_file and password_file, found none"},
    {RELAY CHANNEL ACCOUNT "without_gtids = on\nreplicate_do_db = shop\n",
     "[account r]: without_gtids: expected no replicate_* rules beside it"},
    {RELAY CHANNEL ACCOUNT "password_file = /x\n", "and password_file, found several"},
};

static void test_what_is_refused(void **state)
{
    const struct place *place = *state;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct relay_config *config = NULL;
        struct err err = {0};

        write_file(place, "relay.cnf", wrong[i].text, 0600);
        if (relay_config_load(place->path, &config, &err))
            fail_msg("taken: %s", wrong[i].text);
        assert_null(config);
        assert_contains(err.text, place->path);
        assert_contains(err.text, wrong[i].expected);
    }
}

static void test_secrets_that_others_can_read(void **state)
{
    const struct place *place = *state;
    struct relay_config *config = NULL;
    struct err err;

    write_file(place, "relay.cnf", RELAY CHANNEL ACCOUNT, 0644);
    assert_false(relay_config_load(place->path, &config, &err));
    assert_contains(err.text, "[account r]: password_hash: ");
    assert_contains(err.text, "mode 0644");
    write_file(place, "hashes", HASHES, 0644);
    write_file(place, "relay.cnf", RELAY CHANNEL "[account r]\npassword_hash_file = hashes\n",
               0644);
    assert_false(relay_config_load(place->path, &config, &err));
    assert_contains(err.text, "/hashes: expected a file that others can not read");
    write_file(place, "hashes", "\n", 0600);
    assert_false(relay_config_load(place->path, &config, &err));
    assert_contains(err.text, "expected a hash in");
    write_file(place, "hashes", "\n" HASHES "\n", 0600);
    assert_true(relay_config_load(place->path, &config, &err));
    assert_true(config->accounts->hashes.has_native && config->accounts->hashes.has_sha2);
    relay_config_free(config);
}

/* The path to the source is another when its secret or its authorities are. */
static void test_what_makes_a_receiver_connect_anew(void **state)
{
    const struct place *place = *state;
    static const char *const more[] = {"", "", "binlog_retention_hours = 3\n",
                                       "source_silence_seconds = 7\n"};
    struct relay_settings *made[4];

    for (size_t i = 0; i < 4; i++) {
        struct relay_config *config;
        struct err err;
        char *text;

        write_file(place, "password", i == 0 ? "one" : "two", 0600);
        text = mem_printf(RELAY CHANNEL "source_password_file = password\n%s" ACCOUNT, more[i]);
        config = load(place, text);
        mem_free(text);
        assert_true(relay_settings_make(config, config->channels, &made[i], &err));
        relay_config_free(config);
    }
    assert_false(relay_settings_same_source(made[0], made[1]));
    assert_true(relay_settings_same_source(made[1], made[2]));
    assert_false(relay_settings_same_source(made[1], made[3]));
    for (size_t i = 0; i < 4; i++)
        relay_settings_free(made[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_key, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_an_account_of_one_channel, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_what_is_refused, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_secrets_that_others_can_read, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(test_what_makes_a_receiver_connect_anew, make_place,
                                        remove_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
