#include "binlog/gtid_mariadb.h"

#include "base/mem.h"

#define LIST_ITEM_SIZE 16
#define LIST_EMPTY_PAD 2
#define XA_FLAGS       (GTID_MARIADB_PREPARED_XA | GTID_MARIADB_COMPLETED_XA)
#define ALTER_ENDS     (GTID_MARIADB_EXTRA_COMMIT_ALTER | GTID_MARIADB_EXTRA_ROLLBACK_ALTER)

static void decode_xa(struct cursor *cur, struct xa_name *name)
{
    uint8_t gtrid_length;
    uint8_t bqual_length;

    name->format_id = cursor_u32(cur);
    gtrid_length = cursor_u8(cur);
    bqual_length = cursor_u8(cur);
    name->gtrid = cursor_bytes(cur, gtrid_length);
    name->bqual = cursor_bytes(cur, bqual_length);
}

bool gtid_mariadb_decode(struct span body, struct gtid_mariadb_event *ret, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct gtid_mariadb_event event = {0};

    event.sequence = cursor_u64(&cur);
    event.domain = cursor_u32(&cur);
    event.flags = cursor_u8(&cur);
    if (event.flags & GTID_MARIADB_GROUP_COMMIT)
        event.commit_id = cursor_u64(&cur);
    if (event.flags & XA_FLAGS)
        decode_xa(&cur, &event.xa);
    event.has_extra = cursor_left(&cur) > 0;
    if (event.has_extra)
        event.extra_flags = cursor_u8(&cur);
    if (event.extra_flags & GTID_MARIADB_EXTRA_MULTI_ENGINE)
        event.extra_engines = cursor_u8(&cur);
    if (event.extra_flags & ALTER_ENDS)
        event.alter_sequence = cursor_u64(&cur);
    if (event.extra_flags & GTID_MARIADB_EXTRA_THREAD_ID)
        event.thread_id = cursor_u32(&cur);
    event.padding = cursor_rest(&cur);
    if (!event_body_end(&cur, EVENT_MARIADB_GTID, body, err) ||
        !xa_name_check(&event.xa, EVENT_MARIADB_GTID, err))
        return false;
    *ret = event;
    return true;
}

void gtid_mariadb_encode(struct buf *buf, const struct gtid_mariadb_event *event)
{
    buf_u64(buf, event->sequence);
    buf_u32(buf, event->domain);
    buf_u8(buf, event->flags);
    if (event->flags & GTID_MARIADB_GROUP_COMMIT)
        buf_u64(buf, event->commit_id);
    if (event->flags & XA_FLAGS) {
        buf_u32(buf, event->xa.format_id);
        buf_u8(buf, (uint8_t)event->xa.gtrid.len);
        buf_u8(buf, (uint8_t)event->xa.bqual.len);
        buf_bytes(buf, event->xa.gtrid);
        buf_bytes(buf, event->xa.bqual);
    }
    if (event->has_extra)
        buf_u8(buf, event->extra_flags);
    if (event->extra_flags & GTID_MARIADB_EXTRA_MULTI_ENGINE)
        buf_u8(buf, event->extra_engines);
    if (event->extra_flags & ALTER_ENDS)
        buf_u64(buf, event->alter_sequence);
    if (event->extra_flags & GTID_MARIADB_EXTRA_THREAD_ID)
        buf_u32(buf, event->thread_id);
    buf_bytes(buf, event->padding);
}

void gtid_list_init(struct gtid_list *list)
{
    *list = (struct gtid_list){0};
}

void gtid_list_done(struct gtid_list *list)
{
    if (!list)
        return;
    mem_free(list->items);
    gtid_list_init(list);
}

void gtid_list_append(struct gtid_list *list, struct gtid_mariadb gtid)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 4;
        list->items = mem_realloc(list->items, list->cap * sizeof *list->items);
    }
    list->items[list->count++] = gtid;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(struct cursor *cur)
{
    while (cursor_left(cur) > 0 && is_space(cur->rest.data[0]))
        cursor_skip(cur, 1);
}

static bool parse_number(struct cursor *cur, uint64_t max, uint64_t *ret)
{
    uint64_t number = 0;
    size_t digits = 0;

    while (cursor_left(cur) > 0 && cur->rest.data[0] >= '0' && cur->rest.data[0] <= '9') {
        uint64_t digit = cursor_u8(cur) - (uint64_t)'0';

        if (number > max / 10 || number * 10 > max - digit)
            return false;
        number = number * 10 + digit;
        digits++;
    }
    *ret = number;
    return digits > 0;
}

static bool parse_one(struct cursor *cur, struct gtid_mariadb *ret)
{
    uint64_t domain;
    uint64_t server_id;
    uint64_t sequence;

    skip_space(cur);
    if (!parse_number(cur, UINT32_MAX, &domain) || cursor_u8(cur) != '-' ||
        !parse_number(cur, UINT32_MAX, &server_id) || cursor_u8(cur) != '-' ||
        !parse_number(cur, UINT64_MAX, &sequence))
        return false;
    skip_space(cur);
    *ret = (struct gtid_mariadb){sequence, (uint32_t)domain, (uint32_t)server_id};
    return true;
}

bool gtid_list_parse(struct span text, struct gtid_list *list, struct err *err)
{
    struct cursor cur = cursor_of(text);
    struct gtid_list made;
    bool good = true;

    gtid_list_init(&made);
    skip_space(&cur);
    while (good && cursor_left(&cur) > 0) {
        struct gtid_mariadb gtid;

        good = parse_one(&cur, &gtid);
        if (good)
            gtid_list_append(&made, gtid);
        /* A comma must be followed by another one. */
        if (good && cursor_left(&cur) > 0)
            good = cursor_u8(&cur) == ',' && cursor_left(&cur) > 0;
    }
    if (!good) {
        gtid_list_done(&made);
        return err_set(err, E_USAGE, 0,
                       "GTID position: '%.*s', expected domain-server-sequence and commas",
                       (int)(text.len < 100 ? text.len : 100), (const char *)text.data);
    }
    gtid_list_done(list);
    *list = made;
    return true;
}

void gtid_list_print(struct buf *buf, const struct gtid_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        buf_printf(buf, "%s%u-%u-%llu", i ? "," : "", list->items[i].domain,
                   list->items[i].server_id, (unsigned long long)list->items[i].sequence);
}

bool gtid_list_decode(struct span body, struct gtid_list *list, struct err *err)
{
    struct cursor cur = cursor_of(body);
    uint32_t head = cursor_u32(&cur);
    uint32_t count = head & GTID_LIST_COUNT_MASK;
    struct gtid_list made;

    if (!event_body_ok(&cur, EVENT_MARIADB_GTID_LIST, body, err))
        return false;
    if (count == 0 && cursor_left(&cur) == LIST_EMPTY_PAD)
        cursor_skip(&cur, LIST_EMPTY_PAD);
    if (cursor_left(&cur) != (size_t)count * LIST_ITEM_SIZE)
        return err_set(err, E_PROTO, 0, "Gtid_list event: %u GTIDs in %zu bytes", count,
                       cursor_left(&cur));
    gtid_list_init(&made);
    made.flags = head & ~GTID_LIST_COUNT_MASK;
    for (uint32_t i = 0; i < count; i++) {
        struct gtid_mariadb gtid;

        gtid.domain = cursor_u32(&cur);
        gtid.server_id = cursor_u32(&cur);
        gtid.sequence = cursor_u64(&cur);
        gtid_list_append(&made, gtid);
    }
    gtid_list_done(list);
    *list = made;
    return true;
}

void gtid_list_encode(struct buf *buf, const struct gtid_list *list)
{
    if (list->count > GTID_LIST_COUNT_MASK)
        buf->bad = true;
    buf_u32(buf, (uint32_t)list->count | list->flags);
    if (list->count == 0)
        buf_le(buf, 0, LIST_EMPTY_PAD);
    for (size_t i = 0; i < list->count; i++) {
        buf_u32(buf, list->items[i].domain);
        buf_u32(buf, list->items[i].server_id);
        buf_u64(buf, list->items[i].sequence);
    }
}

const struct gtid_mariadb *gtid_list_find(const struct gtid_list *list, uint32_t domain)
{
    for (size_t i = list->count; i > 0; i--) {
        if (list->items[i - 1].domain == domain)
            return &list->items[i - 1];
    }
    return NULL;
}

static void remove_at(struct gtid_list *list, size_t at)
{
    memmove(list->items + at, list->items + at + 1, (list->count - at - 1) * sizeof *list->items);
    list->count--;
}

static void insert_at(struct gtid_list *list, size_t at, struct gtid_mariadb gtid)
{
    gtid_list_append(list, gtid);
    memmove(list->items + at + 1, list->items + at, (list->count - 1 - at) * sizeof *list->items);
    list->items[at] = gtid;
}

void gtid_list_set_position(struct gtid_list *list, struct gtid_mariadb gtid)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].domain == gtid.domain) {
            list->items[i] = gtid;
            return;
        }
    }
    gtid_list_append(list, gtid);
}

void gtid_list_set_state(struct gtid_list *list, struct gtid_mariadb gtid)
{
    size_t after = list->count; /* where the domain's entries end */

    for (size_t i = list->count; i > 0; i--) {
        if (list->items[i - 1].domain != gtid.domain)
            continue;
        if (after == list->count)
            after = i;
        if (list->items[i - 1].server_id == gtid.server_id) {
            remove_at(list, i - 1);
            after--;
            break;
        }
    }
    insert_at(list, after, gtid);
}

bool gtid_list_reached(const struct gtid_list *position, struct gtid_mariadb gtid)
{
    const struct gtid_mariadb *found = gtid_list_find(position, gtid.domain);

    return found && found->sequence >= gtid.sequence;
}

bool gtid_list_contains(const struct gtid_list *position, const struct gtid_list *other)
{
    for (size_t i = 0; i < other->count; i++) {
        if (!gtid_list_reached(position, other->items[i]))
            return false;
    }
    return true;
}

void gtid_list_union(struct gtid_list *position, const struct gtid_list *other)
{
    for (size_t i = 0; i < other->count; i++) {
        if (!gtid_list_reached(position, other->items[i]))
            gtid_list_set_position(position, other->items[i]);
    }
}

/* The entry of a domain that stands `nth` among its own; NULL past them. */
static const struct gtid_mariadb *nth_of_domain(const struct gtid_list *list, uint32_t domain,
                                                size_t nth)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].domain == domain && nth-- == 0)
            return &list->items[i];
    }
    return NULL;
}

bool gtid_list_equal(const struct gtid_list *a, const struct gtid_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct gtid_mariadb *item = &a->items[i];
        const struct gtid_mariadb *other;
        size_t nth = 0;

        for (size_t j = 0; j < i; j++)
            nth += a->items[j].domain == item->domain;
        other = nth_of_domain(b, item->domain, nth);
        if (!other || other->server_id != item->server_id || other->sequence != item->sequence)
            return false;
    }
    return true;
}
