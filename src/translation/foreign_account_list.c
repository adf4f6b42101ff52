/* Names, passwords and options of accounts in a source's statements; see foreign_account.h. */
#include "translation/foreign_account_internal.h"

#include "base/utf8.h"

#include <ctype.h>
#include <openssl/sha.h>
#include <strings.h>

#define NATIVE "mysql_native_password"
#define CLOSED " IDENTIFIED VIA " NATIVE " USING 'invalid'" /* nobody has that password */

/* ---- Words ---- */

void foreign_step(struct foreign_reading *reading)
{
    struct err ignored;

    if (!sql_tokens_next(&reading->tokens, &reading->token, &ignored)) {
        reading->broken = true;
        reading->token = (struct sql_token){.kind = SQL_TOKEN_END};
    }
    /* Which server has read what is inside can not be told for certain. */
    if (reading->token.kind == SQL_TOKEN_VERSION)
        reading->broken = true;
}

bool foreign_is(const struct foreign_reading *reading, const char *word)
{
    return sql_token_is(&reading->token, word);
}

bool foreign_take(struct foreign_reading *reading, const char *word)
{
    if (!foreign_is(reading, word))
        return false;
    foreign_step(reading);
    return true;
}

bool foreign_take_sign(struct foreign_reading *reading, const char *sign)
{
    if (!sql_token_is_sign(&reading->token, sign))
        return false;
    foreign_step(reading);
    return true;
}

/* A word that the grammar wants here. */
void foreign_need(struct foreign_reading *reading, const char *word)
{
    if (!foreign_take(reading, word))
        reading->broken = true;
}

bool foreign_at_end(const struct foreign_reading *reading)
{
    return reading->token.kind == SQL_TOKEN_END || reading->broken;
}

bool foreign_is_text(const struct foreign_reading *reading)
{
    return reading->token.kind == SQL_TOKEN_STRING || reading->token.kind == SQL_TOKEN_NAME ||
           reading->token.kind == SQL_TOKEN_WORD;
}

/* What the next token means, into reading->value; it is taken. */
struct span foreign_take_value(struct foreign_reading *reading)
{
    buf_clear(&reading->value);
    sql_token_value(&reading->value, &reading->tokens, &reading->token);
    foreign_step(reading);
    return buf_ok(&reading->value) ? buf_span(&reading->value) : (struct span){0};
}

/* ---- What is said of it ---- */

void foreign_note(struct foreign_reading *reading, const char *reason, const char *about)
{
    struct buf *buf = &reading->out->note;
    size_t taken = buf->len + strlen("; ") + strlen(reason);

    if (taken < NOTE_MAX)
        buf_printf(buf, "%s%s%.*s", buf->len > 0 ? "; " : "", reason, (int)(NOTE_MAX - taken),
                   about);
}

void foreign_say(struct foreign_reading *reading, const char *text)
{
    struct buf *buf = &reading->out->what;

    if (buf->len + strlen(text) <= FOREIGN_ACCOUNT_WHAT_MAX)
        buf_str(buf, text);
}

/* ---- Accounts ---- */

static bool copy_name(char *into, struct span value)
{
    bool usable = value.len > 0 && value.len < NAME_SIZE;
    size_t length = value.len < NAME_SIZE ? value.len : NAME_SIZE - 1;

    for (size_t i = 0; i < length; i++) {
        uint8_t c = value.data[i];

        usable = usable && c > ' ' && c < 0x7f && !strchr("\"'`@,\\", c);
        into[i] = (char)(c > ' ' && c < 0x7f ? c : '?');
    }
    into[length] = '\0';
    return usable;
}

/* 'user'@'host', in whatever quotes; a host that is not said is any. */
void foreign_take_name(struct foreign_reading *reading, struct foreign_name *ret)
{
    struct foreign_name name = {.host = "%"};

    if (!foreign_is_text(reading) || foreign_is(reading, "CURRENT_USER"))
        reading->broken = true;
    name.usable = copy_name(name.user, foreign_take_value(reading));
    if (reading->token.kind == SQL_TOKEN_USER) {
        bool apart = reading->token.text.len == 1; /* @ 'host' */
        struct span host = foreign_take_value(reading);

        if (apart && foreign_is_text(reading))
            host = foreign_take_value(reading);
        name.has_host = true;
        if (host.len > 0)
            name.usable = copy_name(name.host, host) && name.usable;
    }
    *ret = name;
}

/* Of the engine, of the cluster, and of whoever administers the source's machine. */
static bool is_reserved(const struct foreign_reading *reading, const char *user)
{
    static const char *const reserved[] = {
        "rdsadmin",         "root",         "mariadb.sys",  "mysql.sys",    "mysql.session",
        "mysql.infoschema", "current_user", "current_role", "session_user", "public"};

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcasecmp(user, reserved[i]) == 0)
            return true;
    }
    return strcasecmp(user, reading->origin->master_user) == 0;
}

/* False, and noted, for one that is not a source's to change, or can not be written. */
bool foreign_may_take(struct foreign_reading *reading, const struct foreign_name *name)
{
    if (!name->usable) {
        foreign_note(reading, "a name of other than printable ASCII characters: ", name->user);
        return false;
    }
    if (is_reserved(reading, name->user)) {
        foreign_note(reading, "not a source's to change here: ", name->user);
        return false;
    }
    return true;
}

void foreign_write_name(struct buf *buf, const struct foreign_name *name, bool with_host)
{
    if (with_host)
        buf_printf(buf, "`%s`@`%s`", name->user, name->host);
    else
        buf_printf(buf, "`%s`", name->user);
}

/*
 * Roles have no host here. Those of MySQL are accounts, of any host as a rule: of FOREIGN_EITHER it
 * is the engine that finds which of the two it has. With a password it is a user.
 */
static bool writes_host(const struct foreign_reading *reading, const struct foreign_name *name,
                        enum foreign_kind kind)
{
    if (kind == FOREIGN_USERS || foreign_is(reading, "IDENTIFIED"))
        return true;
    return name->has_host && !(reading->origin->mysql && strcmp(name->host, "%") == 0);
}

void foreign_add_to_list(struct foreign_reading *reading, const struct foreign_name *name,
                         bool with_host)
{
    const char *comma = reading->count++ > 0 ? ", " : "";
    struct buf said;

    buf_str(&reading->list, comma);
    buf_str(&reading->closed, comma);
    foreign_write_name(&reading->list, name, with_host);
    foreign_write_name(&reading->closed, name, true); /* who has a password is a user */
    buf_str(&reading->closed, CLOSED);
    buf_init(&said, 4 * NAME_SIZE);
    buf_str(&said, comma);
    foreign_write_name(&said, name, with_host);
    foreign_say(reading, buf_borrow_cstr(&said));
    buf_done(&said);
}

/* ---- Passwords ---- */

/* mysql_native_password's own form; '' for none. */
void foreign_write_native(struct buf *buf, struct span password)
{
    unsigned char digest[SHA_DIGEST_LENGTH];

    buf_str(buf, " IDENTIFIED BY PASSWORD '");
    if (password.len > 0) {
        (void)SHA1(password.data, password.len, digest);
        (void)SHA1(digest, sizeof digest, digest);
        buf_str(buf, "*");
        for (size_t i = 0; i < sizeof digest; i++)
            buf_printf(buf, "%02X", digest[i]);
    }
    buf_str(buf, "'");
}

bool foreign_is_native(struct span hash)
{
    if (hash.len == 0)
        return true;
    for (size_t i = 1; i < hash.len; i++) {
        if (!isxdigit(hash.data[i]))
            return false;
    }
    return hash.len == 1 + 2 * SHA_DIGEST_LENGTH && hash.data[0] == '*';
}

void foreign_write_hash(struct foreign_reading *reading, struct span hash)
{
    if (!foreign_is_native(hash)) {
        foreign_note(reading, "closed, its password's form is not known", "");
        buf_str(&reading->list, CLOSED);
        return;
    }
    buf_str(&reading->list, " IDENTIFIED BY PASSWORD '");
    buf_bytes(&reading->list, hash);
    buf_str(&reading->list, "'");
}

/* Base64, and what hashes of plugins that the engine may have are written in else. */
bool foreign_is_plain(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f || strchr("'\"\\`", text.data[i]))
            return false;
    }
    return true;
}

bool foreign_is_utf8(struct span text)
{
    struct buf copy;
    const char *at;
    size_t length;
    bool good;

    buf_init(&copy, text.len + 1);
    buf_bytes(&copy, text);
    at = buf_borrow_cstr(&copy);
    while (*at && (length = utf8_length(at)) > 0)
        at += length;
    good = at == buf_borrow_cstr(&copy) + text.len;
    buf_done(&copy);
    return good;
}

/* What stands behind a plugin: its own form of the password, or the password. */
struct proof {
    bool given;
    bool clear;
};

/* Of one plugin, into reading->value. */
static struct proof take_proof(struct foreign_reading *reading)
{
    struct proof proof = {false, false};

    buf_clear(&reading->value);
    if (foreign_take(reading, "BY")) {
        proof.clear = !foreign_take(reading, "PASSWORD");
    } else if (!foreign_take(reading, "AS") && !foreign_take(reading, "USING")) {
        return proof;
    } else if (foreign_take(reading, "PASSWORD")) {
        proof = (struct proof){true, true};
        if (!foreign_take_sign(reading, "(") || reading->token.kind != SQL_TOKEN_STRING)
            reading->broken = true;
        (void)foreign_take_value(reading);
        if (!foreign_take_sign(reading, ")"))
            reading->broken = true;
        return proof;
    }
    proof.given = true;
    if (reading->token.kind ==
        SQL_TOKEN_NUMBER) { /* 0x...: MySQL with print_identified_with_as_hex */
        proof.clear = false;
        foreign_step(reading);
        buf_str(&reading->value, "0x");
        return proof;
    }
    if (reading->token.kind != SQL_TOKEN_STRING)
        reading->broken = true;
    (void)foreign_take_value(reading);
    return proof;
}

static bool has_like(const char *plugin)
{
    return strcasecmp(plugin, "ed25519") == 0 || strcasecmp(plugin, "parsec") == 0;
}

/* One way to log in; false when the engine has none like it. */
static bool take_plugin(struct foreign_reading *reading, bool writes)
{
    char plugin[NAME_SIZE] = "";
    struct proof proof;
    bool usable;

    usable = foreign_is_text(reading) && copy_name(plugin, foreign_take_value(reading));
    proof = take_proof(reading);
    if (!usable) {
        reading->broken = true;
        return false;
    }
    if (strcasecmp(plugin, NATIVE) == 0) {
        if (writes && proof.clear)
            foreign_write_native(&reading->list, buf_span(&reading->value));
        else if (writes)
            foreign_write_hash(reading, buf_span(&reading->value));
        return true;
    }
    if (has_like(plugin) && proof.given && foreign_is_plain(buf_span(&reading->value))) {
        if (writes) {
            reading->has_plugin = true;
            buf_printf(&reading->list, " IDENTIFIED VIA %s USING %s'", plugin,
                       proof.clear ? "PASSWORD(" : "");
            buf_bytes(&reading->list, buf_span(&reading->value));
            buf_str(&reading->list, proof.clear ? "')" : "'");
        }
        return true;
    }
    if (writes)
        foreign_note(reading, "closed until it is given a password here, its own is of the plugin ",
                     plugin);
    return false;
}

/* Behind IDENTIFIED. Of several ways the first that the engine has. */
static void take_identified(struct foreign_reading *reading)
{
    size_t noted = reading->out->note.len;
    bool known;

    if (foreign_take(reading, "BY")) {
        bool hash = foreign_take(reading, "PASSWORD");
        struct span value;

        if (reading->token.kind != SQL_TOKEN_STRING)
            reading->broken = true;
        value = foreign_take_value(reading);
        if (hash)
            foreign_write_hash(reading, value);
        else
            foreign_write_native(&reading->list, value);
    } else {
        if (!foreign_take(reading, "WITH"))
            foreign_need(reading, "VIA");
        known = take_plugin(reading, true);
        while (foreign_take(reading, "OR"))
            known = take_plugin(reading, !known) || known;
        if (known)
            reading->out->note.len = noted;
        else
            buf_str(&reading->list, CLOSED);
    }
    /* What MySQL may say behind it is of the password before. */
    if (foreign_take(reading, "REPLACE"))
        (void)foreign_take_value(reading);
    if (foreign_take(reading, "RETAIN")) {
        foreign_need(reading, "CURRENT");
        foreign_need(reading, "PASSWORD");
    }
}

/* The password of an account that is not taken: nothing is written or said of it. */
static void pass_identified(struct foreign_reading *reading)
{
    struct buf list = reading->list;
    size_t noted = reading->out->note.len;

    buf_init(&reading->list, STATEMENT_MAX);
    take_identified(reading);
    buf_done(&reading->list);
    reading->list = list;
    reading->out->note.len = noted;
}

/* A list of accounts, each perhaps with a password, into reading->list. */
void foreign_take_accounts(struct foreign_reading *reading, enum foreign_kind kind)
{
    do {
        struct foreign_name name;
        bool taken;
        bool with_host;

        foreign_take_name(reading, &name);
        taken = foreign_may_take(reading, &name);
        with_host = writes_host(reading, &name, kind);
        if (taken && with_host && kind == FOREIGN_ROLES) {
            foreign_note(reading, "a role of one host alone: ", name.user);
            taken = false;
        }
        if (taken)
            foreign_add_to_list(reading, &name, with_host);
        if (foreign_take(reading, "IDENTIFIED")) {
            if (taken)
                take_identified(reading);
            else
                pass_identified(reading);
        }
        if (foreign_take(reading, "DISCARD")) {
            foreign_need(reading, "OLD");
            foreign_need(reading, "PASSWORD");
        }
    } while (foreign_take_sign(reading, ",") && !reading->broken);
}

/* ---- Options ---- */

static bool demands_certificate(const struct foreign_reading *reading)
{
    return foreign_is(reading, "X509") || foreign_is(reading, "ISSUER") ||
           foreign_is(reading, "SUBJECT") || foreign_is(reading, "CIPHER");
}

static void take_requirement(struct foreign_reading *reading)
{
    struct buf *text = &reading->options.text[FOREIGN_OPTION_REQUIRE];

    buf_clear(text);
    if (foreign_take(reading, "NONE")) {
        buf_str(text, " REQUIRE NONE");
        return;
    }
    buf_str(text, " REQUIRE SSL");
    if (foreign_take(reading, "SSL"))
        return;
    foreign_note(reading, "closed, no certificate of a client passes an endpoint", "");
    reading->options.closes = true;
    if (!demands_certificate(reading))
        reading->broken = true;
    while (demands_certificate(reading) || foreign_is(reading, "AND")) {
        foreign_step(reading);
        if (reading->token.kind == SQL_TOKEN_STRING)
            foreign_step(reading);
    }
}

static bool is_limit(const struct foreign_reading *reading)
{
    static const char *const limits[] = {"MAX_QUERIES_PER_HOUR", "MAX_UPDATES_PER_HOUR",
                                         "MAX_CONNECTIONS_PER_HOUR", "MAX_USER_CONNECTIONS",
                                         "MAX_STATEMENT_TIME"};

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (foreign_is(reading, limits[i]))
            return true;
    }
    return false;
}

static void take_with(struct foreign_reading *reading)
{
    struct buf *text = &reading->options.text[FOREIGN_OPTION_LIMITS];

    while (!foreign_at_end(reading)) {
        if (is_limit(reading)) {
            buf_str(text, text->len == 0 ? " WITH " : " ");
            buf_bytes(text, reading->token.text);
            foreign_step(reading);
            if (reading->token.kind != SQL_TOKEN_NUMBER)
                reading->broken = true;
            buf_str(text, " ");
            buf_bytes(text, reading->token.text);
            foreign_step(reading);
        } else if (foreign_take(reading, "GRANT")) {
            foreign_need(reading, "OPTION");
            reading->options.grants = true;
        } else if (foreign_take(reading, "ADMIN")) {
            if (!foreign_take(reading, "OPTION")) { /* CREATE ROLE r WITH ADMIN u */
                struct foreign_name unused;

                foreign_take_name(reading, &unused);
            }
            reading->options.admin = true;
        } else {
            return;
        }
    }
}

/* INTERVAL n DAY, DEFAULT, NEVER; nothing: at once. */
static void take_expiry(struct foreign_reading *reading)
{
    struct buf *text = &reading->options.text[FOREIGN_OPTION_EXPIRE];

    buf_clear(text);
    buf_str(text, " PASSWORD EXPIRE");
    if (foreign_take(reading, "DEFAULT")) {
        buf_str(text, " DEFAULT");
    } else if (foreign_take(reading, "NEVER")) {
        buf_str(text, " NEVER");
    } else if (foreign_take(reading, "INTERVAL")) {
        buf_str(text, " INTERVAL ");
        if (reading->token.kind != SQL_TOKEN_NUMBER)
            reading->broken = true;
        buf_bytes(text, reading->token.text);
        foreign_step(reading);
        foreign_need(reading, "DAY");
        buf_str(text, " DAY");
    }
}

/* MySQL 8's rules for passwords: the engine has none. */
static void pass_rule(struct foreign_reading *reading)
{
    static const char *const words[] = {"HISTORY", "REUSE",    "INTERVAL", "REQUIRE",   "CURRENT",
                                        "DEFAULT", "OPTIONAL", "DAY",      "UNBOUNDED", NULL};
    bool more = true;

    while (more && !foreign_at_end(reading)) {
        more = reading->token.kind == SQL_TOKEN_NUMBER;
        for (size_t i = 0; words[i] && !more; i++)
            more = foreign_is(reading, words[i]);
        if (more)
            foreign_step(reading);
    }
}

void foreign_take_options(struct foreign_reading *reading)
{
    while (!foreign_at_end(reading)) {
        if (foreign_take(reading, "REQUIRE")) {
            take_requirement(reading);
        } else if (foreign_take(reading, "WITH")) {
            take_with(reading);
        } else if (foreign_take(reading, "PASSWORD")) {
            if (foreign_take(reading, "EXPIRE"))
                take_expiry(reading);
            else
                pass_rule(reading);
        } else if (foreign_take(reading, "PASSWORD_LOCK_TIME") ||
                   foreign_take(reading, "FAILED_LOGIN_ATTEMPTS")) {
            pass_rule(reading);
        } else if (foreign_take(reading, "ACCOUNT")) {
            buf_clear(&reading->options.text[FOREIGN_OPTION_LOCK]);
            buf_str(&reading->options.text[FOREIGN_OPTION_LOCK],
                    foreign_is(reading, "LOCK") ? " ACCOUNT LOCK" : " ACCOUNT UNLOCK");
            if (!foreign_take(reading, "LOCK"))
                foreign_need(reading, "UNLOCK");
        } else if (foreign_take(reading, "COMMENT") || foreign_take(reading, "ATTRIBUTE")) {
            (void)foreign_take_value(reading);
        } else {
            return;
        }
    }
}

/* All of a part, or the statement is not taken. */
void foreign_write_part(struct foreign_reading *reading, const struct buf *part)
{
    if (!buf_ok(part))
        reading->broken = true;
    buf_bytes(&reading->out->statement, buf_span(part));
}

void foreign_write_list(struct foreign_reading *reading)
{
    reading->list_at = reading->out->statement.len;
    foreign_write_part(reading, reading->options.closes ? &reading->closed : &reading->list);
}

void foreign_write_options(struct foreign_reading *reading)
{
    for (size_t i = 0; i < FOREIGN_OPTION_COUNT; i++)
        foreign_write_part(reading, &reading->options.text[i]);
}

void foreign_begin(struct foreign_reading *reading, const char *head)
{
    buf_str(&reading->out->statement, head);
    buf_str(&reading->out->statement, " ");
}

void foreign_pass_exists(struct foreign_reading *reading)
{
    if (foreign_take(reading, "IF")) {
        (void)foreign_take(reading, "NOT");
        foreign_need(reading, "EXISTS");
    }
}
