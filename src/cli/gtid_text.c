#include "cli/gtid_text.h"

#include "binlog/gtid.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/number.h"

bool gtid_text_is_gtid(uint8_t type)
{
    return type == EVENT_GTID || type == EVENT_ANONYMOUS_GTID || type == EVENT_GTID_TAGGED ||
           type == EVENT_MARIADB_GTID;
}

static bool write_mysql(struct buf *buf, const struct plain_event *event, struct err *err)
{
    char uuid[GTID_UUID_TEXT + 1];
    struct gtid gtid;

    if (!gtid_decode(event->body, event->type, &gtid, err))
        return false;
    if (event->type == EVENT_ANONYMOUS_GTID) {
        buf_str(buf, "anonymous");
        return true;
    }
    gtid_uuid_print(&gtid.uuid, uuid);
    buf_str(buf, uuid);
    if (gtid.tag.len > 0) {
        buf_u8(buf, ':');
        buf_bytes(buf, gtid.tag);
    }
    buf_u8(buf, ':');
    number_write_i64(buf, gtid.number);
    return true;
}

bool gtid_text_write(struct buf *buf, const struct plain_event *event, struct err *err)
{
    struct gtid_mariadb_event gtid;

    if (event->type != EVENT_MARIADB_GTID)
        return write_mysql(buf, event, err);
    if (!gtid_mariadb_decode(event->body, &gtid, err))
        return false;
    number_write_u64(buf, gtid.domain);
    buf_u8(buf, '-');
    number_write_u64(buf, event->header.server_id);
    buf_u8(buf, '-');
    number_write_u64(buf, gtid.sequence);
    return true;
}
