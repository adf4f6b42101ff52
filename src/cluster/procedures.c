#include "cluster/procedures.h"

#include "base/buf.h"

#include <string.h>

#define STATEMENT_MAX (1u << 20)
#define SEPARATOR     "\n$$\n"
#define PLACEHOLDER   "${master}"

static bool run_outside_binlog(struct sql *sql, const char *statement, struct err *err)
{
    return sql_run(sql, "SET SESSION sql_log_bin = 0", err) && sql_run(sql, statement, err);
}

/* `user`@`%`, quoted: a user name that we chose or checked has no backtick. */
static void write_account(struct buf *buf, const char *master_user)
{
    buf_printf(buf, "`%s`@`%%`", master_user);
}

bool procedures_create_master(struct sql *sql, const char *master_user, const char *password,
                              struct err *err)
{
    struct buf statement;
    bool ok;

    buf_init(&statement, STATEMENT_MAX);
    buf_str(&statement, "CREATE OR REPLACE USER ");
    write_account(&statement, master_user);
    /* Made by random_password(): nothing in it needs escaping. */
    buf_printf(&statement, " IDENTIFIED BY '%s'", password);
    ok = run_outside_binlog(sql, buf_borrow_cstr(&statement), err);
    buf_done(&statement);
    return ok;
}

/* Copies text to buf with every placeholder replaced. */
static void substitute(const char *text, size_t len, const char *master_user, struct buf *buf)
{
    const char *end = text + len;

    while (text < end) {
        const char *found = memmem(text, (size_t)(end - text), PLACEHOLDER, strlen(PLACEHOLDER));

        buf_bytes(buf, span_of(text, (size_t)((found ? found : end) - text)));
        if (!found)
            return;
        write_account(buf, master_user);
        text = found + strlen(PLACEHOLDER);
    }
}

/* True for text of blank lines and comment lines only. */
static bool is_blank(const char *text, size_t len)
{
    const char *end = text + len;

    while (text < end) {
        size_t line = strcspn(text, "\n");

        text += strspn(text, " \t");
        if (*text != '\n' && strncmp(text, "--", 2) != 0 && text < end)
            return false;
        line = strcspn(text, "\n");
        text += line + 1;
    }
    return true;
}

static bool run_file(struct sql *sql, const struct procedures_file *file, const char *master_user,
                     struct err *err)
{
    struct buf statement;
    const char *next = file->text;
    bool ok = true;

    buf_init(&statement, STATEMENT_MAX);
    for (int number = 1; ok && next && *next; number++) {
        const char *end = strstr(next, SEPARATOR);
        size_t len = end ? (size_t)(end - next) : strlen(next);

        if (!is_blank(next, len)) {
            buf_clear(&statement);
            substitute(next, len, master_user, &statement);
            ok = sql_run(sql, buf_borrow_cstr(&statement), err) ||
                 err_prefix(err, "sql/%s, statement %d", file->name, number);
        }
        next = end ? end + strlen(SEPARATOR) : NULL;
    }
    buf_done(&statement);
    return ok;
}

bool procedures_install(struct sql *sql, const char *master_user, struct err *err)
{
    if (!sql_run(sql, "SET SESSION sql_log_bin = 0", err))
        return false;
    for (unsigned i = 0; i < procedures_n_files; i++) {
        if (!run_file(sql, &procedures_files[i], master_user, err))
            return false;
    }
    return true;
}
