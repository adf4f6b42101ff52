#include "replication/source.h"

#include "base/clock.h"
#include "base/mem.h"
#include "binlog/charset.h"
#include "binlog/gtid_set.h"
#include "replication/link_query.h"
#include "wire/command.h"
#include "wire/greeting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define ANSWER_MAX ((size_t)8 << 20)

#define MYSQL_5_6      50600
#define MYSQL_8        80000
#define MYSQL_8_0_26   80026 /* HEARTBEAT_V2; "source" and "replica" in names */
#define MYSQL_8_2      80200 /* SHOW BINARY LOG STATUS */
#define ER_UNKNOWN_VAR ER_UNKNOWN_SYSTEM_VARIABLE

/* The value in the first row; "" for NULL and where there is no row. */
static bool ask_value(struct link *link, const char *sql, size_t column, int64_t deadline_usec,
                      char *value, size_t size, struct err *err)
{
    struct result *result;
    struct span text = {0};

    if (!link_query(link, sql, ANSWER_MAX, deadline_usec, &result, err))
        return false;
    if (result_rows(result) > 0 && result_columns(result) > column)
        (void)result_value(result, 0, column, &text);
    (void)snprintf(value, size, "%.*s", (int)text.len, (const char *)text.data);
    result_free(result);
    return true;
}

/* The same of a system variable that older servers do not have: "" then. */
static bool ask_variable(struct link *link, const char *sql, int64_t deadline_usec, char *value,
                         size_t size, struct err *err)
{
    if (ask_value(link, sql, 0, deadline_usec, value, size, err))
        return true;
    if (err->code != ER_UNKNOWN_VAR)
        return false;
    value[0] = '\0';
    return true;
}

static bool ask_clock(struct link *link, int64_t deadline_usec, struct source *source,
                      struct err *err)
{
    int64_t before = clock_wall_usec();
    char text[32];

    if (!ask_value(link, "SELECT UNIX_TIMESTAMP()", 0, deadline_usec, text, sizeof text, err))
        return false;
    /* Its seconds are cut, ours are not; half the way there and back has passed. */
    source->clock_usec = strtoll(text, NULL, 10) * USEC_PER_SEC + USEC_PER_SEC / 2 -
                         (before + clock_wall_usec()) / 2;
    return true;
}

static void take_version(const struct link *link, struct source *source)
{
    struct span version = greeting_plain_version(span_str(link_server_version(link)));

    (void)snprintf(source->version_text, sizeof source->version_text, "%.*s", (int)version.len,
                   (const char *)version.data);
    format_parse_version(source->version_text, &source->family, &source->version);
    if (link_server_is_mariadb(link))
        source->family = FORMAT_MARIADB;
}

static bool ask_ids(struct link *link, int64_t deadline_usec, struct source *source,
                    struct err *err)
{
    char text[64];

    if (!ask_value(link, "SELECT @@GLOBAL.server_id", 0, deadline_usec, text, sizeof text, err))
        return false;
    source->server_id = (uint32_t)strtoul(text, NULL, 10);
    if (source->family == FORMAT_MARIADB)
        return true;
    return ask_variable(link, "SELECT @@GLOBAL.server_uuid", deadline_usec, source->server_uuid,
                        sizeof source->server_uuid, err);
}

bool source_ask_who(struct link *link, int64_t deadline_usec, struct source *ret_source,
                    struct err *err)
{
    struct source source = {.checksum = CHECKSUM_UNDEFINED};

    take_version(link, &source);
    if (!ask_ids(link, deadline_usec, &source, err))
        return false;
    *ret_source = source;
    return true;
}

void source_identity(const struct source *source, struct log_identity *ret_identity)
{
    *ret_identity = (struct log_identity){
        .family = source->family,
        .server_id = source->server_id,
    };
    memcpy(ret_identity->server_uuid, source->server_uuid, sizeof ret_identity->server_uuid);
    memcpy(ret_identity->server_version, source->version_text, sizeof ret_identity->server_version);
}

static bool ask_identity(struct link *link, const struct source_visitor *visitor,
                         int64_t deadline_usec, struct source *source, struct err *err)
{
    if (!ask_ids(link, deadline_usec, source, err))
        return false;
    if (source->server_id == 0)
        return err_set(err, E_STATE, 0,
                       "%s: its server_id is 0: set one, else it serves no replicas",
                       link_peer(link));
    if (source->server_id == visitor->server_id)
        return err_set(err, E_STATE, ER_SLAVE_FATAL_ERROR,
                       "%s: its server_id is %" PRIu32
                       ", which is ours: it is this server itself, or "
                       "one of the two needs another",
                       link_peer(link), source->server_id);
    return true;
}

/* All system variables. Those that are not UTF-8 (paths may be anything) are left out. */
static bool ask_variables(struct link *link, int64_t deadline_usec, struct source *source,
                          struct err *err)
{
    struct result *result;
    bool good = true;

    if (!link_query(link, "SHOW GLOBAL VARIABLES", ANSWER_MAX, deadline_usec, &result, err))
        return false;
    for (size_t row = 0; row < result_rows(result) && good; row++) {
        struct span name;
        struct span value;

        if (result_columns(result) >= 2 && result_value(result, row, 0, &name) &&
            result_value(result, row, 1, &value) && utf8_is_valid(name) && utf8_is_valid(value))
            good = variables_set(source->variables, name, value, err);
    }
    result_free(result);
    return good;
}

static bool variable_is(const struct source *source, const char *name, const char *value)
{
    struct span found;

    return variables_find(source->variables, span_str(name), &found) &&
           found.len == strlen(value) &&
           strncasecmp((const char *)found.data, value, found.len) == 0;
}

static bool check_binlog(const struct link *link, const struct source *source, struct err *err)
{
    if (!variable_is(source, "log_bin", "ON"))
        return err_set(err, E_STATE, 0,
                       "%s: its binary log is off (log_bin): there is nothing to replicate",
                       link_peer(link));
    if (variable_is(source, "encrypt_binlog", "ON"))
        return err_set(err, E_STATE, 0,
                       "%s: it encrypts its binary log (encrypt_binlog), whose offsets on the wire "
                       "are not those of an ordinary file: that is not supported",
                       link_peer(link));
    return true;
}

static bool ask_all(struct link *link, const struct source_visitor *visitor, int64_t deadline_usec,
                    struct source *source, struct err *err)
{
    take_version(link, source);
    if (!link_execute(link, "SET NAMES utf8", deadline_usec, err) ||
        !ask_clock(link, deadline_usec, source, err) ||
        !ask_identity(link, visitor, deadline_usec, source, err) ||
        !ask_variables(link, deadline_usec, source, err) || !check_binlog(link, source, err))
        return false;
    source->gtids = source->family == FORMAT_MARIADB || variable_is(source, "gtid_mode", "ON");
    return true;
}

bool source_ask(struct link *link, const struct source_visitor *visitor, int64_t deadline_usec,
                struct source *ret_source, struct err *err)
{
    struct source source = {.checksum = CHECKSUM_UNDEFINED, .variables = variables_new()};

    if (!ask_all(link, visitor, deadline_usec, &source, err)) {
        source_done(&source);
        return false;
    }
    *ret_source = source;
    return true;
}

void source_done(struct source *source)
{
    variables_free(source->variables);
    source->variables = NULL;
}

/* Both families' sources take the old name; MySQL's newest know the new one only. */
static bool set_both(struct link *link, const struct source *source, const char *what,
                     const char *value, int64_t deadline_usec, struct err *err)
{
    char *sql;
    bool good;

    if (source->family == FORMAT_MYSQL && source->version >= MYSQL_8_0_26)
        sql = mem_printf("SET @master_%s = %s, @source_%s = %s", what, value, what, value);
    else
        sql = mem_printf("SET @master_%s = %s", what, value);
    good = link_execute(link, sql, deadline_usec, err);
    mem_free(sql);
    return good;
}

/*
 * Tells that we know checksums, which makes the source send its events as they stand in its files,
 * and asks which algorithm that means. Before 5.6 there is none, and no such variable.
 */
static bool prepare_checksum(struct link *link, struct source *source, int64_t deadline_usec,
                             struct err *err)
{
    char text[32];

    if (!set_both(link, source, "binlog_checksum", "@@global.binlog_checksum", deadline_usec,
                  err)) {
        if (err->code != ER_UNKNOWN_VAR)
            return false;
        source->checksum = CHECKSUM_UNDEFINED;
        return true;
    }
    if (!ask_value(link, "SELECT @master_binlog_checksum", 0, deadline_usec, text, sizeof text,
                   err))
        return false;
    if (strcasecmp(text, "CRC32") == 0)
        source->checksum = CHECKSUM_CRC32;
    else if (strcasecmp(text, "NONE") == 0)
        source->checksum = CHECKSUM_NONE;
    else
        return err_set(err, E_PROTO, 0, "%s: binlog_checksum: expected CRC32 or NONE, found '%s'",
                       link_peer(link), text);
    return true;
}

/*
 * MySQL's newer plugin has newer names; a source without the plugin has none. One in which it is
 * off marks its events for us, too, so that it may be set to on while we are connected.
 */
static bool prepare_semisync(struct link *link, struct source *source, int64_t deadline_usec,
                             struct err *err)
{
    char text[32];
    bool renamed = true;

    if (!ask_variable(link, "SELECT @@global.rpl_semi_sync_source_enabled", deadline_usec, text,
                      sizeof text, err))
        return false;
    if (text[0] == '\0') {
        renamed = false;
        if (!ask_variable(link, "SELECT @@global.rpl_semi_sync_master_enabled", deadline_usec, text,
                          sizeof text, err))
            return false;
    }
    if (text[0] == '\0')
        return true;
    source->semisync = true;
    return link_execute(link,
                        renamed ? "SET @rpl_semi_sync_replica = 1, @rpl_semi_sync_slave = 1"
                                : "SET @rpl_semi_sync_slave = 1",
                        deadline_usec, err);
}

static bool prepare_names(struct link *link, const struct source_visitor *visitor,
                          const struct source *source, int64_t deadline_usec, struct err *err)
{
    char *sql;
    bool good;

    if (source->family == FORMAT_MARIADB)
        return link_execute(link, "SET @mariadb_slave_capability = 4", deadline_usec, err);
    if (source->version < MYSQL_5_6 || !visitor->server_uuid)
        return true;
    sql = mem_printf("SET @slave_uuid = '%s', @replica_uuid = '%s'", visitor->server_uuid,
                     visitor->server_uuid);
    good = link_execute(link, sql, deadline_usec, err);
    mem_free(sql);
    return good;
}

static bool register_replica(struct link *link, const struct source_visitor *visitor,
                             int64_t deadline_usec, struct err *err)
{
    struct command_register command = {
        .server_id = visitor->server_id,
        .host = span_str(visitor->report_host),
        .port = visitor->report_port,
    };
    struct span answer;
    struct buf payload;
    bool good;

    buf_init(&payload, 1024);
    command_register_write(&payload, &command);
    good = link_command(link, buf_span(&payload), deadline_usec, err) &&
           link_read(link, deadline_usec, &answer, err);
    buf_done(&payload);
    if (!good)
        return false;
    return reply_is_err(answer) ? reply_err_to_err(answer, err) : true;
}

bool source_prepare(struct link *link, const struct source_visitor *visitor, struct source *source,
                    int64_t deadline_usec, struct err *err)
{
    char period[32];

    (void)snprintf(period, sizeof period, "%lld", (long long)visitor->heartbeat_usec * 1000);
    if (!set_both(link, source, "heartbeat_period", period, deadline_usec, err) ||
        !prepare_checksum(link, source, deadline_usec, err) ||
        !prepare_names(link, visitor, source, deadline_usec, err))
        return false;
    if (visitor->semisync && !prepare_semisync(link, source, deadline_usec, err))
        return false;
    return register_replica(link, visitor, deadline_usec, err);
}

bool source_leaves_torn(const struct source *source)
{
    return source->family == FORMAT_MARIADB || source->version < MYSQL_5_6;
}

uint64_t source_position_max(const struct source *source)
{
    return source->family == FORMAT_MYSQL && source->version >= MYSQL_8 && source->gtids
               ? UINT64_MAX
               : UINT32_MAX;
}

/*
 * By file and position always, because what comes by GTID has holes. Only MySQL's other request,
 * which it takes with gtid_mode ON alone, has 64 bits for the position; with a name and an empty
 * set it does not search by GTID, but for MySQL 5.6 (seen), which ends the file early.
 */
bool source_dump(struct link *link, const struct source_visitor *visitor,
                 const struct source *source, const struct source_position *from,
                 int64_t deadline_usec, struct err *err)
{
    static const uint8_t empty_set[8] = {0};
    struct command_dump command = {
        .gtid = from->offset > UINT32_MAX,
        .server_id = visitor->server_id,
        .file = span_str(from->file),
        .position = from->offset,
    };
    struct buf payload;
    bool good;

    if (from->offset > source_position_max(source))
        return err_set(err, E_LIMIT, 0,
                       "%s: %s:%" PRIu64
                       ": only a source of MySQL 8 on with GTIDs (gtid_mode) can be "
                       "asked for a position past 4294967295",
                       link_peer(link), from->file, from->offset);
    if (command.gtid)
        command.gtid_set = span_of(empty_set, sizeof empty_set);
    if (source->family == FORMAT_MARIADB)
        command.flags = DUMP_MARIADB_ANNOTATE_ROWS;
    else if (source->version >= MYSQL_8_0_26)
        command.flags = DUMP_MYSQL_HEARTBEAT_V2;
    buf_init(&payload, 4096);
    command_dump_write(&payload, &command);
    good = link_command(link, buf_span(&payload), deadline_usec, err);
    buf_done(&payload);
    return good;
}
