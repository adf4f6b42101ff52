#include "log/offset_map.h"

#include <libdeflate.h>

#define MAGIC       "BorOfMap"
#define MAGIC_SIZE  8
#define CRC_SIZE    4
#define ENTRY_MAX   18 /* bytes: two length-encoded integers */
#define ENTRIES_MAX (OFFSET_MAP_BLOCK_MAX - 4 - CRC_SIZE)

/* ---- The head ---- */

void offset_map_head_encode(struct buf *buf, const struct offset_map_head *head)
{
    size_t start = buf->len;

    buf_str(buf, MAGIC);
    buf_u16(buf, OFFSET_MAP_VERSION);
    buf_u32(buf, head->salt);
    buf_u64(buf, head->first.view);
    buf_u64(buf, head->first.source);
    buf_u8(buf, (uint8_t)strlen(head->name));
    buf_str(buf, head->name);
    buf_u8(buf, (uint8_t)strlen(head->view));
    buf_str(buf, head->view);
    if (!buf->bad)
        buf_u32(buf, libdeflate_crc32(0, buf->data + start, buf->len - start));
}

static bool take_name(struct cursor *cur, struct offset_map_head *head)
{
    struct span name = cursor_bytes(cur, cursor_u8(cur));
    struct span view = cursor_bytes(cur, cursor_u8(cur));
    struct err bad;

    if (!cursor_ok(cur) || view.len > OFFSET_MAP_VIEW_MAX ||
        (view.len > 0 && memchr(view.data, '\0', view.len)) ||
        !log_name_check(name, head->name, &bad))
        return false;
    if (view.len > 0)
        memcpy(head->view, view.data, view.len);
    return true;
}

bool offset_map_head_decode(struct cursor *cur, struct offset_map_head *ret_head, struct err *err)
{
    struct cursor at = *cur;
    struct offset_map_head head = {.salt = 0};
    struct span magic = cursor_bytes(&at, MAGIC_SIZE);
    uint16_t version = cursor_u16(&at);
    uint32_t crc;
    bool good;

    if (!cursor_ok(&at) || !span_eq(magic, span_str(MAGIC)))
        return err_set(err, E_PROTO, 0, "not an offset map: does not start with '%s'", MAGIC);
    if (version != OFFSET_MAP_VERSION)
        return err_set(err, E_STATE, 0,
                       "offset map of format version %u, expected %u: made by another version of "
                       "borealis",
                       version, OFFSET_MAP_VERSION);
    head.salt = cursor_u32(&at);
    head.first.view = cursor_u64(&at);
    head.first.source = cursor_u64(&at);
    good = take_name(&at, &head);
    crc = libdeflate_crc32(0, cur->rest.data, cur->rest.len - cursor_left(&at));
    if (!good || cursor_u32(&at) != crc || !cursor_ok(&at))
        return err_set(err, E_PROTO, 0, "offset map: its head is damaged");
    *cur = at;
    *ret_head = head;
    return true;
}

/* ---- Blocks ---- */

/* Over where the block stands, too, so that one that moved does not count. */
static uint32_t block_crc(uint32_t salt, struct offset_pair from, struct span bytes)
{
    uint64_t place[] = {htole64(salt), htole64(from.view), htole64(from.source)};

    return libdeflate_crc32(libdeflate_crc32(0, place, sizeof place), bytes.data, bytes.len);
}

size_t offset_map_block_encode(struct buf *buf, uint32_t salt, struct offset_pair from,
                               const struct offset_pair *pairs, size_t count)
{
    size_t start = buf->len;
    struct offset_pair at = from;
    size_t size_at;
    size_t n = 0;

    if (count == 0)
        return 0;
    size_at = buf_reserve(buf, 4);
    for (; n < count && buf->len - size_at - 4 + ENTRY_MAX <= ENTRIES_MAX; n++) {
        buf_lenenc(buf, pairs[n].view - at.view);
        buf_lenenc(buf, pairs[n].source - at.source);
        at = pairs[n];
    }
    if (buf->bad)
        return n;
    buf_patch_le(buf, size_at, buf->len - size_at - 4, 4);
    buf_u32(buf, block_crc(salt, from, span_of(buf->data + start, buf->len - start)));
    return n;
}

bool offset_map_block_decode(struct cursor *cur, uint32_t salt, struct offset_pair from,
                             struct cursor *ret_entries)
{
    struct cursor at = *cur;
    uint32_t size = cursor_u32(&at);
    struct span entries;
    struct span bytes;

    if (!cursor_ok(&at) || size == 0 || size > ENTRIES_MAX)
        return false;
    entries = cursor_bytes(&at, size);
    bytes = span_of(cur->rest.data, 4 + entries.len);
    if (cursor_u32(&at) != block_crc(salt, from, bytes) || !cursor_ok(&at))
        return false;
    *cur = at;
    *ret_entries = cursor_of(entries);
    return true;
}

bool offset_map_entry(struct cursor *entries, struct offset_pair *at)
{
    uint64_t view;
    uint64_t source;

    if (cursor_left(entries) == 0)
        return false;
    view = cursor_lenenc(entries);
    source = cursor_lenenc(entries);
    if (!cursor_ok(entries) || view > UINT64_MAX - at->view || source > UINT64_MAX - at->source)
        return false;
    at->view += view;
    at->source += source;
    return true;
}
