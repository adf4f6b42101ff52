#include "replication/receiver_answers.h"

#include "base/clock.h"
#include "base/mem.h"
#include "replication/log_answers.h"

#include "wire/reply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define TITLE_MAX  64
#define ANSWER_MAX ((size_t)16 << 20)

/* What a column shows. */
enum field {
    FIELD_EMPTY,
    FIELD_NULL,
    FIELD_ZERO,
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

/* In MySQL's order. Names are the old ones; the new have Source and Replica in them. */
static const struct {
    const char *name;
    enum field field;
} columns[] = {
    {"Slave_IO_State", FIELD_STATE},
    {"Master_Host", FIELD_HOST},
    {"Master_User", FIELD_USER},
    {"Master_Port", FIELD_PORT},
    {"Connect_Retry", FIELD_ZERO},
    {"Master_Log_File", FIELD_FILE},
    {"Read_Master_Log_Pos", FIELD_RECEIVED},
    {"Relay_Log_File", FIELD_SYNCED_FILE},
    {"Relay_Log_Pos", FIELD_SYNCED},
    {"Relay_Master_Log_File", FIELD_SYNCED_FILE},
    {"Slave_IO_Running", FIELD_RUNNING},
    {"Slave_SQL_Running", FIELD_NO},
    {"Replicate_Do_DB", FIELD_EMPTY},
    {"Replicate_Ignore_DB", FIELD_EMPTY},
    {"Replicate_Do_Table", FIELD_EMPTY},
    {"Replicate_Ignore_Table", FIELD_EMPTY},
    {"Replicate_Wild_Do_Table", FIELD_EMPTY},
    {"Replicate_Wild_Ignore_Table", FIELD_EMPTY},
    {"Last_Errno", FIELD_ZERO},
    {"Last_Error", FIELD_EMPTY},
    {"Skip_Counter", FIELD_ZERO},
    {"Exec_Master_Log_Pos", FIELD_SYNCED},
    {"Relay_Log_Space", FIELD_ZERO},
    {"Until_Condition", FIELD_NONE},
    {"Until_Log_File", FIELD_EMPTY},
    {"Until_Log_Pos", FIELD_ZERO},
    {"Master_SSL_Allowed", FIELD_TLS},
    {"Master_SSL_CA_File", FIELD_EMPTY},
    {"Master_SSL_CA_Path", FIELD_EMPTY},
    {"Master_SSL_Cert", FIELD_EMPTY},
    {"Master_SSL_Cipher", FIELD_EMPTY},
    {"Master_SSL_Key", FIELD_EMPTY},
    {"Seconds_Behind_Master", FIELD_BEHIND},
    {"Master_SSL_Verify_Server_Cert", FIELD_NO},
    {"Last_IO_Errno", FIELD_ERRNO},
    {"Last_IO_Error", FIELD_ERROR},
    {"Last_SQL_Errno", FIELD_ZERO},
    {"Last_SQL_Error", FIELD_EMPTY},
    {"Replicate_Ignore_Server_Ids", FIELD_EMPTY},
    {"Master_Server_Id", FIELD_SERVER_ID},
    {"Master_UUID", FIELD_UUID},
    {"Master_Info_File", FIELD_EMPTY},
    {"SQL_Delay", FIELD_ZERO},
    {"SQL_Remaining_Delay", FIELD_NULL},
    {"Slave_SQL_Running_State", FIELD_EMPTY},
    {"Master_Retry_Count", FIELD_ZERO},
    {"Master_Bind", FIELD_EMPTY},
    {"Last_IO_Error_Timestamp", FIELD_ERROR_TIME},
    {"Last_SQL_Error_Timestamp", FIELD_EMPTY},
    {"Master_SSL_Crl", FIELD_EMPTY},
    {"Master_SSL_Crlpath", FIELD_EMPTY},
    {"Retrieved_Gtid_Set", FIELD_GTIDS},
    {"Executed_Gtid_Set", FIELD_GTIDS},
    {"Auto_Position", FIELD_ZERO},
    {"Replicate_Rewrite_DB", FIELD_EMPTY},
    {"Channel_Name", FIELD_CHANNEL},
};

#define COLUMNS (sizeof columns / sizeof columns[0])

/* What the row is made of. */
struct facts {
    const struct channel_spec *spec;
    struct receiver_status receiver;
    struct log_ends ends;
    const struct log_identity *identity; /* NULL: the source was never met */
    struct channel *channel;
};

/* "Master_Log_File" to "Source_Log_File", "Slave_IO_State" to "Replica_IO_State". */
static void write_name(const char *old, bool new_words, char name[TITLE_MAX])
{
    const char *word = strstr(old, "Master");
    const char *other = "Source";

    if (!word) {
        word = strstr(old, "Slave");
        other = "Replica";
    }
    if (!new_words || !word)
        (void)snprintf(name, TITLE_MAX, "%s", old);
    else
        (void)snprintf(name, TITLE_MAX, "%.*s%s%s", (int)(word - old), old, other,
                       word + (other[0] == 'S' ? strlen("Master") : strlen("Slave")));
}

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
    case FIELD_ZERO:
        buf_u8(buf, '0');
        return true;
    default:
        return true;
    }
}

static enum result_type type_of(enum field field)
{
    switch (field) {
    case FIELD_ZERO:
    case FIELD_PORT:
    case FIELD_RECEIVED:
    case FIELD_SYNCED:
    case FIELD_BEHIND:
    case FIELD_ERRNO:
    case FIELD_SERVER_ID:
        return RESULT_LONGLONG;
    default:
        return RESULT_VARCHAR;
    }
}

static bool is_null(const struct facts *facts, enum field field)
{
    return field == FIELD_NULL ||
           (field == FIELD_BEHIND && facts->receiver.state != RECEIVER_RECEIVING);
}

static bool add_row(const struct facts *facts, bool new_words, struct result *result,
                    struct err *err)
{
    struct buf values[COLUMNS];
    struct span row[COLUMNS];
    bool good = true;

    for (size_t i = 0; i < COLUMNS; i++)
        buf_init(&values[i], ANSWER_MAX);
    for (size_t i = 0; i < COLUMNS && good; i++) {
        good = write_field(facts, columns[i].field, new_words, &values[i], err);
        row[i] = values[i].len > 0 ? buf_span(&values[i]) : span_str("");
        if (is_null(facts, columns[i].field))
            row[i] = (struct span){0};
    }
    good = good && result_add_row(result, row, err);
    for (size_t i = 0; i < COLUMNS; i++)
        buf_done(&values[i]);
    return good;
}

bool receiver_answers_show(struct channel *channel, bool new_words, struct result *result,
                           struct err *err)
{
    struct facts facts = {.spec = channel_borrow_spec(channel), .channel = channel};
    struct mirror *mirror = channel_borrow_mirror(channel);
    char name[TITLE_MAX];

    for (size_t i = 0; i < COLUMNS; i++) {
        write_name(columns[i].name, new_words, name);
        if (!result_add_column(result, name, type_of(columns[i].field), err))
            return false;
    }
    channel_receiver_status(channel, &facts.receiver);
    if (mirror) {
        mirror_ends(mirror, &facts.ends);
        facts.identity = mirror_identity(mirror);
    }
    return add_row(&facts, new_words, result, err);
}
