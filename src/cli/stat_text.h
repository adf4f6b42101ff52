/*
 * A binlog_stat for people, in 80 columns, and as JSON. No state, any thread.
 */
#pragma once

#include "cli/binlog_stat.h"

/* `title` is the first line. Bars are blocks with `utf8`, else # signs. */
void stat_text_write(struct buf *buf, const struct binlog_stat *stat, const char *title, bool utf8);

/* One JSON object and a line break. */
void stat_text_write_json(struct buf *buf, const struct binlog_stat *stat);
