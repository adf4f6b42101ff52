/*
 * Parameters and parameter groups as text for people, on standard output, from the daemon's JSON.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

void parameter_text_print_group(const json_t *group); /* a line */

/* Those that were set, that wait, or that `all` asks for; a line each. */
void parameter_text_print(const json_t *parameters, bool all);
