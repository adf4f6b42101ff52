/*
 * Reads a server's binlog as replicas do and throws it away, for bench/relay.py.
 *
 *     drain-bench dump PORT USER PASSWORD FILE:OFFSET COUNT plain|tls whole|follow
 *
 * COUNT dumps at once, in one thread. "whole" ends when the server has sent all it has; "follow"
 * prints "ready" once all dumps are accepted, and ends when its input does. Prints bytes, events,
 * and microseconds of wall time and of CPU time of its own, from the dumps' beginning on.
 *
 *     drain-bench delay PORT USER PASSWORD PORT USER PASSWORD FILE:OFFSET COUNT PER_SECOND
 *
 * Writes COUNT rows into the table delay.t at the first server, so many a second, one transaction
 * each, and follows it there and at the second. Prints a line per transaction: microseconds from
 * the statement's sending until the first server's dump had brought its end, the second's, and the
 * answer to the statement.
 *
 * Servers are on 127.0.0.1; both dumps begin at FILE:OFFSET, which is the binlog's end for "delay".
 */
#include "base/clock.h"
#include "base/mem.h"
#include "binlog/event.h"
#include "replication/link_login.h"
#include "replication/link_query.h"
#include "wire/command.h"
#include "wire/reply.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_USEC (60 * USEC_PER_SEC)
#define WINDOW_BYTES ((size_t)128 << 10)
#define PAYLOAD_MAX  ((size_t)1 << 30)
#define TURN_EVENTS  4096 /* of one dump before the next has its turn */
#define SERVER_ID    UINT32_C(3000000000)
#define EOF_MAX      9 /* bytes of an EOF packet */

static struct err err;

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "drain-bench: %s: %s\n", #condition, err.text);                  \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

struct place {
    char file[512];
    uint64_t offset;
};

struct dump {
    struct link *link;
    uint64_t bytes;
    uint64_t events;
    uint64_t transactions; /* that ended with an XID event */
    bool ended;
};

static int64_t deadline(void)
{
    return clock_deadline_usec(TIMEOUT_USEC);
}

static int64_t cpu_usec(void)
{
    struct timespec used;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * USEC_PER_SEC + used.tv_nsec / 1000;
}

static struct place parse_place(const char *text)
{
    const char *colon = strrchr(text, ':');
    struct place place = {.offset = 4};

    must(colon && (size_t)(colon - text) < sizeof place.file);
    memcpy(place.file, text, (size_t)(colon - text));
    place.offset = strtoull(colon + 1, NULL, 10);
    return place;
}

/* ---- Dumps ---- */

static struct link *log_in(char *const *account, const struct tls *tls)
{
    struct link_login_spec spec = {
        .host = "127.0.0.1",
        .port = (uint16_t)strtoul(account[0], NULL, 10),
        .user = account[1],
        .password = account[2],
        .tls = tls,
        .fetch_server_key = true,
        .payload_max = PAYLOAD_MAX,
        .stop_fd = -1,
    };
    struct link *link;

    must(link_login(&spec, deadline(), &link, &err));
    return link;
}

static void ask_dump(struct dump *dump, const struct place *place, uint32_t server_id, bool whole)
{
    bool mariadb = link_server_is_mariadb(dump->link);
    struct command_dump command = {
        .server_id = server_id,
        .file = span_str(place->file),
        .position = place->offset,
        .flags = (uint16_t)((whole ? DUMP_NON_BLOCK : 0) |
                            (mariadb ? DUMP_MARIADB_ANNOTATE_ROWS : DUMP_MYSQL_HEARTBEAT_V2)),
    };
    struct buf payload;

    must(link_execute(dump->link, "SET @master_binlog_checksum = 'CRC32'", deadline(), &err));
    must(link_execute(dump->link,
                      mariadb ? "SET @mariadb_slave_capability = 4"
                              : "SET @source_binlog_checksum = 'CRC32'",
                      deadline(), &err));
    buf_init(&payload, 4096);
    command_dump_write(&payload, &command);
    must(link_command(dump->link, buf_span(&payload), deadline(), &err));
    buf_done(&payload);
    link_set_window(dump->link, WINDOW_BYTES);
}

static void take_payload(struct dump *dump, struct span payload)
{
    struct cursor cur = cursor_of(payload);
    struct event_header header;

    if (reply_is_err(payload))
        must(reply_err_to_err(payload, &err));
    if (payload.len <= EOF_MAX && reply_is_eof(payload)) {
        dump->ended = true;
        return;
    }
    cursor_skip(&cur, 1);
    must(event_header_decode(cursor_rest(&cur), &header, &err));
    dump->bytes += payload.len - 1;
    dump->events++;
    dump->transactions += header.type == EVENT_XID;
}

/* What is there, up to a turn's worth; whether there may be more without waiting. */
static bool take_some(struct dump *dump)
{
    for (int i = 0; i < TURN_EVENTS && !dump->ended; i++) {
        struct span payload;
        bool there;

        must(link_try_read(dump->link, &there, &payload, &err));
        if (!there)
            return false;
        take_payload(dump, payload);
    }
    return !dump->ended;
}

static void watch(const struct dump *dump, struct pollfd *fd)
{
    const struct conn *conn = link_borrow_conn(dump->link);

    *fd = (struct pollfd){
        .fd = dump->ended ? -1 : conn_borrow_fd(conn),
        .events = conn_poll_events(conn, true, false),
    };
}

/* Until all dumps have ended, or the input has. */
static void drain(struct dump *dumps, size_t count, bool whole)
{
    struct pollfd *fds = mem_alloc((count + 1) * sizeof *fds);
    bool *more = mem_alloc(count * sizeof *more);
    size_t left = count;

    fds[count] = (struct pollfd){.fd = whole ? -1 : STDIN_FILENO, .events = POLLIN};
    while (left > 0 && !fds[count].revents) {
        bool busy = false;

        for (size_t i = 0; i < count; i++) {
            watch(&dumps[i], &fds[i]);
            busy |= more[i];
        }
        must(poll(fds, count + 1, busy ? 0 : -1) >= 0);
        for (size_t i = 0; i < count; i++) {
            if (dumps[i].ended || (!fds[i].revents && !more[i]))
                continue;
            more[i] = take_some(&dumps[i]);
            left -= dumps[i].ended;
        }
    }
    mem_free(fds);
    mem_free(more);
}

static int run_dump(char **argv)
{
    struct place place = parse_place(argv[3]);
    size_t count = strtoul(argv[4], NULL, 10);
    struct tls_client_spec tls_spec = {.mode = TLS_REQUIRED};
    bool whole = strcmp(argv[6], "whole") == 0;
    struct dump *dumps = mem_alloc((count + 1) * sizeof *dumps);
    struct dump sum = {0};
    struct tls *tls = NULL;
    int64_t began;
    int64_t cpu;

    if (strcmp(argv[5], "tls") == 0)
        must(tls_client_new(&tls_spec, &tls, &err));
    for (size_t i = 0; i < count; i++)
        dumps[i].link = log_in(argv, tls);
    began = clock_now_usec();
    cpu = cpu_usec();
    for (size_t i = 0; i < count; i++)
        ask_dump(&dumps[i], &place, SERVER_ID + (uint32_t)i, whole);
    if (!whole) {
        (void)printf("ready\n");
        (void)fflush(stdout);
    }
    drain(dumps, count, whole);
    began = clock_now_usec() - began;
    cpu = cpu_usec() - cpu;
    for (size_t i = 0; i < count; i++) {
        sum.bytes += dumps[i].bytes;
        sum.events += dumps[i].events;
        link_free(dumps[i].link);
    }
    (void)printf("%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "\n", sum.bytes, sum.events, began,
                 cpu);
    mem_free(dumps);
    tls_free(tls);
    return 0;
}

/* ---- Delay ---- */

enum { AT_SOURCE, AT_RELAY, ANSWER, MARKS };

/* Until the statement is answered and both dumps have brought its transaction. */
static void follow_one(struct link *writer, struct dump dumps[2], uint64_t number,
                       int64_t marks[MARKS])
{
    bool answered = false;

    while (!answered || dumps[0].transactions < number || dumps[1].transactions < number) {
        struct pollfd fds[MARKS];

        watch(&dumps[0], &fds[0]);
        watch(&dumps[1], &fds[1]);
        fds[ANSWER] = (struct pollfd){
            .fd = answered ? -1 : conn_borrow_fd(link_borrow_conn(writer)), .events = POLLIN};
        must(poll(fds, MARKS, clock_poll_timeout(deadline())) > 0);
        for (int i = 0; i < ANSWER; i++) {
            uint64_t before = dumps[i].transactions;

            if (fds[i].revents)
                (void)take_some(&dumps[i]);
            if (before < number && dumps[i].transactions >= number)
                marks[i] = clock_now_usec();
        }
        if (fds[ANSWER].revents) {
            struct span payload;

            must(link_try_read(writer, &answered, &payload, &err));
            if (answered && reply_is_err(payload))
                must(reply_err_to_err(payload, &err));
            marks[ANSWER] = clock_now_usec();
        }
    }
}

static void wait_until(int64_t usec)
{
    while (clock_now_usec() < usec)
        (void)poll(NULL, 0, clock_poll_timeout(usec));
}

static int run_delay(char **argv)
{
    struct place place = parse_place(argv[6]);
    uint64_t count = strtoull(argv[7], NULL, 10);
    int64_t period = USEC_PER_SEC / strtol(argv[8], NULL, 10);
    struct link *writer = log_in(argv, NULL);
    struct dump dumps[2] = {{.link = log_in(argv, NULL)}, {.link = log_in(argv + 3, NULL)}};
    static const char sql[] = "\x03INSERT INTO delay.t (a) VALUES (REPEAT('x', 200))";
    int64_t next = clock_now_usec();

    for (uint32_t i = 0; i < 2; i++)
        ask_dump(&dumps[i], &place, SERVER_ID + i, false);
    for (uint64_t number = 1; number <= count; number++) {
        int64_t marks[MARKS] = {0};
        int64_t began;

        wait_until(next);
        began = clock_now_usec();
        must(link_command(writer, span_of((const uint8_t *)sql, sizeof sql - 1), deadline(), &err));
        follow_one(writer, dumps, number, marks);
        (void)printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", marks[AT_SOURCE] - began,
                     marks[AT_RELAY] - began, marks[ANSWER] - began);
        next += period;
    }
    link_free(dumps[0].link);
    link_free(dumps[1].link);
    link_close(writer);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 9 && strcmp(argv[1], "dump") == 0)
        return run_dump(argv + 2);
    if (argc == 11 && strcmp(argv[1], "delay") == 0)
        return run_delay(argv + 2);
    (void)fprintf(stderr,
                  "usage: drain-bench dump PORT USER PASSWORD FILE:OFFSET COUNT plain|tls "
                  "whole|follow\n"
                  "       drain-bench delay PORT USER PASSWORD PORT USER PASSWORD FILE:OFFSET "
                  "COUNT PER_SECOND\n");
    return 2;
}
