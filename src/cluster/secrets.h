/*
 * The secrets and certificates of one cluster, as files of mode 0600 in its directory. They are
 * made once and kept; nothing of them is logged.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "meta/store.h"

struct secrets {
    const char *dir;
    const char *credentials; /* path of master.cnf */
    const char *pending;     /* of master.password.new */
    const char *tls_dir;
    const char *tls_ca; /* paths */
    const char *tls_cert;
    const char *tls_key;
    const char *admin_password;  /* of the daemon's account at the engine; NULL: not read yet */
    const char *master_password; /* the master user's first one; it may have been changed since */
};

/* Only says where they are. */
void secrets_init(const char *dir, struct arena *arena, struct secrets *ret_secrets);

/*
 * Reads the secrets, making what is not there. master.cnf is written again when user or address of
 * the cluster are no longer what it says.
 */
MUST_CHECK bool secrets_open(struct secrets *secrets, const struct store_cluster *cluster,
                             struct arena *arena, struct err *err);

/*
 * A new password of the master user, in steps, so that a crash between any two loses nothing: it is
 * put down, then the engine is told, then master.cnf says it and the note goes.
 */
MUST_CHECK bool secrets_put_pending(const struct secrets *secrets, const char *password,
                                    struct err *err);
MUST_CHECK bool secrets_get_pending(const struct secrets *secrets, char **ret_password,
                                    struct err *err); /* NULL: none; secret_free() it */
MUST_CHECK bool secrets_take_pending(const struct secrets *secrets,
                                     const struct store_cluster *cluster, const char *password,
                                     struct err *err);
MUST_CHECK bool secrets_drop_pending(const struct secrets *secrets, struct err *err);

/*
 * 8 to 41 printable ASCII characters, no space, none of / " @ (source: RDS API,
 * MasterUserPassword). E_USAGE; the message does not show it.
 */
MUST_CHECK bool secrets_check_password(const char *password, struct err *err);
