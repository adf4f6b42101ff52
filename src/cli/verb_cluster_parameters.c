#include "cli/cluster_call.h"
#include "cli/directory_option.h"
#include "cli/parameter_text.h"
#include "cli/verb.h"

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    json_t *answer = NULL;
    const char *name = NULL;
    int status = cluster_call_name(verb, argc, argv, &name);

    if (status == EXIT_OK)
        status = cluster_call(verb, values, "cluster-parameters", json_pack("{s:s}", "name", name),
                              &answer);
    if (status != EXIT_OK)
        return status;
    if (verb_value(verb, values, "json"))
        cluster_call_print(answer);
    else
        parameter_text_print(json_object_get(answer, "parameters"),
                             !verb_value(verb, values, "changed"));
    json_decref(answer);
    return EXIT_OK;
}

const struct verb verb_cluster_parameters = {
    .name = "cluster parameters",
    .arguments = "NAME",
    .summary = "Show the parameters that a cluster runs with",
    .details =
        "A line for each: name, the value in force, who has set it (user: a parameter group; "
        "system: Borealis; engine-default), whether it is dynamic or static, and the value "
        "that a reboot brings. --json says more: the allowed values, the engine's variable, "
        "what the parameter does here. doc/parameters.md has them all.",
    .options = {DIR_OPTION,
                {"changed", NULL, "Only those that a group sets, or that wait for a reboot."},
                JSON_OPTION},
    .run = run,
};
