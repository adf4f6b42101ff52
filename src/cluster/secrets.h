/*
 * The secrets and certificates of one cluster, as files of mode 0600 in its directory. They are
 * made once and kept; nothing of them is logged.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct secrets {
    const char *admin_password;  /* of the daemon's account at the engine */
    const char *master_password; /* the master user's first one; SQL may have changed it since */
    const char *credentials;     /* path of master.cnf */
    const char *tls_ca;          /* paths */
    const char *tls_cert;
    const char *tls_key;
};

/*
 * Reads the secrets in `dir`, making what is not there. `host` and `port` are where the master user
 * connects: master.cnf is written again when they are no longer what it says.
 */
MUST_CHECK bool secrets_open(const char *dir, const char *cluster, const char *master_user,
                             const char *host, uint16_t port, struct arena *arena,
                             struct secrets *ret_secrets, struct err *err);
