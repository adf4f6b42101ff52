#include "cli/cluster_call.h"
#include "cli/directory_option.h"
#include "cli/parameter_group_call.h"
#include "cli/parameter_text.h"
#include "cli/verb.h"

static int run_list(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    json_t *answer = NULL;
    json_t *one;
    size_t i;
    int status;

    (void)argv;
    if (argc > 0)
        return verb_usage_error(verb, "expected no arguments, found %d", argc);
    status = cluster_call(verb, values, "parameter-group-list", json_object(), &answer);
    if (status != EXIT_OK)
        return status;
    if (verb_value(verb, values, "json")) {
        cluster_call_print(answer);
    } else {
        json_array_foreach(json_object_get(answer, "groups"), i, one)
        {
            parameter_text_print_group(one);
        }
    }
    json_decref(answer);
    return EXIT_OK;
}

static int run_describe(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    json_t *arguments = NULL;
    json_t *answer = NULL;
    json_t *group;
    int status = parameter_group_arguments(verb, values, argc, argv, &arguments);

    if (status == EXIT_OK)
        status = cluster_call(verb, values, "parameter-group-describe", arguments, &answer);
    if (status != EXIT_OK)
        return status;
    group = json_object_get(answer, "group");
    if (verb_value(verb, values, "json")) {
        cluster_call_print(group);
    } else {
        parameter_text_print_group(group);
        parameter_text_print(json_object_get(group, "parameters"),
                             !verb_value(verb, values, "changed"));
    }
    json_decref(answer);
    return EXIT_OK;
}

/* What makes or removes a group: a request with the name and texts of options. */
static int run_one(const struct verb *verb, const char *const *values, int argc, char **argv,
                   const char *request, const char *const *options)
{
    json_t *arguments = NULL;
    int status = parameter_group_arguments(verb, values, argc, argv, &arguments);

    for (; status == EXIT_OK && *options; options++) {
        const char *value = verb_value(verb, values, *options);
        json_t *text = value ? json_string(value) : NULL;

        if (text)
            (void)json_object_set_new(arguments, *options, text);
        else if (value)
            status = verb_usage_error(verb, "--%s: expected text in UTF-8", *options);
    }
    if (status == EXIT_OK)
        return parameter_group_call(verb, values, request, arguments);
    json_decref(arguments);
    return status;
}

static int run_create(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    static const char *const options[] = {"family", "description", NULL};

    if (!verb_value(verb, values, "family"))
        return verb_usage_error(verb,
                                "expected --family aurora-mysql5.7 or aurora-mysql8.0, found none");
    return run_one(verb, values, argc, argv, "parameter-group-create", options);
}

static int run_copy(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    static const char *const options[] = {"to", "description", NULL};

    if (!verb_value(verb, values, "to"))
        return verb_usage_error(verb, "expected the new group's name in --to, found none");
    return run_one(verb, values, argc, argv, "parameter-group-copy", options);
}

static int run_delete(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    static const char *const options[] = {NULL};

    return run_one(verb, values, argc, argv, "parameter-group-delete", options);
}

const struct verb verb_parameter_group_list = {
    .name = "parameter-group list",
    .arguments = "",
    .summary = "List the parameter groups",
    .details = "A line for each: name, kind, family, and the clusters that use it.",
    .options = {DIR_OPTION, JSON_OPTION},
    .run = run_list,
};

const struct verb verb_parameter_group_describe = {
    .name = "parameter-group describe",
    .arguments = "NAME",
    .summary = "Show the parameters of a group",
    .details = "A line for each: name, value, who has set it, and whether it is dynamic or static; "
               "--json has the allowed values and what the parameter does here.",
    .options = {DIR_OPTION,
                INSTANCE_OPTION,
                {"changed", NULL, "Only those that the group sets."},
                JSON_OPTION},
    .run = run_describe,
};

const struct verb verb_parameter_group_create = {
    .name = "parameter-group create",
    .arguments = "NAME",
    .summary = "Create a parameter group with the defaults of a family",
    .details = "The family is the compatibility of the clusters that may use the group: "
               "aurora-mysql5.7 of 2, aurora-mysql8.0 of 3. A name has 1 to 255 letters, digits "
               "and hyphens.",
    .options = {DIR_OPTION,
                INSTANCE_OPTION,
                {"family", "FAMILY", "aurora-mysql5.7 or aurora-mysql8.0."},
                {"description", "TEXT", "What it is for."},
                JSON_OPTION},
    .run = run_create,
};

const struct verb verb_parameter_group_copy = {
    .name = "parameter-group copy",
    .arguments = "NAME",
    .summary = "Create a parameter group with the values of another one",
    .details = "Of the same kind and family. A default group can be copied, too.",
    .options = {DIR_OPTION,
                INSTANCE_OPTION,
                {"to", "NAME", "The new group."},
                {"description", "TEXT", "What it is for."},
                JSON_OPTION},
    .run = run_copy,
};

const struct verb verb_parameter_group_delete = {
    .name = "parameter-group delete",
    .arguments = "NAME",
    .summary = "Delete a parameter group",
    .details = "Refused while a cluster uses it, and for default groups.",
    .options = {DIR_OPTION, INSTANCE_OPTION, JSON_OPTION},
    .run = run_delete,
};

static const struct verb *const group_verbs[] = {
    &verb_parameter_group_create, &verb_parameter_group_copy,
    &verb_parameter_group_list,   &verb_parameter_group_describe,
    &verb_parameter_group_modify, &verb_parameter_group_reset,
    &verb_parameter_group_delete, NULL};

const struct verb verb_parameter_group = {
    .name = "parameter-group",
    .arguments = "VERB [options]",
    .summary = "Create, change and delete the parameter groups of a daemon's clusters",
    .details = "A cluster runs with a DB cluster parameter group and, for its instances, a DB "
               "parameter group (--instance), whose values win. The default groups, "
               "default.aurora-mysql5.7 and default.aurora-mysql8.0, are the same for all and can "
               "not be changed. All verbs ask the daemon that serves the directory, and exit with "
               "status 3 when none does. doc/parameters.md lists the parameters.",
    .verbs = group_verbs,
};
