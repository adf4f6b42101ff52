#include "replication/variables.h"

#include "base/mem.h"
#include "binlog/text.h"

#include <ctype.h>
#include <jansson.h>
#include <stdatomic.h>

struct variable {
    char *name;
    char *value;
    size_t value_len;
};

struct variables {
    struct variable *items; /* sorted by name */
    size_t count;
    size_t cap;
    atomic_uint owners;
};

struct variables *variables_new(void)
{
    struct variables *variables = mem_alloc(sizeof *variables);

    atomic_init(&variables->owners, 1);
    return variables;
}

struct variables *variables_share(struct variables *variables)
{
    (void)atomic_fetch_add(&variables->owners, 1);
    return variables;
}

void variables_free(struct variables *variables)
{
    if (!variables || atomic_fetch_sub(&variables->owners, 1) > 1)
        return;
    for (size_t i = 0; i < variables->count; i++) {
        mem_free(variables->items[i].name);
        mem_free(variables->items[i].value);
    }
    mem_free(variables->items);
    mem_free(variables);
}

static int compare(const char *name, struct span with)
{
    size_t i;

    for (i = 0; i < with.len && name[i] != '\0'; i++) {
        int difference = (unsigned char)name[i] - tolower(with.data[i]);

        if (difference != 0)
            return difference;
    }
    return name[i] != '\0' ? 1 : i < with.len ? -1 : 0;
}

/* Where the name is, or where it would be. */
static bool search(const struct variables *variables, struct span name, size_t *ret_at)
{
    size_t low = 0;
    size_t high = variables->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(variables->items[middle].name, name);

        if (order == 0) {
            *ret_at = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_at = low;
    return false;
}

static char *lower_text(struct span text)
{
    char *copy = mem_text(text.data, text.len);

    for (size_t i = 0; i < text.len; i++)
        copy[i] = (char)tolower((unsigned char)copy[i]);
    return copy;
}

static void insert(struct variables *variables, size_t at, struct span name)
{
    if (variables->count == variables->cap) {
        variables->cap = variables->cap == 0 ? 64 : variables->cap * 2;
        variables->items = mem_realloc(variables->items, variables->cap * sizeof *variables->items);
    }
    memmove(variables->items + at + 1, variables->items + at,
            (variables->count - at) * sizeof *variables->items);
    variables->items[at] = (struct variable){.name = lower_text(name)};
    variables->count++;
}

bool variables_set(struct variables *variables, struct span name, struct span value,
                   struct err *err)
{
    size_t at;

    if (!search(variables, name, &at)) {
        if (variables->count == VARIABLES_MAX)
            return err_set(err, E_LIMIT, 0, "more than %u system variables",
                           (unsigned)VARIABLES_MAX);
        insert(variables, at, name);
    }
    mem_free(variables->items[at].value);
    variables->items[at].value = mem_text(value.data, value.len);
    variables->items[at].value_len = value.len;
    return true;
}

void variables_remove(struct variables *variables, struct span name)
{
    size_t at;

    if (!search(variables, name, &at))
        return;
    mem_free(variables->items[at].name);
    mem_free(variables->items[at].value);
    variables->count--;
    memmove(variables->items + at, variables->items + at + 1,
            (variables->count - at) * sizeof *variables->items);
}

size_t variables_count(const struct variables *variables)
{
    return variables->count;
}

void variables_at(const struct variables *variables, size_t i, struct span *ret_name,
                  struct span *ret_value)
{
    const struct variable *item = &variables->items[i];

    *ret_name = span_str(item->name);
    *ret_value = span_of(item->value, item->value_len);
}

bool variables_find(const struct variables *variables, struct span name, struct span *ret_value)
{
    size_t at;

    if (!search(variables, name, &at))
        return false;
    *ret_value = span_of(variables->items[at].value, variables->items[at].value_len);
    return true;
}

void variables_write_json(const struct variables *variables, struct buf *buf)
{
    buf_str(buf, "{");
    for (size_t i = 0; i < variables->count; i++) {
        struct span name;
        struct span value;

        variables_at(variables, i, &name, &value);
        buf_str(buf, i == 0 ? "\n  " : ",\n  ");
        text_write_json(buf, name);
        buf_str(buf, ": ");
        text_write_json(buf, value);
    }
    buf_str(buf, "\n}\n");
}

bool variables_parse_json(struct span text, struct variables **ret_variables, struct err *err)
{
    struct variables *variables = variables_new();
    json_error_t where;
    json_t *root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &where);
    const char *name;
    json_t *value;
    bool good = true;

    if (!root || !json_is_object(root)) {
        good = err_set(err, E_PROTO, 0, "system variables: expected a JSON object: line %d: %s",
                       root ? 1 : where.line, root ? "not an object" : where.text);
        goto out;
    }
    json_object_foreach(root, name, value)
    {
        if (!json_is_string(value))
            good = err_set(err, E_PROTO, 0, "system variable %s: expected a JSON string", name);
        else
            good = variables_set(variables, span_str(name),
                                 span_of(json_string_value(value), json_string_length(value)), err);
        if (!good)
            goto out;
    }
out:
    json_decref(root);
    if (good)
        *ret_variables = variables;
    else
        variables_free(variables);
    return good;
}
