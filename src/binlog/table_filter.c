#include "binlog/table_filter.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/mem.h"

#define NAME_MAX_BYTES ((size_t)1024) /* 64 characters of at most 4 bytes, and room for errors */

struct table_name {
    struct buf database;
    struct buf table; /* empty: all of the database */
};

void table_filter_init(struct table_filter *filter)
{
    *filter = (struct table_filter){0};
}

static void name_done(struct table_name *name)
{
    buf_done(&name->database);
    buf_done(&name->table);
}

static void drop_from(struct table_filter *filter, size_t count)
{
    while (filter->count > count)
        name_done(&filter->names[--filter->count]);
}

void table_filter_done(struct table_filter *filter)
{
    if (!filter)
        return;
    drop_from(filter, 0);
    mem_free(filter->names);
    table_filter_init(filter);
}

static bool at(const struct cursor *cur, char c)
{
    return cursor_left(cur) > 0 && cur->rest.data[0] == (uint8_t)c;
}

static bool read_name(struct cursor *cur, struct buf *name)
{
    if (at(cur, '`')) {
        cursor_skip(cur, 1);
        for (;;) {
            uint8_t c = cursor_u8(cur);

            if (!cursor_ok(cur))
                return false;
            if (c == '`' && !at(cur, '`'))
                break;
            if (c == '`')
                cursor_skip(cur, 1);
            buf_u8(name, c);
        }
    } else {
        while (cursor_left(cur) > 0 && !at(cur, ',') && !at(cur, '.') && !at(cur, '`'))
            buf_u8(name, cursor_u8(cur));
    }
    return name->len > 0 && buf_ok(name);
}

static bool read_entry(struct cursor *cur, struct table_name *name, bool with_table)
{
    if (!read_name(cur, &name->database))
        return false;
    if (with_table) {
        if (!at(cur, '.'))
            return false;
        cursor_skip(cur, 1);
        if (!read_name(cur, &name->table))
            return false;
    }
    return cursor_left(cur) == 0 || at(cur, ',');
}

static bool add(struct table_filter *filter, struct span text, bool with_table, struct err *err)
{
    struct cursor cur = cursor_of(text);
    size_t before = filter->count;
    bool good = text.len > 0;

    while (good && (filter->count == before || cursor_left(&cur) > 0)) {
        struct table_name *name;

        if (filter->count > before)
            cursor_skip(&cur, 1); /* the comma */
        filter->names = mem_realloc(filter->names, (filter->count + 1) * sizeof *filter->names);
        name = &filter->names[filter->count++];
        buf_init(&name->database, NAME_MAX_BYTES);
        buf_init(&name->table, NAME_MAX_BYTES);
        good = read_entry(&cur, name, with_table);
    }
    if (good)
        return true;
    drop_from(filter, before);
    return err_set(err, E_USAGE, 0, "expected %s, found '%.*s'",
                   with_table ? "names such as shop.orders,shop.items" : "names such as shop,users",
                   (int)(text.len < 100 ? text.len : 100), (const char *)text.data);
}

bool table_filter_add_databases(struct table_filter *filter, struct span text, struct err *err)
{
    return add(filter, text, false, err);
}

bool table_filter_add_tables(struct table_filter *filter, struct span text, struct err *err)
{
    return add(filter, text, true, err);
}

bool table_filter_has_table(const struct table_filter *filter, struct span database,
                            struct span table)
{
    for (size_t i = 0; i < filter->count; i++) {
        const struct table_name *name = &filter->names[i];

        if (span_eq(buf_span(&name->database), database) &&
            (name->table.len == 0 || span_eq(buf_span(&name->table), table)))
            return true;
    }
    return false;
}

bool table_filter_has_database(const struct table_filter *filter, struct span database)
{
    for (size_t i = 0; i < filter->count; i++) {
        if (span_eq(buf_span(&filter->names[i].database), database))
            return true;
    }
    return false;
}
