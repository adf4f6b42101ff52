#include "cluster/source_limits.h"

#include "base/mem.h"

#include <string.h>

#define TEXT_MAX (1u << 20)
#define SHOWN    64 /* bytes of a text that is refused */

/* "SET;LIST", either may be empty, and is the only one without a ';'. */
static bool parse_both(const char *text, struct gtid_set *set, struct gtid_list *list,
                       struct err *err)
{
    const char *parted = strchr(text, ';');

    if (*text == '\0')
        return true;
    if (!parted)
        return dump_limits_parse(span_str(text), set, list, err);
    return gtid_set_parse(span_of(text, (size_t)(parted - text)), set, err) &&
           gtid_list_parse(span_str(parted + 1), list, err);
}

static bool make_stop(const struct source_definition *definition, struct dump_limits *limits,
                      struct err *err)
{
    limits->place = definition->until;
    if (definition->until.name[0] != '\0')
        limits->stop = DUMP_STOP_PLACE;
    else if (definition->until_gtids[0] != '\0')
        limits->stop = DUMP_STOP_GTIDS;
    return limits->stop != DUMP_STOP_GTIDS ||
           dump_limits_parse(span_str(definition->until_gtids), &limits->stop_set,
                             &limits->stop_list, err);
}

bool source_limits_make(const struct source_definition *definition, struct dump_limits *limits,
                        struct err *err)
{
    struct gtid_set here;
    bool good;

    dump_limits_done(limits);
    dump_limits_init(limits);
    gtid_set_init(&here);
    good =
        parse_both(definition->skipped, &limits->has, &limits->has_list, err) &&
        make_stop(definition, limits, err) &&
        (definition->gtids[0] == '\0' || gtid_set_parse(span_str(definition->gtids), &here, err));
    gtid_set_union(&limits->has, &here);
    gtid_set_done(&here);
    return good || err_set(err, E_PROTO, 0, "the source's definition: GTIDs that can not be read");
}

static void print_both(struct buf *buf, const struct gtid_set *set, const struct gtid_list *list)
{
    gtid_set_print(buf, set);
    if (list->count == 0)
        return;
    buf_u8(buf, ';');
    gtid_list_print(buf, list);
}

bool source_limits_join(const char *text, const char *added, char **ret_text, struct err *err)
{
    struct dump_limits now;
    struct dump_limits more;
    struct buf buf;
    bool good;

    dump_limits_init(&now);
    dump_limits_init(&more);
    buf_init(&buf, TEXT_MAX);
    good = parse_both(text, &now.has, &now.has_list, err) &&
           parse_both(added, &more.has, &more.has_list, err);
    if (good) {
        gtid_set_union(&now.has, &more.has);
        for (size_t i = 0; i < more.has_list.count; i++) {
            if (!dump_limits_have(&now, more.has_list.items[i]))
                gtid_list_append(&now.has_list, more.has_list.items[i]);
        }
        print_both(&buf, &now.has, &now.has_list);
        good = buf_ok(&buf) ||
               err_set(err, E_LIMIT, 0, "expected GTIDs of at most %u bytes, found more", TEXT_MAX);
    }
    if (good)
        *ret_text = mem_strdup(buf_borrow_cstr(&buf));
    buf_done(&buf);
    dump_limits_done(&now);
    dump_limits_done(&more);
    return good;
}

bool source_limits_check_one(const char *text, bool *ret_mariadb, struct err *err)
{
    struct dump_limits given;
    bool good;

    dump_limits_init(&given);
    good = dump_limits_parse(span_str(text), &given.has, &given.has_list, err) &&
           (given.has_list.count == 1 ||
            (given.has_list.count == 0 && gtid_set_size(&given.has) == 1));
    if (good)
        *ret_mariadb = given.has_list.count == 1;
    dump_limits_done(&given);
    return good || err_set(err, E_USAGE, 0,
                           "expected one GTID such as UUID:23, or 0-1-23 of MariaDB, found '%.*s'",
                           SHOWN, text);
}
