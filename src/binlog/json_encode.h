/*
 * MySQL's binary JSON, written: the bytes that MySQL 9.7 stores for a document's text; what they
 * are says json_binary.h.
 *
 * As in the server each container has the small form if that takes 64 KB at most, and each number
 * the smallest type of its kind: INT16, INT32 and INT64 for whole numbers below 2^32 and negative
 * ones, UINT64 above, DOUBLE for those with a point or an exponent. No state, any thread.
 */
#pragma once

#include "base/buf.h"

/*
 * Appends the document. E_PROTO when the text is no JSON that MySQL takes, with the offset; E_LIMIT
 * when it is nested too deeply, a key has more than 65535 bytes, or buf's maximum is reached; then
 * nothing is appended. Memory beside buf's is bounded as json_text_parse() says.
 */
MUST_CHECK bool json_encode_text(struct buf *buf, struct span text, struct err *err);
