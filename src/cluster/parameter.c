#include "cluster/parameter.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOWN_MAX       64  /* of a value in a message */
#define NAME_MAX_BYTES  256 /* of a database or table: 64 characters of up to 4 bytes */
#define ERROR_MOST      65535
#define ZONE_MAX        64
#define FORMULA_REPLICA "{TrueIfReplica}"

#define C  PARAMETER_OF_CLUSTER
#define I  PARAMETER_OF_INSTANCE
#define CI (PARAMETER_OF_CLUSTER | PARAMETER_OF_INSTANCE)
#define PARAMETER(name, levels, versions, type, standard, allowed, apply, effect, variable, words) \
    {name,     levels,  versions,          PARAMETER_##type,                                       \
     standard, allowed, PARAMETER_##apply, PARAMETER_##effect,                                     \
     variable, words},
const struct parameter parameters[] = {
#include "cluster/parameters.def"
};
#undef PARAMETER
#undef C
#undef I
#undef CI

const size_t parameters_count = sizeof parameters / sizeof *parameters;

bool parameter_is_of(const struct parameter *parameter, unsigned version)
{
    return strchr(parameter->versions, '0' + (int)version) != NULL;
}

static int fold(char c)
{
    return c == '-' ? '_' : tolower((unsigned char)c);
}

static bool same_name(const char *a, const char *b)
{
    while (*a && fold(*a) == fold(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

bool parameter_find(const char *name, unsigned version, enum parameter_level level,
                    size_t *ret_index, struct err *err)
{
    bool other_version = false;
    bool other_level = false;

    for (size_t i = 0; i < parameters_count; i++) {
        if (!same_name(parameters[i].name, name))
            continue;
        if (!parameter_is_of(&parameters[i], version)) {
            other_version = true;
        } else if (!(parameters[i].levels & level)) {
            other_level = true;
        } else {
            *ret_index = i;
            return true;
        }
    }
    if (other_level)
        return err_set(err, E_USAGE, 0, "parameter %.*s: it is one of DB %sparameter groups",
                       SHOWN_MAX, name, level == PARAMETER_OF_INSTANCE ? "cluster " : "");
    if (other_version)
        return err_set(err, E_USAGE, 0,
                       "parameter %.*s: groups of Aurora MySQL version %u do not have it",
                       SHOWN_MAX, name, version);
    return err_set(err, E_USAGE, 0,
                   "parameter %.*s: there is none of that name; 'borealis parameter-group "
                   "describe' lists those there are",
                   SHOWN_MAX, name);
}

static bool refuse(const struct parameter *parameter, const char *expected, const char *text,
                   struct err *err)
{
    return err_set(err, E_USAGE, 0, "parameter %s: expected %s, found '%.*s'%s", parameter->name,
                   expected, SHOWN_MAX, text, strlen(text) > SHOWN_MAX ? "..." : "");
}

static void keep(const char *value, char ret_value[PARAMETER_VALUE_MAX])
{
    (void)snprintf(ret_value, PARAMETER_VALUE_MAX, "%s", value);
}

/* ---- Types ---- */

/* ON or OFF; NULL: it is no switch's value. */
static const char *switch_word(const char *text)
{
    static const char *const on[] = {"1", "ON", "TRUE"};
    static const char *const off[] = {"0", "OFF", "FALSE"};

    for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
        if (strcasecmp(text, on[i]) == 0)
            return "ON";
        if (strcasecmp(text, off[i]) == 0)
            return "OFF";
    }
    return NULL;
}

static bool check_switch(const struct parameter *parameter, const char *text,
                         char ret_value[PARAMETER_VALUE_MAX], struct err *err)
{
    const char *word = switch_word(text);

    if (!word)
        return refuse(parameter, "0 or 1, or OFF or ON", text, err);
    keep(word, ret_value);
    return true;
}

/* Digits only: no sign, space or unit. */
static bool parse_number(const char *text, uint64_t *ret_number)
{
    char *end = NULL;
    unsigned long long number;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *ret_number = number;
    return true;
}

static bool check_number(const struct parameter *parameter, const char *text,
                         char ret_value[PARAMETER_VALUE_MAX], struct err *err)
{
    char expected[96];
    uint64_t number = 0;
    char *rest = NULL;
    uint64_t least = strtoull(parameter->allowed, &rest, 10);
    uint64_t most = strtoull(rest + 1, &rest, 10);
    uint64_t step = strncmp(rest, " by ", 4) == 0 ? strtoull(rest + 4, NULL, 10) : 1;

    if (!parse_number(text, &number) || number < least || number > most || number % step != 0) {
        (void)snprintf(expected, sizeof expected, "%llu to %llu", (unsigned long long)least,
                       (unsigned long long)most);
        if (step > 1)
            (void)snprintf(expected + strlen(expected), sizeof expected - strlen(expected),
                           ", a multiple of %llu", (unsigned long long)step);
        return refuse(parameter, expected, text, err);
    }
    (void)snprintf(ret_value, PARAMETER_VALUE_MAX, "%llu", (unsigned long long)number);
    return true;
}

/* The word of the row that is meant, in ret_value. */
static bool find_choice(const char *allowed, const char *text, char ret_value[PARAMETER_VALUE_MAX])
{
    while (*allowed) {
        size_t len = strcspn(allowed, ",");

        if (strlen(text) == len && strncasecmp(allowed, text, len) == 0) {
            (void)snprintf(ret_value, PARAMETER_VALUE_MAX, "%.*s", (int)len, allowed);
            return true;
        }
        allowed += len + (allowed[len] == ',');
    }
    return false;
}

static bool check_choice(const struct parameter *parameter, const char *text,
                         char ret_value[PARAMETER_VALUE_MAX], struct err *err)
{
    char expected[128];
    const char *word = switch_word(text);

    /* A choice with 0 and 1 in it is a switch that knows a formula besides; 0 and 1 alone are
     * numbers. */
    if (word && strncmp(parameter->allowed, "0,1,", 4) == 0) {
        keep(word, ret_value);
        return true;
    }
    if (find_choice(parameter->allowed, text, ret_value))
        return true;
    if (*text == '\0' && parameter->standard && *parameter->standard == '\0') {
        *ret_value = '\0';
        return true;
    }
    (void)snprintf(expected, sizeof expected, "one of %s", parameter->allowed);
    return refuse(parameter, expected, text, err);
}

/* +hh:mm between -12:59 and +14:00, as the engine has it (source: MariaDB, "Time Zones"). */
static bool is_offset(const char *text)
{
    unsigned minutes;

    if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 ||
        !isdigit((unsigned char)text[1]) || !isdigit((unsigned char)text[2]) || text[3] != ':' ||
        text[4] < '0' || text[4] > '5' || !isdigit((unsigned char)text[5]))
        return false;
    minutes = (unsigned)((text[1] - '0') * 10 + text[2] - '0') * 60 +
              (unsigned)((text[4] - '0') * 10 + text[5] - '0');
    return minutes <= (text[0] == '+' ? 14U * 60 : 12U * 60 + 59);
}

static bool check_zone(const struct parameter *parameter, const char *text,
                       char ret_value[PARAMETER_VALUE_MAX], struct err *err)
{
    size_t good = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "_+-/");

    if (strcasecmp(text, "SYSTEM") == 0) {
        keep("SYSTEM", ret_value);
        return true;
    }
    if (!is_offset(text) && (!isalpha((unsigned char)*text) || text[good] || good > ZONE_MAX))
        return refuse(parameter, "SYSTEM, an offset as +02:00, or a name as Europe/Berlin", text,
                      err);
    keep(text, ret_value);
    return true;
}

/* A name of the list, which is not empty. */
static bool is_good_name(const struct parameter *parameter, const char *name, size_t len)
{
    size_t dots = 0;

    if (len == 0 || len > 2 * NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];

        if (c < 0x20 || c == 0x7f || strchr("\"'`\\#;", c))
            return false;
        if (c == '.' && i > 0 && i + 1 < len)
            dots++;
    }
    return parameter->type == PARAMETER_DATABASES || dots == 1;
}

static bool is_good_error(const char *text, size_t len)
{
    char digits[8];
    uint64_t number = 0;

    if (len == 0 || len >= sizeof digits)
        return false;
    (void)snprintf(digits, sizeof digits, "%.*s", (int)len, text);
    return parse_number(digits, &number) && number >= 1 && number <= ERROR_MOST;
}

static const char *list_expected(const struct parameter *parameter)
{
    switch (parameter->type) {
    case PARAMETER_ERRORS:
        return "OFF, all, or numbers of errors from 1 to 65535 with commas between them";
    case PARAMETER_DATABASES:
        return "names of databases with commas between them, without quotes, backslashes, # and ;";
    case PARAMETER_TABLES:
    case PARAMETER_PATTERNS:
        return "database.table with commas between them, without quotes, backslashes, # and ;";
    case PARAMETER_SWITCH:
    case PARAMETER_NUMBER:
    case PARAMETER_CHOICE:
    case PARAMETER_ZONE:
    case PARAMETER_FACT:
        break;
    }
    return "";
}

/* Each item without the spaces around it. */
static bool check_list(const struct parameter *parameter, const char *text,
                       char ret_value[PARAMETER_VALUE_MAX], struct err *err)
{
    const char *expected = list_expected(parameter);
    char value[PARAMETER_VALUE_MAX] = "";
    size_t len = 0;

    for (const char *at = text; *at;) {
        const char *item = at + strspn(at, " ");
        size_t whole = strcspn(item, ",");
        size_t n = whole;

        while (n > 0 && item[n - 1] == ' ')
            n--;
        if (parameter->type == PARAMETER_ERRORS ? !is_good_error(item, n)
                                                : !is_good_name(parameter, item, n))
            return refuse(parameter, expected, text, err);
        if (len + n + 2 > sizeof value)
            return err_set(err, E_USAGE, 0, "parameter %s: expected at most %d bytes, found %zu",
                           parameter->name, PARAMETER_VALUE_MAX - 1, strlen(text));
        (void)snprintf(value + len, sizeof value - len, "%s%.*s", len > 0 ? "," : "", (int)n, item);
        len = strlen(value);
        at = item + whole;
        if (*at == ',' && *++at == '\0')
            return refuse(parameter, expected, text, err);
    }
    keep(value, ret_value);
    return true;
}

static bool check_errors(const struct parameter *parameter, const char *text,
                         char ret_value[PARAMETER_VALUE_MAX], struct err *err)
{
    if (strcasecmp(text, "OFF") == 0 || *text == '\0') {
        keep("OFF", ret_value);
        return true;
    }
    if (strcasecmp(text, "all") == 0) {
        keep("all", ret_value);
        return true;
    }
    return check_list(parameter, text, ret_value, err);
}

bool parameter_check(const struct parameter *parameter, const char *text,
                     char ret_value[PARAMETER_VALUE_MAX], struct err *err)
{
    if (parameter->effect == PARAMETER_REFUSED)
        return err_set(err, E_USAGE, 0, "parameter %s: it can not be set: %s", parameter->name,
                       parameter->words);
    if (text[strspn(text, " ")] == '{' && !strstr(parameter->allowed, FORMULA_REPLICA))
        return err_set(err, E_USAGE, 0,
                       "parameter %s: expected a value, found the formula '%.*s': an instance "
                       "here has no class to work it out from; give the value itself",
                       parameter->name, SHOWN_MAX, text);
    switch (parameter->type) {
    case PARAMETER_SWITCH:
        return check_switch(parameter, text, ret_value, err);
    case PARAMETER_NUMBER:
        return check_number(parameter, text, ret_value, err);
    case PARAMETER_CHOICE:
        return check_choice(parameter, text, ret_value, err);
    case PARAMETER_ZONE:
        return check_zone(parameter, text, ret_value, err);
    case PARAMETER_ERRORS:
        return check_errors(parameter, text, ret_value, err);
    case PARAMETER_DATABASES:
    case PARAMETER_TABLES:
    case PARAMETER_PATTERNS:
        return check_list(parameter, text, ret_value, err);
    case PARAMETER_FACT:
        break;
    }
    return err_set(err, E_BUG, 0, "parameter %s: no type", parameter->name);
}

/* ---- Application ---- */

bool parameter_is_dynamic(const struct parameter *parameter, const char *from, const char *to)
{
    /* A log begins and ends with the engine. */
    if (strcmp(parameter->name, "binlog_format") == 0 && strcmp(from, to) != 0)
        return strcmp(from, "OFF") != 0 && strcmp(to, "OFF") != 0;
    return parameter->apply == PARAMETER_DYNAMIC;
}

const char *parameter_type_name(const struct parameter *parameter)
{
    switch (parameter->type) {
    case PARAMETER_SWITCH:
        return "boolean";
    case PARAMETER_NUMBER:
        return "integer";
    case PARAMETER_DATABASES:
    case PARAMETER_TABLES:
    case PARAMETER_PATTERNS:
    case PARAMETER_ERRORS:
        return "list";
    case PARAMETER_CHOICE:
    case PARAMETER_ZONE:
    case PARAMETER_FACT:
        break;
    }
    return "string";
}

const char *parameter_apply_name(const struct parameter *parameter)
{
    return parameter->apply == PARAMETER_DYNAMIC ? "dynamic" : "static";
}

const char *parameter_effect_name(const struct parameter *parameter)
{
    switch (parameter->effect) {
    case PARAMETER_ENGINE:
    case PARAMETER_PLUGIN:
        return "engine";
    case PARAMETER_DAEMON:
        return "daemon";
    case PARAMETER_NOTHING:
        return "none";
    case PARAMETER_REFUSED:
        return "refused";
    }
    return "";
}
