/*
 * Every event of every file under tests/data/binlog, recorded from real servers by
 * tests/data/record.py: decoded and encoded again to the same bytes, with a right checksum, and
 * under the name, at the position, that the server itself gave it in SHOW BINLOG EVENTS.
 */
#include "roundtrip.h"

#include "base/file.h"
#include "base/mem.h"
#include "binlog/query.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DATA     "tests/data/binlog"
#define FILE_MAX (1 << 22)

struct corpus_file {
    char path[512];
    struct span bytes;
    char *content;
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static void read_whole(const char *path, struct corpus_file *ret)
{
    FILE *file = fopen(path, "rb");
    long size;

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_in_range(size, 1, FILE_MAX);
    rewind(file);
    (void)snprintf(ret->path, sizeof ret->path, "%s", path);
    ret->content = mem_alloc((size_t)size);
    assert_int_equal(fread(ret->content, 1, (size_t)size, file), size);
    (void)fclose(file);
    ret->bytes = span_of(ret->content, (size_t)size);
}

/* Calls `visit` for each recorded file whose name ends so; returns how many there were. */
static size_t each_file(const char *suffix, void (*visit)(const struct corpus_file *file))
{
    DIR *servers = opendir(DATA);
    struct dirent *server;
    size_t count = 0;

    assert_non_null(servers);
    while ((server = readdir(servers))) {
        char directory[300];
        DIR *files;
        struct dirent *entry;

        if (server->d_name[0] == '.')
            continue;
        (void)snprintf(directory, sizeof directory, DATA "/%s", server->d_name);
        files = opendir(directory);
        assert_non_null(files);
        while ((entry = readdir(files))) {
            struct corpus_file file = {0};
            char path[600];

            if (!ends_with(entry->d_name, suffix))
                continue;
            (void)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
            read_whole(path, &file);
            visit(&file);
            mem_free(file.content);
            count++;
        }
        (void)closedir(files);
    }
    (void)closedir(servers);
    return count;
}

static size_t events_seen;
static size_t types_seen[256];

/* The events whose reading needs a key that is not ours. */
static bool is_encrypted(const struct corpus_file *file)
{
    return strstr(file->path, "/encrypted") != NULL;
}

/* These servers write no status variable that we do not know. */
static void check_status(const struct corpus_file *file, const struct reader *reader,
                         const struct reader_event *event)
{
    struct query query;
    struct query_status status;
    struct err err;

    if (event->header.type != EVENT_QUERY)
        return;
    assert_true(query_decode(event->body, EVENT_QUERY, &reader->format, &query, &err));
    assert_true(query_status_decode(query.status, &status, &err));
    if (status.unknown.len > 0)
        fail_msg("%s offset %llu: unknown status variable %u", file->path,
                 (unsigned long long)event->offset, status.unknown.data[0]);
}

static void check_event(const struct corpus_file *file, const struct reader *reader,
                        const struct reader_event *event)
{
    struct buf again;
    struct err err;
    size_t checksum_size = event->bytes.len - EVENT_HEADER_SIZE - event->body.len;

    buf_init(&again, FILE_MAX);
    event_header_encode(&again, &event->header);
    if (!roundtrip_body(event, &reader->format, &again, &err))
        fail_msg("%s offset %llu: %s", file->path, (unsigned long long)event->offset, err.text);
    if (checksum_size)
        checksum_append(&again, 0);
    assert_true(buf_ok(&again));
    if (!span_eq(buf_span(&again), event->bytes)) {
        for (size_t i = 0; i < event->bytes.len && i < again.len; i++) {
            if (event->bytes.data[i] != again.data[i])
                fail_msg("%s offset %llu: %s event: byte %zu is 0x%02x, encoded 0x%02x", file->path,
                         (unsigned long long)event->offset, event_type_name(event->header.type), i,
                         event->bytes.data[i], again.data[i]);
        }
        fail_msg("%s offset %llu: %s event: %zu bytes, encoded %zu", file->path,
                 (unsigned long long)event->offset, event_type_name(event->header.type),
                 event->bytes.len, again.len);
    }
    buf_done(&again);
    check_status(file, reader, event);
    events_seen++;
    types_seen[event->header.type]++;
}

static void round_trip(const struct corpus_file *file)
{
    struct reader reader;
    struct reader_event event;
    struct span window = file->bytes;
    struct err err;

    if (is_encrypted(file))
        return;
    reader_init(&reader);
    reader.verify_checksums = true;
    reader.check_positions = true;
    for (;;) {
        if (!reader_next(&reader, &window, &event, &err))
            fail_msg("%s: %s", file->path, err.text);
        if (event.bytes.len == 0)
            break;
        check_event(file, &reader, &event);
    }
    if (!reader_finish(&reader, window, &err))
        fail_msg("%s: %s", file->path, err.text);
    assert_int_equal(reader.offset, file->bytes.len);
    if (!reader.closed && !ends_with(file->path, "/crash.binlog") &&
        !ends_with(file->path, "/incident.binlog"))
        fail_msg("%s: not closed", file->path);
}

static void every_event_is_encoded_to_the_same_bytes(void **state)
{
    static const uint8_t wanted[] = {
        EVENT_QUERY,
        EVENT_STOP,
        EVENT_ROTATE,
        EVENT_INTVAR,
        EVENT_APPEND_BLOCK,
        EVENT_RAND,
        EVENT_USER_VAR,
        EVENT_FORMAT_DESCRIPTION,
        EVENT_XID,
        EVENT_BEGIN_LOAD_QUERY,
        EVENT_EXECUTE_LOAD_QUERY,
        EVENT_TABLE_MAP,
        EVENT_WRITE_ROWS_V1,
        EVENT_UPDATE_ROWS_V1,
        EVENT_DELETE_ROWS_V1,
        EVENT_INCIDENT,
        EVENT_ROWS_QUERY,
        EVENT_WRITE_ROWS,
        EVENT_UPDATE_ROWS,
        EVENT_DELETE_ROWS,
        EVENT_GTID,
        EVENT_ANONYMOUS_GTID,
        EVENT_PREVIOUS_GTIDS,
        EVENT_XA_PREPARE,
        EVENT_PARTIAL_UPDATE_ROWS,
        EVENT_TRANSACTION_PAYLOAD,
        EVENT_GTID_TAGGED,
        EVENT_MARIADB_ANNOTATE_ROWS,
        EVENT_MARIADB_BINLOG_CHECKPOINT,
        EVENT_MARIADB_GTID,
        EVENT_MARIADB_GTID_LIST,
        EVENT_MARIADB_QUERY_COMPRESSED,
        EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1,
        EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1,
        EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1,
    };
    size_t files = each_file(".binlog", round_trip);

    (void)state;
    assert_in_range(files, 60, 1000);
    for (size_t i = 0; i < sizeof wanted; i++) {
        if (types_seen[wanted[i]] == 0)
            fail_msg("no %s event in the corpus", event_type_name(wanted[i]));
    }
    print_message("%zu files, %zu events\n", files, events_seen);
}

static void round_trip_stream(const struct corpus_file *file)
{
    struct reader reader;
    struct cursor cur = cursor_of(file->bytes);
    size_t heartbeats = 0;

    reader_init(&reader);
    reader.verify_checksums = true;
    while (cursor_left(&cur) > 0) {
        struct event_header header = {0};
        struct reader_event event;
        struct err err;

        assert_true(event_header_decode(cur.rest, &header, &err));
        if (!reader_event_parse(&reader, cursor_bytes(&cur, header.length), true, &event, &err))
            fail_msg("%s: %s", file->path, err.text);
        check_event(file, &reader, &event);
        heartbeats += header.type == EVENT_HEARTBEAT || header.type == EVENT_HEARTBEAT_V2;
    }
    assert_int_equal(heartbeats, 1);
    assert_int_equal(reader.transaction, READER_OUTSIDE);
}

static void so_is_what_replicas_are_sent(void **state)
{
    (void)state;
    memset(types_seen, 0, sizeof types_seen);
    assert_in_range(each_file(".stream", round_trip_stream), 7, 100);
    assert_in_range(types_seen[EVENT_HEARTBEAT], 1, 100);
    assert_in_range(types_seen[EVENT_HEARTBEAT_V2], 1, 100);
}

/* The next line of SHOW BINLOG EVENTS as recorded: position, type, end. */
static bool next_line(char **text, unsigned long long *ret_at, char type[64],
                      unsigned long long *ret_end)
{
    char *end = strchr(*text, '\n');

    if (!end)
        return false;
    *end = 0;
    assert_int_equal(sscanf(*text, "%llu\t%63[^\t]\t%llu", ret_at, type, ret_end), 3);
    *text = end + 1;
    return true;
}

static void compare_with_server(const struct corpus_file *file)
{
    struct reader reader;
    struct reader_event event;
    struct span window = file->bytes;
    struct err err;
    char path[600];
    char *content;
    char *text;
    char type[64];
    unsigned long long at;
    unsigned long long end;
    bool payload = false;

    if (is_encrypted(file))
        return;
    (void)snprintf(path, sizeof path, "%.*s.events", (int)(strlen(file->path) - 7), file->path);
    if (!path_exists(path))
        return;
    assert_true(file_read(path, FILE_MAX, &content, &err));
    text = content;
    reader_init(&reader);
    while (next_line(&text, &at, type, &end)) {
        /* The server lists what is in a payload too, all at the payload's end. */
        if (payload && at < end)
            payload = false;
        if (payload)
            continue;
        assert_true(reader_next(&reader, &window, &event, &err));
        if (event.bytes.len == 0)
            break; /* the file was copied before its last events */
        assert_int_equal(event.offset, at);
        if (strcmp(event_type_name(event.header.type), type) != 0)
            fail_msg("%s offset %llu: %s, the server says %s", file->path, at,
                     event_type_name(event.header.type), type);
        if (end != 0)
            assert_int_equal(reader.offset, end);
        payload = event.header.type == EVENT_TRANSACTION_PAYLOAD;
    }
    mem_free(content);
}

static void names_and_positions_are_the_servers(void **state)
{
    (void)state;
    each_file(".binlog", compare_with_server);
}

/* Reads what there is; true when nothing was wrong to the end. */
static bool read_all(struct span bytes, bool decode)
{
    struct reader reader;
    struct reader_event event;
    struct err err;

    reader_init(&reader);
    reader.verify_checksums = true;
    reader.check_positions = true;
    do {
        struct buf again;
        bool good = reader_next(&reader, &bytes, &event, &err);

        if (!good) {
            assert_int_not_equal(err.class, E_BUG);
            assert_non_null(strstr(err.text, "offset "));
            return false;
        }
        if (decode && event.bytes.len > 0) {
            buf_init(&again, FILE_MAX);
            good = roundtrip_body(&event, &reader.format, &again, &err);
            buf_done(&again);
            if (!good)
                return false;
        }
    } while (event.bytes.len > 0);
    return reader_finish(&reader, bytes, &err);
}

static void truncate_everywhere(const struct corpus_file *file)
{
    size_t whole = 0;

    if (file->bytes.len > 8192)
        return;
    for (size_t n = 0; n < file->bytes.len; n++) {
        /* A copy of the right size, so that a sanitizer sees reads past its end. */
        uint8_t *copy = mem_alloc(n ? n : 1);

        memcpy(copy, file->bytes.data, n);
        whole += read_all(span_of(copy, n), true);
        mem_free(copy);
    }
    /* Only a cut between transactions leaves something whole. */
    assert_true(whole < file->bytes.len / 19);
}

static void truncation_at_every_byte_is_found(void **state)
{
    (void)state;
    each_file(".binlog", truncate_everywhere);
}

static void flip_everywhere(const struct corpus_file *file)
{
    bool has_checksums = strstr(file->path, "no-checksum") == NULL &&
                         strstr(file->path, "mysql-9.7/ddl.binlog") == NULL;
    uint8_t *copy;

    if (file->bytes.len > 8192 || is_encrypted(file))
        return;
    copy = mem_alloc(file->bytes.len);
    memcpy(copy, file->bytes.data, file->bytes.len);
    for (size_t i = 0; i < file->bytes.len; i++) {
        /* Of the bits, one that differs from offset to offset; the flags of the head apart. */
        uint8_t bit = (uint8_t)(i == 21 ? 2 : 1 << i % 8);

        copy[i] ^= bit;
        if (read_all(span_of(copy, file->bytes.len), true) && has_checksums)
            fail_msg("%s: bit 0x%02x of byte %zu changed, and not found", file->path, bit, i);
        copy[i] ^= bit;
    }
    mem_free(copy);
}

static void a_changed_byte_is_found(void **state)
{
    (void)state;
    each_file(".binlog", flip_everywhere);
}

static void refuse_encrypted(const struct corpus_file *file)
{
    struct reader reader;
    struct reader_event event;
    struct span window = file->bytes;
    struct err err;

    if (!is_encrypted(file))
        return;
    reader_init(&reader);
    while (reader_next(&reader, &window, &event, &err))
        assert_int_not_equal(event.bytes.len, 0);
    assert_int_equal(err.class, E_STATE);
    assert_non_null(strstr(err.text, "encrypted by M"));
    assert_non_null(strstr(err.text, "is needed"));
}

static void encrypted_files_are_refused(void **state)
{
    (void)state;
    each_file(".binlog", refuse_encrypted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_is_encoded_to_the_same_bytes),
        cmocka_unit_test(so_is_what_replicas_are_sent),
        cmocka_unit_test(names_and_positions_are_the_servers),
        cmocka_unit_test(truncation_at_every_byte_is_found),
        cmocka_unit_test(a_changed_byte_is_found),
        cmocka_unit_test(encrypted_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
