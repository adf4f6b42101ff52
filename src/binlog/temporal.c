#include "binlog/temporal.h"

#include "binlog/number.h"

#define DATETIME_OFFSET          UINT64_C(0x8000000000)
#define TIME_OFFSET              UINT64_C(0x800000)
#define MARIADB_TIME_ZERO_SECOND UINT64_C(3020400) /* 838:59:59 and a second more */

static const uint32_t power_of_ten[7] = {1, 10, 100, 1000, 10000, 100000, 1000000};

static size_t fraction_size(const struct column_layout *layout)
{
    return (layout->scale + 1U) / 2;
}

/* What one unit of a fraction of so many bytes is, in microseconds. */
static uint32_t fraction_unit(size_t size)
{
    return power_of_ten[6 - 2 * size];
}

/* An offset-binary number of `size` bytes and its fraction: sign and magnitude. */
struct packed {
    uint64_t whole;
    uint32_t usec;
    bool negative;
};

static struct packed read_packed(struct cursor *cur, size_t size, uint64_t offset, size_t fraction)
{
    uint64_t raw = cursor_be(cur, size + fraction);
    uint64_t zero = offset << (8 * fraction);
    struct packed packed = {.negative = raw < zero};

    raw = packed.negative ? zero - raw : raw - zero;
    packed.whole = raw >> (8 * fraction);
    packed.usec = (uint32_t)(raw & ((UINT64_C(1) << (8 * fraction)) - 1)) * fraction_unit(fraction);
    return packed;
}

static void write_packed(struct buf *buf, struct packed packed, size_t size, uint64_t offset,
                         size_t fraction)
{
    uint64_t zero = offset << (8 * fraction);
    uint64_t raw = packed.whole << (8 * fraction) | packed.usec / fraction_unit(fraction);

    buf_be(buf, packed.negative ? zero - raw : zero + raw, size + fraction);
}

static void set_hms(struct temporal *value, uint64_t bits, unsigned hour_bits)
{
    value->second = bits & 0x3f;
    value->minute = bits >> 6 & 0x3f;
    value->hour = (uint16_t)(bits >> 12 & ((1U << hour_bits) - 1));
}

static void set_ymd(struct temporal *value, uint64_t bits)
{
    value->day = bits & 0x1f;
    value->month = (uint8_t)((bits >> 5 & 0x1ffff) % 13);
    value->year = (uint16_t)((bits >> 5 & 0x1ffff) / 13);
}

static uint64_t hms_bits(struct temporal value)
{
    return (uint64_t)value.hour << 12 | (uint64_t)value.minute << 6 | value.second;
}

static uint64_t ymd_bits(struct temporal value)
{
    return (value.year * UINT64_C(13) + value.month) << 5 | value.day;
}

static struct temporal decode_datetime(struct cursor *cur, size_t fraction)
{
    struct packed packed = read_packed(cur, 5, DATETIME_OFFSET, fraction);
    struct temporal value = {.negative = packed.negative, .usec = packed.usec};

    set_hms(&value, packed.whole, 5);
    set_ymd(&value, packed.whole >> 17);
    return value;
}

static struct temporal decode_time(struct cursor *cur, size_t fraction)
{
    struct packed packed = read_packed(cur, 3, TIME_OFFSET, fraction);
    struct temporal value = {.negative = packed.negative, .usec = packed.usec};

    set_hms(&value, packed.whole, 10);
    return value;
}

static struct temporal decode_date(struct cursor *cur)
{
    uint32_t bits = cursor_u24(cur);

    return (struct temporal){
        .day = bits & 0x1f, .month = bits >> 5 & 0xf, .year = (uint16_t)(bits >> 9)};
}

/* A number of microseconds, of a clock that goes on past 24 hours. */
static void set_clock(struct temporal *value, uint64_t usec)
{
    value->usec = (uint32_t)(usec % 1000000);
    usec /= 1000000;
    value->second = (uint8_t)(usec % 60);
    value->minute = (uint8_t)(usec / 60 % 60);
    value->hour = (uint16_t)(usec / 3600);
}

/* Days of MariaDB's older DATETIME with a fraction: ((year * 13) + month) * 32 + day. */
static struct temporal decode_mariadb_datetime(struct cursor *cur,
                                               const struct column_layout *layout)
{
    uint64_t packed = cursor_be(cur, layout->size) * power_of_ten[6 - layout->scale];
    struct temporal value = {0};

    set_clock(&value, packed % (UINT64_C(86400) * 1000000));
    set_ymd(&value, packed / (UINT64_C(86400) * 1000000));
    return value;
}

static struct temporal decode_mariadb_time(struct cursor *cur, const struct column_layout *layout)
{
    uint64_t zero = MARIADB_TIME_ZERO_SECOND * 1000000;
    uint64_t packed = cursor_be(cur, layout->size) * power_of_ten[6 - layout->scale];
    struct temporal value = {.negative = packed < zero};

    set_clock(&value, value.negative ? zero - packed : packed - zero);
    return value;
}

static struct temporal decode_old_datetime(struct cursor *cur)
{
    uint64_t number = cursor_u64(cur);
    uint32_t date = (uint32_t)(number / 1000000 % 100000000);
    uint32_t time = (uint32_t)(number % 1000000);

    return (struct temporal){.year = (uint16_t)(date / 10000),
                             .month = (uint8_t)(date / 100 % 100),
                             .day = (uint8_t)(date % 100),
                             .hour = (uint16_t)(time / 10000),
                             .minute = (uint8_t)(time / 100 % 100),
                             .second = (uint8_t)(time % 100)};
}

static struct temporal decode_old_time(struct cursor *cur)
{
    uint32_t raw = cursor_u24(cur);
    bool negative = raw & 0x800000;
    uint32_t number = negative ? 0x1000000 - raw : raw;

    return (struct temporal){.negative = negative,
                             .hour = (uint16_t)(number / 10000),
                             .minute = (uint8_t)(number / 100 % 100),
                             .second = (uint8_t)(number % 100)};
}

struct temporal temporal_decode(struct cursor *cur, const struct column_layout *layout)
{
    switch (layout->type) {
    case COLUMN_DATETIME:
        return decode_datetime(cur, fraction_size(layout));
    case COLUMN_TIME:
        return decode_time(cur, fraction_size(layout));
    case COLUMN_DATETIME_OLD:
        return layout->scale ? decode_mariadb_datetime(cur, layout) : decode_old_datetime(cur);
    case COLUMN_TIME_OLD:
        return layout->scale ? decode_mariadb_time(cur, layout) : decode_old_time(cur);
    default:
        return decode_date(cur);
    }
}

static uint64_t clock_usec(struct temporal value)
{
    return ((value.hour * UINT64_C(60) + value.minute) * 60 + value.second) * 1000000 + value.usec;
}

static void encode_old_datetime(struct buf *buf, const struct column_layout *layout,
                                struct temporal value)
{
    uint64_t date = value.year * UINT64_C(10000) + value.month * 100U + value.day;
    uint64_t time = value.hour * UINT64_C(10000) + value.minute * 100U + value.second;

    if (layout->scale) {
        uint64_t packed = ymd_bits(value) * 86400 * 1000000 + clock_usec(value);

        buf_be(buf, packed / power_of_ten[6 - layout->scale], layout->size);
        return;
    }
    buf_u64(buf, date * 1000000 + time);
}

static void encode_old_time(struct buf *buf, const struct column_layout *layout,
                            struct temporal value)
{
    uint32_t number = value.hour * 10000U + value.minute * 100U + value.second;

    if (layout->scale) {
        uint64_t zero = MARIADB_TIME_ZERO_SECOND * 1000000;
        uint64_t packed = value.negative ? zero - clock_usec(value) : zero + clock_usec(value);

        buf_be(buf, packed / power_of_ten[6 - layout->scale], layout->size);
        return;
    }
    buf_u24(buf, value.negative ? 0x1000000 - number : number);
}

void temporal_encode(struct buf *buf, const struct column_layout *layout, struct temporal value)
{
    struct packed packed = {.usec = value.usec, .negative = value.negative};

    switch (layout->type) {
    case COLUMN_DATETIME:
        packed.whole = ymd_bits(value) << 17 | hms_bits(value);
        write_packed(buf, packed, 5, DATETIME_OFFSET, fraction_size(layout));
        break;
    case COLUMN_TIME:
        packed.whole = hms_bits(value);
        write_packed(buf, packed, 3, TIME_OFFSET, fraction_size(layout));
        break;
    case COLUMN_DATETIME_OLD:
        encode_old_datetime(buf, layout, value);
        break;
    case COLUMN_TIME_OLD:
        encode_old_time(buf, layout, value);
        break;
    default:
        buf_u24(buf, (uint32_t)value.year << 9 | (uint32_t)value.month << 5 | value.day);
        break;
    }
}

struct timestamp timestamp_decode(struct cursor *cur, const struct column_layout *layout)
{
    struct timestamp value = {0};
    size_t size = layout->size - 4U; /* of the fraction */

    if (layout->type == COLUMN_TIMESTAMP_OLD) {
        value.seconds = (uint32_t)(layout->scale ? cursor_be(cur, 4) : cursor_u32(cur));
        value.usec = (uint32_t)cursor_be(cur, size) * power_of_ten[6 - layout->scale];
        return value;
    }
    value.seconds = (uint32_t)cursor_be(cur, 4);
    value.usec = (uint32_t)cursor_be(cur, size) * fraction_unit(size);
    return value;
}

void timestamp_encode(struct buf *buf, const struct column_layout *layout, struct timestamp value)
{
    size_t size = layout->size - 4U;

    if (layout->type == COLUMN_TIMESTAMP_OLD) {
        if (layout->scale)
            buf_be(buf, value.seconds, 4);
        else
            buf_u32(buf, value.seconds);
        buf_be(buf, value.usec / power_of_ten[6 - layout->scale], size);
        return;
    }
    buf_be(buf, value.seconds, 4);
    buf_be(buf, value.usec / fraction_unit(size), size);
}

struct temporal timestamp_to_utc(struct timestamp timestamp)
{
    struct temporal value = {.usec = timestamp.usec};
    uint32_t day = timestamp.seconds / 86400;
    uint32_t era_day, era_year, year_day, shifted_month;

    if (timestamp.seconds == 0)
        return value;
    value.hour = (uint16_t)(timestamp.seconds / 3600 % 24);
    value.minute = (uint8_t)(timestamp.seconds / 60 % 60);
    value.second = (uint8_t)(timestamp.seconds % 60);
    /* Years begin in March here, so that the leap day is the last; eras have 400 years. */
    day += 719468;
    era_day = day % 146097;
    era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
    shifted_month = (5 * year_day + 2) / 153;
    value.day = (uint8_t)(year_day - (153 * shifted_month + 2) / 5 + 1);
    value.month = (uint8_t)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    value.year = (uint16_t)(era_year + day / 146097 * 400 + (value.month <= 2));
    return value;
}

/* Writes exactly n digits; returns the place after them. */
static char *put(char *at, uint32_t value, unsigned n)
{
    for (unsigned i = n; i > 0; i--) {
        at[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + n;
}

static char *put_date(char *at, struct temporal value)
{
    if (value.year > 9999)
        at = put(at, value.year / 10000U, 1);
    at = put(at, value.year % 10000U, 4);
    *at++ = '-';
    at = put(at, value.month, 2);
    *at++ = '-';
    return put(at, value.day, 2);
}

static char *put_time(char *at, struct temporal value, unsigned digits)
{
    at = put(at, value.hour, value.hour > 999 ? 5 : value.hour > 99 ? 3 : 2);
    *at++ = ':';
    at = put(at, value.minute, 2);
    *at++ = ':';
    at = put(at, value.second, 2);
    if (digits == 0 || digits > 6)
        return at;
    *at++ = '.';
    return put(at, value.usec / power_of_ten[6 - digits], digits);
}

void temporal_write_date(struct buf *buf, struct temporal value)
{
    char text[16];

    buf_bytes(buf, span_of(text, (size_t)(put_date(text, value) - text)));
}

void temporal_write_time(struct buf *buf, struct temporal value, unsigned digits)
{
    char text[24];
    char *at = text;

    if (value.negative)
        *at++ = '-';
    buf_bytes(buf, span_of(text, (size_t)(put_time(at, value, digits) - text)));
}

void temporal_write_datetime(struct buf *buf, struct temporal value, unsigned digits)
{
    char text[40];
    char *at = put_date(text, value);

    *at++ = ' ';
    buf_bytes(buf, span_of(text, (size_t)(put_time(at, value, digits) - text)));
}

struct temporal temporal_unpack_datetime(int64_t packed)
{
    uint64_t magnitude = packed < 0 ? 0 - (uint64_t)packed : (uint64_t)packed;
    struct temporal value = {.negative = packed < 0, .usec = magnitude & 0xffffff};

    set_hms(&value, magnitude >> 24, 5);
    set_ymd(&value, magnitude >> 41);
    return value;
}

struct temporal temporal_unpack_time(int64_t packed)
{
    uint64_t magnitude = packed < 0 ? 0 - (uint64_t)packed : (uint64_t)packed;
    struct temporal value = {.negative = packed < 0, .usec = magnitude & 0xffffff};

    set_hms(&value, magnitude >> 24, 10);
    return value;
}
