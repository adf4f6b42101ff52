#include "cli/relay_text.h"

#include "base/clock.h"
#include "base/quantity_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CELL_MAX 320

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value ? value : "-";
}

static uint64_t number(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));

    return value > 0 ? (uint64_t)value : 0;
}

static bool has(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return value && !json_is_null(value);
}

/* "FILE POSITION", "-". */
static const char *position(char cell[CELL_MAX], const json_t *object, const char *key)
{
    const json_t *at = json_object_get(object, key);

    if (!json_is_object(at))
        return "-";
    (void)snprintf(cell, CELL_MAX, "%s %" PRIu64, text(at, "file"), number(at, "position"));
    return cell;
}

static const char *size(char cell[CELL_MAX], const json_t *object, const char *key)
{
    if (!has(object, key))
        return "-";
    return quantity_size(cell, number(object, key));
}

static const char *rate(char cell[CELL_MAX], const json_t *object)
{
    char bytes[QUANTITY_MAX];
    double per_second = json_number_value(json_object_get(object, "bytes_per_second"));

    (void)snprintf(cell, CELL_MAX, "%s/s",
                   quantity_size(bytes, per_second > 0 ? (uint64_t)per_second : 0));
    return cell;
}

/* "3 s", "-" where it is not known. */
static const char *lag(char cell[CELL_MAX], const json_t *channel)
{
    if (!has(channel, "seconds_behind"))
        return "-";
    return quantity_duration(cell, number(channel, "seconds_behind"));
}

/* ---- All of it ---- */

static void print_replica(const json_t *replica)
{
    char cells[3][CELL_MAX];

    if (!json_is_true(json_object_get(replica, "dumping"))) {
        printf("  client     %s@%s, no dump\n", text(replica, "user"), text(replica, "address"));
        return;
    }
    printf("  replica    %s@%s, server id %" PRIu64 ", sent up to %s, %s behind, %s",
           text(replica, "user"), text(replica, "address"), number(replica, "server_id"),
           position(cells[0], replica, "sent"), size(cells[1], replica, "bytes_behind"),
           rate(cells[2], replica));
    if (has(replica, "translated_for"))
        printf(", translated for %s, read up to %s", text(replica, "translated_for"),
               position(cells[0], replica, "source_position"));
    printf("\n");
}

static void print_log(const json_t *log)
{
    char cells[3][CELL_MAX];

    printf("  log        synced %s, received %s\n", position(cells[0], log, "synced"),
           position(cells[1], log, "received"));
    printf("             %" PRIu64 " files from %s on, %s\n", number(log, "files"),
           text(log, "first_file"), size(cells[2], log, "bytes"));
    if (strcmp(text(log, "status"), "open") != 0)
        printf("             %s: %s\n", text(log, "status"), text(log, "reason"));
    if (*text(log, "gtids") && has(log, "gtids"))
        printf("  gtids      %s\n", text(log, "gtids"));
}

static void print_retention(const json_t *channel)
{
    char cell[CELL_MAX];

    printf("  retention  ");
    if (has(channel, "retention_hours"))
        printf("%" PRIu64 " h", number(channel, "retention_hours"));
    if (has(channel, "retention_bytes"))
        printf("%s%s", has(channel, "retention_hours") ? ", " : "",
               size(cell, channel, "retention_bytes"));
    if (!has(channel, "retention_hours") && !has(channel, "retention_bytes"))
        printf("none: files stay");
    printf("; disk %s free", size(cell, channel, "disk_free"));
    printf(" of %s", size(cell, channel, "disk_size"));
    if (has(channel, "disk_stage") && strcmp(text(channel, "disk_stage"), "enough") != 0)
        printf(", %s", text(channel, "disk_stage"));
    printf("\n");
}

static void print_hold(const json_t *hold)
{
    char cells[2][CELL_MAX];

    printf("  hold       %s: ", text(hold, "user"));
    if (json_is_true(json_object_get(hold, "given_up")))
        printf("given up in %s, more than %s behind\n", text(hold, "first_file"),
               size(cells[0], hold, "most_bytes"));
    else
        printf("from %s on, %s of at most %s\n", text(hold, "first_file"),
               size(cells[0], hold, "bytes"), size(cells[1], hold, "most_bytes"));
}

/* Where dependencies are tracked. */
static void print_keys(const json_t *keys)
{
    printf("  keys       %s, %" PRIu64 " tables",
           json_is_true(json_object_get(keys, "known")) ? "known" : "not known",
           number(keys, "tables"));
    if (has(keys, "error"))
        printf(": %s", text(keys, "error"));
    printf("\n");
}

static void print_channel(const json_t *channel)
{
    const json_t *log = json_object_get(channel, "log");
    char cells[2][CELL_MAX];
    const json_t *replica;
    const json_t *left_out;
    const json_t *stop;
    const json_t *hold;
    size_t i;

    printf("channel %s: %s\n", text(channel, "name"), text(channel, "state"));
    printf("  source     %s, lag %s, %s\n", text(channel, "source"), lag(cells[0], channel),
           rate(cells[1], channel));
    if (has(channel, "error"))
        printf("  error      %s\n", text(channel, "error"));
    if (json_is_object(log))
        print_log(log);
    print_retention(channel);
    json_array_foreach(json_object_get(channel, "holds"), i, hold)
    {
        print_hold(hold);
    }
    printf("  listen     %s", text(channel, "listen"));
    if (has(channel, "listen_mariadb"))
        printf(", MariaDB at %s", text(channel, "listen_mariadb"));
    if (has(channel, "listen_mysql"))
        printf(", MySQL at %s", text(channel, "listen_mysql"));
    printf(", %" PRIu64 " clients\n", number(channel, "clients"));
    if (has(channel, "source_keys"))
        print_keys(json_object_get(channel, "source_keys"));
    json_array_foreach(json_object_get(channel, "stopped_translations"), i, stop)
    {
        printf("  stopped    the translation for %s: %s\n", text(stop, "translated_for"),
               text(stop, "reason"));
    }
    json_array_foreach(json_object_get(channel, "left_out_statements"), i, left_out)
    {
        const json_t *place = json_object_get(left_out, "last_position");

        printf("  left out   %" PRIu64 " statements for %s, the last %s at %s:%" PRIu64 "\n",
               number(left_out, "count"), text(left_out, "translated_for"), text(left_out, "last"),
               text(place, "file"), number(place, "position"));
    }
    json_array_foreach(json_object_get(channel, "replicas"), i, replica)
    {
        print_replica(replica);
    }
}

void relay_text_print(const json_t *status)
{
    const json_t *channel;
    size_t i;

    printf("borealis %s, pid %" PRIu64 ", relays in %s, server id %" PRIu64 "\n",
           text(status, "version"), number(status, "pid"), text(status, "directory"),
           number(status, "server_id"));
    json_array_foreach(json_object_get(status, "channels"), i, channel)
    {
        print_channel(channel);
    }
}

/* ---- A line a channel ---- */

/* Dumps, and how far the last of them is behind. */
static size_t count_dumps(const json_t *channel, uint64_t *ret_behind)
{
    const json_t *replica;
    uint64_t behind = 0;
    size_t count = 0;
    size_t i;

    json_array_foreach(json_object_get(channel, "replicas"), i, replica)
    {
        if (!json_is_true(json_object_get(replica, "dumping")))
            continue;
        count++;
        if (number(replica, "bytes_behind") > behind)
            behind = number(replica, "bytes_behind");
    }
    *ret_behind = behind;
    return count;
}

static void print_row(const json_t *channel, const char *before)
{
    const json_t *log = json_object_get(channel, "log");
    char behind_text[QUANTITY_MAX];
    char cells[3][CELL_MAX];
    uint64_t behind;
    size_t dumps = count_dumps(channel, &behind);

    printf("%s%-16s %-10s %10s  %-32s %14s %8zu %14s\n", before, text(channel, "name"),
           text(channel, "state"), lag(cells[0], channel), position(cells[1], log, "synced"),
           rate(cells[2], channel), dumps, dumps > 0 ? quantity_size(behind_text, behind) : "-");
}

void relay_text_print_table(const json_t *status)
{
    const json_t *channel;
    size_t i;

    printf("%-16s %-10s %10s  %-32s %14s %8s %14s\n", "CHANNEL", "STATE", "LAG", "SYNCED", "RATE",
           "REPLICAS", "MOST BEHIND");
    json_array_foreach(json_object_get(status, "channels"), i, channel)
    {
        print_row(channel, "");
        if (has(channel, "error"))
            printf("    %s\n", text(channel, "error"));
    }
}

void relay_text_print_lines(const json_t *status)
{
    char stamp[CLOCK_STAMP_MAX];
    char head[CLOCK_STAMP_MAX + 1];
    const json_t *channel;
    size_t i;

    clock_stamp_utc(stamp);
    (void)snprintf(head, sizeof head, "%s ", stamp);
    json_array_foreach(json_object_get(status, "channels"), i, channel)
    {
        print_row(channel, head);
    }
}
