/* GRANT and REVOKE of a source, of rights and of roles; see foreign_account.h. */
#include "translation/foreign_account_internal.h"

#include <ctype.h>

#define RIGHT_SIZE 40

/* On all databases: to read, and to replicate. */
static const char *const global_rights[] = {"USAGE",
                                            "SELECT",
                                            "PROCESS",
                                            "SHOW DATABASES",
                                            "SHOW VIEW",
                                            "BINLOG MONITOR",
                                            "SLAVE MONITOR",
                                            "REPLICA MONITOR",
                                            "REPLICATION SLAVE",
                                            "REPLICATION REPLICA",
                                            "REPLICATION CLIENT",
                                            NULL};
#define ALL_GLOBAL_RIGHTS                                                                          \
    "SELECT, PROCESS, SHOW DATABASES, SHOW VIEW, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR"

static const char *const object_rights[] = {
    "USAGE",         "SELECT",      "INSERT",    "UPDATE",
    "DELETE",        "CREATE",      "DROP",      "REFERENCES",
    "INDEX",         "ALTER",       "EXECUTE",   "CREATE TEMPORARY TABLES",
    "LOCK TABLES",   "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE",
    "ALTER ROUTINE", "EVENT",       "TRIGGER",   "DELETE HISTORY",
    "GRANT OPTION",  NULL};

/* They have ON behind them, roles have not. */
static bool are_rights(const struct foreign_reading *reading)
{
    struct foreign_reading ahead = *reading;
    unsigned depth = 0;

    while (!foreign_at_end(&ahead) && !foreign_is(&ahead, "TO") && !foreign_is(&ahead, "FROM")) {
        depth += sql_token_is_sign(&ahead.token, "(") ? 1 : 0;
        depth -= sql_token_is_sign(&ahead.token, ")") && depth > 0 ? 1 : 0;
        if (depth == 0 && foreign_is(&ahead, "ON"))
            return true;
        foreign_step(&ahead);
    }
    return false;
}

/* The words of one right, in capitals, with one blank between them. */
static void take_right(struct foreign_reading *reading, char *right)
{
    size_t length = 0;

    right[0] = '\0';
    while (reading->token.kind == SQL_TOKEN_WORD && !foreign_is(reading, "ON")) {
        struct span word = reading->token.text;

        if (length + word.len + 2 > RIGHT_SIZE || !foreign_is_plain(word)) {
            reading->broken = true;
            return;
        }
        if (length > 0)
            right[length++] = ' ';
        for (size_t i = 0; i < word.len; i++)
            right[length++] = (char)toupper(word.data[i]);
        right[length] = '\0';
        foreign_step(reading);
    }
    if (length == 0)
        reading->broken = true;
}

/* (a, b): plain names alone. */
static bool take_columns(struct foreign_reading *reading, struct buf *columns)
{
    bool plain = true;

    buf_clear(columns);
    if (!foreign_take_sign(reading, "("))
        return true;
    do {
        struct span name;

        if (!foreign_is_text(reading))
            reading->broken = true;
        name = foreign_take_value(reading);
        for (size_t i = 0; i < name.len; i++)
            plain = plain &&
                    (isalnum(name.data[i]) || name.data[i] == '_' || name.data[i] == '$') &&
                    name.data[i] < 0x80;
        buf_str(columns, columns->len == 0 ? " (" : ", ");
        buf_bytes(columns, name);
    } while (foreign_take_sign(reading, ",") && !reading->broken);
    buf_str(columns, ")");
    if (!foreign_take_sign(reading, ")"))
        reading->broken = true;
    return plain;
}

/* What both lists of rights are kept in until it is known on what they are. */
struct rights {
    struct buf global;
    struct buf object;
    struct buf global_lost;
    struct buf object_lost;
};

static void rights_init(struct rights *rights)
{
    buf_init(&rights->global, STATEMENT_MAX);
    buf_init(&rights->object, STATEMENT_MAX);
    buf_init(&rights->global_lost, STATEMENT_MAX);
    buf_init(&rights->object_lost, STATEMENT_MAX);
}

static void rights_done(struct rights *rights)
{
    buf_done(&rights->global);
    buf_done(&rights->object);
    buf_done(&rights->global_lost);
    buf_done(&rights->object_lost);
}

static bool is_in(const char *const list[], const char *right)
{
    for (; *list; list++) {
        if (strcmp(*list, right) == 0)
            return true;
    }
    return false;
}

static void put_right(struct buf *buf, const char *right, const struct buf *columns)
{
    if (buf->len > 0)
        buf_str(buf, ", ");
    buf_str(buf, right);
    if (columns)
        buf_bytes(buf, buf_span(columns));
}

static void take_rights(struct foreign_reading *reading, struct rights *rights)
{
    struct buf columns;

    buf_init(&columns, STATEMENT_MAX);
    do {
        char right[RIGHT_SIZE];
        bool plain;

        take_right(reading, right);
        plain = take_columns(reading, &columns);
        if (strcmp(right, "ALL") == 0 || strcmp(right, "ALL PRIVILEGES") == 0) {
            put_right(&rights->global, ALL_GLOBAL_RIGHTS, NULL);
            put_right(&rights->global_lost, "all others", NULL);
            put_right(&rights->object, "ALL PRIVILEGES", NULL);
            continue;
        }
        put_right(is_in(global_rights, right) ? &rights->global : &rights->global_lost, right,
                  NULL);
        if (is_in(object_rights, right) && plain)
            put_right(&rights->object, right, &columns);
        else
            put_right(&rights->object_lost, right, NULL);
    } while (foreign_take_sign(reading, ",") && !reading->broken);
    buf_done(&columns);
}

/* A part of an object's name, or its star. */
static bool take_part(struct foreign_reading *reading, struct buf *object)
{
    struct span part;

    if (foreign_take_sign(reading, "*")) {
        buf_str(object, "*");
        return true;
    }
    if (reading->token.kind != SQL_TOKEN_WORD && reading->token.kind != SQL_TOKEN_NAME)
        reading->broken = true;
    part = foreign_take_value(reading);
    if (part.len == 0 || memchr(part.data, '`', part.len) || !foreign_is_utf8(part)) {
        reading->broken = true;
        return false;
    }
    buf_u8(object, '`');
    buf_bytes(object, part);
    buf_u8(object, '`');
    return false;
}

/*
 * Behind ON: [TABLE|FUNCTION|PROCEDURE] name, into `object`. True for all databases. Without one
 * that is said it is the default database's.
 */
static bool take_object(struct foreign_reading *reading, struct buf *object)
{
    struct buf name;
    bool star;
    bool all = false;

    if (foreign_take(reading, "TABLE"))
        buf_str(object, "TABLE ");
    else if (foreign_take(reading, "FUNCTION"))
        buf_str(object, "FUNCTION ");
    else if (foreign_take(reading, "PROCEDURE"))
        buf_str(object, "PROCEDURE ");
    buf_init(&name, STATEMENT_MAX);
    star = take_part(reading, &name);
    if (foreign_take_sign(reading, ".")) {
        buf_bytes(object, buf_span(&name));
        buf_str(object, ".");
        all = take_part(reading, object) && star;
        if (star && !all)
            reading->broken = true;
    } else {
        struct span database = reading->origin->database;

        if (database.len > 0 && !memchr(database.data, '`', database.len) &&
            foreign_is_utf8(database)) {
            buf_u8(object, '`');
            buf_bytes(object, database);
            buf_str(object, "`.");
            buf_bytes(object, buf_span(&name));
        } else {
            reading->broken = true;
        }
    }
    buf_done(&name);
    return all;
}

/* What a right on all databases comes to; nothing is noted of what is taken away. */
static void note_lost(struct foreign_reading *reading, const struct rights *rights, bool all,
                      bool gives)
{
    struct buf lost;

    buf_init(&lost, STATEMENT_MAX);
    buf_bytes(&lost, buf_span(all ? &rights->global_lost : &rights->object_lost));
    if (all && reading->options.grants)
        put_right(&lost, "GRANT OPTION", NULL);
    if (gives && lost.len > 0)
        foreign_note(
            reading,
            all ? "on all databases to read and to replicate is taken alone, not: "
                : "rights that the engine lacks, or of columns whose names are not plain: ",
            buf_borrow_cstr(&lost));
    buf_done(&lost);
}

/* Limits are of the account, wherever they stand: beside WITH GRANT OPTION they are left out. */
static void write_grant_options(struct foreign_reading *reading, bool all)
{
    if (reading->options.grants && !all) {
        buf_clear(&reading->options.text[FOREIGN_OPTION_LIMITS]);
        buf_clear(&reading->options.text[FOREIGN_OPTION_LOCK]);
        buf_clear(&reading->options.text[FOREIGN_OPTION_EXPIRE]);
        foreign_write_options(reading);
        buf_str(&reading->out->statement, " WITH GRANT OPTION");
        return;
    }
    foreign_write_options(reading);
}

static void write_rights(struct foreign_reading *reading, const struct rights *rights,
                         const struct buf *object, bool all, bool gives)
{
    const struct buf *taken = all ? &rights->global : &rights->object;

    note_lost(reading, rights, all, gives);
    if (taken->len > 0) {
        foreign_write_part(reading, taken);
        buf_str(&reading->out->statement, " ON ");
        foreign_write_part(reading, object);
    } else if (gives) { /* of MySQL 5 it may make the account, or give it a password */
        buf_str(&reading->out->statement, "USAGE ON *.*");
        all = true;
    } else {
        reading->count = 0;
        return;
    }
    buf_str(&reading->out->statement, gives ? " TO " : " FROM ");
    foreign_write_list(reading);
    write_grant_options(reading, all);
}

/* AS u WITH ROLE ...; IGNORE UNKNOWN USER: whose authority it was, and what is passed over. */
static void pass_tail(struct foreign_reading *reading)
{
    if (foreign_is(reading, "AS") || foreign_is(reading, "IGNORE")) {
        while (!foreign_at_end(reading))
            foreign_step(reading);
    }
}

static void read_rights(struct foreign_reading *reading, bool gives)
{
    struct rights rights;
    struct buf object;
    bool all;

    rights_init(&rights);
    buf_init(&object, STATEMENT_MAX);
    take_rights(reading, &rights);
    foreign_need(reading, "ON");
    all = take_object(reading, &object);
    foreign_say(reading, "ON ");
    foreign_say(reading, buf_borrow_cstr(&object));
    foreign_say(reading, gives ? " TO " : " FROM ");
    foreign_need(reading, gives ? "TO" : "FROM");
    foreign_take_accounts(reading, FOREIGN_EITHER);
    foreign_take_options(reading);
    pass_tail(reading);
    foreign_begin(reading, gives ? "GRANT" : "REVOKE");
    write_rights(reading, &rights, &object, all, gives);
    buf_done(&object);
    rights_done(&rights);
}

/* r, s TO u, v */
static void read_roles(struct foreign_reading *reading, const char *head, bool gives)
{
    struct buf roles;
    size_t count;

    foreign_take_accounts(reading, FOREIGN_ROLES);
    buf_init(&roles, STATEMENT_MAX);
    buf_bytes(&roles, buf_span(&reading->list));
    count = reading->count;
    buf_clear(&reading->list);
    buf_clear(&reading->closed);
    reading->count = 0;
    foreign_say(reading, gives ? " TO " : " FROM ");
    foreign_need(reading, gives ? "TO" : "FROM");
    foreign_take_accounts(reading, FOREIGN_EITHER);
    foreign_take_options(reading);
    pass_tail(reading);
    foreign_begin(reading, head);
    foreign_write_part(reading, &roles);
    buf_str(&reading->out->statement, gives ? " TO " : " FROM ");
    foreign_write_part(reading, &reading->list);
    if (gives && reading->options.admin)
        buf_str(&reading->out->statement, " WITH ADMIN OPTION");
    if (count == 0)
        reading->count = 0;
    buf_done(&roles);
}

void foreign_read_grant(struct foreign_reading *reading)
{
    if (foreign_is(reading, "PROXY")) {
        foreign_note(reading, "PROXY is nothing that a cluster's accounts may have", "");
        while (!foreign_at_end(reading))
            foreign_step(reading);
    } else if (are_rights(reading)) {
        read_rights(reading, true);
    } else {
        read_roles(reading, "GRANT", true);
    }
}

/* REVOKE ALL PRIVILEGES, GRANT OPTION FROM u */
static bool take_everything(struct foreign_reading *reading)
{
    struct foreign_reading ahead = *reading;

    if (!foreign_take(&ahead, "ALL"))
        return false;
    (void)foreign_take(&ahead, "PRIVILEGES");
    if (!foreign_take_sign(&ahead, ",") || !foreign_take(&ahead, "GRANT") ||
        !foreign_take(&ahead, "OPTION") || !foreign_is(&ahead, "FROM"))
        return false;
    reading->tokens = ahead.tokens;
    reading->token = ahead.token;
    foreign_step(reading);
    return true;
}

void foreign_read_revoke(struct foreign_reading *reading)
{
    foreign_pass_exists(reading);
    if (foreign_is(reading, "PROXY")) {
        while (!foreign_at_end(reading))
            foreign_step(reading);
    } else if (take_everything(reading)) {
        foreign_take_accounts(reading, FOREIGN_EITHER);
        pass_tail(reading);
        foreign_begin(reading, "REVOKE ALL PRIVILEGES, GRANT OPTION FROM");
        foreign_write_part(reading, &reading->list);
    } else if (foreign_take(reading, "ADMIN")) {
        foreign_need(reading, "OPTION");
        foreign_need(reading, "FOR");
        read_roles(reading, "REVOKE ADMIN OPTION FOR", false);
    } else if (are_rights(reading)) {
        read_rights(reading, false);
    } else {
        read_roles(reading, "REVOKE", false);
    }
}
