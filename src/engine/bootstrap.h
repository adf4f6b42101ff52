/*
 * Making an engine's data directory: system tables, time zones and the daemon's account, by the
 * engine's own --bootstrap mode, which opens no socket and writes no log. Owns nothing.
 */
#pragma once

#include "base/err.h"
#include "engine/home.h"
#include "engine/paths.h"

/*
 * Fills paths->data, which is there and empty. The account `user`@localhost gets all privileges
 * and the password; no other account that can log in exists afterwards. The engine's process
 * inherits lock_fd, so that the directory stays locked should the daemon die meanwhile.
 */
MUST_CHECK bool engine_bootstrap(const struct engine_home *home, const struct instance_paths *paths,
                                 const char *user, const char *password, int lock_fd,
                                 struct err *err);
