#include "translation/sql_edits.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX       ((size_t)1 << 31) /* bounded by the text, times a word */
#define REPLACEMENT_MAX 1024
#define FIRST_CAP       16

void sql_edits_init(struct sql_edits *edits)
{
    *edits = (struct sql_edits){0};
    buf_init(&edits->words, WORDS_MAX);
}

void sql_edits_done(struct sql_edits *edits)
{
    mem_free(edits->edits);
    buf_done(&edits->words);
}

void sql_edits_start(struct sql_edits *edits, struct span text)
{
    edits->text = text;
    edits->count = 0;
    buf_clear(&edits->words);
}

void sql_edits_put(struct sql_edits *edits, struct span part, struct span words)
{
    if (!part.data)
        return;
    if (edits->count == edits->cap) {
        edits->cap = edits->cap ? 2 * edits->cap : FIRST_CAP;
        edits->edits = mem_realloc(edits->edits, edits->cap * sizeof *edits->edits);
    }
    edits->edits[edits->count++] = (struct sql_edit){
        .offset = (size_t)(part.data - edits->text.data),
        .removed = part.len,
        .words = edits->words.len,
        .words_len = words.len,
    };
    buf_bytes(&edits->words, words);
}

static bool is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || c >= 0x80;
}

/* What was apart by quotes or parentheses alone stays apart: COLLATE'x', VECTOR(3)NOT. */
static bool joins_before(const struct sql_edits *edits, struct span part)
{
    size_t start;

    if (part.len == 0)
        return false;
    start = (size_t)(part.data - edits->text.data);
    return start > 0 && !is_word(part.data[0]) && is_word(edits->text.data[start - 1]);
}

static bool joins_behind(const struct sql_edits *edits, struct span part)
{
    size_t end;

    if (part.len == 0)
        return false;
    end = (size_t)(part.data - edits->text.data) + part.len;
    return end < edits->text.len && !is_word(edits->text.data[end - 1]) &&
           is_word(edits->text.data[end]);
}

void sql_edits_replace(struct sql_edits *edits, struct span part, const char *format, ...)
{
    char words[REPLACEMENT_MAX + 2] = " ";
    va_list args;
    size_t n;
    int len;

    va_start(args, format);
    len = vsnprintf(words + 1, REPLACEMENT_MAX, format, args);
    va_end(args);
    edits->words.bad |= len < 0 || len >= REPLACEMENT_MAX;
    n = strlen(words);
    if (n > 1 && is_word((uint8_t)words[n - 1]) && joins_behind(edits, part))
        words[n++] = ' ';
    if (n > 1 && is_word((uint8_t)words[1]) && joins_before(edits, part))
        sql_edits_put(edits, part, span_of(words, n));
    else
        sql_edits_put(edits, part, span_of(words + 1, n - 1));
}

void sql_edits_remove(struct sql_edits *edits, struct span first, struct span last)
{
    size_t len = first.data && last.data ? (size_t)(last.data - first.data) + last.len : 0;

    sql_edits_put(edits, span_of(first.data, len), span_str(" "));
}

bool sql_edits_touch(const struct sql_edits *edits, struct span part)
{
    size_t start = (size_t)(part.data - edits->text.data);

    for (size_t i = 0; i < edits->count; i++) {
        const struct sql_edit *edit = &edits->edits[i];

        if (edit->offset + edit->removed > start && edit->offset < start + part.len)
            return true;
    }
    return false;
}

/* By place; what was collected first stands first. Of two at one place the longer goes first. */
static int compare(const void *left, const void *right)
{
    const struct sql_edit *a = left;
    const struct sql_edit *b = right;

    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    if ((a->removed == 0) != (b->removed == 0))
        return a->removed == 0 ? -1 : 1;
    if (a->removed != b->removed)
        return a->removed > b->removed ? -1 : 1;
    return a->words < b->words ? -1 : a->words > b->words;
}

bool sql_edits_apply(struct sql_edits *edits, struct buf *buf, struct err *err)
{
    size_t start = buf->len;
    size_t done = 0;

    if (edits->count > 1)
        qsort(edits->edits, edits->count, sizeof *edits->edits, compare);
    for (size_t i = 0; i < edits->count; i++) {
        const struct sql_edit *edit = &edits->edits[i];

        if (edit->offset < done)
            continue; /* within what has gone */
        buf_bytes(buf, span_of(edits->text.data + done, edit->offset - done));
        buf_bytes(buf, span_of(edits->words.data + edit->words, edit->words_len));
        done = edit->offset + edit->removed;
    }
    buf_bytes(buf, span_of(edits->text.data + done, edits->text.len - done));
    if (buf_ok(buf) && buf_ok(&edits->words))
        return true;
    buf->len = start;
    return err_set(err, E_LIMIT, 0, "a statement of %zu bytes gets too long", edits->text.len);
}
