#include "cli/event_check.h"

#include "base/mem.h"
#include "binlog/control.h"
#include "binlog/gtid.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/gtid_set.h"
#include "binlog/load_data.h"
#include "binlog/rows.h"
#include "binlog/table_maps.h"
#include "binlog/variable.h"
#include "binlog/xid.h"

struct event_check {
    struct table_maps *maps;
    struct row_reader rows;
    uint64_t row_count;
};

struct event_check *event_check_new(void)
{
    struct event_check *check = mem_alloc(sizeof *check);

    check->maps = table_maps_new();
    row_reader_init(&check->rows);
    return check;
}

void event_check_free(struct event_check *check)
{
    if (!check)
        return;
    table_maps_free(check->maps);
    row_reader_done(&check->rows);
    mem_free(check);
}

uint64_t event_check_rows(const struct event_check *check)
{
    return check->row_count;
}

/* MariaDB's older temporal types: how long their values are only the table's definition knows. */
static bool has_unknown_sizes(const struct table_map *map)
{
    for (uint32_t i = 0; i < map->column_count; i++) {
        uint8_t type = map->columns[i].layout.type;

        if (type == COLUMN_TIMESTAMP_OLD || type == COLUMN_TIME_OLD || type == COLUMN_DATETIME_OLD)
            return true;
    }
    return false;
}

static bool check_rows(struct event_check *check, const struct plain_event *event,
                       const struct format *format, bool walk, struct err *err)
{
    const struct table_map *map;
    struct rows rows;
    bool more = true;

    if (!rows_decode(event->body, event->type, format, &rows, err))
        return false;
    map = table_maps_find(check->maps, rows.table_id);
    if (!map && rows.table_id != TABLE_MAP_DUMMY_ID)
        return err_set(err, E_PROTO, 0, "table id %llu, of which there is no Table_map event",
                       (unsigned long long)rows.table_id);
    if (rows.flags & ROWS_FLAG_STMT_END)
        table_maps_end_statement(check->maps);
    if (!map)
        return true;
    if (!row_reader_start(&check->rows, &rows, map, err))
        return false;
    if (!walk || has_unknown_sizes(map))
        return true;
    while (more) {
        if (!row_reader_next(&check->rows, &more, err))
            return false;
        check->row_count += more;
    }
    return true;
}

static bool check_query(const struct query *query, struct err *err)
{
    struct query_status status;

    return query_status_decode(query->status, &status, err);
}

static bool check_load(const struct plain_event *event, const struct format *format,
                       struct err *err)
{
    struct load_block block;
    struct load_execute execute;
    uint32_t file_id;

    if (event->type == EVENT_EXECUTE_LOAD_QUERY)
        return load_execute_decode(event->body, format, &execute, err) &&
               check_query(&execute.query, err);
    if (event->type == EVENT_DELETE_FILE)
        return load_delete_decode(event->body, &file_id, err);
    return load_block_decode(event->body, event->type, &block, err);
}

static bool check_gtid_set(const struct plain_event *event, struct err *err)
{
    struct gtid_set set;
    bool good;

    gtid_set_init(&set);
    good = gtid_set_decode(event->body, &set, err);
    gtid_set_done(&set);
    return good;
}

static bool check_gtid_list(const struct plain_event *event, struct err *err)
{
    struct gtid_list list;
    bool good;

    gtid_list_init(&list);
    good = gtid_list_decode(event->body, &list, err);
    gtid_list_done(&list);
    return good;
}

static bool check_variable(const struct plain_event *event, struct err *err)
{
    struct intvar intvar;
    struct rand_seeds seeds;
    struct user_var var;

    if (event->type == EVENT_INTVAR)
        return intvar_decode(event->body, &intvar, err);
    if (event->type == EVENT_RAND)
        return rand_seeds_decode(event->body, &seeds, err);
    return user_var_decode(event->body, &var, err);
}

static bool check_control(const struct plain_event *event, struct err *err)
{
    struct rotate rotate;
    struct incident incident;
    struct heartbeat heartbeat;
    struct rows_query rows_query;
    struct partial_rows partial;
    struct span name;

    if (event->type == EVENT_STOP)
        return stop_decode(event->body, err);
    if (event->type == EVENT_ROTATE)
        return rotate_decode(event->body, &rotate, err);
    if (event->type == EVENT_INCIDENT)
        return incident_decode(event->body, &incident, err);
    if (event->type == EVENT_HEARTBEAT)
        return heartbeat_decode(event->body, &event->header, &heartbeat, err);
    if (event->type == EVENT_HEARTBEAT_V2)
        return heartbeat_v2_decode(event->body, &heartbeat, err);
    if (event->type == EVENT_ROWS_QUERY)
        return rows_query_decode(event->body, &rows_query, err);
    if (event->type == EVENT_MARIADB_PARTIAL_ROW_DATA)
        return partial_rows_decode(event->body, &partial, err);
    return binlog_checkpoint_decode(event->body, &name, err);
}

static bool check_transaction(const struct plain_event *event, struct err *err)
{
    struct gtid gtid;
    struct gtid_mariadb_event gtid_mariadb;
    struct xa_prepare prepare;
    uint64_t number;

    if (event->type == EVENT_MARIADB_GTID)
        return gtid_mariadb_decode(event->body, &gtid_mariadb, err);
    if (event->type == EVENT_XID)
        return xid_decode(event->body, &number, err);
    if (event->type == EVENT_XA_PREPARE)
        return xa_prepare_decode(event->body, &prepare, err);
    return gtid_decode(event->body, event->type, &gtid, err);
}

static bool check_body(struct event_check *check, const struct plain_event *event,
                       const struct format *format, struct err *err)
{
    const struct table_map *map;
    struct query query;

    switch ((enum event_type)event->type) {
    case EVENT_QUERY:
        return query_decode(event->body, event->type, format, &query, err) &&
               check_query(&query, err);
    case EVENT_TABLE_MAP:
        return table_maps_take(check->maps, event->body, format, &map, err);
    case EVENT_XID:
    case EVENT_XA_PREPARE:
    case EVENT_GTID:
    case EVENT_ANONYMOUS_GTID:
    case EVENT_GTID_TAGGED:
    case EVENT_MARIADB_GTID:
        return check_transaction(event, err);
    case EVENT_STOP:
    case EVENT_ROTATE:
    case EVENT_INCIDENT:
    case EVENT_HEARTBEAT:
    case EVENT_HEARTBEAT_V2:
    case EVENT_ROWS_QUERY:
    case EVENT_MARIADB_BINLOG_CHECKPOINT:
    case EVENT_MARIADB_PARTIAL_ROW_DATA:
        return check_control(event, err);
    case EVENT_INTVAR:
    case EVENT_RAND:
    case EVENT_USER_VAR:
        return check_variable(event, err);
    case EVENT_BEGIN_LOAD_QUERY:
    case EVENT_APPEND_BLOCK:
    case EVENT_DELETE_FILE:
    case EVENT_EXECUTE_LOAD_QUERY:
        return check_load(event, format, err);
    case EVENT_PREVIOUS_GTIDS:
        return check_gtid_set(event, err);
    case EVENT_MARIADB_GTID_LIST:
        return check_gtid_list(event, err);
    default: /* the format description was the reader's; others have no structure known here */
        return true;
    }
}

bool event_check_take(struct event_check *check, const struct plain_event *event,
                      const struct format *format, bool walk_rows, struct err *err)
{
    if (event_type_is_rows(event->type) && event_type_info(event->type)->support == EVENT_DECODED)
        return check_rows(check, event, format, walk_rows, err);
    return check_body(check, event, format, err);
}
