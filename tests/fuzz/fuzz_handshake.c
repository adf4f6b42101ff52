/* The connection phase's parsers on any bytes: the first says which of them. */
#include "wire/handshake.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void greeting(struct span payload)
{
    struct handshake_greeting parsed;
    struct err err;

    if (handshake_greeting_parse(payload, &parsed, &err)) {
        uint8_t *copy = malloc(payload.len);

        memcpy(copy, payload.data, payload.len);
        handshake_greeting_mask(copy, &parsed, CAP_COMPRESS);
        if (!handshake_greeting_parse(span_of(copy, payload.len), &parsed, &err) ||
            (parsed.capabilities & CAP_COMPRESS))
            abort();
        free(copy);
    }
}

static void response(struct span payload)
{
    struct handshake_response parsed;
    struct err err;

    if (handshake_response_parse(payload, &parsed, &err)) {
        uint8_t *copy = malloc(payload.len);

        memcpy(copy, payload.data, payload.len);
        handshake_response_mask(copy, &parsed, CAP_COMPRESS);
        if (!handshake_response_parse(span_of(copy, payload.len), &parsed, &err) ||
            (parsed.capabilities & CAP_COMPRESS))
            abort();
        free(copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span user;
    struct err err;

    if (size == 0)
        return 0;
    switch (data[0] % 3) {
    case 0:
        greeting(span_of(data + 1, size - 1));
        break;
    case 1:
        response(span_of(data + 1, size - 1));
        break;
    default:
        (void)!handshake_change_user_parse(span_of(data + 1, size - 1), &user, &err);
    }
    return 0;
}
