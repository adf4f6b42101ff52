#include "wire/command.h"

#include "base/cursor.h"

bool command_parse(struct span payload, uint8_t *ret_command, struct err *err)
{
    if (payload.len == 0)
        return err_set(err, E_PROTO, 0, "command: expected at least one byte, found none");
    *ret_command = payload.data[0];
    return true;
}

const char *command_name(uint8_t command)
{
    static const struct {
        uint8_t command;
        const char *name;
    } names[] = {
        {COM_QUIT, "COM_QUIT"},
        {COM_INIT_DB, "COM_INIT_DB"},
        {COM_QUERY, "COM_QUERY"},
        {COM_STATISTICS, "COM_STATISTICS"},
        {COM_PROCESS_KILL, "COM_PROCESS_KILL"},
        {COM_PING, "COM_PING"},
        {COM_CHANGE_USER, "COM_CHANGE_USER"},
        {COM_BINLOG_DUMP, "COM_BINLOG_DUMP"},
        {COM_REGISTER_SLAVE, "COM_REGISTER_SLAVE"},
        {COM_STMT_PREPARE, "COM_STMT_PREPARE"},
        {COM_SET_OPTION, "COM_SET_OPTION"},
        {COM_BINLOG_DUMP_GTID, "COM_BINLOG_DUMP_GTID"},
        {COM_RESET_CONNECTION, "COM_RESET_CONNECTION"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].command == command)
            return names[i].name;
    }
    return "command";
}

static bool cut(uint8_t command, struct span payload, struct err *err)
{
    return err_set(err, E_PROTO, 0, "%s: ends inside its fields, after %zu bytes",
                   command_name(command), payload.len);
}

/* Past the values of the query attributes: names and binary values, as in COM_STMT_EXECUTE. */
static void skip_attributes(struct cursor *cur)
{
    uint64_t count = cursor_lenenc(cur);
    uint64_t bitmap = count / 8 + (count % 8 != 0);
    struct span nulls;
    struct cursor types;

    (void)cursor_lenenc(cur); /* sets of them: 1 */
    if (count == 0)
        return;
    if (bitmap > cursor_left(cur)) {
        cur->bad = true;
        return;
    }
    nulls = cursor_bytes(cur, (size_t)bitmap);
    if (cursor_u8(cur) != 1) /* the types follow: always, in a COM_QUERY */
        cur->bad = true;
    types = *cur;
    for (uint64_t i = 0; i < count && cursor_ok(cur); i++) {
        cursor_skip(cur, 2);
        (void)cursor_lenenc_bytes(cur); /* its name */
    }
    for (uint64_t i = 0; i < count && cursor_ok(cur); i++) {
        uint8_t type = cursor_u8(&types);

        cursor_skip(&types, 1);
        (void)cursor_lenenc_bytes(&types);
        if (nulls.data[i / 8] >> (i % 8) & 1)
            continue;
        switch (type) {
        case 1: /* TINY */
            cursor_skip(cur, 1);
            break;
        case 2:  /* SHORT */
        case 13: /* YEAR */
            cursor_skip(cur, 2);
            break;
        case 3: /* LONG */
        case 4: /* FLOAT */
        case 9: /* INT24 */
            cursor_skip(cur, 4);
            break;
        case 5: /* DOUBLE */
        case 8: /* LONGLONG */
            cursor_skip(cur, 8);
            break;
        case 6: /* NULL */
            break;
        default: /* texts, and the temporal types, whose length is one byte below 251 */
            (void)cursor_lenenc_bytes(cur);
        }
    }
}

bool command_query_parse(struct span payload, uint32_t capabilities, struct span *ret_text,
                         struct err *err)
{
    struct cursor cur = cursor_of(payload);

    if (cursor_u8(&cur) != COM_QUERY)
        cur.bad = true;
    if (capabilities & CAP_QUERY_ATTRIBUTES)
        skip_attributes(&cur);
    if (!cursor_ok(&cur))
        return cut(COM_QUERY, payload, err);
    *ret_text = cursor_rest(&cur);
    return true;
}

void command_query_write(struct buf *buf, uint32_t capabilities, struct span text)
{
    buf_u8(buf, COM_QUERY);
    if (capabilities & CAP_QUERY_ATTRIBUTES) {
        buf_lenenc(buf, 0); /* attributes */
        buf_lenenc(buf, 1); /* sets of them */
    }
    buf_bytes(buf, text);
}

static struct span read_short(struct cursor *cur)
{
    return cursor_bytes(cur, cursor_u8(cur));
}

static void write_short(struct buf *buf, struct span text)
{
    if (text.len > UINT8_MAX)
        buf->bad = true;
    buf_u8(buf, (uint8_t)text.len);
    buf_bytes(buf, text);
}

bool command_register_parse(struct span payload, struct command_register *ret, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct command_register command = {0};

    if (cursor_u8(&cur) != COM_REGISTER_SLAVE)
        cur.bad = true;
    command.server_id = cursor_u32(&cur);
    command.host = read_short(&cur);
    command.user = read_short(&cur);
    command.password = read_short(&cur);
    command.port = cursor_u16(&cur);
    cursor_skip(&cur, 4); /* rank, unused */
    cursor_skip(&cur, 4); /* the source's id: 0 */
    if (!cursor_ok(&cur))
        return cut(COM_REGISTER_SLAVE, payload, err);
    *ret = command;
    return true;
}

void command_register_write(struct buf *buf, const struct command_register *command)
{
    buf_u8(buf, COM_REGISTER_SLAVE);
    buf_u32(buf, command->server_id);
    write_short(buf, command->host);
    write_short(buf, command->user);
    write_short(buf, command->password);
    buf_u16(buf, command->port);
    buf_u32(buf, 0);
    buf_u32(buf, 0);
}

static void read_dump_gtid(struct cursor *cur, struct command_dump *command)
{
    uint32_t len;

    command->flags = cursor_u16(cur);
    command->server_id = cursor_u32(cur);
    len = cursor_u32(cur);
    command->file = cursor_bytes(cur, len);
    command->position = cursor_u64(cur);
    len = cursor_u32(cur);
    command->gtid_set = cursor_bytes(cur, len);
}

bool command_dump_parse(struct span payload, struct command_dump *ret, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    struct command_dump command = {0};
    uint8_t first = cursor_u8(&cur);

    if (first == COM_BINLOG_DUMP_GTID) {
        command.gtid = true;
        read_dump_gtid(&cur, &command);
    } else {
        if (first != COM_BINLOG_DUMP)
            cur.bad = true;
        command.position = cursor_u32(&cur);
        command.flags = cursor_u16(&cur);
        command.server_id = cursor_u32(&cur);
        command.file = cursor_rest(&cur);
    }
    if (!cursor_ok(&cur))
        return cut(first == COM_BINLOG_DUMP_GTID ? first : COM_BINLOG_DUMP, payload, err);
    /* Some clients end the name with a NUL, and a name has none inside. */
    if (command.file.len > 0) {
        const uint8_t *nul = memchr(command.file.data, 0, command.file.len);

        if (nul)
            command.file.len = (size_t)(nul - command.file.data);
    }
    *ret = command;
    return true;
}

void command_dump_write(struct buf *buf, const struct command_dump *command)
{
    if (!command->gtid) {
        if (command->position > UINT32_MAX)
            buf->bad = true;
        buf_u8(buf, COM_BINLOG_DUMP);
        buf_u32(buf, (uint32_t)command->position);
        buf_u16(buf, command->flags);
        buf_u32(buf, command->server_id);
        buf_bytes(buf, command->file);
        return;
    }
    buf_u8(buf, COM_BINLOG_DUMP_GTID);
    buf_u16(buf, command->flags);
    buf_u32(buf, command->server_id);
    buf_u32(buf, (uint32_t)command->file.len);
    buf_bytes(buf, command->file);
    buf_u64(buf, command->position);
    buf_u32(buf, (uint32_t)command->gtid_set.len);
    buf_bytes(buf, command->gtid_set);
}

bool command_init_db_parse(struct span payload, struct span *ret_database, struct err *err)
{
    struct cursor cur = cursor_of(payload);

    if (cursor_u8(&cur) != COM_INIT_DB || !cursor_ok(&cur))
        return cut(COM_INIT_DB, payload, err);
    *ret_database = cursor_rest(&cur);
    return true;
}

bool command_process_kill_parse(struct span payload, uint32_t *ret_thread_id, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    uint8_t command = cursor_u8(&cur);
    uint32_t thread_id = cursor_u32(&cur);

    if (!cursor_ok(&cur) || command != COM_PROCESS_KILL)
        return cut(COM_PROCESS_KILL, payload, err);
    *ret_thread_id = thread_id;
    return true;
}

bool command_set_option_parse(struct span payload, uint16_t *ret_option, struct err *err)
{
    struct cursor cur = cursor_of(payload);
    uint8_t command = cursor_u8(&cur);
    uint16_t option = cursor_u16(&cur);

    if (!cursor_ok(&cur) || command != COM_SET_OPTION)
        return cut(COM_SET_OPTION, payload, err);
    *ret_option = option;
    return true;
}
