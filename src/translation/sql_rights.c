#include "translation/sql_rights.h"

static bool is_shared(const struct sql_token *token)
{
    static const char *const words[] = {
        "ALL",     "PRIVILEGES",  "SELECT",     "INSERT",  "UPDATE",    "DELETE",     "CREATE",
        "DROP",    "RELOAD",      "SHUTDOWN",   "PROCESS", "FILE",      "REFERENCES", "INDEX",
        "ALTER",   "SHOW",        "DATABASES",  "SUPER",   "TEMPORARY", "TABLES",     "LOCK",
        "EXECUTE", "REPLICATION", "SLAVE",      "CLIENT",  "VIEW",      "ROUTINE",    "USER",
        "EVENT",   "TRIGGER",     "TABLESPACE", "USAGE",   "PROXY",     "GRANT",      "OPTION"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (sql_token_is(token, words[i]))
            return true;
    return sql_token_is_sign(token, ",");
}

bool sql_rights_pass(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk) && !sql_walk_is(walk, "ON") && !sql_walk_is(walk, "FROM")) {
        if (sql_walk_is_sign(walk, "("))
            sql_walk_pass_parens(walk);
        else if (!is_shared(&walk->token))
            return false;
        else
            sql_walk_step(walk);
    }
    return true;
}

/* Rights have ON behind them, roles have not; REVOKE ALL PRIVILEGES, GRANT OPTION neither. */
bool sql_rights_are_roles(const struct sql_walk *walk)
{
    struct sql_walk ahead = *walk;

    while (!sql_walk_at_end(&ahead) && !sql_walk_is(&ahead, "TO") && !sql_walk_is(&ahead, "FROM")) {
        if (sql_walk_is(&ahead, "ON"))
            return false;
        sql_walk_step(&ahead);
    }
    return !sql_token_is(&ahead.last, "OPTION");
}
