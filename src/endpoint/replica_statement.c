#include "endpoint/replica_statement.h"

#include "base/cursor.h"

#include <strings.h>

bool replica_statement_write(struct buf *buf, struct span text, const struct replica_facts *facts)
{
    static const char gtid_mode[] = "IF(" REPLICA_HAS_ROLE_WITHOUT_GTIDS ", 'OFF', 'ON')";
    const struct {
        const char *asked;
        const char *quote;
        const char *value;
    } statements[] = {
        {"@@GLOBAL.GTID_MODE", "", gtid_mode},
        {"@@GLOBAL.SERVER_UUID", "'", facts->server_uuid},
        {"VERSION()", "'", facts->version},
        {"@@GLOBAL.RPL_SEMI_SYNC_SOURCE_ENABLED", "'", "1"},
        {"@@GLOBAL.RPL_SEMI_SYNC_MASTER_ENABLED", "'", "1"},
    };
    static const char select[] = "SELECT ";
    struct cursor cur = cursor_of(text);
    struct span verb = cursor_bytes(&cur, strlen(select));

    if (verb.len == 0 || strncasecmp((const char *)verb.data, select, verb.len) != 0)
        return false;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (cursor_left(&cur) != strlen(statements[i].asked) ||
            strncasecmp((const char *)cur.rest.data, statements[i].asked, cursor_left(&cur)) != 0)
            continue;
        buf_printf(buf, "SELECT %s%s%s AS `%s`", statements[i].quote, statements[i].value,
                   statements[i].quote, statements[i].asked);
        return true;
    }
    return false;
}
