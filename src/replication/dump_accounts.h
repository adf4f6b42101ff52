/*
 * struct dump_accounts: what becomes of a source's statements on their way to the engine of a
 * cluster, which has accounts of its own, and whose applier may do everything.
 *
 * An object that the cluster's administrator would define there has a definer who is nobody
 * instead; one of schema mysql is left out (translation/foreign_object.h).
 *
 * Statements of accounts, where the cluster takes them (translation/foreign_account.h): each is a
 * block that runs it only if the master user might have run it, by
 * mysql.rds_internal_admit_account, and notes the rest in mysql.rds_account_note.
 *
 * The engine passes over statements of accounts in a stream, and over whatever changes a table of
 * schema mysql (replicate_wild_ignore_table), but not over what is done in a block (source:
 * MariaDB, sql/sql_acl.cc, Grant_tables::really_open()): so what does not come by this way does not
 * come at all.
 *
 * ALTER SEQUENCE, which the engine would pass over because of that filter, is a block, too.
 *
 * A block is as a rule longer than what it stands for: the engine is told its place anew behind it.
 * Owned by the dump's thread, borrows the user's name.
 */
#pragma once

#include "replication/dump_out.h"

struct dump_accounts;

struct dump_accounts_spec {
    const char *master_user;
    bool takes; /* accounts: else they go as they are, and the engine passes them over */
    bool mysql; /* a source of MySQL's, whose statements of accounts come in its own words */
};

struct dump_accounts *dump_accounts_new(const struct dump_accounts_spec *spec);
void dump_accounts_free(struct dump_accounts *accounts); /* NULL is fine */

/* A file begins, or the middle of one: its whole format description event. E_PROTO. */
MUST_CHECK bool dump_accounts_file(struct dump_accounts *accounts, struct span event,
                                   struct err *err);

/*
 * Sends a whole event at out->at, or the one in its place. NULL: sends it. E_PROTO, and those of
 * dump_out_event().
 */
MUST_CHECK bool dump_accounts_send(struct dump_accounts *accounts, struct dump_out *out,
                                   const struct event_header *header, struct span event,
                                   bool wants_ack, struct err *err);
