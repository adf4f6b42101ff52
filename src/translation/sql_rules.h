/*
 * struct sql_rules: what is done to the statements of one family for the other: what is done to
 * each word of any statement, and what is done to statements by their first words.
 *
 * Both only add edits to the walk, or refuse, or drop. To add a rule: a function of a walk, which
 * stands behind the head then, and a line in the direction's table: sql_to_mariadb.c,
 * sql_to_mysql.c. Rules for whole nouns (column definitions, accounts) have files of their own.
 */
#pragma once

#include "translation/sql_walk.h"

struct sql_rule {
    const char *verb;
    const char *object; /* NULL: any, or none */
    void (*apply)(struct sql_walk *walk);
};

struct sql_rules {
    /* Asked before each token of a statement is taken; true: it took some, and is asked again. */
    bool (*each_word)(struct sql_walk *walk);
    const struct sql_rule *statements; /* the first that fits; ends with a NULL verb */
};

extern const struct sql_rules sql_rules_to_mariadb;
extern const struct sql_rules sql_rules_to_mysql;

/*
 * Behind a statement's head: whether the rules are to go on with it. False for one of accounts,
 * roles or rights that the policy drops or refuses; the walk says so then.
 */
bool sql_account_goes_on(struct sql_walk *walk);
