/*
 * struct foreign_account: a statement of accounts, roles or rights out of a source's log, as a
 * cluster takes it, which shares its engine with accounts of its own: said anew in MariaDB's words,
 * from what was read of it word by word, or left out. Nothing of the source's text is copied but
 * names and hashes, and nothing that is not understood is taken.
 *
 * What is not taken, or not as it is there, is said in `note`; doc/clusters.md, "Accounts of a
 * source", is the list. Passwords are in `statement` alone, as hashes. A password that the engine
 * can not check becomes one that nobody has: the account is there with its rights, and closed.
 *
 * Any thread; foreign_account_done() frees it; used again for the next statement. Source: MySQL
 * reference manual and MariaDB knowledge base, "Account Management Statements".
 */
#pragma once

#include "base/buf.h"

#define FOREIGN_ACCOUNT_WHAT_MAX 400 /* bytes */

/* What goes with a statement. Borrowed. */
struct foreign_account_origin {
    bool mysql; /* its words are MySQL's, and there roles are accounts with a host */
    uint64_t sql_mode;
    struct span database;    /* the default one; may be empty */
    const char *master_user; /* an account of the cluster: no source has a say in it */
};

struct foreign_account {
    struct buf statement; /* what is to be run; empty: nothing is */
    struct buf closed;    /* and where the engine has not loaded a password's plugin; or empty */
    struct buf what;      /* which it was: "GRANT ON `d`.* TO `u`@`%`"; no passwords */
    struct buf note;      /* what of it was not taken, and why; empty: all was */
};

void foreign_account_init(struct foreign_account *account);
void foreign_account_done(struct foreign_account *account);

/* False, and nothing else, for a statement of anything but accounts, roles and rights. */
bool foreign_account_read(struct foreign_account *account,
                          const struct foreign_account_origin *origin, struct span text);
