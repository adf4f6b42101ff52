/*
 * MariaDB's C library at a server, all that applications use of it beyond plain statements:
 *
 *     cclient PORT USER PASSWORD CA|- compress|plain
 *
 * Prints "ok" and exits with 0, or prints what failed on standard error. Needs no database; makes
 * the database `cclient` and removes it.
 */
#include <mysql.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE (17u << 20) /* bytes: more than a packet of the protocol holds */
#define ROWS  1000

static MYSQL *mysql;

__attribute__((format(printf, 3, 4))) static void check(bool good, int line, const char *format,
                                                        ...)
{
    va_list args;

    if (good)
        return;
    va_start(args, format);
    (void)fprintf(stderr, "cclient.c:%d: ", line);
    (void)vfprintf(stderr, format, args);
    (void)fprintf(stderr, ": %s\n", mysql_error(mysql));
    va_end(args);
    exit(1);
}

#define CHECK(condition)   check(condition, __LINE__, "%s", #condition)
#define STMT(statement, x) check((x) == 0, __LINE__, "%s: %s", #x, mysql_stmt_error(statement))

static void run(const char *text)
{
    check(mysql_query(mysql, text) == 0, __LINE__, "%s", text);
}

static long number(const char *text)
{
    MYSQL_RES *result;
    MYSQL_ROW row;
    long value;

    run(text);
    result = mysql_store_result(mysql);
    CHECK(result);
    row = mysql_fetch_row(result);
    CHECK(row && row[0]);
    value = strtol(row[0], NULL, 10);
    mysql_free_result(result);
    return value;
}

static MYSQL_BIND long_bind(int *value)
{
    return (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONG, .buffer = value};
}

/* Rows by a cursor of the server, some at a time. */
static void cursors(void)
{
    MYSQL_STMT *statement = mysql_stmt_init(mysql);
    unsigned long type = CURSOR_TYPE_READ_ONLY;
    unsigned long prefetch = 7;
    int value = -1;
    int rows = 0;
    MYSQL_BIND bind = long_bind(&value);
    static const char text[] = "SELECT a FROM t ORDER BY a";

    STMT(statement, mysql_stmt_prepare(statement, text, sizeof text - 1));
    STMT(statement, mysql_stmt_attr_set(statement, STMT_ATTR_CURSOR_TYPE, &type));
    STMT(statement, mysql_stmt_attr_set(statement, STMT_ATTR_PREFETCH_ROWS, &prefetch));
    STMT(statement, mysql_stmt_execute(statement));
    STMT(statement, mysql_stmt_bind_result(statement, &bind));
    while (mysql_stmt_fetch(statement) == 0) {
        check(value == rows, __LINE__, "expected row %d, found %d", rows, value);
        rows++;
    }
    CHECK(rows == ROWS);
    STMT(statement, mysql_stmt_close(statement));
}

/* Parameters sent in pieces, and as an array of rows; preparing and executing in one go. */
static void parameters(void)
{
    MYSQL_STMT *statement = mysql_stmt_init(mysql);
    static const char insert[] = "INSERT INTO b VALUES (?)";
    static const char direct[] = "INSERT INTO b VALUES ('direct')";
    char *piece = calloc(1, 1 << 20);
    MYSQL_BIND bind = {.buffer_type = MYSQL_TYPE_LONG_BLOB};
    unsigned n = 3;
    char *rows[] = {"one", "two", "three"};
    unsigned long lengths[] = {3, 3, 5};

    memset(piece, 'x', 1 << 20);
    STMT(statement, mysql_stmt_prepare(statement, insert, sizeof insert - 1));
    STMT(statement, mysql_stmt_bind_param(statement, &bind));
    for (int i = 0; i < 18; i++)
        STMT(statement, mysql_stmt_send_long_data(statement, 0, piece, 1 << 20));
    STMT(statement, mysql_stmt_execute(statement));
    CHECK(number("SELECT MAX(LENGTH(c)) FROM b") == 18 << 20);
    STMT(statement, mysql_stmt_reset(statement));
    bind = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING, .buffer = rows, .length = lengths};
    STMT(statement, mysql_stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &n));
    STMT(statement, mysql_stmt_bind_param(statement, &bind));
    STMT(statement, mysql_stmt_execute(statement));
    CHECK(number("SELECT COUNT(*) FROM b WHERE c IN ('one', 'two', 'three')") == 3);
    STMT(statement, mysql_stmt_close(statement));
    statement = mysql_stmt_init(mysql);
    STMT(statement, mariadb_stmt_execute_direct(statement, direct, sizeof direct - 1));
    STMT(statement, mysql_stmt_close(statement));
    CHECK(number("SELECT COUNT(*) FROM b WHERE c = 'direct'") == 1);
    free(piece);
}

/* A file's content out of memory: so many rows are left. */
static int infile_init(void **state, const char *name, void *rows)
{
    (void)name;
    *state = rows;
    return 0;
}

static int infile_read(void *state, char *buffer, unsigned size)
{
    int *rows = state;
    int n = 0;

    while (*rows > 0 && size - (unsigned)n > 64)
        n += snprintf(buffer + n, 64, "%d\t\x11rdsadmin\n", --*rows);
    return n;
}

static void infile_end(void *state)
{
    (void)state;
}

static int infile_error(void *state, char *message, unsigned size)
{
    (void)state;
    (void)snprintf(message, size, "none");
    return 0;
}

static void load(void)
{
    int rows = ROWS;

    mysql_set_local_infile_handler(mysql, infile_init, infile_read, infile_end, infile_error,
                                   &rows);
    run("LOAD DATA LOCAL INFILE 'x' INTO TABLE t");
    CHECK(number("SELECT COUNT(*) FROM t") == ROWS);
}

static void several(void)
{
    long sum = 0;
    int more;

    run("SELECT 1; SELECT 2 UNION SELECT 3; DO 0; SELECT 4");
    do {
        MYSQL_RES *result = mysql_store_result(mysql);
        MYSQL_ROW row;

        while (result && (row = mysql_fetch_row(result)))
            sum = sum * 10 + strtol(row[0], NULL, 10);
        mysql_free_result(result);
        more = mysql_next_result(mysql);
        CHECK(more <= 0);
    } while (more == 0);
    CHECK(sum == 1234);
}

/* Session state: a change of user and a reset end transactions, variables and temporary tables. */
static void sessions(const char *user, const char *password)
{
    run("SET @a = 5");
    run("CREATE TEMPORARY TABLE gone (a INT)");
    CHECK(mysql_change_user(mysql, user, password, "cclient") == 0);
    CHECK(number("SELECT @a IS NULL") == 1);
    run("SET @a = 5");
    CHECK(mysql_reset_connection(mysql) == 0);
    CHECK(number("SELECT @a IS NULL") == 1);
    CHECK((unsigned long)number("SELECT CONNECTION_ID()") == mysql_thread_id(mysql));
    CHECK(mysql_set_server_option(mysql, MYSQL_OPTION_MULTI_STATEMENTS_OFF) == 0);
    CHECK(mysql_query(mysql, "SELECT 1; SELECT 2") != 0);
    CHECK(mysql_set_server_option(mysql, MYSQL_OPTION_MULTI_STATEMENTS_ON) == 0);
    CHECK(mysql_ping(mysql) == 0);
    CHECK(mysql_stat(mysql));
    CHECK(mysql_select_db(mysql, "cclient") == 0);
    mysql_free_result(mysql_list_fields(mysql, "t", NULL));
}

static void large(void)
{
    static char text[LARGE + 64];
    size_t len = (size_t)sprintf(text, "SELECT LENGTH('");

    memset(text + len, 'y', LARGE);
    (void)sprintf(text + len + LARGE, "')");
    CHECK(number(text) == LARGE);
}

static void open_connection(char **argv)
{
    my_bool verify = 1;

    mysql = mysql_init(NULL);
    (void)mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (strcmp(argv[4], "-") != 0) {
        (void)mysql_ssl_set(mysql, NULL, NULL, argv[4], NULL, NULL);
        (void)mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    }
    if (strcmp(argv[5], "compress") == 0)
        (void)mysql_options(mysql, MYSQL_OPT_COMPRESS, NULL);
    CHECK(mysql_real_connect(mysql, "127.0.0.1", argv[2], argv[3], NULL,
                             (unsigned)strtoul(argv[1], NULL, 10), NULL, CLIENT_MULTI_STATEMENTS));
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        (void)fprintf(stderr, "usage: cclient PORT USER PASSWORD CA|- compress|plain\n");
        return 2;
    }
    open_connection(argv);
    run("CREATE OR REPLACE DATABASE cclient");
    CHECK(mysql_select_db(mysql, "cclient") == 0);
    run("CREATE TABLE t (a INT PRIMARY KEY, c VARCHAR(20))");
    run("CREATE TABLE b (c LONGTEXT)");
    load();
    several();
    cursors();
    parameters();
    large();
    sessions(argv[2], argv[3]);
    run("DROP DATABASE cclient");
    mysql_close(mysql);
    puts("ok");
    return 0;
}
