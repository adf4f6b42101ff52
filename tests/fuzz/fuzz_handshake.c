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
        handshake_greeting_patch(copy, &parsed, CAP_COMPRESS | CAP_ZSTD);
        if (!handshake_greeting_parse(span_of(copy, payload.len), &parsed, &err) ||
            parsed.capabilities != (CAP_COMPRESS | CAP_ZSTD))
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
        handshake_response_patch(copy, parsed.capabilities & ~(uint32_t)CAP_COMPRESS, 45);
        if (!handshake_response_parse(span_of(copy, payload.len), &parsed, &err) ||
            (parsed.capabilities & CAP_COMPRESS) || parsed.collation != 45)
            abort();
        free(copy);
    }
}

static void change_user(struct span payload)
{
    struct handshake_change_user parsed;
    struct err err;

    if (handshake_change_user_parse(payload, &parsed, &err) && parsed.collation_at > 0) {
        uint8_t *copy = malloc(payload.len);

        memcpy(copy, payload.data, payload.len);
        handshake_change_user_patch(copy, &parsed, 45);
        if (!handshake_change_user_parse(span_of(copy, payload.len), &parsed, &err) ||
            parsed.collation != 45)
            abort();
        free(copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
        change_user(span_of(data + 1, size - 1));
    }
    return 0;
}
