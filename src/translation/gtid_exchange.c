#include "translation/gtid_exchange.h"

#define MADE_HERE   UINT32_C(0xb0ea115d)
#define PLACE_SHIFT 40 /* bits of an offset */

void gtid_uuid_of_domain(uint32_t domain, uint32_t server_id, struct gtid_uuid *ret_uuid)
{
    struct buf buf;

    buf_init(&buf, GTID_UUID_SIZE);
    buf_be(&buf, MADE_HERE, 4);
    buf_be(&buf, domain >> 16, 2);
    buf_be(&buf, 0x8000 | (domain >> 4 & 0xfff), 2);
    buf_be(&buf, 0x80 | (domain & 0xf), 1);
    buf_be(&buf, 0, 3);
    buf_be(&buf, server_id, 4);
    memcpy(ret_uuid->bytes, buf.data, GTID_UUID_SIZE);
    buf_done(&buf);
}

bool gtid_uuid_to_domain(const struct gtid_uuid *uuid, uint32_t *ret_domain,
                         uint32_t *ret_server_id)
{
    struct cursor cur = cursor_of(span_of(uuid->bytes, GTID_UUID_SIZE));
    uint32_t mark = (uint32_t)cursor_be(&cur, 4);
    uint32_t high = (uint32_t)cursor_be(&cur, 2);
    uint32_t middle = (uint32_t)cursor_be(&cur, 2);
    uint32_t low = (uint32_t)cursor_be(&cur, 1);
    uint64_t zero = cursor_be(&cur, 3);
    uint32_t server_id = (uint32_t)cursor_be(&cur, 4);

    if (mark != MADE_HERE || middle >> 12 != 8 || low >> 4 != 8 || zero != 0)
        return false;
    *ret_domain = high << 16 | (middle & 0xfff) << 4 | (low & 0xf);
    *ret_server_id = server_id;
    return true;
}

uint64_t gtid_sequence_of_place(uint64_t file_number, uint64_t offset)
{
    return (file_number << PLACE_SHIFT) + offset;
}

bool gtid_sequence_to_place(uint64_t sequence, uint64_t *ret_file_number, uint64_t *ret_offset)
{
    *ret_file_number = sequence >> PLACE_SHIFT;
    *ret_offset = sequence & ((UINT64_C(1) << PLACE_SHIFT) - 1);
    return *ret_file_number > 0;
}

static uint64_t source_size(const struct gtid_source *source)
{
    uint64_t size = 0;

    for (size_t i = 0; i < source->count; i++)
        size += (uint64_t)(source->intervals[i].last - source->intervals[i].first) + 1;
    return size;
}

/* A source whose GTIDs were made here: they have no tag. */
static bool is_made_here(const struct gtid_source *source, struct gtid_mariadb *ret_last)
{
    if (source->tag_length > 0 ||
        !gtid_uuid_to_domain(&source->uuid, &ret_last->domain, &ret_last->server_id))
        return false;
    ret_last->sequence = (uint64_t)source->intervals[source->count - 1].last;
    return true;
}

uint64_t gtid_sequence_of_set(const struct gtid_set *set)
{
    struct gtid_mariadb last;
    uint64_t size = 0;

    for (size_t i = 0; i < set->count; i++) {
        if (!is_made_here(&set->sources[i], &last))
            size += source_size(&set->sources[i]);
    }
    return size;
}

/* Of a domain's servers the one that is ahead comes last: it is the domain's latest. */
static void put_state(struct gtid_list *list, struct gtid_mariadb gtid)
{
    const struct gtid_mariadb *latest = gtid_list_find(list, gtid.domain);
    struct gtid_mariadb before = latest ? *latest : gtid;

    gtid_list_set_state(list, gtid);
    if (before.sequence > gtid.sequence)
        gtid_list_set_state(list, before);
}

void gtid_set_to_list(const struct gtid_set *set, uint32_t domain, uint32_t server_id,
                      struct gtid_list *list)
{
    uint64_t sequence = gtid_sequence_of_set(set);
    struct gtid_mariadb last;

    gtid_list_done(list);
    gtid_list_init(list);
    for (size_t i = 0; i < set->count; i++) {
        if (is_made_here(&set->sources[i], &last))
            put_state(list, last);
    }
    if (sequence > 0)
        put_state(list, (struct gtid_mariadb){sequence, domain, server_id});
}

bool gtid_list_to_set(const struct gtid_list *list, struct gtid_set *set, struct err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct gtid_mariadb *gtid = &list->items[i];

        if (gtid->sequence > (uint64_t)GTID_NUMBER_LAST)
            return err_set(err, E_LIMIT, 0,
                           "GTID %u-%u-%llu: MySQL's numbers end at %lld: set a gtid_seq_no below "
                           "that at the source, in a domain of its own",
                           gtid->domain, gtid->server_id, (unsigned long long)gtid->sequence,
                           (long long)GTID_NUMBER_LAST);
    }
    gtid_set_clear(set);
    for (size_t i = 0; i < list->count; i++) {
        const struct gtid_mariadb *gtid = &list->items[i];
        struct gtid_uuid uuid;

        gtid_uuid_of_domain(gtid->domain, gtid->server_id, &uuid);
        if (gtid->sequence > 0)
            gtid_set_add(set, &uuid, (struct span){0}, 1, (int64_t)gtid->sequence);
    }
    return true;
}
