#include "translation/sql_version.h"

#define LAST_SHARED 50699 /* what MariaDB executes of MySQL's numbers */
#define FIRST_OWN   100000
#define DIGITS_MIN  5
#define DIGITS_MAX  6

static bool is_executed(bool mariadb, uint64_t number, const struct sql_origin *origin)
{
    if (origin->family == FORMAT_MYSQL)
        return !mariadb && number <= origin->version;
    if (!mariadb && number > LAST_SHARED && number < FIRST_OWN)
        return false;
    return number <= origin->version;
}

static bool is_shared(bool mariadb, uint64_t number, enum dialect to)
{
    static const uint32_t least[DIALECTS] = {
        [DIALECT_MYSQL_5] = 50600,
        [DIALECT_MYSQL_8] = 80000,
        [DIALECT_MARIADB] = LAST_SHARED,
    };

    return !mariadb && number <= least[to];
}

enum sql_version sql_version_of(const struct sql_token *token, const struct sql_origin *origin)
{
    struct cursor cur = cursor_of(token->text);
    uint64_t number = 0;
    bool mariadb;
    size_t digits;

    cursor_skip(&cur, 2);
    mariadb = cursor_u8(&cur) == 'M';
    cursor_skip(&cur, mariadb ? 1 : 0);
    digits = cursor_left(&cur);
    if (digits > 0 &&
        (digits < DIGITS_MIN || digits > DIGITS_MAX || !cursor_decimal(&cur, UINT32_MAX, &number)))
        return SQL_VERSION_UNKNOWN;
    if (!is_executed(mariadb, number, origin))
        return SQL_VERSION_NEITHER;
    return is_shared(mariadb, number, origin->to) ? SQL_VERSION_SHARED : SQL_VERSION_SOURCE;
}
