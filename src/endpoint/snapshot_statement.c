#include "endpoint/snapshot_statement.h"

#include <strings.h>

/* As mysqldump writes them (source: MySQL 5.6 to 9.7, client/mysqldump.cc). */
static const struct {
    const char *text;
    enum snapshot_statement statement;
} statements[] = {
    {"FLUSH TABLES", SNAPSHOT_LOCK},
    {"FLUSH /*!40101 LOCAL */ TABLES", SNAPSHOT_LOCK},
    {"FLUSH TABLES WITH READ LOCK", SNAPSHOT_LOCK},
    {"FLUSH /*!40101 LOCAL */ TABLES WITH READ LOCK", SNAPSHOT_LOCK},
    {"START TRANSACTION /*!40100 WITH CONSISTENT SNAPSHOT */", SNAPSHOT_BEGIN},
    {"SHOW MASTER STATUS", SNAPSHOT_PLACE},
    {"SHOW BINARY LOG STATUS", SNAPSHOT_PLACE},
};

enum snapshot_statement snapshot_statement_find(struct span text)
{
    /* 5.6 has a space at the end of one. */
    while (text.len > 0 && text.data[text.len - 1] == ' ')
        text.len--;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (text.len == strlen(statements[i].text) &&
            strncasecmp((const char *)text.data, statements[i].text, text.len) == 0)
            return statements[i].statement;
    }
    return SNAPSHOT_OTHER;
}

void snapshot_statement_write(struct buf *buf, enum snapshot_statement statement, bool begun)
{
    switch (statement) {
    case SNAPSHOT_OTHER:
    case SNAPSHOT_BEGIN:
        break;
    case SNAPSHOT_LOCK:
        buf_str(buf, "DO 0");
        break;
    case SNAPSHOT_PLACE:
        buf_str(buf, begun ? "SELECT (SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS"
                             " WHERE VARIABLE_NAME = 'binlog_snapshot_file') AS `File`,"
                             " (SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS"
                             " WHERE VARIABLE_NAME = 'binlog_snapshot_position') AS `Position`,"
                             " '' AS `Binlog_Do_DB`, '' AS `Binlog_Ignore_DB`"
                           : "FLUSH TABLES WITH READ LOCK");
        break;
    }
}
