/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control_function.h"

#include "control_call.h"

#include <mysql.h>
#include <stdio.h>
#include <string.h>

_Static_assert(CONTROL_PROBLEM_MAX <= MYSQL_UDF_MAX_RESULT_LENGTH, "a problem fits a result");

char *control_socket;

/* The interface's own signatures (source: MariaDB, "User-defined functions calling sequences"). */
my_bool aurora_control_init(UDF_INIT *init, UDF_ARGS *args, char *message);
void aurora_control_deinit(UDF_INIT *init);
char *aurora_control(UDF_INIT *init, UDF_ARGS *args, char *result, unsigned long *length,
                     char *is_null, char *error);

my_bool aurora_control_init(UDF_INIT *init, UDF_ARGS *args, char *message)
{
    if (args->arg_count > 1) {
        (void)snprintf(message, MYSQL_ERRMSG_SIZE,
                       "aurora_control: expected at most one argument, found %u", args->arg_count);
        return 1;
    }
    if (args->arg_count == 1)
        args->arg_type[0] = STRING_RESULT;
    init->maybe_null = 1;
    init->max_length = CONTROL_PROBLEM_MAX;
    init->const_item = 0; /* or one call would do for a whole statement */
    return 0;
}

void aurora_control_deinit(UDF_INIT *init)
{
    (void)init;
}

char *aurora_control(UDF_INIT *init, UDF_ARGS *args, char *result, unsigned long *length,
                     char *is_null, char *error)
{
    const char *secret = args->arg_count == 1 ? args->args[0] : NULL;
    char problem[CONTROL_PROBLEM_MAX + 1];

    (void)init;
    (void)error;
    if (!control_socket) {
        (void)snprintf(problem, sizeof problem, "The engine was started without a Borealis daemon");
    } else if (control_call(control_socket, secret, secret ? args->lengths[0] : 0,
                            CONTROL_TIMEOUT_MS, problem)) {
        *is_null = 1;
        return NULL;
    }
    *length = strlen(problem);
    memcpy(result, problem, *length);
    return result;
}
