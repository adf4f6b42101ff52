#include "check/support.h"

#include <stddef.h>

struct series {
    enum format_family family;
    uint32_t number; /* major * 100 + minor */
    const char *end;
    bool tested;
};

static const struct series known[] = {
    {FORMAT_MYSQL, 505, "2018-12-31", false},    {FORMAT_MYSQL, 506, "2021-02-28", true},
    {FORMAT_MYSQL, 507, "2023-10-31", false},    {FORMAT_MYSQL, 800, "2026-04-30", false},
    {FORMAT_MYSQL, 804, "2032-04-30", false},    {FORMAT_MYSQL, 907, NULL, true},
    {FORMAT_MARIADB, 505, "2020-04-11", false},  {FORMAT_MARIADB, 1000, "2019-03-31", false},
    {FORMAT_MARIADB, 1001, "2020-10-17", false}, {FORMAT_MARIADB, 1002, "2022-05-23", false},
    {FORMAT_MARIADB, 1003, "2023-05-25", false}, {FORMAT_MARIADB, 1004, "2024-06-18", false},
    {FORMAT_MARIADB, 1005, "2025-06-24", false}, {FORMAT_MARIADB, 1006, "2026-07-06", false},
    {FORMAT_MARIADB, 1011, "2028-02-16", true},  {FORMAT_MARIADB, 1104, "2029-05-29", false},
    {FORMAT_MARIADB, 1108, "2028-06-04", true},
};

static const struct series *find(enum format_family family, uint32_t version)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].family == family && known[i].number == version / 100)
            return &known[i];
    }
    return NULL;
}

const char *support_end(enum format_family family, uint32_t version)
{
    const struct series *series = find(family, version);

    return series ? series->end : NULL;
}

bool support_is_tested(enum format_family family, uint32_t version)
{
    const struct series *series = find(family, version);

    return series && series->tested;
}
