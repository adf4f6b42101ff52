/*
 * What foreign_account.c, foreign_account_list.c and foreign_account_rights.c share: one reading of
 * a statement of accounts, and what is written of it. For them alone.
 */
#pragma once

#include "binlog/sql_token.h"
#include "translation/foreign_account.h"

#define STATEMENT_MAX ((size_t)60000) /* bytes: the procedure takes a TEXT */
#define NOTE_MAX      1000
#define NAME_SIZE     256 /* bytes with a NUL; servers have at most 255 in a host, 128 in a user */

struct foreign_name {
    char user[NAME_SIZE];
    char host[NAME_SIZE]; /* "%" when none is said */
    bool has_host;
    bool usable; /* printable ASCII without quotes, as mysql.rds_account_statement takes it */
};

/* What the names of a list may be. */
enum foreign_kind { FOREIGN_USERS, FOREIGN_ROLES, FOREIGN_EITHER };

enum foreign_option { /* in the order in which they are written */
                      FOREIGN_OPTION_REQUIRE,
                      FOREIGN_OPTION_LIMITS,
                      FOREIGN_OPTION_EXPIRE,
                      FOREIGN_OPTION_LOCK,
                      FOREIGN_OPTION_COUNT,
};

struct foreign_reading {
    const struct foreign_account_origin *origin;
    struct foreign_account *out;
    struct sql_tokens tokens;
    struct sql_token token; /* the next one, not taken yet */
    bool broken;            /* it is not understood */
    struct buf value;       /* of one token */
    struct buf list;        /* accounts as they are written */
    struct buf closed;      /* the same, with passwords that nobody has */
    size_t count;           /* of them; 0: nothing is left of the statement */
    size_t list_at;         /* where the list is in the statement; 0: nowhere */
    bool has_plugin;        /* one of its passwords is of a plugin that the engine may lack */
    struct {
        struct buf text[FOREIGN_OPTION_COUNT];
        bool grants; /* WITH GRANT OPTION */
        bool admin;  /* WITH ADMIN OPTION */
        bool closes; /* it demands what nobody could meet */
    } options;
};

/* ---- foreign_account_list.c ---- */

void foreign_step(struct foreign_reading *reading);
bool foreign_is(const struct foreign_reading *reading, const char *word);
bool foreign_take(struct foreign_reading *reading, const char *word);
bool foreign_take_sign(struct foreign_reading *reading, const char *sign);
void foreign_need(struct foreign_reading *reading, const char *word); /* or it is broken */
bool foreign_at_end(const struct foreign_reading *reading);
bool foreign_is_text(const struct foreign_reading *reading); /* a word, name or string comes */

/* What the next token means, in reading->value; it is taken. */
struct span foreign_take_value(struct foreign_reading *reading);

void foreign_note(struct foreign_reading *reading, const char *reason, const char *about);
void foreign_say(struct foreign_reading *reading, const char *text); /* of what it is */

void foreign_take_name(struct foreign_reading *reading, struct foreign_name *ret);
/* False, and noted, for one that is not a source's to change, or can not be written. */
bool foreign_may_take(struct foreign_reading *reading, const struct foreign_name *name);
void foreign_write_name(struct buf *buf, const struct foreign_name *name, bool with_host);
void foreign_add_to_list(struct foreign_reading *reading, const struct foreign_name *name,
                         bool with_host);

/* mysql_native_password: whether it is a hash; IDENTIFIED BY a hash, by a password. */
bool foreign_is_native(struct span hash);
void foreign_write_hash(struct foreign_reading *reading, struct span hash);
void foreign_write_native(struct buf *buf, struct span password);

bool foreign_is_plain(struct span text); /* printable, without quotes and backslashes */
bool foreign_is_utf8(struct span text);

/* Names with commas between them, each perhaps with a password, into reading->list. */
void foreign_take_accounts(struct foreign_reading *reading, enum foreign_kind kind);

/* REQUIRE, WITH, PASSWORD EXPIRE, ACCOUNT LOCK; rules that the engine lacks are passed over. */
void foreign_take_options(struct foreign_reading *reading);

/* IF [NOT] EXISTS, if it comes. */
void foreign_pass_exists(struct foreign_reading *reading);

/* The statement: its beginning, a part, the list, the options. */
void foreign_begin(struct foreign_reading *reading, const char *head);
void foreign_write_part(struct foreign_reading *reading, const struct buf *part);
void foreign_write_list(struct foreign_reading *reading);
void foreign_write_options(struct foreign_reading *reading);

/* ---- foreign_account_rights.c ---- */

/* Behind GRANT, behind REVOKE. */
void foreign_read_grant(struct foreign_reading *reading);
void foreign_read_revoke(struct foreign_reading *reading);
