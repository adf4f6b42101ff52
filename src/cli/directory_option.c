#include "cli/directory_option.h"

#include "base/mem.h"

#include <stdlib.h>

char *directory_option(const char *value)
{
    const char *own = getenv("BOREALIS_DIR");
    const char *xdg = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");

    if (value)
        return mem_strdup(value);
    if (own && *own)
        return mem_strdup(own);
    if (xdg && *xdg)
        return mem_printf("%s/borealis", xdg);
    return mem_printf("%s/.local/share/borealis", home ? home : "");
}
