/*
 * Fuzz target: the values of parameters: a name, a NUL, a value. What is taken is taken again as it
 * is kept, and may stand in an option file and in a statement; what is refused leaves its output
 * alone.
 */
#include "cluster/parameter_set.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* The text has no byte that would end the place it stands in. */
static void require_safe(const char *text)
{
    require(!strpbrk(text, "\"'\\\n\r"));
}

static void try_value(size_t index, unsigned version, const char *text)
{
    char kept[PARAMETER_VALUE_MAX] = "untouched";
    char again[PARAMETER_VALUE_MAX];
    struct err err = {0};
    struct parameter_set *set;
    struct buf buf;

    if (!parameter_check(&parameters[index], text, kept, &err)) {
        require(err.class == E_USAGE && strcmp(kept, "untouched") == 0);
        return;
    }
    require_safe(kept);
    require(parameter_check(&parameters[index], kept, again, &err) && strcmp(kept, again) == 0);
    set = parameter_set_new(version);
    parameter_set_put(set, index, kept);
    require(parameter_set_check(set, &err) || err.class == E_USAGE);
    buf_init(&buf, 1u << 20);
    parameter_set_render(set, &buf);
    (void)parameter_set_statement(set, index, &buf);
    require(buf_ok(&buf));
    buf_done(&buf);
    parameter_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX];
    struct err err = {0};
    const char *value;

    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    value = strlen(text) < size ? text + strlen(text) + 1 : "";
    for (unsigned version = 2; version <= 3; version++) {
        size_t index = SIZE_MAX;

        if (parameter_find(text, version, PARAMETER_OF_CLUSTER, &index, &err) ||
            parameter_find(text, version, PARAMETER_OF_INSTANCE, &index, &err))
            try_value(index, version, value);
        else
            require(index == SIZE_MAX && err.class == E_USAGE);
    }
    return 0;
}
