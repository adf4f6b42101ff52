#include "replication/log_answers.h"

#include "base/mem.h"
#include "binlog/format.h"
#include "binlog/number.h"
#include "log/lookup.h"
#include "replication/view_state.h"

#include <inttypes.h>
#include <stdio.h>

#define ER_MALFORMED_GTID_SET 1772
#define NUMBER_TEXT           24

#define MYSQL_8_0_14 80014 /* SHOW BINARY LOGS tells what is encrypted */

static bool is_name(struct span name, const char *other)
{
    return span_eq(name, span_str(other));
}

/* ---- GTID state ---- */

bool log_answers_has_variable(struct span name, bool mariadb)
{
    if (mariadb)
        return is_name(name, "gtid_binlog_state") || is_name(name, "gtid_binlog_pos") ||
               is_name(name, "gtid_current_pos");
    return is_name(name, "gtid_executed") || is_name(name, "gtid_purged");
}

/* The latest GTID of each domain: of a domain's entries the last. */
static void write_position(struct buf *buf, const struct gtid_list *state)
{
    struct gtid_list position;

    gtid_list_init(&position);
    for (size_t i = 0; i < state->count; i++)
        gtid_list_set_position(&position, state->items[i]);
    gtid_list_print_sorted(buf, &position);
    gtid_list_done(&position);
}

static void write_state(struct buf *buf, const struct log_state *state, bool whole)
{
    switch (state->kind) {
    case LOG_STATE_UNKNOWN:
        return;
    case LOG_STATE_MYSQL:
        gtid_set_print_lines(buf, &state->set);
        return;
    case LOG_STATE_MARIADB:
        if (whole)
            gtid_list_print_sorted(buf, &state->list);
        else
            write_position(buf, &state->list);
        return;
    }
}

static bool write_state_at(struct mirror *mirror, const struct log_position *at,
                           const struct translator_options *view, bool whole, struct buf *value,
                           struct err *err)
{
    struct log_state state;
    bool good;

    log_state_init(&state);
    good = log_state_at(mirror, at, &state, err);
    if (good && view)
        good = view_state_exchange(&state, at, view, &state, err);
    if (good)
        write_state(value, &state, whole);
    log_state_done(&state);
    return good;
}

/* Where the log begins; false when there is nothing in it. */
static bool first_position(struct mirror *mirror, struct log_position *ret_position)
{
    struct log_file *files;
    size_t count;

    mirror_list(mirror, &files, &count);
    if (count > 0) {
        *ret_position = (struct log_position){.offset = files[0].start};
        memcpy(ret_position->name, files[0].name, sizeof ret_position->name);
    }
    mem_free(files);
    return count > 0;
}

bool log_answers_variable(struct channel *channel, const struct translator_options *view,
                          struct span name, struct buf *value, struct err *err)
{
    struct mirror *mirror = channel_borrow_mirror(channel);
    bool whole = is_name(name, "gtid_binlog_state");
    struct log_position at;
    struct log_ends ends;

    if (!mirror)
        return true;
    if (is_name(name, "gtid_purged"))
        return !first_position(mirror, &at) || write_state_at(mirror, &at, view, whole, value, err);
    mirror_ends(mirror, &ends);
    return ends.whole.name[0] == '\0' ||
           write_state_at(mirror, &ends.whole, view, whole, value, err);
}

static bool parse_set(struct span text, struct gtid_set *set, struct err *err)
{
    if (gtid_set_parse(text, set, err))
        return true;
    return err_set(err, E_USAGE, ER_MALFORMED_GTID_SET, "Malformed GTID set specification '%.*s'.",
                   (int)(text.len < 200 ? text.len : 200), (const char *)text.data);
}

bool log_answers_gtid_call(struct span name, struct span left, struct span right, struct buf *value,
                           struct err *err)
{
    struct gtid_set a;
    struct gtid_set b;
    bool good;

    gtid_set_init(&a);
    gtid_set_init(&b);
    good = parse_set(left, &a, err) && parse_set(right, &b, err);
    if (good && is_name(name, "gtid_subset")) {
        buf_u8(value, gtid_set_contains(&b, &a) ? '1' : '0');
    } else if (good) {
        gtid_set_subtract(&a, &b);
        gtid_set_print_lines(value, &a);
    }
    gtid_set_done(&a);
    gtid_set_done(&b);
    return good;
}

bool log_answers_gtid_pos(struct channel *channel, const struct translator_options *view,
                          struct span file, struct span position, struct buf *value)
{
    struct mirror *mirror = channel_borrow_mirror(channel);
    struct cursor digits = cursor_of(position);
    struct log_position at = {0};
    struct err unknown;

    if (!mirror || file.len > LOG_NAME_MAX || !cursor_decimal(&digits, UINT64_MAX, &at.offset) ||
        cursor_left(&digits) > 0)
        return false;
    memcpy(at.name, file.data, file.len);
    return write_state_at(mirror, &at, view, false, value, &unknown);
}

/* ---- Status ---- */

bool log_answers_status(const struct log_status_source *source, size_t i, struct span *ret_name,
                        char *value, size_t size)
{
    static const char *const names[] = {
        "aurora_binlog_io_cache_allocated", "aurora_binlog_io_cache_read_requests",
        "aurora_binlog_io_cache_reads",     "Rpl_semi_sync_master_clients",
        "Rpl_semi_sync_master_status",      "Rpl_semi_sync_source_clients", /* MySQL */
        "Rpl_semi_sync_source_status",
    };
    size_t count = sizeof names / sizeof names[0] - (source->mariadb ? 2 : 0);
    struct mirror *mirror = channel_borrow_mirror(source->channel);
    struct log_cache_counters counters = {0};
    uint64_t clients = replicas_semisync_count(source->replicas);
    uint64_t numbers[3];

    if (i >= count)
        return false;
    if (mirror)
        mirror_cache_counters(mirror, &counters);
    numbers[0] = counters.allocated;
    numbers[1] = counters.read_requests;
    numbers[2] = counters.reads;
    *ret_name = span_str(names[i]);
    if (i == 4 || i == 6)
        (void)snprintf(value, size, "%s", clients > 0 ? "ON" : "OFF");
    else
        (void)snprintf(value, size, "%" PRIu64, i < 3 ? numbers[i] : clients);
    return true;
}

/* ---- SHOW ---- */

bool log_answers_show_status(struct channel *channel, const struct translator_options *view,
                             bool mariadb, struct result *result, struct err *err)
{
    struct mirror *mirror = channel_borrow_mirror(channel);
    struct log_ends ends = {0};
    char offset[NUMBER_TEXT];
    struct span row[5];
    struct buf set;
    bool good;

    good = result_add_column(result, "File", RESULT_VARCHAR, err) &&
           result_add_column(result, "Position", RESULT_ULONGLONG, err) &&
           result_add_column(result, "Binlog_Do_DB", RESULT_VARCHAR, err) &&
           result_add_column(result, "Binlog_Ignore_DB", RESULT_VARCHAR, err) &&
           (mariadb || result_add_column(result, "Executed_Gtid_Set", RESULT_VARCHAR, err));
    if (mirror)
        mirror_ends(mirror, &ends);
    if (!good || ends.whole.name[0] == '\0')
        return good;
    (void)snprintf(offset, sizeof offset, "%" PRIu64, ends.whole.offset);
    buf_init(&set, (size_t)16 << 20);
    good = mariadb || write_state_at(mirror, &ends.whole, view, true, &set, err);
    row[0] = span_str(ends.whole.name);
    row[1] = span_str(offset);
    row[2] = row[3] = span_str("");
    row[4] = set.len > 0 ? buf_span(&set) : span_str("");
    good = good && result_add_row(result, row, err);
    buf_done(&set);
    return good;
}

static bool shows_encryption(const char *version)
{
    enum format_family family;
    uint32_t number;

    format_parse_version(version, &family, &number);
    return family == FORMAT_MYSQL && number >= MYSQL_8_0_14;
}

bool log_answers_show_logs(struct channel *channel, const char *version, struct result *result,
                           struct err *err)
{
    struct mirror *mirror = channel_borrow_mirror(channel);
    bool encryption = shows_encryption(version);
    struct log_file *files = NULL;
    size_t count = 0;
    bool good = result_add_column(result, "Log_name", RESULT_VARCHAR, err) &&
                result_add_column(result, "File_size", RESULT_ULONGLONG, err) &&
                (!encryption || result_add_column(result, "Encrypted", RESULT_VARCHAR, err));

    if (mirror)
        mirror_list(mirror, &files, &count);
    for (size_t i = 0; i < count && good; i++) {
        char size[NUMBER_TEXT];
        struct span row[3];

        (void)snprintf(size, sizeof size, "%" PRIu64, files[i].end);
        row[0] = span_str(files[i].name);
        row[1] = span_str(size);
        row[2] = span_str("No");
        good = result_add_row(result, row, err);
    }
    mem_free(files);
    return good;
}

static bool add_replica(const struct replica_info *info, uint32_t server_id, struct result *result,
                        struct err *err)
{
    char id[NUMBER_TEXT];
    char port[NUMBER_TEXT];
    char source[NUMBER_TEXT];
    struct span row[5];

    (void)snprintf(id, sizeof id, "%" PRIu32, info->server_id);
    (void)snprintf(port, sizeof port, "%u", info->port);
    (void)snprintf(source, sizeof source, "%" PRIu32, server_id);
    row[0] = span_str(id);
    row[1] = span_str(info->host);
    row[2] = span_str(port);
    row[3] = span_str(source);
    row[4] = span_str(info->uuid);
    return result_add_row(result, row, err);
}

bool log_answers_show_replicas(struct replicas *replicas, uint32_t server_id, bool mariadb,
                               bool new_words, struct result *result, struct err *err)
{
    struct replica_info *infos;
    size_t count;
    bool source = new_words && !mariadb;
    bool good = result_add_column(result, source ? "Server_Id" : "Server_id", RESULT_ULONG, err) &&
                result_add_column(result, "Host", RESULT_VARCHAR, err) &&
                result_add_column(result, "Port", RESULT_ULONG, err) &&
                result_add_column(result, source ? "Source_Id" : "Master_id", RESULT_ULONG, err) &&
                (mariadb || result_add_column(result, source ? "Replica_UUID" : "Slave_UUID",
                                              RESULT_VARCHAR, err));

    replicas_list(replicas, &infos, &count);
    for (size_t i = 0; i < count && good; i++) {
        if (infos[i].server_id != 0)
            good = add_replica(&infos[i], server_id, result, err);
    }
    mem_free(infos);
    return good;
}
