#include "replication/gtid_until.h"

void gtid_until_init(struct gtid_until *until)
{
    *until = (struct gtid_until){.active = false};
    gtid_list_init(&until->stops);
    gtid_list_init(&until->state);
}

void gtid_until_done(struct gtid_until *until)
{
    gtid_list_done(&until->stops);
    gtid_list_done(&until->state);
}

bool gtid_until_parse(struct gtid_until *until, struct span text, struct err *err)
{
    if (!gtid_list_parse(text, &until->stops, err))
        return false;
    until->active = true;
    return true;
}

void gtid_until_set(struct gtid_until *until, const struct gtid_list *stops)
{
    for (size_t i = 0; i < stops->count; i++)
        gtid_list_set_position(&until->stops, stops->items[i]);
    until->active = true;
}

static void end_domain(struct gtid_until *until, uint32_t domain)
{
    struct gtid_list left;

    gtid_list_init(&left);
    for (size_t i = 0; i < until->stops.count; i++) {
        if (until->stops.items[i].domain != domain)
            gtid_list_append(&left, until->stops.items[i]);
    }
    gtid_list_done(&until->stops);
    until->stops = left;
}

void gtid_until_start(struct gtid_until *until, const struct gtid_list *state)
{
    if (!until->active)
        return;
    for (size_t i = 0; i < state->count; i++)
        gtid_list_set_state(&until->state, state->items[i]);
    for (size_t i = until->stops.count; i-- > 0;) {
        if (gtid_list_holds(state, until->stops.items[i]))
            end_domain(until, until->stops.items[i].domain);
    }
}

bool gtid_until_take(struct gtid_until *until, const struct event_header *header, struct span body,
                     struct err *err)
{
    struct gtid_mariadb_event event;
    const struct gtid_mariadb *stop;
    struct gtid_mariadb gtid;

    if (!gtid_mariadb_decode(body, &event, err))
        return false;
    gtid = (struct gtid_mariadb){event.sequence, event.domain, header->server_id};
    stop = gtid_list_find(&until->stops, gtid.domain);
    until->leaves_out = !stop;
    if (stop && stop->server_id == gtid.server_id && gtid.sequence >= stop->sequence) {
        until->leaves_out = gtid.sequence > stop->sequence;
        end_domain(until, gtid.domain);
    }
    if (!until->leaves_out)
        gtid_list_set_state(&until->state, gtid);
    return true;
}

bool gtid_until_ends(const struct gtid_until *until)
{
    return until->active && until->stops.count == 0;
}
