/*
 * struct json_text: the text of a JSON document, parsed as MySQL's own parser does.
 *
 * The grammar is RFC 8259's, in UTF-8. Like MySQL, which has RapidJSON, it refuses a positive
 * exponent above 308 and the number of digits after the point, even of zero; an integer of up to
 * 64 bits without point or exponent is an integer, signed when it is negative or below 2^32; every
 * other number is a double. Of equal keys the last counts. At most JSON_DEPTH_MAX levels. Unlike
 * MySQL it takes no NUL for the text's end.
 *
 * Owned by one thread; json_text_free() frees all nodes, which borrow from the text where a string
 * has no escapes.
 */
#pragma once

#include "binlog/json_binary.h"

enum json_kind {
    JSON_KIND_LITERAL,
    JSON_KIND_INT,
    JSON_KIND_UINT, /* above 2^32 - 1 */
    JSON_KIND_DOUBLE,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT,
};

struct json_node {
    uint8_t kind;     /* enum json_kind */
    uint8_t literal;  /* enum json_literal */
    bool large;       /* for json_encode.c: a container in the large form */
    uint32_t count;   /* of a container's members */
    uint64_t encoded; /* for json_encode.c: bytes of the value in binary form */
    union {
        int64_t i;
        uint64_t u;
        double d;
        struct span string;
        struct json_member *members; /* of objects in order: by length of the key, then bytes */
    };
};

struct json_member {
    struct span key; /* empty in arrays */
    struct json_node node;
};

struct json_text;

/*
 * Parses; *ret_root belongs to the json_text. Memory is bounded by 1 MiB and JSON_TEXT_MEMORY times
 * the text. E_PROTO with the offset of what is wrong; E_LIMIT.
 */
#define JSON_TEXT_MEMORY 256
MUST_CHECK bool json_text_parse(struct span text, struct json_text **ret_text,
                                struct json_node **ret_root, struct err *err);
void json_text_free(struct json_text *text); /* NULL is fine */
