#include "endpoint/engine_talk.h"

#include "wire/command.h"
#include "wire/reply.h"

#define ROW_MAX ((size_t)64 << 20) /* a GTID position may be long */

bool engine_talk_command(struct link *link, struct span payload, int64_t deadline_usec,
                         struct err *err)
{
    struct span answer;

    if (!link_command(link, payload, deadline_usec, err) ||
        !link_read(link, deadline_usec, &answer, err))
        return false;
    if (reply_is_err(answer))
        return reply_err_to_err(answer, err);
    return answer.len > 0 && answer.data[0] == 0
               ? true
               : err_set(err, E_PROTO, 0, "engine: expected an OK packet, found another");
}

static bool send_query(struct link *link, const char *sql, int64_t deadline_usec, struct err *err)
{
    struct buf payload;
    bool ok;

    buf_init(&payload, ROW_MAX);
    command_query_write(&payload, link_capabilities(link), span_str(sql));
    ok = link_command(link, buf_span(&payload), deadline_usec, err);
    buf_done(&payload);
    return ok;
}

bool engine_talk_execute(struct link *link, const char *sql, int64_t deadline_usec, struct err *err)
{
    struct buf payload;
    bool ok;

    buf_init(&payload, ROW_MAX);
    command_query_write(&payload, link_capabilities(link), span_str(sql));
    ok = engine_talk_command(link, buf_span(&payload), deadline_usec, err);
    buf_done(&payload);
    return ok;
}

/* How many columns follow; what more the packet says is about their descriptions. */
static bool read_count(struct link *link, size_t columns, int64_t deadline_usec, struct err *err)
{
    struct span payload;
    struct cursor cur;
    uint64_t count;

    if (!link_read(link, deadline_usec, &payload, err))
        return false;
    if (reply_is_err(payload))
        return reply_err_to_err(payload, err);
    cur = cursor_of(payload);
    count = cursor_lenenc(&cur);
    if (!cursor_ok(&cur) || count != columns)
        return err_set(err, E_PROTO, 0, "engine: expected %zu columns, found %llu", columns,
                       (unsigned long long)count);
    return true;
}

static bool skip_columns(struct link *link, size_t columns, int64_t deadline_usec, struct err *err)
{
    struct span payload;

    if (!(link_capabilities(link) & CAP_DEPRECATE_EOF))
        columns++; /* the packet that ends them */
    for (size_t i = 0; i < columns; i++) {
        if (!link_read(link, deadline_usec, &payload, err))
            return false;
    }
    return true;
}

static bool take_row(struct span payload, size_t columns, struct engine_row *row, struct err *err)
{
    struct cursor cur;

    buf_bytes(&row->bytes, payload);
    cur = cursor_of(buf_span(&row->bytes));
    for (size_t i = 0; i < columns; i++) {
        if (cursor_left(&cur) > 0 && cur.rest.data[0] == 0xfb) {
            cursor_skip(&cur, 1);
            row->values[i] = (struct span){0};
        } else {
            row->values[i] = cursor_lenenc_bytes(&cur);
            if (row->values[i].len == 0)
                row->values[i] = span_str(""); /* and not NULL */
        }
    }
    return cursor_end(&cur) || err_set(err, E_PROTO, 0, "engine: a row that is no row");
}

bool engine_talk_row(struct link *link, const char *sql, size_t columns, struct engine_row *ret_row,
                     int64_t deadline_usec, struct err *err)
{
    struct engine_row row = {.values = {{0}}};
    struct span payload;
    bool any = false;
    bool ok = send_query(link, sql, deadline_usec, err) &&
              read_count(link, columns, deadline_usec, err) &&
              skip_columns(link, columns, deadline_usec, err);

    buf_init(&row.bytes, ROW_MAX);
    while (ok) {
        ok = link_read(link, deadline_usec, &payload, err);
        if (!ok || reply_is_eof(payload))
            break;
        if (reply_is_err(payload))
            ok = reply_err_to_err(payload, err);
        else if (!any)
            ok = take_row(payload, columns, &row, err);
        any = true;
    }
    if (ok && !any)
        ok = err_set(err, E_STATE, 0, "engine: expected a row, found none");
    if (ok)
        *ret_row = row;
    else
        engine_row_done(&row);
    return ok;
}

void engine_row_done(struct engine_row *row)
{
    buf_done(&row->bytes);
}
