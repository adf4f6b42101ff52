#include "translation/row_keys.h"

#include "base/mem.h"
#include "binlog/charset.h"
#include "translation/collation.h"

#include <sodium.h>

#define COLLATIONS   4096 /* ids of servers are less */
#define SCRATCH_MAX  ((size_t)1 << 26)
#define TABLE_IS_KEY UINT32_MAX /* in place of a key's number */
#define FIRST_PRINT  ' '
#define LAST_PRINT   '~'

struct row_keys {
    const struct key_table *table;
    const struct table_map *map;
    struct buf scratch;
    uint8_t collations[2][COLLATIONS]; /* enum key_collation and 1, by family and id; 0: not yet */
};

struct row_keys *row_keys_new(void)
{
    struct row_keys *keys = mem_alloc(sizeof *keys);

    buf_init(&keys->scratch, SCRATCH_MAX);
    return keys;
}

void row_keys_free(struct row_keys *keys)
{
    if (!keys)
        return;
    buf_done(&keys->scratch);
    mem_free(keys);
}

static enum key_collation collation_of(struct row_keys *keys, uint32_t id)
{
    enum format_family family = keys->map->mariadb ? FORMAT_MARIADB : FORMAT_MYSQL;
    uint8_t *known = id < COLLATIONS ? &keys->collations[keys->map->mariadb][id] : NULL;
    enum key_collation collation;
    const char *name;

    if (known && *known)
        return (enum key_collation)(*known - 1);
    name = collation_name(id, family);
    if (id == COLLATION_BINARY)
        collation = KEY_COLLATION_BYTES;
    else
        collation = name ? key_collation_of(span_str(name)) : KEY_COLLATION_UNKNOWN;
    if (known)
        *known = (uint8_t)(collation + 1);
    return collation;
}

/* MariaDB's older times have a fraction that no event tells: a row can not be read for certain. */
static bool has_unknown_size(const struct table_map *map)
{
    if (!map->mariadb)
        return false;
    for (uint32_t i = 0; i < map->column_count; i++) {
        uint8_t type = map->columns[i].layout.type;

        if (type == COLUMN_TIME_OLD || type == COLUMN_DATETIME_OLD || type == COLUMN_TIMESTAMP_OLD)
            return true;
    }
    return false;
}

static bool key_fits(struct row_keys *keys, const struct key_columns *key)
{
    for (unsigned i = 0; i < key->count; i++) {
        const struct column *column = &keys->map->columns[key->columns[i].column];

        if (column_type_is_character(column->layout.type, keys->map->mariadb) &&
            column->collation != 0 &&
            collation_of(keys, column->collation) != key->columns[i].collation)
            return false;
    }
    return true;
}

static bool is_primary(const struct table_map *map, const struct key_columns *key)
{
    if (key->count != map->key_count)
        return false;
    for (unsigned i = 0; i < key->count; i++) {
        if (map->key[i].prefix != 0 || map->key[i].column != key->columns[i].column)
            return false;
    }
    return true;
}

/* The primary key that a table map names is one of the catalogue's, if that has any. */
static bool has_primary(const struct key_table *table, const struct table_map *map)
{
    for (unsigned i = 0; i < table->key_count; i++) {
        if (is_primary(map, &table->keys[i]))
            return true;
    }
    return map->key_count == 0 || table->key_count == 0;
}

bool row_keys_start(struct row_keys *keys, const struct key_table *table,
                    const struct table_map *map)
{
    keys->table = table;
    keys->map = map;
    if (table->column_count != map->column_count || has_unknown_size(map) ||
        !has_primary(table, map))
        return false;
    for (unsigned i = 0; i < table->key_count; i++) {
        if (!key_fits(keys, &table->keys[i]))
            return false;
    }
    return true;
}

static void begin_hash(struct row_keys *keys, uint32_t key)
{
    buf_clear(&keys->scratch);
    buf_lenenc_bytes(&keys->scratch, keys->map->database);
    buf_lenenc_bytes(&keys->scratch, keys->map->table);
    buf_u32(&keys->scratch, key);
}

static uint64_t end_hash(struct row_keys *keys)
{
    static const uint8_t secret[crypto_shorthash_KEYBYTES]; /* none: all relays do the same */
    uint64_t hash;

    (void)crypto_shorthash((uint8_t *)&hash, keys->scratch.data, keys->scratch.len, secret);
    return hash;
}

uint64_t row_keys_table(struct row_keys *keys, uint32_t use)
{
    begin_hash(keys, TABLE_IS_KEY);
    buf_u32(&keys->scratch, use);
    return end_hash(keys);
}

static struct span cut(struct span bytes, uint8_t pad)
{
    while (bytes.len > 0 && bytes.data[bytes.len - 1] == pad)
        bytes.len--;
    return bytes;
}

/* Printable ASCII in small letters; false when there is anything else. */
static bool put_folded(struct buf *buf, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];

        if (byte < FIRST_PRINT || byte > LAST_PRINT)
            return false;
        if (byte >= 'A' && byte <= 'Z')
            byte = (uint8_t)(byte - 'A' + 'a');
        buf_u8(buf, byte);
    }
    return true;
}

/* BINARY is filled up with zeros, which stand in some images and in others do not. */
static bool put_string(struct buf *buf, const struct column *column, enum key_collation collation,
                       struct span text)
{
    switch (collation) {
    case KEY_COLLATION_BYTES:
        buf_bytes(buf, column->layout.type == COLUMN_STRING ? cut(text, 0) : text);
        return true;
    case KEY_COLLATION_PADDED:
        buf_bytes(buf, cut(text, ' '));
        return true;
    case KEY_COLLATION_FOLDED:
        return put_folded(buf, cut(text, ' '));
    case KEY_COLLATION_UNKNOWN:
        break;
    }
    return false;
}

/* Of integers the bytes that they have in the row: whether they have a sign, not all maps say. */
static bool put_value(struct buf *buf, const struct column *column, enum key_collation collation,
                      const struct value *value)
{
    struct value zero = *value;

    switch ((enum value_kind)value->kind) {
    case VALUE_INT:
    case VALUE_UINT:
        buf_le(buf, value->u, column->layout.size);
        return true;
    case VALUE_FLOAT:
        zero.f = value->f == 0 ? 0 : value->f; /* -0.0 is equal to 0.0 */
        value_encode(buf, column, &zero);
        return true;
    case VALUE_DOUBLE:
        zero.d = value->d == 0 ? 0 : value->d;
        value_encode(buf, column, &zero);
        return true;
    case VALUE_DECIMAL:
    case VALUE_BIT:
    case VALUE_YEAR:
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_DATETIME:
    case VALUE_TIMESTAMP:
    case VALUE_ENUM:
    case VALUE_SET:
        value_encode(buf, column, value);
        return true;
    case VALUE_STRING:
        return put_string(buf, column, collation, value->bytes);
    case VALUE_ABSENT:
    case VALUE_NULL:
    case VALUE_COMPRESSED:
    case VALUE_GEOMETRY:
    case VALUE_VECTOR:
    case VALUE_JSON:
    case VALUE_JSON_DIFF:
        break;
    }
    return false;
}

bool row_keys_touched(const struct row_keys *keys, unsigned key, const struct value *values)
{
    const struct key_columns *columns = &keys->table->keys[key];

    for (unsigned i = 0; i < columns->count; i++) {
        if (values[columns->columns[i].column].kind != VALUE_ABSENT)
            return true;
    }
    return false;
}

/* One column of a key, with its length before it. */
static enum row_key add_column(struct row_keys *keys, const struct key_column *part,
                               const struct value *value)
{
    struct buf *buf = &keys->scratch;
    size_t start = buf_reserve(buf, sizeof(uint32_t));

    if (value->kind == VALUE_ABSENT)
        return ROW_KEY_LACKING;
    if (value->kind == VALUE_NULL)
        return ROW_KEY_NULL;
    if (!put_value(buf, &keys->map->columns[part->column], part->collation, value) || !buf_ok(buf))
        return ROW_KEY_OPAQUE;
    buf_patch_le(buf, start, buf->len - start, sizeof(uint32_t));
    return ROW_KEY_HASHED;
}

enum row_key row_keys_hash(struct row_keys *keys, unsigned key, const struct value *values,
                           const struct value *instead, uint64_t *ret_hash)
{
    const struct key_columns *columns = &keys->table->keys[key];
    enum row_key all = ROW_KEY_HASHED;

    begin_hash(keys, key);
    for (unsigned i = 0; i < columns->count; i++) {
        const struct key_column *part = &columns->columns[i];
        const struct value *value = &values[part->column];
        enum row_key one;

        if (value->kind == VALUE_ABSENT && instead)
            value = &instead[part->column];
        one = add_column(keys, part, value);
        if (one == ROW_KEY_NULL)
            return ROW_KEY_NULL;
        if (all == ROW_KEY_HASHED)
            all = one;
    }
    if (all == ROW_KEY_HASHED)
        *ret_hash = end_hash(keys);
    return all;
}
