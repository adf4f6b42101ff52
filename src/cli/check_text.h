/*
 * What a checkup found, for a person, and as JSON for programs.
 *
 * The text: findings from the worst on; problems and warnings with what was found and expected,
 * why, and what to do; the objects it is about by database; what is in order last, a line each.
 * JSON is one object; its names, ids and severities are only ever added to.
 */
#pragma once

#include "check/checkup.h"

#include <stdio.h>

#define CHECK_TEXT_OBJECTS 10 /* of a finding, when not all are wanted */

void check_text_print(const struct checkup *checkup, bool all, bool colour, FILE *out);
void check_text_print_json(const struct checkup *checkup, FILE *out);
