#include "binlog/table_maps.h"

#include "base/mem.h"

#define KEPT   64    /* maps beyond the statement */
#define MOST   16384 /* tables of one statement */
#define NO_MAP UINT32_MAX

struct slot {
    struct table_map map;
    uint64_t table_id;
    bool used;      /* holds a map */
    bool statement; /* of the statement that is open */
};

struct table_maps {
    struct slot **slots;
    uint32_t count;
    uint32_t cap;
    uint32_t last; /* found last: mostly the next too */
    uint32_t next; /* the next to be replaced */
};

struct table_maps *table_maps_new(void)
{
    return mem_alloc(sizeof(struct table_maps));
}

void table_maps_free(struct table_maps *maps)
{
    if (!maps)
        return;
    for (uint32_t i = 0; i < maps->count; i++) {
        table_map_done(&maps->slots[i]->map);
        mem_free(maps->slots[i]);
    }
    mem_free(maps->slots);
    mem_free(maps);
}

static uint32_t find(struct table_maps *maps, uint64_t table_id)
{
    uint32_t i = maps->last;

    if (i < maps->count && maps->slots[i]->used && maps->slots[i]->table_id == table_id)
        return i;
    for (i = 0; i < maps->count; i++) {
        if (maps->slots[i]->used && maps->slots[i]->table_id == table_id) {
            maps->last = i;
            return i;
        }
    }
    return NO_MAP;
}

static uint32_t append(struct table_maps *maps)
{
    if (maps->count == maps->cap) {
        maps->cap = maps->cap ? maps->cap * 2 : KEPT;
        maps->slots = mem_realloc(maps->slots, maps->cap * sizeof(struct slot *));
    }
    maps->slots[maps->count] = mem_alloc(sizeof(struct slot));
    table_map_init(&maps->slots[maps->count]->map);
    return maps->count++;
}

/* A slot for a new table id: one that no open statement needs, else one more. */
static uint32_t free_slot(struct table_maps *maps)
{
    for (uint32_t i = 0; i < maps->count && maps->count >= KEPT; i++) {
        maps->next = (maps->next + 1) % maps->count;
        if (!maps->slots[maps->next]->statement)
            return maps->next;
    }
    return maps->count < MOST ? append(maps) : NO_MAP;
}

bool table_maps_take(struct table_maps *maps, struct span body, const struct format *format,
                     const struct table_map **ret_map, struct err *err)
{
    struct slot *slot;
    uint64_t table_id;
    uint32_t i;

    if (!table_map_peek_id(body, format, &table_id, err))
        return false;
    i = find(maps, table_id);
    if (i == NO_MAP)
        i = free_slot(maps);
    if (i == NO_MAP)
        return err_set(err, E_LIMIT, 0, "Table_map event: more than %d tables in a statement",
                       MOST);
    slot = maps->slots[i];
    slot->used = table_map_decode(&slot->map, body, format, err);
    if (!slot->used)
        return false;
    slot->table_id = table_id;
    slot->statement = true;
    maps->last = i;
    *ret_map = &slot->map;
    return true;
}

const struct table_map *table_maps_find(struct table_maps *maps, uint64_t table_id)
{
    uint32_t i = find(maps, table_id);

    return i == NO_MAP ? NULL : &maps->slots[i]->map;
}

void table_maps_end_statement(struct table_maps *maps)
{
    for (uint32_t i = 0; i < maps->count; i++)
        maps->slots[i]->statement = false;
}
