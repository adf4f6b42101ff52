#include "binlog/json_text.h"

#include "base/arena.h"
#include "base/mem.h"
#include "binlog/charset.h"

#include <math.h>
#include <stdlib.h>

#define MEMORY_BASE  ((size_t)1 << 20)
#define EXPONENT_MAX 308

struct json_text {
    struct arena *arena;
    struct span whole;
    struct cursor cur;
    struct buf string; /* the one that is being unescaped */
};

static bool parse_value(struct json_text *text, unsigned depth, struct json_node *ret_node,
                        struct err *err);

static bool fail(const struct json_text *text, const char *expected, struct err *err)
{
    size_t at = text->whole.len - cursor_left(&text->cur);

    if (cursor_left(&text->cur) == 0)
        return err_set(err, E_PROTO, 0, "JSON text: offset %zu: expected %s, found the end", at,
                       expected);
    return err_set(err, E_PROTO, 0, "JSON text: offset %zu: expected %s, found byte 0x%02x", at,
                   expected, text->cur.rest.data[0]);
}

/* The next byte, which stays; 0 at the end and for a NUL, which is no part of any token. */
static uint8_t peek(const struct json_text *text)
{
    return cursor_left(&text->cur) > 0 ? text->cur.rest.data[0] : 0;
}

static bool take(struct json_text *text, uint8_t c)
{
    if (peek(text) != c)
        return false;
    cursor_skip(&text->cur, 1);
    return true;
}

static void skip_space(struct json_text *text)
{
    while (peek(text) == ' ' || peek(text) == '\t' || peek(text) == '\n' || peek(text) == '\r')
        cursor_skip(&text->cur, 1);
}

static bool parse_literal(struct json_text *text, const char *word, uint8_t literal,
                          struct json_node *ret_node, struct err *err)
{
    struct cursor cur = text->cur;

    if (!span_eq(cursor_bytes(&cur, strlen(word)), span_str(word)))
        return fail(text, word, err);
    text->cur = cur;
    *ret_node = (struct json_node){.kind = JSON_KIND_LITERAL, .literal = literal};
    return true;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Skips digits, one at least; returns how many. */
static bool skip_digits(struct json_text *text, size_t *ret_count, struct err *err)
{
    size_t count = 0;

    while (is_digit(peek(text))) {
        cursor_skip(&text->cur, 1);
        count++;
    }
    *ret_count = count;
    return count > 0 || fail(text, "a digit", err);
}

/* The exponent after its e; refuses what MySQL refuses, which does not look at the digits. */
static bool skip_exponent(struct json_text *text, size_t fraction, struct err *err)
{
    size_t value = 0;
    size_t count;

    if (take(text, '-'))
        return skip_digits(text, &count, err);
    (void)take(text, '+');
    if (!is_digit(peek(text)))
        return fail(text, "a digit", err);
    while (is_digit(peek(text))) {
        value = value * 10 + (size_t)(peek(text) - '0');
        if (value > EXPONENT_MAX + fraction)
            return fail(text, "a number that is not too large", err);
        cursor_skip(&text->cur, 1);
    }
    return true;
}

/* Whole numbers of up to 64 bits; false for others. */
static bool whole_number(struct span digits, bool minus, struct json_node *ret_node)
{
    uint64_t most = minus ? (uint64_t)1 << 63 : UINT64_MAX;
    uint64_t value = 0;

    for (size_t i = 0; i < digits.len; i++) {
        uint64_t digit = (uint64_t)(digits.data[i] - '0');

        if (value > most / 10 || value * 10 > most - digit)
            return false;
        value = value * 10 + digit;
    }
    *ret_node = (struct json_node){.kind = JSON_KIND_INT};
    if (!minus && value > UINT32_MAX)
        ret_node->kind = JSON_KIND_UINT;
    ret_node->u = minus ? 0 - value : value;
    return true;
}

static bool parse_number(struct json_text *text, struct json_node *ret_node, struct err *err)
{
    struct cursor begun = text->cur;
    bool minus = take(text, '-');
    struct cursor whole = text->cur;
    bool is_double = false;
    size_t fraction = 0;
    size_t count;
    struct span digits;
    struct span all;
    char *copy;

    if (take(text, '0'))
        count = 1;
    else if (!skip_digits(text, &count, err))
        return false;
    digits = cursor_bytes(&whole, count);
    if (take(text, '.')) {
        is_double = true;
        if (!skip_digits(text, &fraction, err))
            return false;
    }
    if (take(text, 'e') || take(text, 'E')) {
        is_double = true;
        if (!skip_exponent(text, fraction, err))
            return false;
    }
    if (!is_double && whole_number(digits, minus, ret_node))
        return true;
    all = cursor_bytes(&begun, cursor_left(&begun) - cursor_left(&text->cur));
    copy = mem_alloc(all.len + 1);
    memcpy(copy, all.data, all.len);
    *ret_node = (struct json_node){.kind = JSON_KIND_DOUBLE, .d = strtod(copy, NULL)};
    mem_free(copy);
    return isfinite(ret_node->d) || fail(text, "a number that is not too large before here", err);
}

static bool parse_hex4(struct json_text *text, uint32_t *ret_unit, struct err *err)
{
    uint32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        uint8_t c = peek(text);
        uint8_t low = c | 0x20;

        if (is_digit(c))
            unit = unit << 4 | (uint32_t)(c - '0');
        else if (low >= 'a' && low <= 'f')
            unit = unit << 4 | (uint32_t)(low - 'a' + 10);
        else
            return fail(text, "four hexadecimal digits", err);
        cursor_skip(&text->cur, 1);
    }
    *ret_unit = unit;
    return true;
}

/* What \u stands for, two of them where the first is half a pair. */
static bool parse_unicode(struct json_text *text, struct err *err)
{
    uint8_t utf16[4];
    uint32_t unit;
    size_t size = 2;

    if (!parse_hex4(text, &unit, err))
        return false;
    utf16[0] = (uint8_t)(unit >> 8);
    utf16[1] = (uint8_t)unit;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        if (!take(text, '\\') || !take(text, 'u'))
            return fail(text, "the second half of a surrogate pair", err);
        if (!parse_hex4(text, &unit, err))
            return false;
        utf16[2] = (uint8_t)(unit >> 8);
        utf16[3] = (uint8_t)unit;
        size = 4;
    }
    return charset_to_utf8(&text->string, span_of(utf16, size), CHARSET_UTF16) ||
           fail(text, "a surrogate pair before here", err);
}

static bool parse_escape(struct json_text *text, struct err *err)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    uint8_t c = peek(text);
    const char *found = c ? strchr(names, c) : NULL;

    if (take(text, 'u'))
        return parse_unicode(text, err);
    if (!found)
        return fail(text, "an escape", err);
    cursor_skip(&text->cur, 1);
    buf_u8(&text->string, (uint8_t)values[found - names]);
    return true;
}

/* How many bytes stand for themselves. */
static size_t plain_prefix(struct span text)
{
    size_t n = 0;

    while (n < text.len && text.data[n] != '"' && text.data[n] != '\\' && text.data[n] >= ' ')
        n++;
    return n;
}

/* After the opening quotation mark. */
static bool parse_string(struct json_text *text, struct span *ret_string, struct err *err)
{
    struct span piece = cursor_bytes(&text->cur, plain_prefix(text->cur.rest));
    uint8_t *copy;

    if (take(text, '"')) {
        *ret_string = piece;
        return true;
    }
    buf_clear(&text->string);
    buf_bytes(&text->string, piece);
    while (!take(text, '"')) {
        if (!take(text, '\\'))
            return fail(text, "a string's character, or its end", err);
        if (!parse_escape(text, err))
            return false;
        buf_bytes(&text->string, cursor_bytes(&text->cur, plain_prefix(text->cur.rest)));
    }
    copy = arena_alloc(text->arena, text->string.len + 1);
    if (text->string.len > 0)
        memcpy(copy, text->string.data, text->string.len);
    *ret_string = span_of(copy, text->string.len);
    return true;
}

static struct json_member *add_member(struct json_text *text, struct json_node *node, size_t *cap)
{
    struct json_member *members;

    if (node->count == *cap) {
        *cap = *cap ? *cap * 2 : 2;
        members = arena_alloc(text->arena, *cap * sizeof *members);
        if (node->count > 0)
            memcpy(members, node->members, node->count * sizeof *members);
        node->members = members;
    }
    return &node->members[node->count++];
}

static int compare_members(const void *a, const void *b)
{
    const struct json_member *left = a;
    const struct json_member *right = b;

    if (left->key.len != right->key.len)
        return left->key.len < right->key.len ? -1 : 1;
    return left->key.len ? memcmp(left->key.data, right->key.data, left->key.len) : 0;
}

/* Sorts, and keeps the last of equal keys; merging, because the order of equals must stay. */
static void sort_members(struct json_text *text, struct json_node *node)
{
    struct json_member *from = node->members;
    struct json_member *to;
    uint32_t kept = 0;

    if (node->count < 2)
        return;
    to = arena_alloc(text->arena, node->count * sizeof *to);
    for (size_t run = 1; run < node->count; run *= 2) {
        struct json_member *swap = from;

        for (size_t start = 0; start < node->count; start += 2 * run) {
            size_t middle = start + run < node->count ? start + run : node->count;
            size_t end = middle + run < node->count ? middle + run : node->count;
            size_t left = start;
            size_t right = middle;

            for (size_t i = start; i < end; i++) {
                bool take_left = right == end ||
                                 (left < middle && compare_members(&from[left], &from[right]) <= 0);

                to[i] = take_left ? from[left++] : from[right++];
            }
        }
        from = to;
        to = swap;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (kept > 0 && compare_members(&from[kept - 1], &from[i]) == 0)
            kept--;
        from[kept++] = from[i];
    }
    node->members = from;
    node->count = kept;
}

static bool parse_key(struct json_text *text, struct json_member *member, struct err *err)
{
    if (!take(text, '"'))
        return fail(text, "a key in quotation marks", err);
    if (!parse_string(text, &member->key, err))
        return false;
    skip_space(text);
    if (!take(text, ':'))
        return fail(text, "a colon", err);
    skip_space(text);
    return true;
}

/* After the opening bracket or brace. */
static bool parse_container(struct json_text *text, uint8_t kind, unsigned depth,
                            struct json_node *ret_node, struct err *err)
{
    struct json_node node = {.kind = kind};
    uint8_t close = kind == JSON_KIND_OBJECT ? '}' : ']';
    size_t cap = 0;

    if (depth > JSON_DEPTH_MAX)
        return err_set(err, E_LIMIT, 0, "JSON text: nested in more than %d levels", JSON_DEPTH_MAX);
    skip_space(text);
    while (node.count > 0 || !take(text, close)) {
        struct json_member *member = add_member(text, &node, &cap);

        if ((kind == JSON_KIND_OBJECT && !parse_key(text, member, err)) ||
            !parse_value(text, depth + 1, &member->node, err))
            return false;
        skip_space(text);
        if (take(text, close))
            break;
        if (!take(text, ','))
            return fail(text, kind == JSON_KIND_OBJECT ? "a comma or }" : "a comma or ]", err);
        skip_space(text);
    }
    if (kind == JSON_KIND_OBJECT)
        sort_members(text, &node);
    *ret_node = node;
    return true;
}

/* `depth` is that of a container here. */
static bool parse_value(struct json_text *text, unsigned depth, struct json_node *ret_node,
                        struct err *err)
{
    switch (peek(text)) {
    case 'n':
        return parse_literal(text, "null", JSON_NULL, ret_node, err);
    case 't':
        return parse_literal(text, "true", JSON_TRUE, ret_node, err);
    case 'f':
        return parse_literal(text, "false", JSON_FALSE, ret_node, err);
    case '"':
        cursor_skip(&text->cur, 1);
        *ret_node = (struct json_node){.kind = JSON_KIND_STRING};
        return parse_string(text, &ret_node->string, err);
    case '[':
        cursor_skip(&text->cur, 1);
        return parse_container(text, JSON_KIND_ARRAY, depth, ret_node, err);
    case '{':
        cursor_skip(&text->cur, 1);
        return parse_container(text, JSON_KIND_OBJECT, depth, ret_node, err);
    default:
        if (peek(text) != '-' && !is_digit(peek(text)))
            return fail(text, "a value", err);
        return parse_number(text, ret_node, err);
    }
}

static bool parse_document(struct json_text *text, struct json_node *ret_root, struct err *err)
{
    if (!utf8_is_valid(text->whole))
        return err_set(err, E_PROTO, 0, "JSON text: not valid UTF-8");
    skip_space(text);
    if (!parse_value(text, 1, ret_root, err))
        return false;
    skip_space(text);
    return cursor_left(&text->cur) == 0 || fail(text, "the end", err);
}

bool json_text_parse(struct span bytes, struct json_text **ret_text, struct json_node **ret_root,
                     struct err *err)
{
    struct json_text *text = mem_alloc(sizeof *text);
    struct json_node *root;

    text->arena = arena_new(MEMORY_BASE + bytes.len * JSON_TEXT_MEMORY);
    text->whole = bytes;
    text->cur = cursor_of(bytes);
    buf_init(&text->string, bytes.len + 4);
    root = arena_alloc(text->arena, sizeof *root);
    if (!parse_document(text, root, err)) {
        json_text_free(text);
        return false;
    }
    *ret_text = text;
    *ret_root = root;
    return true;
}

void json_text_free(struct json_text *text)
{
    if (!text)
        return;
    arena_free(text->arena);
    buf_done(&text->string);
    mem_free(text);
}
