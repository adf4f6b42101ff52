#include "binlog/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define PLAIN_PLACES_MAX 15
#define DIGITS_MAX       17

/* Writes the digits so that they end at end[-1]; returns how many. */
static unsigned digits_of(uint64_t value, char *end)
{
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    unsigned n = 0;

    while (value >= 100) {
        const char *pair = &pairs[value % 100 * 2];

        end[-1 - (int)n] = pair[1];
        end[-2 - (int)n] = pair[0];
        n += 2;
        value /= 100;
    }
    if (value >= 10) {
        end[-1 - (int)n] = pairs[value * 2 + 1];
        end[-2 - (int)n] = pairs[value * 2];
        return n + 2;
    }
    end[-1 - (int)n] = (char)('0' + value);
    return n + 1;
}

void number_write_u64(struct buf *buf, uint64_t value)
{
    char text[20];
    unsigned n = digits_of(value, text + sizeof text);

    buf_bytes(buf, span_of(text + sizeof text - n, n));
}

void number_write_i64(struct buf *buf, int64_t value)
{
    char text[21];
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    unsigned n = digits_of(magnitude, text + sizeof text);

    if (value < 0)
        text[sizeof text - ++n] = '-';
    buf_bytes(buf, span_of(text + sizeof text - n, n));
}

void number_write_padded(struct buf *buf, uint64_t value, unsigned width)
{
    char text[20];
    unsigned n = digits_of(value, text + sizeof text);

    while (n < width && n < sizeof text)
        text[sizeof text - ++n] = '0';
    buf_bytes(buf, span_of(text + sizeof text - n, n));
}

/* value = 0.DIGITS * 10^point, without zeros at the digits' ends. */
struct shortest {
    char digits[DIGITS_MAX + 3];
    unsigned count;
    int point;
};

static void strip_zeros(struct shortest *text)
{
    while (text->count > 1 && text->digits[text->count - 1] == '0')
        text->count--;
}

/*
 * The quick way, for numbers with at most 15 digits of which at most 6 are a fraction: a decimal of
 * 15 digits or less that gives the number when divided is the shortest that reads back as it.
 */
static bool shortest_quick(double value, struct shortest *ret_text)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

    for (unsigned places = 0; places < sizeof powers / sizeof powers[0]; places++) {
        double scaled = nearbyint(value * powers[places]);
        char digits[20];
        unsigned n;

        if (scaled >= 1e15 || scaled < 1)
            return false;
        if (scaled / powers[places] != value) /* exact: both are below 2^53 */
            continue;
        n = digits_of((uint64_t)scaled, digits + sizeof digits);
        memcpy(ret_text->digits, digits + sizeof digits - n, n);
        ret_text->count = n;
        ret_text->point = (int)n - (int)places;
        strip_zeros(ret_text);
        return true;
    }
    return false;
}

static bool reads_back(const char *text, double value, bool single)
{
    return single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
}

static void shortest_slow(double value, bool single, struct shortest *ret_text)
{
    char text[40];
    const char *exponent;
    /* Any text of that many digits reads back, but for the numbers next to zero. */
    int least = value < (single ? (double)FLT_MIN : DBL_MIN) ? 1 : single ? FLT_DIG : DBL_DIG;

    for (int digits = least; digits <= DIGITS_MAX; digits++) {
        (void)snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (reads_back(text, value, single))
            break;
    }
    exponent = strchr(text, 'e');
    ret_text->count = 0;
    for (const char *c = text; c < exponent && ret_text->count < DIGITS_MAX; c++)
        if (*c != '.' && *c != ',')
            ret_text->digits[ret_text->count++] = *c;
    ret_text->point = (int)strtol(exponent + 1, NULL, 10) + 1;
    strip_zeros(ret_text);
}

static void write_repeated(struct buf *buf, char c, int times)
{
    for (int i = 0; i < times; i++)
        buf_u8(buf, (uint8_t)c);
}

static void write_plain(struct buf *buf, const struct shortest *text)
{
    int count = (int)text->count;

    if (text->point <= 0) {
        buf_str(buf, "0.");
        write_repeated(buf, '0', -text->point);
        buf_bytes(buf, span_of(text->digits, text->count));
        return;
    }
    if (text->point >= count) {
        buf_bytes(buf, span_of(text->digits, text->count));
        write_repeated(buf, '0', text->point - count);
        return;
    }
    buf_bytes(buf, span_of(text->digits, (size_t)text->point));
    buf_u8(buf, '.');
    buf_bytes(buf, span_of(text->digits + text->point, (size_t)(count - text->point)));
}

static void write_number(struct buf *buf, double value, bool single)
{
    struct shortest text;
    double magnitude = fabs(value);

    if (isnan(value)) {
        buf_str(buf, "nan");
        return;
    }
    if (signbit(value))
        buf_u8(buf, '-');
    if (isinf(value) || magnitude == 0) {
        buf_str(buf, magnitude == 0 ? "0" : "inf");
        return;
    }
    if (single || !shortest_quick(magnitude, &text))
        shortest_slow(magnitude, single, &text);
    if (text.point > -PLAIN_PLACES_MAX &&
        (text.point <= PLAIN_PLACES_MAX || (int)text.count > text.point)) {
        write_plain(buf, &text);
        return;
    }
    buf_u8(buf, (uint8_t)text.digits[0]);
    if (text.count > 1) {
        buf_u8(buf, '.');
        buf_bytes(buf, span_of(text.digits + 1, text.count - 1));
    }
    buf_u8(buf, 'e');
    number_write_i64(buf, text.point - 1);
}

void number_write_double(struct buf *buf, double value)
{
    write_number(buf, value, false);
}

void number_write_float(struct buf *buf, float value)
{
    double wide = (double)value;

    if (fabs(wide) < 16777216.0 && wide == nearbyint(wide)) { /* a FLOAT holds them exactly */
        number_write_double(buf, wide);
        return;
    }
    write_number(buf, wide, true);
}
