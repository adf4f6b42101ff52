#include "cli/sql_text.h"

#include "base/cursor.h"
#include "binlog/text.h"

#include <stdio.h>
#include <strings.h>

/* Goes past white space, and comments but those that servers execute. */
static struct span skip_blank(struct span text)
{
    struct cursor cur = cursor_of(text);

    while (cursor_left(&cur) > 0) {
        struct cursor at = cur;
        struct span two = cursor_bytes(&at, cursor_left(&at) < 2 ? 1 : 2);

        if (strchr(" \t\r\n\f\v", two.data[0]) && two.data[0] != '\0') {
            cursor_skip(&cur, 1);
            continue;
        }
        if (!span_eq(two, span_str("/*")) || (cursor_left(&at) > 0 && at.rest.data[0] == '!'))
            break;
        while (cursor_left(&at) >= 2 && memcmp(at.rest.data, "*/", 2) != 0)
            cursor_skip(&at, 1);
        cursor_skip(&at, cursor_left(&at) < 2 ? cursor_left(&at) : 2);
        cur = at;
    }
    return cur.rest;
}

static bool is_word_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           (byte >= '0' && byte <= '9') || byte == '$' || byte >= 0x80;
}

bool sql_text_begins(struct span statement, const char *word)
{
    struct span text = skip_blank(statement);
    size_t length = strlen(word);

    return text.len >= length && strncasecmp((const char *)text.data, word, length) == 0 &&
           (text.len == length || !is_word_byte(text.data[length]));
}

static bool contains(struct span text, const char *part)
{
    return text.data && memmem(text.data, text.len, part, strlen(part)) != NULL;
}

/* Only these can be prepared by all servers, and only in these the difference is in the data. */
static bool needs_prepare(struct span statement)
{
    static const char *const words[] = {"INSERT", "UPDATE", "DELETE", "REPLACE", "CALL"};

    if (!contains(statement, "\r\n") &&
        (!statement.len || !memchr(statement.data, 0, statement.len)))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (sql_text_begins(statement, words[i]))
            return true;
    }
    return false;
}

static void write_prepared(struct buf *buf, struct span statement)
{
    buf_str(buf, "SET @borealis_statement = X'");
    text_write_hex(buf, statement);
    buf_str(buf,
            "'" SQL_END "PREPARE borealis_statement FROM @borealis_statement" SQL_END
            "EXECUTE borealis_statement" SQL_END "DEALLOCATE PREPARE borealis_statement" SQL_END);
}

/* The text holds the usual delimiter: another one, which it does not hold, for it alone. */
static void write_delimited(struct buf *buf, struct span statement)
{
    char delimiter[32];
    unsigned n = 0;

    do
        (void)snprintf(delimiter, sizeof delimiter, "$borealis%u$", n++);
    while (contains(statement, delimiter));
    buf_printf(buf, "DELIMITER %s\n", delimiter);
    buf_bytes(buf, statement);
    buf_printf(buf, "\n%s\nDELIMITER " SQL_END, delimiter);
}

void sql_text_write(struct buf *buf, struct span statement)
{
    if (needs_prepare(statement)) {
        write_prepared(buf, statement);
        return;
    }
    if (contains(statement, SQL_DELIMITER)) {
        write_delimited(buf, statement);
        return;
    }
    buf_bytes(buf, statement);
    buf_str(buf, "\n" SQL_END); /* on a line of its own: the text may end with a comment */
}

void sql_text_write_comment(struct buf *buf, struct span text)
{
    struct cursor cur = cursor_of(text);

    buf_str(buf, "# ");
    while (cursor_left(&cur) > 0) {
        uint8_t c = cursor_u8(&cur);

        buf_u8(buf, c < ' ' || c == 0x7f ? '?' : c);
    }
    buf_u8(buf, '\n');
}
