#include "wire/result.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "wire/packet.h"

#include <strings.h>

#define CELL_COST      16 /* bytes that a cell counts for besides its content */
#define UTF8MB4        45
#define BINARY_CHARSET 63
#define NULL_VALUE     0xfb
#define FIXED_FIELDS   0x0c
#define FLAG_UNSIGNED  32
#define FLAG_BINARY    128
#define NUMBER_LENGTH  21
#define ANY_DECIMALS   31

struct cell {
    uint64_t at; /* in `bytes`; CELL_NULL */
    uint64_t len;
};

#define CELL_NULL UINT64_MAX

struct result {
    size_t max_bytes;
    size_t columns;
    size_t cells; /* names first, then values, row by row */
    size_t cells_cap;
    struct cell *cell;
    uint16_t *types; /* of the columns: enum result_type, or another one of the wire's */
    struct buf bytes;
};

struct result *result_new(size_t max_bytes)
{
    struct result *result = mem_alloc(sizeof *result);

    result->max_bytes = max_bytes;
    buf_init(&result->bytes, max_bytes);
    return result;
}

void result_free(struct result *result)
{
    if (!result)
        return;
    mem_free(result->cell);
    mem_free(result->types);
    buf_done(&result->bytes);
    mem_free(result);
}

/* `value.data` NULL is NULL. */
static bool add_cell(struct result *result, struct span value, struct err *err)
{
    size_t used = result->cells * CELL_COST + result->bytes.len;

    if (used > result->max_bytes || CELL_COST + value.len > result->max_bytes - used)
        return err_set(err, E_LIMIT, 0, "result: expected at most %zu bytes, found more",
                       result->max_bytes);
    if (result->cells == result->cells_cap) {
        result->cells_cap = result->cells_cap ? result->cells_cap * 2 : 16;
        result->cell = mem_realloc(result->cell, result->cells_cap * sizeof *result->cell);
    }
    result->cell[result->cells++] =
        (struct cell){.at = value.data ? result->bytes.len : CELL_NULL, .len = value.len};
    if (value.data)
        buf_bytes(&result->bytes, value);
    return true;
}

static bool add_column(struct result *result, struct span name, uint16_t type, struct err *err)
{
    if (result->columns >= RESULT_COLUMNS_MAX)
        return err_set(err, E_LIMIT, 0, "result: expected at most %d columns, found more",
                       RESULT_COLUMNS_MAX);
    if (result->cells != result->columns)
        return err_set(err, E_BUG, 0, "result: a column after the first row");
    if (!name.data)
        name.data = (const uint8_t *)"";
    if (!add_cell(result, name, err))
        return false;
    result->types = mem_realloc(result->types, (result->columns + 1) * sizeof *result->types);
    result->types[result->columns++] = type;
    return true;
}

bool result_add_column(struct result *result, const char *name, enum result_type type,
                       struct err *err)
{
    return add_column(result, span_str(name), (uint16_t)type, err);
}

bool result_add_row(struct result *result, const struct span *values, struct err *err)
{
    for (size_t i = 0; i < result->columns; i++) {
        if (!add_cell(result, values[i], err))
            return false;
    }
    return true;
}

void result_drop_rows(struct result *result)
{
    const struct cell *last = result->columns ? &result->cell[result->columns - 1] : NULL;

    result->cells = result->columns;
    result->bytes.len = last ? last->at + last->len : 0;
}

size_t result_columns(const struct result *result)
{
    return result->columns;
}

size_t result_rows(const struct result *result)
{
    return result->columns ? result->cells / result->columns - 1 : 0;
}

static struct span cell_span(const struct result *result, size_t index)
{
    const struct cell *cell = &result->cell[index];

    if (cell->len == 0)
        return span_str("");
    return span_of(result->bytes.data + cell->at, cell->len);
}

struct span result_name(const struct result *result, size_t column)
{
    return cell_span(result, column);
}

bool result_value(const struct result *result, size_t row, size_t column, struct span *ret_value)
{
    size_t index = (row + 1) * result->columns + column;

    if (result->cell[index].at == CELL_NULL)
        return false;
    *ret_value = cell_span(result, index);
    return true;
}

bool result_find(const struct result *result, const char *name, size_t *ret_column)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < result->columns; i++) {
        struct span found = cell_span(result, i);

        if (found.len == len && strncasecmp((const char *)found.data, name, len) == 0) {
            *ret_column = i;
            return true;
        }
    }
    return false;
}

static void write_column(struct buf *buf, struct span name, uint16_t type)
{
    bool text = type == RESULT_VARCHAR;
    uint16_t flags = text ? 0 : FLAG_BINARY | (type & RESULT_UNSIGNED ? FLAG_UNSIGNED : 0);

    buf_lenenc_bytes(buf, span_str("def"));
    buf_lenenc(buf, 0); /* schema */
    buf_lenenc(buf, 0); /* table */
    buf_lenenc(buf, 0); /* its name before AS */
    buf_lenenc_bytes(buf, name);
    buf_lenenc(buf, 0); /* its name before AS */
    buf_lenenc(buf, FIXED_FIELDS);
    buf_u16(buf, text ? UTF8MB4 : BINARY_CHARSET);
    buf_u32(buf, text ? UINT32_MAX : NUMBER_LENGTH);
    buf_u8(buf, (uint8_t)type);
    buf_u16(buf, flags);
    buf_u8(buf, text ? ANY_DECIMALS : 0);
    buf_u16(buf, 0);
}

static void write_value(struct buf *buf, struct span value)
{
    if (value.data)
        buf_lenenc_bytes(buf, value);
    else
        buf_u8(buf, NULL_VALUE);
}

static void write_row(const struct result *result, size_t row, struct buf *buf)
{
    for (size_t column = 0; column < result->columns; column++) {
        struct span value = {0};

        (void)result_value(result, row, column, &value);
        write_value(buf, value);
    }
}

void result_write_row(struct buf *payload, const struct span *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        write_value(payload, values[i]);
}

size_t result_payloads(const struct result *result, uint32_t capabilities)
{
    size_t eof = capabilities & CAP_DEPRECATE_EOF ? 0 : 1;

    return 1 + result->columns + eof + result_rows(result) + 1;
}

static void write_end(struct buf *payload, uint32_t capabilities, uint16_t status)
{
    struct reply_ok end = {.status = status};

    if (capabilities & CAP_DEPRECATE_EOF)
        reply_ok_write(payload, &end, capabilities, true);
    else
        reply_eof_write(payload, 0, status);
}

void result_write_payload(const struct result *result, size_t index, uint32_t capabilities,
                          uint16_t status, struct buf *payload)
{
    size_t rows_at = 1 + result->columns + (capabilities & CAP_DEPRECATE_EOF ? 0 : 1);

    if (index == 0)
        buf_lenenc(payload, result->columns);
    else if (index <= result->columns)
        write_column(payload, result_name(result, index - 1), result->types[index - 1]);
    else if (index >= rows_at && index - rows_at < result_rows(result))
        write_row(result, index - rows_at, payload);
    else
        write_end(payload, capabilities, status);
}

void result_reader_init(struct result_reader *reader, uint32_t capabilities, struct result *result)
{
    *reader = (struct result_reader){.capabilities = capabilities, .result = result};
    reader->state = READER_HEAD;
}

static bool check_last(uint16_t status, struct err *err)
{
    if (status & STATUS_MORE_RESULTS)
        return err_set(err, E_PROTO, 0, "result: expected one result set, the server has more");
    return true;
}

static bool take_head(struct result_reader *reader, struct span payload, bool *ret_done,
                      struct err *err)
{
    struct cursor cur = cursor_of(payload);
    uint64_t columns;

    if (payload.len > 0 && payload.data[0] == 0) {
        if (!reply_ok_parse(payload, reader->capabilities, &reader->ok, err) ||
            !check_last(reader->ok.status, err))
            return false;
        reader->ok.info = (struct span){0};
        reader->state = READER_DONE;
        *ret_done = true;
        return true;
    }
    if (payload.len > 0 && payload.data[0] == NULL_VALUE)
        return err_set(err, E_PROTO, 0,
                       "result: the server asks for a local file, which is refused");
    columns = cursor_lenenc(&cur);
    if (!cursor_end(&cur) || columns == 0 || columns > RESULT_COLUMNS_MAX)
        return err_set(
            err, E_PROTO, 0,
            "result: expected a number of columns from 1 to %d, found %llu and %zu bytes",
            RESULT_COLUMNS_MAX, (unsigned long long)columns, payload.len);
    reader->columns = columns;
    reader->columns_left = columns;
    reader->state = READER_COLUMNS;
    return true;
}

static bool take_column(struct result_reader *reader, struct span payload, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct span name;
    uint8_t type;

    for (int i = 0; i < 4; i++)
        (void)cursor_lenenc_bytes(&cur); /* catalog, schema, table, the table's own name */
    name = cursor_lenenc_bytes(&cur);
    (void)cursor_lenenc_bytes(&cur); /* the column's own name */
    (void)cursor_lenenc(&cur);       /* length of what follows */
    cursor_skip(&cur, 2 + 4);        /* character set, length */
    type = cursor_u8(&cur);
    cursor_skip(&cur, 2 + 1); /* flags, decimals */
    if (!cursor_ok(&cur))
        return err_set(
            err, E_PROTO, 0, "result: column %llu ends inside its fields, after %zu bytes",
            (unsigned long long)(reader->columns - reader->columns_left + 1), payload.len);
    if (!add_column(reader->result, name, type, err))
        return false;
    if (--reader->columns_left == 0)
        reader->state = reader->capabilities & CAP_DEPRECATE_EOF ? READER_ROWS : READER_COLUMNS_END;
    return true;
}

static bool take_row(struct result_reader *reader, struct span payload, struct err *err)
{
    struct cursor cur = cursor_of(payload);

    for (uint64_t i = 0; i < reader->columns; i++) {
        struct span value = {0};

        if (cursor_left(&cur) > 0 && cur.rest.data[0] == NULL_VALUE) {
            cursor_skip(&cur, 1);
        } else {
            value = cursor_lenenc_bytes(&cur);
            if (!value.data)
                value.data = (const uint8_t *)"";
        }
        if (!cursor_ok(&cur))
            break;
        if (!add_cell(reader->result, value, err))
            return false;
    }
    if (!cursor_end(&cur))
        return err_set(err, E_PROTO, 0, "result: expected a row of %llu values, found %zu bytes",
                       (unsigned long long)reader->columns, payload.len);
    return true;
}

static bool take_end(struct result_reader *reader, struct span payload, bool *ret_done,
                     struct err *err)
{
    uint16_t status;

    if (!reply_eof_parse(payload, reader->capabilities, &status, err) || !check_last(status, err))
        return false;
    reader->state = READER_DONE;
    *ret_done = true;
    return true;
}

/*
 * A row may begin with 0xfe too: its first value is then of 16 MB or more. An EOF packet is
 * shorter.
 */
static bool is_end(const struct result_reader *reader, struct span payload)
{
    size_t most = reader->capabilities & CAP_DEPRECATE_EOF ? PACKET_PAYLOAD_MAX : 9;

    return payload.len < most && reply_is_eof(payload);
}

bool result_reader_take(struct result_reader *reader, struct span payload, bool *ret_done,
                        struct err *err)
{
    uint16_t status;

    *ret_done = false;
    if (reply_is_err(payload))
        return reply_err_to_err(payload, err);
    switch (reader->state) {
    case READER_HEAD:
        return take_head(reader, payload, ret_done, err);
    case READER_COLUMNS:
        return take_column(reader, payload, err);
    case READER_COLUMNS_END:
        reader->state = READER_ROWS;
        return reply_eof_parse(payload, 0, &status, err);
    case READER_ROWS:
        if (is_end(reader, payload))
            return take_end(reader, payload, ret_done, err);
        return take_row(reader, payload, err);
    case READER_DONE:
        break;
    }
    return err_set(err, E_BUG, 0, "result: a packet after the end");
}
