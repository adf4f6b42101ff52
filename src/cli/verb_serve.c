#include "cli/directory_option.h"
#include "cli/verb.h"

#include "base/log.h"
#include "base/mem.h"
#include "daemon/serve.h"

#include <errno.h>
#include <mysql.h>
#include <stdlib.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *ret_port)
{
    char *end = NULL;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != 0 || value < 1 || value > 65535)
        return false;
    *ret_port = (uint16_t)value;
    return true;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    const char *port = verb_value(verb, values, "port");
    const char *tls = verb_value(verb, values, "require-secure-transport");
    struct serve_options options = {.cluster = {.engine = verb_value(verb, values, "engine"),
                                                .listen = verb_value(verb, values, "listen"),
                                                .require_secure_transport = -1}};
    struct err err = {0};
    char *dir;
    bool ok;

    (void)argc;
    (void)argv;
    if (port && !parse_port(port, &options.cluster.port))
        return verb_usage_error(verb, "--port: expected 1 to 65535, found '%s'", port);
    if (tls) {
        if (strcmp(tls, "on") != 0 && strcmp(tls, "off") != 0)
            return verb_usage_error(
                verb, "--require-secure-transport: expected on or off, found '%s'", tls);
        options.cluster.require_secure_transport = strcmp(tls, "on") == 0;
    }
    if (verb_value(verb, values, "verbose"))
        log_set_level(LOG_DEBUG);
    dir = directory_option(verb_value(verb, values, "dir"));
    options.dir = dir;
    (void)mysql_library_init(0, NULL, NULL);
    ok = serve_run(&options, &err);
    mysql_library_end();
    if (!ok)
        (void)fprintf(stderr, "borealis serve: %s\n", err.text);
    mem_free(dir);
    return ok ? EXIT_OK : EXIT_FAILED;
}

const struct verb verb_serve = {
    .name = "serve",
    .arguments = "",
    .summary = "Run the cluster of a directory, making it at the first start",
    .details =
        "Creates a cluster with one writer when the directory has none, starts its engine or takes "
        "over the one that still runs, and serves clients at the endpoint until SIGINT or SIGTERM, "
        "which stop the engine too. When the daemon itself is killed the engine goes on, and the "
        "next serve adopts it. Options that are not given keep the value they had.",
    .options =
        {DIR_OPTION,
         {"engine", "NAME|DIR",
          "The engine: a server fetched by tools/fetch-server (mariadb-10.11 when nothing is "
          "given), or the prefix of any MariaDB 10.11 or later, whose programs are run but "
          "never changed."},
         {"listen", "IP", "Address of the endpoint; 127.0.0.1 at first."},
         {"port", "N", "Port of the endpoint; at first the first free one from 13306 on."},
         {"require-secure-transport", "on|off",
          "Refuse clients that do not use TLS; off at first."},
         {"verbose", NULL, "Log why each session ended, too."}},
    .run = run,
};
