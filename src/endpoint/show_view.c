#include "endpoint/show_view.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "replication/replicas.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_CAP        ((size_t)4 << 20)
#define DESCRIPTION_TAIL 13 /* 12, and that many bytes: character set, length, type, flags, ... */
#define TYPE_PLACE       7  /* in them */
#define NAME_PLACE       4  /* of a description: after catalog, database, table and its own name */
#define NULL_VALUE       0xfb
#define BINARY_NULLS     2 /* the first column's bit in a binary row's map of NULLs */

/* Types of values that a binary row has by their size. Source: MySQL internals, "Binary Protocol
 * Value". */
enum {
    TYPE_TINY = 1,
    TYPE_SHORT = 2,
    TYPE_LONG = 3,
    TYPE_FLOAT = 4,
    TYPE_DOUBLE = 5,
    TYPE_LONGLONG = 8,
    TYPE_INT24 = 9,
    TYPE_YEAR = 13,
};

struct engine_column {
    char name[STATUS_NAME_MAX];
    uint8_t type;
};

struct shown_column {
    const struct status_column *column; /* MySQL's; NULL: the engine's, as it is */
    int from;                           /* the engine's column; -1: none */
    uint8_t type;
};

struct show_view {
    enum show_kind kind;
    bool new_words;
    size_t engine_count;
    size_t count;
    struct engine_column engine[SHOW_VIEW_COLUMNS_MAX];
    struct shown_column shown[SHOW_VIEW_COLUMNS_MAX];
};

/* ---- Columns ---- */

static bool parse_description(struct span payload, struct engine_column *ret_column)
{
    struct cursor cur = cursor_of(payload);
    struct span name;

    for (int i = 0; i < NAME_PLACE; i++)
        (void)cursor_lenenc_bytes(&cur);
    name = cursor_lenenc_bytes(&cur);
    (void)cursor_lenenc_bytes(&cur);
    if (!cursor_ok(&cur) || cursor_left(&cur) < DESCRIPTION_TAIL || name.len >= STATUS_NAME_MAX)
        return false;
    (void)snprintf(ret_column->name, sizeof ret_column->name, "%.*s", (int)name.len,
                   (const char *)name.data);
    ret_column->type = payload.data[payload.len - DESCRIPTION_TAIL + TYPE_PLACE];
    return true;
}

static int find_engines(const struct show_view *view, const char *name)
{
    for (size_t i = 0; i < view->engine_count; i++) {
        if (strcmp(view->engine[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

static bool begins_with(const struct show_view *view, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i >= view->engine_count || strcmp(view->engine[i].name, names[i]) != 0)
            return false;
    }
    return true;
}

/* By the columns, which tell these answers from all others. */
static bool find_kind(const struct show_view *view, enum show_kind *ret_kind)
{
    static const char *const source[] = {"Slave_IO_State", "Master_Host", "Master_User"};
    static const char *const sources[] = {"Connection_name", "Slave_SQL_State", "Slave_IO_State"};
    static const char *const replicas[] = {"File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB"};
    static const char *const logs[] = {"Log_name", "File_size"};

    if (begins_with(view, source, 3))
        *ret_kind = SHOW_SOURCE;
    else if (begins_with(view, sources, 3))
        *ret_kind = SHOW_SOURCES;
    else if (begins_with(view, replicas, 4) && view->engine_count == 4)
        *ret_kind = SHOW_REPLICAS; /* or it was asked for itself */
    else if (begins_with(view, logs, 2) && view->engine_count == 2)
        *ret_kind = SHOW_LOGS;
    else
        return false;
    return true;
}

static bool is_asked(const struct show_asked *asked, enum show_kind kind)
{
    return asked->kind == kind || (kind == SHOW_REPLICAS && asked->kind == SHOW_LOG_STATUS) ||
           (kind != SHOW_REPLICAS && asked->kind == SHOW_PREPARED);
}

/* Answers come in the order in which they were asked for. */
static bool take_asked(struct show_statement *asked, enum show_kind kind,
                       struct show_asked *ret_asked)
{
    for (size_t i = 0; i < asked->count; i++) {
        if (!is_asked(&asked->asked[i], kind))
            continue;
        *ret_asked = asked->asked[i];
        asked->count -= i + 1;
        memmove(asked->asked, asked->asked + i + 1, asked->count * sizeof *asked->asked);
        return ret_asked->kind != SHOW_LOG_STATUS;
    }
    return false;
}

static void show(struct show_view *view, const struct status_column *column, int from)
{
    struct shown_column *shown = &view->shown[view->count];

    if (view->count == SHOW_VIEW_COLUMNS_MAX)
        return;
    view->count++;
    shown->column = column;
    shown->from = from;
    shown->type = from >= 0 ? view->engine[from].type : (uint8_t)column->type;
    if (column && column->type != RESULT_VARCHAR)
        shown->type = (uint8_t)column->type; /* engines have shorter numbers, by version */
}

static const struct status_column *mysqls_columns(enum show_kind kind, size_t *ret_count)
{
    switch (kind) {
    case SHOW_SOURCE:
        return status_columns(STATUS_OF_SOURCE, ret_count);
    case SHOW_REPLICAS:
        return status_columns(STATUS_OF_REPLICAS, ret_count);
    case SHOW_LOGS:
        return status_columns(STATUS_OF_LOGS, ret_count);
    case SHOW_SOURCES:
    case SHOW_LOG_STATUS:
    case SHOW_PREPARED:
    case SHOW_OTHER:
        break;
    }
    *ret_count = 0;
    return NULL;
}

/* MySQL's columns in its order, and the engine's others after them. */
static void choose_columns(struct show_view *view, bool mysql_8)
{
    const uint32_t version = mysql_8 ? STATUS_MYSQL_8 : STATUS_MYSQL_5_7;
    bool taken[SHOW_VIEW_COLUMNS_MAX] = {false};
    size_t count;
    const struct status_column *columns = mysqls_columns(view->kind, &count);

    for (size_t i = 0; i < count; i++) {
        int from = find_engines(view, columns[i].name);

        if (columns[i].version > version)
            continue;
        if (from >= 0)
            taken[from] = true;
        show(view, &columns[i], from);
    }
    for (size_t i = 0; view->kind != SHOW_REPLICAS && i < view->engine_count; i++) {
        if (!taken[i])
            show(view, NULL, (int)i);
    }
}

struct show_view *show_view_make(const struct show_environment *environment,
                                 struct show_statement *asked, const struct span *descriptions,
                                 size_t count)
{
    struct show_view *view;
    bool good = count <= SHOW_VIEW_COLUMNS_MAX;
    struct show_asked taken;
    bool mysql_8;

    if (!good)
        return NULL;
    view = mem_alloc(sizeof *view);
    view->engine_count = count;
    for (size_t i = 0; good && i < count; i++)
        good = parse_description(descriptions[i], &view->engine[i]);
    if (!good || !find_kind(view, &view->kind) || !take_asked(asked, view->kind, &taken)) {
        show_view_free(view);
        return NULL;
    }
    mysql_8 = environment->compatibility >= SHOW_COMPATIBILITY_MYSQL_8;
    view->new_words = taken.new_words && mysql_8;
    choose_columns(view, mysql_8);
    return view;
}

void show_view_free(struct show_view *view)
{
    mem_free(view);
}

size_t show_view_columns(const struct show_view *view)
{
    return view->count;
}

static bool is_text(uint8_t type)
{
    return type == RESULT_VARCHAR;
}

/* The engine's column that another one of that type is described like. */
static size_t find_like(const struct show_view *view, uint8_t type)
{
    for (size_t i = 0; i < view->engine_count; i++) {
        if (is_text(view->engine[i].type) == is_text(type))
            return i;
    }
    return 0;
}

void show_view_write_column(const struct show_view *view, const struct span *descriptions,
                            size_t column, struct buf *payload)
{
    const struct shown_column *shown = &view->shown[column];
    size_t like = shown->from >= 0 ? (size_t)shown->from : find_like(view, shown->type);
    struct cursor cur = cursor_of(descriptions[like]);
    char name[STATUS_NAME_MAX];

    if (!shown->column) {
        buf_bytes(payload, descriptions[like]);
        return;
    }
    if (view->new_words)
        status_column_rename(shown->column, name);
    else
        (void)snprintf(name, sizeof name, "%s", shown->column->name);
    for (int i = 0; i < NAME_PLACE; i++)
        buf_lenenc_bytes(payload, cursor_lenenc_bytes(&cur));
    (void)cursor_lenenc_bytes(&cur);
    buf_lenenc_bytes(payload, span_str(name));
    buf_bytes(payload, cur.rest); /* its own name, too */
    if (buf_ok(payload))
        payload->data[payload->len - DESCRIPTION_TAIL + TYPE_PLACE] = shown->type;
}

/* ---- Rows ---- */

struct value {
    struct span bytes; /* NULL data for SQL's NULL */
    bool raw;          /* as the engine has encoded it, without a length; else text */
};

struct row {
    const struct show_view *view;
    struct arena *arena;
    struct value engine[SHOW_VIEW_COLUMNS_MAX];
    struct value shown[SHOW_VIEW_COLUMNS_MAX];
};

/* Bytes of a value in a binary row; 0: its length is before it. */
static size_t size_of(uint8_t type)
{
    switch (type) {
    case TYPE_TINY:
        return 1;
    case TYPE_SHORT:
    case TYPE_YEAR:
        return 2;
    case TYPE_LONG:
    case TYPE_INT24:
    case TYPE_FLOAT:
        return 4;
    case TYPE_LONGLONG:
    case TYPE_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

static struct span not_null(struct span bytes)
{
    return bytes.len > 0 ? bytes : span_str("");
}

static bool take_text(struct row *row, struct span payload)
{
    struct cursor cur = cursor_of(payload);

    for (size_t i = 0; i < row->view->engine_count; i++) {
        if (cursor_left(&cur) > 0 && cur.rest.data[0] == NULL_VALUE) {
            cursor_skip(&cur, 1);
            row->engine[i] = (struct value){{0}, false};
        } else {
            row->engine[i] = (struct value){not_null(cursor_lenenc_bytes(&cur)), false};
        }
    }
    return cursor_end(&cur);
}

static bool take_binary(struct row *row, struct span payload)
{
    size_t count = row->view->engine_count;
    struct cursor cur = cursor_of(payload);
    uint8_t head = cursor_u8(&cur);
    struct span nulls = cursor_bytes(&cur, (count + BINARY_NULLS + 7) / 8);

    if (!cursor_ok(&cur) || head != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t bit = i + BINARY_NULLS;
        size_t size = size_of(row->view->engine[i].type);

        if (nulls.data[bit / 8] & (1u << bit % 8))
            row->engine[i] = (struct value){{0}, false};
        else if (size > 0)
            row->engine[i] = (struct value){cursor_bytes(&cur, size), true};
        else
            row->engine[i] = (struct value){not_null(cursor_lenenc_bytes(&cur)), false};
    }
    return cursor_end(&cur);
}

/* Numbers of these answers have no fractions, but for one that nobody asks for. */
static const char *text_of(const struct row *row, const char *name)
{
    int column = find_engines(row->view, name);
    const struct value *value = column < 0 ? NULL : &row->engine[column];
    struct cursor cur;

    if (!value || !value->bytes.data)
        return NULL;
    if (!value->raw)
        return arena_printf(row->arena, "%.*s", (int)value->bytes.len,
                            (const char *)value->bytes.data);
    cur = cursor_of(value->bytes);
    return arena_printf(row->arena, "%" PRIu64, cursor_le(&cur, value->bytes.len));
}

static const char *column_name(const struct show_view *view, size_t column)
{
    const struct shown_column *shown = &view->shown[column];

    return shown->column ? shown->column->name : view->engine[shown->from].name;
}

static void put(struct row *row, const char *column, const char *text)
{
    for (size_t i = 0; i < row->view->count; i++) {
        if (strcmp(column_name(row->view, i), column) == 0)
            row->shown[i] = (struct value){text ? span_str(text) : (struct span){0}, false};
    }
}

static void describe_source(struct row *row, const struct show_environment *environment)
{
    struct source_engine_row engine = {
        .io_running = text_of(row, "Slave_IO_Running"),
        .sql_running = text_of(row, "Slave_SQL_Running"),
        .file = text_of(row, "Relay_Master_Log_File"),
        .offset = text_of(row, "Exec_Master_Log_Pos"),
        .behind = text_of(row, "Seconds_Behind_Master"),
        .io_errno = text_of(row, "Last_IO_Errno"),
        .io_error = text_of(row, "Last_IO_Error"),
    };
    struct source_fields fields = {0};

    environment->describe_source(environment->context, &engine, row->arena, &fields);
    for (size_t i = 0; i < fields.count; i++)
        put(row, fields.fields[i].column, fields.fields[i].value);
}

/* What the threads do is told in the words of the columns' names. */
static void put_new_words(struct row *row, const char *column)
{
    static const char *const words[][2] = {{"master", "source"}, {"Slave", "Replica"}};

    for (size_t i = 0; i < row->view->count; i++) {
        struct value *value = &row->shown[i];

        if (strcmp(column_name(row->view, i), column) != 0 || !value->bytes.data || value->raw)
            continue;
        for (size_t k = 0; k < 2; k++) {
            const char *text = arena_printf(row->arena, "%.*s", (int)value->bytes.len,
                                            (const char *)value->bytes.data);
            const char *at = strstr(text, words[k][0]);

            if (at)
                value->bytes = span_str(arena_printf(row->arena, "%.*s%s%s", (int)(at - text), text,
                                                     words[k][1], at + strlen(words[k][0])));
        }
    }
}

/* As it is, or as a number of another size. */
static struct value take_engines(const struct row *row, const struct shown_column *shown)
{
    const struct engine_column *engine = &row->view->engine[shown->from];
    struct value value = row->engine[shown->from];

    if (value.raw && engine->type != shown->type)
        return (struct value){span_str(text_of(row, engine->name)), false};
    return value;
}

static void choose_values(struct row *row, const struct show_environment *environment)
{
    const struct show_view *view = row->view;

    for (size_t i = 0; i < view->count; i++) {
        const struct status_column *column = view->shown[i].column;

        if (view->shown[i].from >= 0)
            row->shown[i] = take_engines(row, &view->shown[i]);
        else
            row->shown[i] = (struct value){span_str(column->value), false};
    }
    if (view->kind == SHOW_SOURCE || view->kind == SHOW_SOURCES)
        describe_source(row, environment);
    if (view->new_words) {
        put_new_words(row, "Slave_IO_State");
        put_new_words(row, "Slave_SQL_Running_State");
    }
}

static uint64_t number_of(struct span text)
{
    struct cursor cur = cursor_of(text);
    uint64_t number = 0;

    (void)!cursor_decimal(&cur, UINT64_MAX, &number);
    return number;
}

static void write_binary(const struct row *row, struct buf *payload)
{
    size_t count = row->view->count;
    uint8_t nulls[(SHOW_VIEW_COLUMNS_MAX + BINARY_NULLS + 7) / 8] = {0};

    for (size_t i = 0; i < count; i++) {
        size_t bit = i + BINARY_NULLS;

        if (!row->shown[i].bytes.data)
            nulls[bit / 8] = (uint8_t)(nulls[bit / 8] | (1u << bit % 8));
    }
    buf_u8(payload, 0);
    buf_bytes(payload, span_of(nulls, (count + BINARY_NULLS + 7) / 8));
    for (size_t i = 0; i < count; i++) {
        const struct value *value = &row->shown[i];
        size_t size = size_of(row->view->shown[i].type);

        if (!value->bytes.data)
            continue;
        if (value->raw)
            buf_bytes(payload, value->bytes);
        else if (size > 0)
            buf_le(payload, number_of(value->bytes), size);
        else
            buf_lenenc_bytes(payload, value->bytes);
    }
}

static void write_text(const struct row *row, struct buf *payload)
{
    for (size_t i = 0; i < row->view->count; i++) {
        if (row->shown[i].bytes.data)
            buf_lenenc_bytes(payload, row->shown[i].bytes);
        else
            buf_u8(payload, NULL_VALUE);
    }
}

static void write_row(const struct row *row, bool binary, struct buf *rows)
{
    size_t head = buf_reserve(rows, sizeof(uint32_t));

    if (binary)
        write_binary(row, rows);
    else
        write_text(row, rows);
    if (buf_ok(rows))
        buf_patch_le(rows, head, rows->len - head - sizeof(uint32_t), sizeof(uint32_t));
}

/* A row for each that has told who it is, as SHOW SLAVE HOSTS has them. */
static void write_replicas(struct row *row, const struct show_environment *environment, bool binary,
                           struct buf *rows)
{
    struct replica_info *infos;
    size_t count;

    if (!environment->replicas)
        return;
    replicas_list(environment->replicas, &infos, &count);
    for (size_t i = 0; i < count; i++) {
        char server_id[16];
        char port[16];
        char master_id[16];

        if (infos[i].server_id == 0)
            continue;
        (void)snprintf(server_id, sizeof server_id, "%" PRIu32, infos[i].server_id);
        (void)snprintf(port, sizeof port, "%u", (unsigned)infos[i].port);
        (void)snprintf(master_id, sizeof master_id, "%" PRIu32, environment->server_id);
        put(row, "Server_id", server_id);
        put(row, "Host", infos[i].host);
        put(row, "Port", port);
        put(row, "Master_id", master_id);
        put(row, "Slave_UUID", infos[i].uuid);
        write_row(row, binary, rows);
    }
    mem_free(infos);
}

bool show_view_write_rows(const struct show_view *view, const struct show_environment *environment,
                          struct span payload, bool binary, struct buf *rows)
{
    struct row row = {.view = view};
    bool good = binary ? take_binary(&row, payload) : take_text(&row, payload);

    if (!good)
        return false;
    if (view->kind == SHOW_REPLICAS) {
        write_replicas(&row, environment, binary, rows);
        return true;
    }
    row.arena = arena_new(ARENA_CAP);
    choose_values(&row, environment);
    write_row(&row, binary, rows);
    arena_free(row.arena);
    return true;
}
