#include "engine/config.h"

#include "engine/plugin.h"

#include <string.h>
#include <unistd.h>

#define BUFFER_POOL_LEAST (INT64_C(128) << 20)

/* An eighth of the machine's memory: others live on it too, and pages are taken as they fill. */
static int64_t buffer_pool_bytes(void)
{
    int64_t pages = sysconf(_SC_PHYS_PAGES);
    int64_t bytes = pages > 0 ? pages * sysconf(_SC_PAGESIZE) / 8 : 0;

    return bytes > BUFFER_POOL_LEAST ? bytes : BUFFER_POOL_LEAST;
}

/* In an option file a value in double quotes keeps spaces and '#'; a quote or a backslash in it
 * would be read as something else. */
static bool check_path(const char *path, struct err *err)
{
    if (strpbrk(path, "\"\\\r\n"))
        return err_set(err, E_USAGE, 0,
                       "directory %s: expected a path without quotes, backslashes and line breaks",
                       path);
    return true;
}

static void render_identity(const struct instance_spec *spec, const struct instance_paths *paths,
                            const struct engine_home *home, struct buf *buf)
{
    buf_printf(buf,
               "# Written by borealis at every start of the engine; changes here are lost.\n"
               "[mariadbd]\n"
               "datadir = \"%s\"\n"
               "socket = \"%s\"\n"
               "pid_file = \"%s\"\n"
               "log_error = \"%s\"\n"
               "tmpdir = \"%s\"\n"
               "lc_messages_dir = \"%s\"\n"
               "character_sets_dir = \"%s/charsets\"\n"
               "server_id = %u\n",
               paths->data, paths->own_socket, paths->pid_file, paths->log, paths->tmp, home->share,
               home->share, spec->server_id);
    if (geteuid() == 0)
        buf_str(buf, "user = root\n");
}

/*
 * "loose": an engine that can not load the plugin starts all the same, without its variables. The
 * option of the plugin's own name decides what becomes of a failure, and ON, the default, is that.
 */
static void render_plugins(const struct instance_spec *spec, const struct instance_paths *paths,
                           const struct engine_home *home, bool with_plugin, struct buf *buf)
{
    if (with_plugin)
        buf_printf(buf,
                   "plugin_dir = \"%s\"\n"
                   "plugin_load_add = " ENGINE_PLUGIN_FILE "\n"
                   "loose_aurora_version = \"%s\"\n"
                   "loose_aurora_server_id = \"%s\"\n"
                   "loose_aurora_status_page = \"%s\"\n"
                   "loose_aurora_control_socket = \"" INSTANCE_DAEMON_SOCKET "\"\n",
                   paths->plugins, spec->aurora_version, spec->name, paths->status_page);
    else if (home->plugins)
        buf_printf(buf, "plugin_dir = \"%s\"\n", home->plugins);
}

/* Who may come in: only the endpoint, through the socket, and never by the daemon's own uid. */
static void render_access(const struct instance_spec *spec, const struct instance_paths *paths,
                          struct buf *buf)
{
    buf_printf(buf,
               "skip_networking = ON\n"
               "unix_socket = OFF\n"
               "proxy_protocol_networks = localhost\n"
               "require_secure_transport = %s\n"
               "ssl_ca = \"%s\"\n"
               "ssl_cert = \"%s\"\n"
               "ssl_key = \"%s\"\n"
               "local_infile = ON\n"
               /* No FILE privilege is ever granted; this closes it for a granted one, too. */
               "secure_file_priv = \"%s\"\n"
               /* Else DATA DIRECTORY writes anywhere that the daemon's user may. */
               "skip_symbolic_links\n"
               /* Without SUPER, which no user has, functions and triggers could not be made. */
               "log_bin_trust_function_creators = ON\n"
               "max_allowed_packet = 1G\n"
               "character_set_server = utf8mb4\n",
               spec->require_secure_transport ? "ON" : "OFF", spec->tls_ca, spec->tls_cert,
               spec->tls_key, paths->tmp);
}

static void render_durability(struct buf *buf)
{
    buf_printf(buf,
               "innodb_buffer_pool_size = %lld\n"
               "innodb_flush_log_at_trx_commit = 1\n"
               "sync_binlog = 1\n",
               (long long)buffer_pool_bytes());
}

static void render_replication(const struct instance_spec *spec, const struct instance_paths *paths,
                               struct buf *buf)
{
    if (spec->with_binlog)
        buf_printf(buf,
                   "log_bin = \"%s\"\n"
                   "log_slave_updates = ON\n",
                   paths->binlog_base);
    buf_printf(
        buf,
        "max_binlog_size = 134217728\n"
        "expire_logs_days = 0\n"
        "encrypt_binlog = OFF\n"
        "gtid_domain_id = %u\n"
        /* A source by file and position keeps the domain of its own GTIDs, often 0: in strict
         * mode a second source in that domain would stop the applier (doc/engine.md). */
        "gtid_strict_mode = OFF\n"
        /* The daemon starts replication again, unless an operator has stopped it. */
        "skip_slave_start\n"
        "relay_log = \"%s/relaylog\"\n"
        "relay_log_recovery = ON\n"
        /* The replica's place in the source's log is in two files, written and synced at
         * every transaction instead of every 10,000 events. */
        "sync_master_info = 1\n"
        "sync_relay_log_info = 1\n"
        "master_info_file = \"%s/master.info\"\n"
        "relay_log_info_file = \"%s/relay-log.info\"\n"
        /* The cluster's own bookkeeping and accounts are never a source's to change. */
        "replicate_wild_ignore_table = mysql.%%\n",
        spec->gtid_domain_id, paths->relay, paths->relay, paths->relay);
}

bool engine_config_render(const struct instance_spec *spec, const struct instance_paths *paths,
                          const struct engine_home *home, bool with_plugin, struct buf *buf,
                          struct err *err)
{
    if (!check_path(paths->dir, err) || !check_path(home->dir, err) ||
        !check_path(spec->tls_cert, err))
        return false;
    render_identity(spec, paths, home, buf);
    render_plugins(spec, paths, home, with_plugin, buf);
    render_access(spec, paths, buf);
    render_durability(buf);
    render_replication(spec, paths, buf);
    buf_str(buf, spec->options);
    if (!buf_ok(buf))
        return err_set(err, E_LIMIT, 0, "instance %s: its option file is too long", spec->name);
    return true;
}

bool engine_config_render_client(const struct instance_spec *spec,
                                 const struct instance_paths *paths, struct buf *buf,
                                 struct err *err)
{
    buf_printf(buf,
               "# Written by borealis at every start of the engine; changes here are lost.\n"
               "# A copy of the data with its place in the binary log, by the program of the\n"
               "# engine's own version:\n"
               "#     mariadb-backup --defaults-file=THIS_FILE --backup --target-dir=DIR\n"
               "[client]\n"
               "user = " ENGINE_ADMIN_USER "\n"
               "password = %s\n"
               "socket = \"%s\"\n"
               "\n"
               "[mariadb-backup]\n"
               "datadir = \"%s\"\n",
               spec->admin_password, paths->own_socket, paths->data);
    return buf_ok(buf) || err_set(err, E_LIMIT, 0,
                                  "instance %s: its clients' option file is too long", spec->name);
}
