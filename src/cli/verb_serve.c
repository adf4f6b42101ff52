#include "cli/cluster_options.h"
#include "cli/directory_option.h"
#include "cli/verb.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/config_key.h"
#include "daemon/serve.h"
#include "net/address.h"

#include <mysql.h>
#include <string.h>

#define ARENA_CAP (1u << 20) /* more than an argument may have */

static int read_metrics(const struct verb *verb, const char *text, struct arena *arena,
                        struct serve_options *options)
{
    struct address address;
    struct err ignored;

    if (!config_parse_host(text, arena, &options->metrics_listen, &options->metrics_port) ||
        options->metrics_port == 0 ||
        !address_parse(options->metrics_listen, options->metrics_port, &address, &ignored))
        return verb_usage_error(verb, "--metrics-listen: expected IP:PORT, found '%s'", text);
    return EXIT_OK;
}

static int read_disk_limit(const struct verb *verb, const char *const *values, const char *option,
                           struct disk_limit *limit)
{
    const char *text = verb_value(verb, values, option);
    struct err err;

    if (!text || disk_limit_parse(text, limit, &err))
        return EXIT_OK;
    return verb_usage_error(verb, "--%s: %s", option, err.text);
}

static int read_options(const struct verb *verb, const char *const *values, struct arena *arena,
                        struct serve_options *options)
{
    const char *port = verb_value(verb, values, "port");
    const char *tls = verb_value(verb, values, "require-secure-transport");
    const char *metrics = verb_value(verb, values, "metrics-listen");

    options->source_address = verb_value(verb, values, "source-address");
    if (port && !cluster_options_port(port, &options->cluster.port))
        return verb_usage_error(verb, "--port: expected 1 to 65535, found '%s'", port);
    if (tls && strcmp(tls, "on") != 0 && strcmp(tls, "off") != 0)
        return verb_usage_error(verb, "--require-secure-transport: expected on or off, found '%s'",
                                tls);
    if (tls)
        options->cluster.require_secure_transport = strcmp(tls, "on") == 0;
    if (read_disk_limit(verb, values, "disk-low", &options->disk_limits.stages[DISK_LOW]) !=
            EXIT_OK ||
        read_disk_limit(verb, values, "disk-short", &options->disk_limits.stages[DISK_SHORT]) !=
            EXIT_OK)
        return EXIT_USAGE;
    return metrics ? read_metrics(verb, metrics, arena, options) : EXIT_OK;
}

static bool serve(const struct verb *verb, const char *const *values, struct serve_options *options)
{
    char *dir = directory_option(verb_value(verb, values, "dir"));
    struct err err = {0};
    bool ok;

    if (verb_value(verb, values, "verbose"))
        log_set_level(LOG_DEBUG);
    options->dir = dir;
    (void)mysql_library_init(0, NULL, NULL);
    ok = serve_run(options, &err);
    mysql_library_end();
    if (!ok)
        (void)fprintf(stderr, "borealis serve: %s\n", err.text);
    mem_free(dir);
    return ok;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    struct serve_options options = {.cluster = {.engine = verb_value(verb, values, "engine"),
                                                .listen = verb_value(verb, values, "listen"),
                                                .require_secure_transport = -1},
                                    .disk_limits = disk_limits_default};
    struct arena *arena = arena_new(ARENA_CAP);
    int status = read_options(verb, values, arena, &options);

    (void)argc;
    (void)argv;
    if (status == EXIT_OK && !serve(verb, values, &options))
        status = EXIT_FAILED;
    arena_free(arena);
    return status;
}

const struct verb verb_serve = {
    .name = "serve",
    .arguments = "",
    .summary = "Run the clusters of a directory, making one at the first start",
    .details =
        "Creates a cluster, borealis, with one writer when the directory has none, starts the "
        "engine of each cluster or takes over the one that still runs, and serves clients at the "
        "endpoints until SIGINT or SIGTERM, which stop the engines too. A cluster that fails is "
        "tried again and does not stop the others; when none comes up at the start, serve ends. "
        "When the daemon itself is killed the engines go on, and the next serve adopts them. On "
        "SIGHUP the certificates in the clusters' tls directories are read again; a bad one "
        "changes nothing. The other options are for the cluster borealis; those that are not given "
        "keep the value they had.",
    .options =
        {DIR_OPTION,
         {"engine", "NAME|DIR",
          "The engine: a server fetched by tools/fetch-server (mariadb-10.11 when nothing is "
          "given), or the prefix of any MariaDB 10.11 or later, whose programs are run but "
          "never changed."},
         LISTEN_OPTION,
         PORT_OPTION,
         REQUIRE_TLS_OPTION,
         {"metrics-listen", "IP:PORT",
          "Where Prometheus reads /metrics, by HTTP and without a password; else nowhere. It is "
          "not kept."},
         {"disk-low", "N%|SIZE",
          "When less of the file system is free, clusters receive nothing more from external "
          "sources, until a quarter more is; 5%, at most 4G, when nothing is given. It is not "
          "kept."},
         {"disk-short", "N%|SIZE",
          "When less is free, the oldest binary logs go before their retention hours are over, "
          "until a quarter more is free; 2%, at most 2G, when nothing is given. It is not kept."},
         {"source-address", "IP",
          "The address of this machine that the clusters' connections to their sources come from; "
          "else the one that routing picks. It is not kept."},
         {"verbose", NULL, "Log why each session ended, too."}},
    .run = run,
};
