#include "log/position.h"

#define NUMBER_DIGITS_MIN 6

size_t log_name_base_length(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? (size_t)(dot - name) : strlen(name);
}

static bool is_name(struct span name)
{
    size_t digits = 0;

    if (name.len == 0 || name.len > LOG_NAME_MAX || name.data[0] == '.')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '/' || name.data[i] < ' ')
            return false;
    }
    while (digits < name.len && name.data[name.len - 1 - digits] >= '0' &&
           name.data[name.len - 1 - digits] <= '9')
        digits++;
    return digits >= NUMBER_DIGITS_MIN && digits + 1 < name.len &&
           name.data[name.len - 1 - digits] == '.';
}

bool log_name_check(struct span name, char *ret_name, struct err *err)
{
    if (!is_name(name))
        return err_set(err, E_USAGE, 0,
                       "file name '%.*s': expected that of a binlog file, such as "
                       "mysql-bin.000001, of at most %d bytes",
                       (int)(name.len < 100 ? name.len : 100), (const char *)name.data,
                       LOG_NAME_MAX);
    memcpy(ret_name, name.data, name.len);
    ret_name[name.len] = 0;
    return true;
}

uint64_t log_name_number(const char *name)
{
    uint64_t number = 0;

    for (const char *c = name + log_name_base_length(name) + 1; *c; c++) {
        uint64_t digit = (uint64_t)(*c - '0');

        if (number > (UINT64_MAX - digit) / 10)
            return UINT64_MAX;
        number = number * 10 + digit;
    }
    return number;
}
