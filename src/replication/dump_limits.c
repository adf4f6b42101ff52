#include "replication/dump_limits.h"

#include <string.h>

void dump_limits_init(struct dump_limits *limits)
{
    *limits = (struct dump_limits){.stop = DUMP_STOP_NEVER};
    gtid_set_init(&limits->has);
    gtid_list_init(&limits->has_list);
    gtid_set_init(&limits->stop_set);
    gtid_list_init(&limits->stop_list);
}

void dump_limits_done(struct dump_limits *limits)
{
    gtid_set_done(&limits->has);
    gtid_list_done(&limits->has_list);
    gtid_set_done(&limits->stop_set);
    gtid_list_done(&limits->stop_list);
}

static void copy_list(struct gtid_list *into, const struct gtid_list *from)
{
    gtid_list_done(into);
    gtid_list_init(into);
    for (size_t i = 0; i < from->count; i++)
        gtid_list_append(into, from->items[i]);
}

void dump_limits_copy(struct dump_limits *into, const struct dump_limits *from)
{
    gtid_set_copy(&into->has, &from->has);
    copy_list(&into->has_list, &from->has_list);
    into->stop = from->stop;
    into->place = from->place;
    gtid_set_copy(&into->stop_set, &from->stop_set);
    copy_list(&into->stop_list, &from->stop_list);
    into->told = from->told;
}

bool dump_limits_are_none(const struct dump_limits *limits)
{
    return limits->stop == DUMP_STOP_NEVER && gtid_set_is_empty(&limits->has) &&
           limits->has_list.count == 0;
}

bool dump_limits_have(const struct dump_limits *limits, struct gtid_mariadb gtid)
{
    for (size_t i = 0; i < limits->has_list.count; i++) {
        const struct gtid_mariadb *item = &limits->has_list.items[i];

        if (item->domain == gtid.domain && item->server_id == gtid.server_id &&
            item->sequence == gtid.sequence)
            return true;
    }
    return false;
}

bool dump_limits_reached_place(const struct dump_limits *limits, const struct log_position *at)
{
    if (limits->stop != DUMP_STOP_PLACE)
        return false;
    if (strcmp(at->name, limits->place.name) == 0)
        return at->offset >= limits->place.offset;
    return log_name_number(at->name) > log_name_number(limits->place.name);
}

bool dump_limits_reached_set(const struct dump_limits *limits, const struct gtid_set *executed)
{
    return limits->stop == DUMP_STOP_GTIDS && !gtid_set_is_empty(&limits->stop_set) &&
           gtid_set_contains(executed, &limits->stop_set);
}

bool dump_limits_parse(struct span text, struct gtid_set *set, struct gtid_list *list,
                       struct err *err)
{
    struct err ignored;

    if (gtid_list_parse(text, list, &ignored) && list->count > 0) {
        gtid_set_clear(set);
        return true;
    }
    if (!gtid_set_parse(text, set, err))
        return false;
    gtid_list_done(list);
    gtid_list_init(list);
    return !gtid_set_is_empty(set) || err_set(err, E_USAGE, 0, "expected GTIDs, found none");
}
