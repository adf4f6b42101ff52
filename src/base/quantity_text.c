#include "base/quantity_text.h"

#include <inttypes.h>
#include <stdio.h>

const char *quantity_size(char text[QUANTITY_MAX], uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes / 1024;
    unsigned unit = 0;

    if (bytes < 1024) {
        (void)snprintf(text, QUANTITY_MAX, "%" PRIu64 " B", bytes);
        return text;
    }
    for (; value >= 1000 && unit < 5; unit++)
        value /= 1024;
    (void)snprintf(text, QUANTITY_MAX, "%.*f %s", value < 100 ? 1 : 0, value, units[unit]);
    return text;
}

const char *quantity_duration(char text[QUANTITY_MAX], uint64_t seconds)
{
    if (seconds < 120)
        (void)snprintf(text, QUANTITY_MAX, "%" PRIu64 " s", seconds);
    else if (seconds < 7200)
        (void)snprintf(text, QUANTITY_MAX, "%" PRIu64 " min %" PRIu64 " s", seconds / 60,
                       seconds % 60);
    else if (seconds < 172800)
        (void)snprintf(text, QUANTITY_MAX, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600,
                       seconds / 60 % 60);
    else
        (void)snprintf(text, QUANTITY_MAX, "%" PRIu64 " d %" PRIu64 " h", seconds / 86400,
                       seconds / 3600 % 24);
    return text;
}
