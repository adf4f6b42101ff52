/* How keys of collations are told apart: names on standard input, each with its kind behind it. */
#include "translation/key_collation.h"

#include <stdio.h>

int main(void)
{
    static const char *const kinds[] = {
        [KEY_COLLATION_BYTES] = "bytes",
        [KEY_COLLATION_PADDED] = "padded",
        [KEY_COLLATION_FOLDED] = "folded",
        [KEY_COLLATION_UNKNOWN] = "unknown",
    };
    char name[256];

    while (scanf("%255s", name) == 1)
        (void)printf("%s %s\n", name, kinds[key_collation_of(span_str(name))]);
    return 0;
}
