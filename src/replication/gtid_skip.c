#include "replication/gtid_skip.h"

#include "base/mem.h"

#include <inttypes.h>

void gtid_skip_init(struct gtid_skip *skip)
{
    *skip = (struct gtid_skip){0};
    gtid_set_init(&skip->set);
}

void gtid_skip_done(struct gtid_skip *skip)
{
    gtid_set_done(&skip->set);
    mem_free(skip->domains);
}

void gtid_skip_set(struct gtid_skip *skip, const struct gtid_set *executed)
{
    gtid_set_copy(&skip->set, executed);
    skip->by_set = true;
    skip->active = !gtid_set_is_empty(executed);
}

static bool is_same(const struct gtid_mariadb *a, const struct gtid_mariadb *b)
{
    return a->domain == b->domain && a->server_id == b->server_id && a->sequence == b->sequence;
}

void gtid_skip_position(struct gtid_skip *skip, const struct gtid_list *position,
                        const struct gtid_list *state, const struct gtid_list *end, bool strict)
{
    skip->strict = strict;
    skip->domains = mem_alloc((position->count + 1) * sizeof *skip->domains);
    for (size_t i = 0; i < position->count; i++) {
        const struct gtid_mariadb *latest =
            state ? gtid_list_find(state, position->items[i].domain) : NULL;

        if (!latest || !is_same(latest, &position->items[i]))
            skip->domains[skip->domain_count++] = (struct gtid_skip_domain){
                .has = position->items[i],
                .unknown = !gtid_list_find(end, position->items[i].domain),
            };
    }
    skip->active = skip->domain_count > 0;
}

void gtid_skip_until(struct gtid_skip *skip, uint32_t domain, uint64_t sequence)
{
    skip->by_number = true;
    skip->domain = domain;
    skip->until = sequence;
    skip->active = true;
}

static bool take_mysql(struct gtid_skip *skip, uint8_t type, struct span body, struct err *err)
{
    struct gtid gtid;

    skip->inside = false;
    if (type == EVENT_ANONYMOUS_GTID)
        return true;
    if (!gtid_decode(body, type, &gtid, err))
        return false;
    skip->inside = gtid_set_has(&skip->set, &gtid.uuid, gtid.tag, gtid.number);
    return true;
}

static bool fail_missing(const struct gtid_mariadb *has, const char *before, const char *after,
                         struct err *err)
{
    return err_set(err, E_STATE, 0, "%s %" PRIu32 "-%" PRIu32 "-%" PRIu64 "%s", before, has->domain,
                   has->server_id, has->sequence, after);
}

/* Whether an event of the domain may come while the replica's GTID was not met. */
static bool check_domain(const struct gtid_skip *skip, struct gtid_skip_domain *domain,
                         uint32_t server_id, uint64_t sequence, struct err *err)
{
    const struct gtid_mariadb *has = &domain->has;
    bool passed = has->server_id == server_id && sequence > has->sequence;

    if (domain->unknown && (passed || has->server_id != server_id))
        return fail_missing(has, "Error: connecting slave requested to start from GTID",
                            ", which is not in the master's binlog", err);
    domain->unknown = false;
    if (passed && skip->strict)
        return fail_missing(has, "The binlog on the master is missing the GTID",
                            " requested by the slave (even though both a prior and a subsequent "
                            "sequence number does exist), and GTID strict mode is enabled",
                            err);
    return true;
}

/* The domain's position is behind: from here on all of it is sent. */
static void forget_domain(struct gtid_skip *skip, size_t i)
{
    skip->domains[i] = skip->domains[--skip->domain_count];
}

static bool take_mariadb(struct gtid_skip *skip, const struct event_header *header,
                         struct span body, struct err *err)
{
    struct gtid_mariadb_event gtid;

    skip->inside = false;
    if (!gtid_mariadb_decode(body, &gtid, err))
        return false;
    if (skip->by_number && gtid.domain == skip->domain) {
        skip->inside = gtid.sequence <= skip->until;
        skip->by_number = gtid.sequence < skip->until;
        return true;
    }
    for (size_t i = 0; i < skip->domain_count; i++) {
        const struct gtid_mariadb *has = &skip->domains[i].has;

        if (has->domain != gtid.domain)
            continue;
        if (!check_domain(skip, &skip->domains[i], header->server_id, gtid.sequence, err))
            return false;
        skip->inside = has->server_id != header->server_id || gtid.sequence <= has->sequence;
        if (has->server_id == header->server_id && gtid.sequence >= has->sequence)
            forget_domain(skip, i);
        return true;
    }
    return true;
}

bool gtid_skip_take(struct gtid_skip *skip, const struct event_header *header, struct span body,
                    bool *ret_skip, struct err *err)
{
    if (!skip->active) {
        *ret_skip = false;
        return true;
    }
    switch (header->type) {
    case EVENT_GTID:
    case EVENT_ANONYMOUS_GTID:
    case EVENT_GTID_TAGGED:
        if (skip->by_set && !take_mysql(skip, header->type, body, err))
            return false;
        break;
    case EVENT_MARIADB_GTID:
        if (!skip->by_set && !take_mariadb(skip, header, body, err))
            return false;
        break;
    case EVENT_FORMAT_DESCRIPTION: /* what belongs to the file, not to a transaction */
    case EVENT_ROTATE:
    case EVENT_STOP:
    case EVENT_PREVIOUS_GTIDS:
    case EVENT_MARIADB_GTID_LIST:
    case EVENT_MARIADB_BINLOG_CHECKPOINT:
        skip->inside = false;
        break;
    default:
        break;
    }
    if (!skip->by_set && !skip->by_number && skip->domain_count == 0 && !skip->inside)
        skip->active = false;
    *ret_skip = skip->inside;
    return true;
}
