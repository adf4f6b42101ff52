/*
 * Accounts, roles and rights of MariaDB in MySQL's words, for channels that replicate them. Hashes
 * are mysql_native_password's, which MySQL 8.4 switches off and 9.0 no longer has.
 */
#include "translation/sql_rights.h"
#include "translation/sql_to_mysql.h"

static bool is_mysql_5(const struct sql_walk *walk)
{
    return walk->origin->to == DIALECT_MYSQL_5;
}

static void refuse(struct sql_walk *walk, const char *what)
{
    sql_walk_refuse(walk,
                    "%s: MySQL has nothing like it; do the same at the replica in its own words, "
                    "and skip the transaction there",
                    what);
}

/* BY 'password' is one for both; a hash and a plugin are the server's own. */
static void take_identified(struct sql_walk *walk)
{
    static const char *const hash[] = {"BY", "PASSWORD", NULL};
    bool grant = sql_walk_is_head(walk, "GRANT", NULL);

    if (sql_walk_are(walk, hash)) {
        if (!is_mysql_5(walk))
            refuse(walk, "IDENTIFIED BY PASSWORD");
    } else if (!sql_walk_is(walk, "BY")) {
        refuse(walk, "IDENTIFIED VIA");
    } else if (grant && !is_mysql_5(walk)) {
        refuse(walk, "GRANT ... IDENTIFIED BY");
    }
}

/* Passwords, and what is behind accounts. */
static void pass_accounts(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk)) {
        if (sql_walk_take(walk, "IDENTIFIED")) {
            take_identified(walk);
        } else if (sql_walk_is(walk, "MAX_STATEMENT_TIME")) {
            refuse(walk, "MAX_STATEMENT_TIME");
        } else if (sql_walk_is(walk, "ADMIN")) {
            refuse(walk, "WITH ADMIN");
        } else if (is_mysql_5(walk) &&
                   (sql_walk_is(walk, "ACCOUNT") || sql_walk_is(walk, "EXPIRE"))) {
            refuse(walk, "ACCOUNT LOCK and PASSWORD EXPIRE");
        }
        sql_walk_step(walk);
    }
}

void sql_mysql_account(struct sql_walk *walk)
{
    if (is_mysql_5(walk))
        sql_mysql_refuse_if(walk, "USER");
    pass_accounts(walk);
}

void sql_mysql_role(struct sql_walk *walk)
{
    if (is_mysql_5(walk))
        refuse(walk, "ROLE");
    pass_accounts(walk);
}

void sql_mysql_grant(struct sql_walk *walk)
{
    if (sql_rights_are_roles(walk)) {
        if (is_mysql_5(walk))
            refuse(walk, "ROLE");
    } else if (!sql_rights_pass(walk)) {
        refuse(walk, "a right of MariaDB's own");
    }
    pass_accounts(walk);
}

/* The hash of SET PASSWORD would be a password's text in MySQL 8. */
void sql_mysql_set_account(struct sql_walk *walk)
{
    static const char *const role[] = {"DEFAULT", "ROLE", NULL};

    if (sql_walk_is(walk, "PASSWORD")) {
        if (!is_mysql_5(walk))
            refuse(walk, "SET PASSWORD");
        return;
    }
    if (!sql_walk_are(walk, role))
        return;
    if (is_mysql_5(walk))
        refuse(walk, "ROLE");
    while (!sql_walk_at_end(walk) && !sql_walk_is(walk, "FOR"))
        sql_walk_step(walk);
    if (sql_walk_at_end(walk))
        refuse(walk, "SET DEFAULT ROLE without FOR");
    else
        sql_edits_replace(walk->edits, walk->token.text, "TO");
}
