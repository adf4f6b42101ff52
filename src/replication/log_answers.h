/*
 * What a relay's log answers about itself: GTID state, files, positions, cache counters, replicas;
 * with the columns and names of the servers. With a `view` GTIDs are those of the other family that
 * stand for the source's; files and positions are the source's own. No state of its own; any
 * thread.
 */
#pragma once

#include "base/buf.h"
#include "replication/channel.h"
#include "replication/replicas.h"
#include "translation/translator.h"
#include "wire/result.h"

/* gtid_executed, gtid_purged; MariaDB's gtid_binlog_state, gtid_binlog_pos, gtid_current_pos. */
bool log_answers_has_variable(struct span name, bool mariadb);
MUST_CHECK bool log_answers_variable(struct channel *channel, const struct translator_options *view,
                                     struct span name, struct buf *value, struct err *err);

/* gtid_subset(a, b): 1 or 0, and gtid_subtract(a, b). E_USAGE for what is no GTID set. */
MUST_CHECK bool log_answers_gtid_call(struct span name, struct span left, struct span right,
                                      struct buf *value, struct err *err);

/* binlog_gtid_pos(file, position); false, SQL's NULL, where the log does not have that position. */
bool log_answers_gtid_pos(struct channel *channel, const struct translator_options *view,
                          struct span file, struct span position, struct buf *value);

/* What status variables are about. */
struct log_status_source {
    struct channel *channel;
    struct replicas *replicas;
    bool mariadb;
};

/* Status variable i; false after the last. `value` has room for `size` bytes. */
bool log_answers_status(const struct log_status_source *source, size_t i, struct span *ret_name,
                        char *value, size_t size);

/* SHOW MASTER STATUS, SHOW BINARY LOGS, SHOW SLAVE HOSTS; the result is new and gets its columns.
 */
MUST_CHECK bool log_answers_show_status(struct channel *channel,
                                        const struct translator_options *view, bool mariadb,
                                        struct result *result, struct err *err);
MUST_CHECK bool log_answers_show_logs(struct channel *channel, const char *version,
                                      struct result *result, struct err *err);
MUST_CHECK bool log_answers_show_replicas(struct replicas *replicas, uint32_t server_id,
                                          bool mariadb, bool new_words, struct result *result,
                                          struct err *err);
