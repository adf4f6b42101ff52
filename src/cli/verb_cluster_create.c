#include "cli/cluster_call.h"
#include "cli/cluster_options.h"
#include "cli/directory_option.h"
#include "cli/verb.h"

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    json_t *arguments = NULL;
    const char *name = NULL;
    int status = cluster_call_name(verb, argc, argv, &name);

    if (status == EXIT_OK)
        status = cluster_options_read(verb, values, name, &arguments);
    if (status == EXIT_OK)
        status = cluster_call_settled(verb, values, "cluster-create", name, arguments);
    return status;
}

const struct verb verb_cluster_create = {
    .name = "cluster create",
    .arguments = "NAME",
    .summary = "Create a cluster and wait until it is available",
    .details = "Takes some seconds. What a crash interrupts is begun anew by the next start; a "
               "cluster that can not be made is 'failed' and tried again until it is deleted.",
    .options =
        {DIR_OPTION,
         {"engine", "NAME|DIR",
          "The engine: a server fetched by tools/fetch-server (mariadb-10.11 when nothing is "
          "given), or the prefix of any MariaDB 10.11 or later."},
         LISTEN_OPTION,
         PORT_OPTION,
         READER_LISTEN_OPTION,
         READER_PORT_OPTION,
         INSTANCE_LISTEN_OPTION,
         INSTANCE_PORT_OPTION,
         REQUIRE_TLS_OPTION,
         CLIENT_NETWORKS_OPTION,
         PARAMETER_GROUP_OPTION,
         INSTANCE_PARAMETER_GROUP_OPTION,
         {"compatibility", "2|3",
          "The version of Aurora MySQL that the cluster speaks as (@@aurora_version); 3 when "
          "nothing is given. With 2 it takes accounts of the source that it replicates from. It "
          "stays."},
         NO_WAIT_OPTION,
         JSON_OPTION},
    .run = run,
};
