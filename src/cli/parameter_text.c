#include "cli/parameter_text.h"

#include <stdio.h>
#include <string.h>

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value ? value : "-";
}

void parameter_text_print_group(const json_t *group)
{
    const json_t *clusters = json_object_get(group, "clusters");
    const json_t *name;
    size_t i;

    printf("%-30s  %-8s  %s", text(group, "name"), text(group, "kind"), text(group, "family"));
    json_array_foreach(clusters, i, name)
    {
        printf("%s%s", i > 0 ? ", " : "  used by ", json_string_value(name));
    }
    printf("\n");
}

void parameter_text_print(const json_t *parameters, bool all)
{
    const json_t *one;
    size_t i;

    json_array_foreach(parameters, i, one)
    {
        bool pending = json_is_true(json_object_get(one, "pending"));

        if (!all && !pending && strcmp(text(one, "source"), "user") != 0)
            continue;
        printf("%-52s  %-24s  %-14s  %s", text(one, "name"), text(one, "value"),
               text(one, "source"),
               json_is_true(json_object_get(one, "modifiable")) ? text(one, "apply_type")
                                                                : "not to be set");
        if (pending)
            printf("; %s after a reboot", text(one, "pending_value"));
        printf("\n");
    }
}
