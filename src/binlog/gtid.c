#include "binlog/gtid.h"

#include "binlog/varint.h"

#define CLOCK_TYPE         2
#define TIME_ORIGINAL      (UINT64_C(1) << 55)
#define VERSION_ORIGINAL   (UINT32_C(1) << 31)
#define SERIALIZER_VERSION 1

static struct gtid_uuid read_uuid(struct cursor *cur)
{
    struct gtid_uuid uuid = {0};
    struct span bytes = cursor_bytes(cur, GTID_UUID_SIZE);

    if (bytes.len)
        memcpy(uuid.bytes, bytes.data, bytes.len);
    return uuid;
}

/* Times, transaction length, versions and ticket: each is there if the body goes on. */
static void decode_times(struct cursor *cur, struct gtid *gtid)
{
    gtid->immediate_commit_usec = cursor_le(cur, 7);
    gtid->parts |= GTID_IMMEDIATE_TIME;
    if (gtid->immediate_commit_usec & TIME_ORIGINAL) {
        gtid->immediate_commit_usec &= ~TIME_ORIGINAL;
        gtid->original_commit_usec = cursor_le(cur, 7);
        gtid->parts |= GTID_ORIGINAL_TIME;
    }
    if (cursor_left(cur) == 0)
        return;
    gtid->transaction_length = cursor_lenenc(cur);
    gtid->parts |= GTID_LENGTH;
    if (cursor_left(cur) == 0)
        return;
    gtid->immediate_version = cursor_u32(cur);
    gtid->parts |= GTID_IMMEDIATE_VERSION;
    if (gtid->immediate_version & VERSION_ORIGINAL) {
        gtid->immediate_version &= ~VERSION_ORIGINAL;
        gtid->original_version = cursor_u32(cur);
        gtid->parts |= GTID_ORIGINAL_VERSION;
    }
    if (cursor_left(cur) == 0)
        return;
    gtid->ticket = cursor_u64(cur);
    gtid->parts |= GTID_TICKET;
}

static void decode_plain(struct cursor *cur, struct gtid *gtid)
{
    struct cursor before;

    gtid->flags = cursor_u8(cur);
    gtid->uuid = read_uuid(cur);
    gtid->number = (int64_t)cursor_u64(cur);
    gtid->parts = GTID_FLAGS | GTID_UUID | GTID_NUMBER;
    before = *cur;
    if (cursor_left(cur) == 0 || cursor_u8(cur) != CLOCK_TYPE) {
        /* 5.6 has no more; milestones of 5.7 had another clock. */
        gtid->unknown = cursor_rest(&before);
        cur->rest = before.rest;
        return;
    }
    gtid->last_committed = (int64_t)cursor_u64(cur);
    gtid->sequence_number = (int64_t)cursor_u64(cur);
    gtid->parts |= GTID_LAST_COMMITTED | GTID_SEQUENCE;
    if (cursor_left(cur) > 0)
        decode_times(cur, gtid);
    gtid->unknown = cursor_rest(cur);
}

static void decode_field(struct cursor *cur, uint64_t field, struct gtid *gtid)
{
    switch ((enum gtid_part)(1u << field)) {
    case GTID_FLAGS:
        gtid->flags = (uint8_t)cursor_varint(cur);
        break;
    case GTID_UUID:
        for (size_t i = 0; i < GTID_UUID_SIZE; i++)
            gtid->uuid.bytes[i] = (uint8_t)cursor_varint(cur);
        break;
    case GTID_NUMBER:
        gtid->number = cursor_varint_signed(cur);
        break;
    case GTID_TAG: {
        uint64_t length = cursor_varint(cur);

        gtid->tag = cursor_bytes(cur, length < SIZE_MAX ? (size_t)length : SIZE_MAX);
        break;
    }
    case GTID_LAST_COMMITTED:
        gtid->last_committed = cursor_varint_signed(cur);
        break;
    case GTID_SEQUENCE:
        gtid->sequence_number = cursor_varint_signed(cur);
        break;
    case GTID_IMMEDIATE_TIME:
        gtid->immediate_commit_usec = cursor_varint(cur);
        break;
    case GTID_ORIGINAL_TIME:
        gtid->original_commit_usec = cursor_varint(cur);
        break;
    case GTID_LENGTH:
        gtid->transaction_length = cursor_varint(cur);
        break;
    case GTID_IMMEDIATE_VERSION:
        gtid->immediate_version = (uint32_t)cursor_varint(cur);
        break;
    case GTID_ORIGINAL_VERSION:
        gtid->original_version = (uint32_t)cursor_varint(cur);
        break;
    case GTID_TICKET:
        gtid->ticket = cursor_varint(cur);
        break;
    }
}

static bool decode_tagged(struct cursor *cur, size_t size, struct gtid *gtid, struct err *err)
{
    uint64_t version = cursor_varint(cur);
    uint64_t stored_size = cursor_varint(cur);
    uint64_t last_required = cursor_varint(cur);
    uint64_t next = 0;

    if (!cursor_ok(cur))
        return true; /* the caller reports it */
    if (version != SERIALIZER_VERSION || stored_size != size)
        return err_set(
            err, E_PROTO, 0, "Gtid_tagged event: version %llu and size %llu, expected %d and %zu",
            (unsigned long long)version, (unsigned long long)stored_size, SERIALIZER_VERSION, size);
    if (last_required > GTID_FIELDS)
        return err_set(err, E_STATE, 0,
                       "Gtid_tagged event: needs to know field %llu, known are fewer than %d",
                       (unsigned long long)last_required - 1, GTID_FIELDS);
    gtid->last_required_field = (uint8_t)last_required;
    while (cursor_left(cur) > 0) {
        struct cursor before = *cur;
        uint64_t field = cursor_varint(cur);

        if (field >= GTID_FIELDS) {
            gtid->unknown = cursor_rest(&before);
            cur->rest = before.rest;
            break;
        }
        if (field < next)
            return err_set(err, E_PROTO, 0, "Gtid_tagged event: field %llu after field %llu",
                           (unsigned long long)field, (unsigned long long)next - 1);
        decode_field(cur, field, gtid);
        gtid->parts |= 1u << field;
        next = field + 1;
    }
    return true;
}

bool gtid_decode(struct span body, uint8_t type, struct gtid *ret_gtid, struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct gtid gtid = {.type = type};

    if (type != EVENT_GTID_TAGGED)
        decode_plain(&cur, &gtid);
    else if (!decode_tagged(&cur, body.len, &gtid, err))
        return false;
    if (!event_body_end(&cur, type, body, err))
        return false;
    if (!(gtid.parts & GTID_ORIGINAL_TIME))
        gtid.original_commit_usec = gtid.immediate_commit_usec;
    if (!(gtid.parts & GTID_ORIGINAL_VERSION))
        gtid.original_version = gtid.immediate_version;
    if (type == EVENT_ANONYMOUS_GTID ? gtid.number != 0
                                     : gtid.number < 1 || gtid.number > GTID_NUMBER_LAST)
        return err_set(err, E_PROTO, 0, "%s event: number %lld", event_type_name(type),
                       (long long)gtid.number);
    if (!gtid_tag_valid(gtid.tag))
        return err_set(err, E_PROTO, 0, "%s event: tag of %zu bytes is not a name of up to %d",
                       event_type_name(type), gtid.tag.len, GTID_TAG_MAX);
    *ret_gtid = gtid;
    return true;
}

static void encode_plain(struct buf *buf, const struct gtid *gtid)
{
    uint32_t parts = gtid->parts;

    buf_u8(buf, gtid->flags);
    buf_bytes(buf, span_of(gtid->uuid.bytes, GTID_UUID_SIZE));
    buf_u64(buf, (uint64_t)gtid->number);
    if (parts & GTID_SEQUENCE) {
        buf_u8(buf, CLOCK_TYPE);
        buf_u64(buf, (uint64_t)gtid->last_committed);
        buf_u64(buf, (uint64_t)gtid->sequence_number);
    }
    if (parts & GTID_IMMEDIATE_TIME)
        buf_le(buf, gtid->immediate_commit_usec | (parts & GTID_ORIGINAL_TIME ? TIME_ORIGINAL : 0),
               7);
    if (parts & GTID_ORIGINAL_TIME)
        buf_le(buf, gtid->original_commit_usec, 7);
    if (parts & GTID_LENGTH)
        buf_lenenc(buf, gtid->transaction_length);
    if (parts & GTID_IMMEDIATE_VERSION)
        buf_u32(buf,
                gtid->immediate_version | (parts & GTID_ORIGINAL_VERSION ? VERSION_ORIGINAL : 0));
    if (parts & GTID_ORIGINAL_VERSION)
        buf_u32(buf, gtid->original_version);
    if (parts & GTID_TICKET)
        buf_u64(buf, gtid->ticket);
    buf_bytes(buf, gtid->unknown);
}

static void encode_field(struct buf *buf, enum gtid_part part, const struct gtid *gtid)
{
    switch (part) {
    case GTID_FLAGS:
        buf_varint(buf, gtid->flags);
        break;
    case GTID_UUID:
        for (size_t i = 0; i < GTID_UUID_SIZE; i++)
            buf_varint(buf, gtid->uuid.bytes[i]);
        break;
    case GTID_NUMBER:
        buf_varint_signed(buf, gtid->number);
        break;
    case GTID_TAG:
        buf_varint(buf, gtid->tag.len);
        buf_bytes(buf, gtid->tag);
        break;
    case GTID_LAST_COMMITTED:
        buf_varint_signed(buf, gtid->last_committed);
        break;
    case GTID_SEQUENCE:
        buf_varint_signed(buf, gtid->sequence_number);
        break;
    case GTID_IMMEDIATE_TIME:
        buf_varint(buf, gtid->immediate_commit_usec);
        break;
    case GTID_ORIGINAL_TIME:
        buf_varint(buf, gtid->original_commit_usec);
        break;
    case GTID_LENGTH:
        buf_varint(buf, gtid->transaction_length);
        break;
    case GTID_IMMEDIATE_VERSION:
        buf_varint(buf, gtid->immediate_version);
        break;
    case GTID_ORIGINAL_VERSION:
        buf_varint(buf, gtid->original_version);
        break;
    case GTID_TICKET:
        buf_varint(buf, gtid->ticket);
        break;
    }
}

static void encode_tagged(struct buf *buf, const struct gtid *gtid)
{
    struct buf fields;
    uint64_t size;

    buf_init(&fields, EVENT_LENGTH_MAX);
    buf_varint(&fields, gtid->last_required_field);
    for (uint64_t field = 0; field < GTID_FIELDS; field++) {
        if (gtid->parts & 1u << field) {
            buf_varint(&fields, field);
            encode_field(&fields, (enum gtid_part)(1u << field), gtid);
        }
    }
    buf_bytes(&fields, gtid->unknown);
    /* The size counts all: the version's byte and its own bytes too. */
    size = fields.len + 1;
    for (size_t n = 1; n <= 9; n++) {
        if (varint_size(size + n) == n) {
            size += n;
            break;
        }
    }
    buf_varint(buf, SERIALIZER_VERSION);
    buf_varint(buf, size);
    buf_bytes(buf, buf_span(&fields));
    buf->bad |= fields.bad;
    buf_done(&fields);
}

void gtid_encode(struct buf *buf, const struct gtid *gtid)
{
    if (gtid->type == EVENT_GTID_TAGGED)
        encode_tagged(buf, gtid);
    else
        encode_plain(buf, gtid);
}

void gtid_set_transaction_length(struct gtid *gtid, uint64_t rest, size_t checksum_size)
{
    struct buf buf;
    uint64_t length = 0;

    buf_init(&buf, EVENT_LENGTH_MAX);
    /* The event grows with the number in it, by a few bytes at most, so this settles. */
    do {
        gtid->transaction_length = length;
        buf_clear(&buf);
        gtid_encode(&buf, gtid);
        length = rest + EVENT_HEADER_SIZE + buf.len + checksum_size;
    } while (length != gtid->transaction_length);
    buf_done(&buf);
}

void gtid_uuid_print(const struct gtid_uuid *uuid, char text[GTID_UUID_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < GTID_UUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[at++] = '-';
        text[at++] = digits[uuid->bytes[i] >> 4];
        text[at++] = digits[uuid->bytes[i] & 15];
    }
    text[at] = 0;
}

bool gtid_uuid_parse(struct span text, struct gtid_uuid *ret_uuid, struct err *err)
{
    struct cursor cur = cursor_of(text);
    struct gtid_uuid uuid;
    bool braces = text.len == GTID_UUID_TEXT + 2;
    bool dashes = braces || text.len == GTID_UUID_TEXT;
    bool good = dashes || text.len == 2 * GTID_UUID_SIZE;

    if (braces)
        good &= cursor_u8(&cur) == '{';
    for (size_t i = 0; i < GTID_UUID_SIZE && good; i++) {
        if (dashes && (i == 4 || i == 6 || i == 8 || i == 10))
            good &= cursor_u8(&cur) == '-';
        uuid.bytes[i] = cursor_hex_byte(&cur);
    }
    if (braces)
        good &= cursor_u8(&cur) == '}';
    if (!good || !cursor_end(&cur))
        return err_set(err, E_USAGE, 0, "GTID: '%.*s' is not a UUID",
                       (int)(text.len < 50 ? text.len : 50), (const char *)text.data);
    *ret_uuid = uuid;
    return true;
}

bool gtid_tag_valid(struct span text)
{
    if (text.len > GTID_TAG_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || c == '_';

        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return true;
}
