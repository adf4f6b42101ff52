/*
 * A relay's configuration file, as any text: items lie behind each other, and a value that a
 * section takes or refuses leaves nothing behind.
 */
#include "base/ini.h"
#include "daemon/relay_config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void copy(char *into, size_t max, struct span text)
{
    size_t n = text.len < max - 1 ? text.len : max - 1;

    if (n > 0)
        memcpy(into, text.data, n);
    into[n] = '\0';
}

static void feed(struct relay_config *config, const struct ini_item *item)
{
    char word[4096];
    char text[4096];
    struct err err = {0};

    if (item->kind == INI_SECTION) {
        copy(word, sizeof word, item->word);
        copy(text, sizeof text, item->name);
        if (!relay_config_begin(config, word, text, &err))
            require(err.class == E_USAGE || err.class == E_LIMIT);
    } else {
        copy(text, sizeof text, item->value);
        if (!relay_config_set(config, item->key, text, &err))
            require(err.class == E_USAGE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ini ini = ini_of(span_of(data, size));
    struct relay_config *config = relay_config_new();
    struct ini_item item = {.kind = INI_VALUE};
    unsigned line = 0;
    struct err err;

    while (item.kind != INI_END && ini_next(&ini, &item, &err)) {
        require(ini.line > line || item.kind == INI_END);
        line = ini.line;
        require(item.value.len == 0 ||
                (item.value.data >= data && item.value.data + item.value.len <= data + size));
        if (item.kind != INI_END)
            feed(config, &item);
    }
    relay_config_free(config);
    return 0;
}
