#include "endpoint/log_list.h"

#include "base/cursor.h"
#include "wire/packet.h"

#include <strings.h>

#define STATEMENT_MAX 512 /* a longer one is none */
#define COLUMNS       2
#define NAME_PLACE    4 /* of a description: after catalog, database, table and its own name */
#define EOF_HEADER    0xfe
#define ERR_HEADER    0xff

static const char column[] = "Encrypted";
static const char value[] = "No";

void log_list_init(struct log_list *list, bool with_eof)
{
    *list = (struct log_list){.state = LOG_LIST_NONE, .with_eof = with_eof};
}

/* ---- Statements ---- */

static bool take_word(struct cursor *cur, const char *word)
{
    size_t len = strlen(word);

    while (cursor_left(cur) > 0 && strchr(" \t\r\n", *cur->rest.data) && *cur->rest.data)
        cursor_skip(cur, 1);
    if (cursor_left(cur) < len || strncasecmp((const char *)cur->rest.data, word, len) != 0)
        return false;
    cursor_skip(cur, len);
    return true;
}

/* Of several statements in one text the answers follow each other, numbered through. */
static bool is_single(struct cursor cur)
{
    bool ended = false;

    while (cursor_left(&cur) > 0) {
        uint8_t sign = cursor_u8(&cur);

        if (sign == ';')
            ended = true;
        else if (ended && sign != ' ' && sign != '\t' && sign != '\r' && sign != '\n')
            return false;
    }
    return true;
}

bool log_list_may_be(struct span text)
{
    struct cursor cur = cursor_of(text);
    struct cursor show = cur;

    if (text.len > STATEMENT_MAX || !is_single(cur))
        return false;
    if (take_word(&cur, "EXECUTE"))
        return true;
    if (!take_word(&show, "SHOW"))
        return false;
    cur = show;
    return (take_word(&show, "BINARY") && take_word(&show, "LOGS")) ||
           (take_word(&cur, "MASTER") && take_word(&cur, "LOGS"));
}

void log_list_await(struct log_list *list, bool prepares)
{
    list->state = LOG_LIST_HEAD;
    list->prepares = prepares;
}

static void note_prepared(struct log_list *list, uint32_t statement)
{
    list->statements[list->known++ % LOG_LIST_STATEMENTS] = statement;
}

bool log_list_is_prepared(const struct log_list *list, uint32_t statement)
{
    for (unsigned i = 0; i < list->known && i < LOG_LIST_STATEMENTS; i++) {
        if (list->statements[i] == statement)
            return true;
    }
    return false;
}

/* ---- Packets ---- */

struct packet {
    struct span payload;
    uint8_t number;
};

/* False when it is not there whole; the cursor is bad then. */
static bool next_packet(struct cursor *cur, struct packet *ret_packet)
{
    uint32_t len = cursor_u24(cur);

    ret_packet->number = cursor_u8(cur);
    ret_packet->payload = cursor_bytes(cur, len);
    return cursor_ok(cur);
}

static void put_header(struct buf *buf, size_t len, unsigned number)
{
    buf_u24(buf, (uint32_t)len);
    buf_u8(buf, (uint8_t)number);
}

static bool has_name(struct span description, const char *name)
{
    struct cursor cur = cursor_of(description);

    for (int i = 0; i < NAME_PLACE; i++)
        (void)cursor_lenenc_bytes(&cur);
    return span_eq(cursor_lenenc_bytes(&cur), span_str(name)) && cursor_ok(&cur);
}

/* The description of a column of text, under another name. */
static void put_description(struct buf *buf, struct span like, unsigned number)
{
    struct cursor cur = cursor_of(like);
    size_t head = buf_reserve(buf, PACKET_HEADER_SIZE);

    for (int i = 0; i < NAME_PLACE; i++)
        buf_lenenc_bytes(buf, cursor_lenenc_bytes(&cur));
    (void)cursor_lenenc_bytes(&cur);
    buf_lenenc_bytes(buf, span_str(column));
    buf_bytes(buf, cur.rest);
    if (!buf_ok(buf))
        return;
    buf_patch_u24(buf, head, (uint32_t)(buf->len - head - PACKET_HEADER_SIZE));
    buf_patch_bytes(buf, head + 3, span_of(&(uint8_t){(uint8_t)number}, 1));
}

/* ---- The answer ---- */

/* COM_STMT_PREPARE: 0, the statement's number, columns, parameters and more. */
static bool is_prepared_head(struct span payload, uint32_t *ret_statement)
{
    struct cursor cur = cursor_of(payload);
    uint8_t kind = cursor_u8(&cur);
    uint32_t statement = cursor_u32(&cur);
    uint16_t columns = cursor_u16(&cur);
    uint16_t parameters = cursor_u16(&cur);

    *ret_statement = statement;
    return cursor_ok(&cur) && kind == 0 && columns == COLUMNS && parameters == 0;
}

/* How many columns there are, and, to clients that keep descriptions, whether these follow. */
static bool is_result_head(struct span payload, bool *ret_described)
{
    if (payload.len == 0 || payload.len > 2 || payload.data[0] != COLUMNS)
        return false;
    *ret_described = payload.len == 1 || payload.data[1] != 0;
    return true;
}

/* Its head with one more column. The number of columns is in its first byte or its sixth. */
static size_t take_head(struct log_list *list, struct span bytes, struct buf *buf)
{
    struct cursor cur = cursor_of(bytes);
    struct packet head;
    struct packet described[COLUMNS] = {{{0}, 0}, {{0}, 0}};
    bool has_descriptions = true;
    uint32_t statement = 0;
    size_t count_at = list->prepares ? 5 : 0;

    if (!next_packet(&cur, &head))
        return 0;
    list->state = LOG_LIST_NONE;
    if (list->prepares ? !is_prepared_head(head.payload, &statement)
                       : !is_result_head(head.payload, &has_descriptions))
        return 0;
    for (int i = 0; has_descriptions && i < COLUMNS; i++) {
        if (!next_packet(&cur, &described[i])) {
            list->state = LOG_LIST_HEAD;
            return 0;
        }
    }
    if (has_descriptions && (!has_name(described[0].payload, "Log_name") ||
                             !has_name(described[1].payload, "File_size")))
        return 0;
    put_header(buf, head.payload.len, head.number);
    buf_bytes(buf, span_of(head.payload.data, count_at));
    buf_u8(buf, COLUMNS + 1);
    buf_bytes(buf, span_of(head.payload.data + count_at + 1, head.payload.len - count_at - 1));
    for (int i = 0; has_descriptions && i < COLUMNS; i++) {
        put_header(buf, described[i].payload.len, described[i].number);
        buf_bytes(buf, described[i].payload);
    }
    if (has_descriptions)
        put_description(buf, described[0].payload, described[1].number + 1u);
    if (list->prepares)
        note_prepared(list, statement);
    list->more = has_descriptions ? 1 : 0;
    list->ends = (list->with_eof ? 1u : 0u) + (list->prepares ? 0u : 1u);
    list->state = list->ends > 0 ? LOG_LIST_ROWS : LOG_LIST_NONE;
    return bytes.len - cursor_left(&cur);
}

/* No row begins with these: a file's name is short. */
static bool is_end(struct span payload)
{
    return payload.len == 0 || payload.data[0] == EOF_HEADER || payload.data[0] == ERR_HEADER;
}

/* A row, or what ends descriptions or rows; its number has moved. */
static size_t take_one(struct log_list *list, struct span bytes, struct buf *buf)
{
    struct cursor cur = cursor_of(bytes);
    struct packet packet;
    bool ends;

    if (!next_packet(&cur, &packet))
        return 0;
    ends = is_end(packet.payload);
    put_header(buf, packet.payload.len + (ends ? 0 : 1 + strlen(value)),
               packet.number + list->more);
    buf_bytes(buf, packet.payload);
    if (!ends)
        buf_lenenc_bytes(buf, span_str(value));
    else if (packet.payload.len == 0 || packet.payload.data[0] == ERR_HEADER || --list->ends == 0)
        list->state = LOG_LIST_NONE;
    return bytes.len - cursor_left(&cur);
}

size_t log_list_take(struct log_list *list, struct span bytes, struct buf *buf)
{
    size_t taken = 0;
    size_t n = 1;

    while (n > 0 && list->state != LOG_LIST_NONE) {
        struct span rest = span_of(bytes.data + taken, bytes.len - taken);

        n = list->state == LOG_LIST_HEAD ? take_head(list, rest, buf) : take_one(list, rest, buf);
        taken += n;
    }
    return taken;
}
