#include "replication/statement.h"

#include <ctype.h>

/* What was typed from `start` up to the next token, without the space before that. */
static struct span typed(const struct sql_parser *parser, const uint8_t *start)
{
    const uint8_t *end = parser->token.text.data;
    size_t len;

    if (parser->token.kind == SQL_TOKEN_END)
        end = parser->tokens.rest.rest.data;
    len = (size_t)(end - start);
    while (len > 0 && isspace(start[len - 1]))
        len--;
    return span_of(start, len);
}

static bool parse_limit(struct sql_parser *parser, struct statement *statement)
{
    uint64_t first;

    if (!sql_parser_accept(parser, "LIMIT"))
        return true;
    if (!sql_parser_number(parser, &first))
        return false;
    statement->limit = first;
    if (sql_parser_accept_sign(parser, ",")) {
        statement->limit_offset = first;
        return sql_parser_number(parser, &statement->limit);
    }
    return !sql_parser_accept(parser, "OFFSET") ||
           sql_parser_number(parser, &statement->limit_offset);
}

/* expression [[AS] alias] */
static bool parse_item(struct sql_parser *parser, struct expression *item)
{
    const uint8_t *start = parser->token.text.data;

    if (!expression_parse(parser, item))
        return false;
    item->title = typed(parser, start);
    if (sql_parser_accept(parser, "AS") ||
        (sql_parser_at_name(parser) && !sql_token_is(&parser->token, "LIMIT") &&
         !sql_token_is(&parser->token, "FROM"))) {
        if (!sql_parser_at_name(parser) && parser->token.kind != SQL_TOKEN_STRING)
            return false;
        item->title = sql_parser_value(parser);
    }
    return true;
}

static bool parse_select(struct sql_parser *parser, struct statement *statement)
{
    do {
        void *array = statement->items;
        struct expression *item =
            sql_parser_append(parser, array, &statement->item_count, sizeof *item, &array);

        statement->items = array;
        if (!item || !parse_item(parser, item))
            return false;
    } while (sql_parser_accept_sign(parser, ","));
    if (sql_parser_accept(parser, "FROM") && !sql_parser_accept(parser, "DUAL"))
        return false;
    statement->kind = STATEMENT_SELECT;
    return parse_limit(parser, statement);
}

/* [GLOBAL | SESSION | LOCAL] name, @@name, @name */
static bool parse_target(struct sql_parser *parser, struct expression *target)
{
    if (parser->token.kind == SQL_TOKEN_USER || parser->token.kind == SQL_TOKEN_SYSTEM)
        return expression_parse(parser, target);
    *target = (struct expression){.kind = EXPRESSION_SYSTEM_VARIABLE};
    (void)expression_accept_scope(parser, &target->scope);
    if (!sql_parser_at_name(parser))
        return false;
    target->value = sql_parser_lower(parser);
    return true;
}

/* NAMES x [COLLATE y], CHARACTER SET x, CHARSET x: none has an effect on what the relay sends. */
static bool parse_names(struct sql_parser *parser, struct assignment *assignment,
                        bool *ret_is_names)
{
    *ret_is_names = true;
    if (sql_parser_accept(parser, "CHARACTER")) {
        if (!sql_parser_accept(parser, "SET"))
            return false;
    } else if (!sql_parser_accept(parser, "NAMES") && !sql_parser_accept(parser, "CHARSET")) {
        *ret_is_names = false;
        return true;
    }
    assignment->target =
        (struct expression){.kind = EXPRESSION_SYSTEM_VARIABLE, .value = span_str("names")};
    if (!expression_parse(parser, &assignment->value))
        return false;
    if (!sql_parser_accept(parser, "COLLATE"))
        return true;
    if (!sql_parser_at_name(parser) && parser->token.kind != SQL_TOKEN_STRING)
        return false;
    assignment->collation = sql_parser_lower(parser);
    return true;
}

static bool parse_assignment(struct sql_parser *parser, struct assignment *assignment)
{
    bool is_names;

    if (!parse_names(parser, assignment, &is_names))
        return false;
    if (is_names)
        return true;
    if (!parse_target(parser, &assignment->target))
        return false;
    if (!sql_parser_accept_sign(parser, "=") && !sql_parser_accept_sign(parser, ":="))
        return false;
    return expression_parse(parser, &assignment->value);
}

/* Whatever comes, up to the statement's end. */
static bool skip_rest(struct sql_parser *parser)
{
    while (parser->token.kind != SQL_TOKEN_END && !sql_token_is_sign(&parser->token, ";"))
        sql_parser_advance(parser);
    return true;
}

/* [SESSION] TRANSACTION ...: of transactions that are not there. */
static bool is_set_transaction(const struct sql_parser *parser)
{
    enum variable_scope scope = SCOPE_NONE;
    struct sql_parser ahead = *parser;

    (void)expression_accept_scope(&ahead, &scope);
    return scope != SCOPE_GLOBAL && sql_token_is(&ahead.token, "TRANSACTION");
}

static bool parse_set(struct sql_parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_NO_EFFECT;
    if (is_set_transaction(parser))
        return skip_rest(parser);
    statement->kind = STATEMENT_SET;
    do {
        void *array = statement->assignments;
        struct assignment *assignment = sql_parser_append(
            parser, array, &statement->assignment_count, sizeof *assignment, &array);

        statement->assignments = array;
        if (!assignment || !parse_assignment(parser, assignment))
            return false;
    } while (sql_parser_accept_sign(parser, ","));
    return true;
}

/* A text that LIKE is to match as it is. */
static struct span exact_pattern(struct sql_parser *parser, struct span text)
{
    struct span pattern;
    struct buf buf;

    buf_init(&buf, text.len * 2 + 1);
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("%_\\", text.data[i]) && text.data[i] != '\0')
            buf_u8(&buf, '\\');
        buf_u8(&buf, text.data[i]);
    }
    pattern = sql_parser_keep(parser, &buf);
    buf_done(&buf);
    return pattern;
}

static bool parse_pattern(struct sql_parser *parser, struct statement *statement, bool exact)
{
    void *array = statement->patterns;
    struct span *pattern;

    if (parser->token.kind != SQL_TOKEN_STRING)
        return false;
    pattern = sql_parser_append(parser, array, &statement->pattern_count, sizeof *pattern, &array);
    statement->patterns = array;
    if (!pattern)
        return false;
    *pattern = sql_parser_value(parser);
    if (exact)
        *pattern = exact_pattern(parser, *pattern);
    return true;
}

/* Variable_name {= | LIKE | IN} ... */
static bool parse_condition(struct sql_parser *parser, struct statement *statement)
{
    if (!sql_parser_at_name(parser) ||
        !span_eq(sql_parser_lower(parser), span_str("variable_name")))
        return false;
    if (sql_parser_accept(parser, "LIKE"))
        return parse_pattern(parser, statement, false);
    if (sql_parser_accept_sign(parser, "="))
        return parse_pattern(parser, statement, true);
    if (!sql_parser_accept(parser, "IN") || !sql_parser_accept_sign(parser, "("))
        return false;
    do {
        if (!parse_pattern(parser, statement, true))
            return false;
    } while (sql_parser_accept_sign(parser, ","));
    return sql_parser_accept_sign(parser, ")");
}

static bool parse_patterns(struct sql_parser *parser, struct statement *statement)
{
    if (sql_parser_accept(parser, "LIKE"))
        return parse_pattern(parser, statement, false);
    if (!sql_parser_accept(parser, "WHERE"))
        return true;
    do {
        if (!parse_condition(parser, statement))
            return false;
    } while (sql_parser_accept(parser, "OR"));
    return true;
}

/* After SHOW BINLOG EVENTS */
static bool parse_events(struct sql_parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_SHOW_EVENTS;
    if (sql_parser_accept(parser, "IN")) {
        if (parser->token.kind != SQL_TOKEN_STRING)
            return false;
        statement->file = sql_parser_value(parser);
    }
    if (sql_parser_accept(parser, "FROM") && !sql_parser_number(parser, &statement->position))
        return false;
    return parse_limit(parser, statement);
}

/* After SHOW {MASTER | BINARY | BINLOG} */
static bool parse_show_log(struct sql_parser *parser, struct statement *statement, bool master)
{
    statement->kind = STATEMENT_SHOW_LOG_STATUS;
    if (sql_parser_accept(parser, "STATUS"))
        return true;
    if (!master && sql_parser_accept(parser, "EVENTS"))
        return parse_events(parser, statement);
    statement->new_words = !master;
    if (!master && sql_parser_accept(parser, "LOG"))
        return sql_parser_accept(parser, "STATUS");
    statement->kind = STATEMENT_SHOW_LOGS;
    return sql_parser_accept(parser, "LOGS");
}

/* After SHOW {SLAVE | REPLICA} */
static bool parse_show_replica(struct sql_parser *parser, struct statement *statement,
                               bool new_words)
{
    statement->new_words = new_words;
    statement->kind = STATEMENT_SHOW_REPLICAS;
    if (sql_parser_accept(parser, "HOSTS"))
        return true;
    statement->kind = STATEMENT_SHOW_REPLICA_STATUS;
    if (!sql_parser_accept(parser, "STATUS"))
        return false;
    if (sql_parser_accept(parser, "FOR")) {
        if (!sql_parser_accept(parser, "CHANNEL") || parser->token.kind != SQL_TOKEN_STRING)
            return false;
        statement->channel = sql_parser_value(parser);
    }
    (void)sql_parser_accept(parser, "NONBLOCKING");
    return true;
}

/* After SHOW GRANTS */
static bool parse_grants(struct sql_parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_SHOW_GRANTS;
    if (!sql_parser_accept(parser, "FOR"))
        return true;
    if (!sql_parser_accept(parser, "CURRENT_USER"))
        return false;
    return !sql_parser_accept_sign(parser, "(") || sql_parser_accept_sign(parser, ")");
}

/* After SHOW ALL */
static bool parse_all(struct sql_parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_SHOW_REPLICA_STATUS;
    statement->new_words = sql_token_is(&parser->token, "REPLICAS");
    if (!sql_parser_accept(parser, "SLAVES") && !sql_parser_accept(parser, "REPLICAS"))
        return false;
    return sql_parser_accept(parser, "STATUS");
}

static bool parse_show_other(struct sql_parser *parser, struct statement *statement)
{
    if (sql_parser_accept(parser, "WARNINGS") || sql_parser_accept(parser, "ERRORS")) {
        statement->kind = STATEMENT_SHOW_WARNINGS;
        return parse_limit(parser, statement);
    }
    if (sql_parser_accept(parser, "REPLICAS")) {
        statement->kind = STATEMENT_SHOW_REPLICAS;
        statement->new_words = true;
        return true;
    }
    if (sql_parser_accept(parser, "DATABASES") || sql_parser_accept(parser, "SCHEMAS")) {
        statement->kind = STATEMENT_SHOW_DATABASES;
        return !sql_parser_accept(parser, "LIKE") || parse_pattern(parser, statement, false);
    }
    if (sql_parser_accept(parser, "ALL"))
        return parse_all(parser, statement);
    if (sql_parser_accept(parser, "GRANTS"))
        return parse_grants(parser, statement);
    statement->kind = STATEMENT_SHOW_PROCESSLIST;
    (void)sql_parser_accept(parser, "FULL");
    return sql_parser_accept(parser, "PROCESSLIST");
}

static bool parse_show(struct sql_parser *parser, struct statement *statement)
{
    (void)expression_accept_scope(parser, &statement->scope);
    if (sql_parser_accept(parser, "VARIABLES")) {
        statement->kind = STATEMENT_SHOW_VARIABLES;
        return parse_patterns(parser, statement);
    }
    if (sql_parser_accept(parser, "STATUS")) {
        statement->kind = STATEMENT_SHOW_STATUS;
        return parse_patterns(parser, statement);
    }
    if (statement->scope != SCOPE_NONE)
        return false;
    if (sql_parser_accept(parser, "MASTER"))
        return parse_show_log(parser, statement, true);
    if (sql_parser_accept(parser, "BINARY") || sql_parser_accept(parser, "BINLOG"))
        return parse_show_log(parser, statement, false);
    if (sql_parser_accept(parser, "SLAVE"))
        return parse_show_replica(parser, statement, false);
    if (sql_parser_accept(parser, "REPLICA"))
        return parse_show_replica(parser, statement, true);
    return parse_show_other(parser, statement);
}

static bool parse_kill(struct sql_parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_KILL;
    if (!sql_parser_accept(parser, "CONNECTION"))
        (void)sql_parser_accept(parser, "QUERY");
    return sql_parser_number(parser, &statement->position);
}

/* After PURGE: {BINARY | MASTER} LOGS TO 'file' */
static bool parse_purge(struct sql_parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_PURGE;
    if (!sql_parser_accept(parser, "BINARY") && !sql_parser_accept(parser, "MASTER"))
        return false;
    if (!sql_parser_accept(parser, "LOGS") || !sql_parser_accept(parser, "TO") ||
        parser->token.kind != SQL_TOKEN_STRING)
        return false;
    statement->file = sql_parser_value(parser);
    return true;
}

static bool parse_use(struct sql_parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_USE;
    if (!sql_parser_at_name(parser))
        return false;
    statement->name = sql_parser_value(parser);
    return true;
}

/* After CALL: [database .] procedure [(arguments)] */
static bool parse_call(struct sql_parser *parser, struct statement *statement)
{
    struct expression call = {.kind = EXPRESSION_CALL};
    struct buf name;

    statement->kind = STATEMENT_CALL;
    if (!sql_parser_at_name(parser))
        return false;
    buf_init(&name, (size_t)parser->tokens.rest.rest.len + parser->token.text.len);
    buf_bytes(&name, sql_parser_lower(parser));
    if (sql_parser_accept_sign(parser, ".") && sql_parser_at_name(parser)) {
        buf_u8(&name, '.');
        buf_bytes(&name, sql_parser_lower(parser));
    }
    statement->name = sql_parser_keep(parser, &name);
    buf_done(&name);
    if (sql_parser_accept_sign(parser, "(") && !expression_parse_arguments(parser, &call))
        return false;
    statement->items = call.arguments;
    statement->item_count = call.argument_count;
    return true;
}

static bool parse_no_effect(struct sql_parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_NO_EFFECT;
    if (sql_parser_accept(parser, "START"))
        return sql_parser_accept(parser, "TRANSACTION") && skip_rest(parser);
    if (sql_parser_accept(parser, "UNLOCK"))
        return sql_parser_accept(parser, "TABLES");
    if (sql_parser_accept(parser, "RELEASE"))
        return sql_parser_accept(parser, "SAVEPOINT") && skip_rest(parser);
    if (!sql_parser_accept(parser, "BEGIN") && !sql_parser_accept(parser, "COMMIT") &&
        !sql_parser_accept(parser, "ROLLBACK") && !sql_parser_accept(parser, "SAVEPOINT") &&
        !sql_parser_accept(parser, "DO"))
        return false;
    return skip_rest(parser);
}

static bool parse_kind(struct sql_parser *parser, struct statement *statement)
{
    if (sql_parser_accept(parser, "SELECT"))
        return parse_select(parser, statement);
    if (sql_parser_accept(parser, "SET"))
        return parse_set(parser, statement);
    if (sql_parser_accept(parser, "SHOW"))
        return parse_show(parser, statement);
    if (sql_parser_accept(parser, "KILL"))
        return parse_kill(parser, statement);
    if (sql_parser_accept(parser, "PURGE"))
        return parse_purge(parser, statement);
    if (sql_parser_accept(parser, "USE"))
        return parse_use(parser, statement);
    if (sql_parser_accept(parser, "CALL"))
        return parse_call(parser, statement);
    if (sql_parser_accept(parser, "FLUSH") || sql_parser_accept(parser, "RESET")) {
        statement->kind = STATEMENT_DENIED;
        return parser->token.kind == SQL_TOKEN_WORD && skip_rest(parser);
    }
    return parse_no_effect(parser, statement);
}

/* With which statements of SQL begin: other words are no SQL. */
static bool begins_statement(const struct sql_token *first)
{
    static const char *const words[] = {
        "ALTER",   "ANALYZE",  "BACKUP",    "BEGIN",   "BINLOG",   "CACHE",     "CALL",
        "CHANGE",  "CHECK",    "CHECKSUM",  "CLONE",   "COMMIT",   "CREATE",    "DEALLOCATE",
        "DELETE",  "DESC",     "DESCRIBE",  "DO",      "DROP",     "EXECUTE",   "EXPLAIN",
        "FLUSH",   "GET",      "GRANT",     "HANDLER", "HELP",     "IMPORT",    "INSERT",
        "INSTALL", "KILL",     "LOAD",      "LOCK",    "OPTIMIZE", "PREPARE",   "PURGE",
        "RELEASE", "RENAME",   "REPAIR",    "REPLACE", "RESET",    "RESIGNAL",  "RESTART",
        "REVOKE",  "ROLLBACK", "SAVEPOINT", "SELECT",  "SET",      "SHOW",      "SHUTDOWN",
        "SIGNAL",  "START",    "STOP",      "TABLE",   "TRUNCATE", "UNINSTALL", "UNLOCK",
        "UPDATE",  "USE",      "VALUES",    "WITH",    "XA",
    };

    if (sql_token_is_sign(first, "("))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (sql_token_is(first, words[i]))
            return true;
    }
    return false;
}

static struct span from_token(const struct sql_parser *parser, struct span text)
{
    const uint8_t *end = text.data + text.len;

    if (parser->token.kind == SQL_TOKEN_END)
        return span_of(end, 0);
    return span_of(parser->token.text.data, (size_t)(end - parser->token.text.data));
}

bool statement_parse(struct span text, struct arena *arena, struct statement *ret_statement,
                     struct err *err)
{
    struct statement statement = {.limit = UINT64_MAX};
    struct sql_parser parser;
    bool known = true;
    bool good;

    sql_parser_init(&parser, text, arena, err);
    if (!sql_parser_at_end(&parser))
        known = begins_statement(&parser.token);
    good = sql_parser_at_end(&parser) || (known && parse_kind(&parser, &statement));
    if (parser.failed)
        return false;
    /* What is wrong with text that goes on is for a server to say, but not after its end. */
    known = known && (good || !sql_parser_at_end(&parser));
    if (good && !sql_parser_at_end(&parser)) {
        good = sql_parser_accept_sign(&parser, ";");
        known = known && (!good || sql_parser_at_end(&parser));
    }
    if (parser.failed)
        return false;
    if (!known)
        statement = (struct statement){.kind = STATEMENT_SYNTAX, .near = from_token(&parser, text)};
    else if (!good)
        statement = (struct statement){.kind = STATEMENT_OTHER};
    *ret_statement = statement;
    return true;
}

bool statement_like(struct span text, struct span pattern)
{
    size_t star_text = 0;
    size_t star = SIZE_MAX; /* after the last %, from where matching goes on when it fails */
    size_t p = 0;
    size_t t = 0;

    while (t < text.len) {
        bool escaped = p + 1 < pattern.len && pattern.data[p] == '\\';
        size_t at = escaped ? p + 1 : p;

        if (p < pattern.len && !escaped && pattern.data[p] == '%') {
            star = ++p;
            star_text = t;
        } else if (p < pattern.len && ((!escaped && pattern.data[p] == '_') ||
                                       tolower(pattern.data[at]) == tolower(text.data[t]))) {
            p = at + 1;
            t++;
        } else if (star != SIZE_MAX) {
            p = star;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '%')
        p++;
    return p == pattern.len;
}
