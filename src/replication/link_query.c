#include "replication/link_query.h"

#include "base/buf.h"
#include "wire/command.h"
#include "wire/reply.h"

#define ANSWER_MAX ((size_t)64 << 20) /* bytes of packets that answer one statement */

static bool send_query(struct link *link, const char *sql, int64_t deadline_usec, struct err *err)
{
    struct buf payload;
    bool good;

    buf_init(&payload, ANSWER_MAX);
    command_query_write(&payload, link_capabilities(link), span_str(sql));
    good = buf_ok(&payload) ? link_command(link, buf_span(&payload), deadline_usec, err)
                            : err_set(err, E_LIMIT, 0, "%s: a statement of over %zu bytes",
                                      link_peer(link), ANSWER_MAX);
    buf_done(&payload);
    return good;
}

/* The next payload of an answer; *ret_done after the last. */
static bool read_answer(struct link *link, struct result_reader *reader, int64_t deadline_usec,
                        bool *ret_done, struct err *err)
{
    struct span payload;

    return link_read(link, deadline_usec, &payload, err) &&
           (result_reader_take(reader, payload, ret_done, err) ||
            err_prefix(err, "%s", link_peer(link)));
}

bool link_query(struct link *link, const char *sql, size_t max_bytes, int64_t deadline_usec,
                struct result **ret_result, struct err *err)
{
    struct result *result;
    struct result_reader reader;
    bool done = false;

    if (!send_query(link, sql, deadline_usec, err))
        return false;
    result = result_new(max_bytes);
    result_reader_init(&reader, link_capabilities(link), result);
    while (!done) {
        if (!read_answer(link, &reader, deadline_usec, &done, err)) {
            result_free(result);
            return false;
        }
    }
    *ret_result = result;
    return true;
}

/* The row that has just come, if one has. */
static bool give_row(struct link *link, struct result *result, size_t columns, link_take_row *take,
                     void *context, struct err *err)
{
    struct span values[LINK_ROW_COLUMNS] = {{0}};

    if (result_rows(result) == 0)
        return true;
    if (columns > LINK_ROW_COLUMNS || result_columns(result) != columns)
        return err_set(err, E_PROTO, 0, "%s: expected %zu columns, found %zu", link_peer(link),
                       columns, result_columns(result));
    for (size_t i = 0; i < columns; i++)
        (void)result_value(result, 0, i, &values[i]);
    if (!take(context, values, err))
        return err_prefix(err, "%s", link_peer(link));
    result_drop_rows(result);
    return true;
}

bool link_query_rows(struct link *link, const char *sql, size_t columns, size_t max_bytes,
                     link_take_row *take, void *context, int64_t deadline_usec, struct err *err)
{
    struct result_reader reader;
    struct result *result;
    bool done = false;
    bool good = true;

    if (!send_query(link, sql, deadline_usec, err))
        return false;
    result = result_new(max_bytes);
    result_reader_init(&reader, link_capabilities(link), result);
    while (good && !done)
        good = read_answer(link, &reader, deadline_usec, &done, err) &&
               give_row(link, result, columns, take, context, err);
    result_free(result);
    return good;
}

bool link_execute(struct link *link, const char *sql, int64_t deadline_usec, struct err *err)
{
    struct result *result;

    if (!link_query(link, sql, ANSWER_MAX, deadline_usec, &result, err))
        return false;
    result_free(result);
    return true;
}

bool link_ping(struct link *link, int64_t deadline_usec, struct err *err)
{
    const uint8_t ping = COM_PING;
    struct reply_ok ok;
    struct span payload;

    if (!link_command(link, span_of(&ping, 1), deadline_usec, err) ||
        !link_read(link, deadline_usec, &payload, err))
        return false;
    if (reply_is_err(payload))
        return reply_err_to_err(payload, err) || err_prefix(err, "%s", link_peer(link));
    return reply_ok_parse(payload, link_capabilities(link), &ok, err) ||
           err_prefix(err, "%s", link_peer(link));
}

static bool answer(struct link *link, struct buf *payload, int64_t deadline_usec, struct err *err)
{
    bool good = link_write(link, buf_span(payload), (struct span){0}, deadline_usec, err) &&
                link_flush(link, deadline_usec, err);

    buf_done(payload);
    return good;
}

bool link_answer_ok(struct link *link, int64_t deadline_usec, struct err *err)
{
    struct reply_ok ok = {.status = STATUS_AUTOCOMMIT};
    struct buf payload;

    buf_init(&payload, ANSWER_MAX);
    reply_ok_write(&payload, &ok, link_capabilities(link), false);
    return answer(link, &payload, deadline_usec, err);
}

bool link_answer_err(struct link *link, uint16_t code, const char *message, int64_t deadline_usec,
                     struct err *err)
{
    struct buf payload;

    buf_init(&payload, ANSWER_MAX);
    reply_err_write(&payload, code, reply_sqlstate(code), message);
    return answer(link, &payload, deadline_usec, err);
}

bool link_answer_failure(struct link *link, const struct err *why, int64_t deadline_usec,
                         struct err *err)
{
    uint16_t code = (uint16_t)why->code;

    if (why->code < 1000 || why->code > UINT16_MAX)
        code = ER_UNKNOWN_ERROR;
    return link_answer_err(link, code, why->text, deadline_usec, err);
}

bool link_answer_eof(struct link *link, int64_t deadline_usec, struct err *err)
{
    struct reply_ok ok = {.status = STATUS_AUTOCOMMIT};
    struct buf payload;

    buf_init(&payload, ANSWER_MAX);
    if (link_capabilities(link) & CAP_DEPRECATE_EOF)
        reply_ok_write(&payload, &ok, link_capabilities(link), true);
    else
        reply_eof_write(&payload, 0, ok.status);
    return answer(link, &payload, deadline_usec, err);
}

static bool write_payload(struct link *link, const struct buf *payload, int64_t deadline_usec,
                          struct err *err)
{
    if (!buf_ok(payload))
        return err_set(err, E_LIMIT, 0, "%s: a row of over %zu bytes", link_peer(link), ANSWER_MAX);
    return link_write(link, buf_span(payload), (struct span){0}, deadline_usec, err);
}

/* The payloads from `first` to before `end`. */
static bool write_payloads(struct link *link, const struct result *result, size_t first, size_t end,
                           int64_t deadline_usec, struct err *err)
{
    struct buf payload;
    bool good = true;

    buf_init(&payload, ANSWER_MAX);
    for (size_t i = first; i < end && good; i++) {
        buf_clear(&payload);
        result_write_payload(result, i, link_capabilities(link), STATUS_AUTOCOMMIT, &payload);
        good = write_payload(link, &payload, deadline_usec, err);
    }
    buf_done(&payload);
    return good;
}

bool link_answer_result(struct link *link, const struct result *result, int64_t deadline_usec,
                        struct err *err)
{
    size_t count = result_payloads(result, link_capabilities(link));

    return write_payloads(link, result, 0, count, deadline_usec, err) &&
           link_flush(link, deadline_usec, err);
}

bool link_answer_columns(struct link *link, const struct result *result, int64_t deadline_usec,
                         struct err *err)
{
    size_t count = result_payloads(result, link_capabilities(link));

    return write_payloads(link, result, 0, count - 1, deadline_usec, err);
}

bool link_answer_row(struct link *link, const struct span *values, size_t count,
                     int64_t deadline_usec, struct err *err)
{
    struct buf payload;
    bool good;

    buf_init(&payload, ANSWER_MAX);
    result_write_row(&payload, values, count);
    good = write_payload(link, &payload, deadline_usec, err);
    buf_done(&payload);
    return good;
}
