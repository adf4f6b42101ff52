#include "endpoint/show_answer.h"

#include "base/cursor.h"
#include "wire/packet.h"

#include <strings.h>

#define OK_HEADER    0x00
#define EOF_HEADER   0xfe
#define ERR_HEADER   0xff
#define EOF_MAX      9    /* bytes: a row that begins so is longer */
#define MORE_RESULTS 0x08 /* of a status: SERVER_MORE_RESULTS_EXISTS */
#define HAS_CURSOR   0x40 /* SERVER_STATUS_CURSOR_EXISTS */
#define HEAD_MAX     1024 /* bytes of an OK or ERR packet that are needed to judge it */
#define PREPARED_MIN 12   /* bytes: 0, number, columns, parameters, 0, warnings */
#define COUNT_PLACE  5    /* of the number of columns in them */
#define INPUT_MAX    ((size_t)32 << 20)

struct packet {
    struct span payload; /* what is there of it, at least HEAD_MAX bytes or all */
    size_t len;          /* of all of it */
    uint8_t number;
    bool whole;
};

/* What a step has found. */
enum step {
    STEP_DONE,
    STEP_WAIT, /* for more bytes */
    STEP_BAD,
};

void show_answer_init(struct show_answer *answer, const struct show_environment *environment,
                      bool with_eof)
{
    *answer = (struct show_answer){.environment = environment, .with_eof = with_eof};
    buf_init(&answer->input, INPUT_MAX);
}

static void drop_view(struct show_answer *answer)
{
    if (answer->owns_view)
        show_view_free(answer->view);
    answer->view = NULL;
    answer->owns_view = false;
}

void show_answer_done(struct show_answer *answer)
{
    drop_view(answer);
    for (size_t i = 0; i < SHOW_ANSWER_STATEMENTS; i++)
        show_view_free(answer->known[i].view);
    buf_done(&answer->input);
}

/* ---- What the client has sent ---- */

static void begin(struct show_answer *answer, enum show_command command)
{
    answer->state = SHOW_HEAD;
    answer->command = command;
    answer->shift = 0;
    answer->execute_follows = false;
}

/* Of the answer before, the rest of a packet may have passed by. */
static void pass_whole(struct show_answer *answer)
{
    answer->pass_left = 0;
    answer->continued = false;
}

static struct show_asked *find_named(struct show_answer *answer, const char *name)
{
    for (size_t i = 0; i < SHOW_ANSWER_NAMED && i < answer->n_named; i++) {
        if (strcasecmp(answer->named[i].name, name) == 0)
            return &answer->named[i];
    }
    return NULL;
}

/*
 * What is asked for, one after the other: what is prepared by its text is noted, since of an
 * EXECUTE the engine's answer does not tell all.
 */
static void take_asked(struct show_answer *answer, const struct show_statement *statement)
{
    answer->asked.count = 0;
    for (size_t i = 0; i < statement->count; i++) {
        const struct show_asked *asked = &statement->asked[i];
        struct show_asked *named = find_named(answer, asked->name);

        if (asked->prepares && *asked->name == '\0')
            continue;
        if (asked->prepares) {
            if (!named)
                named = &answer->named[answer->n_named++ % SHOW_ANSWER_NAMED];
            *named = *asked;
        } else {
            answer->asked.asked[answer->asked.count++] =
                asked->kind == SHOW_PREPARED && named ? *named : *asked;
        }
    }
}

bool show_answer_is_free(const struct show_answer *answer, const struct show_statement *statement)
{
    return answer->state == SHOW_NONE && !statement->loads;
}

void show_answer_await(struct show_answer *answer, const struct show_statement *statement,
                       bool prepares)
{
    if (prepares)
        answer->last_is_known = false;
    take_asked(answer, statement);
    pass_whole(answer);
    if (answer->asked.count > 0)
        begin(answer, prepares ? SHOW_PREPARE : SHOW_QUERY);
}

void show_answer_forget_last(struct show_answer *answer)
{
    answer->last_is_known = false;
}

void show_answer_forget_all(struct show_answer *answer)
{
    for (size_t i = 0; i < SHOW_ANSWER_STATEMENTS; i++) {
        if (answer->known[i].view == answer->view)
            answer->owns_view = answer->view != NULL; /* its rows are on their way */
        else
            show_view_free(answer->known[i].view);
        answer->known[i] = (struct show_known){0};
    }
    answer->n_known = 0;
    answer->n_named = 0;
    answer->last_is_known = false;
}

static struct show_known *find_known(struct show_answer *answer, uint32_t statement)
{
    for (size_t i = 0; i < SHOW_ANSWER_STATEMENTS && i < answer->n_known; i++) {
        if (answer->known[i].statement == statement)
            return &answer->known[i];
    }
    return NULL;
}

static void begin_execute(struct show_answer *answer, uint32_t statement)
{
    const struct show_known *known = find_known(answer, statement);

    begin(answer, SHOW_EXECUTE);
    answer->statement = statement;
    answer->asked = (struct show_statement){.count = 0};
    if (known)
        answer->asked = (struct show_statement){.count = 1, .asked = {known->asked}};
}

bool show_answer_minds_execute(const struct show_answer *answer)
{
    return answer->n_known > 0 || answer->state != SHOW_NONE;
}

void show_answer_execute(struct show_answer *answer, uint32_t statement)
{
    bool last = statement == SHOW_STATEMENT_LAST;

    if (answer->state != SHOW_NONE) {
        if (last && answer->command == SHOW_PREPARE)
            answer->execute_follows = true;
        return;
    }
    if (last && !answer->last_is_known)
        return;
    if (last)
        statement = answer->last;
    if (!find_known(answer, statement))
        return;
    pass_whole(answer);
    begin_execute(answer, statement);
}

void show_answer_fetch(struct show_answer *answer, uint32_t statement)
{
    const struct show_known *known = find_known(answer, statement);

    if (answer->state != SHOW_NONE || !known || !known->view)
        return;
    pass_whole(answer);
    begin_execute(answer, statement);
    answer->view = known->view;
    answer->state = SHOW_ROWS;
}

/* ---- Packets ---- */

/* False: no more than a part of what is needed is there; nothing is taken then. */
static bool next_packet(struct cursor *cur, struct packet *ret_packet)
{
    struct cursor begun = *cur;
    size_t need;

    ret_packet->len = cursor_u24(cur);
    ret_packet->number = cursor_u8(cur);
    need = ret_packet->len < HEAD_MAX ? ret_packet->len : HEAD_MAX;
    if (!cursor_ok(cur) || cursor_left(cur) < need) {
        *cur = begun;
        return false;
    }
    ret_packet->whole = cursor_left(cur) >= ret_packet->len;
    ret_packet->payload = cursor_bytes(cur, ret_packet->whole ? ret_packet->len : cursor_left(cur));
    return true;
}

static void put_header(const struct show_answer *answer, struct buf *buf, size_t len,
                       uint8_t number)
{
    buf_u24(buf, (uint32_t)len);
    buf_u8(buf, (uint8_t)(number + answer->shift));
}

/* The packet goes on as it is: the rest of it, too, when that comes. */
static void pass(struct show_answer *answer, const struct packet *packet, struct buf *buf)
{
    put_header(answer, buf, packet->len, packet->number);
    buf_bytes(buf, packet->payload);
    answer->pass_left = packet->len - packet->payload.len;
    answer->continued = packet->len == PACKET_PAYLOAD_MAX;
}

/* Takes a payload that was made, of a packet with the number as it goes out. */
static bool put_made(struct buf *buf, struct buf *payload, uint8_t number)
{
    bool good = buf_ok(payload) && payload->len < PACKET_PAYLOAD_MAX;

    if (good) {
        buf_u24(buf, (uint32_t)payload->len);
        buf_u8(buf, number);
        buf_bytes(buf, buf_span(payload));
    }
    buf_done(payload);
    return good;
}

static void end(struct show_answer *answer)
{
    drop_view(answer);
    answer->state = SHOW_NONE;
    if (answer->command == SHOW_PREPARE && answer->execute_follows)
        begin_execute(answer, answer->last_is_known ? answer->last : SHOW_STATEMENT_LAST);
}

/* The status that an OK packet, or what ends descriptions or rows, carries. */
static uint16_t status_of(const struct show_answer *answer, struct span payload)
{
    struct cursor cur = cursor_of(payload);
    uint8_t head = cursor_u8(&cur);
    uint16_t status;

    if (head == EOF_HEADER && answer->with_eof) {
        cursor_skip(&cur, 2); /* warnings */
    } else {
        (void)cursor_lenenc(&cur); /* rows */
        (void)cursor_lenenc(&cur); /* the last id */
    }
    status = cursor_u16(&cur);
    return cursor_ok(&cur) ? status : 0;
}

/* For these the engine was asked for something else: there is an answer, and it has to be shown. */
static bool asks_for_replicas(const struct show_answer *answer)
{
    for (size_t i = 0; i < answer->asked.count; i++) {
        if (answer->asked.asked[i].kind == SHOW_REPLICAS)
            return true;
    }
    return false;
}

static void end_result(struct show_answer *answer, const struct packet *packet)
{
    drop_view(answer);
    if (answer->command != SHOW_PREPARE && status_of(answer, packet->payload) & MORE_RESULTS)
        answer->state = SHOW_HEAD;
    else if (answer->command == SHOW_QUERY && asks_for_replicas(answer))
        begin(answer, SHOW_QUERY); /* that was the answer to a command before */
    else
        end(answer);
}

/* ---- The head of a result ---- */

/* A result's columns, or a prepared statement's, before they are described. */
struct head {
    struct packet packet;
    uint64_t columns;
    size_t count_at; /* where in the payload that stands, in one byte or two */
    size_t count_len;
    bool described; /* descriptions follow */
};

static bool parse_prepared(struct head *head, uint32_t *ret_statement)
{
    struct cursor cur = cursor_of(head->packet.payload);
    uint16_t parameters;

    cursor_skip(&cur, 1);
    *ret_statement = cursor_u32(&cur);
    head->columns = cursor_u16(&cur);
    parameters = cursor_u16(&cur);
    head->count_at = COUNT_PLACE;
    head->count_len = 2;
    head->described = head->columns > 0;
    return head->packet.payload.len >= PREPARED_MIN && parameters == 0 && cursor_ok(&cur);
}

/* How many columns there are, and, to clients that keep descriptions, whether these follow. */
static bool parse_result(struct head *head)
{
    struct cursor cur = cursor_of(head->packet.payload);

    head->columns = cursor_lenenc(&cur);
    head->count_at = 0;
    head->count_len = head->packet.payload.len - cursor_left(&cur);
    head->described = cursor_left(&cur) == 0 || cur.rest.data[0] != 0;
    return cursor_ok(&cur) && head->columns > 0 && cursor_left(&cur) <= 1;
}

/* The head with another number of columns. */
static void put_head(const struct show_answer *answer, const struct head *head, size_t columns,
                     struct buf *buf)
{
    struct span payload = head->packet.payload;
    size_t behind = head->count_at + head->count_len;
    size_t count_len = answer->command == SHOW_PREPARE ? 2 : 1;

    put_header(answer, buf, payload.len - head->count_len + count_len, head->packet.number);
    buf_bytes(buf, span_of(payload.data, head->count_at));
    buf_le(buf, columns, count_len);
    buf_bytes(buf, span_of(payload.data + behind, payload.len - behind));
}

/* The descriptions, as packets behind the head. */
static enum step take_descriptions(struct cursor *cur, size_t count, struct packet *packets,
                                   struct span *ret_descriptions)
{
    for (size_t i = 0; i < count; i++) {
        if (!next_packet(cur, &packets[i]) || !packets[i].whole)
            return STEP_WAIT;
        if (packets[i].len < 4 || memcmp(packets[i].payload.data, "\3def", 4) != 0)
            return STEP_BAD; /* it is no head: an answer to something before */
        ret_descriptions[i] = packets[i].payload;
    }
    return STEP_DONE;
}

static void note_known(struct show_answer *answer, uint32_t statement,
                       const struct show_asked *asked, struct show_view *view)
{
    struct show_known *known = &answer->known[answer->n_known++ % SHOW_ANSWER_STATEMENTS];

    show_view_free(known->view);
    *known = (struct show_known){statement, *asked, view};
    answer->last = statement;
    answer->last_is_known = true;
}

static enum step put_view(struct show_answer *answer, const struct head *head,
                          const struct span *descriptions, const struct show_view *view,
                          struct buf *buf)
{
    size_t count = show_view_columns(view);
    uint8_t number = (uint8_t)(head->packet.number + answer->shift);

    put_head(answer, head, count, buf);
    for (size_t i = 0; i < count; i++) {
        struct buf payload;

        buf_init(&payload, INPUT_MAX);
        show_view_write_column(view, descriptions, i, &payload);
        if (!put_made(buf, &payload, ++number))
            return STEP_BAD;
    }
    answer->shift = (uint8_t)(answer->shift + count - head->columns);
    return STEP_DONE;
}

static void begin_rows(struct show_answer *answer)
{
    if (answer->with_eof)
        answer->state = SHOW_COLUMNS_END;
    else if (answer->command == SHOW_PREPARE)
        end(answer);
    else
        answer->state = SHOW_ROWS;
}

/* Of a statement that is executed it is kept: a cursor's rows come later. */
static void take_view(struct show_answer *answer, struct show_view *view)
{
    struct show_known *known =
        answer->command == SHOW_EXECUTE ? find_known(answer, answer->statement) : NULL;

    answer->view = view;
    answer->owns_view = !known;
    if (!known)
        return;
    show_view_free(known->view);
    known->view = view;
}

/* A head that descriptions follow, which tell what is answered. */
static enum step take_described(struct show_answer *answer, const struct head *head,
                                uint32_t statement, struct cursor *cur, struct buf *buf)
{
    struct packet packets[SHOW_VIEW_COLUMNS_MAX];
    struct span descriptions[SHOW_VIEW_COLUMNS_MAX];
    struct show_asked asked = answer->asked.asked[0];
    struct cursor ahead = *cur;
    struct show_view *view = NULL;
    enum step step = STEP_DONE;

    if (head->columns <= SHOW_VIEW_COLUMNS_MAX) {
        step = take_descriptions(&ahead, head->columns, packets, descriptions);
        if (step == STEP_WAIT)
            return STEP_WAIT;
        if (step == STEP_DONE)
            view = show_view_make(answer->environment, &answer->asked, descriptions, head->columns);
    }
    if (!view) {
        pass(answer, &head->packet, buf);
        answer->columns = head->columns;
        answer->state = SHOW_COLUMNS;
        if (step == STEP_BAD)
            end(answer);
        return STEP_DONE;
    }
    *cur = ahead;
    step = put_view(answer, head, descriptions, view, buf);
    if (answer->command == SHOW_PREPARE)
        note_known(answer, statement, &asked, view);
    else
        take_view(answer, view);
    if (step == STEP_DONE)
        begin_rows(answer);
    return step;
}

/* To a client that has kept the descriptions of what it prepared. */
static void take_undescribed(struct show_answer *answer, const struct head *head, struct buf *buf)
{
    const struct show_known *known = find_known(answer, answer->statement);

    if (known && known->view) {
        answer->view = known->view;
        put_head(answer, head, show_view_columns(known->view), buf);
    } else {
        pass(answer, &head->packet, buf);
    }
    begin_rows(answer);
}

/* What was prepared: its columns are told now or when it is executed. */
static enum step take_prepared(struct show_answer *answer, struct head *head, struct cursor *cur,
                               struct buf *buf)
{
    uint32_t statement;

    if (head->packet.len > HEAD_MAX || head->packet.payload.data[0] != OK_HEADER ||
        !parse_prepared(head, &statement)) {
        pass(answer, &head->packet, buf);
        end(answer);
        return STEP_DONE;
    }
    if (head->described)
        return take_described(answer, head, statement, cur, buf);
    note_known(answer, statement, &answer->asked.asked[0], NULL);
    pass(answer, &head->packet, buf);
    end(answer);
    return STEP_DONE;
}

static enum step take_result(struct show_answer *answer, struct head *head, struct cursor *cur,
                             struct buf *buf)
{
    if (head->packet.payload.data[0] == OK_HEADER) {
        pass(answer, &head->packet, buf);
        end_result(answer, &head->packet);
    } else if (head->packet.len > HEAD_MAX ||
               !parse_result(head)) { /* an error, a wish for a file */
        pass(answer, &head->packet, buf);
        end(answer);
    } else if (head->described) {
        return take_described(answer, head, 0, cur, buf);
    } else {
        take_undescribed(answer, head, buf);
    }
    return STEP_DONE;
}

static enum step take_head(struct show_answer *answer, struct cursor *cur, struct buf *buf)
{
    struct cursor ahead = *cur;
    struct head head;
    enum step step = STEP_DONE;

    if (!next_packet(&ahead, &head.packet))
        return STEP_WAIT;
    if (head.packet.len == 0) {
        pass(answer, &head.packet, buf);
        end(answer);
    } else if (answer->command == SHOW_PREPARE) {
        step = take_prepared(answer, &head, &ahead, buf);
    } else {
        step = take_result(answer, &head, &ahead, buf);
    }
    if (step == STEP_DONE)
        *cur = ahead;
    return step;
}

/* ---- What follows the head ---- */

/* A description of other columns, or what ends descriptions. */
static enum step take_passed(struct show_answer *answer, struct cursor *cur, struct buf *buf)
{
    struct packet packet;

    if (!next_packet(cur, &packet))
        return STEP_WAIT;
    pass(answer, &packet, buf);
    if (answer->state == SHOW_COLUMNS && --answer->columns == 0)
        begin_rows(answer);
    else if (answer->state == SHOW_COLUMNS_END &&
             (answer->command == SHOW_PREPARE || status_of(answer, packet.payload) & HAS_CURSOR))
        end(answer);
    else if (answer->state == SHOW_COLUMNS_END)
        answer->state = SHOW_ROWS;
    return STEP_DONE;
}

static bool is_end(const struct show_answer *answer, const struct packet *packet)
{
    return packet->payload.data[0] == EOF_HEADER &&
           packet->len < (answer->with_eof ? EOF_MAX : PACKET_PAYLOAD_MAX);
}

/* The rows that one of the engine's becomes: most often one. */
static bool put_rows(struct show_answer *answer, const struct packet *packet, struct buf *buf)
{
    struct buf rows;
    struct cursor cur;
    bool good;

    buf_init(&rows, INPUT_MAX);
    good = show_view_write_rows(answer->view, answer->environment, packet->payload,
                                answer->command == SHOW_EXECUTE, &rows) &&
           buf_ok(&rows);
    cur = cursor_of(buf_span(&rows));
    answer->shift--;
    while (good && cursor_left(&cur) > 0) {
        struct span row = cursor_bytes(&cur, cursor_u32(&cur));

        answer->shift++;
        good = row.len < PACKET_PAYLOAD_MAX;
        put_header(answer, buf, row.len, packet->number);
        buf_bytes(buf, row);
    }
    buf_done(&rows);
    return good;
}

/* A row, or what ends them. */
static enum step take_row(struct show_answer *answer, struct cursor *cur, struct buf *buf)
{
    struct cursor begun = *cur;
    struct packet packet;

    if (!next_packet(cur, &packet))
        return STEP_WAIT;
    if (packet.len == 0 || packet.payload.data[0] == ERR_HEADER) {
        pass(answer, &packet, buf);
        end(answer);
        return STEP_DONE;
    }
    if (is_end(answer, &packet)) {
        pass(answer, &packet, buf);
        end_result(answer, &packet);
        return STEP_DONE;
    }
    if (!answer->view) {
        pass(answer, &packet, buf);
        return STEP_DONE;
    }
    if (packet.len == PACKET_PAYLOAD_MAX)
        return STEP_BAD;
    if (!packet.whole) {
        *cur = begun;
        return STEP_WAIT;
    }
    return put_rows(answer, &packet, buf) ? STEP_DONE : STEP_BAD;
}

/* The rest of a packet that passes, and the packets that it goes on in. */
static enum step take_rest(struct show_answer *answer, struct cursor *cur, struct buf *buf)
{
    size_t n = answer->pass_left < cursor_left(cur) ? answer->pass_left : cursor_left(cur);
    struct packet packet;

    buf_bytes(buf, cursor_bytes(cur, n));
    answer->pass_left -= n;
    if (answer->pass_left > 0)
        return STEP_WAIT;
    if (!answer->continued)
        return STEP_DONE;
    if (!next_packet(cur, &packet))
        return STEP_WAIT;
    pass(answer, &packet, buf);
    return STEP_DONE;
}

static enum step take_step(struct show_answer *answer, struct cursor *cur, struct buf *buf)
{
    if (answer->pass_left > 0 || answer->continued)
        return take_rest(answer, cur, buf);
    switch (answer->state) {
    case SHOW_NONE:
        return STEP_WAIT;
    case SHOW_HEAD:
        return take_head(answer, cur, buf);
    case SHOW_COLUMNS:
    case SHOW_COLUMNS_END:
        return take_passed(answer, cur, buf);
    case SHOW_ROWS:
        return take_row(answer, cur, buf);
    }
    return STEP_BAD;
}

bool show_answer_take(struct show_answer *answer, struct span bytes, struct buf *buf)
{
    struct buf *input = &answer->input;
    enum step step = STEP_DONE;
    struct cursor cur;

    buf_bytes(input, bytes);
    cur = cursor_of(buf_span(input));
    while (step == STEP_DONE)
        step = take_step(answer, &cur, buf);
    /* What is behind the answer is another's. */
    if (step == STEP_WAIT && answer->state == SHOW_NONE)
        buf_bytes(buf, cursor_rest(&cur));
    if (step == STEP_BAD || !buf_ok(input) || !buf_ok(buf))
        return false;
    memmove(input->data, cur.rest.data, cursor_left(&cur));
    input->len = cursor_left(&cur);
    return true;
}
