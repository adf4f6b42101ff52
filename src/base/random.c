#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *into, size_t n)
{
    uint8_t *next = into;

    while (n > 0) {
        ssize_t got = getrandom(next, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            (void)fputs("borealis: the kernel gives no random bytes\n", stderr);
            abort();
        }
        next += got;
        n -= (size_t)got;
    }
}

uint32_t random_u32(void)
{
    uint32_t value;

    random_bytes(&value, sizeof value);
    return value;
}

void random_password(char *into, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const uint8_t choices = sizeof letters - 1;

    for (size_t i = 0; i < n;) {
        uint8_t byte;

        random_bytes(&byte, 1);
        /* Bytes past the greatest multiple would favour the first letters. */
        if (byte < 256 / choices * choices)
            into[i++] = letters[byte % choices];
    }
    into[n] = 0;
}
