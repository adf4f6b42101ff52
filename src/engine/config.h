/*
 * The engine's option file (my.cnf), rendered from what Borealis decides. The operator does not
 * edit it: it is written anew at every start.
 */
#pragma once

#include "base/buf.h"
#include "engine/home.h"
#include "engine/instance.h"
#include "engine/paths.h"

/*
 * Appends the file's text to buf; with_plugin: paths->plugins has ours, to be loaded. Paths with a
 * line break or a quote are E_USAGE.
 */
MUST_CHECK bool engine_config_render(const struct instance_spec *spec,
                                     const struct instance_paths *paths,
                                     const struct engine_home *home, bool with_plugin,
                                     struct buf *buf, struct err *err);

/*
 * The option file of programs that the machine's administrator runs beside the engine, as its
 * account ENGINE_ADMIN_USER at its socket; mariadb-backup finds the data by it, too. Has the
 * password. Appends to buf; the paths are those that engine_config_render() has taken. E_LIMIT.
 */
MUST_CHECK bool engine_config_render_client(const struct instance_spec *spec,
                                            const struct instance_paths *paths, struct buf *buf,
                                            struct err *err);
