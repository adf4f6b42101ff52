/*
 * A cluster's name, as any text: what is accepted is safe as the name of a directory, and reading
 * it again changes nothing; the name of each of its instances is one, too.
 */
#include "cluster/identifier.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void require_safe(const char *name)
{
    size_t len = strlen(name);

    require(len >= 1 && len <= IDENTIFIER_MAX);
    require(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len);
    require(name[0] >= 'a' && name[0] <= 'z' && name[len - 1] != '-' && !strstr(name, "--"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned numbers[] = {0, 1, 10, 4294967295u};
    char text[512];
    char name[IDENTIFIER_MAX + 1];
    char again[IDENTIFIER_MAX + 1];
    size_t n = size < sizeof text - 1 ? size : sizeof text - 1;
    struct err err;

    if (n > 0)
        memcpy(text, data, n);
    text[n] = '\0';
    if (!identifier_parse(text, name, &err)) {
        require(err.class == E_USAGE);
        return 0;
    }
    require_safe(name);
    require(identifier_parse(name, again, &err) && strcmp(name, again) == 0);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        identifier_number(name, numbers[i], again);
        require_safe(again);
    }
    return 0;
}
