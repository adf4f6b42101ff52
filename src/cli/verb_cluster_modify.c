#include "cli/cluster_call.h"
#include "cli/cluster_options.h"
#include "cli/directory_option.h"
#include "cli/password.h"
#include "cli/verb.h"

#include "base/file.h"
#include "base/secret_file.h"

#include <string.h>
#include <unistd.h>

#define PASSWORD_FILE_MAX 1024
#define STANDARD_INPUT    "/dev/stdin"

/* The first line of the file; "-" is standard input. */
static bool read_password(const char *path, char **ret_password, struct err *err)
{
    char *password = NULL;

    if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO))
        return password_ask("New password of the master user: ", ret_password, err);
    if (strcmp(path, "-") == 0) {
        if (!file_read(STANDARD_INPUT, PASSWORD_FILE_MAX, &password, err))
            return false;
    } else if (!secret_file_read(path, PASSWORD_FILE_MAX, &password, err)) {
        return false;
    }
    password[strcspn(password, "\r\n")] = '\0';
    *ret_password = password;
    return true;
}

static int add_password(const struct verb *verb, const char *path, json_t *arguments)
{
    char *password = NULL;
    struct err err;
    json_t *json;

    if (!path)
        return EXIT_OK;
    if (!read_password(path, &password, &err)) {
        (void)fprintf(stderr, "borealis %s: %s\n", verb->name, err.text);
        return EXIT_FAILED;
    }
    json = json_string(password);
    secret_free(password);
    if (!json)
        return verb_usage_error(verb, "--master-user-password-file: expected text in UTF-8");
    (void)json_object_set_new(arguments, "password", json);
    return EXIT_OK;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    json_t *arguments = NULL;
    const char *name = NULL;
    int status = cluster_call_name(verb, argc, argv, &name);

    if (status == EXIT_OK)
        status = cluster_options_read(verb, values, name, &arguments);
    if (status != EXIT_OK)
        return status;
    status = add_password(verb, verb_value(verb, values, "master-user-password-file"), arguments);
    if (status == EXIT_OK && json_object_size(arguments) == 1)
        status = verb_usage_error(verb, "expected at least one option that says what to change");
    if (status != EXIT_OK) {
        json_decref(arguments);
        return status;
    }
    return cluster_call_settled(verb, values, "cluster-modify", name, arguments);
}

const struct verb verb_cluster_modify = {
    .name = "cluster modify",
    .arguments = "NAME",
    .summary = "Change settings of a cluster, now and for good",
    .details = "What is refused changes nothing. When an endpoint moves to another address or "
               "port its sessions end; other changes leave them alone and hold for those that "
               "come. The new password of the master user is set outside the binary log and put "
               "into master.cnf. Another parameter group comes into force when the cluster is "
               "rebooted. The engine stays as it is: data can not go back to an older one.",
    .options = {DIR_OPTION,
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
                {"master-user-password-file", "FILE",
                 "A file that only its owner may read, with 8 to 41 printable ASCII characters, "
                 "none of them a space or / \" @; - is standard input."},
                {"engine", "NAME|DIR", "Refused; see above."},
                NO_WAIT_OPTION,
                JSON_OPTION},
    .run = run,
};
