/*
 * struct ini: reads the text of an option file in the manner of my.cnf, item by item, without I/O:
 *
 *     # a comment, as is a line that begins with ';'
 *     [relay]
 *     [channel shop]          a section has one word, or two: the second is a name
 *     listen = 127.0.0.1:1    # a comment after a blank
 *     start = "a # b"         quotes, '...' or "...", keep blanks and '#'; nothing escapes in them
 *
 * Keys are letters, digits, '_' and '-', which is the same as '_'. Every item has its line, so that
 * whoever takes it can say where a wrong one stands. Spans point into the text. Our own because
 * Debian's libinih cuts lines at 199 bytes, tells no line numbers, hides sections without keys and
 * takes an indented line for more of the value above it. Lives on the stack; one thread.
 */
#pragma once

#include "base/cursor.h"
#include "base/err.h"
#include "base/span.h"

#define INI_KEY_MAX 64 /* bytes */

struct ini {
    struct cursor rest;
    unsigned line; /* of the item given last, from 1 on */
};

enum ini_kind { INI_END, INI_SECTION, INI_VALUE };

struct ini_item {
    enum ini_kind kind;
    struct span word;          /* SECTION: "channel" */
    struct span name;          /* SECTION: "shop"; empty when there is none */
    char key[INI_KEY_MAX + 1]; /* VALUE: with '_' for '-' */
    struct span value;         /* VALUE: without blanks around it and without quotes */
};

struct ini ini_of(struct span text);

/* E_USAGE: what the line should have been; ini->line is where. */
MUST_CHECK bool ini_next(struct ini *ini, struct ini_item *ret_item, struct err *err);
