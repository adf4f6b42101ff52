/*
 * Fuzz target: what a log keeps beside its files: manifest, holds, origins, the head and records of
 * a side index, the head and blocks of an offset map. The first byte says which; a checksum that
 * does not fit is made to fit, or nothing behind it would ever be reached. Input for an index:
 * records follow its head.
 */
#include "base/mem.h"
#include "log/hold.h"
#include "log/index.h"
#include "log/manifest.h"
#include "log/offset_map.h"
#include "translation/gtid_origins.h"

#include <libdeflate.h>
#include <stdlib.h>

#define OUT_MAX ((size_t)1 << 22)
#define CRC     4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* The text with its last line replaced by the right checksum. */
static void seal(struct buf *text, struct span input)
{
    buf_bytes(text, input);
    buf_u8(text, '\n');
    buf_printf(text, "crc32=%08x\n", libdeflate_crc32(0, text->data, text->len));
}

static void run_manifest(struct span text)
{
    struct manifest manifest;
    struct manifest again;
    struct buf out;
    struct err err;

    if (!manifest_decode(text, &manifest, &err))
        return;
    buf_init(&out, OUT_MAX);
    manifest_encode(&out, &manifest);
    require(manifest_decode(buf_span(&out), &again, &err));
    require(memcmp(&manifest, &again, sizeof manifest) == 0);
    buf_done(&out);
}

static void run_holds(struct span text)
{
    struct log_holds holds = {0};
    struct log_holds again = {0};
    struct buf out;
    struct err err;

    buf_init(&out, OUT_MAX);
    if (log_holds_decode(text, &holds, &err)) {
        log_holds_encode(&out, &holds);
        require(log_holds_decode(buf_span(&out), &again, &err));
        require(again.count == holds.count);
    }
    log_holds_done(&holds);
    log_holds_done(&again);
    buf_done(&out);
}

static void check_record(const struct index_record *record, struct span bytes, uint32_t salt)
{
    struct index_record again;
    struct buf out;

    buf_init(&out, OUT_MAX);
    index_record_encode(&out, record, salt, 3);
    require(index_record_decode(buf_span(&out), salt, 3, &again));
    require(memcmp(record, &again, sizeof again) == 0);
    require(out.len == bytes.len);
    buf_done(&out);
}

static void run_record(struct span bytes)
{
    static const uint8_t place[12] = {7, 0, 0, 0, 3}; /* salt 7, number 3 */
    struct index_record record = {0};
    struct buf made;

    if (bytes.len < INDEX_RECORD_SIZE - CRC)
        return;
    buf_init(&made, OUT_MAX);
    buf_bytes(&made, span_of(bytes.data, INDEX_RECORD_SIZE - CRC));
    buf_u32(&made, libdeflate_crc32(libdeflate_crc32(0, place, sizeof place), made.data, made.len));
    if (index_record_decode(buf_span(&made), 7, 3, &record))
        check_record(&record, buf_span(&made), 7);
    buf_done(&made);
}

/* The size and the checksum are put right. */
static void run_head(struct span bytes)
{
    struct index_head head;
    struct index_head again;
    struct buf made;
    struct buf out;
    struct err err;
    size_t size;

    if (bytes.len < INDEX_PREFIX_SIZE)
        return;
    buf_init(&made, OUT_MAX);
    buf_init(&out, OUT_MAX);
    buf_bytes(&made, bytes);
    buf_patch_le(&made, 12, bytes.len + CRC, 4);
    buf_u32(&made, libdeflate_crc32(0, made.data, made.len));
    if (index_head_size(buf_span(&made), &size, &err) &&
        index_head_decode(buf_span(&made), &head, &err)) {
        index_head_encode(&out, &head);
        require(span_eq(buf_span(&out), buf_span(&made)));
        require(index_head_decode(buf_span(&out), &again, &err));
    }
    buf_done(&made);
    buf_done(&out);
}

/* What comes of it answers without a doubt, and is kept as the same bytes. */
static void run_origins(struct span bytes)
{
    struct gtid_origins *origins;
    struct gtid_origin origin;
    struct gtid_set set;
    struct span name;
    struct buf out;
    struct err err;
    uint64_t offset;
    uint64_t first;
    uint64_t last;

    if (!gtid_origins_decode(bytes, &origins, &name, &offset, &err))
        return;
    gtid_set_init(&set);
    buf_init(&out, OUT_MAX);
    gtid_origins_encode(&out, origins, name, offset);
    gtid_origins_free(origins);
    require(buf_ok(&out) && gtid_origins_decode(buf_span(&out), &origins, &name, &offset, &err));
    gtid_origins_bounds(origins, &first, &last);
    require(!gtid_origins_find(origins, last + 1, &origin));
    if (gtid_origins_executed(origins, last, &set))
        require(first > last || gtid_origins_held(origins, first, last, &set) ||
                !gtid_origins_executed(origins, first, &set));
    gtid_set_done(&set);
    gtid_origins_free(origins);
    buf_done(&out);
}

static void seal_origins(struct span input)
{
    struct buf made;

    buf_init(&made, OUT_MAX);
    buf_bytes(&made, input);
    buf_u32(&made, libdeflate_crc32(0, made.data, made.len));
    run_origins(buf_span(&made));
    buf_done(&made);
}

/* With a checksum that fits behind it. */
static void run_map_head(struct span bytes)
{
    struct offset_map_head head;
    struct cursor cur;
    struct buf made;
    struct buf out;
    struct err err;

    buf_init(&made, OUT_MAX);
    buf_init(&out, OUT_MAX);
    buf_bytes(&made, bytes);
    buf_u32(&made, libdeflate_crc32(0, bytes.data, bytes.len));
    cur = cursor_of(buf_span(&made));
    if (offset_map_head_decode(&cur, &head, &err)) {
        offset_map_head_encode(&out, &head);
        require(out.len == made.len - cursor_left(&cur));
        require(memcmp(out.data, made.data, out.len) == 0);
    }
    buf_done(&made);
    buf_done(&out);
}

/* As entries of a block that is whole. */
static void run_map_block(struct span bytes)
{
    static const uint8_t place[24] = {7}; /* salt 7, behind nothing */
    struct offset_pair from = {0};
    struct offset_pair at = from;
    struct cursor entries;
    struct cursor cur;
    struct buf made;

    buf_init(&made, OUT_MAX);
    buf_u32(&made, (uint32_t)bytes.len);
    buf_bytes(&made, bytes);
    buf_u32(&made, libdeflate_crc32(libdeflate_crc32(0, place, sizeof place), made.data, made.len));
    cur = cursor_of(buf_span(&made));
    if (offset_map_block_decode(&cur, 7, from, &entries)) {
        require(cursor_left(&cur) == 0);
        while (offset_map_entry(&entries, &at)) {
            require(at.view >= from.view && at.source >= from.source);
            from = at;
        }
    }
    buf_done(&made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cur = cursor_of(span_of(data, size));
    uint8_t which = cursor_u8(&cur);
    struct span input = cursor_rest(&cur);
    struct buf sealed;
    struct err err;
    struct index_head head;
    struct index_record record;
    struct offset_map_head map_head;

    if (size == 0 || size > OUT_MAX / 2)
        return 0;
    buf_init(&sealed, OUT_MAX);
    seal(&sealed, input);
    switch (which % 7) {
    case 0:
        run_manifest(input);
        run_manifest(buf_span(&sealed));
        break;
    case 1:
        run_holds(input);
        run_holds(buf_span(&sealed));
        break;
    case 2:
        run_head(input);
        if (index_head_decode(input, &head, &err))
            require(head.start >= LOG_FIRST_OFFSET);
        break;
    case 3:
        run_map_head(input);
        cur = cursor_of(input);
        (void)!offset_map_head_decode(&cur, &map_head, &err);
        break;
    case 4:
        run_map_block(input);
        break;
    case 5:
        run_origins(input);
        seal_origins(input);
        break;
    default:
        run_record(input);
        (void)!index_record_decode(input, 7, 3, &record);
        break;
    }
    buf_done(&sealed);
    return 0;
}
