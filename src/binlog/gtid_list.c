#include "binlog/gtid_list.h"

#include "base/mem.h"

#include <stdlib.h>

#define LIST_ITEM_SIZE 16
#define EMPTY_PADDING  2
#define INDEX_CAP      16 /* cells, at first */

void gtid_list_init(struct gtid_list *list)
{
    *list = (struct gtid_list){0};
}

void gtid_list_done(struct gtid_list *list)
{
    if (!list)
        return;
    mem_free(list->items);
    mem_free(list->by_domain.cells);
    mem_free(list->by_server.cells);
    gtid_list_init(list);
}

/* Spreads neighbouring numbers over the whole word (splitmix64's last step). */
static uint64_t hash(uint32_t domain, uint32_t server_id)
{
    uint64_t word = (uint64_t)domain << 32 | server_id;

    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

/*
 * The cell that leads to the key's entry, or the free one where it belongs. A cell whose entry got
 * another key since leads nobody astray, because the entry itself is compared.
 */
static uint32_t *cell_of(const struct gtid_list *list, const struct gtid_index *index,
                         struct gtid_mariadb key)
{
    bool by_server = index == &list->by_server;
    size_t at = hash(key.domain, by_server ? key.server_id : 0);

    for (;; at++) {
        uint32_t *cell = &index->cells[at & (index->cap - 1)];
        const struct gtid_mariadb *item;

        if (*cell == 0)
            return cell;
        item = &list->items[*cell - 1];
        if (item->domain == key.domain && (!by_server || item->server_id == key.server_id))
            return cell;
    }
}

static void index_put(const struct gtid_list *list, struct gtid_index *index, size_t place)
{
    uint32_t *cell = cell_of(list, index, list->items[place]);

    index->used += *cell == 0;
    *cell = (uint32_t)place + 1;
}

/* Makes the index anew when it is half full: larger, or rid of cells that lead nowhere. */
static void index_add(const struct gtid_list *list, struct gtid_index *index, size_t place)
{
    if ((index->used + 1) * 2 > index->cap) {
        index->cap = index->cap ? index->cap : INDEX_CAP;
        while (index->cap < list->count * 4)
            index->cap *= 2;
        mem_free(index->cells);
        index->cells = mem_alloc(index->cap * sizeof *index->cells);
        index->used = 0;
        for (size_t i = 0; i < list->count; i++)
            index_put(list, index, i);
    }
    index_put(list, index, place);
}

void gtid_list_append(struct gtid_list *list, struct gtid_mariadb gtid)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 4;
        list->items = mem_realloc(list->items, list->cap * sizeof *list->items);
    }
    list->items[list->count++] = gtid;
    index_add(list, &list->by_domain, list->count - 1);
    index_add(list, &list->by_server, list->count - 1);
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

static bool parse_one(struct cursor *cur, struct gtid_mariadb *ret)
{
    uint64_t domain;
    uint64_t server_id;
    uint64_t sequence;

    skip_space(cur);
    if (!cursor_decimal(cur, UINT32_MAX, &domain) || cursor_u8(cur) != '-' ||
        !cursor_decimal(cur, UINT32_MAX, &server_id) || cursor_u8(cur) != '-' ||
        !cursor_decimal(cur, UINT64_MAX, &sequence))
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

static void print_items(struct buf *buf, const struct gtid_mariadb *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(buf, "%s%u-%u-%llu", i ? "," : "", items[i].domain, items[i].server_id,
                   (unsigned long long)items[i].sequence);
}

void gtid_list_print(struct buf *buf, const struct gtid_list *list)
{
    print_items(buf, list->items, list->count);
}

static int compare_gtids(const void *left, const void *right)
{
    const struct gtid_mariadb *a = left;
    const struct gtid_mariadb *b = right;

    if (a->domain != b->domain)
        return a->domain < b->domain ? -1 : 1;
    return a->sequence < b->sequence ? -1 : a->sequence > b->sequence ? 1 : 0;
}

void gtid_list_print_sorted(struct buf *buf, const struct gtid_list *list)
{
    struct gtid_mariadb *items = mem_alloc(list->count * sizeof *items);

    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
    qsort(items, list->count, sizeof *items, compare_gtids);
    print_items(buf, items, list->count);
    mem_free(items);
}

bool gtid_list_decode(struct span body, struct gtid_list *list, struct err *err)
{
    struct cursor cur = cursor_of(body);
    uint32_t head = cursor_u32(&cur);
    uint32_t count = head & GTID_LIST_COUNT_MASK;
    struct gtid_list made;

    if (!event_body_ok(&cur, EVENT_MARIADB_GTID_LIST, body, err))
        return false;
    if (count == 0 && cursor_left(&cur) == EMPTY_PADDING && cursor_u16(&cur) != 0)
        return err_set(err, E_PROTO, 0, "Gtid_list event: no GTIDs, and bytes that are not zero");
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
        (void)buf_reserve(buf, EMPTY_PADDING);
    for (size_t i = 0; i < list->count; i++) {
        buf_u32(buf, list->items[i].domain);
        buf_u32(buf, list->items[i].server_id);
        buf_u64(buf, list->items[i].sequence);
    }
}

static struct gtid_mariadb *look_up(const struct gtid_list *list, const struct gtid_index *index,
                                    struct gtid_mariadb key)
{
    uint32_t place = list->count > 0 ? *cell_of(list, index, key) : 0;

    return place ? &list->items[place - 1] : NULL;
}

const struct gtid_mariadb *gtid_list_find(const struct gtid_list *list, uint32_t domain)
{
    return look_up(list, &list->by_domain, (struct gtid_mariadb){.domain = domain});
}

const struct gtid_mariadb *gtid_list_find_server(const struct gtid_list *list, uint32_t domain,
                                                 uint32_t server_id)
{
    return look_up(list, &list->by_server,
                   (struct gtid_mariadb){.domain = domain, .server_id = server_id});
}

void gtid_list_set_position(struct gtid_list *list, struct gtid_mariadb gtid)
{
    struct gtid_mariadb *last = look_up(list, &list->by_domain, gtid);

    if (!last) {
        gtid_list_append(list, gtid);
        return;
    }
    *last = gtid;
    index_add(list, &list->by_server, (size_t)(last - list->items));
}

void gtid_list_set_state(struct gtid_list *list, struct gtid_mariadb gtid)
{
    struct gtid_mariadb *last = look_up(list, &list->by_domain, gtid);
    struct gtid_mariadb *own = look_up(list, &list->by_server, gtid);

    if (!own) {
        gtid_list_append(list, gtid);
        return;
    }
    /* The two change places, so that the domain's latest stays where its last is. */
    if (own != last) {
        uint32_t *own_cell = cell_of(list, &list->by_server, *own);
        uint32_t *last_cell = cell_of(list, &list->by_server, *last);
        uint32_t place = *own_cell;

        *own_cell = *last_cell;
        *last_cell = place;
        *own = *last;
    }
    *last = gtid;
}

bool gtid_list_is_position(const struct gtid_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (gtid_list_find(list, list->items[i].domain) != &list->items[i])
            return false;
    }
    return true;
}

bool gtid_list_reached(const struct gtid_list *position, struct gtid_mariadb gtid)
{
    const struct gtid_mariadb *found = gtid_list_find(position, gtid.domain);

    return found && found->sequence >= gtid.sequence;
}

bool gtid_list_holds(const struct gtid_list *state, struct gtid_mariadb gtid)
{
    const struct gtid_mariadb *found = look_up(state, &state->by_server, gtid);

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

void gtid_list_subtract(struct gtid_list *position, const struct gtid_list *other)
{
    struct gtid_list left;

    gtid_list_init(&left);
    left.flags = position->flags;
    for (size_t i = 0; i < position->count; i++) {
        if (!gtid_list_reached(other, position->items[i]))
            gtid_list_append(&left, position->items[i]);
    }
    gtid_list_done(position);
    *position = left;
}

/* Whether each entry of one is in the other, and its domain's latest is the same. */
static bool has_all(const struct gtid_list *list, const struct gtid_list *other)
{
    for (size_t i = 0; i < other->count; i++) {
        const struct gtid_mariadb *item = &other->items[i];
        const struct gtid_mariadb *found =
            gtid_list_find_server(list, item->domain, item->server_id);

        if (!found || found->sequence != item->sequence ||
            gtid_list_find(list, item->domain)->server_id !=
                gtid_list_find(other, item->domain)->server_id)
            return false;
    }
    return true;
}

bool gtid_list_equal(const struct gtid_list *a, const struct gtid_list *b)
{
    return a->count == b->count && has_all(a, b) && has_all(b, a);
}
