#include "daemon/config_key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535

const struct config_key *config_key_find(const struct config_key *keys, const char *name)
{
    for (; keys->name; keys++) {
        if (strcmp(keys->name, name) == 0)
            return keys;
    }
    return NULL;
}

static void *field(const struct config_key *key, void *object)
{
    return (char *)object + key->offset;
}

bool config_take_text(const struct config_key *key, void *object, struct arena *arena,
                      const char *text, struct err *err)
{
    if (*text == '\0')
        return err_set(err, E_USAGE, 0, "expected %s, found nothing", key->argument);
    *(const char **)field(key, object) = arena_strdup(arena, text);
    return true;
}

bool config_take_path(const struct config_key *key, void *object, struct arena *arena,
                      const char *text, struct err *err)
{
    return config_take_text(key, object, arena, text, err);
}

bool config_take_flag(const struct config_key *key, void *object, struct arena *arena,
                      const char *text, struct err *err)
{
    bool on = strcmp(text, "on") == 0;

    (void)arena;
    if (!on && strcmp(text, "off") != 0)
        return err_set(err, E_USAGE, 0, "expected on or off, found '%s'", text);
    *(bool *)field(key, object) = on;
    return true;
}

bool config_parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number)
{
    unsigned long long number;
    char *end = NULL;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (*end != '\0' || errno != 0 || number < least || number > most)
        return false;
    *ret_number = number;
    return true;
}

bool config_take_number(const struct config_key *key, void *object, struct arena *arena,
                        const char *text, struct err *err)
{
    (void)arena;
    if (config_parse_number(text, key->least, key->most, (uint64_t *)field(key, object)))
        return true;
    return err_set(err, E_USAGE, 0, "expected %" PRIu64 " to %" PRIu64 ", found '%s'", key->least,
                   key->most, text);
}

bool config_take_size(const struct config_key *key, void *object, struct arena *arena,
                      const char *text, struct err *err)
{
    static const char units[] = "KMGT";
    size_t length = strlen(text);
    const char *unit = length > 0 ? strchr(units, text[length - 1]) : NULL;
    unsigned shift = unit && *unit ? (unsigned)(unit - units + 1) * 10 : 0;
    char *digits = arena_strdup(arena, text);
    uint64_t number;

    if (shift > 0)
        digits[length - 1] = '\0';
    if (config_parse_number(digits, 0, key->most >> shift, &number) &&
        number << shift >= key->least) {
        *(uint64_t *)field(key, object) = number << shift;
        return true;
    }
    return err_set(err, E_USAGE, 0,
                   "expected %" PRIu64 " to %" PRIu64 " bytes, as 512M or 10G, found '%s'",
                   key->least, key->most, text);
}

bool config_parse_host(const char *text, struct arena *arena, const char **ret_host,
                       uint16_t *ret_port)
{
    bool bracket = *text == '[';
    const char *host = text + bracket;
    const char *end = bracket ? strchr(text, ']') : strrchr(text, ':');
    const char *port = end;
    uint64_t number;

    if (bracket) {
        if (!end || (end[1] != '\0' && end[1] != ':'))
            return false;
        port = end[1] == ':' ? end + 1 : NULL;
    }
    if (!end)
        end = text + strlen(text);
    if (end == host)
        return false;
    if (port) {
        if (!config_parse_number(port + 1, 1, PORT_MAX, &number))
            return false;
        *ret_port = (uint16_t)number;
    }
    *ret_host = arena_printf(arena, "%.*s", (int)(end - host), host);
    return true;
}
