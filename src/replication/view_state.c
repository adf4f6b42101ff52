#include "replication/view_state.h"

#include "translation/gtid_exchange.h"

/* All before a place without GTIDs has a lower number than what begins there. */
static void exchange_set(const struct gtid_set *set, const struct log_position *at,
                         const struct translator_options *options, struct gtid_list *list)
{
    struct gtid_mariadb before = {
        .domain = options->domain,
        .server_id = options->server_id,
        .sequence = gtid_sequence_of_place(log_name_number(at->name), at->offset) - 1,
    };

    if (gtid_set_is_empty(set))
        gtid_list_set_state(list, before);
    else
        gtid_set_to_list(set, options->domain, options->server_id, list);
}

bool view_state_exchange(const struct log_state *state, const struct log_position *at,
                         const struct translator_options *options, struct log_state *ret_state,
                         struct err *err)
{
    struct log_state made;
    bool good = true;

    log_state_init(&made);
    switch (state->kind) {
    case LOG_STATE_UNKNOWN:
        if (options->to != DIALECT_MARIADB)
            break;
        made.kind = LOG_STATE_MARIADB;
        exchange_set(&made.set, at, options, &made.list);
        break;
    case LOG_STATE_MYSQL:
        made.kind = LOG_STATE_MARIADB;
        exchange_set(&state->set, at, options, &made.list);
        break;
    case LOG_STATE_MARIADB:
        made.kind = LOG_STATE_MYSQL;
        good = gtid_resolve_list(options->resolver, &state->list, &made.set, err);
        break;
    }
    log_state_done(good ? ret_state : &made);
    if (good)
        *ret_state = made;
    return good;
}
