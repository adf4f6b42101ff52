#include "binlog/rows_reverse.h"

#include "binlog/bitmap.h"

/* What undoes a kind; the types of a version follow each other in the order of the kinds. */
static const uint8_t undone_by[] = {
    [ROWS_WRITE] = ROWS_DELETE,
    [ROWS_UPDATE] = ROWS_UPDATE,
    [ROWS_DELETE] = ROWS_WRITE,
};

static bool is_full(struct span columns, uint32_t count)
{
    return bitmap_count(columns, count) == count;
}

bool rows_check_full(const struct rows *rows, struct err *err)
{
    if (rows->partial)
        return err_set(err, E_STATE, 0,
                       "JSON documents are logged as differences, which can not be undone; whole "
                       "ones are written with binlog_row_value_options=''");
    if ((rows->kind != ROWS_WRITE && !is_full(rows->before_columns, rows->column_count)) ||
        (rows->kind != ROWS_DELETE && !is_full(rows->after_columns, rows->column_count)))
        return err_set(err, E_STATE, 0,
                       "its row images do not have all %u columns, which undoing needs; they are "
                       "written with binlog_row_image=FULL",
                       rows->column_count);
    return true;
}

static struct rows reversed_header(const struct rows *rows)
{
    struct rows reversed = *rows;

    reversed.kind = undone_by[rows->kind];
    reversed.type = (uint8_t)(rows->type - rows->kind + reversed.kind);
    reversed.before_columns = rows->after_columns;
    reversed.after_columns = rows->before_columns;
    reversed.extra = (struct span){0};
    return reversed;
}

bool rows_reverse(struct buf *buf, const struct rows *rows, const struct table_map *map,
                  struct row_reader *reader, uint8_t *ret_type, struct err *err)
{
    struct rows reversed = reversed_header(rows);
    bool more = true;
    size_t end;

    if (!rows_check_full(rows, err) || !row_reader_start(reader, rows, map, err))
        return false;
    rows_encode_header(buf, &reversed);
    (void)buf_reserve(buf, rows->images.len);
    end = buf->len;
    for (;;) {
        if (!row_reader_next(reader, &more, err))
            return false;
        if (!more)
            break;
        /* From the end: of a row first what comes last in it, the image from before. */
        if (rows->kind != ROWS_WRITE) {
            end -= reader->before.bytes.len;
            buf_patch_bytes(buf, end, reader->before.bytes);
        }
        if (rows->kind != ROWS_DELETE) {
            end -= reader->after.bytes.len;
            buf_patch_bytes(buf, end, reader->after.bytes);
        }
    }
    if (!buf_ok(buf))
        return err_set(err, E_LIMIT, 0, "the event that undoes it is over %zu bytes", buf->max);
    *ret_type = reversed.type;
    return true;
}
