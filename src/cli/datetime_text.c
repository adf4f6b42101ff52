#include "cli/datetime_text.h"

#include "base/cursor.h"

struct parsed {
    unsigned year;
    unsigned month;
    unsigned day;
    unsigned hour;
    unsigned minute;
    unsigned second;
    int64_t offset; /* seconds east of UTC */
};

static unsigned read_digits(struct cursor *cur, size_t n)
{
    struct span digits = cursor_bytes(cur, n);
    unsigned value = 0;

    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            cur->bad = true;
        value = value * 10 + (unsigned)(digits.data[i] - '0');
    }
    return value;
}

static void expect(struct cursor *cur, char c)
{
    if (cursor_u8(cur) != (uint8_t)c)
        cur->bad = true;
}

static bool at(const struct cursor *cur, char c)
{
    return cursor_left(cur) > 0 && cur->rest.data[0] == (uint8_t)c;
}

static void read_zone(struct cursor *cur, struct parsed *parsed)
{
    bool west = at(cur, '-');
    unsigned hours;
    unsigned minutes;

    if (cursor_left(cur) == 0)
        return;
    if (at(cur, 'Z')) {
        cursor_skip(cur, 1);
        return;
    }
    if (!west && !at(cur, '+')) {
        cur->bad = true;
        return;
    }
    cursor_skip(cur, 1);
    hours = read_digits(cur, 2);
    if (at(cur, ':'))
        cursor_skip(cur, 1);
    minutes = read_digits(cur, 2);
    if (hours > 14 || minutes > 59)
        cur->bad = true;
    parsed->offset = (west ? -1 : 1) * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
}

static unsigned days_of_month(unsigned year, unsigned month)
{
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static bool is_possible(const struct parsed *parsed)
{
    return parsed->year >= 1970 && parsed->year <= 2106 && parsed->month >= 1 &&
           parsed->month <= 12 && parsed->day >= 1 &&
           parsed->day <= days_of_month(parsed->year, parsed->month) && parsed->hour < 24 &&
           parsed->minute < 60 && parsed->second < 60;
}

static int64_t to_seconds(const struct parsed *parsed)
{
    int64_t days = parsed->day - 1;

    for (unsigned year = 1970; year < parsed->year; year++)
        days += days_of_month(year, 2) == 29 ? 366 : 365;
    for (unsigned month = 1; month < parsed->month; month++)
        days += days_of_month(parsed->year, month);
    return days * 86400 + (int64_t)parsed->hour * 3600 + (int64_t)parsed->minute * 60 +
           parsed->second - parsed->offset;
}

bool datetime_parse(struct span text, uint64_t *ret_seconds, struct err *err)
{
    struct cursor cur = cursor_of(text);
    struct parsed parsed = {0};
    int64_t seconds;

    parsed.year = read_digits(&cur, 4);
    expect(&cur, '-');
    parsed.month = read_digits(&cur, 2);
    expect(&cur, '-');
    parsed.day = read_digits(&cur, 2);
    if (cursor_left(&cur) > 0) {
        expect(&cur, at(&cur, 'T') ? 'T' : ' ');
        parsed.hour = read_digits(&cur, 2);
        expect(&cur, ':');
        parsed.minute = read_digits(&cur, 2);
        expect(&cur, ':');
        parsed.second = read_digits(&cur, 2);
        read_zone(&cur, &parsed);
    }
    if (!cursor_end(&cur) || !is_possible(&parsed))
        return err_set(err, E_USAGE, 0,
                       "expected a date and time such as '2026-11-21 02:13:10', in UTC or with an "
                       "offset such as +02:00, found '%.*s'",
                       (int)(text.len < 60 ? text.len : 60), (const char *)text.data);
    seconds = to_seconds(&parsed);
    if (seconds < 0 || seconds > UINT32_MAX)
        return err_set(err, E_USAGE, 0, "expected a time from 1970 to 2106 UTC, found '%.*s'",
                       (int)text.len, (const char *)text.data);
    *ret_seconds = (uint64_t)seconds;
    return true;
}
