/*
 * LOAD DATA in statement format: the file's content travels in BEGIN_LOAD_QUERY and APPEND_BLOCK
 * events, then EXECUTE_LOAD_QUERY runs the statement over it, or DELETE_FILE drops it.
 *
 * Layouts: BEGIN_LOAD_QUERY and APPEND_BLOCK are a file id u32 and content to the end; DELETE_FILE
 * is a file id u32; EXECUTE_LOAD_QUERY is a QUERY whose post-header goes on with file id u32, start
 * and end u32 of the file's name in the text, and the handling of duplicates u8 (source: MySQL
 * internals manual, titles as the events). File ids are the source's. Borrows from the body.
 */
#pragma once

#include "binlog/query.h"

struct load_block {
    uint32_t file_id;
    struct span content;
};

/* `type` is EVENT_BEGIN_LOAD_QUERY or EVENT_APPEND_BLOCK, for the message. */
MUST_CHECK bool load_block_decode(struct span body, uint8_t type, struct load_block *ret,
                                  struct err *err);
void load_block_encode(struct buf *buf, const struct load_block *block);

MUST_CHECK bool load_delete_decode(struct span body, uint32_t *ret_file_id, struct err *err);
void load_delete_encode(struct buf *buf, uint32_t file_id);

enum load_duplicates {
    LOAD_DUPLICATES_ERROR = 0,
    LOAD_DUPLICATES_IGNORE = 1,
    LOAD_DUPLICATES_REPLACE = 2,
};

struct load_execute {
    struct query query;
    uint32_t file_id;
    uint32_t name_start; /* offsets in query.text of what a name for the file replaces */
    uint32_t name_end;
    uint8_t duplicates; /* enum load_duplicates */
};

MUST_CHECK bool load_execute_decode(struct span body, const struct format *format,
                                    struct load_execute *ret, struct err *err);
void load_execute_encode(struct buf *buf, const struct load_execute *execute);
