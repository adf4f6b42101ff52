#include "endpoint/replica_status.h"

#include "base/cursor.h"
#include "wire/packet.h"

#include <strings.h>

#define COLUMNS_MAX 128
#define ARENA_CAP   ((size_t)1 << 20)
#define NULL_VALUE  0xfb
#define EOF_HEADER  0xfe
#define EOF_MAX     9 /* bytes: a row that begins so is longer */

/* One packet, payload and the number of it. */
struct packet {
    struct span payload;
    uint8_t number;
};

struct answer {
    struct cursor cur;
    size_t columns;
    struct span names[COLUMNS_MAX];
    struct span values[COLUMNS_MAX]; /* of the row at hand; NULL data for SQL's NULL */
};

/* A word in small letters; every statement passes here, so most bytes cost one comparison. */
static bool has_word(struct span text, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= text.len; i++) {
        if ((text.data[i] | 0x20) == word[0] &&
            strncasecmp((const char *)text.data + i, word, len) == 0)
            return true;
    }
    return false;
}

bool replica_status_may_be(struct span text)
{
    return text.len <= REPLICA_STATUS_STATEMENT_MAX && has_word(text, "show") &&
           has_word(text, "status") && (has_word(text, "slave") || has_word(text, "replica"));
}

/* False when it is not there whole; the cursor is bad then. */
static bool next_packet(struct cursor *cur, struct packet *ret_packet)
{
    uint32_t len = cursor_u24(cur);

    ret_packet->number = cursor_u8(cur);
    ret_packet->payload = cursor_bytes(cur, len);
    return cursor_ok(cur);
}

static bool is_eof(struct span payload)
{
    return payload.len > 0 && payload.len < EOF_MAX && payload.data[0] == EOF_HEADER;
}

/* Catalog, database, table, the table's own name, and the name; what follows is passed over. */
static bool take_name(struct span payload, struct span *ret_name)
{
    struct cursor cur = cursor_of(payload);

    for (int i = 0; i < 4; i++)
        (void)cursor_lenenc_bytes(&cur);
    *ret_name = cursor_lenenc_bytes(&cur);
    return cursor_ok(&cur);
}

static enum replica_status_answer take_columns(struct answer *answer)
{
    struct packet packet;
    struct cursor head;
    uint64_t columns;

    if (!next_packet(&answer->cur, &packet))
        return REPLICA_STATUS_PART;
    head = cursor_of(packet.payload);
    if (packet.payload.len == 0 || packet.payload.data[0] >= NULL_VALUE)
        return REPLICA_STATUS_OTHER;
    columns = cursor_lenenc(&head);
    if (!cursor_ok(&head) || columns == 0 || columns > COLUMNS_MAX)
        return REPLICA_STATUS_OTHER;
    for (answer->columns = 0; answer->columns < columns; answer->columns++) {
        if (!next_packet(&answer->cur, &packet))
            return REPLICA_STATUS_PART;
        if (!take_name(packet.payload, &answer->names[answer->columns]))
            return REPLICA_STATUS_OTHER;
    }
    return REPLICA_STATUS_WHOLE;
}

static bool take_values(struct answer *answer, struct span payload)
{
    struct cursor cur = cursor_of(payload);

    for (size_t i = 0; i < answer->columns; i++) {
        if (cursor_left(&cur) > 0 && cur.rest.data[0] == NULL_VALUE) {
            cursor_skip(&cur, 1);
            answer->values[i] = (struct span){0};
        } else {
            answer->values[i] = cursor_lenenc_bytes(&cur);
            if (answer->values[i].len == 0)
                answer->values[i] = span_str("");
        }
    }
    return cursor_end(&cur);
}

static bool find_column(const struct answer *answer, const char *name, size_t *ret_column)
{
    for (size_t i = 0; i < answer->columns; i++) {
        if (span_eq(answer->names[i], span_str(name))) {
            *ret_column = i;
            return true;
        }
    }
    return false;
}

static const char *value_of(const struct answer *answer, const char *name, struct arena *arena)
{
    struct span value;
    size_t column;

    if (!find_column(answer, name, &column))
        return NULL;
    value = answer->values[column];
    return value.data ? arena_printf(arena, "%.*s", (int)value.len, (const char *)value.data)
                      : NULL;
}

static void put_field(struct answer *answer, const struct source_field *field)
{
    size_t column;

    if (find_column(answer, field->column, &column))
        answer->values[column] = field->value ? span_str(field->value) : (struct span){0};
}

static void write_row(const struct answer *answer, uint8_t number, struct buf *buf)
{
    size_t head = buf_reserve(buf, PACKET_HEADER_SIZE);

    for (size_t i = 0; i < answer->columns; i++) {
        if (answer->values[i].data)
            buf_lenenc_bytes(buf, answer->values[i]);
        else
            buf_u8(buf, NULL_VALUE);
    }
    if (!buf_ok(buf))
        return;
    buf_patch_u24(buf, head, (uint32_t)(buf->len - head - PACKET_HEADER_SIZE));
    buf_patch_bytes(buf, head + 3, span_of(&number, 1));
}

/* The row's own values are spans of the answer: it is written before the arena goes. */
static void replace_row(struct answer *answer, uint8_t number, replica_status_describe *describe,
                        void *context, struct buf *buf)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct source_engine_row row = {
        .io_running = value_of(answer, "Slave_IO_Running", arena),
        .sql_running = value_of(answer, "Slave_SQL_Running", arena),
        .file = value_of(answer, "Relay_Master_Log_File", arena),
        .offset = value_of(answer, "Exec_Master_Log_Pos", arena),
        .behind = value_of(answer, "Seconds_Behind_Master", arena),
        .io_errno = value_of(answer, "Last_IO_Errno", arena),
        .io_error = value_of(answer, "Last_IO_Error", arena),
    };
    struct source_fields fields = {0};

    describe(context, &row, arena, &fields);
    for (size_t i = 0; i < fields.count; i++)
        put_field(answer, &fields.fields[i]);
    write_row(answer, number, buf);
    arena_free(arena);
}

enum replica_status_answer replica_status_rewrite(struct span bytes,
                                                  replica_status_describe *describe, void *context,
                                                  struct buf *buf, size_t *ret_taken)
{
    struct answer answer = {.cur = cursor_of(bytes)};
    enum replica_status_answer found = take_columns(&answer);
    struct packet packet;
    size_t row_at;
    size_t column;

    if (found != REPLICA_STATUS_WHOLE)
        return found;
    if (!find_column(&answer, "Master_Host", &column) ||
        !find_column(&answer, "Slave_IO_Running", &column))
        return REPLICA_STATUS_OTHER;
    row_at = bytes.len - cursor_left(&answer.cur);
    if (!next_packet(&answer.cur, &packet))
        return REPLICA_STATUS_PART;
    if (is_eof(packet.payload)) { /* of the columns, for clients that have one there */
        row_at = bytes.len - cursor_left(&answer.cur);
        if (!next_packet(&answer.cur, &packet))
            return REPLICA_STATUS_PART;
    }
    if (!take_values(&answer, packet.payload))
        return REPLICA_STATUS_OTHER; /* there is no row */
    buf_bytes(buf, span_of(bytes.data, row_at));
    replace_row(&answer, packet.number, describe, context, buf);
    *ret_taken = bytes.len - cursor_left(&answer.cur);
    return REPLICA_STATUS_WHOLE;
}
