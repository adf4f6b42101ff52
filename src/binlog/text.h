/*
 * Bytes as quoted text: string literals of SQL and JSON, hexadecimal and base64. Appends to a buf;
 * no state, any thread.
 */
#pragma once

#include "base/buf.h"

/*
 * A JSON string with its quotes, from UTF-8, escaped exactly as MySQL prints JSON: \" \\ \b \f \n
 * \r \t, and \u00xx for other control characters.
 */
void text_write_json(struct buf *buf, struct span utf8);

/*
 * A SQL string literal with its quotes, for a server without NO_BACKSLASH_ESCAPES in sql_mode:
 * \0 \n \r \Z \\ \' as the servers' own dump programs write them.
 */
void text_write_sql(struct buf *buf, struct span text);

/* Printable ASCII without quotes and backslashes: it needs no escape anywhere. */
bool text_is_plain(struct span text);

/* A literal of a text that is plain. */
static inline void text_write_plain(struct buf *buf, struct span plain, char quote)
{
    buf_u8(buf, (uint8_t)quote);
    buf_bytes(buf, plain);
    buf_u8(buf, (uint8_t)quote);
}

/* Digits only, upper case. */
void text_write_hex(struct buf *buf, struct span bytes);

/* Without line breaks; or, with break_with not NULL, that text after every 76 characters. */
void text_write_base64(struct buf *buf, struct span bytes, const char *break_with);

/* `name` in back quotes. */
void text_write_identifier(struct buf *buf, struct span name);
