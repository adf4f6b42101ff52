#include "replication/view_variables.h"

#include "translation/collation.h"

#include <inttypes.h>
#include <stdio.h>

#define NUMBER_TEXT 24

/* With values that both families take for the same. */
static const char *const common[] = {
    "auto_increment_increment",
    "auto_increment_offset",
    "autocommit",
    "binlog_checksum",
    "binlog_format",
    "binlog_row_image",
    "character_set_client",
    "character_set_connection",
    "character_set_database",
    "character_set_filesystem",
    "character_set_results",
    "character_set_server",
    "connect_timeout",
    "foreign_key_checks",
    "init_connect",
    "interactive_timeout",
    "lc_time_names",
    "log_bin",
    "lower_case_file_system",
    "lower_case_table_names",
    "max_allowed_packet",
    "max_connections",
    "net_buffer_length",
    "net_read_timeout",
    "net_write_timeout",
    "protocol_version",
    "sql_log_bin",
    "system_time_zone",
    "time_zone",
    "unique_checks",
    "version_compile_machine",
    "version_compile_os",
    "wait_timeout",
};

static const char *const collations[] = {
    "collation_connection",
    "collation_database",
    "collation_server",
};

/* The relay has their values (answers_variable.c). */
static const char *const own[] = {"hostname",  "port",    "read_only",
                                  "server_id", "version", "version_comment"};
static const char *const own_mysql[] = {"gtid_executed", "gtid_purged", "server_uuid",
                                        "super_read_only"};
static const char *const own_mariadb[] = {"gtid_binlog_pos", "gtid_binlog_state",
                                          "gtid_current_pos"};

#define COUNT(names) (sizeof(names) / sizeof(names)[0])

/* These few never pass the set's bound. */
static void put(struct variables *variables, const char *name, struct span value)
{
    struct err impossible;

    (void)!variables_set(variables, span_str(name), value, &impossible);
}

static void put_names(struct variables *variables, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(variables, names[i], span_str(""));
}

static void put_collation(struct variables *variables, const char *name, struct span value,
                          enum dialect to)
{
    enum format_family family = dialect_family(to);
    enum format_family from = family == FORMAT_MYSQL ? FORMAT_MARIADB : FORMAT_MYSQL;
    uint32_t id = collation_translate(collation_id(value, from), from, to);
    const char *other = id > 0 ? collation_name(id, family) : NULL;

    if (other)
        put(variables, name, span_str(other));
}

struct variables *view_variables_new(const struct variables *source,
                                     const struct translator_options *options)
{
    bool mariadb = dialect_family(options->to) == FORMAT_MARIADB;
    struct variables *variables = variables_new();
    char domain[NUMBER_TEXT];
    struct span value;

    for (size_t i = 0; i < COUNT(common); i++) {
        if (variables_find(source, span_str(common[i]), &value))
            put(variables, common[i], value);
    }
    for (size_t i = 0; i < COUNT(collations); i++) {
        if (variables_find(source, span_str(collations[i]), &value))
            put_collation(variables, collations[i], value, options->to);
    }
    put_names(variables, own, COUNT(own));
    if (mariadb) {
        put_names(variables, own_mariadb, COUNT(own_mariadb));
        (void)snprintf(domain, sizeof domain, "%" PRIu32, options->domain);
        put(variables, "gtid_domain_id", span_str(domain));
    } else {
        put_names(variables, own_mysql, COUNT(own_mysql));
        put(variables, "gtid_mode", span_str(options->anonymous ? "OFF" : "ON"));
        put(variables, "enforce_gtid_consistency", span_str(options->anonymous ? "OFF" : "ON"));
    }
    return variables;
}
