#include "cluster/procedures.h"

#include "base/buf.h"

#include <string.h>

#define STATEMENT_MAX (1u << 20)
#define SEPARATOR     "\n$$\n"
#define MASTER        "${master}"
#define COMPATIBILITY "${compatibility}"

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

/* A character string of SQL, under any sql_mode but NO_BACKSLASH_ESCAPES. */
static void write_quoted(struct buf *buf, const char *text)
{
    buf_u8(buf, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buf_u8(buf, '\\');
        buf_u8(buf, (uint8_t)*text);
    }
    buf_u8(buf, '\'');
}

bool procedures_set_password(struct sql *sql, const char *master_user, const char *password,
                             struct err *err)
{
    struct buf statement;
    bool ok;

    buf_init(&statement, STATEMENT_MAX);
    buf_str(&statement, "ALTER USER ");
    write_account(&statement, master_user);
    buf_str(&statement, " IDENTIFIED BY ");
    write_quoted(&statement, password);
    ok = sql_run(sql, "SET SESSION sql_mode = ''", err) &&
         run_outside_binlog(sql, buf_borrow_cstr(&statement), err);
    buf_done(&statement);
    return ok;
}

/* What the files' placeholders stand for. */
struct meaning {
    const char *master_user;
    unsigned compatibility;
};

static bool begins_with(const char *text, const char *end, const char *word)
{
    return (size_t)(end - text) >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

/* Copies text to buf with every placeholder replaced. */
static void substitute(const char *text, size_t len, const struct meaning *meaning, struct buf *buf)
{
    const char *end = text + len;

    while (text < end) {
        const char *found = memchr(text, '$', (size_t)(end - text));

        buf_bytes(buf, span_of(text, (size_t)((found ? found : end) - text)));
        if (!found)
            return;
        text = found;
        if (begins_with(text, end, MASTER)) {
            write_account(buf, meaning->master_user);
            text += strlen(MASTER);
        } else if (begins_with(text, end, COMPATIBILITY)) {
            buf_printf(buf, "%u", meaning->compatibility);
            text += strlen(COMPATIBILITY);
        } else {
            buf_u8(buf, (uint8_t)*text++);
        }
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

static bool run_file(struct sql *sql, const struct procedures_file *file,
                     const struct meaning *meaning, struct err *err)
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
            substitute(next, len, meaning, &statement);
            ok = sql_run(sql, buf_borrow_cstr(&statement), err) ||
                 err_prefix(err, "sql/%s, statement %d", file->name, number);
        }
        next = end ? end + strlen(SEPARATOR) : NULL;
    }
    buf_done(&statement);
    return ok;
}

bool procedures_install(struct sql *sql, const char *master_user, unsigned compatibility,
                        struct err *err)
{
    struct meaning meaning = {master_user, compatibility};

    if (!sql_run(sql, "SET SESSION sql_log_bin = 0", err))
        return false;
    for (unsigned i = 0; i < procedures_n_files; i++) {
        if (!run_file(sql, &procedures_files[i], &meaning, err))
            return false;
    }
    return true;
}
