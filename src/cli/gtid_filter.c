#include "cli/gtid_filter.h"

#include "base/mem.h"

struct gtid_filter_range {
    uint32_t domain;
    uint32_t server_id;
    bool any_server;
    uint64_t first; /* sequence numbers */
    uint64_t last;
};

void gtid_filter_done(struct gtid_filter *filter)
{
    if (!filter)
        return;
    gtid_set_done(&filter->set);
    mem_free(filter->ranges);
    *filter = (struct gtid_filter){0};
}

static bool at(const struct cursor *cur, char c)
{
    return cursor_left(cur) > 0 && cur->rest.data[0] == (uint8_t)c;
}

static bool take(struct cursor *cur, char c)
{
    bool found = at(cur, c);

    if (found)
        cursor_skip(cur, 1);
    return found;
}

/* "5", or "0-1-5", which has to be of the same domain and server. */
static bool take_last(struct cursor *cur, struct gtid_filter_range *range)
{
    uint64_t number;

    if (cursor_left(cur) == 0 || at(cur, ',')) {
        range->last = UINT64_MAX;
        return true;
    }
    if (!cursor_decimal(cur, UINT64_MAX, &number))
        return false;
    if (at(cur, '-')) {
        uint64_t server_id;

        if (number != range->domain || range->any_server || !take(cur, '-') ||
            !cursor_decimal(cur, UINT32_MAX, &server_id) || server_id != range->server_id ||
            !take(cur, '-') || !cursor_decimal(cur, UINT64_MAX, &number))
            return false;
    }
    range->last = number;
    return range->last >= range->first;
}

static bool take_range(struct cursor *cur, struct gtid_filter_range *ret_range)
{
    struct gtid_filter_range range = {0};
    uint64_t domain;
    uint64_t server_id = 0;

    while (at(cur, ' '))
        cursor_skip(cur, 1);
    if (!cursor_decimal(cur, UINT32_MAX, &domain) || !take(cur, '-'))
        return false;
    range.any_server = take(cur, '*');
    if (!range.any_server && !cursor_decimal(cur, UINT32_MAX, &server_id))
        return false;
    if (!take(cur, '-') || !cursor_decimal(cur, UINT64_MAX, &range.first))
        return false;
    range.domain = (uint32_t)domain;
    range.server_id = (uint32_t)server_id;
    range.last = range.first;
    if (take(cur, '.') && (!take(cur, '.') || !take_last(cur, &range)))
        return false;
    *ret_range = range;
    return true;
}

static bool parse_mariadb(struct gtid_filter *filter, struct span text, struct err *err)
{
    struct cursor cur = cursor_of(text);
    bool good;

    do {
        struct gtid_filter_range range;

        good = take_range(&cur, &range);
        if (good) {
            filter->ranges =
                mem_realloc(filter->ranges, (filter->count + 1) * sizeof *filter->ranges);
            filter->ranges[filter->count++] = range;
        }
    } while (good && take(&cur, ','));
    if (good && cursor_end(&cur))
        return true;
    return err_set(err, E_USAGE, 0,
                   "expected a MySQL set such as UUID:1-5 or MariaDB GTIDs such as 0-1-5,0-1-7..9, "
                   "found '%.*s'",
                   (int)(text.len < 100 ? text.len : 100), (const char *)text.data);
}

bool gtid_filter_parse(struct gtid_filter *filter, struct span text, struct err *err)
{
    struct gtid_filter made = {.mariadb = !text.len || !memchr(text.data, ':', text.len)};
    bool good;

    gtid_set_init(&made.set);
    good = made.mariadb ? parse_mariadb(&made, text, err) : gtid_set_parse(text, &made.set, err);
    if (!good) {
        gtid_filter_done(&made);
        return false;
    }
    gtid_filter_done(filter);
    *filter = made;
    return true;
}

bool gtid_filter_has_mysql(const struct gtid_filter *filter, const struct gtid *gtid)
{
    return !filter->mariadb && gtid->number > 0 &&
           gtid_set_has(&filter->set, &gtid->uuid, gtid->tag, gtid->number);
}

bool gtid_filter_has_mariadb(const struct gtid_filter *filter, struct gtid_mariadb gtid)
{
    for (size_t i = 0; i < filter->count; i++) {
        const struct gtid_filter_range *range = &filter->ranges[i];

        if (range->domain == gtid.domain &&
            (range->any_server || range->server_id == gtid.server_id) &&
            gtid.sequence >= range->first && gtid.sequence <= range->last)
            return true;
    }
    return false;
}
