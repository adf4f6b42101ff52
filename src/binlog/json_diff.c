#include "binlog/json_diff.h"

#include "binlog/json_path.h"
#include "binlog/json_tree.h"
#include "binlog/text.h"

static const char *const names[] = {"replace", "insert", "remove"};

bool json_diff_next(struct cursor *cur, struct json_diff *ret_diff, struct err *err)
{
    struct json_diff diff = {.operation = cursor_u8(cur)};

    diff.path = cursor_lenenc_bytes(cur);
    if (diff.operation != JSON_DIFF_REMOVE)
        diff.value = cursor_lenenc_bytes(cur);
    if (!cursor_ok(cur))
        return err_set(err, E_PROTO, 0, "JSON diff: cut off");
    if (diff.operation > JSON_DIFF_REMOVE)
        return err_set(err, E_PROTO, 0, "JSON diff: unknown operation %u", diff.operation);
    *ret_diff = diff;
    return true;
}

void json_diff_encode(struct buf *buf, const struct json_diff *diff)
{
    buf_u8(buf, diff->operation);
    buf_lenenc_bytes(buf, diff->path);
    if (diff->operation != JSON_DIFF_REMOVE)
        buf_lenenc_bytes(buf, diff->value);
}

static bool apply_one(struct json_tree *tree, const struct json_diff *diff, struct err *err)
{
    switch ((enum json_diff_operation)diff->operation) {
    case JSON_DIFF_REPLACE:
        return json_tree_replace(tree, diff->path, diff->value, err);
    case JSON_DIFF_INSERT:
        return json_tree_insert(tree, diff->path, diff->value, err);
    case JSON_DIFF_REMOVE:
        return json_tree_remove(tree, diff->path, err);
    }
    return err_set(err, E_BUG, 0, "JSON diff: operation %u", diff->operation);
}

bool json_diff_apply(struct buf *buf, struct span before, struct span diffs, struct err *err)
{
    struct json_tree *tree = json_tree_new(before.len + diffs.len);
    struct cursor cur = cursor_of(diffs);
    struct json_diff diff;
    bool done = json_tree_load(tree, before, err);

    while (done && cursor_left(&cur) > 0)
        done = json_diff_next(&cur, &diff, err) && apply_one(tree, &diff, err);
    done = done && json_tree_write(buf, tree, err);
    json_tree_free(tree);
    return done;
}

/* Whether a path ends in [n]. */
static bool ends_in_index(struct span path)
{
    return path.len > 0 && path.data[path.len - 1] == ']';
}

static const char *function_of(const struct json_diff *diff)
{
    if (diff->operation == JSON_DIFF_REMOVE)
        return "JSON_REMOVE(";
    if (diff->operation == JSON_DIFF_REPLACE)
        return "JSON_REPLACE(";
    return ends_in_index(diff->path) ? "JSON_ARRAY_INSERT(" : "JSON_INSERT(";
}

/* Appends , 'path' and , CAST('value' AS JSON) and the closing parenthesis. */
static bool write_arguments(struct buf *buf, const struct json_diff *diff, struct err *err)
{
    struct buf text;
    bool done = true;

    buf_str(buf, ", ");
    text_write_sql(buf, diff->path);
    if (diff->operation != JSON_DIFF_REMOVE) {
        buf_init(&text, buf->max);
        done = json_write_text(&text, diff->value, err);
        buf_str(buf, ", CAST(");
        text_write_sql(buf, buf_span(&text));
        buf_str(buf, " AS JSON)");
        if (!buf_ok(&text))
            buf->bad = true;
        buf_done(&text);
    }
    buf_u8(buf, ')');
    return done;
}

bool json_diff_write_sql(struct buf *buf, struct span column, struct span diffs, struct err *err)
{
    struct cursor cur = cursor_of(diffs);
    struct cursor outermost_last;
    struct json_diff diff;
    struct buf names_reversed;

    /* The last function is written first: they are collected behind each other, then reversed. */
    buf_init(&names_reversed, buf->max);
    while (cursor_left(&cur) > 0) {
        if (!json_diff_next(&cur, &diff, err)) {
            buf_done(&names_reversed);
            return false;
        }
        buf_u8(&names_reversed, (uint8_t)(diff.operation << 1 | ends_in_index(diff.path)));
    }
    for (size_t i = names_reversed.len; i > 0; i--) {
        uint8_t code = names_reversed.data[i - 1];

        diff.operation = code >> 1;
        diff.path = span_str(code & 1 ? "]" : "");
        buf_str(buf, function_of(&diff));
    }
    buf_done(&names_reversed);
    buf_bytes(buf, column);
    outermost_last = cursor_of(diffs);
    while (cursor_left(&outermost_last) > 0)
        if (!json_diff_next(&outermost_last, &diff, err) || !write_arguments(buf, &diff, err))
            return false;
    return true;
}

bool json_diff_write_json(struct buf *buf, struct span diffs, struct err *err)
{
    struct cursor cur = cursor_of(diffs);
    struct json_diff diff;
    const char *separator = "";

    buf_u8(buf, '[');
    while (cursor_left(&cur) > 0) {
        if (!json_diff_next(&cur, &diff, err))
            return false;
        buf_str(buf, separator);
        buf_str(buf, "{\"op\": \"");
        buf_str(buf, names[diff.operation]);
        buf_str(buf, "\", \"path\": ");
        text_write_json(buf, diff.path);
        if (diff.operation != JSON_DIFF_REMOVE) {
            buf_str(buf, ", \"value\": ");
            if (!json_write_text(buf, diff.value, err))
                return false;
        }
        buf_u8(buf, '}');
        separator = ", ";
    }
    buf_u8(buf, ']');
    return true;
}
