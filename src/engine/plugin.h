/*
 * The engine's plugin, aurora.so (plugin/), in an instance: found, and put where its engine loads
 * it.
 *
 * An engine has one directory of plugins. The instance's own holds a link to each of the engine's
 * plugins and a copy of ours: a copy, because the engine has it mapped and outlives the program
 * that the next version of ours is installed with.
 */
#pragma once

#include "base/err.h"
#include "engine/home.h"
#include "engine/paths.h"
#include "engine/sql.h"

#define ENGINE_PLUGIN_FILE "aurora.so"

/*
 * The plugin beside this program: plugin/aurora.so in its directory, as built, or
 * ../lib/borealis/aurora.so from there, as installed. NULL when it is at neither; else mem_free it.
 */
char *engine_plugin_find(void);

/*
 * Fills paths->plugins anew; no engine may run on the instance. Without a plugin to be found the
 * directory is removed, and *ret_there is false.
 */
MUST_CHECK bool engine_plugin_install(const struct engine_home *home,
                                      const struct instance_paths *paths, bool *ret_there,
                                      struct err *err);

/* Whether a running engine has loaded it. */
MUST_CHECK bool engine_plugin_is_active(struct sql *sql, bool *ret_active, struct err *err);

/* Makes the plugin's function aurora_control() known to an engine that has loaded it. */
MUST_CHECK bool engine_plugin_make_function(struct sql *sql, struct err *err);
