#include "engine/sql.h"

#include "base/mem.h"
#include "net/socket.h"

#include <errmsg.h>
#include <mysql.h>
#include <string.h>
#include <strings.h>

struct sql {
    MYSQL *mysql;
};

static bool failed(struct sql *sql, struct err *err)
{
    unsigned code = mysql_errno(sql->mysql);
    enum err_class class = E_STATE;

    /* 1044, 1045, 1227 and 1698 are the server's refusals; 2000 and up the client library's. */
    if (code == 1044 || code == 1045 || code == 1227 || code == 1698)
        class = E_AUTH;
    else if (code >= CR_MIN_ERROR && code <= CR_MAX_ERROR)
        class = E_IO;
    return err_set(err, class, (int)code, "engine: %u (%s): %s", code, mysql_sqlstate(sql->mysql),
                   mysql_error(sql->mysql));
}

bool sql_connect(const char *socket_path, const char *user, const char *password,
                 unsigned timeout_sec, struct sql **ret_sql, struct err *err)
{
    struct sql *sql;
    struct socket_route route;
    bool ok;

    if (!socket_route_open(socket_path, &route, err))
        return false;
    sql = mem_alloc(sizeof *sql);
    sql->mysql = mysql_init(NULL);
    if (!sql->mysql) {
        socket_route_close(&route);
        mem_free(sql);
        return err_set(err, E_BUG, 0, "engine: the client library does not start");
    }
    (void)mysql_options(sql->mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout_sec);
    (void)mysql_options(sql->mysql, MYSQL_OPT_READ_TIMEOUT, &timeout_sec);
    (void)mysql_options(sql->mysql, MYSQL_OPT_WRITE_TIMEOUT, &timeout_sec);
    (void)mysql_options(sql->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    ok = mysql_real_connect(sql->mysql, NULL, user, password, NULL, 0, route.path,
                            CLIENT_MULTI_RESULTS) != NULL;
    socket_route_close(&route);
    if (!ok) {
        (void)failed(sql, err);
        sql_close(sql);
        return false;
    }
    *ret_sql = sql;
    return true;
}

void sql_close(struct sql *sql)
{
    if (!sql)
        return;
    mysql_close(sql->mysql);
    mem_free(sql);
}

/* Copies a stored result; a table of text pointers, each NULL or NUL-terminated. */
static void copy_result(MYSQL_RES *from, struct arena *arena, struct sql_result *ret_result)
{
    size_t n_columns = mysql_num_fields(from);
    size_t n_rows = (size_t)mysql_num_rows(from);
    const char **names = arena_alloc(arena, n_columns * sizeof *names);
    const char **values = arena_alloc(arena, n_rows * n_columns * sizeof *values);

    for (size_t column = 0; column < n_columns; column++)
        names[column] = arena_strdup(arena, mysql_fetch_field(from)->name);
    for (size_t row = 0; row < n_rows; row++) {
        MYSQL_ROW texts = mysql_fetch_row(from);

        for (size_t column = 0; column < n_columns; column++) {
            if (texts[column])
                values[row * n_columns + column] = arena_strdup(arena, texts[column]);
        }
    }
    *ret_result = (struct sql_result){
        .n_columns = n_columns, .n_rows = n_rows, .names = names, .values = values};
}

/* Runs the statement; the first result goes to the arena (when there is one), others are dropped.
 */
static bool run(struct sql *sql, const char *statement, struct arena *arena,
                struct sql_result *ret_result, struct err *err)
{
    struct sql_result first = {0};
    bool have_first = false;
    int more;

    if (mysql_real_query(sql->mysql, statement, strlen(statement)) != 0)
        return failed(sql, err);
    do {
        MYSQL_RES *result = mysql_store_result(sql->mysql);

        if (!result && mysql_field_count(sql->mysql) > 0)
            return failed(sql, err);
        if (result && arena && !have_first) {
            copy_result(result, arena, &first);
            have_first = true;
        }
        if (result)
            mysql_free_result(result);
        more = mysql_next_result(sql->mysql);
    } while (more == 0);
    if (more > 0)
        return failed(sql, err);
    if (ret_result)
        *ret_result = first;
    return true;
}

bool sql_run(struct sql *sql, const char *statement, struct err *err)
{
    return run(sql, statement, NULL, NULL, err);
}

bool sql_query(struct sql *sql, const char *statement, struct arena *arena,
               struct sql_result *ret_result, struct err *err)
{
    return run(sql, statement, arena, ret_result, err);
}

const char *sql_result_get(const struct sql_result *result, size_t row, const char *column)
{
    if (row >= result->n_rows)
        return NULL;
    for (size_t i = 0; i < result->n_columns; i++) {
        if (strcasecmp(result->names[i], column) == 0)
            return result->values[row * result->n_columns + i];
    }
    return NULL;
}
