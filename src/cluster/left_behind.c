#include "cluster/left_behind.h"

#include <inttypes.h>
#include <stdio.h>

bool left_behind_find(struct span source_state, const struct gtid_list *own, uint32_t domain,
                      uint32_t server_id, struct left_behind *ret_left)
{
    const struct gtid_mariadb *here = gtid_list_find_server(own, domain, server_id);
    const struct gtid_mariadb *there = NULL;
    struct gtid_list state;
    struct err ignored;
    bool found;

    gtid_list_init(&state);
    if (gtid_list_parse(source_state, &state, &ignored))
        there = gtid_list_find_server(&state, domain, server_id);
    found = here && there && there->sequence < here->sequence;
    if (found)
        *ret_left = (struct left_behind){.there = *there, .here = *here};
    gtid_list_done(&state);
    return found;
}

void left_behind_print(const struct left_behind *left, char text[LEFT_BEHIND_TEXT_MAX])
{
    (void)snprintf(text, LEFT_BEHIND_TEXT_MAX,
                   "it has %" PRIu32 "-%" PRIu32 "-%" PRIu64 ", here is %" PRIu32 "-%" PRIu32
                   "-%" PRIu64 ". What is between is in this cluster alone, and stays here.",
                   left->there.domain, left->there.server_id, left->there.sequence,
                   left->here.domain, left->here.server_id, left->here.sequence);
}
