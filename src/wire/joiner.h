/*
 * struct joiner: makes payloads of the packets that arrive, in place, in a window that the caller
 * fills.
 *
 * A payload in one packet is borrowed from the window as it is; of a longer one the inner headers
 * are taken out as they come, which moves what lies behind them: a caller that reads no further
 * than asked for moves nothing. Owns nothing, does no I/O. One direction of one connection.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "wire/packet.h"

struct joiner {
    size_t payload_max; /* bytes */
    size_t joined;      /* bytes of the payload that stand without headers between them */
    uint8_t sequence;   /* that the next packet must have */
    bool any_sequence;  /* inside compressed frames the inner numbers mean nothing */
};

void joiner_init(struct joiner *joiner, size_t payload_max);

enum joiner_step {
    JOINER_NEED,  /* the window must be *ret_need bytes long */
    JOINER_WHOLE, /* *ret_payload is borrowed from the window; drop *ret_need bytes of it after */
    JOINER_BAD,   /* err is set: E_PROTO for a number out of order, E_LIMIT for the size */
};

/*
 * bytes[0] is the first header's first byte until the payload was given. *len is how many bytes
 * are there, and shrinks when a header is taken out.
 */
enum joiner_step joiner_step(struct joiner *joiner, uint8_t *bytes, size_t *len, size_t *ret_need,
                             struct span *ret_payload, struct err *err);
