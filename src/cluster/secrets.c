#include "cluster/secrets.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "net/certificate.h"

#include <string.h>
#include <unistd.h>

#define PASSWORD_LEN    32
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
    mem_free(text);
    return true;
}

/* The value of `password=` in an option file that we wrote; NULL when it is not there. */
static const char *find_password(const char *text, struct arena *arena)
{
    static const char key[] = "\npassword=";
    const char *line = strstr(text, key);
    char *password;

    if (!line)
        return NULL;
    password = arena_strdup(arena, line + sizeof key - 1);
    password[strcspn(password, "\r\n")] = 0;
    return password;
}

static bool open_credentials(const char *path, const char *user, const char *host, uint16_t port,
                             const char *tls_ca, struct arena *arena, const char **ret_password,
                             struct err *err)
{
    const char *password = NULL;
    char *old = NULL;
    char *next;
    bool ok = true;

    if (path_exists(path)) {
        if (!file_read(path, SECRET_FILE_MAX, &old, err))
            return false;
        password = find_password(old, arena);
    }
    if (!password) {
        char *made = arena_alloc(arena, PASSWORD_LEN + 1);

        random_password(made, PASSWORD_LEN);
        password = made;
    }
    next = arena_printf(arena,
                        "# The cluster's master user; use: mariadb --defaults-file=THIS_FILE\n"
                        "[client]\n"
                        "user=%s\n"
                        "password=%s\n"
                        "host=%s\n"
                        "port=%u\n"
                        "protocol=tcp\n"
                        "ssl-ca=%s\n",
                        user, password, host, (unsigned)port, tls_ca);
    if (!old || strcmp(old, next) != 0)
        ok = file_write(path, span_str(next), 0600, err);
    mem_free(old);
    *ret_password = password;
    return ok;
}

bool secrets_open(const char *dir, const char *cluster, const char *master_user, const char *host,
                  uint16_t port, struct arena *arena, struct secrets *ret_secrets, struct err *err)
{
    struct secrets secrets = {0};
    const char *tls_dir = arena_printf(arena, "%s/tls", dir);

    secrets.credentials = arena_printf(arena, "%s/master.cnf", dir);
    secrets.tls_ca = arena_printf(arena, "%s/" CERTIFICATE_CA_FILE, tls_dir);
    secrets.tls_cert = arena_printf(arena, "%s/" CERTIFICATE_FILE, tls_dir);
    secrets.tls_key = arena_printf(arena, "%s/" CERTIFICATE_KEY_FILE, tls_dir);
    if (!dir_make_all(dir, 0700, err) || !certificate_files_make(tls_dir, cluster, err))
        return false;
    if (!open_admin_password(arena_printf(arena, "%s/rdsadmin.password", dir), arena,
                             &secrets.admin_password, err) ||
        !open_credentials(secrets.credentials, master_user, host, port, secrets.tls_ca, arena,
                          &secrets.master_password, err))
        return false;
    *ret_secrets = secrets;
    return true;
}
