#include "cli/directory_option.h"
#include "cli/parameter_group_call.h"
#include "cli/verb.h"

#include <string.h>

/* One word, NAME=VALUE or NAME, as an element of a request's "parameters". */
static json_t *json_change(const char *word, bool with_value)
{
    const char *equals = strchr(word, '=');

    if (!with_value)
        return json_pack("{s:s}", "name", word);
    return json_pack("{s:s%, s:s}", "name", word, (size_t)(equals - word), "value", equals + 1);
}

static int add_changes(const struct verb *verb, int argc, char **argv, bool with_value,
                       json_t *arguments)
{
    json_t *list = json_array();

    (void)json_object_set_new(arguments, "parameters", list);
    for (int i = 0; i < argc; i++) {
        json_t *one;

        if (with_value && !strchr(argv[i], '='))
            return verb_usage_error(verb, "expected PARAMETER=VALUE, found '%.64s'", argv[i]);
        one = json_change(argv[i], with_value);
        if (!one)
            return verb_usage_error(verb, "expected parameters in UTF-8");
        (void)json_array_append_new(list, one);
    }
    return EXIT_OK;
}

static int run_modify(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    const char *method = verb_value(verb, values, "apply-method");
    json_t *arguments = NULL;
    int status;

    if (argc < 2)
        return verb_usage_error(verb,
                                "expected the name of a parameter group and "
                                "PARAMETER=VALUE, found %d arguments",
                                argc);
    if (method && strcmp(method, "immediate") != 0 && strcmp(method, "pending-reboot") != 0)
        return verb_usage_error(
            verb, "--apply-method: expected immediate or pending-reboot, found '%.64s'", method);
    status = parameter_group_arguments(verb, values, 1, argv, &arguments);
    if (status != EXIT_OK)
        return status;
    status = add_changes(verb, argc - 1, argv + 1, true, arguments);
    if (status != EXIT_OK) {
        json_decref(arguments);
        return status;
    }
    if (method)
        (void)json_object_set_new(arguments, "apply_method", json_string(method));
    return parameter_group_call(verb, values, "parameter-group-modify", arguments);
}

static int run_reset(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    bool all = verb_value(verb, values, "all") != NULL;
    json_t *arguments = NULL;
    int status;

    if (all ? argc != 1 : argc < 2)
        return verb_usage_error(verb,
                                "expected the name of a parameter group, and parameters or --all, "
                                "found %d arguments%s",
                                argc, all ? " and --all" : "");
    status = parameter_group_arguments(verb, values, 1, argv, &arguments);
    if (status != EXIT_OK)
        return status;
    status = add_changes(verb, argc - 1, argv + 1, false, arguments);
    if (status != EXIT_OK) {
        json_decref(arguments);
        return status;
    }
    (void)json_object_set_new(arguments, "all", json_boolean(all));
    return parameter_group_call(verb, values, "parameter-group-reset", arguments);
}

const struct verb verb_parameter_group_modify = {
    .name = "parameter-group modify",
    .arguments = "NAME PARAMETER=VALUE...",
    .summary = "Change parameters of a group",
    .details = "All of them or, when one is wrong, none. Clusters that use the group take up "
               "dynamic parameters at once; the others, and those changed with --apply-method "
               "pending-reboot, when they are rebooted. Waits until that is done.",
    .options = {DIR_OPTION,
                INSTANCE_OPTION,
                {"apply-method", "METHOD",
                 "immediate, for dynamic parameters only, or pending-reboot; when nothing is "
                 "given, each as soon as it can be."},
                NO_WAIT_OPTION,
                JSON_OPTION},
    .run = run_modify,
};

const struct verb verb_parameter_group_reset = {
    .name = "parameter-group reset",
    .arguments = "NAME [PARAMETER...]",
    .summary = "Give parameters of a group their defaults again",
    .details = "Clusters that use the group take up dynamic parameters at once, the others when "
               "they are rebooted. Waits until that is done.",
    .options = {DIR_OPTION,
                INSTANCE_OPTION,
                {"all", NULL, "All that the group sets."},
                NO_WAIT_OPTION,
                JSON_OPTION},
    .run = run_reset,
};
