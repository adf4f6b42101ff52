/*
 * A relay's status (daemon/relay_status.h) for people, on standard output.
 */
#pragma once

#include <jansson.h>

void relay_text_print(const json_t *status);       /* all of it */
void relay_text_print_table(const json_t *status); /* a line a channel, with a head */
void relay_text_print_lines(const json_t *status); /* a line a channel, with the time */
