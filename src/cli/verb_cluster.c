#include "cli/cluster_call.h"
#include "cli/cluster_text.h"
#include "cli/directory_option.h"
#include "cli/verb.h"

/* Prints one array of the answer, an element a line, or with --json all of it. */
static int show_list(const struct verb *verb, const char *const *values, const char *request,
                     json_t *arguments, const char *key, void (*print)(const json_t *))
{
    json_t *answer = NULL;
    json_t *one;
    size_t i;
    int status = cluster_call(verb, values, request, arguments, &answer);

    if (status != EXIT_OK)
        return status;
    if (verb_value(verb, values, "json")) {
        cluster_call_print(answer);
    } else {
        json_array_foreach(json_object_get(answer, key), i, one)
        {
            print(one);
        }
    }
    json_decref(answer);
    return EXIT_OK;
}

static int run_list(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return show_list(verb, values, "cluster-list", json_object(), "clusters",
                     cluster_text_print_line);
}

static int run_events(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    json_t *arguments = json_object();
    const char *name = NULL;

    if (argc > 0 && cluster_call_name(verb, argc, argv, &name) != EXIT_OK) {
        json_decref(arguments);
        return EXIT_USAGE;
    }
    if (argc > 0)
        (void)json_object_set_new(arguments, "name", json_string(name));
    return show_list(verb, values, "cluster-events", arguments, "events", cluster_text_print_event);
}

static int run_describe(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    json_t *answer = NULL;
    const char *name = NULL;
    int status = cluster_call_name(verb, argc, argv, &name);

    if (status == EXIT_OK)
        status = cluster_call(verb, values, "cluster-describe", json_pack("{s:s}", "name", name),
                              &answer);
    if (status != EXIT_OK)
        return status;
    if (verb_value(verb, values, "json"))
        cluster_call_print(json_object_get(answer, "cluster"));
    else
        cluster_text_print(json_object_get(answer, "cluster"));
    json_decref(answer);
    return EXIT_OK;
}

static int run_reboot(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    const char *name = NULL;
    int status = cluster_call_name(verb, argc, argv, &name);

    if (status == EXIT_OK)
        status = cluster_call_settled(verb, values, "cluster-reboot", name,
                                      json_pack("{s:s}", "name", name));
    return status;
}

static int run_delete(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    const char *confirm = verb_value(verb, values, "confirm");
    json_t *answer = NULL;
    const char *name = NULL;
    int status = cluster_call_name(verb, argc, argv, &name);

    if (status != EXIT_OK)
        return status;
    if (!confirm)
        return verb_usage_error(verb,
                                "all data of the cluster go: say its name once more with "
                                "--confirm %s",
                                name);
    status = cluster_call(verb, values, "cluster-delete",
                          json_pack("{s:s, s:s}", "name", name, "confirm", confirm), &answer);
    if (status != EXIT_OK)
        return status;
    if (verb_value(verb, values, "json"))
        cluster_call_print(json_object_get(answer, "cluster"));
    json_decref(answer);
    return verb_value(verb, values, "no-wait") ? EXIT_OK : cluster_call_gone(verb, values, name);
}

const struct verb verb_cluster_list = {
    .name = "cluster list",
    .arguments = "",
    .summary = "List the clusters of a directory",
    .details = "A line for each: name, state, endpoint, sessions, engine. Engines are not asked.",
    .options = {DIR_OPTION, JSON_OPTION},
    .run = run_list,
};

const struct verb verb_cluster_describe = {
    .name = "cluster describe",
    .arguments = "NAME",
    .summary = "Show one cluster, its endpoint, its engine and its replication",
    .details = "Read-only; the same as 'borealis status' shows of it.",
    .options = {DIR_OPTION, JSON_OPTION},
    .run = run_describe,
};

const struct verb verb_cluster_reboot = {
    .name = "cluster reboot",
    .arguments = "NAME",
    .summary = "Stop the engine of a cluster cleanly and start it again",
    .details = "The endpoint goes on listening; sessions end with the engine. A cluster that has "
               "failed is started at once. Waits until it is available.",
    .options = {DIR_OPTION, NO_WAIT_OPTION, JSON_OPTION},
    .run = run_reboot,
};

const struct verb verb_cluster_delete = {
    .name = "cluster delete",
    .arguments = "NAME",
    .summary = "Delete a cluster and all its data",
    .details = "Ends the engine at once and removes everything of the cluster: data, binary logs, "
               "passwords, certificates. There is no way back. What a crash interrupts is brought "
               "to its end by the next start. Its events stay.",
    .options = {DIR_OPTION,
                {"confirm", "NAME", "The name once more; without it nothing is deleted."},
                NO_WAIT_OPTION,
                JSON_OPTION},
    .run = run_delete,
};

const struct verb verb_cluster_events = {
    .name = "cluster events",
    .arguments = "[NAME]",
    .summary = "Show what has happened to a cluster, or to all",
    .details = "The newest 1000 of the last 14 days, oldest first, also of clusters that were "
               "deleted; with the texts, categories and ids (--json) that RDS has for them. Times "
               "are UTC.",
    .options = {DIR_OPTION, JSON_OPTION},
    .run = run_events,
};

static const struct verb *const cluster_verbs[] = {
    &verb_cluster_create, &verb_cluster_list,       &verb_cluster_describe,
    &verb_cluster_modify, &verb_cluster_reboot,     &verb_cluster_delete,
    &verb_cluster_events, &verb_cluster_parameters, NULL};

const struct verb verb_cluster = {
    .name = "cluster",
    .arguments = "VERB [options]",
    .summary = "Create, list, describe, modify, reboot and delete clusters of a daemon",
    .details = "'borealis serve' makes one cluster, borealis, in a directory that has none; here "
               "more are made, each with an engine, an endpoint and accounts of its own. All ask "
               "the daemon that serves the directory, and exit with status 3 when none does. A "
               "name has 1 to 63 letters, digits and hyphens.",
    .verbs = cluster_verbs,
};
