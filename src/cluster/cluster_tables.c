/* What the log of a cluster does not tell of its tables; see cluster.h. */
#include "cluster/cluster_internal.h"

#include "wire/reply.h"

#include <string.h>

#define ARENA_CAP     (1u << 20)
#define TIMEOUT_SEC   8
#define STATEMENT_MAX 4096

/* In hexadecimal nothing needs quoting. */
static void write_name(struct buf *statement, const char *before, struct span name)
{
    buf_printf(statement, "%s_utf8mb3 X'", before);
    for (size_t i = 0; i < name.len; i++)
        buf_printf(statement, "%02x", (unsigned)name.data[i]);
    buf_str(statement, "'");
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

    buf_init(&statement, STATEMENT_MAX);
    buf_str(&statement, "SELECT EXTRA LIKE '%INVISIBLE%' AS hidden FROM information_schema.COLUMNS "
                        "WHERE COLUMN_NAME = 'my_row_id' AND TABLE_SCHEMA = ");
    write_name(&statement, "", database);
    write_name(&statement, " AND TABLE_NAME = ", table);
    good = cluster_connect(cluster, TIMEOUT_SEC, &sql, &why) &&
           sql_query(sql, buf_borrow_cstr(&statement), arena, &result, &why);
    if (good)
        *ret_hidden = result.n_rows == 0 || strcmp(result.values[0], "1") == 0;
    else
        (void)err_set(err, E_TIMEOUT, ER_UNKNOWN_ERROR,
                      "the engine does not say whether a key is invisible: %s", why.text);
    sql_close(sql);
    buf_done(&statement);
    arena_free(arena);
    return good;
}
