#include "replication/replica_place.h"

#include "base/mem.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/reader.h"
#include "replication/dump_feed.h"

struct search {
    const struct replica_stand *stand;
    struct dump_feed feed;
    struct reader reader;
    struct replica_place place;
};

static bool find_first(struct mirror *mirror, struct log_position *ret_first, struct err *err)
{
    struct log_file *files;
    size_t count;

    mirror_list(mirror, &files, &count);
    if (count > 0) {
        *ret_first = (struct log_position){.offset = files[0].start};
        memcpy(ret_first->name, files[0].name, sizeof ret_first->name);
    }
    mem_free(files);
    return count > 0 || err_set(err, E_STATE, 0, "nothing was received of the source yet");
}

static bool is_before(const struct log_position *a, const struct log_position *b)
{
    if (strcmp(a->name, b->name) == 0)
        return a->offset < b->offset;
    return log_name_number(a->name) < log_name_number(b->name);
}

/* The place in the source's log of a transaction that the feed gives at `at`. */
static bool find_source(const struct search *search, const struct log_position *at,
                        struct log_position *ret_source, struct err *err)
{
    char mark[TRANSLATOR_MARK_SIZE];

    *ret_source = *at;
    if (!search->feed.view)
        return true;
    ret_source->offset = view_reader_source_offset(search->feed.view, at->offset);
    return (ret_source->offset > 0 &&
            translator_source_name(span_str(at->name), search->stand->view->to, mark,
                                   ret_source->name, sizeof ret_source->name)) ||
           err_set(err, E_BUG, 0, "%s:%llu: a transaction that has no place in the source's log",
                   at->name, (unsigned long long)at->offset);
}

/* A transaction's GTID event; whether the replica lacks it. */
static bool take_gtid(struct search *search, const struct log_position *at,
                      const struct reader_event *event, bool *ret_lacks, struct err *err)
{
    const struct replica_stand *stand = search->stand;
    const struct log_position *base = stand->base;
    struct gtid_mariadb_event gtid;
    enum view_verdict verdict;
    bool said;

    if (!gtid_mariadb_decode(event->body, &gtid, err))
        return false;
    if (stand->domain && gtid.domain != *stand->domain) {
        *ret_lacks = false;
        return true;
    }
    if (!find_source(search, at, &search->place.at, err) ||
        !dump_feed_verdict(&search->feed, at, &event->header, event->body, &verdict, err))
        return false;
    search->place.gtid = (struct gtid_mariadb){gtid.sequence, gtid.domain, event->header.server_id};
    said = gtid_list_find(stand->position, gtid.domain);
    *ret_lacks = verdict != VIEW_LEAVE_OUT &&
                 !(said ? gtid_list_reached(stand->position, search->place.gtid)
                        : base->name[0] != '\0' && is_before(&search->place.at, base));
    return true;
}

static bool take_events(struct search *search, const struct log_batch *batch, struct err *err)
{
    struct log_position at = {.offset = batch->offset};
    struct cursor cur = cursor_of(batch->events);

    memcpy(at.name, batch->name, strlen(batch->name) + 1);
    while (cursor_left(&cur) > 0 && !search->place.more) {
        struct event_header header;
        struct reader_event event;

        if (!event_header_decode(cur.rest, &header, err) ||
            !reader_event_parse(&search->reader, cursor_bytes(&cur, header.length), false, &event,
                                err))
            return false;
        if (header.type == EVENT_MARIADB_GTID &&
            !take_gtid(search, &at, &event, &search->place.more, err))
            return false;
        at.offset += header.length;
    }
    return true;
}

static bool run(struct search *search, struct err *err)
{
    struct log_batch batch = {.kind = LOG_BATCH_FILE};

    while (batch.kind != LOG_BATCH_NONE && !search->place.more) {
        struct reader_event format;

        if (!dump_feed_next(&search->feed, &batch, err))
            return false;
        if (batch.kind == LOG_BATCH_FILE)
            reader_init(&search->reader);
        if (batch.kind == LOG_BATCH_FILE &&
            !reader_event_parse(&search->reader, batch.format, false, &format, err))
            return false;
        if (batch.kind == LOG_BATCH_EVENTS && !take_events(search, &batch, err))
            return false;
    }
    return true;
}

bool replica_place_find(struct mirror *mirror, const struct replica_stand *stand,
                        struct replica_place *ret_place, struct err *err)
{
    struct search search = {.stand = stand};
    struct log_position first;
    struct log_ends ends;
    bool good;

    if (!find_first(mirror, &first, err) ||
        !dump_feed_open(&search.feed, mirror, &first, stand->view, true, 0, err))
        return false;
    dump_feed_limit(&search.feed, stand->limits);
    mirror_ends(mirror, &ends);
    good = run(&search, err);
    if (good && !search.place.more) {
        /* As of before the search: what came meanwhile may be more. */
        search.place.at = ends.whole;
    }
    dump_feed_close(&search.feed);
    if (good)
        *ret_place = search.place;
    return good;
}
