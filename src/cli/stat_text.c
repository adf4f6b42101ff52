#include "cli/stat_text.h"

#include "base/quantity_text.h"
#include "binlog/rows.h"
#include "binlog/temporal.h"
#include "binlog/text.h"

#include <inttypes.h>
#include <stdio.h>

#define BAR_WIDTH   26
#define GTID_WIDTH  19
#define TABLES_MAX  10
#define KEYLESS_MAX 20
#define TIME_MAX    24

static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char plain_blocks[] = " ._-=+*%#";

/* "12,345" */
static const char *grouped(char text[QUANTITY_MAX], uint64_t value)
{
    char digits[QUANTITY_MAX];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, value);
    size_t at = 0;

    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

static void write_time(struct buf *buf, uint32_t seconds)
{
    temporal_write_datetime(buf, timestamp_to_utc((struct timestamp){.seconds = seconds}), 0);
}

static void write_duration(struct buf *buf, uint32_t seconds)
{
    char text[QUANTITY_MAX];

    buf_str(buf, quantity_duration(text, seconds));
}

static uint64_t rows_of(const uint64_t rows[3])
{
    return rows[ROWS_WRITE] + rows[ROWS_UPDATE] + rows[ROWS_DELETE];
}

static void write_totals(struct buf *buf, const struct binlog_stat *stat)
{
    uint32_t seconds = stat->last_time - stat->first_time;
    char a[QUANTITY_MAX];
    char b[QUANTITY_MAX];

    if (stat->first_time > 0) {
        buf_str(buf, "  time          ");
        write_time(buf, stat->first_time);
        buf_str(buf, " to ");
        write_time(buf, stat->last_time);
        buf_str(buf, " UTC, ");
        write_duration(buf, seconds);
        buf_u8(buf, '\n');
    }
    buf_printf(buf, "  size          %s in %s event%s\n", quantity_size(a, stat->bytes),
               grouped(b, stat->events), stat->events == 1 ? "" : "s");
    buf_printf(buf, "  transactions  %s", grouped(a, stat->transactions));
    if (stat->transactions > 0)
        buf_printf(buf, ", %s each on average",
                   quantity_size(b, stat->transaction_bytes / stat->transactions));
    if (stat->transactions > 0 && seconds > 0)
        buf_printf(buf, ", %.1f a second", (double)stat->transactions / seconds);
    buf_printf(buf, "\n  rows          %s", grouped(a, rows_of(stat->rows)));
    if (rows_of(stat->rows) > 0) {
        buf_printf(buf, ": %s inserted", grouped(a, stat->rows[ROWS_WRITE]));
        buf_printf(buf, ", %s updated", grouped(a, stat->rows[ROWS_UPDATE]));
        buf_printf(buf, ", %s deleted", grouped(a, stat->rows[ROWS_DELETE]));
    }
    buf_u8(buf, '\n');
    if (stat->unread > 0)
        buf_printf(buf, "  not counted   %s rows events, which can not be decoded\n",
                   grouped(a, stat->unread));
}

static void write_rate(struct buf *buf, const struct binlog_stat *stat, bool utf8)
{
    uint64_t most = 0;
    size_t last = 0;
    char a[QUANTITY_MAX];

    for (size_t i = 0; i < STAT_BUCKETS; i++) {
        most = stat->buckets[i] > most ? stat->buckets[i] : most;
        last = stat->buckets[i] > 0 ? i : last;
    }
    if (last < 2)
        return;
    buf_str(buf, "\n  ");
    for (size_t i = 0; i <= last; i++) {
        size_t level = (size_t)((stat->buckets[i] * 8 + most - 1) / most);

        if (utf8)
            buf_str(buf, blocks[level]);
        else
            buf_u8(buf, (uint8_t)plain_blocks[level]);
    }
    buf_str(buf, "\n  transactions by time, ");
    write_duration(buf, stat->bucket_seconds);
    buf_printf(buf, " a column, at most %s\n", grouped(a, most));
}

static void write_bar(struct buf *buf, uint64_t part, uint64_t whole, bool utf8)
{
    uint64_t n = whole > 0 ? (part * BAR_WIDTH + whole / 2) / whole : 0;

    for (uint64_t i = 0; i < n && i < BAR_WIDTH; i++)
        buf_str(buf, utf8 ? "█" : "#");
}

static void write_type(struct buf *buf, const struct stat_count *count, const char *name,
                       uint64_t whole, bool utf8)
{
    char a[QUANTITY_MAX];
    char b[QUANTITY_MAX];

    buf_printf(buf, "  %-22s%13s%12s  ", name, grouped(a, count->count),
               quantity_size(b, count->bytes));
    write_bar(buf, count->bytes, whole, utf8);
    if (buf->data[buf->len - 1] == ' ')
        buf->len -= 2;
    buf_u8(buf, '\n');
}

/* The types by bytes, the largest first. */
static void write_types(struct buf *buf, const struct stat_count counts[STAT_EVENT_KINDS],
                        const char *head, bool utf8)
{
    bool done[STAT_EVENT_KINDS] = {false};
    uint64_t whole = 0;

    for (size_t i = 0; i < STAT_EVENT_KINDS; i++)
        whole += counts[i].bytes;
    if (whole == 0)
        return;
    buf_printf(buf, "\n  %-22s%13s%12s\n", head, "COUNT", "BYTES");
    for (;;) {
        size_t best = STAT_EVENT_KINDS;

        for (size_t i = 0; i < STAT_EVENT_KINDS; i++) {
            if (!done[i] && counts[i].count > 0 &&
                (best == STAT_EVENT_KINDS || counts[i].bytes > counts[best].bytes))
                best = i;
        }
        if (best == STAT_EVENT_KINDS)
            return;
        done[best] = true;
        write_type(buf, &counts[best], event_type_name((uint8_t)best), whole, utf8);
    }
}

/* Names that do not fit have their end, which tells more, after dots. */
static void write_name(struct buf *buf, const char *name, size_t width)
{
    size_t length = strlen(name);

    if (length > width)
        buf_printf(buf, "..%s", name + length - width + 2);
    else
        buf_printf(buf, "%-*s", (int)width, name);
}

static void write_tables(struct buf *buf, const struct binlog_stat *stat)
{
    char a[QUANTITY_MAX];

    if (stat->table_count == 0)
        return;
    buf_printf(buf, "\n  %-22s%12s%10s%10s%10s%12s\n", "BUSIEST TABLES", "ROWS", "INSERTED",
               "UPDATED", "DELETED", "BYTES");
    for (uint32_t i = 0; i < stat->table_count && i < TABLES_MAX; i++) {
        const struct stat_table *table = stat->tables[i];

        buf_str(buf, "  ");
        write_name(buf, table->name, 22);
        buf_printf(buf, "%12s", grouped(a, rows_of(table->rows)));
        buf_printf(buf, "%10" PRIu64 "%10" PRIu64 "%10" PRIu64, table->rows[ROWS_WRITE],
                   table->rows[ROWS_UPDATE], table->rows[ROWS_DELETE]);
        buf_printf(buf, "%12s\n", quantity_size(a, table->bytes));
    }
    if (stat->table_count > TABLES_MAX)
        buf_printf(buf, "  and %u more\n", stat->table_count - TABLES_MAX);
}

static void write_keyless(struct buf *buf, const struct binlog_stat *stat)
{
    uint32_t counts[3] = {0};
    uint32_t shown = 0;

    for (uint32_t i = 0; i < stat->table_count; i++)
        counts[stat->tables[i]->key]++;
    if (counts[STAT_KEY_NONE] > 0)
        buf_str(buf, "\n  WITHOUT A PRIMARY KEY, so a replica may read the table for every row\n");
    for (uint32_t i = 0; i < stat->table_count && shown < KEYLESS_MAX; i++) {
        if (stat->tables[i]->key != STAT_KEY_NONE)
            continue;
        buf_printf(buf, "  %s\n", stat->tables[i]->name);
        shown++;
    }
    if (counts[STAT_KEY_NONE] > shown)
        buf_printf(buf, "  and %u more\n", counts[STAT_KEY_NONE] - shown);
    if (counts[STAT_KEY_UNKNOWN] > 0)
        buf_printf(buf,
                   "\n  Of %u table%s the log does not tell whether there is a primary key;\n"
                   "  with binlog_row_metadata=FULL it would.\n",
                   counts[STAT_KEY_UNKNOWN], counts[STAT_KEY_UNKNOWN] == 1 ? "" : "s");
}

/* Of a long one the first digits of the UUID, and the end. */
static void write_gtid(struct buf *buf, const char *gtid)
{
    size_t length = strlen(gtid);

    if (length <= GTID_WIDTH)
        buf_str(buf, length > 0 ? gtid : "-");
    else
        buf_printf(buf, "%.8s..%s", gtid, gtid + length - (GTID_WIDTH - 10));
}

static void write_transactions(struct buf *buf, const struct stat_transaction top[STAT_TOP],
                               bool by_time)
{
    char a[QUANTITY_MAX];
    char b[QUANTITY_MAX];

    if ((by_time ? top[0].ended - top[0].begun : top[0].bytes) == 0)
        return;
    buf_printf(buf, "\n  %-22s%12s%10s%13s  GTID\n",
               by_time ? "LONGEST TRANSACTIONS" : "LARGEST TRANSACTIONS", "BYTES", "ROWS",
               "AT OFFSET");
    for (size_t i = 0; i < STAT_TOP; i++) {
        size_t start = buf->len;

        if ((by_time ? top[i].ended - top[i].begun : top[i].bytes) == 0)
            break;
        buf_str(buf, "  ");
        if (by_time)
            write_duration(buf, top[i].ended - top[i].begun);
        else
            write_time(buf, top[i].begun);
        buf_printf(buf, "%*s", (int)(start + 24 - buf->len), "");
        buf_printf(buf, "%12s%10s", quantity_size(a, top[i].bytes), grouped(b, top[i].rows));
        buf_printf(buf, "%13" PRIu64 "  ", top[i].offset);
        write_gtid(buf, top[i].gtid);
        buf_u8(buf, '\n');
    }
}

void stat_text_write(struct buf *buf, const struct binlog_stat *stat, const char *title, bool utf8)
{
    buf_printf(buf, "%s\n\n", title);
    write_totals(buf, stat);
    write_rate(buf, stat, utf8);
    write_types(buf, stat->types, "EVENTS", utf8);
    write_types(buf, stat->packed, "IN COMPRESSED ONES", utf8);
    write_tables(buf, stat);
    write_keyless(buf, stat);
    write_transactions(buf, stat->largest, false);
    write_transactions(buf, stat->longest, true);
}

static void json_text(struct buf *buf, const char *text)
{
    text_write_json(buf, span_str(text));
}

static void json_types(struct buf *buf, const struct stat_count counts[STAT_EVENT_KINDS])
{
    const char *separator = "";

    buf_u8(buf, '{');
    for (size_t i = 0; i < STAT_EVENT_KINDS; i++) {
        if (counts[i].count == 0)
            continue;
        buf_printf(buf, "%s\"%s", separator, event_type_name((uint8_t)i));
        if (!event_type_info((uint8_t)i))
            buf_printf(buf, " %zu", i);
        buf_printf(buf, "\": {\"count\": %" PRIu64 ", \"bytes\": %" PRIu64 "}", counts[i].count,
                   counts[i].bytes);
        separator = ", ";
    }
    buf_u8(buf, '}');
}

static void json_rows(struct buf *buf, const uint64_t rows[3])
{
    buf_printf(buf, "\"inserted\": %" PRIu64 ", \"updated\": %" PRIu64 ", \"deleted\": %" PRIu64,
               rows[ROWS_WRITE], rows[ROWS_UPDATE], rows[ROWS_DELETE]);
}

static void json_tables(struct buf *buf, const struct binlog_stat *stat)
{
    static const char *const keys[] = {"null", "false", "true"};

    for (uint32_t i = 0; i < stat->table_count; i++) {
        const struct stat_table *table = stat->tables[i];

        buf_str(buf, i == 0 ? "{\"table\": " : ", {\"table\": ");
        json_text(buf, table->name);
        buf_str(buf, ", ");
        json_rows(buf, table->rows);
        buf_printf(buf, ", \"events\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"primary_key\": %s}",
                   table->events, table->bytes, keys[table->key]);
    }
}

static void json_transactions(struct buf *buf, const struct stat_transaction top[STAT_TOP],
                              bool by_time)
{
    for (size_t i = 0; i < STAT_TOP; i++) {
        if ((by_time ? top[i].ended - top[i].begun : top[i].bytes) == 0)
            break;
        buf_str(buf, i == 0 ? "{\"gtid\": " : ", {\"gtid\": ");
        json_text(buf, top[i].gtid);
        buf_str(buf, ", \"file\": ");
        json_text(buf, top[i].path);
        buf_printf(buf,
                   ", \"offset\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"rows\": %" PRIu64
                   ", \"begun\": %u, \"ended\": %u}",
                   top[i].offset, top[i].bytes, top[i].rows, top[i].begun, top[i].ended);
    }
}

void stat_text_write_json(struct buf *buf, const struct binlog_stat *stat)
{
    buf_printf(buf,
               "{\"files\": %" PRIu64 ", \"events\": %" PRIu64 ", \"bytes\": %" PRIu64
               ", \"first_time\": %u, \"last_time\": %u, \"transactions\": %" PRIu64
               ", \"transaction_bytes\": %" PRIu64 ", \"rows\": {",
               stat->files, stat->events, stat->bytes, stat->first_time, stat->last_time,
               stat->transactions, stat->transaction_bytes);
    json_rows(buf, stat->rows);
    buf_printf(buf, "}, \"undecoded_rows_events\": %" PRIu64 ", \"types\": ", stat->unread);
    json_types(buf, stat->types);
    buf_str(buf, ", \"compressed_types\": ");
    json_types(buf, stat->packed);
    buf_str(buf, ", \"tables\": [");
    json_tables(buf, stat);
    buf_str(buf, "], \"largest_transactions\": [");
    json_transactions(buf, stat->largest, false);
    buf_str(buf, "], \"longest_transactions\": [");
    json_transactions(buf, stat->longest, true);
    buf_printf(buf, "], \"rate\": {\"start\": %u, \"seconds\": %u, \"transactions\": [",
               stat->bucket_start, stat->bucket_seconds);
    for (size_t i = 0; i < STAT_BUCKETS; i++)
        buf_printf(buf, "%s%" PRIu64, i == 0 ? "" : ", ", stat->buckets[i]);
    buf_str(buf, "]}}\n");
}
