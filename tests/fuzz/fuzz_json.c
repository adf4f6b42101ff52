/*
 * Fuzz target: JSON: length u16 and bytes of a binary document, then diffs, which are applied to it
 * and printed.
 */
#include "binlog/json_binary.h"
#include "binlog/json_diff.h"

#include <stdlib.h>

#define OUT_MAX (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cur = cursor_of(span_of(data, size));
    struct span document = cursor_bytes(&cur, cursor_u16(&cur));
    struct span diffs = cursor_rest(&cur);
    struct buf out;
    struct err err;

    buf_init(&out, OUT_MAX);
    if (json_write_text(&out, document, &err) && out.len > 100 + 16 * document.len)
        abort(); /* more text than the bytes can hold */
    buf_clear(&out);
    (void)!json_diff_apply(&out, document, diffs, &err);
    buf_clear(&out);
    (void)!json_diff_write_sql(&out, span_str("`c`"), diffs, &err);
    buf_clear(&out);
    (void)!json_diff_write_json(&out, diffs, &err);
    buf_done(&out);
    return 0;
}
