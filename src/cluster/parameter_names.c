#include "cluster/parameter_names.h"

#include <string.h>

/* Each with the parameter, or the engine's variable behind one, that has its value. */
static const struct {
    const char *name;
    const char *of;
} names[] = {
    {"binlog_group_commit_sync_delay", "binlog_group_commit_sync_delay"},
    {"binlog_group_commit_sync_no_delay_count", "binlog_group_commit_sync_no_delay_count"},
    {"binlog_max_flush_queue_time", "binlog_max_flush_queue_time"},
    {"binlog_order_commits", "binlog_order_commits"},
    {"binlog_row_value_options", "binlog_row_value_options"},
    {"binlog_rows_query_log_events", "binlog_rows_query_log_events"},
    {"binlog_transaction_compression", "binlog_transaction_compression"},
    {"binlog_transaction_compression_level_zstd", "binlog_transaction_compression_level_zstd"},
    {"binlog_transaction_dependency_history_size", "binlog_transaction_dependency_history_size"},
    {"binlog_transaction_dependency_tracking", "binlog_transaction_dependency_tracking"},
    {"enforce_gtid_consistency", "enforce_gtid_consistency"},
    {"replica_checkpoint_group", "replica_checkpoint_group"},
    {"replica_checkpoint_period", "replica_checkpoint_period"},
    {"replica_parallel_type", "slave_parallel_mode"},
    {"replica_parallel_workers", "slave_parallel_threads"},
    {"replica_pending_jobs_size_max", "replica_pending_jobs_size_max"},
    {"replica_preserve_commit_order", "replica_preserve_commit_order"},
    {"replica_skip_errors", "slave_skip_errors"},
    {"replica_sql_verify_checksum", "slave_sql_verify_checksum"},
    {"replica_transaction_retries", "slave_transaction_retries"},
    {"slave_parallel_type", "slave_parallel_mode"},
    {"source_verify_checksum", "master_verify_checksum"},
};

void parameter_names_statement(const struct parameter_set *set, struct buf *buf)
{
    buf_printf(buf, "SET GLOBAL log_replica_updates = %d", parameter_set_has_binlog(set));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = parameter_set_find(set, names[i].of);
        bool is_number = value && *value && value[strspn(value, "0123456789")] == '\0';

        /* Values have neither quotes nor backslashes (parameter.h). */
        if (value)
            buf_printf(buf, is_number ? ", GLOBAL %s = %s" : ", GLOBAL %s = '%s'", names[i].name,
                       value);
    }
}
