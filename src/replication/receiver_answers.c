#include "replication/receiver_answers.h"

#include "base/clock.h"
#include "base/mem.h"
#include "binlog/format.h"
#include "replication/log_answers.h"
#include "replication/status_columns.h"
#include "wire/reply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define ANSWER_MAX ((size_t)16 << 20)

/* What a column shows. */
enum field {
    FIELD_DEFAULT, /* the column's own */
    FIELD_NULL,
    FIELD_NONE, /* "None" */
    FIELD_NO,
    FIELD_STATE,
    FIELD_HOST,
    FIELD_USER,
    FIELD_PORT,
    FIELD_FILE,     /* the file being received */
    FIELD_RECEIVED, /* and up to where */
    FIELD_SYNCED_FILE,
    FIELD_SYNCED,
    FIELD_RUNNING,
    FIELD_TLS,
    FIELD_BEHIND,
    FIELD_ERRNO,
    FIELD_ERROR,
    FIELD_ERROR_TIME,
    FIELD_SERVER_ID,
    FIELD_UUID,
    FIELD_GTIDS,
    FIELD_CHANNEL,
};

/* By the columns' old names; of the others status_columns.h has what they show. */
static const struct {
    const char *name;
    enum field field;
} fields[] = {
    {"Slave_IO_State", FIELD_STATE},
    {"Master_Host", FIELD_HOST},
    {"Master_User", FIELD_USER},
    {"Master_Port", FIELD_PORT},
    {"Master_Log_File", FIELD_FILE},
    {"Read_Master_Log_Pos", FIELD_RECEIVED},
    {"Relay_Log_File", FIELD_SYNCED_FILE},
    {"Relay_Log_Pos", FIELD_SYNCED},
    {"Relay_Master_Log_File", FIELD_SYNCED_FILE},
    {"Slave_IO_Running", FIELD_RUNNING},
    {"Slave_SQL_Running", FIELD_NO},
    {"Exec_Master_Log_Pos", FIELD_SYNCED},
    {"Until_Condition", FIELD_NONE},
    {"Master_SSL_Allowed", FIELD_TLS},
    {"Seconds_Behind_Master", FIELD_BEHIND},
    {"Master_SSL_Verify_Server_Cert", FIELD_NO},
    {"Last_IO_Errno", FIELD_ERRNO},
    {"Last_IO_Error", FIELD_ERROR},
    {"Master_Server_Id", FIELD_SERVER_ID},
    {"Master_UUID", FIELD_UUID},
    {"SQL_Remaining_Delay", FIELD_NULL},
    {"Last_IO_Error_Timestamp", FIELD_ERROR_TIME},
    {"Retrieved_Gtid_Set", FIELD_GTIDS},
    {"Executed_Gtid_Set", FIELD_GTIDS},
    {"Channel_Name", FIELD_CHANNEL},
};

#define COLUMNS_MAX 64

/* Of what the version that the relay shows has. */
struct chosen {
    const struct status_column *columns[COLUMNS_MAX];
    size_t count;
};

/* A MariaDB's are MySQL 5.7's, too: programs of either family find their own among them. */
static void choose_columns(const char *version, struct chosen *chosen)
{
    size_t count;
    const struct status_column *columns = status_columns(STATUS_OF_SOURCE, &count);
    enum format_family family;
    uint32_t number;

    format_parse_version(version, &family, &number);
    if (family != FORMAT_MYSQL)
        number = STATUS_MYSQL_5_7;
    chosen->count = 0;
    for (size_t i = 0; i < count && chosen->count < COLUMNS_MAX; i++) {
        if (columns[i].version <= number)
            chosen->columns[chosen->count++] = &columns[i];
    }
}

static enum field field_of(const struct status_column *column)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].name, column->name) == 0)
            return fields[i].field;
    }
    return FIELD_DEFAULT;
}

/* What the row is made of. */
struct facts {
    const struct channel_spec *spec;
    struct receiver_status receiver;
    struct log_ends ends;
    const struct log_identity *identity; /* NULL: the source was never met */
    struct channel *channel;
};

/* As the servers' own receivers call it. */
static const char *io_state(const struct receiver_status *receiver, bool new_words)
{
    switch (receiver->state) {
    case RECEIVER_CONNECTING:
        return new_words ? "Connecting to source" : "Connecting to master";
    case RECEIVER_RECEIVING:
        return new_words ? "Waiting for source to send event" : "Waiting for master to send event";
    case RECEIVER_PAUSING:
        if (receiver->error.code == ENOSPC)
            return "Waiting for disk space";
        return new_words ? "Reconnecting after a failed source event read"
                         : "Reconnecting after a failed master event read";
    case RECEIVER_STOPPED:
        return "";
    }
    return "";
}

static void write_time(struct buf *buf, int64_t usec)
{
    time_t seconds = (time_t)(usec / USEC_PER_SEC);
    struct tm utc;
    char text[32];

    if (usec == 0 || !gmtime_r(&seconds, &utc))
        return;
    (void)strftime(text, sizeof text, "%y%m%d %H:%M:%S", &utc);
    buf_str(buf, text);
}

static const char *yes_no(bool yes)
{
    return yes ? "Yes" : "No";
}

static bool write_gtids(const struct facts *facts, struct buf *buf, struct err *err)
{
    if (!facts->identity || facts->identity->family == FORMAT_MARIADB)
        return true;
    return log_answers_variable(facts->channel, NULL, span_str("gtid_executed"), buf, err);
}

/* What comes of the specification: whom the receiver was told to follow. */
static bool write_given(const struct facts *facts, enum field field, struct buf *buf)
{
    const struct receiver_spec *receiver = &facts->spec->receiver;

    switch (field) {
    case FIELD_HOST:
        buf_str(buf, receiver->login.host ? receiver->login.host : "");
        return true;
    case FIELD_USER:
        buf_str(buf, receiver->login.user);
        return true;
    case FIELD_PORT:
        buf_printf(buf, "%u", receiver->login.port);
        return true;
    case FIELD_TLS:
        buf_str(buf, yes_no(receiver->login.tls != NULL));
        return true;
    case FIELD_CHANNEL:
        buf_str(buf, facts->spec->name);
        return true;
    case FIELD_SERVER_ID:
        buf_printf(buf, "%" PRIu32, facts->identity ? facts->identity->server_id : 0);
        return true;
    case FIELD_UUID:
        buf_str(buf, facts->identity ? facts->identity->server_uuid : "");
        return true;
    default:
        return false;
    }
}

/* A disk without room has a server's number. */
static int error_number(const struct err *error)
{
    if (error->class == E_NONE)
        return 0;
    return error->code == ENOSPC ? ER_DISK_FULL : error->code;
}

/* What comes of the receiver and of its log. */
static bool write_field(const struct facts *facts, enum field field, bool new_words,
                        struct buf *buf, struct err *err)
{
    const struct receiver_status *receiver = &facts->receiver;

    if (write_given(facts, field, buf))
        return true;
    switch (field) {
    case FIELD_STATE:
        buf_str(buf, io_state(receiver, new_words));
        return true;
    case FIELD_RUNNING:
        buf_str(buf, receiver->state == RECEIVER_RECEIVING ? "Yes"
                     : receiver->state == RECEIVER_STOPPED ? "No"
                                                           : "Connecting");
        return true;
    case FIELD_FILE:
        buf_str(buf, facts->ends.received.name);
        return true;
    case FIELD_RECEIVED:
        buf_printf(buf, "%" PRIu64, facts->ends.received.offset);
        return true;
    case FIELD_SYNCED_FILE:
        buf_str(buf, facts->ends.synced.name);
        return true;
    case FIELD_SYNCED:
        buf_printf(buf, "%" PRIu64, facts->ends.synced.offset);
        return true;
    case FIELD_BEHIND:
        buf_printf(buf, "%" PRId64, receiver_seconds_behind(receiver));
        return true;
    case FIELD_ERRNO:
        buf_printf(buf, "%d", error_number(&receiver->error));
        return true;
    case FIELD_ERROR:
        buf_str(buf, receiver->error.class == E_NONE ? "" : receiver->error.text);
        return true;
    case FIELD_ERROR_TIME:
        write_time(buf, receiver->error.class == E_NONE ? 0 : receiver->error_usec);
        return true;
    case FIELD_GTIDS:
        return write_gtids(facts, buf, err);
    case FIELD_NO:
        buf_str(buf, "No");
        return true;
    case FIELD_NONE:
        buf_str(buf, "None");
        return true;
    default:
        return true;
    }
}

static bool is_null(const struct facts *facts, enum field field)
{
    return field == FIELD_NULL ||
           (field == FIELD_BEHIND && facts->receiver.state != RECEIVER_RECEIVING);
}

static bool add_row(const struct facts *facts, const struct chosen *chosen, bool new_words,
                    struct result *result, struct err *err)
{
    struct buf values[COLUMNS_MAX];
    struct span row[COLUMNS_MAX];
    bool good = true;

    for (size_t i = 0; i < chosen->count; i++)
        buf_init(&values[i], ANSWER_MAX);
    for (size_t i = 0; i < chosen->count && good; i++) {
        enum field field = field_of(chosen->columns[i]);

        if (field == FIELD_DEFAULT)
            buf_str(&values[i], chosen->columns[i]->value);
        else
            good = write_field(facts, field, new_words, &values[i], err);
        row[i] = values[i].len > 0 ? buf_span(&values[i]) : span_str("");
        if (is_null(facts, field))
            row[i] = (struct span){0};
    }
    good = good && result_add_row(result, row, err);
    for (size_t i = 0; i < chosen->count; i++)
        buf_done(&values[i]);
    return good;
}

bool receiver_answers_show(struct channel *channel, const char *version, bool new_words,
                           struct result *result, struct err *err)
{
    struct facts facts = {.spec = channel_borrow_spec(channel), .channel = channel};
    struct mirror *mirror = channel_borrow_mirror(channel);
    struct chosen chosen;
    char name[STATUS_NAME_MAX];

    choose_columns(version, &chosen);
    for (size_t i = 0; i < chosen.count; i++) {
        if (new_words)
            status_column_rename(chosen.columns[i], name);
        if (!result_add_column(result, new_words ? name : chosen.columns[i]->name,
                               chosen.columns[i]->type, err))
            return false;
    }
    channel_receiver_status(channel, &facts.receiver);
    if (mirror) {
        mirror_ends(mirror, &facts.ends);
        facts.identity = mirror_identity(mirror);
    }
    return add_row(&facts, &chosen, new_words, result, err);
}
