/* The names of a view's files. */
#include "translation/translator_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define NUMBER_MAX     UINT64_C(0xffffffff)
#define WITH_ACCOUNTS  "a" /* in a view's name, in this order */
#define KEEPS_ACCOUNTS "k"
#define WITH_ORIGINS   "g"

/* Where the dot before a file's number is; false when there is none, or no number after it. */
static bool find_number(struct span name, size_t *ret_dot, uint64_t *ret_number)
{
    struct cursor cur;
    uint64_t number;
    size_t dot = name.len;

    while (dot > 0 && name.data[dot - 1] != '.')
        dot--;
    if (dot < 2)
        return false;
    cur = cursor_of(name);
    cursor_skip(&cur, dot);
    if (!cursor_decimal(&cur, NUMBER_MAX, &number) || !cursor_end(&cur))
        return false;
    *ret_dot = dot - 1;
    *ret_number = number;
    return true;
}

bool translator_file_number(struct span name, uint64_t *ret_number)
{
    size_t dot;

    return find_number(name, &dot, ret_number);
}

static const char *accounts_letter(enum account_policy accounts)
{
    switch (accounts) {
    case ACCOUNTS_REPLICATE:
        return WITH_ACCOUNTS;
    case ACCOUNTS_KEEP:
        return KEEPS_ACCOUNTS;
    case ACCOUNTS_DROP:
    case ACCOUNTS_STOP:
        break;
    }
    return "";
}

/*
 * What the output depends on, besides the source's bytes; GTIDs are of one length, but for tags,
 * which come from a resolver.
 */
void translator_view_mark(const struct translator_options *options, char *mark)
{
    (void)snprintf(mark, TRANSLATOR_MARK_SIZE, "%s%d%s%s", dialect_name(options->to),
                   TRANSLATOR_VERSION + translator_is_next(), accounts_letter(options->accounts),
                   options->resolver ? WITH_ORIGINS : "");
}

bool translator_view_name(const char *name, const struct translator_options *options, char *text,
                          size_t size)
{
    char mark[TRANSLATOR_MARK_SIZE];
    uint64_t number;
    size_t dot;
    int length;

    if (!find_number(span_str(name), &dot, &number))
        return false;
    translator_view_mark(options, mark);
    length = snprintf(text, size, "%.*s-%s%s", (int)dot, name, mark, name + dot);
    return length >= 0 && (size_t)length < size;
}

static void skip_letter(struct cursor *cur, const char *letter)
{
    if (cursor_left(cur) > 0 && cur->rest.data[0] == (uint8_t)*letter)
        cursor_skip(cur, 1);
}

/* Behind the last dash of what is before the dot: the dialect, a version, and perhaps letters. */
static bool find_mark(struct span base, enum dialect to, size_t *ret_dash)
{
    struct span dialect = span_str(dialect_name(to));
    struct cursor cur = cursor_of(base);
    uint64_t version;
    size_t dash = base.len;

    while (dash > 0 && base.data[dash - 1] != '-')
        dash--;
    if (dash < 2 || base.len - dash >= TRANSLATOR_MARK_SIZE)
        return false;
    cursor_skip(&cur, dash);
    if (!span_eq(cursor_bytes(&cur, dialect.len), dialect) ||
        !cursor_decimal(&cur, UINT16_MAX, &version))
        return false;
    skip_letter(&cur, WITH_ACCOUNTS);
    skip_letter(&cur, KEEPS_ACCOUNTS);
    skip_letter(&cur, WITH_ORIGINS);
    if (!cursor_end(&cur))
        return false;
    *ret_dash = dash - 1;
    return true;
}

bool translator_source_name(struct span view_name, enum dialect to, char *ret_mark, char *text,
                            size_t size)
{
    uint64_t number;
    size_t dot;
    size_t dash;
    int length;

    if (!find_number(view_name, &dot, &number) ||
        !find_mark(span_of(view_name.data, dot), to, &dash))
        return false;
    length = snprintf(text, size, "%.*s%.*s", (int)dash, (const char *)view_name.data,
                      (int)(view_name.len - dot), (const char *)view_name.data + dot);
    if (length < 0 || (size_t)length >= size)
        return false;
    (void)snprintf(ret_mark, TRANSLATOR_MARK_SIZE, "%.*s", (int)(dot - dash - 1),
                   (const char *)view_name.data + dash + 1);
    return true;
}

#ifdef BOREALIS_INJECT
bool translator_is_next(void)
{
    return getenv("BOREALIS_NEXT_TRANSLATION") != NULL;
}
#endif
