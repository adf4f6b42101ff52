#include "cluster/secrets.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/secret_file.h"
#include "net/certificate.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PASSWORD_LEN    32
#define PASSWORD_LEAST  8
#define PASSWORD_MOST   41
#define SECRET_FILE_MAX 4096

/* The password in a file of one line, made when the file is missing. */
static bool open_admin_password(const char *path, struct arena *arena, const char **ret_password,
                                struct err *err)
{
    char password[PASSWORD_LEN + 1];
    char *text = NULL;

    if (!path_exists(path)) {
        random_password(password, PASSWORD_LEN);
        if (!file_write(path, span_str(password), 0600, err))
            return false;
    }
    if (!file_read(path, SECRET_FILE_MAX, &text, err))
        return false;
    text[strcspn(text, "\r\n")] = 0;
    *ret_password = arena_strdup(arena, text);
    secret_free(text);
    return true;
}

/* In double quotes with backslashes doubled, where an option file would read it otherwise. */
static void write_password(const char *password, struct buf *buf)
{
    bool is_plain = password[strcspn(password, "\\#'!;")] == '\0';

    buf_str(buf, is_plain ? "password=" : "password=\"");
    for (; *password; password++)
        buf_printf(buf, *password == '\\' ? "\\%c" : "%c", *password);
    buf_str(buf, is_plain ? "\n" : "\"\n");
}

/* The value of `password=` in an option file that we wrote (secret_free()); NULL: not there. */
static char *find_password(const char *text)
{
    static const char key[] = "\npassword=";
    const char *from = strstr(text, key);
    char *password;
    char *to;

    if (!from)
        return NULL;
    from += sizeof key - 1;
    password = mem_strdup(from);
    to = password;
    for (from += *from == '"'; *from && *from != '\n' && *from != '"'; from++) {
        if (*from == '\\' && from[1] == '\\')
            from++;
        *to++ = *from;
    }
    *to = '\0';
    return password;
}

/* Where clients on this machine reach an endpoint that listens everywhere. */
static const char *local_host(const char *listen)
{
    if (strcmp(listen, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(listen, "::") == 0 ? "::1" : listen;
}

/* Writes master.cnf unless it is so already; `old` is its text, or NULL. */
static bool write_credentials(const struct secrets *secrets, const struct store_cluster *cluster,
                              const char *password, const char *old, struct err *err)
{
    struct buf next;
    bool ok = true;

    buf_init(&next, SECRET_FILE_MAX);
    buf_printf(&next,
               "# The cluster's master user; use: mariadb --defaults-file=THIS_FILE\n"
               "[client]\n"
               "user=%s\n",
               cluster->master_user);
    write_password(password, &next);
    buf_printf(&next,
               "host=%s\n"
               "port=%u\n"
               "protocol=tcp\n"
               "ssl-ca=%s\n",
               local_host(cluster->listen), (unsigned)cluster->port, secrets->tls_ca);
    if (!buf_ok(&next))
        ok = err_set(err, E_LIMIT, 0, "%s: over %d bytes", secrets->credentials, SECRET_FILE_MAX);
    else if (!old || strcmp(old, buf_borrow_cstr(&next)) != 0)
        ok = file_write(secrets->credentials, buf_span(&next), 0600, err);
    buf_done(&next);
    return ok;
}

static bool open_credentials(struct secrets *secrets, const struct store_cluster *cluster,
                             struct arena *arena, struct err *err)
{
    char *password = NULL;
    char *old = NULL;
    bool ok;

    if (path_exists(secrets->credentials) &&
        !file_read(secrets->credentials, SECRET_FILE_MAX, &old, err))
        return false;
    if (old)
        password = find_password(old);
    if (!password) {
        password = mem_alloc(PASSWORD_LEN + 1);
        random_password(password, PASSWORD_LEN);
    }
    ok = write_credentials(secrets, cluster, password, old, err);
    if (ok && !secrets->master_password)
        secrets->master_password = arena_strdup(arena, password);
    secret_free(password);
    secret_free(old);
    return ok;
}

void secrets_init(const char *dir, struct arena *arena, struct secrets *ret_secrets)
{
    const char *tls_dir = arena_printf(arena, "%s/tls", dir);

    *ret_secrets = (struct secrets){
        .dir = arena_strdup(arena, dir),
        .credentials = arena_printf(arena, "%s/master.cnf", dir),
        .pending = arena_printf(arena, "%s/master.password.new", dir),
        .tls_dir = tls_dir,
        .tls_ca = arena_printf(arena, "%s/" CERTIFICATE_CA_FILE, tls_dir),
        .tls_cert = arena_printf(arena, "%s/" CERTIFICATE_FILE, tls_dir),
        .tls_key = arena_printf(arena, "%s/" CERTIFICATE_KEY_FILE, tls_dir),
    };
}

bool secrets_open(struct secrets *secrets, const struct store_cluster *cluster, struct arena *arena,
                  struct err *err)
{
    if (!dir_make_all(secrets->dir, 0700, err) ||
        !certificate_files_make(secrets->tls_dir, cluster->name, err))
        return false;
    if (!secrets->admin_password) {
        char *path = mem_printf("%s/rdsadmin.password", secrets->dir);
        bool ok = open_admin_password(path, arena, &secrets->admin_password, err);

        mem_free(path);
        if (!ok)
            return false;
    }
    return open_credentials(secrets, cluster, arena, err);
}

bool secrets_put_pending(const struct secrets *secrets, const char *password, struct err *err)
{
    return file_write(secrets->pending, span_str(password), 0600, err);
}

bool secrets_get_pending(const struct secrets *secrets, char **ret_password, struct err *err)
{
    if (path_exists(secrets->pending))
        return file_read(secrets->pending, SECRET_FILE_MAX, ret_password, err);
    *ret_password = NULL;
    return true;
}

bool secrets_drop_pending(const struct secrets *secrets, struct err *err)
{
    if (unlink(secrets->pending) != 0 && errno != ENOENT)
        return err_errno(err, "%s: cannot remove", secrets->pending);
    return dir_sync_parent(secrets->pending, err);
}

bool secrets_take_pending(const struct secrets *secrets, const struct store_cluster *cluster,
                          const char *password, struct err *err)
{
    return write_credentials(secrets, cluster, password, NULL, err) &&
           secrets_drop_pending(secrets, err);
}

bool secrets_check_password(const char *password, struct err *err)
{
    size_t len = strlen(password);

    if (len < PASSWORD_LEAST || len > PASSWORD_MOST)
        return err_set(err, E_USAGE, 0,
                       "the master user's password: expected %d to %d characters, found %zu",
                       PASSWORD_LEAST, PASSWORD_MOST, len);
    for (; *password; password++) {
        if (*password <= ' ' || *password > '~' || strchr("/\"@", *password))
            return err_set(err, E_USAGE, 0,
                           "the master user's password: expected printable ASCII without space, "
                           "/, \" and @, found another character");
    }
    return true;
}
