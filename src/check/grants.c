#include "check/grants.h"

#include <ctype.h>
#include <strings.h>

static bool starts(struct span text, const char *with)
{
    size_t len = strlen(with);

    return text.len >= len && strncasecmp((const char *)text.data, with, len) == 0;
}

static struct span after(struct span text, size_t n)
{
    return span_of(text.data + n, text.len - n);
}

/* Where `what` begins in the text; its length when it does not. */
static size_t find(struct span text, const char *what)
{
    for (size_t i = 0; i < text.len; i++) {
        if (starts(after(text, i), what))
            return i;
    }
    return text.len;
}

static void add(struct grants *grants, struct span name)
{
    size_t used = strlen(grants->globals);

    while (name.len && name.data[0] == ' ')
        name = after(name, 1);
    while (name.len && name.data[name.len - 1] == ' ')
        name.len--;
    if (name.len == 0 || used + name.len + 3 > sizeof grants->globals)
        return;
    if (used == 0)
        grants->globals[used++] = ',';
    for (size_t i = 0; i < name.len; i++)
        grants->globals[used++] = (char)toupper(name.data[i]);
    grants->globals[used++] = ',';
    grants->globals[used] = '\0';
}

void grants_take(struct grants *grants, struct span line)
{
    size_t on;
    struct span names;

    /* A line that begins with a name in quotes grants a role. */
    if (!starts(line, "GRANT ") || line.len == 6 || strchr("`'\"", line.data[6]))
        return;
    line = after(line, 6);
    on = find(line, " ON ");
    if (on == line.len || !starts(after(line, on), " ON *.* TO "))
        return;
    names = span_of(line.data, on);
    line = after(line, on);
    grants->requires_tls |=
        find(line, " REQUIRE ") < line.len && find(line, " REQUIRE NONE") == line.len;
    while (names.len) {
        const uint8_t *comma = memchr(names.data, ',', names.len);
        size_t len = comma ? (size_t)(comma - names.data) : names.len;

        if (starts(names, "ALL PRIVILEGES"))
            grants->all = true;
        add(grants, span_of(names.data, len));
        names = after(names, comma ? len + 1 : len);
    }
}

static bool has_one(const struct grants *grants, const char *name, size_t len)
{
    for (const char *at = grants->globals; (at = strchr(at, ',')) != NULL; at++) {
        if (strncmp(at + 1, name, len) == 0 && at[1 + len] == ',')
            return true;
    }
    return false;
}

bool grants_has(const struct grants *grants, const char *privileges)
{
    if (grants->all)
        return true;
    for (const char *name = privileges;; name++) {
        size_t len = strcspn(name, "|");

        if (has_one(grants, name, len))
            return true;
        name += len;
        if (*name == '\0')
            return false;
    }
}
