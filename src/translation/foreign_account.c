#include "translation/foreign_account_internal.h"

#include <stdio.h>
#include <strings.h>

void foreign_account_init(struct foreign_account *account)
{
    buf_init(&account->statement, STATEMENT_MAX);
    buf_init(&account->closed, 2 * STATEMENT_MAX);
    buf_init(&account->what, FOREIGN_ACCOUNT_WHAT_MAX + 1);
    buf_init(&account->note, NOTE_MAX + 1);
}

void foreign_account_done(struct foreign_account *account)
{
    buf_done(&account->statement);
    buf_done(&account->closed);
    buf_done(&account->what);
    buf_done(&account->note);
}

/* ---- The statement ---- */

/* What is behind the accounts of a statement; all of it must have been understood. */
static void finish(struct foreign_reading *reading)
{
    (void)foreign_take_sign(reading, ";");
    if (reading->token.kind != SQL_TOKEN_END)
        reading->broken = true;
}

/* DEFAULT ROLE of an account, in MySQL's words, behind it: one role, or none. */
static void take_default_role(struct foreign_reading *reading, bool alone)
{
    struct foreign_name role = {.host = "%"};
    bool one = true;

    foreign_need(reading, "ROLE");
    if (foreign_take(reading, "NONE"))
        (void)snprintf(role.user, sizeof role.user, "NONE");
    else if (foreign_take(reading, "ALL"))
        one = false;
    else
        foreign_take_name(reading, &role);
    while (foreign_take_sign(reading, ",")) {
        struct foreign_name more;

        foreign_take_name(reading, &more);
        one = false;
    }
    if (!alone || !one || reading->count != 1) {
        foreign_note(reading, "its default role: an account has one here, by SET DEFAULT ROLE", "");
        if (alone)
            reading->count = 0;
        return;
    }
    buf_str(&reading->out->statement, "SET DEFAULT ROLE ");
    if (strcmp(role.user, "NONE") == 0)
        buf_str(&reading->out->statement, "NONE");
    else if (foreign_may_take(reading, &role))
        foreign_write_name(&reading->out->statement, &role, false);
    else
        reading->count = 0;
    buf_str(&reading->out->statement, " FOR ");
    foreign_write_list(reading);
}

static void read_user(struct foreign_reading *reading, const char *head, bool alter)
{
    foreign_pass_exists(reading);
    foreign_take_accounts(reading, FOREIGN_USERS);
    if (foreign_is(reading, "DEFAULT")) {
        foreign_step(reading);
        take_default_role(reading, alter);
        if (alter)
            return;
    }
    foreign_take_options(reading);
    foreign_begin(reading, head);
    foreign_write_list(reading);
    foreign_write_options(reading);
}

static void read_drop(struct foreign_reading *reading, const char *head, bool role)
{
    foreign_pass_exists(reading);
    foreign_take_accounts(reading, role ? FOREIGN_ROLES : FOREIGN_USERS);
    foreign_begin(reading, head);
    foreign_write_part(reading, &reading->list);
}

static void read_create_role(struct foreign_reading *reading, const char *head)
{
    foreign_pass_exists(reading);
    foreign_take_accounts(reading, FOREIGN_ROLES);
    foreign_take_options(reading);
    foreign_begin(reading, head);
    foreign_write_part(reading, &reading->list);
}

static void read_rename(struct foreign_reading *reading)
{
    bool all = true;

    foreign_begin(reading, "RENAME USER");
    do {
        struct foreign_name from;
        struct foreign_name to;

        foreign_take_name(reading, &from);
        foreign_need(reading, "TO");
        foreign_take_name(reading, &to);
        all = foreign_may_take(reading, &from) && foreign_may_take(reading, &to) && all;
        if (all) {
            buf_str(&reading->out->statement, reading->count > 0 ? ", " : "");
            foreign_add_to_list(reading, &from, true);
            foreign_write_name(&reading->out->statement, &from, true);
            buf_str(&reading->out->statement, " TO ");
            foreign_write_name(&reading->out->statement, &to, true);
        }
    } while (foreign_take_sign(reading, ",") && !reading->broken);
    if (!all)
        reading->count = 0;
}

/* SET PASSWORD FOR u = 'hash' or PASSWORD('x'); without FOR no server logs it. */
static void read_set_password(struct foreign_reading *reading)
{
    struct foreign_name name;
    struct span value;
    bool clear;

    foreign_need(reading, "FOR");
    foreign_take_name(reading, &name);
    if (foreign_may_take(reading, &name))
        foreign_add_to_list(reading, &name, true);
    if (!foreign_take_sign(reading, "=") && !foreign_take_sign(reading, ":="))
        reading->broken = true;
    clear = foreign_take(reading, "PASSWORD");
    if (clear && !foreign_take_sign(reading, "("))
        reading->broken = true;
    if (reading->token.kind != SQL_TOKEN_STRING)
        reading->broken = true;
    value = foreign_take_value(reading);
    if (clear && !foreign_take_sign(reading, ")"))
        reading->broken = true;
    if (!clear && !foreign_is_native(value) && foreign_is_plain(value) && !reading->origin->mysql) {
        /* Of the account's own plugin, which the engine knows. */
        foreign_begin(reading, "SET PASSWORD FOR");
        buf_str(&reading->list, " = '");
        buf_bytes(&reading->list, value);
        buf_str(&reading->list, "'");
    } else {
        foreign_begin(reading, "ALTER USER IF EXISTS");
        if (clear)
            foreign_write_native(&reading->list, value);
        else
            foreign_write_hash(reading, value);
    }
    foreign_write_list(reading);
}

/* SET DEFAULT ROLE r FOR u, in MySQL's words TO. */
static void read_set_default_role(struct foreign_reading *reading)
{
    struct foreign_name role = {.host = "%"};
    struct foreign_name name;
    bool none;

    foreign_need(reading, "ROLE");
    none = foreign_take(reading, "NONE");
    if (!none)
        foreign_take_name(reading, &role);
    if (sql_token_is_sign(&reading->token, ",") || (!none && strcasecmp(role.user, "ALL") == 0)) {
        foreign_note(reading, "its default role: an account has one here, by SET DEFAULT ROLE", "");
        while (!foreign_at_end(reading))
            foreign_step(reading);
        return;
    }
    if (!foreign_take(reading, "FOR"))
        foreign_need(reading, "TO");
    foreign_take_name(reading, &name);
    if (foreign_may_take(reading, &name) && (none || foreign_may_take(reading, &role)))
        foreign_add_to_list(reading, &name, true);
    foreign_begin(reading, "SET DEFAULT ROLE");
    if (none)
        buf_str(&reading->out->statement, "NONE");
    else
        foreign_write_name(&reading->out->statement, &role, false);
    buf_str(&reading->out->statement, " FOR ");
    foreign_write_part(reading, &reading->list);
}

/* ---- All of them ---- */

/* CREATE [OR REPLACE] USER|ROLE and the like; false: of something else. */
static bool read_object(struct foreign_reading *reading)
{
    bool replaces = false;

    if (foreign_take(reading, "CREATE")) {
        if (foreign_take(reading, "OR")) {
            foreign_need(reading, "REPLACE");
            replaces = true;
        }
        if (foreign_take(reading, "USER")) {
            foreign_say(reading, "CREATE USER ");
            read_user(reading, replaces ? "CREATE OR REPLACE USER" : "CREATE USER IF NOT EXISTS",
                      false);
            return true;
        }
        if (foreign_take(reading, "ROLE")) {
            foreign_say(reading, "CREATE ROLE ");
            read_create_role(reading,
                             replaces ? "CREATE OR REPLACE ROLE" : "CREATE ROLE IF NOT EXISTS");
            return true;
        }
    } else if (foreign_take(reading, "ALTER") && foreign_take(reading, "USER")) {
        foreign_say(reading, "ALTER USER ");
        read_user(reading, "ALTER USER IF EXISTS", true);
        return true;
    } else if (foreign_take(reading, "RENAME") && foreign_take(reading, "USER")) {
        foreign_say(reading, "RENAME USER ");
        read_rename(reading);
        return true;
    } else if (foreign_take(reading, "DROP")) {
        bool user = foreign_take(reading, "USER");

        if (user || foreign_take(reading, "ROLE")) {
            foreign_say(reading, user ? "DROP USER " : "DROP ROLE ");
            read_drop(reading, user ? "DROP USER IF EXISTS" : "DROP ROLE IF EXISTS", !user);
            return true;
        }
    }
    return false;
}

static bool read_statement(struct foreign_reading *reading)
{
    if (foreign_take(reading, "GRANT")) {
        foreign_say(reading, "GRANT ");
        foreign_read_grant(reading);
        return true;
    }
    if (foreign_take(reading, "REVOKE")) {
        foreign_say(reading, "REVOKE ");
        foreign_read_revoke(reading);
        return true;
    }
    if (foreign_take(reading, "SET")) {
        if (foreign_take(reading, "PASSWORD")) {
            foreign_say(reading, "SET PASSWORD FOR ");
            read_set_password(reading);
            return true;
        }
        if (foreign_take(reading, "DEFAULT")) {
            foreign_say(reading, "SET DEFAULT ROLE FOR ");
            read_set_default_role(reading);
            return true;
        }
        return false;
    }
    return read_object(reading);
}

static void reading_init(struct foreign_reading *reading,
                         const struct foreign_account_origin *origin,
                         struct foreign_account *account, struct span text)
{
    *reading = (struct foreign_reading){
        .origin = origin, .out = account, .tokens = sql_tokens_under(text, origin->sql_mode)};
    buf_init(&reading->value, STATEMENT_MAX);
    buf_init(&reading->list, STATEMENT_MAX);
    buf_init(&reading->closed, STATEMENT_MAX);
    for (size_t i = 0; i < FOREIGN_OPTION_COUNT; i++)
        buf_init(&reading->options.text[i], STATEMENT_MAX);
    buf_clear(&account->statement);
    buf_clear(&account->closed);
    buf_clear(&account->what);
    buf_clear(&account->note);
    foreign_step(reading);
}

static void reading_done(struct foreign_reading *reading)
{
    buf_done(&reading->value);
    buf_done(&reading->list);
    buf_done(&reading->closed);
    for (size_t i = 0; i < FOREIGN_OPTION_COUNT; i++)
        buf_done(&reading->options.text[i]);
}

/* The statement with passwords that nobody has in the place of the accounts' own. */
static void write_closed(struct foreign_reading *reading)
{
    struct span statement = buf_span(&reading->out->statement);
    size_t behind = reading->list_at + reading->list.len;

    buf_bytes(&reading->out->closed, span_of(statement.data, reading->list_at));
    buf_bytes(&reading->out->closed, buf_span(&reading->closed));
    buf_bytes(&reading->out->closed, span_of(statement.data + behind, statement.len - behind));
}

bool foreign_account_read(struct foreign_account *account,
                          const struct foreign_account_origin *origin, struct span text)
{
    struct foreign_reading reading;
    bool is_account;

    reading_init(&reading, origin, account, text);
    is_account = read_statement(&reading);
    if (is_account) {
        finish(&reading);
        if (reading.broken || !buf_ok(&account->statement)) {
            buf_clear(&account->note);
            foreign_note(&reading, "it is not understood; do the same here by hand", "");
        }
        if (reading.broken || reading.count == 0 || !buf_ok(&account->statement))
            buf_clear(&account->statement);
        else if (reading.has_plugin && !reading.options.closes && reading.list_at > 0)
            write_closed(&reading);
    }
    reading_done(&reading);
    return is_account;
}
