#include "binlog/load_data.h"

#define EXECUTE_POST_HEADER_SIZE 26

bool load_block_decode(struct span body, uint8_t type, struct load_block *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct load_block block;

    block.file_id = cursor_u32(&cur);
    block.content = cursor_rest(&cur);
    if (!event_body_end(&cur, type, body, err))
        return false;
    *ret = block;
    return true;
}

void load_block_encode(struct buf *buf, const struct load_block *block)
{
    buf_u32(buf, block->file_id);
    buf_bytes(buf, block->content);
}

bool load_delete_decode(struct span body, uint32_t *ret_file_id, struct err *err)
{
    struct cursor cur = cursor_of(body);
    uint32_t file_id = cursor_u32(&cur);

    if (!event_body_end(&cur, EVENT_DELETE_FILE, body, err))
        return false;
    *ret_file_id = file_id;
    return true;
}

void load_delete_encode(struct buf *buf, uint32_t file_id)
{
    buf_u32(buf, file_id);
}

bool load_execute_decode(struct span body, const struct format *format, struct load_execute *ret,
                         struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct load_execute execute;

    if (!format_check_post_header(format, EVENT_EXECUTE_LOAD_QUERY, EXECUTE_POST_HEADER_SIZE, err))
        return false;
    query_decode_head(&cur, &execute.query);
    execute.file_id = cursor_u32(&cur);
    execute.name_start = cursor_u32(&cur);
    execute.name_end = cursor_u32(&cur);
    execute.duplicates = cursor_u8(&cur);
    if (!query_decode_rest(&cur, body, EVENT_EXECUTE_LOAD_QUERY, &execute.query, err))
        return false;
    if (execute.name_start > execute.name_end || execute.name_end > execute.query.text.len)
        return err_set(err, E_PROTO, 0,
                       "Execute_load_query event: file name at %u to %u of a text of %zu bytes",
                       execute.name_start, execute.name_end, execute.query.text.len);
    if (execute.duplicates > LOAD_DUPLICATES_REPLACE)
        return err_set(err, E_PROTO, 0,
                       "Execute_load_query event: handling of duplicates %u, expected 0 to 2",
                       execute.duplicates);
    *ret = execute;
    return true;
}

void load_execute_encode(struct buf *buf, const struct load_execute *execute)
{
    query_encode_head(buf, &execute->query);
    buf_u32(buf, execute->file_id);
    buf_u32(buf, execute->name_start);
    buf_u32(buf, execute->name_end);
    buf_u8(buf, execute->duplicates);
    query_encode_rest(buf, &execute->query);
}
