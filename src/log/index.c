#include "log/index.h"

#include <libdeflate.h>

#define MAGIC      "BorIndex"
#define MAGIC_SIZE 8
#define CRC_SIZE   4

void index_head_encode(struct buf *buf, const struct index_head *head)
{
    size_t start = buf->len;
    size_t size_at;

    buf_str(buf, MAGIC);
    buf_u16(buf, INDEX_VERSION);
    buf_u16(buf, INDEX_RECORD_SIZE);
    size_at = buf_reserve(buf, 4);
    buf_u64(buf, head->ordinal);
    buf_u64(buf, head->start);
    buf_u32(buf, head->salt);
    buf_u8(buf, (uint8_t)strlen(head->name));
    buf_str(buf, head->name);
    buf_u32(buf, (uint32_t)head->format.len);
    buf_bytes(buf, head->format);
    buf_u8(buf, (uint8_t)head->state_kind);
    buf_u32(buf, (uint32_t)head->state.len);
    buf_bytes(buf, head->state);
    if (buf->bad)
        return;
    buf_patch_le(buf, size_at, buf->len - start + CRC_SIZE, 4);
    buf_u32(buf, libdeflate_crc32(0, buf->data + start, buf->len - start));
}

/* What all versions of the format have in their places; their last bytes are the checksum. */
static bool decode_prefix(struct cursor *cur, uint16_t *ret_version, uint16_t *ret_record_size,
                          uint32_t *ret_size)
{
    struct span magic = cursor_bytes(cur, MAGIC_SIZE);

    *ret_version = cursor_u16(cur);
    *ret_record_size = cursor_u16(cur);
    *ret_size = cursor_u32(cur);
    return cursor_ok(cur) && span_eq(magic, span_str(MAGIC));
}

bool index_head_size(struct span prefix, size_t *ret_size, struct err *err)
{
    struct cursor cur = cursor_of(prefix);
    uint16_t version;
    uint16_t record_size;
    uint32_t size;

    if (!decode_prefix(&cur, &version, &record_size, &size))
        return err_set(err, E_PROTO, 0, "not a side index: does not start with '%s'", MAGIC);
    if (size < INDEX_PREFIX_SIZE + CRC_SIZE || size > INDEX_HEAD_MAX)
        return err_set(err, E_PROTO, 0, "side index: head of %u bytes", size);
    *ret_size = size;
    return true;
}

/* Of a head whose checksum is good: else another version could not be told from damage. */
static bool check_version(struct cursor *cur, struct err *err)
{
    uint16_t version;
    uint16_t record_size;
    uint32_t size;

    if (!decode_prefix(cur, &version, &record_size, &size) || version != INDEX_VERSION)
        return err_set(err, E_STATE, 0,
                       "side index of format version %u, expected %u: made by another version of "
                       "borealis",
                       version, INDEX_VERSION);
    return record_size == INDEX_RECORD_SIZE ||
           err_set(err, E_PROTO, 0, "side index: records of %u bytes, expected %d", record_size,
                   INDEX_RECORD_SIZE);
}

static bool decode_fields(struct cursor *cur, struct index_head *head)
{
    struct span name;
    uint8_t kind;
    struct err err;

    head->ordinal = cursor_u64(cur);
    head->start = cursor_u64(cur);
    head->salt = cursor_u32(cur);
    name = cursor_bytes(cur, cursor_u8(cur));
    head->format = cursor_bytes(cur, cursor_u32(cur));
    kind = cursor_u8(cur);
    head->state_kind = (enum log_state_kind)kind;
    head->state = cursor_bytes(cur, cursor_u32(cur));
    return cursor_end(cur) && kind <= LOG_STATE_MARIADB && head->start >= LOG_FIRST_OFFSET &&
           head->format.len >= EVENT_HEADER_SIZE && log_name_check(name, head->name, &err);
}

bool index_head_decode(struct span bytes, struct index_head *ret_head, struct err *err)
{
    struct cursor cur = cursor_of(bytes);
    struct index_head head;
    struct cursor body;
    size_t size;
    uint32_t crc;

    if (!index_head_size(bytes, &size, err))
        return false;
    if (bytes.len != size)
        return err_set(err, E_PROTO, 0, "side index: head of %zu bytes, found %zu", size,
                       bytes.len);
    body = cursor_of(cursor_bytes(&cur, size - CRC_SIZE));
    crc = libdeflate_crc32(0, body.rest.data, body.rest.len);
    if (cursor_u32(&cur) != crc)
        return err_set(err, E_PROTO, 0, "side index: checksum of its head is not 0x%08x", crc);
    if (!check_version(&body, err))
        return false;
    if (!decode_fields(&body, &head))
        return err_set(err, E_PROTO, 0, "side index: its head has impossible fields");
    *ret_head = head;
    return true;
}

/* Over the place of the record too, so that one that moved does not count. */
static uint32_t record_crc(struct span body, uint32_t salt, uint64_t number)
{
    uint8_t place[12];

    for (size_t i = 0; i < sizeof place; i++)
        place[i] = (uint8_t)(i < 4 ? salt >> (8 * i) : number >> (8 * (i - 4)));
    return libdeflate_crc32(libdeflate_crc32(0, place, sizeof place), body.data, body.len);
}

static void encode_block(struct buf *buf, const struct index_record *record)
{
    buf_u8(buf, record->transaction_state);
    buf_u8(buf, record->flags);
    buf_u8(buf, record->check_size);
    buf_u32(buf, record->runs);
    buf_u64(buf, record->transaction_offset);
    buf_u32(buf, record->first_timestamp);
    buf_u64(buf, record->transactions);
    buf_u64(buf, (uint64_t)record->closed_usec);
    buf_u32(buf, record->check);
}

static void encode_run(struct buf *buf, const struct index_record *record)
{
    buf_u8(buf, record->family == FORMAT_MARIADB);
    buf_u8(buf, record->tag_length);
    buf_bytes(buf, span_of(record->uuid.bytes, GTID_UUID_SIZE));
    buf_bytes(buf, span_of(record->tag, GTID_TAG_MAX));
    buf_u32(buf, record->domain);
    buf_u32(buf, record->server_id);
    buf_u64(buf, record->first);
    buf_u64(buf, record->last);
}

void index_record_encode(struct buf *buf, const struct index_record *record, uint32_t salt,
                         uint64_t number)
{
    size_t start = buf->len;

    buf_u8(buf, record->kind);
    buf_u64(buf, record->offset);
    buf_u32(buf, record->last_timestamp);
    if (record->kind == INDEX_RUN_RECORD)
        encode_run(buf, record);
    else
        encode_block(buf, record);
    (void)buf_reserve(buf, INDEX_RECORD_SIZE - CRC_SIZE - (buf->len - start));
    if (buf->bad)
        return;
    buf_u32(buf, record_crc(span_of(buf->data + start, buf->len - start), salt, number));
}

static bool decode_block(struct cursor *cur, struct index_record *record)
{
    record->transaction_state = cursor_u8(cur);
    record->flags = cursor_u8(cur);
    record->check_size = cursor_u8(cur);
    record->runs = cursor_u32(cur);
    record->transaction_offset = cursor_u64(cur);
    record->first_timestamp = cursor_u32(cur);
    record->transactions = cursor_u64(cur);
    record->closed_usec = (int64_t)cursor_u64(cur);
    record->check = cursor_u32(cur);
    return record->transaction_state <= READER_INSIDE && record->check_size <= INDEX_CHECK_MAX &&
           record->check_size <= record->offset && record->transaction_offset <= record->offset &&
           record->runs <= INDEX_RUNS_MAX;
}

static bool decode_run(struct cursor *cur, struct index_record *record)
{
    record->family = cursor_u8(cur) ? FORMAT_MARIADB : FORMAT_MYSQL;
    record->tag_length = cursor_u8(cur);
    memcpy(record->uuid.bytes, cursor_bytes(cur, GTID_UUID_SIZE).data, GTID_UUID_SIZE);
    memcpy(record->tag, cursor_bytes(cur, GTID_TAG_MAX).data, GTID_TAG_MAX);
    record->domain = cursor_u32(cur);
    record->server_id = cursor_u32(cur);
    record->first = cursor_u64(cur);
    record->last = cursor_u64(cur);
    if (record->first > record->last || record->tag_length > GTID_TAG_MAX)
        return false;
    return record->family == FORMAT_MARIADB ||
           (record->first > 0 && record->last <= (uint64_t)GTID_NUMBER_LAST &&
            gtid_tag_valid(span_of(record->tag, record->tag_length)));
}

bool index_record_decode(struct span bytes, uint32_t salt, uint64_t number,
                         struct index_record *ret_record)
{
    struct cursor whole = cursor_of(bytes);
    struct span body = cursor_bytes(&whole, INDEX_RECORD_SIZE - CRC_SIZE);
    uint32_t crc = cursor_u32(&whole);
    struct cursor cur = cursor_of(body);
    struct index_record record = {0};
    bool good;

    if (!cursor_end(&whole) || crc != record_crc(body, salt, number))
        return false;
    record.kind = cursor_u8(&cur);
    record.offset = cursor_u64(&cur);
    record.last_timestamp = cursor_u32(&cur);
    if (record.kind == INDEX_RUN_RECORD)
        good = decode_run(&cur, &record);
    else
        good = (record.kind == INDEX_BLOCK_RECORD || record.kind == INDEX_END_RECORD) &&
               decode_block(&cur, &record);
    if (good)
        *ret_record = record;
    return good;
}
