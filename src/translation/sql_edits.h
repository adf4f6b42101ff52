/*
 * struct sql_edits: what is to be changed in a text, collected in any order, made at once.
 *
 * A text that lies within a larger part that goes, goes with it, whatever else was to be done to
 * it. Borrows the text; owned by one thread, used again for the next text.
 */
#pragma once

#include "base/buf.h"

struct sql_edit {
    size_t offset; /* in the text */
    size_t removed;
    size_t words; /* what comes in its place, in sql_edits.words */
    size_t words_len;
};

struct sql_edits {
    struct span text;
    struct sql_edit *edits;
    size_t count;
    size_t cap;
    struct buf words;
};

void sql_edits_init(struct sql_edits *edits);
void sql_edits_done(struct sql_edits *edits);

/* A new text, nothing to be changed in it. */
void sql_edits_start(struct sql_edits *edits, struct span text);

/*
 * A part of the text becomes other bytes. Of a part without bytes: they are put there. What is no
 * part, as the text of the token at the end, stays nothing.
 */
void sql_edits_put(struct sql_edits *edits, struct span part, struct span words);

/* The same for words of less than 1 KiB, which stay apart from the words around. */
void sql_edits_replace(struct sql_edits *edits, struct span part, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* From the beginning of one part of the text to the end of another; one blank comes there. */
void sql_edits_remove(struct sql_edits *edits, struct span first, struct span last);

/* Whether something in that part of the text is to be changed already. */
bool sql_edits_touch(const struct sql_edits *edits, struct span part);

/* Appends the text with all that was collected. E_LIMIT: longer than buf's maximum. */
MUST_CHECK bool sql_edits_apply(struct sql_edits *edits, struct buf *buf, struct err *err);
