/*
 * The checks of `borealis check` as a section of the man page, from their own tables.
 */
#pragma once

#include <stdio.h>

void check_man_print(FILE *out);
