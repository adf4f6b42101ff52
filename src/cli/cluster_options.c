#include "cli/cluster_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool cluster_options_port(const char *text, uint16_t *ret_port)
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

/* A relative path would mean another directory to the daemon. */
static json_t *engine_json(const char *engine)
{
    char *absolute = strchr(engine, '/') ? realpath(engine, NULL) : NULL;
    json_t *json = json_string(absolute ? absolute : engine);

    free(absolute);
    return json;
}

static int read_values(const struct verb *verb, const char *const *values, json_t *arguments)
{
    const char *port = verb_value(verb, values, "port");
    const char *tls = verb_value(verb, values, "require-secure-transport");
    const char *compatibility = verb_value(verb, values, "compatibility");
    uint16_t number = 0;

    if (port && !cluster_options_port(port, &number))
        return verb_usage_error(verb, "--port: expected 1 to 65535, found '%s'", port);
    if (port)
        (void)json_object_set_new(arguments, "port", json_integer(number));
    if (tls && strcmp(tls, "on") != 0 && strcmp(tls, "off") != 0)
        return verb_usage_error(verb, "--require-secure-transport: expected on or off, found '%s'",
                                tls);
    if (tls)
        (void)json_object_set_new(arguments, "require_secure_transport",
                                  json_boolean(strcmp(tls, "on") == 0));
    if (compatibility && strcmp(compatibility, "2") != 0 && strcmp(compatibility, "3") != 0)
        return verb_usage_error(verb, "--compatibility: expected 2 or 3, found '%s'",
                                compatibility);
    if (compatibility)
        (void)json_object_set_new(arguments, "compatibility", json_integer(*compatibility - '0'));
    return EXIT_OK;
}

/* The ports of endpoints that need not be. */
static int read_ports(const struct verb *verb, const char *const *values, json_t *arguments)
{
    static const struct {
        const char *option;
        const char *key;
    } ports[] = {{"reader-port", "reader_port"}, {"instance-port", "instance_port"}};

    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        const char *value = verb_value(verb, values, ports[i].option);
        uint16_t number = 0;

        if (!value)
            continue;
        if (strcmp(value, "off") != 0 && !cluster_options_port(value, &number))
            return verb_usage_error(verb, "--%s: expected 1 to 65535 or off, found '%s'",
                                    ports[i].option, value);
        (void)json_object_set_new(arguments, ports[i].key, json_integer(number));
    }
    return EXIT_OK;
}

int cluster_options_read(const struct verb *verb, const char *const *values, const char *name,
                         json_t **ret_arguments)
{
    static const struct {
        const char *option;
        const char *key;
    } texts[] = {{"listen", "listen"},
                 {"client-networks", "client_networks"},
                 {"parameter-group", "parameter_group"},
                 {"instance-parameter-group", "instance_parameter_group"},
                 {"reader-listen", "reader_listen"},
                 {"instance-listen", "instance_listen"}};
    const char *engine = verb_value(verb, values, "engine");
    json_t *arguments = json_pack("{s:s}", "name", name);
    int status;

    if (!arguments)
        return verb_usage_error(verb, "expected a name in UTF-8");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *value = verb_value(verb, values, texts[i].option);

        if (value)
            (void)json_object_set_new(arguments, texts[i].key, json_string(value));
    }
    if (engine)
        (void)json_object_set_new(arguments, "engine", engine_json(engine));
    status = read_values(verb, values, arguments);
    if (status == EXIT_OK)
        status = read_ports(verb, values, arguments);
    if (status == EXIT_OK)
        *ret_arguments = arguments;
    else
        json_decref(arguments);
    return status;
}
