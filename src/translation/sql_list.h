/*
 * struct sql_list: a statement's list, with commas between its elements or, as between options of a
 * table, without; some elements go, and the commas that they leave over with them. Starts as zero,
 * on the stack beside the walk.
 */
#pragma once

#include "translation/sql_walk.h"

struct sql_list {
    struct sql_token comma; /* right before the element; END: none */
    bool kept;              /* an element before it stays */
};

/* The walk is behind an element that stays. */
void sql_list_keep(struct sql_list *list);

/* The walk is behind an element that began with `first`, which goes. */
void sql_list_remove(struct sql_list *list, struct sql_walk *walk, const struct sql_token *first);

/* Over the comma, if one comes; whether it did. */
bool sql_list_next(struct sql_list *list, struct sql_walk *walk);
