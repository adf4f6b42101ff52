/*
 * Named time zones that an engine knows: the compiled ones of its home (engine/home.h), from which
 * the tables of its data directory were filled when that was made. Any thread.
 */
#pragma once

#include <stdbool.h>

/*
 * Whether a directory of compiled time zones has one of that name, as "Europe/Berlin". Upper and
 * lower case are the same, as to the engine. `name` has letters, digits and "_+-/" only.
 */
bool time_zone_exists(const char *directory, const char *name);
