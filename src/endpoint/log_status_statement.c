#include "endpoint/log_status_statement.h"

#include "base/cursor.h"

#include <strings.h>

#define STATEMENT_MAX 256 /* bytes; with more blanks than that it is not recognized */
#define BLANKS        " \t\r\n"

static bool is_one_of(const struct cursor *cur, const char *signs)
{
    return cursor_left(cur) > 0 && *cur->rest.data != '\0' && strchr(signs, *cur->rest.data);
}

static void skip(struct cursor *cur, const char *signs)
{
    while (is_one_of(cur, signs))
        cursor_skip(cur, 1);
}

static bool take_word(struct cursor *cur, const char *word)
{
    size_t len = strlen(word);

    skip(cur, BLANKS);
    if (cursor_left(cur) < len || strncasecmp((const char *)cur->rest.data, word, len) != 0)
        return false;
    cursor_skip(cur, len);
    return cursor_left(cur) == 0 || is_one_of(cur, BLANKS ";'\"");
}

/* What comes before the quote of a statement that is prepared by its text. */
static bool take_frame(struct cursor *cur)
{
    struct cursor begun = *cur;

    if (take_word(cur, "EXECUTE"))
        return take_word(cur, "IMMEDIATE");
    *cur = begun;
    if (!take_word(cur, "PREPARE"))
        return false;
    skip(cur, BLANKS);
    while (cursor_left(cur) > 0 && !is_one_of(cur, BLANKS ";'\""))
        cursor_skip(cur, 1);
    return take_word(cur, "FROM");
}

/* Where in the text the four words stand. */
static bool find(struct span text, size_t *ret_begin, size_t *ret_end)
{
    struct cursor cur = cursor_of(text);
    struct cursor framed = cur;
    uint8_t quote = 0;

    if (text.len > STATEMENT_MAX)
        return false;
    if (take_frame(&framed)) {
        cur = framed;
        skip(&cur, BLANKS);
        if (!is_one_of(&cur, "'\""))
            return false;
        quote = cursor_u8(&cur);
    }
    skip(&cur, BLANKS);
    *ret_begin = text.len - cursor_left(&cur);
    if (!take_word(&cur, "SHOW") || !take_word(&cur, "BINARY") || !take_word(&cur, "LOG") ||
        !take_word(&cur, "STATUS"))
        return false;
    *ret_end = text.len - cursor_left(&cur);
    skip(&cur, BLANKS ";");
    if (quote) {
        if (cursor_left(&cur) == 0 || cursor_u8(&cur) != quote)
            return false;
        skip(&cur, BLANKS ";");
    }
    return cursor_left(&cur) == 0;
}

bool log_status_statement_is(struct span text)
{
    size_t begin;
    size_t end;

    return find(text, &begin, &end);
}

bool log_status_statement_write(struct buf *buf, struct span text)
{
    size_t begin;
    size_t end;

    if (!find(text, &begin, &end))
        return false;
    buf_bytes(buf, span_of(text.data, begin));
    buf_str(buf, "SHOW MASTER STATUS");
    buf_bytes(buf, span_of(text.data + end, text.len - end));
    return true;
}
