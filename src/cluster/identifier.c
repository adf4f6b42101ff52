#include "cluster/identifier.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX (IDENTIFIER_MAX + 1)

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_good(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > IDENTIFIER_MAX || !is_letter(*text) || text[len - 1] == '-')
        return false;
    for (const char *at = text; *at; at++) {
        if (!is_letter(*at) && (*at < '0' || *at > '9') && *at != '-')
            return false;
        if (at[0] == '-' && at[1] == '-')
            return false;
    }
    return true;
}

bool identifier_parse(const char *text, char ret_name[IDENTIFIER_MAX + 1], struct err *err)
{
    if (!is_good(text))
        return err_set(err, E_USAGE, 0,
                       "cluster name '%.*s': expected 1 to %d letters, digits and hyphens, a "
                       "letter first, no hyphen at the end and no two in a row",
                       SHOWN_MAX, text, IDENTIFIER_MAX);
    for (size_t i = 0; i <= strlen(text); i++)
        ret_name[i] = (char)tolower((unsigned char)text[i]);
    return true;
}

void identifier_number(const char *cluster, unsigned number, char name[IDENTIFIER_MAX + 1])
{
    char suffix[16];
    int suffix_len = snprintf(suffix, sizeof suffix, "-%u", number);
    int len = (int)strlen(cluster);

    if (len > IDENTIFIER_MAX - suffix_len)
        len = IDENTIFIER_MAX - suffix_len;
    while (cluster[len - 1] == '-')
        len--;
    (void)snprintf(name, IDENTIFIER_MAX + 1, "%.*s%s", len, cluster, suffix);
}
