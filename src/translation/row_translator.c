#include "translation/row_translator.h"

#include "base/mem.h"
#include "binlog/rows.h"
#include "binlog/table_maps.h"
#include "translation/row_guard.h"
#include "translation/table_translation.h"

#define BODY_MAX      (EVENT_LENGTH_MAX - EVENT_HEADER_SIZE - EVENT_CHECKSUM_SIZE)
#define TABLE_ID_SIZE 6
#define ANSWERS       4096 /* of hidden keys, by table ids: an ALTER TABLE gives another id */
#define COMMON_FLAGS                                                                               \
    (ROWS_FLAG_STMT_END | ROWS_FLAG_NO_FOREIGN_KEY_CHECKS | ROWS_FLAG_RELAXED_UNIQUE_CHECKS |      \
     ROWS_FLAG_COMPLETE_ROWS)

struct answer {
    uint64_t table_id;
    bool known;
    bool hidden; /* to MySQL */
};

struct row_translator {
    enum dialect to;
    struct format from;
    struct table_maps *maps;
    struct table_translation table; /* of the event at hand */
    struct row_reader reader;
    struct hidden_key_source hidden;
    struct answer *answers; /* since the file began; NULL: nothing was asked */
};

struct row_translator *row_translator_new(enum dialect to)
{
    struct row_translator *translator = mem_alloc(sizeof *translator);

    translator->to = to;
    translator->maps = table_maps_new();
    table_translation_init(&translator->table);
    row_reader_init(&translator->reader);
    return translator;
}

void row_translator_free(struct row_translator *translator)
{
    if (!translator)
        return;
    table_maps_free(translator->maps);
    table_translation_done(&translator->table);
    row_reader_done(&translator->reader);
    mem_free(translator->answers);
    mem_free(translator);
}

void row_translator_ask_hidden(struct row_translator *translator,
                               const struct hidden_key_source *source)
{
    translator->hidden = *source;
}

void row_translator_start(struct row_translator *translator, const struct format *from)
{
    table_maps_free(translator->maps);
    translator->maps = table_maps_new();
    translator->from = *from;
    mem_free(translator->answers);
    translator->answers = NULL;
}

/* Whether one of the two sides may hide the table's key. */
static bool is_question(const struct row_translator *translator, const struct table_map *map)
{
    switch (translator->to) {
    case DIALECT_MYSQL_8:
        return hidden_key_may_be(map);
    case DIALECT_MARIADB:
        return map->flags & TABLE_MAP_FLAG_GENERATED_INVISIBLE_KEY;
    default:
        return false;
    }
}

static bool ask(const struct row_translator *translator, const struct table_map *map,
                bool *ret_hidden, struct err *err)
{
    const struct hidden_key_source *source = &translator->hidden;

    if (translator->to == DIALECT_MYSQL_8)
        return hidden_key_ask(source, map, ret_hidden, err);
    return !source->check || source->check(source->userdata, map->database, map->table, err);
}

/* Says that the table's key is hidden, if it is; sees that it is there, if it is from MySQL. */
static bool mark_hidden_key(struct row_translator *translator, const struct table_map *map,
                            struct err *err)
{
    struct answer *answer;
    bool hidden = false;

    if (!is_question(translator, map))
        return true;
    if (!translator->answers)
        translator->answers = mem_alloc(ANSWERS * sizeof *translator->answers);
    answer = &translator->answers[map->table_id % ANSWERS];
    if (!answer->known || answer->table_id != map->table_id) {
        if (!ask(translator, map, &hidden, err))
            return false;
        *answer = (struct answer){.table_id = map->table_id, .known = true, .hidden = hidden};
    }
    if (answer->hidden)
        translator->table.map.flags |= TABLE_MAP_FLAG_GENERATED_INVISIBLE_KEY;
    return true;
}

/* Takes back what was appended since `start`. */
static bool undo(struct buf *buf, size_t start)
{
    buf->len = start;
    buf->bad = false;
    return false;
}

static bool check_size(const struct buf *buf, size_t start, struct err *err)
{
    if (buf_ok(buf) && buf->len - start <= BODY_MAX)
        return true;
    return err_set(err, E_LIMIT, 0, "in the other server's form the event is longer than %zu bytes",
                   buf_ok(buf) ? (size_t)BODY_MAX : buf->max);
}

bool row_translator_map(struct row_translator *translator, struct span body, struct buf *buf,
                        struct err *err)
{
    const struct table_map *map;
    size_t start = buf->len;

    if (!table_maps_take(translator->maps, body, &translator->from, &map, err) ||
        !table_translation_make(&translator->table, map, translator->to, err) ||
        !mark_hidden_key(translator, map, err))
        return false;
    table_map_encode(buf, &translator->table.map);
    return check_size(buf, start, err) || undo(buf, start);
}

const struct table_map *row_translator_table(struct row_translator *translator, uint64_t table_id)
{
    return table_maps_find(translator->maps, table_id);
}

static uint8_t version_for(enum dialect to)
{
    return dialect_family(to) == FORMAT_MARIADB ? 1 : 2;
}

/*
 * MySQL from 9.6 on logs what a foreign key does to other rows, these first, and says so by a flag.
 * Servers that do not know it would do it once more, and refuse rows whose parent is still to come.
 */
static uint16_t translated_flags(uint16_t flags)
{
    if (flags & ROWS_FLAG_SQL_FOREIGN_KEYS)
        flags |= ROWS_FLAG_NO_FOREIGN_KEY_CHECKS;
    return flags & COMMON_FLAGS;
}

/* Type, version and flags as the other side has them; columns and images as they are. */
static struct rows translated_header(const struct row_translator *translator,
                                     const struct rows *rows)
{
    bool crosses = translator->from.family != dialect_family(translator->to);
    struct rows other = *rows;

    other.id_size = TABLE_ID_SIZE;
    other.version = version_for(translator->to);
    if (!crosses && translator->to != DIALECT_MYSQL_5 && rows->version == other.version)
        return other;
    other.flags = translated_flags(rows->flags);
    other.type =
        (uint8_t)((other.version == 1 ? EVENT_WRITE_ROWS_V1 : EVENT_WRITE_ROWS) + rows->kind);
    other.partial = false;
    other.extra = (struct span){0};
    return other;
}

/* `before` is the row's other image, for an after image that is told by its difference. */
static bool write_image(const struct table_translation *table, const struct row_image *image,
                        const struct row_image *before, struct span columns, struct buf *buf,
                        struct err *err)
{
    const struct table_map *from = table->from;

    rows_encode_nulls(buf, columns, from->column_count, image->values, image->null_pad);
    for (uint32_t i = 0; i < from->column_count; i++) {
        const struct value *value = &image->values[i];

        if (value->kind == VALUE_ABSENT || value->kind == VALUE_NULL)
            continue;
        if (!column_translate_value(buf, table->changes[i], &from->columns[i],
                                    &table->map.columns[i], value,
                                    before ? &before->values[i] : NULL, err))
            return table_translation_blame(from, i, err);
    }
    return true;
}

static bool write_rows(struct row_translator *translator, const struct rows *rows,
                       const struct rows *other, struct buf *buf, size_t start, struct err *err)
{
    const struct table_translation *table = &translator->table;
    const struct table_map *map = table->from;
    struct row_reader *reader = &translator->reader;
    bool more;

    if (!row_reader_start(reader, rows, map, err))
        return false;
    for (;;) {
        size_t row = buf->len;

        if (!row_reader_next(reader, &more, err))
            return false;
        if (!more)
            return true;
        if (rows->kind != ROWS_WRITE &&
            !write_image(table, &reader->before, NULL, other->before_columns, buf, err))
            return false;
        if (rows->kind != ROWS_DELETE &&
            !write_image(table, &reader->after, rows->kind == ROWS_UPDATE ? &reader->before : NULL,
                         other->after_columns, buf, err))
            return false;
        if (!check_size(buf, start, err))
            return false;
        if (buf->len == row) /* it would be gone: only a partial update has more than its columns */
            return err_set(err, E_PROTO, 0, "%s: row %llu of table %.*s.%.*s has no columns",
                           event_type_name(rows->type), (unsigned long long)reader->row,
                           (int)map->database.len, (const char *)map->database.data,
                           (int)map->table.len, (const char *)map->table.data);
    }
}

static bool is_copy(const struct row_translator *translator, const struct rows *rows,
                    const struct rows *other, const struct table_map *map)
{
    return (!rows->partial || other->partial) && table_translation_is_copy(map, translator->to);
}

static bool translate_rows(struct row_translator *translator, const struct rows *rows,
                           const struct table_map *map, struct buf *buf, struct err *err)
{
    struct rows other = translated_header(translator, rows);
    size_t start = buf->len;

    if (map && dialect_family(translator->to) == FORMAT_MYSQL && row_guard_is_needed(map) &&
        !row_guard_check(rows, map, &translator->reader, err))
        return false;
    if (!map || is_copy(translator, rows, &other, map)) {
        rows_encode_header(buf, &other);
        buf_bytes(buf, rows->images);
        return check_size(buf, start, err);
    }
    if (!table_translation_make(&translator->table, map, translator->to, err))
        return false;
    rows_encode_header(buf, &other);
    return write_rows(translator, rows, &other, buf, start, err);
}

bool row_translator_rows(struct row_translator *translator, uint8_t type, struct span body,
                         struct buf *buf, uint8_t *ret_type, struct err *err)
{
    const struct table_map *map;
    size_t start = buf->len;
    struct rows rows;

    if (!rows_decode(body, type, &translator->from, &rows, err))
        return false;
    map = table_maps_find(translator->maps, rows.table_id);
    if (!map && (rows.table_id != TABLE_MAP_DUMMY_ID || rows.images.len > 0))
        return err_set(err, E_PROTO, 0, "%s: table id %llu has no table map in the statement",
                       event_type_name(type), (unsigned long long)rows.table_id);
    if (map && rows.column_count != map->column_count)
        return err_set(err, E_PROTO, 0, "%s: %u columns, the table map of %.*s.%.*s has %u",
                       event_type_name(type), rows.column_count, (int)map->database.len,
                       (const char *)map->database.data, (int)map->table.len,
                       (const char *)map->table.data, map->column_count);
    if (!translate_rows(translator, &rows, map, buf, err))
        return undo(buf, start);
    if (rows.flags & ROWS_FLAG_STMT_END)
        table_maps_end_statement(translator->maps);
    *ret_type = translated_header(translator, &rows).type;
    return true;
}
