/* What the log of a cluster does not tell of its tables; see cluster.h. */
#include "cluster/cluster_internal.h"

#include "wire/reply.h"

#include <poll.h>
#include <string.h>

#define ARENA_CAP     (1u << 20)
#define TIMEOUT_SEC   8
#define STATEMENT_MAX 4096
#define KEY_USEC      (5 * USEC_PER_SEC) /* a statement that makes a key may take */
#define LOOK_MSEC     250

/* In hexadecimal nothing needs quoting. */
static void write_name(struct buf *statement, const char *before, struct span name)
{
    buf_printf(statement, " %s = _utf8mb3 X'", before);
    for (size_t i = 0; i < name.len; i++)
        buf_printf(statement, "%02x", (unsigned)name.data[i]);
    buf_str(statement, "'");
}

/* A question about the columns of a table, of which more conditions may follow. */
static void begin_question(struct buf *statement, const char *what, struct span database,
                           struct span table)
{
    buf_init(statement, STATEMENT_MAX);
    buf_printf(statement, "SELECT %s FROM information_schema.COLUMNS WHERE", what);
    write_name(statement, "TABLE_SCHEMA", database);
    write_name(statement, "AND TABLE_NAME", table);
}

static bool fail_later(const char *what, const struct err *why, struct err *err)
{
    return err_set(err, E_TIMEOUT, ER_UNKNOWN_ERROR, "the engine does not say %s: %s", what,
                   why->text);
}

bool cluster_has_hidden_key(struct cluster *cluster, struct span database, struct span table,
                            bool *ret_hidden, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct sql_result result;
    struct sql *sql = NULL;
    struct buf statement;
    struct err why;
    bool good;

    begin_question(&statement, "EXTRA LIKE '%INVISIBLE%' AS hidden", database, table);
    buf_str(&statement, " AND COLUMN_NAME = 'my_row_id'");
    good = cluster_connect(cluster, TIMEOUT_SEC, &sql, &why) &&
           sql_query(sql, buf_borrow_cstr(&statement), arena, &result, &why);
    if (good)
        *ret_hidden = result.n_rows == 0 || strcmp(result.values[0], "1") == 0;
    else
        (void)fail_later("whether a key is invisible", &why, err);
    sql_close(sql);
    buf_done(&statement);
    arena_free(arena);
    return good;
}

/* Whether the key is missing, and how far the engine has applied. */
static bool look_for_key(struct sql *sql, struct span database, struct span table,
                         struct arena *arena, bool *ret_lacks, const char **ret_place,
                         struct err *err)
{
    struct sql_result result;
    struct buf statement;
    bool good;

    begin_question(&statement,
                   "SUM(COLUMN_NAME = 'my_row_id') AS there, @@GLOBAL.gtid_slave_pos AS place",
                   database, table);
    good = sql_query(sql, buf_borrow_cstr(&statement), arena, &result, err);
    buf_done(&statement);
    if (!good)
        return false;
    /* NULL: there is no such table. */
    *ret_lacks = result.values[0] && strcmp(result.values[0], "0") == 0;
    *ret_place = result.values[1] ? result.values[1] : "";
    return true;
}

/* Until it is there, or the time is over: then whether the engine has applied nothing meanwhile. */
static bool wait_for_key(struct sql *sql, struct span database, struct span table, bool *ret_lacks,
                         bool *ret_idle, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    int64_t deadline = clock_deadline_usec(KEY_USEC);
    const char *first;
    const char *place;
    bool good = look_for_key(sql, database, table, arena, ret_lacks, &first, err);

    *ret_idle = true;
    while (good && *ret_lacks && clock_now_usec() < deadline) {
        (void)poll(NULL, 0, LOOK_MSEC);
        good = look_for_key(sql, database, table, arena, ret_lacks, &place, err);
        *ret_idle = good && *ret_idle && strcmp(place, first) == 0;
    }
    arena_free(arena);
    return good;
}

bool cluster_check_hidden_key(void *context, struct span database, struct span table,
                              struct err *err)
{
    struct sql *sql = NULL;
    struct err why;
    bool lacks = false;
    bool idle = false;
    bool good = cluster_connect(context, TIMEOUT_SEC, &sql, &why) &&
                wait_for_key(sql, database, table, &lacks, &idle, &why);

    sql_close(sql);
    if (!good)
        return fail_later("which columns a table has", &why, err);
    return !lacks ||
           err_set(err, idle ? E_STATE : E_TIMEOUT,
                   idle ? ER_MASTER_FATAL_ERROR_READING_BINLOG : ER_UNKNOWN_ERROR,
                   "table %.*s.%.*s: the source's rows have a key that it hides, my_row_id, and "
                   "the table here has no such column: load it again from a dump that has it "
                   "(mysqldump without --skip-generated-invisible-primary-key)",
                   (int)database.len, (const char *)database.data, (int)table.len,
                   (const char *)table.data);
}
