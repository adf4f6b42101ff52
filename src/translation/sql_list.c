#include "translation/sql_list.h"

void sql_list_keep(struct sql_list *list)
{
    list->kept = true;
    list->comma.kind = SQL_TOKEN_END;
}

void sql_list_remove(struct sql_list *list, struct sql_walk *walk, const struct sql_token *first)
{
    bool more = sql_walk_is_sign(walk, ",");
    bool last = more || sql_walk_at_end(walk) || sql_walk_is_sign(walk, ")");
    struct span from = first->text;
    struct span to = walk->last.text;

    if (list->kept && last && list->comma.kind != SQL_TOKEN_END)
        from = list->comma.text;
    else if (!list->kept && more)
        to = walk->token.text;
    sql_edits_remove(walk->edits, from, to);
    list->comma.kind = SQL_TOKEN_END;
}

bool sql_list_next(struct sql_list *list, struct sql_walk *walk)
{
    if (!sql_walk_is_sign(walk, ","))
        return false;
    list->comma = walk->token;
    sql_walk_step(walk);
    return true;
}
