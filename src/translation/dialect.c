#include "translation/dialect.h"

static const struct {
    enum format_family family;
    const char *name;
    const char *title;
    const char *version;
} dialects[DIALECTS] = {
    [DIALECT_MYSQL_5] = {FORMAT_MYSQL, "mysql5", "MySQL 5.6", "5.6.51-log"},
    [DIALECT_MYSQL_8] = {FORMAT_MYSQL, "mysql8", "MySQL 8", "8.0.40"},
    [DIALECT_MARIADB] = {FORMAT_MARIADB, "mariadb", "MariaDB", "10.11.10-MariaDB-log"},
};

enum format_family dialect_family(enum dialect dialect)
{
    return dialects[dialect].family;
}

const char *dialect_name(enum dialect dialect)
{
    return dialects[dialect].name;
}

const char *dialect_version(enum dialect dialect)
{
    return dialects[dialect].version;
}

const char *dialect_title(enum dialect dialect)
{
    return dialects[dialect].title;
}
