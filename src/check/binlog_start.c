#include "check/binlog_start.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "binlog/event.h"
#include "replication/link_query.h"
#include "wire/command.h"
#include "wire/reply.h"

#define EVENTS_MAX 4 /* that may stand before the format description: a ROTATE does */

static bool prepare(const struct subject *subject, struct link *link, int64_t deadline_usec,
                    struct err *err)
{
    bool sums = variables_find(subject->variables, span_str("binlog_checksum"), &(struct span){0});

    if (sums && !link_execute(link, "SET @master_binlog_checksum = @@global.binlog_checksum",
                              deadline_usec, err))
        return false;
    if (sums && !subject_is_mariadb(subject) &&
        !link_execute(link, "SET @source_binlog_checksum = @@global.binlog_checksum", deadline_usec,
                      err))
        return false;
    return !subject_is_mariadb(subject) ||
           link_execute(link, "SET @mariadb_slave_capability = 4", deadline_usec, err);
}

static bool ask(struct link *link, const char *file, int64_t deadline_usec, struct err *err)
{
    struct command_dump command = {.flags = DUMP_NON_BLOCK, .file = span_str(file), .position = 4};
    struct buf payload;
    bool good;

    buf_init(&payload, 4096);
    command_dump_write(&payload, &command);
    good = buf_ok(&payload) ? link_command(link, buf_span(&payload), deadline_usec, err)
                            : err_set(err, E_LIMIT, 0, "a file name of over 4096 bytes");
    buf_done(&payload);
    return good;
}

static bool read_start(struct link *link, int64_t deadline_usec, int64_t *ret_seconds,
                       struct err *err)
{
    for (int i = 0; i < EVENTS_MAX; i++) {
        struct span payload;
        struct cursor cur;
        uint32_t seconds;
        uint8_t type;

        if (!link_read(link, deadline_usec, &payload, err))
            return false;
        if (reply_is_err(payload))
            return reply_err_to_err(payload, err);
        cur = cursor_of(payload);
        cursor_skip(&cur, 1);
        seconds = cursor_u32(&cur);
        type = cursor_u8(&cur);
        if (!cursor_ok(&cur))
            break;
        if (type == EVENT_FORMAT_DESCRIPTION) {
            *ret_seconds = seconds;
            return true;
        }
    }
    return err_set(err, E_PROTO, 0, "expected a format description, found none");
}

bool binlog_start_read(const struct subject *subject, const char *file, int64_t *ret_seconds,
                       struct err *err)
{
    int64_t deadline_usec = clock_deadline_usec(subject->spec->statement_usec);
    struct link *link;
    bool good;

    if (!link_login(&subject->spec->login, deadline_usec, &link, err))
        return false;
    good = prepare(subject, link, deadline_usec, err) && ask(link, file, deadline_usec, err) &&
           read_start(link, deadline_usec, ret_seconds, err);
    link_free(link);
    return good;
}
