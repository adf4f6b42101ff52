/* CREATE TABLE and ALTER TABLE of MySQL, for MariaDB. */
#include "translation/sql_to_mariadb.h"

/* ---- Options ---- */

/* Where and how bytes are kept, not what they say. */
static bool is_own_option(const struct sql_walk *walk)
{
    static const char *const words[] = {
        "COMPRESSION",     "SECONDARY_ENGINE", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE",
        "AUTOEXTEND_SIZE", "TABLESPACE",       "STORAGE"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (sql_walk_is(walk, words[i]))
            return true;
    return false;
}

/* Behind ENCRYPTION [=] 'x', which began with `first`: what MariaDB says for it. */
static void take_encryption(struct sql_walk *walk, struct sql_list *list,
                            const struct sql_token *first)
{
    char value[4];

    (void)sql_walk_value(walk, &walk->last, value, sizeof value);
    if (value[0] == 'Y' || value[0] == 'y') {
        sql_edits_replace(walk->edits, first->text, "ENCRYPTED");
        sql_edits_replace(walk->edits, walk->last.text, "YES");
        sql_list_keep(list);
    } else {
        sql_list_remove(list, walk, first);
    }
}

/* One option of a table, or one word of what is none. */
static void take_option(struct sql_walk *walk, struct sql_list *list)
{
    struct sql_token first = walk->token;
    bool own = is_own_option(walk);
    bool encryption = sql_walk_is(walk, "ENCRYPTION");

    if (sql_walk_are(walk, (const char *const[]){"START", "TRANSACTION", NULL})) {
        sql_walk_step(walk);
        sql_walk_step(walk);
        sql_list_remove(list, walk, &first);
        return;
    }
    sql_walk_step(walk);
    if (sql_walk_take_sign(walk, "=") || own || encryption) {
        if (sql_walk_is_sign(walk, "("))
            sql_walk_pass_parens(walk);
        else
            sql_walk_step(walk);
    }
    if (own)
        sql_list_remove(list, walk, &first);
    else if (encryption)
        take_encryption(walk, list, &first);
    else
        sql_list_keep(list);
}

/* ---- CREATE TABLE ---- */

static void take_elements(struct sql_table *table)
{
    struct sql_walk *walk = table->walk;
    struct sql_list list = {0};

    do {
        struct sql_token first = walk->token;

        if (sql_table_element(table))
            sql_list_keep(&list);
        else
            sql_list_remove(&list, walk, &first);
    } while (sql_list_next(&list, walk));
    (void)sql_walk_take_sign(walk, ")");
}

static bool is_query(const struct sql_walk *walk)
{
    return sql_walk_is(walk, "AS") || sql_walk_is(walk, "SELECT") || sql_walk_is(walk, "WITH") ||
           sql_walk_is(walk, "VALUES") || sql_walk_is(walk, "TABLE") ||
           sql_walk_is(walk, "REPLACE") || sql_walk_is(walk, "IGNORE");
}

static void take_options(struct sql_walk *walk)
{
    struct sql_list list = {0};

    while (!sql_walk_at_end(walk) && !is_query(walk)) {
        if (sql_walk_is_sign(walk, "("))
            sql_walk_pass_parens(walk);
        else if (!sql_list_next(&list, walk))
            take_option(walk, &list);
    }
}

/* As it stands between backticks. */
static void copy_name(struct sql_walk *walk, const struct sql_token *token,
                      char name[SQL_TABLE_NAME_SIZE])
{
    char value[SQL_TABLE_NAME_SIZE];
    size_t len = 0;

    (void)sql_walk_value(walk, token, value, sizeof value);
    for (const char *at = value; *at && len < SQL_TABLE_NAME_SIZE - 2; at++) {
        if (*at == '`')
            name[len++] = '`';
        name[len++] = *at;
    }
    name[len] = '\0';
}

/* IF NOT EXISTS, name: what constraints are named after. */
static bool take_table(struct sql_table *table)
{
    struct sql_walk *walk = table->walk;
    struct sql_token name;

    if (sql_walk_take(walk, "IF")) {
        (void)sql_walk_take(walk, "NOT");
        sql_walk_step(walk);
    }
    if (!sql_walk_take_name(walk, &name))
        return false;
    copy_name(walk, &name, table->name);
    return true;
}

void sql_create_table(struct sql_walk *walk)
{
    struct sql_table table = {.walk = walk, .is_new = true};

    if (!take_table(&table) || sql_walk_is(walk, "LIKE"))
        return;
    if (sql_walk_is_sign(walk, "(")) {
        struct sql_token next = sql_walk_ahead(walk, 1);

        if (sql_token_is(&next, "LIKE") || sql_token_is(&next, "SELECT") ||
            sql_token_is(&next, "WITH") || sql_token_is_sign(&next, "("))
            return;
        sql_walk_step(walk);
        take_elements(&table);
    }
    take_options(walk);
}

/* ---- Databases ---- */

/* [DEFAULT] ENCRYPTION [=] 'x', READ ONLY [=] x; false: another option. */
static bool take_own_database_option(struct sql_walk *walk)
{
    char value[4];

    (void)sql_walk_take(walk, "DEFAULT");
    if (sql_walk_take(walk, "READ")) {
        sql_walk_step(walk);
        (void)sql_walk_take_sign(walk, "=");
        sql_walk_step(walk);
        return true;
    }
    if (!sql_walk_take(walk, "ENCRYPTION"))
        return false;
    (void)sql_walk_take_sign(walk, "=");
    (void)sql_walk_value(walk, &walk->token, value, sizeof value);
    if (value[0] == 'Y' || value[0] == 'y')
        sql_walk_refuse(walk, "ENCRYPTION of a database: MariaDB encrypts by table; say "
                              "ENCRYPTION='Y' for its tables at the source instead");
    sql_walk_step(walk);
    return true;
}

void sql_database(struct sql_walk *walk)
{
    static const char *const options[] = {"CHARACTER", "CHARSET", "COLLATE",
                                          "DEFAULT",   "READ",    "ENCRYPTION"};
    struct sql_list list = {0};
    bool removed = false;
    bool named = true;

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        named &= sql_walk_is_head(walk, "CREATE", NULL) || !sql_walk_is(walk, options[i]);
    if (named)
        (void)take_table(&(struct sql_table){.walk = walk});
    while (!sql_walk_at_end(walk)) {
        struct sql_token first = walk->token;

        if (take_own_database_option(walk)) {
            sql_list_remove(&list, walk, &first);
            removed = true;
            continue;
        }
        list.kept |= sql_walk_is(walk, "CHARACTER") || sql_walk_is(walk, "CHARSET") ||
                     sql_walk_is(walk, "COLLATE");
        sql_walk_step(walk);
    }
    walk->dropped = removed && !list.kept && !walk->failed && sql_walk_is_head(walk, "ALTER", NULL);
}

/* ---- ALTER TABLE ---- */

static void seek_specification_end(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk) && !sql_walk_is_sign(walk, ","))
        if (sql_walk_is_sign(walk, "("))
            sql_walk_pass_parens(walk);
        else
            sql_walk_step(walk);
}

static void take_added(struct sql_table *table)
{
    struct sql_walk *walk = table->walk;

    if (sql_walk_is(walk, "PARTITION")) {
        seek_specification_end(walk);
        return;
    }
    if (!sql_walk_take(walk, "COLUMN") && sql_table_is_key(walk)) {
        table->in_alter = false;
        table->goes = !sql_table_element(table);
        return;
    }
    if (sql_walk_take_sign(walk, "(")) {
        table->in_alter = false;
        take_elements(table);
        return;
    }
    sql_table_column(table);
}

/* ALTER [COLUMN] c SET|DROP DEFAULT, INDEX i VISIBLE|INVISIBLE, CHECK|CONSTRAINT c [NOT] ENFORCED
 */
static void take_altered(struct sql_walk *walk)
{
    char name[SQL_TABLE_NAME_SIZE];
    bool index = sql_walk_take(walk, "INDEX");
    bool check = !index && (sql_walk_take(walk, "CHECK") || sql_walk_take(walk, "CONSTRAINT"));

    if (!index && !check)
        (void)sql_walk_take(walk, "COLUMN");
    (void)sql_walk_value(walk, &walk->token, name, sizeof name);
    sql_walk_step(walk);
    if (index && sql_walk_is(walk, "VISIBLE")) {
        sql_edits_replace(walk->edits, walk->token.text, "NOT IGNORED");
    } else if (index && sql_walk_is(walk, "INVISIBLE")) {
        sql_edits_replace(walk->edits, walk->token.text, "IGNORED");
    } else if (check) {
        sql_walk_refuse(walk,
                        "constraint %s: MariaDB can not change whether one is enforced; drop it "
                        "and add it anew at the source",
                        name);
    } else if (sql_walk_are(walk, (const char *const[]){"SET", "VISIBLE", NULL}) ||
               sql_walk_are(walk, (const char *const[]){"SET", "INVISIBLE", NULL})) {
        sql_walk_refuse(walk,
                        "column %s: MariaDB changes its visibility with the whole definition only; "
                        "use MODIFY COLUMN at the source",
                        name);
    }
    seek_specification_end(walk);
}

/* What says how it is to be done: MariaDB's own way may be another, and it would refuse. */
static bool is_manner(const struct sql_walk *walk)
{
    static const char *const words[] = {"ALGORITHM", "LOCK",           "WITHOUT",
                                        "WITH",      "SECONDARY_LOAD", "SECONDARY_UNLOAD"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (sql_walk_is(walk, words[i]))
            return true;
    return false;
}

/* EXCHANGE PARTITION p WITH TABLE t [{WITH|WITHOUT} VALIDATION] */
static void take_exchange(struct sql_walk *walk)
{
    while (!sql_walk_at_end(walk) && !sql_walk_is_sign(walk, ",")) {
        struct sql_token first = walk->token;

        sql_walk_step(walk);
        if (sql_walk_is(walk, "VALIDATION")) {
            sql_walk_step(walk);
            sql_edits_remove(walk->edits, first.text, walk->last.text);
        }
    }
}

/* What begins with a word that says what is done; false: an option of the table. */
static bool take_action(struct sql_table *table)
{
    static const char *const others[] = {"RENAME",   "ORDER",     "CONVERT", "ENABLE",  "DISABLE",
                                         "FORCE",    "DISCARD",   "IMPORT",  "REMOVE",  "TRUNCATE",
                                         "CHECK",    "ANALYZE",   "REPAIR",  "REBUILD", "OPTIMIZE",
                                         "COALESCE", "REORGANIZE"};
    struct sql_walk *walk = table->walk;
    struct sql_token word = walk->token;

    if (sql_walk_take(walk, "ADD")) {
        take_added(table);
    } else if (sql_walk_take(walk, "MODIFY")) {
        (void)sql_walk_take(walk, "COLUMN");
        sql_table_column(table);
    } else if (sql_walk_take(walk, "CHANGE")) {
        (void)sql_walk_take(walk, "COLUMN");
        sql_walk_step(walk);
        sql_table_column(table);
    } else if (sql_walk_take(walk, "ALTER")) {
        take_altered(walk);
    } else if (sql_walk_take(walk, "DROP")) {
        if (sql_walk_is(walk, "CHECK"))
            sql_edits_replace(walk->edits, walk->token.text, "CONSTRAINT");
        seek_specification_end(walk);
    } else if (sql_walk_is(walk, "EXCHANGE")) {
        take_exchange(walk);
    } else {
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
            if (sql_token_is(&word, others[i])) {
                seek_specification_end(walk);
                return true;
            }
        return false;
    }
    return true;
}

void sql_alter_table(struct sql_walk *walk)
{
    struct sql_table table = {.walk = walk};
    struct sql_list list = {0};
    bool empty = false;

    if (!take_table(&table))
        return;
    empty = sql_walk_at_end(walk);
    while (!sql_walk_at_end(walk)) {
        struct sql_token first = walk->token;

        table.in_alter = true;
        if (sql_list_next(&list, walk))
            continue;
        if (is_manner(walk)) {
            sql_walk_step(walk);
            if (sql_walk_take_sign(walk, "=") || sql_walk_is_name(walk))
                sql_walk_step(walk);
            sql_list_remove(&list, walk, &first);
        } else if (take_action(&table)) {
            if (table.goes)
                sql_list_remove(&list, walk, &first);
            else
                sql_list_keep(&list);
            table.goes = false;
        } else if (sql_walk_is_sign(walk, "(")) {
            sql_walk_pass_parens(walk);
        } else {
            take_option(walk, &list);
        }
    }
    walk->dropped = !list.kept && !empty && !walk->failed;
}
