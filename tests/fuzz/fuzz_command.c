/*
 * What a client sends after its login, on any bytes; and the replies and acknowledgements, whose
 * parsers take every input as well.
 */
#include "wire/command.h"
#include "wire/reply.h"
#include "wire/semisync.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_dump(struct span payload)
{
    struct command_dump dump;
    struct command_dump again;
    struct buf written;
    struct err err;

    if (!command_dump_parse(payload, &dump, &err))
        return;
    buf_init(&written, 1 << 20);
    command_dump_write(&written, &dump);
    if (!buf_ok(&written) || !command_dump_parse(buf_span(&written), &again, &err) ||
        again.position != dump.position || again.server_id != dump.server_id ||
        !span_eq(again.file, dump.file) || !span_eq(again.gtid_set, dump.gtid_set))
        abort();
    buf_done(&written);
}

static void try_replies(struct span payload)
{
    struct semisync_ack ack;
    struct reply_ok ok;
    struct span event;
    uint16_t status;
    bool wants_ack;
    struct err err;

    (void)!reply_ok_parse(payload, 0, &ok, &err);
    (void)!reply_ok_parse(payload, CAP_SESSION_TRACK, &ok, &err);
    (void)!reply_eof_parse(payload, 0, &status, &err);
    (void)!reply_eof_parse(payload, CAP_DEPRECATE_EOF, &status, &err);
    if (reply_err_to_err(payload, &err) || strlen(err.text) == 0)
        abort();
    (void)!semisync_header_parse(payload, &wants_ack, &event, &err);
    (void)!semisync_ack_parse(payload, &ack, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span payload = span_of(data, size);
    struct command_register command;
    struct span text;
    uint32_t thread;
    uint16_t option;
    uint8_t what;
    struct err err;

    if (command_parse(payload, &what, &err))
        (void)command_name(what);
    (void)!command_query_parse(payload, 0, &text, &err);
    if (command_query_parse(payload, CAP_QUERY_ATTRIBUTES, &text, &err) && text.len > size)
        abort();
    (void)!command_register_parse(payload, &command, &err);
    (void)!command_init_db_parse(payload, &text, &err);
    (void)!command_process_kill_parse(payload, &thread, &err);
    (void)!command_set_option_parse(payload, &option, &err);
    try_dump(payload);
    try_replies(payload);
    return 0;
}
