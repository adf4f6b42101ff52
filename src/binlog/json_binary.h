/*
 * MySQL's binary JSON, read: struct json_view is one value in it; and its text, exactly as MySQL
 * prints it with CAST(doc AS CHAR).
 *
 * A document is a type byte and a value. An object or array has the number of elements, the size of
 * its bytes, for objects a key entry per element (offset, length u16), a value entry per element
 * (type, and offset or the value itself where that fits), then keys and values; in the large form
 * counts and offsets are u32, in the small one u16. Offsets count from the container's first byte
 * and must be followed: partial updates leave gaps. Keys are sorted by length, then bytes. Strings
 * and opaque values have a length in 7-bit groups, the lowest first. No bytes at all are the null
 * literal (source: MySQL sql-common/json_binary.h, head comment).
 *
 * Views borrow from the document's bytes. At most JSON_DEPTH_MAX levels, as in the server. Any
 * thread.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

#define JSON_DEPTH_MAX 100

enum json_type {
    JSON_SMALL_OBJECT = 0x00,
    JSON_LARGE_OBJECT = 0x01,
    JSON_SMALL_ARRAY = 0x02,
    JSON_LARGE_ARRAY = 0x03,
    JSON_LITERAL = 0x04,
    JSON_INT16 = 0x05,
    JSON_UINT16 = 0x06,
    JSON_INT32 = 0x07,
    JSON_UINT32 = 0x08,
    JSON_INT64 = 0x09,
    JSON_UINT64 = 0x0a,
    JSON_DOUBLE = 0x0b,
    JSON_STRING = 0x0c,
    JSON_OPAQUE = 0x0f,
};

enum json_literal {
    JSON_NULL = 0x00,
    JSON_TRUE = 0x01,
    JSON_FALSE = 0x02,
};

struct json_view {
    uint8_t type;        /* enum json_type */
    uint8_t opaque_type; /* enum column_type, of JSON_OPAQUE */
    uint8_t literal;     /* enum json_literal, of JSON_LITERAL */
    uint32_t count;      /* elements of a container */
    struct span bytes;   /* a container's whole bytes; a string's or opaque value's content */
    union {
        int64_t i; /* INT16..INT64 */
        uint64_t u;
        double d;
    };
};

static inline bool json_is_object(uint8_t type)
{
    return type == JSON_SMALL_OBJECT || type == JSON_LARGE_OBJECT;
}

static inline bool json_is_array(uint8_t type)
{
    return type == JSON_SMALL_ARRAY || type == JSON_LARGE_ARRAY;
}

/* The document's outermost value. E_PROTO. */
MUST_CHECK bool json_view_document(struct span binary, struct json_view *ret_view, struct err *err);

/* Element n of a container; the key is empty for arrays. E_PROTO. */
MUST_CHECK bool json_view_element(const struct json_view *container, uint32_t n,
                                  struct span *ret_key, struct json_view *ret_view,
                                  struct err *err);

/* MySQL's text of a value that is no container. E_PROTO for malformed opaque values. */
MUST_CHECK bool json_write_scalar(struct buf *buf, const struct json_view *view, struct err *err);

/* MySQL's text of any value, which stands at that depth of a document; the outermost is at 1. */
MUST_CHECK bool json_write_view(struct buf *buf, const struct json_view *view, unsigned depth,
                                struct err *err);

/*
 * MySQL's text of a whole document. E_PROTO when it is malformed, E_LIMIT when it is nested too
 * deeply or shows more values or text than its bytes can hold.
 */
MUST_CHECK bool json_write_text(struct buf *buf, struct span binary, struct err *err);
