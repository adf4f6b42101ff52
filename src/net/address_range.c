#include "net/address_range.h"

#include <arpa/inet.h>

#define TEXT_MAX 64

static bool fail(struct span text, struct err *err)
{
    return err_set(err, E_USAGE, 0,
                   "expected an IP address, a network as 192.0.2.0/24 or 192.0.2.%%, localhost or "
                   "%%, found '%.*s'",
                   (int)(text.len < TEXT_MAX ? text.len : TEXT_MAX),
                   text.len > 0 ? (const char *)text.data : "");
}

/* "192.0.2.%": whole numbers with a dot after each, then the sign alone. */
static bool parse_wildcard(const char *text, struct address_range *range)
{
    unsigned count = 0;
    const char *at = text;

    while (*at != '%') {
        unsigned number = 0;
        const char *digits = at;

        while (*at >= '0' && *at <= '9' && at - digits < 3)
            number = number * 10 + (unsigned)(*at++ - '0');
        if (at == digits || *at != '.' || number > 255 || count == 3)
            return false;
        range->bytes[count++] = (uint8_t)number;
        at++;
    }
    range->ipv4 = true;
    range->bits = count * 8;
    return at[1] == '\0' && count > 0;
}

static bool parse_network(char *text, struct address_range *range)
{
    char *slash = strchr(text, '/');
    unsigned most;
    unsigned bits = 0;

    if (slash)
        *slash = '\0';
    range->ipv4 = inet_pton(AF_INET, text, range->bytes) == 1;
    range->ipv6 = !range->ipv4 && inet_pton(AF_INET6, text, range->bytes) == 1;
    if (!range->ipv4 && !range->ipv6)
        return false;
    most = range->ipv4 ? 32 : 128;
    range->bits = most;
    if (!slash)
        return true;
    for (const char *at = slash + 1; *at; at++) {
        if (*at < '0' || *at > '9' || at - slash > 3)
            return false;
        bits = bits * 10 + (unsigned)(*at - '0');
    }
    range->bits = bits;
    return slash[1] != '\0' && bits <= most;
}

bool address_range_parse(struct span text, struct address_range *ret_range, struct err *err)
{
    struct address_range range = {0};
    char copy[TEXT_MAX];

    if (text.len == 0 || text.len >= sizeof copy || memchr(text.data, '\0', text.len))
        return fail(text, err);
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (strcmp(copy, "%") == 0) {
        range.ipv4 = range.ipv6 = range.local = true;
    } else if (strcmp(copy, "localhost") == 0) {
        range.local = true;
    } else if (!parse_wildcard(copy, &range)) {
        range = (struct address_range){0};
        if (!strchr(copy, '%') && parse_network(copy, &range)) {
            *ret_range = range;
            return true;
        }
        return fail(text, err);
    }
    *ret_range = range;
    return true;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8;
    uint8_t mask = (uint8_t)(0xff00u >> (bits % 8));

    return memcmp(a, b, whole) == 0 && (bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

bool address_range_has(const struct address_range *range, const char *ip)
{
    static const struct address_range loopback = {.ipv4 = true, .bytes = {127}, .bits = 8};
    uint8_t bytes[16];

    if (strcmp(ip, "localhost") == 0)
        return range->local;
    if (range->local && !range->ipv4)
        return strcmp(ip, "::1") == 0 || address_range_has(&loopback, ip);
    if (inet_pton(AF_INET, ip, bytes) == 1)
        return range->ipv4 && same_bits(range->bytes, bytes, range->bits);
    return range->ipv6 && inet_pton(AF_INET6, ip, bytes) == 1 &&
           same_bits(range->bytes, bytes, range->bits);
}
