#include "translation/query_translator.h"

#include "base/mem.h"
#include "binlog/charset.h"
#include "translation/collation.h"
#include "translation/session_mode.h"

#define UTF8MB4_0900    255 /* what MySQL takes for the default of utf8mb4: this or the other */
#define UTF8MB4_GENERAL 45
#define MYSQL_LOCALES   111 /* of MySQL 5.6 to 9.7 */

/* MySQL's version from which a TIMESTAMP has no default of its own. */
#define EXPLICIT_DEFAULTS_FROM 80000

struct query_translator {
    enum dialect to;
    enum account_policy accounts;
    struct format from;
    struct sql_translator *sql;
    struct buf status;
    struct buf text;
};

struct query_translator *query_translator_new(enum dialect to, enum account_policy accounts)
{
    struct query_translator *translator = mem_alloc(sizeof *translator);

    translator->to = to;
    translator->accounts = accounts;
    buf_init(&translator->status, UINT16_MAX);
    buf_init(&translator->text, EVENT_LENGTH_MAX);
    return translator;
}

void query_translator_free(struct query_translator *translator)
{
    if (!translator)
        return;
    sql_translator_free(translator->sql);
    buf_done(&translator->status);
    buf_done(&translator->text);
    mem_free(translator);
}

void query_translator_start(struct query_translator *translator, const struct format *from)
{
    struct sql_origin origin = {
        .family = from->family,
        .version = from->version,
        .to = translator->to,
        .accounts = translator->accounts,
    };

    sql_translator_free(translator->sql);
    translator->sql = sql_translator_new(&origin);
    translator->from = *from;
}

static bool fail_statement(struct span text, struct err *err)
{
    char excerpt[QUERY_EXCERPT];

    return err_prefix(err, "statement '%s'", query_excerpt(text, excerpt));
}

/* 0, which means that none is given, stays. */
static bool translate_collation(const struct query_translator *translator, uint32_t id,
                                uint32_t *ret_id, struct err *err)
{
    const char *name = collation_name(id, translator->from.family);
    uint32_t there = id == 0 ? 0 : collation_translate(id, translator->from.family, translator->to);

    if (id != 0 && there == 0)
        return err_set(err, E_STATE, 0,
                       "collation %s (%u) has no like in %s: use another at the source, and skip "
                       "the transaction once its effect is at the replica",
                       name ? name : "unknown", id, dialect_title(translator->to));
    *ret_id = there;
    return true;
}

static bool translate_collation16(const struct query_translator *translator, uint16_t *id,
                                  struct err *err)
{
    uint32_t there = 0;

    if (!translate_collation(translator, *id, &there, err))
        return false;
    *id = (uint16_t)there;
    return true;
}

static bool translate_collations(const struct query_translator *translator,
                                 struct query_status *status, struct err *err)
{
    return translate_collation16(translator, &status->charset_client, err) &&
           translate_collation16(translator, &status->collation_connection, err) &&
           translate_collation16(translator, &status->collation_server, err) &&
           translate_collation16(translator, &status->collation_database, err);
}

/* What the name utf8mb4 alone means in the session: a collation id of the source, or 0. */
static uint32_t utf8mb4_default(const struct query_status *status)
{
    struct cursor cur = cursor_of(status->collations);

    if (query_status_has(status, QUERY_DEFAULT_COLLATION_FOR_UTF8MB4))
        return status->default_collation_for_utf8mb4;
    while (cursor_left(&cur) > 0) {
        struct charset charset = charset_of_collation(cursor_u16(&cur));
        uint16_t collation = cursor_u16(&cur);

        if (charset.name && strcmp(charset.name, "utf8mb4") == 0)
            return collation;
    }
    return 0;
}

static void put_code(struct query_status *status, uint8_t code)
{
    if (status->count < QUERY_STATUS_MAX)
        status->codes[status->count++] = code;
}

/* Those that both families have stay, in their order. */
static struct query_status common_part(const struct query_status *in)
{
    struct query_status out = *in;

    out.count = 0;
    for (size_t i = 0; i < in->count; i++) {
        if (in->codes[i] <= QUERY_INVOKER)
            put_code(&out, in->codes[i]);
    }
    return out;
}

static void add_for_mariadb(const struct query_translator *translator,
                            const struct query_status *in, struct query_status *out)
{
    bool explicit_defaults = query_status_has(in, QUERY_EXPLICIT_DEFAULTS_FOR_TIMESTAMP)
                                 ? in->explicit_defaults_for_timestamp != 0
                                 : translator->from.version >= EXPLICIT_DEFAULTS_FROM;

    if (explicit_defaults)
        out->flags2 |= QUERY_FLAG_MARIADB_EXPLICIT_TIMESTAMP;
    if (query_status_has(in, QUERY_MICROSECONDS))
        put_code(out, QUERY_MARIADB_MICROSECONDS);
}

static bool add_for_mysql(const struct query_translator *translator, const struct query_status *in,
                          struct query_status *out, struct err *err)
{
    uint32_t utf8mb4 = utf8mb4_default(in);

    /* Which databases it changes is not told: it runs beside nothing. */
    out->database_count = QUERY_DATABASES_OVER_MAX;
    out->databases = (struct span){0};
    put_code(out, QUERY_UPDATED_DATABASES);
    if (query_status_has(in, QUERY_MARIADB_MICROSECONDS))
        put_code(out, QUERY_MICROSECONDS);
    if (translator->to != DIALECT_MYSQL_8)
        return true;
    if (query_status_has(in, QUERY_FLAGS2)) {
        out->explicit_defaults_for_timestamp =
            in->flags2 & QUERY_FLAG_MARIADB_EXPLICIT_TIMESTAMP ? 1 : 0;
        put_code(out, QUERY_EXPLICIT_DEFAULTS_FOR_TIMESTAMP);
    }
    if (!translate_collation(translator, utf8mb4, &utf8mb4, err))
        return false;
    out->default_collation_for_utf8mb4 = utf8mb4 == UTF8MB4_0900 ? UTF8MB4_0900 : UTF8MB4_GENERAL;
    put_code(out, QUERY_DEFAULT_COLLATION_FOR_UTF8MB4);
    return true;
}

static bool check_unknown(const struct query_status *status, struct err *err)
{
    if (status->unknown.len == 0)
        return true;
    return err_set(err, E_STATE, 0,
                   "status variable %u is not known: the source is newer than this translation",
                   status->unknown.data[0]);
}

/* Both families number them alike, but the newest of MariaDB's: ka_GE, sw_KE. */
static bool check_locale(const struct query_translator *translator,
                         const struct query_status *status, struct err *err)
{
    if (translator->from.family == FORMAT_MYSQL || status->lc_time_names < MYSQL_LOCALES)
        return true;
    return err_set(err, E_STATE, 0,
                   "lc_time_names number %u: MySQL has no such locale: use another at the source",
                   status->lc_time_names);
}

/* The state that goes with a statement, into translator->status. */
static bool translate_status(struct query_translator *translator, const struct query_status *in,
                             struct err *err)
{
    struct query_status out = common_part(in);
    enum format_family from = translator->from.family;

    if (!check_unknown(in, err) || !check_locale(translator, in, err) ||
        !translate_collations(translator, &out, err) ||
        !session_mode_translate(in->sql_mode, from, translator->to, &out.sql_mode, err) ||
        !session_flags_translate(in->flags2, from, &out.flags2, err))
        return false;
    if (from == FORMAT_MYSQL)
        add_for_mariadb(translator, in, &out);
    else if (!add_for_mysql(translator, in, &out, err))
        return false;
    buf_clear(&translator->status);
    out.unknown = (struct span){0};
    query_status_encode(&translator->status, &out);
    return true;
}

static bool translate_text(struct query_translator *translator, const struct query *query,
                           const struct query_status *status, struct span *ret_text,
                           enum sql_outcome *ret_outcome, struct err *err)
{
    struct sql_session session = {
        .sql_mode = status->sql_mode,
        .collation_client = status->charset_client,
        .collation_server = status->collation_server,
        .collation_database = status->collation_database,
        .collation_utf8mb4 = utf8mb4_default(status),
        .collations = status->collations,
        .database = query->database,
    };

    buf_clear(&translator->text);
    if (!sql_translate(translator->sql, &session, query->text, &translator->text, ret_outcome, err))
        return false;
    *ret_text = *ret_outcome == SQL_UNCHANGED ? query->text : buf_span(&translator->text);
    return true;
}

/* Status variables and text of a statement; they borrow from the translator. */
static bool translate_query(struct query_translator *translator, const struct query *query,
                            struct query *out, enum sql_outcome *ret_outcome, struct err *err)
{
    struct query_status status;

    *out = *query;
    if (!query_status_decode(query->status, &status, err) ||
        !translate_text(translator, query, &status, &out->text, ret_outcome, err))
        return false;
    if (*ret_outcome != SQL_DROPPED && !translate_status(translator, &status, err))
        return fail_statement(query->text, err);
    out->status = buf_span(&translator->status);
    return true;
}

bool query_translate(struct query_translator *translator, const struct query *query,
                     struct buf *buf, enum sql_outcome *ret_outcome, struct err *err)
{
    enum sql_outcome outcome;
    struct query out;

    if (!translate_query(translator, query, &out, &outcome, err))
        return false;
    if (outcome != SQL_DROPPED)
        query_encode(buf, &out);
    *ret_outcome = outcome;
    return true;
}

const char *query_translator_dropped(const struct query_translator *translator)
{
    return sql_translator_dropped(translator->sql);
}

/* Their text is ASCII and depends on no mode: only what every server writes goes with it. */
bool query_translate_frame(struct query_translator *translator, const struct query *query,
                           struct buf *buf, struct err *err)
{
    struct query_status in;
    struct query_status status = {0};
    struct query out = *query;

    if (!query_status_decode(query->status, &in, err))
        return false;
    put_code(&status, QUERY_FLAGS2);
    put_code(&status, QUERY_SQL_MODE);
    status.catalog = in.catalog;
    if (query_status_has(&in, QUERY_CATALOG_NZ))
        put_code(&status, QUERY_CATALOG_NZ);
    buf_clear(&translator->status);
    query_status_encode(&translator->status, &status);
    out.status = buf_span(&translator->status);
    query_encode(buf, &out);
    return true;
}

void query_make(struct query_translator *translator, const char *text, struct buf *buf)
{
    struct query_status status = {.catalog = span_str("std")};
    struct query query = {.text = span_str(text)};

    put_code(&status, QUERY_FLAGS2);
    put_code(&status, QUERY_SQL_MODE);
    put_code(&status, QUERY_CATALOG_NZ);
    buf_clear(&translator->status);
    query_status_encode(&translator->status, &status);
    query.status = buf_span(&translator->status);
    query_encode(buf, &query);
}

/* The name's place in the text must still be there. */
static bool same_to_the_name(const struct load_execute *load, struct span text)
{
    return load->name_end <= load->query.text.len && load->name_end <= text.len &&
           memcmp(text.data, load->query.text.data, load->name_end) == 0;
}

bool query_translate_load(struct query_translator *translator, const struct load_execute *load,
                          struct buf *buf, enum sql_outcome *ret_outcome, struct err *err)
{
    struct load_execute out = *load;
    enum sql_outcome outcome;

    if (!translate_query(translator, &load->query, &out.query, &outcome, err))
        return false;
    if (outcome == SQL_REWRITTEN && !same_to_the_name(load, out.query.text)) {
        (void)err_set(err, E_STATE, 0,
                      "LOAD DATA that has to be rewritten before the file's name can not be taken "
                      "over: load the file in row format (binlog_format = ROW)");
        return fail_statement(load->query.text, err);
    }
    if (outcome != SQL_DROPPED)
        load_execute_encode(buf, &out);
    *ret_outcome = outcome;
    return true;
}

bool query_translate_variable(struct query_translator *translator, const struct user_var *var,
                              struct buf *buf, struct err *err)
{
    struct user_var out = *var;
    char excerpt[QUERY_EXCERPT];

    if (!var->is_null && !translate_collation(translator, var->collation, &out.collation, err))
        return err_prefix(err, "user variable @%s", query_excerpt(var->name, excerpt));
    user_var_encode(buf, &out);
    return true;
}
