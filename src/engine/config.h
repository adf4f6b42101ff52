/*
 * The engine's option file (my.cnf), rendered from what Borealis decides. The operator does not
 * edit it: it is written anew at every start.
 */
#pragma once

#include "base/buf.h"
#include "engine/home.h"
#include "engine/instance.h"
#include "engine/paths.h"

/* Appends the file's text to buf. Paths with a line break or a quote are E_USAGE. */
MUST_CHECK bool engine_config_render(const struct instance_spec *spec,
                                     const struct instance_paths *paths,
                                     const struct engine_home *home, struct buf *buf,
                                     struct err *err);
