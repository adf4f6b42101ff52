#include "endpoint/import_statement.h"

#include "base/cursor.h"
#include "binlog/sql_token.h"
#include "translation/sql_translator.h"

#include <ctype.h>
#include <strings.h>

#define FIRST_SKIPPED   50700 /* source: MariaDB knowledge base, "Comment Syntax" */
#define LAST_SKIPPED    99999
#define DIGITS_MIN      5
#define DIGITS_MAX      6
#define UTF8MB4_GENERAL 45
#define REASON_MAX      400 /* bytes; an engine's message may have 512 */
#define WORDS_MAX       64

#define NO_BACKSLASH_ESCAPES ((uint64_t)1 << 20) /* in the sql_mode of both families */

/* The number of a version comment of MySQL's, from behind its exclamation mark; 0: it has none. */
static uint64_t number_of(struct span text)
{
    struct cursor cur = cursor_of(text);
    uint64_t number = 0;
    size_t digits = 0;

    while (digits < DIGITS_MAX && digits < text.len && isdigit(text.data[digits]))
        digits++;
    cur.rest.len = digits;
    return digits >= DIGITS_MIN && cursor_decimal(&cur, UINT32_MAX, &number) ? number : 0;
}

/* Whether the engine would skip a comment of it, wherever it stands. */
static bool has_skipped(struct span text)
{
    static const char begin[] = "/*!";
    const uint8_t *end = text.data + text.len;

    for (const uint8_t *at = text.data;
         text.len > 0 && (at = memmem(at, (size_t)(end - at), begin, sizeof begin - 1)) != NULL;) {
        uint64_t number;

        at += sizeof begin - 1;
        number = number_of(span_of(at, (size_t)(end - at)));
        if (number >= FIRST_SKIPPED && number <= LAST_SKIPPED)
            return true;
    }
    return false;
}

static bool begins_with(struct span text, const char *word)
{
    size_t len = strlen(word);

    return text.len > len && strncasecmp((const char *)text.data, word, len) == 0 &&
           !isalnum(text.data[len]) && text.data[len] != '_';
}

static struct span skip_blanks(struct span text)
{
    while (text.len > 0 && isspace(*text.data))
        text = span_of(text.data + 1, text.len - 1);
    return text;
}

/* Behind what is no part of it: blanks and comments that no server reads. */
static struct span skip_front(struct span text)
{
    for (text = skip_blanks(text); text.len > 2; text = skip_blanks(text)) {
        const uint8_t *end = NULL;

        if (memcmp(text.data, "/*", 2) == 0 && text.data[2] != '!') {
            end = memmem(text.data, text.len, "*/", 2);
            end = end ? end + 2 : NULL;
        } else if (*text.data == '#' || memcmp(text.data, "--", 2) == 0) {
            end = memchr(text.data, '\n', text.len);
        }
        if (!end)
            break;
        text = span_of(end, text.len - (size_t)(end - text.data));
    }
    return text;
}

bool import_statement_may_be(struct span text, bool is_master)
{
    if (has_skipped(text))
        return true;
    if (!is_master)
        return false;
    text = skip_front(text);
    return begins_with(text, "SET") || begins_with(text, "CHANGE");
}

bool import_statement_is_definition(struct span prefix)
{
    static const char *const verbs[] = {"CREATE", "ALTER", "SET", "CHANGE"};

    prefix = skip_front(prefix);
    if (prefix.len > 2 && memcmp(prefix.data, "/*!", 3) == 0)
        return true;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (begins_with(prefix, verbs[i]))
            return true;
    }
    return false;
}

/* ---- A reader of the few forms ---- */

struct reader {
    struct sql_tokens tokens;
    struct sql_token token; /* the next; what stands in version comments counts */
    bool bad;
};

static void step(struct reader *reader)
{
    struct err ignored;

    do {
        if (!sql_tokens_next(&reader->tokens, &reader->token, &ignored)) {
            reader->bad = true;
            reader->token = (struct sql_token){.kind = SQL_TOKEN_END};
        }
    } while (reader->token.kind == SQL_TOKEN_VERSION ||
             reader->token.kind == SQL_TOKEN_VERSION_END);
}

static bool take_word(struct reader *reader, const char *word)
{
    if (!sql_token_is(&reader->token, word))
        return false;
    step(reader);
    return true;
}

static bool take_sign(struct reader *reader, const char *sign)
{
    if (!sql_token_is_sign(&reader->token, sign))
        return false;
    step(reader);
    return true;
}

/* @@SCOPE.NAME and what assigns to it. */
static bool take_variable(struct reader *reader, const char *scope, const char *name)
{
    if (reader->token.kind != SQL_TOKEN_SYSTEM)
        return false;
    step(reader);
    return take_word(reader, scope) && take_sign(reader, ".") && take_word(reader, name) &&
           (take_sign(reader, "=") || take_sign(reader, ":="));
}

static bool at_end(struct reader *reader)
{
    while (take_sign(reader, ";"))
        ;
    return !reader->bad && reader->token.kind == SQL_TOKEN_END;
}

/* ---- What takes their place ---- */

/* In hexadecimal nothing needs quoting, whatever the session's sql_mode. */
static void write_hex(struct buf *buf, struct span text)
{
    static const char digits[] = "0123456789abcdef";

    buf_str(buf, "_utf8mb4 X'");
    for (size_t i = 0; i < text.len; i++) {
        buf_u8(buf, (uint8_t)digits[text.data[i] >> 4]);
        buf_u8(buf, (uint8_t)digits[text.data[i] & 15]);
    }
    buf_str(buf, "'");
}

static void write_signal(struct buf *buf, const char *state, unsigned number, const char *text)
{
    size_t len = strnlen(text, REASON_MAX);

    /* Not in the middle of a character. */
    while (len > 0 && len == REASON_MAX && ((uint8_t)text[len] & 0xc0) == 0x80)
        len--;
    buf_printf(buf, "SIGNAL SQLSTATE '%s' SET MYSQL_ERRNO = %u, MESSAGE_TEXT = ", state, number);
    write_hex(buf, span_of(text, len));
}

#define ER_NOT_SUPPORTED_YET 1235
#define ER_SIGNAL_WARN       1642

void import_statement_write_refusal(struct buf *buf, const char *why)
{
    write_signal(buf, "42000", ER_NOT_SUPPORTED_YET, why);
}

static void write_warning(struct buf *buf, const char *text)
{
    write_signal(buf, "01000", ER_SIGNAL_WARN, text);
}

/* Strings to the end, which are GTIDs; a position of MariaDB's that is empty says nothing. */
static bool write_gtids(struct reader *reader, bool may_be_empty, struct buf *buf)
{
    struct buf set;
    bool ok;

    buf_init(&set, reader->tokens.rest.rest.len + reader->token.text.len);
    while (reader->token.kind == SQL_TOKEN_STRING) {
        sql_token_value(&set, &reader->tokens, &reader->token);
        step(reader);
    }
    ok = at_end(reader) && buf_ok(&set) && (set.len > 0 || may_be_empty);
    if (ok) {
        buf_str(buf, "CALL mysql.rds_dump_gtids(");
        write_hex(buf, buf_span(&set));
        buf_str(buf, ")");
    }
    buf_done(&set);
    return ok;
}

static bool write_purged(struct reader *reader, struct buf *buf)
{
    return take_variable(reader, "GLOBAL", "GTID_PURGED") && write_gtids(reader, true, buf);
}

static bool write_slave_pos(struct reader *reader, struct buf *buf)
{
    return take_word(reader, "GLOBAL") && take_word(reader, "GTID_SLAVE_POS") &&
           take_sign(reader, "=") && write_gtids(reader, false, buf);
}

static bool write_log_bin(struct reader *reader, struct buf *buf)
{
    struct sql_token value;

    if (!take_variable(reader, "SESSION", "SQL_LOG_BIN"))
        return false;
    value = reader->token;
    step(reader);
    if (!at_end(reader))
        return false;
    if (value.kind == SQL_TOKEN_USER) {
        buf_str(buf, "DO 0");
    } else if (value.kind == SQL_TOKEN_NUMBER && span_eq(value.text, span_str("0"))) {
        write_warning(buf,
                      "SQL_LOG_BIN stays on: what is loaded goes to the cluster's own replicas, "
                      "too");
    } else {
        return false;
    }
    return true;
}

/* One of the two options, MASTER_ or SOURCE_: a file's name or an offset. */
static bool take_option(struct reader *reader, const char *const names[2], enum sql_token_kind kind,
                        struct sql_token *ret_value)
{
    if (!take_word(reader, names[0]) && !take_word(reader, names[1]))
        return false;
    if (!take_sign(reader, "=") || reader->token.kind != kind)
        return false;
    *ret_value = reader->token;
    step(reader);
    return true;
}

static bool write_position(struct reader *reader, struct buf *buf)
{
    static const char *const file_names[2] = {"MASTER_LOG_FILE", "SOURCE_LOG_FILE"};
    static const char *const offset_names[2] = {"MASTER_LOG_POS", "SOURCE_LOG_POS"};
    struct sql_token file = {0};
    struct sql_token offset = {0};
    struct buf name;
    uint64_t number = 0;

    if (!take_word(reader, "MASTER") &&
        !(take_word(reader, "REPLICATION") && take_word(reader, "SOURCE")))
        return false;
    if (!take_word(reader, "TO") || !take_option(reader, file_names, SQL_TOKEN_STRING, &file) ||
        !take_sign(reader, ",") || !take_option(reader, offset_names, SQL_TOKEN_NUMBER, &offset) ||
        !at_end(reader))
        return false;
    if (!cursor_decimal(&(struct cursor){.rest = offset.text}, UINT64_MAX, &number))
        return false;
    buf_init(&name, file.text.len);
    sql_token_value(&name, &reader->tokens, &file);
    buf_str(buf, "CALL mysql.rds_dump_position(");
    write_hex(buf, buf_span(&name));
    buf_printf(buf, ", %llu)", (unsigned long long)number);
    buf_done(&name);
    return true;
}

static bool write_use_gtid(struct reader *reader, struct buf *buf)
{
    if (!take_word(reader, "MASTER") || !take_word(reader, "TO") ||
        !take_word(reader, "MASTER_USE_GTID") || !take_sign(reader, "=") ||
        !take_word(reader, "SLAVE_POS") || !at_end(reader))
        return false;
    write_warning(buf, "The dump has the GTIDs of its source: "
                       "mysql.rds_set_external_master_with_auto_position begins behind them");
    return true;
}

/* ---- Version comments ---- */

/* A comment for MariaDB alone beside one for MySQL alone: neither family means all of it. */
static bool is_for_both(struct span text, uint64_t sql_mode)
{
    struct sql_tokens tokens = sql_tokens_under(text, sql_mode);
    struct sql_token token = {0};
    struct err ignored;

    while (sql_tokens_next(&tokens, &token, &ignored) && token.kind != SQL_TOKEN_END) {
        struct span number = span_of(token.text.data + 1, token.text.len - 1);

        if (token.kind != SQL_TOKEN_VERSION)
            continue;
        if (memchr(token.text.data, 'M', token.text.len) != NULL)
            return true;
        while (number.len > 0 && !isdigit(*number.data))
            number = span_of(number.data + 1, number.len - 1);
        if (number_of(number) > LAST_SKIPPED)
            return true;
    }
    return false;
}

/* How a statement reads under a sql_mode: the comments in it that the engine would skip. */
struct reading {
    uint64_t sql_mode;
    size_t count;
    uint64_t places; /* made of all offsets */
};

static bool read_under(struct span text, uint64_t sql_mode, struct reading *ret_reading,
                       struct err *err)
{
    struct reading reading = {.sql_mode = sql_mode};
    struct sql_tokens tokens = sql_tokens_under(text, sql_mode);
    struct sql_token token = {0};

    do {
        if (!sql_tokens_next(&tokens, &token, err))
            return err_prefix(err, "version comments can not be told from strings");
        if (token.kind == SQL_TOKEN_VERSION && has_skipped(token.text)) {
            reading.count++;
            reading.places = reading.places * 31 + (uint64_t)(token.text.data - text.data);
        }
    } while (token.kind != SQL_TOKEN_END);
    *ret_reading = reading;
    return true;
}

/*
 * The session's sql_mode is not known. With a backslash before a quote a statement may read in two
 * ways: one of them is often none at all, because a string does not end; of a definition that has
 * two, which its author alone could choose from, nothing is done.
 */
static bool choose_reading(struct span text, struct reading *ret_reading, struct err *err)
{
    struct reading plain;
    struct reading other;
    struct err ignored;
    bool is_plain = read_under(text, 0, &plain, err);
    bool is_other = read_under(text, NO_BACKSLASH_ESCAPES, &other, &ignored);

    if (!is_plain && !is_other)
        return false;
    if (is_plain && is_other && (plain.count != other.count || plain.places != other.places) &&
        import_statement_is_definition(text))
        return err_set(err, E_STATE, 0,
                       "what is a version comment in it depends on the sql_mode "
                       "NO_BACKSLASH_ESCAPES: write a quote in a string as two quotes");
    *ret_reading = is_plain ? plain : other;
    return true;
}

static bool equal_words(struct span a, struct span b)
{
    return a.len == b.len && strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

/* How often a word stands in a statement. */
static size_t count_word(struct span text, uint64_t sql_mode, const struct sql_token *word)
{
    struct sql_tokens tokens = sql_tokens_under(text, sql_mode);
    struct sql_token token = {0};
    struct err ignored;
    size_t count = 0;

    while (sql_tokens_next(&tokens, &token, &ignored) && token.kind != SQL_TOKEN_END)
        count += token.kind == SQL_TOKEN_WORD && equal_words(token.text, word->text);
    return count;
}

/* Words that others stand for: an index is IGNORED, a collation has another name. */
static bool has_stand_in(const struct sql_token *word, struct span after, uint64_t sql_mode)
{
    static const struct sql_token ignored = {SQL_TOKEN_WORD, {(const uint8_t *)"IGNORED", 7}};

    return (sql_token_is(word, "INVISIBLE") && count_word(after, sql_mode, &ignored) > 0) ||
           memmem(word->text.data, word->text.len, "_0900_", 6) != NULL;
}

/* Distinct words of comments, each looked for once: what is looked for is the whole statement. */
struct seen_words {
    struct span words[WORDS_MAX];
    size_t count;
};

/* False: it was there. */
static bool see(struct seen_words *seen, struct span word)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (equal_words(seen->words[i], word))
            return false;
    }
    if (seen->count < WORDS_MAX)
        seen->words[seen->count] = word;
    seen->count++;
    return true;
}

/*
 * Appends the words of skipped comments that are not in what the statement became, of too many the
 * first ones; false: none is missing.
 */
static bool write_left_away(struct buf *words, struct span before, struct span after,
                            uint64_t sql_mode)
{
    struct sql_tokens tokens = sql_tokens_under(before, sql_mode);
    struct sql_token token = {0};
    struct seen_words seen = {.count = 0};
    struct err ignored;
    bool skipped = false;

    while (sql_tokens_next(&tokens, &token, &ignored) && token.kind != SQL_TOKEN_END &&
           words->len < REASON_MAX / 2) {
        if (token.kind == SQL_TOKEN_VERSION)
            skipped = has_skipped(token.text);
        else if (token.kind == SQL_TOKEN_VERSION_END)
            skipped = false;
        if (!skipped || token.kind != SQL_TOKEN_WORD || !see(&seen, token.text))
            continue;
        if (seen.count > WORDS_MAX) {
            buf_str(words, words->len > 0 ? " and more" : "more words than can be looked for");
            return true;
        }
        if (has_stand_in(&token, after, sql_mode) ||
            count_word(after, sql_mode, &token) >= count_word(before, sql_mode, &token))
            continue;
        buf_str(words, words->len > 0 ? " " : "");
        buf_bytes(words, span_of(token.text.data, token.text.len < 64 ? token.text.len : 64));
    }
    return words->len > 0;
}

static bool makes_table_or_database(struct span text)
{
    static const char *const objects[] = {"TABLE", "DATABASE", "SCHEMA"};
    struct reader reader = {.tokens = sql_tokens_of(text)};

    step(&reader);
    if (!take_word(&reader, "CREATE") && !take_word(&reader, "ALTER"))
        return false;
    if (take_word(&reader, "OR"))
        (void)take_word(&reader, "REPLACE");
    (void)take_word(&reader, "TEMPORARY");
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        if (sql_token_is(&reader.token, objects[i]))
            return true;
    }
    return false;
}

/* What the translation has left away is told: beside what it has made, or instead of it. */
static void tell_left_away(struct buf *buf, size_t start, struct span before, uint64_t sql_mode)
{
    struct span after = span_of(buf->data + start, buf->len - start);
    struct buf words;
    struct buf whole;
    struct err why;

    buf_init(&words, REASON_MAX);
    if (buf_ok(buf) && write_left_away(&words, before, after, sql_mode)) {
        (void)err_set(&why, E_STATE, 0, "Left away, because MariaDB has nothing like it: %s",
                      buf_borrow_cstr(&words));
        if (makes_table_or_database(after)) {
            while (after.len > 0 &&
                   (isspace(after.data[after.len - 1]) || after.data[after.len - 1] == ';'))
                after.len--;
            buf_init(&whole, buf->max);
            buf_str(&whole, "BEGIN NOT ATOMIC ");
            buf_bytes(&whole, after);
            buf_str(&whole, "\n; ");
            write_warning(&whole, why.text);
            buf_str(&whole, "; END");
            buf->len = start;
            buf_bytes(buf, buf_span(&whole));
            buf_done(&whole);
        } else {
            buf->len = start;
            import_statement_write_refusal(buf, why.text);
        }
    }
    buf_done(&words);
}

static bool write_translated(struct buf *buf, struct span text)
{
    static const struct sql_origin origin = {.family = FORMAT_MYSQL,
                                             .version = LAST_SKIPPED,
                                             .to = DIALECT_MARIADB,
                                             .accounts = ACCOUNTS_REPLICATE};
    struct sql_session session = {.collation_client = UTF8MB4_GENERAL};
    struct reading reading = {0};
    struct sql_translator *translator;
    enum sql_outcome outcome = SQL_UNCHANGED;
    size_t start = buf->len;
    struct err err = {0};
    bool known = choose_reading(text, &reading, &err);
    if (known && reading.count == 0)
        return false;
    session.sql_mode = reading.sql_mode;
    translator = sql_translator_new(&origin);
    if (known && is_for_both(text, reading.sql_mode))
        known =
            err_set(&err, E_STATE, 0,
                    "the statement has version comments of MySQL and of MariaDB: write it without "
                    "those of one");
    if (!known || !sql_translate(translator, &session, text, buf, &outcome, &err)) {
        buf->len = start;
        import_statement_write_refusal(buf, err.text);
    } else if (outcome == SQL_DROPPED) {
        (void)err_set(&err, E_STATE, 0, "%s is not run: MariaDB has nothing like it",
                      sql_translator_dropped(translator));
        write_warning(buf, err.text);
    } else {
        tell_left_away(buf, start, text, reading.sql_mode);
    }
    sql_translator_free(translator);
    return buf->len > start;
}

bool import_statement_write(struct buf *buf, struct span text, bool is_master)
{
    static const struct {
        const char *verb;
        bool (*write)(struct reader *reader, struct buf *buf);
    } forms[] = {
        {"SET", write_purged},      {"SET", write_slave_pos},   {"SET", write_log_bin},
        {"CHANGE", write_position}, {"CHANGE", write_use_gtid},
    };

    for (size_t i = 0; is_master && i < sizeof forms / sizeof *forms; i++) {
        struct reader reader = {.tokens = sql_tokens_of(text)};

        step(&reader);
        if (take_word(&reader, forms[i].verb) && forms[i].write(&reader, buf))
            return true;
    }
    return has_skipped(text) && write_translated(buf, text);
}
