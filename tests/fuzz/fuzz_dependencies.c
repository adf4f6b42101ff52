/*
 * Fuzz target: transactions over small tables, which are then done in other orders: any that the
 * numbers of struct dependencies allow. Each change must find its row as it was, no unique key may
 * be there twice, and at the end the tables must hold the same.
 *
 * The input: a byte for the history's size, then operations. Bits 0 and 1 of each byte tell what:
 * the end of a transaction (bit 2: images of the next are minimal; 3 and 4: it has a statement), an
 * insert, an update, a delete; bits 2 to 4 which table. An insert takes a byte for each column, an
 * update one for the row, one for the columns and one for each of these, a delete one for the row.
 * What the source would refuse is passed over.
 */
#include "row_changes.h"

#define COLUMNS    3
#define ROWS       10 /* of a table at the source, so that they meet */
#define CHANGES    6  /* of a transaction */
#define ENDS       48 /* transactions */
#define INTS       6
#define ORDERS     4
#define SIZE_LEAST 4
#define SIZE_STEP  3
#define DEFAULT    1 /* of columns that a minimal image of an insert leaves out */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct layout {
    const char *name;
    const char *columns;
    const char *keys;
    unsigned not_null; /* bits of columns */
};

static const struct layout layouts[] = {
    {"p", "ii", "0", 1},     {"u", "iis", "0 1 2", 1}, {"n", "ii", "0", 0},
    {"m", "iii", "0 12", 1}, {"b", "ii", "", 0},       {"s", "si", "0", 1},
    {"w", "iis", "01 2", 3}, {"x", "isi", "0 1 2", 0},
};

#define TABLES (sizeof layouts / sizeof layouts[0])

/* Texts of a column, and which of them its collation holds equal. */
static const struct {
    const char *text;
    int class;
} texts[] = {{"", 0},         {"a", 1}, {"A ", 1},       {"b", 2},    {"ss", 3},
             {"\xc3\x9f", 3}, {"e", 4}, {"\xc3\xa9", 4}, {"a\x01", 1}};

#define TEXTS (sizeof texts / sizeof texts[0])

struct row {
    uint8_t values[COLUMNS]; /* 0: NULL */
};

struct table {
    struct row rows[ENDS * CHANGES];
    size_t count;
};

struct change {
    uint8_t table;
    bool has_before;
    bool has_after;
    struct row before;
    struct row after;
};

struct transaction {
    struct change changes[CHANGES];
    size_t count;
    int64_t last; /* that it waits for */
    bool done;
};

struct work {
    struct cursor input;
    struct table tables[TABLES];
    struct transaction transactions[ENDS];
    size_t count;
    bool minimal;
    struct row_changes changes;
    struct dependencies *dependencies;
    struct key_catalog *catalog;
};

/* ---- A server's tables ---- */

static bool same_value(char type, uint8_t a, uint8_t b)
{
    if (type == 's' && a != 0 && b != 0)
        return texts[a].class == texts[b].class;
    return a == b;
}

static bool same_key(const struct layout *layout, const char *key, const struct row *a,
                     const struct row *b)
{
    for (; *key && *key != ' '; key++) {
        int column = *key - '0';

        if (a->values[column] == 0 ||
            !same_value(layout->columns[column], a->values[column], b->values[column]))
            return false;
    }
    return true;
}

static bool has_twin(const struct table *table, const struct layout *layout, const struct row *row)
{
    for (size_t i = 0; i < table->count; i++) {
        for (const char *key = layout->keys; *key; key++) {
            if ((key == layout->keys || key[-1] == ' ') &&
                same_key(layout, key, row, &table->rows[i]))
                return true;
        }
    }
    return false;
}

/* False: a server would refuse it, or not find the row. */
static bool apply(struct table *table, const struct layout *layout, const struct change *change)
{
    struct table other = *table;

    if (change->has_before) {
        size_t at = 0;

        while (at < other.count &&
               memcmp(&other.rows[at], &change->before, sizeof change->before) != 0)
            at++;
        if (at == other.count)
            return false;
        other.rows[at] = other.rows[--other.count];
    }
    if (change->has_after) {
        if (has_twin(&other, layout, &change->after))
            return false;
        other.rows[other.count++] = change->after;
    }
    *table = other;
    return true;
}

static int compare_rows(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct row));
}

static bool same_tables(struct table *a, struct table *b)
{
    for (size_t i = 0; i < TABLES; i++) {
        if (a[i].count != b[i].count)
            return false;
        qsort(a[i].rows, a[i].count, sizeof(struct row), compare_rows);
        qsort(b[i].rows, b[i].count, sizeof(struct row), compare_rows);
        if (memcmp(a[i].rows, b[i].rows, a[i].count * sizeof(struct row)) != 0)
            return false;
    }
    return true;
}

/* ---- The source ---- */

/* Its image of a row, with the columns of which a bit is set. */
static struct value *make_image(const struct layout *layout, const struct row *row,
                                unsigned columns, struct value values[ROW_CHANGES_COLUMNS])
{
    for (size_t i = 0; layout->columns[i]; i++) {
        uint8_t value = row->values[i];

        if (!(columns >> i & 1))
            values[i] = (struct value){.kind = VALUE_ABSENT};
        else if (value == 0)
            values[i] = (struct value){.kind = VALUE_NULL};
        else if (layout->columns[i] == 's')
            values[i] = (struct value){.kind = VALUE_STRING, .bytes = span_str(texts[value].text)};
        else
            values[i] = (struct value){.kind = VALUE_INT, .i = value};
    }
    return values;
}

/* Minimal: before, what finds the row; after, what was set. */
static void log_change(struct work *work, const struct change *change, unsigned set)
{
    const struct layout *layout = &layouts[change->table];
    struct value before[ROW_CHANGES_COLUMNS];
    struct value after[ROW_CHANGES_COLUMNS];
    unsigned all = (1U << strlen(layout->columns)) - 1;
    unsigned found_by = work->minimal && layout->not_null ? layout->not_null : all;
    struct err err;

    if (!work->minimal)
        set = all;
    for (unsigned i = 0; work->minimal && !change->has_before && layout->columns[i]; i++) {
        if (change->after.values[i] == DEFAULT && !(layout->not_null >> i & 1))
            set &= ~(1U << i);
    }
    if (!row_changes_of(&work->changes, layout->name, layout->columns, 0, &err))
        abort();
    row_changes_note(&work->changes, work->dependencies,
                     change->has_before ? make_image(layout, &change->before, found_by, before)
                                        : NULL,
                     change->has_after ? make_image(layout, &change->after, set, after) : NULL);
}

static uint8_t take_value(struct work *work, const struct layout *layout, unsigned column)
{
    uint8_t byte = cursor_u8(&work->input);
    unsigned values = layout->columns[column] == 's' ? TEXTS : INTS;

    if (layout->not_null >> column & 1)
        return (uint8_t)(1 + byte % (values - 1));
    return (uint8_t)(byte % values);
}

static void take_change(struct work *work, uint8_t operation)
{
    struct transaction *open = &work->transactions[work->count];
    struct change change = {.table = (operation >> 2) % TABLES};
    const struct layout *layout = &layouts[change.table];
    struct table *table = &work->tables[change.table];
    unsigned set = operation % 4 == 1 ? ~0U : 0;

    if (operation % 4 != 1) {
        uint8_t row = cursor_u8(&work->input);

        if (table->count == 0)
            return;
        change.has_before = true;
        change.before = change.after = table->rows[row % table->count];
    }
    if (operation % 4 == 2)
        set = cursor_u8(&work->input) % (1U << strlen(layout->columns));
    change.has_after = operation % 4 != 3;
    for (unsigned i = 0; change.has_after && layout->columns[i]; i++) {
        if (set >> i & 1)
            change.after.values[i] = take_value(work, layout, i);
    }
    if (open->count == CHANGES || (change.has_after && set == 0) || !apply(table, layout, &change))
        return;
    log_change(work, &change, set);
    open->changes[open->count++] = change;
}

static void end_transaction(struct work *work, uint8_t operation)
{
    struct transaction *open = &work->transactions[work->count];

    work->count++;
    open->last = dependencies_end(work->dependencies, (int64_t)work->count);
    if (open->last >= (int64_t)work->count || open->last < (work->count > 1))
        abort();
    work->minimal = operation & 4;
    if (work->count == ENDS)
        return;
    dependencies_begin(work->dependencies, key_catalog_share(work->catalog));
    if (operation & 8 && operation & 16)
        dependencies_bar(work->dependencies);
}

/* ---- The replica ---- */

static bool may_start(const struct work *work, const struct transaction *transaction)
{
    for (int64_t i = 0; i < transaction->last; i++) {
        if (!work->transactions[i].done)
            return false;
    }
    return !transaction->done;
}

/* The last that may start, or one of them by a random number. */
static struct transaction *choose(struct work *work, uint32_t *random)
{
    struct transaction *chosen = NULL;

    for (size_t i = 0; i < work->count; i++) {
        struct transaction *one = &work->transactions[i];

        if (!may_start(work, one))
            continue;
        *random = *random * 1664525 + 1013904223;
        if (!chosen || *random == 0 || *random >> 30 != 0)
            chosen = one;
    }
    return chosen;
}

static void replay(struct work *work, uint32_t random)
{
    struct table tables[TABLES] = {0};

    for (size_t i = 0; i < work->count; i++)
        work->transactions[i].done = false;
    for (size_t i = 0; i < work->count; i++) {
        struct transaction *next = choose(work, &random);

        for (size_t j = 0; j < next->count; j++) {
            const struct change *change = &next->changes[j];

            if (!apply(&tables[change->table], &layouts[change->table], change)) {
                (void)fprintf(stderr, "transaction %zu, which waits for %lld, table %s\n",
                              (size_t)(next - work->transactions) + 1, (long long)next->last,
                              layouts[change->table].name);
                abort();
            }
        }
        next->done = true;
    }
    if (!same_tables(tables, work->tables))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct work work;
    struct err err;

    work = (struct work){.input = cursor_of(span_of(data, size)), .catalog = key_catalog_new()};
    for (size_t i = 0; i < TABLES; i++)
        if (!row_changes_add(work.catalog, layouts[i].name, layouts[i].columns, layouts[i].keys,
                             false, &err))
            abort();
    row_changes_init(&work.changes);
    work.dependencies = dependencies_new(SIZE_LEAST + SIZE_STEP * (unsigned)cursor_u8(&work.input));
    dependencies_begin(work.dependencies, key_catalog_share(work.catalog));
    while (cursor_left(&work.input) > 0 && work.count < ENDS) {
        uint8_t operation = cursor_u8(&work.input);

        if (operation % 4 == 0)
            end_transaction(&work, operation);
        else
            take_change(&work, operation);
    }
    if (work.count < ENDS)
        end_transaction(&work, 0);
    for (uint32_t i = 0; i < ORDERS; i++)
        replay(&work, i * (uint32_t)(size + 1));
    dependencies_free(work.dependencies);
    key_catalog_free(work.catalog);
    row_changes_done(&work.changes);
    return 0;
}
