#include "check/check.h"

#include <strings.h>

const struct check *const check_tables[] = {
    server_checks, account_checks,        transport_checks,        binlog_checks, setting_checks,
    object_checks, crossing_mysql_checks, crossing_mariadb_checks, NULL,
};

bool check_applies(const struct check *check, enum format_family family, uint32_t version)
{
    unsigned bit = family == FORMAT_MARIADB ? OF_MARIADB : OF_MYSQL;

    return (check->families & bit) && version >= check->since &&
           (check->before == 0 || version < check->before);
}

bool check_value_is_good(struct span value, const char *good)
{
    for (const char *word = good;; word++) {
        size_t len = strcspn(word, ",");

        if (len == value.len && (len == 0 || strncasecmp(word, (const char *)value.data, len) == 0))
            return true;
        word += len;
        if (*word == '\0')
            return false;
    }
}

void check_variable(const struct check *check, struct subject *subject, struct finding *finding)
{
    struct span value;

    if (!variables_find(subject->variables, span_str(check->variable), &value)) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN,
                     "the server shows no variable %s", check->variable);
        return;
    }
    findings_set(subject->findings, finding,
                 check_value_is_good(value, check->good) ? SEVERITY_OK : check->severity,
                 "%s = %.*s", check->variable, (int)value.len,
                 value.len ? (const char *)value.data : "");
}
