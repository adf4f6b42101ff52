/*
 * Accounts, roles and rights of MySQL in MariaDB's words, for channels that replicate them.
 */
#include "translation/sql_to_mariadb_account.h"

#include "translation/sql_rights.h"

#include <strings.h>

#define MYSQL_8   80000 /* hashes that SET PASSWORD has are MariaDB's, too, before */
#define NAME_SIZE 80

static void refuse(struct sql_walk *walk, const char *what)
{
    sql_walk_refuse(walk,
                    "%s: MariaDB has nothing like it; do the same at the replica in its own words, "
                    "and skip the transaction there",
                    what);
}

static bool is_any(const struct sql_token *token, const char *const words[])
{
    for (; *words; words++)
        if (sql_token_is(token, *words))
            return true;
    return false;
}

/* WITH 'plugin' AS 'hash', BY PASSWORD 'hash': only the first's plugin can be one of MySQL's own.
 */
static void take_identified(struct sql_walk *walk)
{
    char plugin[NAME_SIZE];

    if (!sql_walk_take(walk, "WITH"))
        return;
    (void)sql_walk_value(walk, &walk->token, plugin, sizeof plugin);
    if (strcasecmp(plugin, "mysql_native_password") != 0)
        refuse(walk, "IDENTIFIED WITH a plugin other than mysql_native_password");
}

/* What is behind accounts. Rules of passwords that say DEFAULT are none. */
static void pass_accounts(struct sql_walk *walk)
{
    static const char *const lacking[] = {"FAILED_LOGIN_ATTEMPTS",
                                          "PASSWORD_LOCK_TIME",
                                          "ATTRIBUTE",
                                          "COMMENT",
                                          "RETAIN",
                                          "DISCARD",
                                          "FACTOR",
                                          "UNKNOWN",
                                          NULL};
    static const char *const rules[] = {"HISTORY", "REUSE", "REQUIRE", NULL};

    while (!sql_walk_at_end(walk)) {
        struct sql_token token = walk->token;
        struct sql_token next = sql_walk_ahead(walk, 1);

        if (is_any(&token, lacking)) {
            refuse(walk, "an account's attribute of MySQL 8");
        } else if (sql_token_is(&token, "PASSWORD") && is_any(&next, rules)) {
            refuse(walk, "a rule for passwords");
        } else if (sql_token_is(&token, "DEFAULT") && sql_token_is(&next, "ROLE")) {
            refuse(walk, "DEFAULT ROLE of an account");
        } else if (sql_token_is(&token, "AS") && walk->depth == 0 &&
                   sql_walk_is_head(walk, "GRANT", NULL)) {
            refuse(walk, "GRANT ... AS");
        }
        sql_walk_step(walk);
        if (sql_token_is(&token, "IDENTIFIED"))
            take_identified(walk);
    }
}

void sql_mariadb_account(struct sql_walk *walk)
{
    pass_accounts(walk);
}

/* Roles of MariaDB have no host. */
static void pass_roles(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk) && !sql_walk_is(walk, "TO") && !sql_walk_is(walk, "FROM")) {
        if (walk->token.kind == SQL_TOKEN_USER)
            refuse(walk, "a role with a host");
        sql_walk_step(walk);
    }
}

void sql_mariadb_role(struct sql_walk *walk)
{
    pass_roles(walk);
}

void sql_mariadb_grant(struct sql_walk *walk)
{
    if (sql_walk_is(walk, "IF"))
        refuse(walk, "REVOKE IF EXISTS");
    if (sql_rights_are_roles(walk)) {
        pass_roles(walk);
        pass_accounts(walk);
        return;
    }
    if (!sql_rights_pass(walk))
        refuse(walk, "a right of MySQL's own");
    pass_accounts(walk);
}

void sql_mariadb_set(struct sql_walk *walk)
{
    static const char *const role[] = {"DEFAULT", "ROLE", NULL};

    if (sql_walk_is(walk, "PASSWORD") && walk->origin->version >= MYSQL_8)
        refuse(walk, "SET PASSWORD of MySQL 8");
    if (!sql_walk_are(walk, role))
        return;
    pass_roles(walk);
    if (sql_walk_is(walk, "TO"))
        sql_edits_replace(walk->edits, walk->token.text, "FOR");
}
