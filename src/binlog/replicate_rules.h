/*
 * struct replicate_rules: which databases and tables a replica gets, by the servers' own
 * replicate_* rules:
 *
 *     replicate_do_db  replicate_ignore_db                    DATABASE,...
 *     replicate_do_table  replicate_ignore_table              DATABASE.TABLE,...
 *     replicate_wild_do_table  replicate_wild_ignore_table    PATTERN.PATTERN,... with % _ and \
 *
 * Rows are judged by their table's database and name; a statement by its default database and,
 * where it can be told which tables it changes, by their names. A database passes when it is in the
 * do list, or, without one, when it is not in the ignore list. A table passes by the first list
 * that has it, in the order do, ignore, wild do, wild ignore; one that is in none passes when there
 * is no do list. Names are compared byte by byte. Once filled it may be read by any thread (source:
 * MySQL reference manual, "How Servers Evaluate Replication Filtering Rules").
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

enum replicate_rule {
    REPLICATE_DO_DB,
    REPLICATE_IGNORE_DB,
    REPLICATE_DO_TABLE,
    REPLICATE_IGNORE_TABLE,
    REPLICATE_WILD_DO_TABLE,
    REPLICATE_WILD_IGNORE_TABLE,
    REPLICATE_RULE_COUNT,
};

const char *replicate_rule_name(enum replicate_rule rule);
const char *replicate_rule_summary(enum replicate_rule rule);

/* By name, with dashes or underscores; false when no rule has it. */
bool replicate_rule_find(struct span name, enum replicate_rule *ret_rule);

struct replicate_rules;

struct replicate_rules *replicate_rules_new(void);        /* everything passes */
void replicate_rules_free(struct replicate_rules *rules); /* the last share; NULL is fine */
struct replicate_rules *replicate_rules_share(struct replicate_rules *rules);

/*
 * Adds to a rule's list. Names with a comma, a dot or a backtick are written as in SQL: `a.b`;
 * patterns can not have a comma. E_USAGE, without the rule's name; the rules are untouched.
 */
MUST_CHECK bool replicate_rules_add(struct replicate_rules *rules, enum replicate_rule rule,
                                    struct span text, struct err *err);

/* Whether everything passes, so that events need not be looked at. */
bool replicate_rules_pass_all(const struct replicate_rules *rules);

/* Whether there is a list of tables or patterns: then a statement's tables are asked for. */
bool replicate_rules_by_table(const struct replicate_rules *rules);

/* Of a statement's default database, perhaps empty; of a row's database. */
bool replicate_rules_pass_database(const struct replicate_rules *rules, struct span database);

/* CREATE, DROP and ALTER DATABASE: by the database's name, and by patterns as "NAME.". */
bool replicate_rules_pass_schema(const struct replicate_rules *rules, struct span database);

struct replicate_table {
    struct span database;
    struct span table;
};

/* Of a statement that changes these tables, one or more; not by its default database. */
bool replicate_rules_pass_tables(const struct replicate_rules *rules,
                                 const struct replicate_table *tables, size_t count);

/* Of a row: its database and its table. */
bool replicate_rules_pass_rows(const struct replicate_rules *rules, struct span database,
                               struct span table);
