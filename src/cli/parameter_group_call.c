#include "cli/parameter_group_call.h"

int parameter_group_arguments(const struct verb *verb, const char *const *values, int argc,
                              char **argv, json_t **ret_arguments)
{
    json_t *arguments;

    if (argc != 1)
        return verb_usage_error(
            verb, "expected the name of one parameter group, found %d arguments", argc);
    arguments = json_pack("{s:s, s:b}", "name", argv[0], "instance",
                          verb_value(verb, values, "instance") != NULL);
    if (!arguments)
        return verb_usage_error(verb, "expected a name in UTF-8");
    *ret_arguments = arguments;
    return EXIT_OK;
}

int parameter_group_call(const struct verb *verb, const char *const *values, const char *request,
                         json_t *arguments)
{
    json_t *answer = NULL;
    const json_t *group;
    int status = cluster_call(verb, values, request, arguments, &answer);

    if (status != EXIT_OK)
        return status;
    group = json_object_get(answer, "group");
    if (verb_value(verb, values, "json"))
        cluster_call_print(group);
    if (!verb_value(verb, values, "no-wait"))
        status = cluster_call_wait(verb, values, json_object_get(group, "clusters"));
    json_decref(answer);
    return status;
}
