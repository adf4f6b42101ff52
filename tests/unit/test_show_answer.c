#include "check.h"

#include "endpoint/show_answer.h"
#include "replication/replicas.h"

#define TEXT     253
#define LONG     3
#define LONGLONG 8
#define MORE     0x08
#define CURSOR   0x40

/* ---- What an engine sends ---- */

struct column {
    const char *name;
    uint8_t type;
    const char *text; /* of its value; NULL for SQL's */
};

struct sent {
    struct buf bytes;
    uint8_t number; /* of the last packet */
    bool with_eof;
};

static void put_packet(struct sent *sent, struct span payload)
{
    buf_u24(&sent->bytes, (uint32_t)payload.len);
    buf_u8(&sent->bytes, ++sent->number);
    buf_bytes(&sent->bytes, payload);
}

/* As MariaDB has it with its extended metadata: a text after the name's. */
static void put_column(struct sent *sent, const struct column *column)
{
    struct buf payload;

    buf_init(&payload, 1024);
    buf_lenenc_bytes(&payload, span_str("def"));
    for (int i = 0; i < 3; i++)
        buf_lenenc_bytes(&payload, span_str(""));
    buf_lenenc_bytes(&payload, span_str(column->name));
    buf_lenenc_bytes(&payload, span_str(""));
    buf_lenenc_bytes(&payload, span_str("more"));
    buf_u8(&payload, 12);
    buf_u16(&payload, 33);
    buf_u32(&payload, 42);
    buf_u8(&payload, column->type);
    buf_bytes(&payload, span_of("\1\0\0\0\0", 5));
    put_packet(sent, buf_span(&payload));
    buf_done(&payload);
}

static void put_columns(struct sent *sent, const struct column *columns, size_t count)
{
    static const uint8_t eof[] = {0xfe, 0, 0, 2, 0};

    for (size_t i = 0; i < count; i++)
        put_column(sent, &columns[i]);
    if (sent->with_eof)
        put_packet(sent, span_of(eof, sizeof eof));
}

static void put_text_row(struct sent *sent, const struct column *columns, size_t count)
{
    struct buf row;

    buf_init(&row, 65536);
    for (size_t i = 0; i < count; i++) {
        if (columns[i].text)
            buf_lenenc_bytes(&row, span_str(columns[i].text));
        else
            buf_u8(&row, 0xfb);
    }
    put_packet(sent, buf_span(&row));
    buf_done(&row);
}

static void put_binary_row(struct sent *sent, const struct column *columns, size_t count)
{
    uint8_t nulls[16] = {0};
    struct buf row;

    buf_init(&row, 65536);
    for (size_t i = 0; i < count; i++) {
        if (!columns[i].text)
            nulls[(i + 2) / 8] = (uint8_t)(nulls[(i + 2) / 8] | (1u << (i + 2) % 8));
    }
    buf_u8(&row, 0);
    buf_bytes(&row, span_of(nulls, (count + 9) / 8));
    for (size_t i = 0; i < count; i++) {
        if (!columns[i].text)
            continue;
        if (columns[i].type == TEXT)
            buf_lenenc_bytes(&row, span_str(columns[i].text));
        else
            buf_le(&row, strtoull(columns[i].text, NULL, 10), columns[i].type == LONG ? 4 : 8);
    }
    put_packet(sent, buf_span(&row));
    buf_done(&row);
}

static void put_end(struct sent *sent, uint8_t status)
{
    const uint8_t eof[] = {0xfe, 0, 0, status, 0};
    const uint8_t ok[] = {0xfe, 0, 0, status, 0, 0, 0};

    put_packet(sent, sent->with_eof ? span_of(eof, sizeof eof) : span_of(ok, sizeof ok));
}

static void put_count(struct sent *sent, size_t count)
{
    const uint8_t byte = (uint8_t)count;

    put_packet(sent, span_of(&byte, 1));
}

static void put_result(struct sent *sent, const struct column *columns, size_t count,
                       uint8_t status)
{
    put_count(sent, count);
    put_columns(sent, columns, count);
    put_text_row(sent, columns, count);
    put_end(sent, status);
}

static void put_prepared(struct sent *sent, const struct column *columns, size_t count)
{
    const uint8_t head[] = {0, 7, 1, 0, 0, (uint8_t)count, 0, 0, 0, 0, 0, 0};

    put_packet(sent, span_of(head, sizeof head));
    if (count > 0)
        put_columns(sent, columns, count);
}

static void sent_init(struct sent *sent, bool with_eof)
{
    *sent = (struct sent){.with_eof = with_eof};
    buf_init(&sent->bytes, 1 << 20);
}

#define COUNT_OF(list) (sizeof list / sizeof *list)

static const struct column engines_source[] = {
    {"Slave_IO_State", TEXT, "Waiting for master to send event"},
    {"Master_Host", TEXT, "127.0.0.1"},
    {"Master_User", TEXT, "relay"},
    {"Master_Port", LONG, "4"},
    {"Slave_IO_Running", TEXT, "Yes"},
    {"Seconds_Behind_Master", LONGLONG, NULL},
    {"Using_Gtid", TEXT, "Slave_Pos"},
};
static const struct column engines_log_status[] = {{"File", TEXT, "log.000001"},
                                                   {"Position", LONGLONG, "4711"},
                                                   {"Binlog_Do_DB", TEXT, ""},
                                                   {"Binlog_Ignore_DB", TEXT, ""}};
static const struct column engines_logs[] = {{"Log_name", TEXT, "log.000001"},
                                             {"File_size", LONGLONG, "4711"}};
static const struct column shown_logs[] = {
    {"Log_name", TEXT, "log.000001"}, {"File_size", LONGLONG, "4711"}, {"Encrypted", TEXT, "No"}};
static const struct column other[] = {{"one", LONG, "1"}};

/* ---- What is made of it ---- */

static void describe(void *context, const struct source_engine_row *row, struct arena *arena,
                     struct source_fields *ret_fields)
{
    (void)context;
    (void)arena;
    assert_string_equal(row->io_running, "Yes");
    assert_null(row->behind);
    *ret_fields = (struct source_fields){.count = 5,
                                         .fields = {{"Master_Host", "db.example"},
                                                    {"Master_Port", "3306"},
                                                    {"Seconds_Behind_Master", "300"},
                                                    {"Auto_Position", "1"},
                                                    {"Not_A_Column", "x"}}};
}

static const struct show_environment mysql_57 = {.compatibility = 2, .describe_source = describe};
static const struct show_environment mysql_80 = {.compatibility = 3, .describe_source = describe};

static void await(struct show_answer *answer, const char *text, bool prepares)
{
    struct show_statement statement;

    assert_true(show_statement_find(span_str(text), &statement));
    show_answer_await(answer, &statement, prepares);
}

static void take_all(struct show_answer *answer, const struct sent *sent, size_t piece,
                     struct buf *made)
{
    for (size_t at = 0; at < sent->bytes.len;) {
        size_t n = sent->bytes.len - at < piece ? sent->bytes.len - at : piece;

        assert_int_not_equal(answer->state, SHOW_NONE);
        assert_true(show_answer_take(answer, span_of(sent->bytes.data + at, n), made));
        at += n;
    }
    assert_int_equal(answer->state, SHOW_NONE);
}

/* A result as a client reads it. */
struct seen {
    size_t count;
    char names[96][64];
    uint8_t types[96];
    struct span row;
};

static struct span read_packet(struct cursor *cur, uint8_t number)
{
    uint32_t len = cursor_u24(cur);

    assert_int_equal(cursor_u8(cur), number);
    return cursor_bytes(cur, len);
}

static void read_columns(struct cursor *cur, size_t count, uint8_t *number, bool with_eof,
                         struct seen *seen)
{
    seen->count = count;
    assert_true(seen->count <= 96);
    for (size_t i = 0; i < seen->count; i++) {
        struct span payload = read_packet(cur, ++*number);
        struct cursor column = cursor_of(payload);
        struct span name;

        for (int k = 0; k < 4; k++)
            (void)cursor_lenenc_bytes(&column);
        name = cursor_lenenc_bytes(&column);
        (void)snprintf(seen->names[i], 64, "%.*s", (int)name.len, (const char *)name.data);
        seen->types[i] = payload.data[payload.len - 6];
    }
    if (with_eof)
        (void)read_packet(cur, ++*number);
}

static void read_result(struct cursor *cur, uint8_t *number, bool with_eof, struct seen *seen)
{
    struct span head = read_packet(cur, ++*number);

    read_columns(cur, head.data[0], number, with_eof, seen);
    seen->row = read_packet(cur, ++*number);
    assert_int_equal(read_packet(cur, ++*number).data[0], 0xfe);
    assert_true(cursor_ok(cur));
}

static size_t column_of(const struct seen *seen, const char *name)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->names[i], name) == 0)
            return i;
    }
    fail_msg("no column %s", name);
    return 0;
}

static void assert_value(const struct seen *seen, const char *name, bool binary, const char *text)
{
    size_t column = column_of(seen, name);
    struct cursor cur = cursor_of(seen->row);
    struct span nulls = {0};
    char found[128] = "NULL";

    if (binary)
        assert_int_equal(cursor_u8(&cur), 0);
    if (binary)
        nulls = cursor_bytes(&cur, (seen->count + 9) / 8);
    for (size_t i = 0; i <= column; i++) {
        struct span value;

        (void)snprintf(found, sizeof found, "NULL");
        if (binary && nulls.data[(i + 2) / 8] & (1u << (i + 2) % 8))
            continue;
        if (!binary && cur.rest.data[0] == 0xfb) {
            cursor_skip(&cur, 1);
            continue;
        }
        if (binary && seen->types[i] != TEXT) {
            (void)snprintf(found, sizeof found, "%llu",
                           (unsigned long long)cursor_le(&cur, seen->types[i] == LONG ? 4 : 8));
            continue;
        }
        value = cursor_lenenc_bytes(&cur);
        (void)snprintf(found, sizeof found, "%.*s", (int)value.len, (const char *)value.data);
    }
    assert_true(cursor_ok(&cur));
    assert_string_equal(found, text);
}

static void check_source(const struct seen *seen, bool binary, bool new_words, size_t count)
{
    /* The engine's column that MySQL has not is the last. */
    assert_int_equal(seen->count, count + 1);
    assert_string_equal(seen->names[count], "Using_Gtid");
    assert_value(seen, "Using_Gtid", binary, "Slave_Pos");
    assert_string_equal(seen->names[9],
                        new_words ? "Relay_Source_Log_File" : "Relay_Master_Log_File");
    assert_value(seen, new_words ? "Replica_IO_State" : "Slave_IO_State", binary,
                 new_words ? "Waiting for source to send event"
                           : "Waiting for master to send event");
    assert_value(seen, new_words ? "Source_Host" : "Master_Host", binary, "db.example");
    assert_value(seen, new_words ? "Source_User" : "Master_User", binary, "relay");
    assert_value(seen, new_words ? "Source_Port" : "Master_Port", binary, "3306");
    assert_value(seen, new_words ? "Seconds_Behind_Source" : "Seconds_Behind_Master", binary,
                 "300");
    assert_value(seen, "Auto_Position", binary, "1");
    assert_value(seen, new_words ? "Source_Retry_Count" : "Master_Retry_Count", binary, "0");
    assert_value(seen, "Channel_Name", binary, "");
}

/* In pieces of every size, as a session gets it, with other statements around it. */
static void test_results_of_one_text(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 3000; piece = piece * 3 + 1) {
        for (int with_eof = 0; with_eof < 2; with_eof++) {
            static const uint8_t ok[] = {0, 0, 0, 2 | MORE, 0, 0, 0};
            struct show_answer answer;
            struct sent sent;
            struct seen seen;
            struct cursor cur;
            struct buf made;
            uint8_t number = 0;

            sent_init(&sent, with_eof);
            put_result(&sent, other, COUNT_OF(other), MORE);
            put_result(&sent, engines_source, COUNT_OF(engines_source), MORE);
            put_packet(&sent, span_of(ok, sizeof ok));
            put_result(&sent, engines_source, COUNT_OF(engines_source), MORE);
            put_result(&sent, engines_source, COUNT_OF(engines_source), MORE);
            put_result(&sent, engines_logs, COUNT_OF(engines_logs), MORE);
            put_result(&sent, other, COUNT_OF(other), 0);
            buf_init(&made, SHOW_ANSWER_MAX);
            show_answer_init(&answer, &mysql_80, with_eof);
            await(&answer,
                  "SELECT 1; SHOW SLAVE STATUS; DO 1; SHOW REPLICA STATUS; CALL shows();"
                  " SHOW BINARY LOGS; SELECT 1",
                  false);
            take_all(&answer, &sent, piece, &made);
            cur = cursor_of(buf_span(&made));
            read_result(&cur, &number, with_eof, &seen);
            assert_string_equal(seen.names[0], "one");
            read_result(&cur, &number, with_eof, &seen);
            check_source(&seen, false, false, 60);
            assert_int_equal(read_packet(&cur, ++number).data[0], 0);
            read_result(&cur, &number, with_eof, &seen);
            check_source(&seen, false, true, 60);
            /* Of what nobody asked for in this text nothing is known. */
            read_result(&cur, &number, with_eof, &seen);
            assert_int_equal(seen.count, COUNT_OF(engines_source));
            assert_value(&seen, "Master_Host", false, "127.0.0.1");
            read_result(&cur, &number, with_eof, &seen);
            assert_value(&seen, "Encrypted", false, "No");
            read_result(&cur, &number, with_eof, &seen);
            assert_true(cursor_end(&cur));
            show_answer_done(&answer);
            buf_done(&sent.bytes);
            buf_done(&made);
        }
    }
}

/* Prepared and executed, at once or one after the other, with and without its columns told again.
 */
static void test_prepared(void **state)
{
    (void)state;
    for (int at_once = 0; at_once < 2; at_once++) {
        for (int described = 0; described < 2; described++) {
            for (int with_eof = 0; with_eof < 2; with_eof++) {
                static const uint8_t undescribed[] = {COUNT_OF(engines_source), 0};
                static const uint8_t eof[] = {0xfe, 0, 0, 2, 0};
                struct show_answer answer;
                struct sent sent;
                struct seen seen;
                struct seen executed;
                struct cursor cur;
                struct buf made;
                struct span head;
                uint8_t number = 0;

                sent_init(&sent, with_eof);
                buf_init(&made, SHOW_ANSWER_MAX);
                show_answer_init(&answer, &mysql_80, with_eof);
                put_prepared(&sent, engines_source, COUNT_OF(engines_source));
                await(&answer, "SHOW REPLICA STATUS", true);
                if (at_once)
                    show_answer_execute(&answer, SHOW_STATEMENT_LAST);
                else
                    take_all(&answer, &sent, 100, &made);
                if (!at_once)
                    buf_clear(&sent.bytes);
                if (!at_once)
                    show_answer_execute(&answer, described ? 0x107 : SHOW_STATEMENT_LAST);
                sent.number = 0;
                if (described) {
                    put_count(&sent, COUNT_OF(engines_source));
                    put_columns(&sent, engines_source, COUNT_OF(engines_source));
                } else {
                    put_packet(&sent, span_of(undescribed, sizeof undescribed));
                    if (with_eof)
                        put_packet(&sent, span_of(eof, sizeof eof));
                }
                put_binary_row(&sent, engines_source, COUNT_OF(engines_source));
                put_end(&sent, 0);
                take_all(&answer, &sent, 100, &made);

                cur = cursor_of(buf_span(&made));
                head = read_packet(&cur, ++number);
                assert_int_equal(head.len, 12);
                assert_int_equal(head.data[1], 7);
                read_columns(&cur, head.data[5], &number, with_eof, &seen);
                number = 0;
                if (described) {
                    read_result(&cur, &number, with_eof, &executed);
                } else {
                    executed = seen;
                    head = read_packet(&cur, ++number);
                    assert_int_equal(head.data[0], seen.count);
                    assert_int_equal(head.data[1], 0);
                    if (with_eof)
                        (void)read_packet(&cur, ++number);
                    executed.row = read_packet(&cur, ++number);
                    (void)read_packet(&cur, ++number);
                }
                check_source(&executed, true, true, 60);
                assert_true(cursor_end(&cur));
                show_answer_done(&answer);
                buf_done(&sent.bytes);
                buf_done(&made);
            }
        }
    }
}

/* With a cursor the columns are an answer, and each fetch is another. */
static void test_rows_of_a_cursor(void **state)
{
    (void)state;
    for (int with_eof = 0; with_eof < 2; with_eof++) {
        struct show_answer answer;
        struct sent sent;
        struct seen seen;
        struct cursor cur;
        struct buf made;
        uint8_t number = 0;

        sent_init(&sent, false);
        buf_init(&made, SHOW_ANSWER_MAX);
        show_answer_init(&answer, &mysql_80, with_eof);
        sent.with_eof = with_eof;
        put_prepared(&sent, NULL, 0);
        await(&answer, "SHOW SLAVE STATUS", true);
        take_all(&answer, &sent, 100, &made);
        buf_clear(&sent.bytes);
        buf_clear(&made);
        sent.number = 0;
        show_answer_execute(&answer, 0x107);
        sent.with_eof = false; /* what ends the columns is told below */
        put_count(&sent, COUNT_OF(engines_source));
        put_columns(&sent, engines_source, COUNT_OF(engines_source));
        sent.with_eof = with_eof;
        put_end(&sent, CURSOR);
        take_all(&answer, &sent, 100, &made);
        cur = cursor_of(buf_span(&made));
        assert_int_equal(read_packet(&cur, ++number).data[0], 61);
        read_columns(&cur, 61, &number, true, &seen);
        for (int fetch = 0; fetch < 2; fetch++) {
            buf_clear(&sent.bytes);
            buf_clear(&made);
            sent.number = 0;
            show_answer_fetch(&answer, 0x107);
            put_binary_row(&sent, engines_source, COUNT_OF(engines_source));
            put_end(&sent, 0);
            take_all(&answer, &sent, 100, &made);
            cur = cursor_of(buf_span(&made));
            seen.row = read_packet(&cur, 1);
            check_source(&seen, true, false, 60);
            assert_int_equal(read_packet(&cur, 2).data[0], 0xfe);
            assert_true(cursor_end(&cur));
        }
        show_answer_fetch(&answer, 7); /* another statement */
        assert_int_equal(answer.state, SHOW_NONE);
        show_answer_done(&answer);
        buf_done(&sent.bytes);
        buf_done(&made);
    }
}

/* As many rows as there are replicas, in place of the engine's one, which may be asked for itself.
 */
static void test_replicas(void **state)
{
    static const char *const uuids[] = {"", "11111111-2222-3333-4444-555555555555"};
    struct show_environment environment = {.compatibility = 3, .server_id = 9};
    struct replica *entered[3];

    (void)state;
    environment.replicas = replicas_new();
    for (uint32_t count = 0; count <= 2; count++) {
        static const char text[] = "SHOW MASTER STATUS; SHOW REPLICAS; SHOW BINARY LOG STATUS";
        struct show_answer answer;
        struct sent sent;
        struct seen seen;
        struct cursor cur;
        struct buf made;
        uint8_t number = 0;

        sent_init(&sent, true);
        buf_init(&made, SHOW_ANSWER_MAX);
        for (int i = 0; i < 3; i++)
            put_result(&sent, engines_log_status, COUNT_OF(engines_log_status), i < 2 ? MORE : 0);
        show_answer_init(&answer, &environment, true);
        await(&answer, text, false);
        take_all(&answer, &sent, 50, &made);
        cur = cursor_of(buf_span(&made));
        read_result(&cur, &number, true, &seen);
        assert_value(&seen, "File", false, "log.000001");
        (void)read_packet(&cur, ++number);
        read_columns(&cur, 5, &number, true, &seen);
        for (uint32_t i = 0; i < count; i++) {
            seen.row = read_packet(&cur, ++number);
            assert_value(&seen, "Server_Id", false, i == 0 ? "1" : "2");
            assert_value(&seen, "Source_Id", false, "9");
            assert_value(&seen, "Replica_UUID", false, uuids[i]);
        }
        assert_int_equal(read_packet(&cur, ++number).data[0], 0xfe);
        read_result(&cur, &number, true, &seen);
        assert_value(&seen, "Position", false, "4711");
        assert_true(cursor_end(&cur));
        show_answer_done(&answer);
        buf_done(&sent.bytes);
        buf_done(&made);
        if (count < 2) {
            struct replica_info info = {.server_id = count + 1, .port = 3306};

            memcpy(info.uuid, uuids[count], strlen(uuids[count]) + 1);
            entered[count] = replicas_enter(environment.replicas, NULL, &info);
        }
    }
    /* A reader without a number is none. */
    entered[2] = replicas_enter(environment.replicas, NULL, &(struct replica_info){.server_id = 0});
    for (int i = 0; i < 3; i++)
        replicas_leave(environment.replicas, entered[i]);
    replicas_free(environment.replicas);
}

/* Sent behind other commands without waiting for their answers. */
static void test_replicas_behind_others(void **state)
{
    static const uint8_t ok[] = {0, 0, 0, 2, 0, 0, 0};
    struct show_environment environment = {.compatibility = 2, .replicas = replicas_new()};
    struct show_answer answer;
    struct sent sent;
    struct seen seen;
    struct cursor cur;
    struct buf made;
    uint8_t number = 0;

    (void)state;
    sent_init(&sent, false);
    buf_init(&made, SHOW_ANSWER_MAX);
    put_packet(&sent, span_of(ok, sizeof ok));
    sent.number = 0;
    put_result(&sent, other, COUNT_OF(other), 0);
    sent.number = 0;
    put_result(&sent, engines_log_status, COUNT_OF(engines_log_status), 0);
    show_answer_init(&answer, &environment, false);
    await(&answer, "SHOW SLAVE HOSTS", false);
    take_all(&answer, &sent, 1, &made);
    cur = cursor_of(buf_span(&made));
    (void)read_packet(&cur, 1);
    read_result(&cur, &number, false, &seen);
    assert_value(&seen, "one", false, "1");
    number = 1;
    assert_int_equal(read_packet(&cur, 1).data[0], 5);
    read_columns(&cur, 5, &number, false, &seen);
    assert_string_equal(seen.names[4], "Slave_UUID");
    assert_int_equal(read_packet(&cur, ++number).data[0], 0xfe);
    assert_true(cursor_end(&cur));
    show_answer_done(&answer);
    buf_done(&sent.bytes);
    buf_done(&made);
    replicas_free(environment.replicas);
}

/* An engine may describe what was prepared when it is executed only. */
static void test_prepared_without_columns(void **state)
{
    struct show_answer answer;
    struct sent sent;
    struct seen seen;
    struct cursor cur;
    struct buf made;
    uint8_t number = 0;

    (void)state;
    sent_init(&sent, true);
    buf_init(&made, SHOW_ANSWER_MAX);
    show_answer_init(&answer, &mysql_80, true);
    put_prepared(&sent, NULL, 0);
    await(&answer, "SHOW REPLICA STATUS", true);
    take_all(&answer, &sent, 5, &made);
    assert_int_equal(made.len, sent.bytes.len);
    buf_clear(&sent.bytes);
    buf_clear(&made);
    sent.number = 0;
    show_answer_execute(&answer, 7); /* another */
    assert_int_equal(answer.state, SHOW_NONE);
    show_answer_execute(&answer, 0x107);
    put_count(&sent, COUNT_OF(engines_source));
    put_columns(&sent, engines_source, COUNT_OF(engines_source));
    put_binary_row(&sent, engines_source, COUNT_OF(engines_source));
    put_end(&sent, 0);
    take_all(&answer, &sent, 5, &made);
    cur = cursor_of(buf_span(&made));
    read_result(&cur, &number, true, &seen);
    check_source(&seen, true, true, 60);
    show_answer_done(&answer);
    buf_done(&sent.bytes);
    buf_done(&made);
}

static void test_words_and_columns_of_5_7(void **state)
{
    struct show_answer answer;
    struct sent sent;
    struct seen seen;
    struct cursor cur;
    struct buf made;
    uint8_t number = 0;

    (void)state;
    sent_init(&sent, false);
    buf_init(&made, SHOW_ANSWER_MAX);
    show_answer_init(&answer, &mysql_57, false);
    put_result(&sent, engines_source, COUNT_OF(engines_source), MORE);
    put_result(&sent, engines_logs, COUNT_OF(engines_logs), 0);
    await(&answer, "SHOW REPLICA STATUS; SHOW MASTER LOGS", false);
    take_all(&answer, &sent, 4096, &made);
    cur = cursor_of(buf_span(&made));
    read_result(&cur, &number, false, &seen);
    check_source(&seen, false, false, 57);
    read_result(&cur, &number, false, &seen);
    assert_int_equal(seen.count, 2);
    assert_true(cursor_end(&cur));
    show_answer_done(&answer);
    buf_done(&sent.bytes);
    buf_done(&made);
}

/* What was prepared by its text is executed in its words. */
static void test_prepared_by_its_text(void **state)
{
    struct show_answer answer;
    struct sent sent;
    struct seen seen;
    struct cursor cur;
    struct buf made;
    uint8_t number = 0;

    (void)state;
    sent_init(&sent, false);
    buf_init(&made, SHOW_ANSWER_MAX);
    show_answer_init(&answer, &mysql_80, false);
    await(&answer, "PREPARE s FROM 'SHOW REPLICA STATUS'", false);
    assert_int_equal(answer.state, SHOW_NONE);
    await(&answer, "PREPARE t FROM 'SHOW SLAVE STATUS'", false);
    await(&answer, "PREPARE s FROM 'SELECT 1'; PREPARE S FROM 'SHOW REPLICA STATUS'; EXECUTE s",
          false);
    buf_clear(&sent.bytes);
    sent.number = 0;
    put_result(&sent, engines_source, COUNT_OF(engines_source), 0);
    take_all(&answer, &sent, 4096, &made);
    cur = cursor_of(buf_span(&made));
    read_result(&cur, &number, false, &seen);
    check_source(&seen, false, true, 60);
    show_answer_done(&answer);
    buf_done(&sent.bytes);
    buf_done(&made);
}

/* Rows of 300 files; and of a row that is longer than what is needed to judge it. */
static void test_many_rows(void **state)
{
    struct show_answer answer;
    struct sent sent;
    struct sent expected;
    struct buf made;

    (void)state;
    sent_init(&sent, true);
    sent_init(&expected, true);
    buf_init(&made, SHOW_ANSWER_MAX);
    put_count(&sent, 2);
    put_columns(&sent, engines_logs, 2);
    put_count(&expected, 3);
    put_columns(&expected, shown_logs, 3);
    for (int row = 0; row < 300; row++) {
        put_text_row(&sent, engines_logs, 2);
        put_text_row(&expected, shown_logs, 3);
    }
    put_end(&sent, 0);
    put_end(&expected, 0);
    show_answer_init(&answer, &mysql_80, true);
    await(&answer, "SHOW BINARY LOGS", false);
    take_all(&answer, &sent, 100, &made);
    /* But for the type of a column that was described like a text's. */
    assert_int_equal(made.len, expected.bytes.len);
    assert_memory_equal(made.data, expected.bytes.data, made.len);
    show_answer_done(&answer);
    buf_done(&sent.bytes);
    buf_done(&expected.bytes);
    buf_done(&made);
}

static void test_a_long_row_passes(void **state)
{
    char *long_text = calloc(1, 70000);
    struct column columns[] = {{"one", TEXT, long_text}};
    struct show_answer answer;
    struct sent sent;
    struct buf made;

    (void)state;
    memset(long_text, 'x', 60000);
    sent_init(&sent, false);
    buf_init(&made, SHOW_ANSWER_MAX);
    show_answer_init(&answer, &mysql_80, false);
    put_result(&sent, columns, 1, 0);
    await(&answer, "SELECT x; SHOW SLAVE STATUS", false);
    take_all(&answer, &sent, 1000, &made);
    assert_int_equal(made.len, sent.bytes.len);
    assert_memory_equal(made.data, sent.bytes.data, made.len);
    show_answer_done(&answer);
    buf_done(&sent.bytes);
    buf_done(&made);
    free(long_text);
}

static void test_other_answers_stay(void **state)
{
    static const uint8_t ok[] = {7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 'n'};
    static const uint8_t error[] = {9, 0, 0, 1, 0xff, 0x88, 4, '#', '4', '2', '0', '0', '0', 'n'};
    static const uint8_t local_file[] = {2, 0, 0, 1, 0xfb, 'f', 'n'};
    static const uint8_t nothing[] = {0, 0, 0, 1, 'n'};
    static const uint8_t parameters[] = {12, 0, 0, 1, 0, 7, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 'n'};
    const struct {
        struct span bytes;
        bool prepares;
    } cases[] = {
        {span_of(ok, sizeof ok), false},
        {span_of(error, sizeof error), false},
        {span_of(error, sizeof error), true},
        {span_of(local_file, sizeof local_file), false},
        {span_of(nothing, sizeof nothing), false},
        {span_of(nothing, sizeof nothing), true},
        {span_of(parameters, sizeof parameters), true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct show_answer answer;
        struct buf made;

        buf_init(&made, SHOW_ANSWER_MAX);
        show_answer_init(&answer, &mysql_80, true);
        await(&answer, "SHOW SLAVE STATUS", cases[i].prepares);
        /* And what is behind it. */
        assert_true(show_answer_take(&answer, cases[i].bytes, &made));
        assert_int_equal(answer.state, SHOW_NONE);
        assert_int_equal(made.len, cases[i].bytes.len);
        assert_memory_equal(made.data, cases[i].bytes.data, made.len);
        show_answer_done(&answer);
        buf_done(&made);
    }
}

/* COM_RESET_CONNECTION, COM_CHANGE_USER: also between the columns and the rows of an answer. */
static void test_a_session_that_begins_anew(void **state)
{
    struct show_statement statement;
    struct show_answer answer;
    struct sent sent;
    struct buf made;

    (void)state;
    for (int midway = 0; midway < 2; midway++) {
        sent_init(&sent, false);
        buf_init(&made, SHOW_ANSWER_MAX);
        show_answer_init(&answer, &mysql_80, false);
        put_prepared(&sent, engines_source, COUNT_OF(engines_source));
        await(&answer, "PREPARE s FROM 'SHOW REPLICAS'", false);
        await(&answer, "SHOW SLAVE STATUS", true);
        take_all(&answer, &sent, 4096, &made);
        buf_clear(&sent.bytes);
        sent.number = 0;
        if (midway) {
            show_answer_execute(&answer, 0x107);
            put_count(&sent, COUNT_OF(engines_source));
            put_columns(&sent, engines_source, COUNT_OF(engines_source));
            assert_true(show_answer_take(&answer, buf_span(&sent.bytes), &made));
            assert_int_equal(answer.state, SHOW_ROWS);
            buf_clear(&sent.bytes);
            put_binary_row(&sent, engines_source, COUNT_OF(engines_source));
            put_end(&sent, 0);
            show_answer_forget_all(&answer);
            take_all(&answer, &sent, 4096, &made);
        } else {
            show_answer_forget_all(&answer);
        }
        show_answer_execute(&answer, 0x107);
        show_answer_execute(&answer, SHOW_STATEMENT_LAST);
        show_answer_fetch(&answer, 0x107);
        assert_int_equal(answer.state, SHOW_NONE);
        assert_true(show_statement_find(span_str("EXECUTE s"), &statement));
        show_answer_await(&answer, &statement, false);
        assert_int_equal(answer.asked.asked[0].kind, SHOW_PREPARED);
        show_answer_done(&answer);
        buf_done(&sent.bytes);
        buf_done(&made);
    }
}

static void test_the_oldest_are_forgotten(void **state)
{
    struct show_answer answer;
    struct buf made;

    (void)state;
    buf_init(&made, SHOW_ANSWER_MAX);
    show_answer_init(&answer, &mysql_80, false);
    for (uint8_t i = 1; i <= SHOW_ANSWER_STATEMENTS + 1; i++) {
        const uint8_t head[] = {12, 0, 0, 1, 0, i, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

        await(&answer, "SHOW SLAVE HOSTS", true);
        assert_true(show_answer_take(&answer, span_of(head, sizeof head), &made));
    }
    show_answer_execute(&answer, 1);
    assert_int_equal(answer.state, SHOW_NONE);
    show_answer_execute(&answer, 2);
    assert_int_equal(answer.state, SHOW_HEAD);
    show_answer_done(&answer);
    buf_done(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_of_one_text),
        cmocka_unit_test(test_prepared),
        cmocka_unit_test(test_rows_of_a_cursor),
        cmocka_unit_test(test_replicas),
        cmocka_unit_test(test_replicas_behind_others),
        cmocka_unit_test(test_prepared_without_columns),
        cmocka_unit_test(test_words_and_columns_of_5_7),
        cmocka_unit_test(test_prepared_by_its_text),
        cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_a_long_row_passes),
        cmocka_unit_test(test_other_answers_stay),
        cmocka_unit_test(test_a_session_that_begins_anew),
        cmocka_unit_test(test_the_oldest_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
