/*
 * struct retention_setting: `binlog retention hours` of a channel, as an administrator has set it
 * with mysql.rds_set_configuration; kept in a file of the channel's directory, so that it survives
 * restarts, and in place of the configuration's.
 *
 * Any thread. (source: Aurora MySQL user guide, "mysql.rds_set_configuration")
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

#define RETENTION_HOURS_MAX 2160 /* 90 days; more than that means that */

struct retention_setting;

/* Reads the file, if there is one. E_PROTO: it holds anything else. */
MUST_CHECK bool retention_setting_open(const char *directory,
                                       struct retention_setting **ret_setting, struct err *err);
void retention_setting_close(struct retention_setting *setting); /* NULL is fine */

/* False when none is set: the configuration's holds. */
bool retention_setting_hours(struct retention_setting *setting, int64_t *ret_hours);

/* Durably; hours from 1, or 0 for none. */
MUST_CHECK bool retention_setting_set(struct retention_setting *setting, int64_t hours,
                                      struct err *err);
