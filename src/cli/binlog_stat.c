#include "cli/binlog_stat.h"

#include "base/mem.h"
#include "binlog/query.h"
#include "binlog/rows.h"
#include "binlog/table_maps.h"
#include "cli/gtid_text.h"

#include <stdio.h>
#include <stdlib.h>

struct stat_work {
    struct table_maps *maps;
    struct row_reader rows;
    struct buf name;
    uint32_t *slots; /* hash table: index in tables + 1, or 0 */
    uint32_t slot_count;
    uint32_t table_cap;
    bool open; /* a transaction is */
    struct stat_transaction transaction;
};

void binlog_stat_init(struct binlog_stat *stat)
{
    *stat = (struct binlog_stat){.bucket_seconds = 1};
    stat->work = mem_alloc(sizeof *stat->work);
    stat->work->maps = table_maps_new();
    row_reader_init(&stat->work->rows);
    buf_init(&stat->work->name, 4096);
}

void binlog_stat_done(struct binlog_stat *stat)
{
    for (uint32_t i = 0; i < stat->table_count; i++) {
        mem_free(stat->tables[i]->name);
        mem_free(stat->tables[i]);
    }
    mem_free(stat->tables);
    table_maps_free(stat->work->maps);
    row_reader_done(&stat->work->rows);
    buf_done(&stat->work->name);
    mem_free(stat->work->slots);
    mem_free(stat->work);
}

/* FNV-1a. */
static uint32_t hash(const char *text)
{
    uint32_t value = 2166136261u;

    for (; *text; text++)
        value = (value ^ (uint8_t)*text) * 16777619u;
    return value;
}

/* The slot of a name: its own, or the empty one where it belongs. */
static uint32_t *find_slot(const struct binlog_stat *stat, const char *name)
{
    struct stat_work *work = stat->work;
    uint32_t i = hash(name) & (work->slot_count - 1);

    while (work->slots[i] > 0 && strcmp(stat->tables[work->slots[i] - 1]->name, name) != 0)
        i = (i + 1) & (work->slot_count - 1);
    return &work->slots[i];
}

static void grow_tables(struct binlog_stat *stat)
{
    struct stat_work *work = stat->work;

    work->table_cap = work->table_cap ? work->table_cap * 2 : 64;
    stat->tables = mem_realloc(stat->tables, work->table_cap * sizeof(struct stat_table *));
    work->slot_count = work->table_cap * 2;
    mem_free(work->slots);
    work->slots = mem_alloc(work->slot_count * sizeof *work->slots);
    for (uint32_t i = 0; i < stat->table_count; i++)
        *find_slot(stat, stat->tables[i]->name) = i + 1;
}

static struct stat_table *find_table(struct binlog_stat *stat, const struct table_map *map)
{
    struct buf *name = &stat->work->name;
    struct stat_table *table;
    uint32_t *slot;

    buf_clear(name);
    buf_bytes(name, map->database);
    buf_u8(name, '.');
    buf_bytes(name, map->table);
    if (stat->table_count == stat->work->table_cap)
        grow_tables(stat);
    slot = find_slot(stat, buf_borrow_cstr(name));
    if (*slot > 0)
        return stat->tables[*slot - 1];
    table = mem_alloc(sizeof *table);
    table->name = mem_strdup(buf_borrow_cstr(name));
    stat->tables[stat->table_count++] = table;
    *slot = stat->table_count;
    return table;
}

/* Full metadata is known by its column names: without a key's field there is no key then. */
static enum stat_key key_of(const struct table_map *map)
{
    if (map->key_count > 0)
        return STAT_KEY_PRIMARY;
    return table_map_has_field(map, FIELD_COLUMN_NAME) ? STAT_KEY_NONE : STAT_KEY_UNKNOWN;
}

/* How many rows an event has; 0 and false when they can not be decoded. */
static bool count_rows(struct stat_work *work, const struct rows *rows, const struct table_map *map,
                       uint64_t *ret_count)
{
    struct err ignored;
    bool more = true;
    uint64_t count = 0;

    if (!row_reader_start(&work->rows, rows, map, &ignored))
        return false;
    for (;;) {
        if (!row_reader_next(&work->rows, &more, &ignored))
            return false;
        if (!more)
            break;
        count++;
    }
    *ret_count = count;
    return true;
}

static bool take_rows(struct binlog_stat *stat, bool wanted, const struct format *format,
                      const struct plain_event *event, struct err *err)
{
    const struct table_map *map;
    struct stat_table *table;
    struct rows rows;
    uint64_t count = 0;

    if (!rows_decode(event->body, event->type, format, &rows, err))
        return false;
    map = table_maps_find(stat->work->maps, rows.table_id);
    if (rows.flags & ROWS_FLAG_STMT_END)
        table_maps_end_statement(stat->work->maps);
    if (!map || !wanted)
        return true;
    table = find_table(stat, map);
    stat->unread += !count_rows(stat->work, &rows, map, &count);
    table->rows[rows.kind] += count;
    table->bytes += event->header.length;
    table->events++;
    if (key_of(map) != STAT_KEY_UNKNOWN)
        table->key = key_of(map);
    stat->rows[rows.kind] += count;
    stat->work->transaction.rows += count;
    return true;
}

static void note_time(struct stat_transaction *transaction, uint32_t from, uint32_t to)
{
    if (from == 0)
        return;
    if (transaction->begun == 0 || from < transaction->begun)
        transaction->begun = from;
    if (to > transaction->ended)
        transaction->ended = to;
}

static bool take_query(struct binlog_stat *stat, const struct format *format,
                       const struct plain_event *event, struct err *err)
{
    uint32_t seconds = event->header.timestamp;
    struct query query;

    if (!query_decode(event->body, event->type, format, &query, err))
        return false;
    if (query.exec_time < UINT32_MAX - seconds)
        note_time(&stat->work->transaction, seconds, seconds + query.exec_time);
    return true;
}

static bool take_gtid(struct stat_work *work, const struct plain_event *event, struct err *err)
{
    buf_clear(&work->name);
    if (!gtid_text_write(&work->name, event, err))
        return false;
    (void)snprintf(work->transaction.gtid, STAT_GTID_MAX, "%s", buf_borrow_cstr(&work->name));
    return true;
}

/* An event of the file, and not one inside it: its bytes and time; where a transaction begins. */
static void take_stored(struct binlog_stat *stat, const char *path, const struct reader *reader,
                        const struct plain_event *event)
{
    struct stat_work *work = stat->work;
    uint32_t time = event->header.timestamp;

    stat->events++;
    stat->bytes += event->header.length;
    if (time > 0 && (stat->first_time == 0 || time < stat->first_time))
        stat->first_time = time;
    if (time > stat->last_time)
        stat->last_time = time;
    if (!work->open)
        work->transaction = (struct stat_transaction){.path = path, .offset = event->offset};
    work->transaction.bytes += event->header.length;
    /* A statement by itself, in logs without GTIDs, is a transaction too. */
    if (reader->transaction != READER_OUTSIDE || event->header.type == EVENT_QUERY)
        work->open = true;
}

bool binlog_stat_take(struct binlog_stat *stat, const char *path, bool wanted,
                      const struct reader *reader, const struct plain_event *event, struct err *err)
{
    struct stat_work *work = stat->work;
    struct stat_count *count = &(event->packed ? stat->packed : stat->types)[event->header.type];
    uint32_t seconds = event->header.timestamp;
    const struct table_map *map;

    if (wanted && !event->packed)
        take_stored(stat, path, reader, event);
    count->count += wanted;
    count->bytes += wanted ? event->header.length : 0;
    if (event->type == EVENT_TABLE_MAP)
        return table_maps_take(work->maps, event->body, &reader->format, &map, err);
    if (event_type_is_rows(event->type) && event_type_info(event->type)->support == EVENT_DECODED)
        return take_rows(stat, wanted, &reader->format, event, err);
    if (!wanted)
        return true;
    if (gtid_text_is_gtid(event->type) && !take_gtid(work, event, err))
        return false;
    if (event->type == EVENT_QUERY && !take_query(stat, &reader->format, event, err))
        return false;
    note_time(&work->transaction, seconds, seconds);
    return true;
}

/* Puts a transaction among the sorted top ones by its measure. */
static void rank(struct stat_transaction top[STAT_TOP], const struct stat_transaction *transaction,
                 uint64_t (*measure)(const struct stat_transaction *))
{
    size_t i = STAT_TOP;

    while (i > 0 && measure(transaction) > measure(&top[i - 1]))
        i--;
    if (i == STAT_TOP)
        return;
    memmove(&top[i + 1], &top[i], (STAT_TOP - 1 - i) * sizeof top[0]);
    top[i] = *transaction;
}

static uint64_t measure_bytes(const struct stat_transaction *transaction)
{
    return transaction->bytes;
}

static uint64_t measure_seconds(const struct stat_transaction *transaction)
{
    return transaction->ended - transaction->begun;
}

/* Buckets double their seconds when time has gone past the last one. */
static void count_time(struct binlog_stat *stat, uint32_t time)
{
    uint32_t after;

    if (time == 0)
        return;
    if (stat->bucket_start == 0)
        stat->bucket_start = time;
    after = time > stat->bucket_start ? time - stat->bucket_start : 0;
    while (after / stat->bucket_seconds >= STAT_BUCKETS) {
        for (size_t i = 0; i < STAT_BUCKETS; i++)
            stat->buckets[i] =
                i < STAT_BUCKETS / 2 ? stat->buckets[2 * i] + stat->buckets[2 * i + 1] : 0;
        stat->bucket_seconds *= 2;
    }
    stat->buckets[after / stat->bucket_seconds]++;
}

static void end_transaction(struct binlog_stat *stat)
{
    struct stat_transaction *transaction = &stat->work->transaction;

    stat->transactions++;
    stat->transaction_bytes += transaction->bytes;
    rank(stat->largest, transaction, measure_bytes);
    rank(stat->longest, transaction, measure_seconds);
    count_time(stat, transaction->ended);
    stat->work->open = false;
}

void binlog_stat_end_event(struct binlog_stat *stat, const struct reader *reader)
{
    if (stat->work->open && reader->transaction == READER_OUTSIDE)
        end_transaction(stat);
}

void binlog_stat_end_file(struct binlog_stat *stat)
{
    stat->files++;
    stat->work->open = false;
}

static uint64_t rows_of(const struct stat_table *table)
{
    return table->rows[ROWS_WRITE] + table->rows[ROWS_UPDATE] + table->rows[ROWS_DELETE];
}

static int compare(const void *a, const void *b)
{
    const struct stat_table *one = *(struct stat_table *const *)a;
    const struct stat_table *two = *(struct stat_table *const *)b;

    if (rows_of(one) != rows_of(two))
        return rows_of(one) < rows_of(two) ? 1 : -1;
    if (one->bytes != two->bytes)
        return one->bytes < two->bytes ? 1 : -1;
    return strcmp(one->name, two->name);
}

void binlog_stat_finish(struct binlog_stat *stat)
{
    if (stat->table_count > 0)
        qsort(stat->tables, stat->table_count, sizeof(struct stat_table *), compare);
}
