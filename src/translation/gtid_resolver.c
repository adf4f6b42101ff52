#include "translation/gtid_resolver.h"

#include "translation/gtid_exchange.h"

bool gtid_resolver_has(const struct gtid_resolver *resolver, uint32_t domain, uint64_t sequence)
{
    uint64_t file_number;
    uint64_t offset;

    return resolver && !gtid_sequence_to_place(sequence, &file_number, &offset) &&
           resolver->has(resolver->context, domain);
}

uint64_t gtid_list_greatest(const struct gtid_list *list, uint32_t domain)
{
    uint64_t sequence = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].domain == domain && list->items[i].sequence > sequence)
            sequence = list->items[i].sequence;
    }
    return sequence;
}

bool gtid_resolve_list(const struct gtid_resolver *resolver, const struct gtid_list *list,
                       struct gtid_set *set, struct err *err)
{
    struct gtid_list known;
    struct gtid_list others;
    struct gtid_set made;
    bool good;

    gtid_list_init(&known);
    gtid_list_init(&others);
    gtid_set_init(&made);
    for (size_t i = 0; i < list->count; i++) {
        struct gtid_mariadb gtid = list->items[i];

        gtid_list_append(gtid_resolver_has(resolver, gtid.domain, gtid.sequence) ? &known : &others,
                         gtid);
    }
    good = gtid_list_to_set(&others, &made, err);
    for (size_t i = 0; i < known.count && good; i++) {
        struct gtid_mariadb gtid = known.items[i];

        /* Of a domain's servers the one that is ahead tells all. */
        if (gtid.sequence > 0 && gtid.sequence == gtid_list_greatest(&known, gtid.domain))
            good = resolver->executed(resolver->context, gtid.domain, gtid.sequence, &made, err);
    }
    if (good)
        gtid_set_copy(set, &made);
    gtid_set_done(&made);
    gtid_list_done(&known);
    gtid_list_done(&others);
    return good;
}
