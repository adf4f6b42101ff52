#include "binlog/json_encode.h"

#include "binlog/json_text.h"

/* How a container is laid out: bytes of a count or an offset, of a key entry, of a value entry. */
static size_t word_size(bool large)
{
    return large ? 4 : 2;
}

static size_t key_entry_size(bool large)
{
    return word_size(large) + 2;
}

static size_t value_entry_size(bool large)
{
    return 1 + word_size(large);
}

static size_t varlen_size(uint64_t length)
{
    size_t size = 1;

    while (length >>= 7)
        size++;
    return size;
}

static uint8_t type_of(const struct json_node *node)
{
    switch ((enum json_kind)node->kind) {
    case JSON_KIND_LITERAL:
        return JSON_LITERAL;
    case JSON_KIND_INT:
        if (node->i >= INT16_MIN && node->i <= INT16_MAX)
            return JSON_INT16;
        return node->i >= INT32_MIN && node->i <= INT32_MAX ? JSON_INT32 : JSON_INT64;
    case JSON_KIND_UINT:
        return JSON_UINT64;
    case JSON_KIND_DOUBLE:
        return JSON_DOUBLE;
    case JSON_KIND_STRING:
        return JSON_STRING;
    case JSON_KIND_ARRAY:
        return node->large ? JSON_LARGE_ARRAY : JSON_SMALL_ARRAY;
    case JSON_KIND_OBJECT:
        return node->large ? JSON_LARGE_OBJECT : JSON_SMALL_OBJECT;
    }
    return JSON_LITERAL;
}

/* Whether the value stands in its entry instead of an offset. */
static bool is_inline(const struct json_node *node, bool large)
{
    uint8_t type = type_of(node);

    return type == JSON_LITERAL || type == JSON_INT16 || (large && type == JSON_INT32);
}

static uint64_t scalar_size(const struct json_node *node)
{
    switch (type_of(node)) {
    case JSON_LITERAL:
        return 1;
    case JSON_INT16:
        return 2;
    case JSON_INT32:
        return 4;
    case JSON_STRING:
        return varlen_size(node->string.len) + node->string.len;
    default:
        return 8;
    }
}

static uint64_t container_size(const struct json_node *node, bool large)
{
    uint64_t size = 2 * word_size(large) + node->count * value_entry_size(large);

    if (node->kind == JSON_KIND_OBJECT)
        size += node->count * key_entry_size(large);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct json_member *member = &node->members[i];

        size += member->key.len;
        size += is_inline(&member->node, large) ? 0 : member->node.encoded;
    }
    return size;
}

/* Chooses the forms from the innermost container on; as deep as the parser went. */
static bool measure(struct json_node *node, struct err *err)
{
    if (node->kind != JSON_KIND_ARRAY && node->kind != JSON_KIND_OBJECT) {
        node->encoded = scalar_size(node);
        return true;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->members[i].key.len > UINT16_MAX)
            return err_set(err, E_LIMIT, 0, "JSON text: a key of %zu bytes, at most %d can be",
                           node->members[i].key.len, UINT16_MAX);
        if (!measure(&node->members[i].node, err))
            return false;
    }
    node->encoded = container_size(node, false);
    node->large = node->encoded > UINT16_MAX;
    if (node->large)
        node->encoded = container_size(node, true);
    if (node->encoded > UINT32_MAX)
        return err_set(err, E_LIMIT, 0, "JSON text: %llu bytes in binary form, more than 4 GB",
                       (unsigned long long)node->encoded);
    return true;
}

static void write_node(struct buf *buf, const struct json_node *node);

static void write_string(struct buf *buf, struct span string)
{
    uint64_t length = string.len;

    for (; length > 0x7f; length >>= 7)
        buf_u8(buf, (uint8_t)(length | 0x80));
    buf_u8(buf, (uint8_t)length);
    buf_bytes(buf, string);
}

static void write_container(struct buf *buf, const struct json_node *node)
{
    size_t word = word_size(node->large);
    uint64_t offset = 2 * word + node->count * value_entry_size(node->large);

    buf_le(buf, node->count, word);
    buf_le(buf, node->encoded, word);
    if (node->kind == JSON_KIND_OBJECT) {
        offset += node->count * key_entry_size(node->large);
        for (uint32_t i = 0; i < node->count; i++) {
            buf_le(buf, offset, word);
            buf_u16(buf, (uint16_t)node->members[i].key.len);
            offset += node->members[i].key.len;
        }
    }
    for (uint32_t i = 0; i < node->count; i++) {
        const struct json_node *member = &node->members[i].node;

        buf_u8(buf, type_of(member));
        if (is_inline(member, node->large)) {
            buf_le(buf, member->kind == JSON_KIND_LITERAL ? member->literal : member->u, word);
        } else {
            buf_le(buf, offset, word);
            offset += member->encoded;
        }
    }
    for (uint32_t i = 0; i < node->count; i++)
        buf_bytes(buf, node->members[i].key);
    for (uint32_t i = 0; i < node->count; i++) {
        if (!is_inline(&node->members[i].node, node->large))
            write_node(buf, &node->members[i].node);
    }
}

static void write_node(struct buf *buf, const struct json_node *node)
{
    uint64_t bits;

    switch ((enum json_kind)node->kind) {
    case JSON_KIND_LITERAL:
        buf_u8(buf, node->literal);
        break;
    case JSON_KIND_INT:
    case JSON_KIND_UINT:
        buf_le(buf, node->u, node->encoded);
        break;
    case JSON_KIND_DOUBLE:
        memcpy(&bits, &node->d, sizeof bits);
        buf_u64(buf, bits);
        break;
    case JSON_KIND_STRING:
        write_string(buf, node->string);
        break;
    case JSON_KIND_ARRAY:
    case JSON_KIND_OBJECT:
        write_container(buf, node);
        break;
    }
}

bool json_encode_text(struct buf *buf, struct span bytes, struct err *err)
{
    struct json_text *text = NULL;
    struct json_node *root = NULL;
    size_t start = buf->len;
    bool good = json_text_parse(bytes, &text, &root, err) && measure(root, err);

    if (good && !buf_room(buf, 1 + root->encoded))
        good = err_set(err, E_LIMIT, 0, "JSON text: %llu bytes in binary form, limit %zu",
                       (unsigned long long)root->encoded + 1, buf->max);
    if (good) {
        buf_u8(buf, type_of(root));
        write_node(buf, root);
    } else {
        buf->len = start;
    }
    json_text_free(text);
    return good;
}
