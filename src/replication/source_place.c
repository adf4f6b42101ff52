#include "replication/source_place.h"

#include "base/mem.h"
#include "binlog/control.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"
#include "binlog/reader.h"
#include "log/position.h"
#include "replication/link_query.h"
#include "wire/command.h"
#include "wire/reply.h"

#include <inttypes.h>
#include <stdio.h>

#define ANSWER_MAX      ((size_t)8 << 20)
#define MYSQL_8_2       80200 /* SHOW BINARY LOG STATUS */
#define MISSING_TEXT    250   /* bytes of a text of GTIDs in an error */
#define ER_BINLOG_FATAL ER_MASTER_FATAL_ERROR_READING_BINLOG

/* ---- By file ---- */

/* A row whose first columns are a file's name and a number. */
static bool take_position(struct link *link, const char *sql, int64_t deadline_usec,
                          struct source_position *ret_position, struct err *err)
{
    struct source_position position = {0};
    struct result *result;
    struct span file = {0};
    struct span offset = {0};
    bool good = false;

    if (!link_query(link, sql, ANSWER_MAX, deadline_usec, &result, err))
        return false;
    if (result_rows(result) > 0 && result_columns(result) >= 2)
        good = result_value(result, 0, 0, &file) && result_value(result, 0, 1, &offset);
    if (!good || file.len >= sizeof position.file || offset.len > 19) {
        good = err_set(err, E_STATE, 0, "%s: %s: expected a file and a position, found none",
                       link_peer(link), sql);
    } else {
        memcpy(position.file, file.data, file.len);
        for (size_t i = 0; i < offset.len; i++)
            position.offset = position.offset * 10 + (offset.data[i] - (uint64_t)'0');
        *ret_position = position;
    }
    result_free(result);
    return good;
}

bool source_find_oldest(struct link *link, int64_t deadline_usec,
                        struct source_position *ret_position, struct err *err)
{
    struct source_position position = {0};

    if (!take_position(link, "SHOW BINARY LOGS", deadline_usec, &position, err) &&
        err->class != E_AUTH)
        return false;
    position.offset = LOG_FIRST_OFFSET;
    *ret_position = position;
    return true;
}

bool source_find_next(struct link *link, const char *name, int64_t deadline_usec,
                      struct source_position *ret_position, struct err *err)
{
    struct source_position position = {.offset = LOG_FIRST_OFFSET};
    struct result *result;
    bool found = false;
    struct span file;

    if (!link_query(link, "SHOW BINARY LOGS", ANSWER_MAX, deadline_usec, &result, err))
        return false;
    for (size_t row = 0; result_columns(result) > 0 && row < result_rows(result); row++) {
        if (!result_value(result, row, 0, &file))
            continue;
        if (found)
            break;
        found = span_eq(file, span_str(name));
        file = (struct span){0};
    }
    found = found && file.len > 0 && file.len < sizeof position.file;
    if (found) {
        memcpy(position.file, file.data, file.len);
        *ret_position = position;
    }
    result_free(result);
    return found || err_set(err, E_STATE, 0, "%s: it has no file after %s", link_peer(link), name);
}

bool source_find_newest(struct link *link, const struct source *source, int64_t deadline_usec,
                        struct source_position *ret_position, struct err *err)
{
    bool renamed = source->family == FORMAT_MYSQL && source->version >= MYSQL_8_2;

    if (take_position(link, renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS",
                      deadline_usec, ret_position, err))
        return true;
    if (err->class != E_AUTH)
        return false;
    return err_prefix(err,
                      "%s: where its binlog ends is told to accounts with %s: grant that, or begin "
                      "at 'oldest', a position or GTIDs",
                      link_peer(link),
                      source->family == FORMAT_MARIADB ? "BINLOG MONITOR" : "REPLICATION CLIENT");
}

/* ---- By GTID ---- */

/* The first value of a statement's first row; "" when there is none. */
static bool ask_text(struct link *link, const char *sql, int64_t deadline_usec, char **ret_text,
                     struct err *err)
{
    struct result *result;
    struct span value = {0};

    if (!link_query(link, sql, ANSWER_MAX, deadline_usec, &result, err))
        return false;
    if (result_rows(result) > 0 && result_columns(result) > 0)
        (void)result_value(result, 0, 0, &value);
    *ret_text = mem_printf("%.*s", (int)value.len, (const char *)value.data);
    result_free(result);
    return true;
}

/* MySQL tells what it has purged: that can be compared before it is asked. */
static bool check_purged(struct link *link, const struct gtid_set *wanted_after,
                         int64_t deadline_usec, struct err *err)
{
    struct gtid_set missing;
    struct buf text;
    char *purged;
    bool good;

    if (!ask_text(link, "SELECT @@GLOBAL.gtid_purged", deadline_usec, &purged, err))
        return false;
    gtid_set_init(&missing);
    buf_init(&text, SIZE_MAX / 2);
    good = gtid_set_parse(span_str(purged), &missing, err) ||
           err_prefix(err, "%s: gtid_purged", link_peer(link));
    if (good) {
        gtid_set_subtract(&missing, wanted_after);
        if (!gtid_set_is_empty(&missing)) {
            gtid_set_print(&text, &missing);
            good = err_set(err, E_STATE, ER_BINLOG_FATAL,
                           "%s: can not begin after the GTIDs given: they lack transactions that "
                           "the source has purged: %.*s",
                           link_peer(link), MISSING_TEXT, buf_borrow_cstr(&text));
        }
    }
    gtid_set_done(&missing);
    buf_done(&text);
    mem_free(purged);
    return good;
}

bool source_gtids_before(struct link *link, const char *name, int64_t deadline_usec,
                         char **ret_gtids, struct err *err)
{
    char *sql = mem_printf("SELECT BINLOG_GTID_POS('%s', %d)", name, LOG_FIRST_OFFSET);
    bool good = ask_text(link, sql, deadline_usec, ret_gtids, err);

    mem_free(sql);
    return good;
}

/* MariaDB only refuses: what its oldest file begins with is added, where we may ask for it. */
static bool explain_refusal(struct link *link, const char *gtids, int64_t deadline_usec,
                            struct err *err)
{
    struct source_position oldest;
    struct err refusal = *err;
    struct err ignored;
    char *state = NULL;

    (void)err_set(err, E_STATE, ER_BINLOG_FATAL, "%s: can not begin after GTIDs %.100s: %.250s",
                  link_peer(link), gtids, refusal.text);
    if (!source_find_oldest(link, deadline_usec, &oldest, &ignored) || oldest.file[0] == '\0')
        return false;
    if (source_gtids_before(link, oldest.file, deadline_usec, &state, &ignored))
        (void)err_set(err, E_STATE, ER_BINLOG_FATAL,
                      "%s: can not begin after GTIDs %.100s: its oldest file %.60s begins at "
                      "'%.100s': %.160s",
                      link_peer(link), gtids, oldest.file, state, refusal.text);
    mem_free(state);
    return false;
}

/* The artificial ROTATE with which a dump begins. */
static bool take_first_file(struct link *link, const struct source *source, struct span payload,
                            struct source_position *ret_position, struct err *err)
{
    struct source_position position = {.offset = LOG_FIRST_OFFSET};
    struct cursor cur = cursor_of(payload);
    struct reader_event event;
    struct rotate rotate;
    struct reader reader;

    if (reply_is_err(payload))
        return reply_err_to_err(payload, err);
    cursor_skip(&cur, 1);
    reader_init(&reader);
    if (!reader_event_parse(&reader, cursor_rest(&cur), source->checksum == CHECKSUM_CRC32, &event,
                            err))
        return err_prefix(err, "%s", link_peer(link));
    if (event.header.type != EVENT_ROTATE)
        return err_set(err, E_PROTO, 0, "%s: a dump begins with a %s event, expected Rotate",
                       link_peer(link), event_type_name(event.header.type));
    if (!rotate_decode(event.body, &rotate, err))
        return err_prefix(err, "%s", link_peer(link));
    if (rotate.name.len >= sizeof position.file)
        return err_set(err, E_PROTO, 0, "%s: a Rotate event names a file with %zu bytes",
                       link_peer(link), rotate.name.len);
    memcpy(position.file, rotate.name.data, rotate.name.len);
    *ret_position = position;
    return true;
}

/* What a replica with these GTIDs says before it asks, and its request. */
struct gtid_request {
    struct command_dump command;
    struct buf set;  /* MySQL */
    char *statement; /* MariaDB */
};

static bool make_request(struct link *link, const struct source_visitor *visitor,
                         const struct source *source, const char *gtids, int64_t deadline_usec,
                         struct gtid_request *request, struct err *err)
{
    struct gtid_list list;
    struct gtid_set set;
    struct buf text;
    bool good;

    request->command = (struct command_dump){
        .gtid = source->family == FORMAT_MYSQL,
        .server_id = visitor->server_id,
        .position = LOG_FIRST_OFFSET,
    };
    gtid_set_init(&set);
    gtid_list_init(&list);
    buf_init(&text, SIZE_MAX / 2);
    if (source->family == FORMAT_MYSQL) {
        good = gtid_set_parse(span_str(gtids), &set, err) &&
               check_purged(link, &set, deadline_usec, err);
        gtid_set_encode(&request->set, &set);
        request->command.gtid_set = buf_span(&request->set);
    } else {
        good = gtid_list_parse(span_str(gtids), &list, err);
        gtid_list_print(&text, &list);
        request->statement =
            mem_printf("SET @slave_connect_state = '%s', @slave_gtid_strict_mode = 0, "
                       "@slave_gtid_ignore_duplicates = 0",
                       buf_borrow_cstr(&text));
    }
    gtid_set_done(&set);
    gtid_list_done(&list);
    buf_done(&text);
    return good;
}

static bool ask_first_file(struct link *link, const struct source_visitor *visitor,
                           const struct source *source, const struct gtid_request *request,
                           int64_t deadline_usec, struct source_position *ret_position,
                           struct err *err)
{
    struct source_visitor silent = *visitor;
    struct source asked = *source; /* its variables stay the caller's */
    struct span answer;
    struct buf payload;
    bool good;

    silent.semisync = false; /* or the source would wait for us */
    if (!source_prepare(link, &silent, &asked, deadline_usec, err) ||
        (request->statement && !link_execute(link, request->statement, deadline_usec, err)))
        return false;
    buf_init(&payload, SIZE_MAX / 2);
    command_dump_write(&payload, &request->command);
    good = link_command(link, buf_span(&payload), deadline_usec, err) &&
           link_read(link, deadline_usec, &answer, err) &&
           take_first_file(link, &asked, answer, ret_position, err);
    buf_done(&payload);
    return good;
}

bool source_find_gtids(struct link *link, const struct link_login_spec *login,
                       const struct source_visitor *visitor, const struct source *source,
                       const char *gtids, int64_t deadline_usec,
                       struct source_position *ret_position, struct err *err)
{
    struct gtid_request request = {.statement = NULL};
    struct link *other = NULL;
    bool good;

    if (!source->gtids)
        return err_set(err, E_STATE, 0,
                       "%s: can not begin after GTIDs %.100s: the source writes none (gtid_mode)",
                       link_peer(link), gtids);
    buf_init(&request.set, SIZE_MAX / 2);
    good = make_request(link, visitor, source, gtids, deadline_usec, &request, err) &&
           link_login(login, deadline_usec, &other, err);
    if (good) {
        good = ask_first_file(other, visitor, source, &request, deadline_usec, ret_position, err);
        if (!good && err->code == ER_BINLOG_FATAL)
            good = explain_refusal(link, gtids, deadline_usec, err);
    }
    link_free(other);
    buf_done(&request.set);
    mem_free(request.statement);
    return good;
}

bool source_check_position(struct link *link, const struct link_login_spec *login,
                           const struct source_visitor *visitor, const struct source *source,
                           const struct source_position *position, int64_t deadline_usec,
                           struct err *err)
{
    struct gtid_request request = {
        .command = {.server_id = visitor->server_id,
                    .position = position->offset,
                    .file = span_str(position->file)},
    };
    struct source_position answered;
    struct link *other = NULL;
    bool good;

    if (position->offset > UINT32_MAX)
        return true;
    good = link_login(login, deadline_usec, &other, err) &&
           ask_first_file(other, visitor, source, &request, deadline_usec, &answered, err);
    if (!good && err->code == ER_BINLOG_FATAL)
        (void)err_prefix(err, "%s: %.200s:%" PRIu64, link_peer(link), position->file,
                         position->offset);
    link_free(other);
    return good;
}
