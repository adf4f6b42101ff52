#include "translation/sql_routine.h"

/* [IN|OUT|INOUT] name type, ... up to the parenthesis behind them. */
static void take_parameters(struct sql_walk *walk, void (*take_type)(struct sql_walk *walk))
{
    struct sql_token name;

    while (!sql_walk_at_end(walk) && !sql_walk_is_sign(walk, ")")) {
        if (!sql_walk_take(walk, "IN") && !sql_walk_take(walk, "OUT"))
            (void)sql_walk_take(walk, "INOUT");
        if (sql_walk_take_name(walk, &name))
            take_type(walk);
        while (!sql_walk_at_end(walk) && !sql_walk_is_sign(walk, ",") &&
               !sql_walk_is_sign(walk, ")")) {
            if (sql_walk_is_sign(walk, "("))
                sql_walk_pass_parens(walk);
            else
                sql_walk_step(walk);
        }
        (void)sql_walk_take_sign(walk, ",");
    }
}

/* DECLARE a, b type; conditions, cursors and handlers have none. */
static void take_variables(struct sql_walk *walk, void (*take_type)(struct sql_walk *walk))
{
    struct sql_token name;

    do {
        if (!sql_walk_take_name(walk, &name))
            return;
    } while (sql_walk_take_sign(walk, ","));
    take_type(walk);
}

static bool has_parameters(const struct sql_walk *walk)
{
    return sql_walk_is_head(walk, "CREATE", "PROCEDURE") ||
           sql_walk_is_head(walk, "CREATE", "FUNCTION");
}

void sql_routine_types(struct sql_walk *walk, void (*take_type)(struct sql_walk *walk))
{
    if (has_parameters(walk)) {
        while (!sql_walk_at_end(walk) && !sql_walk_is_sign(walk, "("))
            sql_walk_step(walk);
        (void)sql_walk_take_sign(walk, "(");
        take_parameters(walk, take_type);
    }
    while (!sql_walk_at_end(walk)) {
        if (sql_walk_take(walk, "RETURNS"))
            take_type(walk);
        else if (sql_walk_take(walk, "DECLARE"))
            take_variables(walk, take_type);
        else
            sql_walk_step(walk);
    }
}
