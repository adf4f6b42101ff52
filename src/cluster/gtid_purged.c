#include "cluster/gtid_purged.h"

#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"

#include <string.h>

#define ARENA_CAP (4u << 20)

static bool parse(const char *text, const char *what, struct gtid_set *set, struct err *err)
{
    return gtid_set_parse(span_str(text), set, err) || err_prefix(err, "%s", what);
}

static bool combine(struct gtid_set *set, const char *asked, struct gtid_set *added,
                    struct err *err)
{
    bool append = *asked == '+';

    if (!parse(asked + append, "gtid_purged", added, err))
        return false;
    if (gtid_set_is_empty(added))
        return err_set(err, E_USAGE, 0,
                       "gtid_purged: expected a GTID set such as UUID:1-5, or one behind +, found "
                       "an empty one");
    if (!append && !gtid_set_contains(added, set))
        return err_set(err, E_USAGE, 0,
                       "gtid_purged: the GTID set must be a superset of the current one; to add to "
                       "that write + before it");
    gtid_set_union(set, added);
    return true;
}

static bool combine_sets(const char *now, const char *asked, struct buf *buf, struct err *err)
{
    struct gtid_set set;
    struct gtid_set added;
    bool ok;

    gtid_set_init(&set);
    gtid_set_init(&added);
    ok = parse(now, "the stored gtid_purged", &set, err) && combine(&set, asked, &added, err);
    if (ok)
        gtid_set_print(buf, &set);
    gtid_set_done(&added);
    gtid_set_done(&set);
    return ok;
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

bool gtid_purged_is_mariadb(const char *asked)
{
    struct gtid_list list;
    struct err ignored;
    bool is;

    asked = skip_blanks(asked);
    gtid_list_init(&list);
    is = gtid_list_parse(span_str(asked + (*asked == '+')), &list, &ignored) && list.count > 0;
    gtid_list_done(&list);
    return is;
}

/* Of each domain the greater number. */
static bool combine_positions(const char *now, const char *asked, struct buf *buf, struct err *err)
{
    struct gtid_list position;
    struct gtid_list added;
    bool append = *asked == '+';
    bool ok;

    gtid_list_init(&position);
    gtid_list_init(&added);
    ok = (gtid_list_parse(span_str(now), &position, err) ||
          err_prefix(err, "the stored gtid_purged")) &&
         (gtid_list_parse(span_str(asked + append), &added, err) || err_prefix(err, "gtid_purged"));
    if (ok && !gtid_list_is_position(&added))
        ok = err_set(err, E_USAGE, 0,
                     "gtid_purged: expected one GTID of each domain, found a second one");
    else if (ok && !append && !gtid_list_contains(&added, &position))
        ok = err_set(err, E_USAGE, 0,
                     "gtid_purged: the position must have the domains of the current one, with "
                     "these numbers or greater ones; to add to that write + before it");
    if (ok) {
        gtid_list_union(&position, &added);
        gtid_list_print_sorted(buf, &position);
    }
    gtid_list_done(&added);
    gtid_list_done(&position);
    return ok;
}

bool gtid_purged_combine(const char *now, const char *asked, struct buf *buf, struct err *err)
{
    size_t start = buf->len;
    bool ok = gtid_purged_is_mariadb(asked) ? combine_positions(now, skip_blanks(asked), buf, err)
                                            : combine_sets(now, skip_blanks(asked), buf, err);

    if (ok && !buf_ok(buf)) {
        buf->len = start;
        ok = err_set(err, E_LIMIT, 0, "gtid_purged: expected a set of at most %u bytes, found more",
                     GTID_PURGED_MAX);
    }
    return ok;
}

bool gtid_purged_store(struct sql *sql, const char *asked, struct err *err)
{
    const char *row =
        gtid_purged_is_mariadb(asked) ? GTID_PURGED_MARIADB_ROW : GTID_PURGED_MYSQL_ROW;
    struct arena *arena = arena_new(ARENA_CAP);
    struct sql_result result;
    struct buf statement;
    struct buf set;
    bool ok;

    buf_init(&set, GTID_PURGED_MAX);
    buf_init(&statement, GTID_PURGED_MAX + 256);
    ok = sql_run(sql, "SET SESSION sql_log_bin = 0", err) &&
         sql_query(sql,
                   arena_printf(
                       arena, "SELECT value FROM mysql.rds_channel_setting WHERE name = '%s'", row),
                   arena, &result, err);
    if (ok && (result.n_rows != 1 || !result.values[0]))
        ok = err_set(err, E_BUG, 0, "mysql.rds_channel_setting: expected the row %s, found none",
                     row);
    ok = ok && gtid_purged_combine(result.values[0], asked, &set, err);
    if (ok) {
        /* A set has letters, digits and : - , _ alone. */
        buf_str(&statement, "UPDATE mysql.rds_channel_setting SET value = '");
        buf_bytes(&statement, buf_span(&set));
        buf_printf(&statement, "' WHERE name = '%s'", row);
        ok = sql_run(sql, buf_borrow_cstr(&statement), err);
    }
    buf_done(&statement);
    buf_done(&set);
    arena_free(arena);
    return ok;
}
