#include "translation/session_mode.h"

#include "binlog/query.h"

#define BIT(n) (UINT64_C(1) << (n))

#define IGNORE_BAD_TABLE_OPTIONS BIT(4)
#define ONLY_FULL_GROUP_BY       BIT(5)
#define POSTGRESQL               BIT(8)
#define ORACLE                   BIT(9)
#define MSSQL                    BIT(10)
#define DB2                      BIT(11)
#define MAXDB                    BIT(12)
#define NO_KEY_OPTIONS           BIT(13)
#define NO_TABLE_OPTIONS         BIT(14)
#define NO_FIELD_OPTIONS         BIT(15)
#define MYSQL323                 BIT(16)
#define MYSQL40                  BIT(17)
#define NO_AUTO_CREATE_USER      BIT(28)
#define ALL_TO_31                (BIT(32) - 1)

/* They stand for others that are set too, or say how SHOW CREATE prints. */
#define WITHOUT_EFFECT                                                                             \
    (POSTGRESQL | DB2 | NO_KEY_OPTIONS | NO_TABLE_OPTIONS | NO_FIELD_OPTIONS | MYSQL323 | MYSQL40)

#define MYSQL_TIME_TRUNCATE BIT(32)
#define MARIADB_TIME_ROUND  BIT(34)

static const struct {
    uint64_t bit;
    const char *name;
    const char *effect;
} untranslatable[] = {
    {ORACLE, "ORACLE", "the statement is in Oracle's dialect"},
    {MSSQL, "MSSQL", "names may stand in square brackets"},
    {MAXDB, "MAXDB", "a TIMESTAMP column is a DATETIME"},
    {BIT(32), "EMPTY_STRING_IS_NULL", "an empty string is NULL"},
    {BIT(33), "SIMULTANEOUS_ASSIGNMENT", "an UPDATE assigns all columns at once"},
};

static bool fail_mode(size_t i, enum dialect to, struct err *err)
{
    return err_set(err, E_STATE, 0,
                   "with sql_mode %s %s, which %s can not do: run it without this mode, or, for "
                   "changes of rows, with binlog_format = ROW",
                   untranslatable[i].name, untranslatable[i].effect, dialect_title(to));
}

bool session_mode_translate(uint64_t mode, enum format_family from, enum dialect to,
                            uint64_t *ret_mode, struct err *err)
{
    uint64_t out = mode & ALL_TO_31 & ~WITHOUT_EFFECT;

    if (from == FORMAT_MYSQL) {
        /* To MySQL 5 these two are names of other bits; to MariaDB they are other grammars. */
        out &= ~(ORACLE | MSSQL);
        /* It refuses statements only, by a rule of MariaDB's that is stricter than MySQL's. */
        out &= ~ONLY_FULL_GROUP_BY;
        if (!(mode & MYSQL_TIME_TRUNCATE))
            out |= MARIADB_TIME_ROUND;
        *ret_mode = out;
        return true;
    }
    for (size_t i = 0; i < sizeof untranslatable / sizeof untranslatable[0]; i++) {
        if ((mode & untranslatable[i].bit) &&
            !(to == DIALECT_MYSQL_5 && untranslatable[i].bit == MAXDB))
            return fail_mode(i, to, err);
    }
    out &= ~IGNORE_BAD_TABLE_OPTIONS;
    if (to == DIALECT_MYSQL_8) {
        out &= ~NO_AUTO_CREATE_USER;
        if (!(mode & MARIADB_TIME_ROUND))
            out |= MYSQL_TIME_TRUNCATE;
    }
    *ret_mode = out;
    return true;
}

bool session_flags_translate(uint32_t flags2, enum format_family from, uint32_t *ret_flags2,
                             struct err *err)
{
    uint32_t common = QUERY_FLAG_AUTO_IS_NULL | QUERY_FLAG_NOT_AUTOCOMMIT |
                      QUERY_FLAG_NO_FOREIGN_KEY_CHECKS | QUERY_FLAG_RELAXED_UNIQUE_CHECKS;

    if (from == FORMAT_MARIADB && (flags2 & QUERY_FLAG_MARIADB_INSERT_HISTORY))
        return err_set(err, E_STATE, 0,
                       "with system_versioning_insert_history it writes history rows, which MySQL "
                       "does not have: run it without this option");
    *ret_flags2 = flags2 & common;
    return true;
}
