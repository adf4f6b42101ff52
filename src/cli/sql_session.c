#include "cli/sql_session.h"

#include "base/mem.h"
#include "binlog/charset.h"
#include "binlog/number.h"
#include "binlog/rows.h"
#include "binlog/text.h"
#include "cli/sql_text.h"

#include <stdio.h>

/* sql_mode: bits that mean the same to all servers of both families. */
#define MODE_COMMON                UINT64_C(0xeffc00ef)
#define MODE_NO_AUTO_VALUE_ON_ZERO UINT64_C(0x80000)
#define MODE_INVALID_DATES         UINT64_C(0x2000000)
#define MODE_OF_LITERALS           (MODE_NO_AUTO_VALUE_ON_ZERO | MODE_INVALID_DATES)

#define COLLATION_UTF8MB3_GENERAL 33
#define COLLATION_UTF8MB4_GENERAL 45
#define MYSQL_ONLY_FIRST          248 /* gb18030, then utf8mb4_0900 and what came after them */
#define MARIADB_ONLY_FIRST        576
#define NAME_MAX_BYTES            256

#define CHECK_FLAGS (QUERY_FLAG_NO_FOREIGN_KEY_CHECKS | QUERY_FLAG_RELAXED_UNIQUE_CHECKS)
#define SESSION_FLAGS                                                                              \
    (CHECK_FLAGS | QUERY_FLAG_AUTO_IS_NULL | QUERY_FLAG_MARIADB_NO_CHECK_CONSTRAINTS |             \
     QUERY_FLAG_MARIADB_EXPLICIT_TIMESTAMP | QUERY_FLAG_MARIADB_IF_EXISTS |                        \
     QUERY_FLAG_MARIADB_INSERT_HISTORY)

/* A value that the script has set, or 0 as long as it has not. */
struct setting {
    bool known;
    uint64_t value;
};

struct sql_session {
    enum format_family family; /* of the log */
    uint32_t version;
    const char *client; /* what the client takes the text for; NULL: not told yet */
    struct setting flags;
    struct setting sql_mode;
    struct setting auto_increment; /* increment << 16 | offset */
    struct setting charset_client;
    struct setting collation_connection;
    struct setting collation_server;
    struct setting collation_database;
    struct setting lc_time_names;
    struct setting seconds;
    struct setting microseconds;
    struct setting thread_id;
    struct setting explicit_timestamp;
    struct setting utf8mb4_collation;
    struct setting require_primary_key;
    struct setting table_encryption;
    struct setting cascade_triggers;
    struct buf time_zone; /* empty: not set yet */
    struct buf database;
};

struct sql_session *sql_session_new(void)
{
    struct sql_session *session = mem_alloc(sizeof *session);

    buf_init(&session->time_zone, NAME_MAX_BYTES);
    buf_init(&session->database, NAME_MAX_BYTES);
    return session;
}

void sql_session_free(struct sql_session *session)
{
    if (!session)
        return;
    buf_done(&session->time_zone);
    buf_done(&session->database);
    mem_free(session);
}

/* Variables that are kept at the head and put back at the end. */
static const struct {
    const char *name;
    const char *comment; /* begins the comment that only servers with the variable execute */
} kept[] = {
    {"completion_type", NULL},
    {"autocommit", NULL},
    {"foreign_key_checks", NULL},
    {"unique_checks", NULL},
    {"sql_auto_is_null", NULL},
    {"sql_mode", NULL},
    {"time_zone", NULL},
    {"lc_time_names", NULL},
    {"auto_increment_increment", NULL},
    {"auto_increment_offset", NULL},
    {"character_set_client", NULL},
    {"character_set_results", NULL},
    {"collation_connection", NULL},
    {"collation_server", NULL},
    {"pseudo_thread_id", NULL},
    {"server_id", "/*M!100001 "},
    {"gtid_domain_id", "/*M!100001 "},
    {"check_constraint_checks", "/*M!100200 "},
    {"sql_if_exists", "/*M!100600 "},
    {"explicit_defaults_for_timestamp", "/*M!100804 "},
    {"system_versioning_insert_history", "/*M!101100 "},
    {"explicit_defaults_for_timestamp", "/*!80000 "},
    {"default_collation_for_utf8mb4", "/*!80011 "},
    {"sql_require_primary_key", "/*!80013 "},
    {"default_table_encryption", "/*!80016 "},
    {"enable_cascade_triggers", "/*!90700 "},
};

#define KEPT (sizeof kept / sizeof kept[0])

void sql_session_write_head(struct sql_session *session, struct buf *buf)
{
    buf_str(buf, "/*!50530 SET @@session.pseudo_slave_mode=1*/;\n");
    for (size_t i = 0; i < KEPT; i++) {
        const char *comment = kept[i].comment;

        buf_printf(buf, "%sSET @borealis_%s=@@session.%s%s;\n", comment ? comment : "",
                   kept[i].name, kept[i].name, comment ? "*/" : "");
    }
    buf_str(buf, "SET @@session.completion_type=0, @@session.autocommit=1;\n"
                 "DELIMITER " SQL_END);
    sql_session_for_utf8(session, buf);
}

/* These need a privilege to be set, or cannot be where they were not: only if the script has. */
static bool is_put_back(const struct sql_session *session, size_t i)
{
    if (strcmp(kept[i].name, "pseudo_thread_id") == 0)
        return session->thread_id.known;
    return !kept[i].comment || (kept[i].comment[2] == 'M') == (session->family == FORMAT_MARIADB);
}

void sql_session_write_tail(struct sql_session *session, struct buf *buf)
{
    buf_str(buf, "DELIMITER ;\n");
    for (size_t i = 0; i < KEPT; i++) {
        const char *comment = kept[i].comment;

        if (is_put_back(session, i))
            buf_printf(buf, "%sSET @@session.%s=@borealis_%s%s;\n", comment ? comment : "",
                       kept[i].name, kept[i].name, comment ? "*/" : "");
    }
    buf_str(buf, "SET @@session.timestamp=DEFAULT;\n"
                 "/*!50530 SET @@session.pseudo_slave_mode=0*/;\n");
}

void sql_session_set_format(struct sql_session *session, const struct format *format)
{
    session->family = format->family;
    session->version = format->version;
}

/* Whether the session has to be given the value; it counts as given then. */
static bool changes(struct setting *setting, uint64_t value)
{
    if (setting->known && setting->value == value)
        return false;
    *setting = (struct setting){.known = true, .value = value};
    return true;
}

/* "SET @@session.NAME=VALUE", in a comment if `comment` begins one. */
static void write_set(struct buf *buf, const char *comment, const char *name, uint64_t value)
{
    buf_str(buf, comment ? comment : "");
    buf_printf(buf, "SET @@session.%s=%llu%s" SQL_END, name, (unsigned long long)value,
               comment ? "*/" : "");
}

static const char *comment_of_collation(uint64_t id)
{
    if (id >= MARIADB_ONLY_FIRST)
        return "/*M!100100 ";
    return id >= MYSQL_ONLY_FIRST ? "/*!50700 " : NULL;
}

/* Which character set the client must take the text for. */
static void set_client(struct sql_session *session, struct buf *buf, const char *name)
{
    if (session->client && strcmp(session->client, name) == 0)
        return;
    session->client = name;
    /* The client tells the server too, as SET NAMES does. */
    buf_printf(buf, "/*!\\C %s */" SQL_END, name);
    session->charset_client = (struct setting){.known = true};
    session->collation_connection = (struct setting){.known = false};
    session->charset_client.value = strcmp(name, "utf8mb4") == 0 ? COLLATION_UTF8MB4_GENERAL : 0;
}

static bool same_charset(uint64_t a, uint64_t b)
{
    const char *name_a = charset_of_collation((uint32_t)a).name;
    const char *name_b = charset_of_collation((uint32_t)b).name;

    return name_a && name_b && strcmp(name_a, name_b) == 0;
}

static void set_charset_client(struct sql_session *session, struct buf *buf, uint16_t id)
{
    struct charset charset = charset_of_collation(id);
    bool shared = charset.encoding == CHARSET_OTHER;

    set_client(session, buf, shared ? charset.name : "utf8mb4");
    if (session->charset_client.known && same_charset(session->charset_client.value, id))
        return;
    session->charset_client = (struct setting){.known = true, .value = id};
    /* Servers disagree on what utf8 is, and the older ones do not know utf8mb3. */
    if (same_charset(id, COLLATION_UTF8MB3_GENERAL))
        write_set(buf, NULL, "character_set_client", COLLATION_UTF8MB3_GENERAL);
    else if (charset.name)
        buf_printf(buf, "SET @@session.character_set_client=%s" SQL_END, charset.name);
    else
        write_set(buf, NULL, "character_set_client", id);
}

void sql_session_set_collation(struct sql_session *session, struct buf *buf, uint16_t collation)
{
    if (changes(&session->collation_connection, collation))
        write_set(buf, comment_of_collation(collation), "collation_connection", collation);
}

void sql_session_for_utf8(struct sql_session *session, struct buf *buf)
{
    set_charset_client(session, buf, COLLATION_UTF8MB4_GENERAL);
}

static void set_sql_mode(struct sql_session *session, struct buf *buf, uint64_t mode)
{
    const char *comment = session->family == FORMAT_MARIADB ? "/*M!100000 "
                          : session->version >= 50700       ? "/*!50700 "
                                                            : NULL;

    if (!changes(&session->sql_mode, mode))
        return;
    if (comment || (mode & ~MODE_COMMON) == 0)
        write_set(buf, NULL, "sql_mode", mode & MODE_COMMON);
    if ((mode & ~MODE_COMMON) != 0)
        write_set(buf, comment, "sql_mode", mode);
}

static void set_time_zone(struct sql_session *session, struct buf *buf, struct span name)
{
    if (name.len == 0 || span_eq(buf_span(&session->time_zone), name))
        return;
    buf_clear(&session->time_zone);
    buf_bytes(&session->time_zone, name);
    buf_str(buf, "SET @@session.time_zone=");
    text_write_sql(buf, name);
    buf_str(buf, SQL_END);
}

void sql_session_for_literals(struct sql_session *session, struct buf *buf)
{
    sql_session_for_utf8(session, buf);
    set_sql_mode(session, buf, MODE_OF_LITERALS);
    set_time_zone(session, buf, span_str("+00:00"));
}

struct flag_variable {
    uint32_t flag;
    bool inverted;
    const char *name;
    uint32_t mariadb_from; /* 0: both families have it */
};

static const struct flag_variable flag_variables[] = {
    {QUERY_FLAG_NO_FOREIGN_KEY_CHECKS, true, "foreign_key_checks", 0},
    {QUERY_FLAG_RELAXED_UNIQUE_CHECKS, true, "unique_checks", 0},
    {QUERY_FLAG_AUTO_IS_NULL, false, "sql_auto_is_null", 0},
    {QUERY_FLAG_MARIADB_NO_CHECK_CONSTRAINTS, true, "check_constraint_checks", 100200},
    {QUERY_FLAG_MARIADB_EXPLICIT_TIMESTAMP, false, "explicit_defaults_for_timestamp", 100804},
    {QUERY_FLAG_MARIADB_IF_EXISTS, false, "sql_if_exists", 100600},
    {QUERY_FLAG_MARIADB_INSERT_HISTORY, false, "system_versioning_insert_history", 101100},
};

static void set_flags(struct sql_session *session, struct buf *buf, uint32_t flags)
{
    struct setting before = session->flags;

    if (!changes(&session->flags, flags & SESSION_FLAGS))
        return;
    for (size_t i = 0; i < sizeof flag_variables / sizeof flag_variables[0]; i++) {
        const struct flag_variable *variable = &flag_variables[i];
        bool on = flags & variable->flag;

        if (before.known && !(before.value & variable->flag) == !on)
            continue;
        if (variable->mariadb_from == 0) {
            write_set(buf, NULL, variable->name, on != variable->inverted);
        } else if (session->family == FORMAT_MARIADB &&
                   session->version >= variable->mariadb_from) {
            char comment[16];

            (void)snprintf(comment, sizeof comment, "/*M!%u ", variable->mariadb_from);
            write_set(buf, comment, variable->name, on != variable->inverted);
        }
    }
}

void sql_session_set_checks(struct sql_session *session, struct buf *buf, uint16_t rows_flags)
{
    uint32_t flags = (uint32_t)session->flags.value & ~(uint32_t)CHECK_FLAGS;

    if (rows_flags & ROWS_FLAG_NO_FOREIGN_KEY_CHECKS)
        flags |= QUERY_FLAG_NO_FOREIGN_KEY_CHECKS;
    if (rows_flags & ROWS_FLAG_RELAXED_UNIQUE_CHECKS)
        flags |= QUERY_FLAG_RELAXED_UNIQUE_CHECKS;
    set_flags(session, buf, flags);
}

/* The name is in UTF-8, whatever the client's character set is. */
static void set_database(struct sql_session *session, struct buf *buf, struct span name)
{
    if (name.len == 0 || span_eq(buf_span(&session->database), name))
        return;
    buf_clear(&session->database);
    buf_bytes(&session->database, name);
    sql_session_for_utf8(session, buf);
    buf_str(buf, "USE ");
    text_write_identifier(buf, name);
    buf_str(buf, SQL_END);
}

void sql_session_forget_database(struct sql_session *session)
{
    buf_clear(&session->database);
}

static void set_time(struct sql_session *session, struct buf *buf, uint32_t seconds,
                     uint32_t microseconds)
{
    bool changed = changes(&session->seconds, seconds);

    if (!changes(&session->microseconds, microseconds) && !changed)
        return;
    buf_str(buf, "SET @@session.timestamp=");
    number_write_u64(buf, seconds);
    if (microseconds > 0) {
        buf_u8(buf, '.');
        number_write_padded(buf, microseconds, 6);
    }
    buf_str(buf, SQL_END);
}

static void set_charsets(struct sql_session *session, struct buf *buf,
                         const struct query_status *status)
{
    uint16_t server = status->collation_server;

    set_charset_client(session, buf, status->charset_client);
    sql_session_set_collation(session, buf, status->collation_connection);
    if (changes(&session->collation_server, server))
        write_set(buf, comment_of_collation(server), "collation_server", server);
    if (query_status_has(status, QUERY_CHARSET_DATABASE)) {
        if (changes(&session->collation_database, status->collation_database))
            write_set(buf, comment_of_collation(status->collation_database), "collation_database",
                      status->collation_database);
    } else if (changes(&session->collation_database, 0)) {
        buf_str(buf, "SET @@session.collation_database=DEFAULT" SQL_END);
    }
}

/* Variables of MySQL alone, each in the log from the version on that has it. */
static void set_mysql_variables(struct sql_session *session, struct buf *buf,
                                const struct query_status *status)
{
    const struct {
        uint8_t code;
        struct setting *setting;
        uint64_t value;
        const char *comment;
        const char *name;
    } variables[] = {
        {QUERY_EXPLICIT_DEFAULTS_FOR_TIMESTAMP, &session->explicit_timestamp,
         status->explicit_defaults_for_timestamp, "/*!80000 ", "explicit_defaults_for_timestamp"},
        {QUERY_DEFAULT_COLLATION_FOR_UTF8MB4, &session->utf8mb4_collation,
         status->default_collation_for_utf8mb4, "/*!80011 ", "default_collation_for_utf8mb4"},
        {QUERY_SQL_REQUIRE_PRIMARY_KEY, &session->require_primary_key,
         status->sql_require_primary_key, "/*!80013 ", "sql_require_primary_key"},
        {QUERY_DEFAULT_TABLE_ENCRYPTION, &session->table_encryption,
         status->default_table_encryption, "/*!80016 ", "default_table_encryption"},
        {QUERY_ENABLE_CASCADE_TRIGGERS, &session->cascade_triggers, status->enable_cascade_triggers,
         "/*!90700 ", "enable_cascade_triggers"},
    };

    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        if (query_status_has(status, variables[i].code) &&
            changes(variables[i].setting, variables[i].value))
            write_set(buf, variables[i].comment, variables[i].name, variables[i].value);
    }
}

static void set_status(struct sql_session *session, struct buf *buf,
                       const struct query_status *status)
{
    uint16_t increment = 1;
    uint16_t offset = 1;

    if (query_status_has(status, QUERY_FLAGS2))
        set_flags(session, buf, status->flags2);
    if (query_status_has(status, QUERY_SQL_MODE))
        set_sql_mode(session, buf, status->sql_mode);
    if (query_status_has(status, QUERY_AUTO_INCREMENT)) {
        increment = status->auto_increment_increment;
        offset = status->auto_increment_offset;
    }
    if (changes(&session->auto_increment, (uint64_t)increment << 16 | offset))
        buf_printf(buf,
                   "SET @@session.auto_increment_increment=%u, "
                   "@@session.auto_increment_offset=%u" SQL_END,
                   increment, offset);
    if (query_status_has(status, QUERY_TIME_ZONE))
        set_time_zone(session, buf, status->time_zone);
    if (changes(&session->lc_time_names, status->lc_time_names))
        write_set(buf, NULL, "lc_time_names", status->lc_time_names);
    set_mysql_variables(session, buf, status);
    if (query_status_has(status, QUERY_CHARSET))
        set_charsets(session, buf, status);
}

bool sql_session_for_query(struct sql_session *session, struct buf *buf,
                           const struct event_header *header, const struct query *query,
                           struct err *err)
{
    struct query_status status;

    if (!query_status_decode(query->status, &status, err))
        return false;
    if (!(header->flags & EVENT_FLAG_SUPPRESS_USE))
        set_database(session, buf, query->database);
    set_time(session, buf, header->timestamp, status.microseconds);
    if ((header->flags & EVENT_FLAG_THREAD_SPECIFIC) &&
        changes(&session->thread_id, query->thread_id))
        write_set(buf, NULL, "pseudo_thread_id", query->thread_id);
    set_status(session, buf, &status);
    return true;
}
