#include "endpoint/account_statement.h"

#include <ctype.h>
#include <strings.h>

#define WORDS_MAX 4

/* Each line: the words that a statement begins with. */
static const char *const beginnings[][WORDS_MAX] = {
    {"GRANT"},
    {"REVOKE"},
    {"CREATE", "USER"},
    {"CREATE", "ROLE"},
    {"CREATE", "OR", "REPLACE", "USER"},
    {"CREATE", "OR", "REPLACE", "ROLE"},
    {"ALTER", "USER"},
    {"DROP", "USER"},
    {"DROP", "ROLE"},
    {"RENAME", "USER"},
    /* Not SET PASSWORD alone: an account may set its own at the engine. */
    {"SET", "PASSWORD", "FOR"},
    {"SET", "DEFAULT", "ROLE"},
};

/* The next run of letters after white space; empty when something else comes. */
static struct span next_word(struct span *text)
{
    struct span word;

    while (text->len > 0 && isspace(*text->data))
        *text = span_of(text->data + 1, text->len - 1);
    word = span_of(text->data, 0);
    while (text->len > 0 && isalpha(*text->data)) {
        *text = span_of(text->data + 1, text->len - 1);
        word.len++;
    }
    return word;
}

static bool begins_with(struct span text, const char *const words[WORDS_MAX])
{
    for (size_t i = 0; i < WORDS_MAX && words[i]; i++) {
        struct span word = next_word(&text);

        if (word.len != strlen(words[i]) ||
            strncasecmp((const char *)word.data, words[i], word.len) != 0)
            return false;
    }
    /* GRANTS is a word of its own. */
    return text.len == 0 || !(isalnum(*text.data) || *text.data == '_');
}

bool account_statement_is(struct span text)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        if (begins_with(text, beginnings[i]))
            return true;
    }
    return false;
}

void account_statement_write_call(struct buf *buf, struct span text)
{
    static const char digits[] = "0123456789abcdef";

    /* In hexadecimal nothing needs quoting, whatever the session's sql_mode. */
    buf_str(buf, "CALL mysql.rds_account_statement(_utf8mb4 X'");
    for (size_t i = 0; i < text.len; i++) {
        buf_u8(buf, (uint8_t)digits[text.data[i] >> 4]);
        buf_u8(buf, (uint8_t)digits[text.data[i] & 15]);
    }
    buf_str(buf, "')");
}
