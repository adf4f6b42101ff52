#include "engine/bootstrap.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT_MAX        (32u << 20)
#define BOOTSTRAP_TIMEOUT (300 * USEC_PER_SEC)
#define HASH_HEX_LEN      (2 * SHA_DIGEST_LENGTH)

/* mysql_native_password's stored form: '*' and the hex of SHA1(SHA1(password)). */
static void native_hash(const char *password, char hash[HASH_HEX_LEN + 2])
{
    unsigned char digest[SHA_DIGEST_LENGTH];

    (void)SHA1((const unsigned char *)password, strlen(password), digest);
    (void)SHA1(digest, sizeof digest, digest);
    hash[0] = '*';
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(hash + 1 + 2 * i, 3, "%02X", digest[i]);
}

/* Appends share/mysql_NAME.sql, which later versions call share/mariadb_NAME.sql. */
static bool append_share(const struct engine_home *home, const char *name, struct buf *script,
                         struct err *err)
{
    static const char *const forms[] = {"%s/mariadb_%s.sql", "%s/mysql_%s.sql", "%s/%s.sql"};
    char *text = NULL;
    bool ok = false;

    for (size_t i = 0; !ok && i < sizeof forms / sizeof *forms; i++) {
        char path[4096];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(path, sizeof path, forms[i], home->share, name);
#pragma GCC diagnostic pop
        ok = file_read(path, SCRIPT_MAX, &text, err);
    }
    if (!ok)
        return err_prefix(err, "engine %s", home->dir);
    buf_str(script, text);
    buf_str(script, "\n");
    mem_free(text);
    return true;
}

static bool append_time_zones(const struct engine_home *home, struct buf *script, struct err *err)
{
    const char *argv[] = {home->tzinfo, home->zoneinfo, NULL};
    char *text = NULL;

    if (!home->tzinfo || !home->zoneinfo)
        return err_set(
            err, E_STATE, 0,
            "engine %s: expected bin/mariadb-tzinfo-to-sql and share/zoneinfo, found %s; "
            "named time zones need them",
            home->dir, home->tzinfo ? "only the first" : "no such program");
    if (!process_output(argv, SCRIPT_MAX, clock_deadline_usec(BOOTSTRAP_TIMEOUT), &text, err))
        return false;
    buf_str(script, text);
    buf_str(script, "\n");
    mem_free(text);
    return true;
}

static void append_account(const char *user, const char *password, struct buf *script)
{
    char hash[HASH_HEX_LEN + 2];

    native_hash(password, hash);
    /* The engine's own system_tables_data script would add root accounts: it is left out, and this
     * row is all there is besides the locked mariadb.sys. */
    buf_printf(script,
               "INSERT INTO mysql.global_priv (Host, User, Priv) VALUES ('localhost', '%s', "
               "JSON_OBJECT('access', 18446744073709551615, 'plugin', 'mysql_native_password', "
               "'authentication_string', '%s'));\n",
               user, hash);
}

static bool render_script(const struct engine_home *home, const char *user, const char *password,
                          struct buf *script, struct err *err)
{
    static const char *const parts[] = {"system_tables", "performance_tables", "fill_help_tables",
                                        "maria_add_gis_sp_bootstrap", "sys_schema"};

    buf_str(script, "CREATE DATABASE mysql;\nUSE mysql;\n");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!append_share(home, parts[i], script, err))
            return false;
    }
    buf_str(script, "USE mysql;\n");
    if (!append_time_zones(home, script, err))
        return false;
    append_account(user, password, script);
    if (!buf_ok(script))
        return err_set(err, E_LIMIT, 0, "engine %s: its system tables' SQL is over %u bytes",
                       home->dir, SCRIPT_MAX);
    return true;
}

static bool run_bootstrap(const struct engine_home *home, const struct instance_paths *paths,
                          int script_fd, int lock_fd, struct err *err)
{
    char *datadir = mem_printf("--datadir=%s", paths->data);
    char *tmpdir = mem_printf("--tmpdir=%s", paths->tmp);
    char *share = mem_printf("--lc-messages-dir=%s", home->share);
    char *charsets = mem_printf("--character-sets-dir=%s/charsets", home->share);
    const char *argv[] = {home->server,
                          "--no-defaults",
                          "--bootstrap",
                          "--enforce-storage-engine=",
                          "--max-allowed-packet=64M",
                          "--innodb-buffer-pool-size=32M",
                          datadir,
                          tmpdir,
                          share,
                          charsets,
                          geteuid() == 0 ? "--user=root" : NULL,
                          NULL};
    struct process process = PROCESS_NONE;
    struct err ignored;
    int status = -1;
    int log_fd = open(paths->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    bool ok = log_fd >= 0 || err_errno(err, "%s: cannot create", paths->log);

    ok = ok && process_spawn(&(struct process_spec){.argv = argv,
                                                    .stdin_fd = script_fd,
                                                    .stdout_fd = log_fd,
                                                    .stderr_fd = log_fd,
                                                    .inherit_fd = lock_fd},
                             &process, err);
    if (ok && !process_wait(&process, clock_deadline_usec(BOOTSTRAP_TIMEOUT), &status, err)) {
        (void)process_signal(&process, SIGKILL);
        (void)!process_wait(&process, CLOCK_NEVER, NULL, &ignored);
        ok = err_prefix(err, "%s --bootstrap", home->server);
    } else if (ok && status != 0) {
        ok = err_set(err, E_STATE, 0, "%s --bootstrap: failed with wait status %d; see %s",
                     home->server, status, paths->log);
    }
    process_done(&process);
    fd_close(&log_fd);
    mem_free(datadir);
    mem_free(tmpdir);
    mem_free(share);
    mem_free(charsets);
    return ok;
}

bool engine_bootstrap(const struct engine_home *home, const struct instance_paths *paths,
                      const char *user, const char *password, int lock_fd, struct err *err)
{
    char *script_path = mem_printf("%s/bootstrap.sql", paths->tmp);
    struct buf script;
    int script_fd = -1;
    bool ok;

    buf_init(&script, 2 * SCRIPT_MAX);
    ok = render_script(home, user, password, &script, err) &&
         file_write(script_path, buf_span(&script), 0600, err);
    if (ok) {
        script_fd = open(script_path, O_RDONLY | O_CLOEXEC);
        ok = script_fd >= 0 || err_errno(err, "%s: cannot open", script_path);
    }
    ok = ok && run_bootstrap(home, paths, script_fd, lock_fd, err);
    fd_close(&script_fd);
    (void)unlink(script_path);
    buf_done(&script);
    mem_free(script_path);
    return ok;
}
