#include "cluster/source_status.h"

#include "base/clock.h"
#include "base/file.h"
#include "cluster/ssl_material.h"
#include "log/lookup.h"
#include "wire/reply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the servers' own receivers stop and try again with (source: MariaDB, errmsg-utf8.txt). */
#define ER_CONNECT    2003
#define SERVER_ERRORS 1000 /* numbers below are not the servers' */

#define GTIDS_MAX ((size_t)256 << 10) /* bytes of a set's text: a longer one is not shown */

struct facts {
    const struct source_definition *definition;
    const struct source_engine_row *row;
    struct receiver_status receiver;
    struct mirror *mirror; /* NULL before the source was met */
    struct log_ends ends;  /* names are empty then */
    uint32_t server_id;
    const char *server_uuid;
    bool engine_receives; /* its receiving thread is there */
};

static void add(struct source_fields *fields, const char *column, const char *value)
{
    fields->fields[fields->count++] = (struct source_field){column, value};
}

static bool is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

static const char *io_state(const struct facts *facts)
{
    if (!facts->engine_receives)
        return "";
    switch (facts->receiver.state) {
    case RECEIVER_CONNECTING:
        return "Connecting to master";
    case RECEIVER_RECEIVING:
        return "Waiting for master to send event";
    case RECEIVER_PAUSING:
        return facts->receiver.error.code == ENOSPC
                   ? "Waiting for disk space"
                   : "Reconnecting after a failed master event read";
    case RECEIVER_STOPPED:
        return "";
    }
    return "";
}

static const char *io_running(const struct facts *facts)
{
    if (!facts->engine_receives)
        return "No";
    switch (facts->receiver.state) {
    case RECEIVER_CONNECTING:
    case RECEIVER_PAUSING:
        return "Connecting";
    case RECEIVER_RECEIVING:
        return facts->row->io_running;
    case RECEIVER_STOPPED:
        return "No";
    }
    return "No";
}

/* By the source's clock: of what the engine has, and of what is not here yet. */
static const char *behind(const struct facts *facts, struct arena *arena)
{
    int64_t received = receiver_seconds_behind(&facts->receiver);
    int64_t applied;

    if (!facts->row->behind || received < 0)
        return NULL;
    applied = strtoll(facts->row->behind, NULL, 10);
    return arena_printf(arena, "%" PRId64, applied > received ? applied : received);
}

static int error_number(const struct receiver_status *receiver)
{
    if (receiver->error.code >= SERVER_ERRORS)
        return receiver->error.code;
    if (receiver->error.code == ENOSPC)
        return ER_DISK_FULL;
    return receiver->state == RECEIVER_STOPPED ? ER_SLAVE_FATAL_ERROR : ER_CONNECT;
}

/* As MySQL writes it: YYMMDD and the time, of UTC. */
static const char *time_text(int64_t usec, struct arena *arena)
{
    time_t seconds = (time_t)(usec / USEC_PER_SEC);
    struct tm utc;
    char text[32];

    if (usec == 0 || !gmtime_r(&seconds, &utc))
        return "";
    (void)strftime(text, sizeof text, "%y%m%d %H:%M:%S", &utc);
    return arena_strdup(arena, text);
}

/* The receiver's; the engine's own only while that has none: it tells of the way between them. */
static void add_error(const struct facts *facts, struct arena *arena, struct source_fields *fields)
{
    const struct err *error = &facts->receiver.error;
    bool own = error->class == E_NONE && facts->receiver.state == RECEIVER_RECEIVING;

    if (error->class != E_NONE) {
        add(fields, "Last_IO_Errno", arena_printf(arena, "%d", error_number(&facts->receiver)));
        add(fields, "Last_IO_Error", arena_strdup(arena, error->text));
        add(fields, "Last_IO_Error_Timestamp", time_text(facts->receiver.error_usec, arena));
    } else if (!own && !is(facts->row->io_errno, "1236")) {
        add(fields, "Last_IO_Errno", "0");
        add(fields, "Last_IO_Error", "");
    }
}

static bool is_before(const struct log_position *a, const struct log_position *b)
{
    if (strcmp(a->name, b->name) == 0)
        return a->offset < b->offset;
    return log_name_number(a->name) < log_name_number(b->name);
}

/*
 * Up to where the engine has applied. After it has connected anew its own place is the beginning of
 * a file until the next transaction comes; what it has committed tells more.
 */
static struct log_position find_applied(struct external_source *source, const struct facts *facts)
{
    const struct source_engine_row *row = facts->row;
    struct log_position place = facts->definition->position;
    struct log_position found;

    if (facts->ends.whole.name[0] == '\0')
        return place;
    if (row->gtids && external_source_is_applied(source, row->gtids))
        return facts->ends.whole;
    if (row->file && row->offset &&
        external_source_place(source, row->file, strtoull(row->offset, NULL, 10), &found) &&
        is_before(&place, &found))
        return found;
    return place;
}

/* A MySQL source's GTIDs up to a place in its log. */
static const char *gtids_at(const struct facts *facts, const struct log_position *place,
                            struct arena *arena)
{
    const char *text = "";
    struct log_state state;
    struct err ignored;
    struct buf buf;

    if (!facts->mirror || place->name[0] == '\0')
        return "";
    log_state_init(&state);
    buf_init(&buf, GTIDS_MAX);
    if (log_state_at(facts->mirror, place, &state, &ignored) && state.kind == LOG_STATE_MYSQL) {
        gtid_set_print_lines(&buf, &state.set);
        if (buf_ok(&buf))
            text = arena_strdup(arena, buf_borrow_cstr(&buf));
    }
    buf_done(&buf);
    log_state_done(&state);
    return text;
}

static void add_places(struct external_source *source, const struct facts *facts,
                       struct arena *arena, struct source_fields *fields)
{
    const struct log_position *given = &facts->definition->position;
    struct log_position applied = find_applied(source, facts);
    struct log_position received = facts->ends.received;

    if (received.name[0] == '\0' || is_before(&received, given))
        received = *given;
    add(fields, "Master_Log_File", arena_strdup(arena, received.name));
    add(fields, "Read_Master_Log_Pos", arena_printf(arena, "%" PRIu64, received.offset));
    add(fields, "Relay_Master_Log_File", arena_strdup(arena, applied.name));
    add(fields, "Exec_Master_Log_Pos", arena_printf(arena, "%" PRIu64, applied.offset));
    add(fields, "Retrieved_Gtid_Set", gtids_at(facts, &facts->ends.whole, arena));
    add(fields, "Executed_Gtid_Set", gtids_at(facts, &applied, arena));
    add(fields, "Auto_Position", source_definition_is_auto(facts->definition) ? "1" : "0");
}

static void add_material(const struct facts *facts, const char *material, struct arena *arena,
                         struct source_fields *fields)
{
    static const struct {
        const char *column;
        const char *file;
    } files[] = {
        {"Master_SSL_CA_File", SSL_MATERIAL_CA_FILE},
        {"Master_SSL_Cert", SSL_MATERIAL_CERT_FILE},
        {"Master_SSL_Key", SSL_MATERIAL_KEY_FILE},
    };

    add(fields, "Master_SSL_Allowed", facts->definition->encrypted ? "Yes" : "No");
    add(fields, "Master_SSL_Verify_Server_Cert", "No");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = arena_printf(arena, "%s/%s", material, files[i].file);

        add(fields, files[i].column, facts->definition->encrypted && path_exists(path) ? path : "");
    }
}

/* The engine itself stops by a GTID of no meaning. */
static void add_until(const struct facts *facts, struct arena *arena, struct source_fields *fields)
{
    const struct log_position *until = &facts->definition->until;
    const char *condition = "Master";

    if (*facts->definition->until_gtids)
        condition = facts->mirror && mirror_identity(facts->mirror)->family == FORMAT_MARIADB
                        ? "Gtid"
                        : "SQL_AFTER_GTIDS";
    else if (until->name[0] == '\0')
        return;
    add(fields, "Until_Condition", condition);
    add(fields, "Until_Log_File", arena_strdup(arena, until->name));
    add(fields, "Until_Log_Pos", arena_printf(arena, "%" PRIu64, until->offset));
}

void source_status_describe(struct external_source *source,
                            const struct source_definition *definition, const char *material,
                            const struct source_engine_row *row, struct arena *arena,
                            struct source_fields *ret_fields)
{
    struct channel *channel = external_source_borrow_channel(source);
    struct facts facts = {
        .definition = definition,
        .row = row,
        .mirror = channel_borrow_mirror(channel),
        .server_uuid = "",
    };
    struct source_fields fields = {0};

    facts.engine_receives = !is(row->io_running, "No");
    channel_receiver_status(channel, &facts.receiver);
    if (facts.mirror) {
        mirror_ends(facts.mirror, &facts.ends);
        facts.server_id = mirror_identity(facts.mirror)->server_id;
        facts.server_uuid = mirror_identity(facts.mirror)->server_uuid;
    }
    add(&fields, "Slave_IO_State", io_state(&facts));
    add(&fields, "Master_Host", arena_strdup(arena, definition->host));
    add(&fields, "Master_User", arena_strdup(arena, definition->user));
    add(&fields, "Master_Port", arena_printf(arena, "%u", (unsigned)definition->port));
    add_places(source, &facts, arena, &fields);
    add(&fields, "Slave_IO_Running", io_running(&facts));
    add_material(&facts, material, arena, &fields);
    add(&fields, "Seconds_Behind_Master", behind(&facts, arena));
    add_error(&facts, arena, &fields);
    add_until(&facts, arena, &fields);
    add(&fields, "Master_Server_Id", arena_printf(arena, "%" PRIu32, facts.server_id));
    add(&fields, "Master_UUID", arena_strdup(arena, facts.server_uuid));
    *ret_fields = fields;
}
