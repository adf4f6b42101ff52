#include "log/index_builder.h"

#include <libdeflate.h>

static bool gtid_of_mysql(const struct reader_event *event, struct index_gtid *ret_gtid,
                          struct err *err)
{
    struct index_gtid made = {.family = FORMAT_MYSQL};
    struct gtid gtid;

    if (!gtid_decode(event->body, event->header.type, &gtid, err))
        return false;
    made.has = gtid.number > 0;
    made.uuid = gtid.uuid;
    made.number = gtid.number;
    if (gtid.tag.len > sizeof made.tag || !gtid_tag_valid(gtid.tag))
        return err_set(err, E_PROTO, 0, "Gtid_tagged event: tag of %zu bytes is not valid",
                       gtid.tag.len);
    made.tag_length = (uint8_t)gtid.tag.len;
    if (gtid.tag.len)
        memcpy(made.tag, gtid.tag.data, gtid.tag.len);
    *ret_gtid = made;
    return true;
}

bool index_gtid_of(const struct reader_event *event, struct index_gtid *ret_gtid, struct err *err)
{
    struct gtid_mariadb_event gtid;

    if (event->header.type == EVENT_GTID || event->header.type == EVENT_GTID_TAGGED)
        return gtid_of_mysql(event, ret_gtid, err);
    if (event->header.type != EVENT_MARIADB_GTID) {
        *ret_gtid = (struct index_gtid){0};
        return true;
    }
    if (!gtid_mariadb_decode(event->body, &gtid, err))
        return false;
    *ret_gtid = (struct index_gtid){
        .has = true,
        .family = FORMAT_MARIADB,
        .mariadb = {gtid.sequence, gtid.domain, event->header.server_id},
    };
    return true;
}

bool index_builder_init(struct index_builder *builder, const struct index_head *head,
                        uint32_t block_bytes, struct err *err)
{
    struct index_builder made = {
        .salt = head->salt,
        .block_bytes = block_bytes ? block_bytes : INDEX_BLOCK,
    };
    struct reader_event event;

    reader_init(&made.reader);
    if (!reader_event_parse(&made.reader, head->format, false, &event, err))
        return false;
    if (event.header.type != EVENT_FORMAT_DESCRIPTION)
        return err_set(err, E_PROTO, 0, "%s event found, expected Format_desc",
                       event_type_name(event.header.type));
    made.reader.offset = head->start;
    made.block_start = head->start;
    made.last = (struct index_record){
        .kind = INDEX_BLOCK_RECORD,
        .offset = head->start,
        .transaction_offset = head->start,
    };
    gtid_set_init(&made.set);
    *builder = made;
    return true;
}

void index_builder_done(struct index_builder *builder)
{
    gtid_set_done(&builder->set);
}

static void begin_block(struct index_builder *builder)
{
    builder->run_count = 0;
    builder->crooked = false;
    builder->mixed = false;
    gtid_set_clear(&builder->set);
}

void index_builder_resume(struct index_builder *builder, const struct index_record *block,
                          uint64_t number, const struct index_gtid *open)
{
    builder->last = *block;
    builder->number = number;
    builder->block_start = block->offset;
    builder->open = *open;
    builder->reader.offset = block->offset;
    builder->reader.transaction = (enum reader_transaction)block->transaction_state;
    builder->reader.transaction_offset = block->transaction_offset;
    builder->reader.closed = block->flags & INDEX_CLOSED;
    begin_block(builder);
}

/* MariaDB: the run of the same domain and server goes on, and becomes the latest of all. */
static void add_run(struct index_builder *builder, const struct gtid_mariadb *gtid)
{
    struct index_record run = {
        .kind = INDEX_RUN_RECORD,
        .family = FORMAT_MARIADB,
        .domain = gtid->domain,
        .server_id = gtid->server_id,
        .first = gtid->sequence,
        .last = gtid->sequence,
    };
    uint32_t at = 0;

    while (at < builder->run_count && (builder->runs[at].domain != gtid->domain ||
                                       builder->runs[at].server_id != gtid->server_id))
        at++;
    if (at < builder->run_count) {
        run.first = builder->runs[at].first;
        /* Numbers that do not grow: a source without strict mode. */
        builder->mixed |= gtid->sequence <= builder->runs[at].last;
        memmove(builder->runs + at, builder->runs + at + 1,
                (builder->run_count - at - 1) * sizeof run);
        builder->run_count--;
    } else if (builder->run_count == INDEX_RUNS_MAX) {
        builder->mixed = true;
        return;
    }
    if (run.first > run.last)
        run.first = run.last;
    builder->runs[builder->run_count++] = run;
}

/* MySQL: the latest run goes on, or another one begins. */
static void add_in_order(struct index_builder *builder, const struct index_gtid *gtid)
{
    struct index_record *run =
        builder->run_count > 0 ? &builder->runs[builder->run_count - 1] : NULL;

    if (run && run->last + 1 == (uint64_t)gtid->number &&
        memcmp(&run->uuid, &gtid->uuid, sizeof run->uuid) == 0 &&
        span_eq(span_of(run->tag, run->tag_length), span_of(gtid->tag, gtid->tag_length))) {
        run->last++;
        return;
    }
    if (builder->run_count == INDEX_RUNS_MAX) {
        builder->crooked = true;
        return;
    }
    run = &builder->runs[builder->run_count++];
    *run = (struct index_record){
        .kind = INDEX_RUN_RECORD,
        .family = FORMAT_MYSQL,
        .uuid = gtid->uuid,
        .tag_length = gtid->tag_length,
        .first = (uint64_t)gtid->number,
        .last = (uint64_t)gtid->number,
    };
    memcpy(run->tag, gtid->tag, sizeof run->tag);
}

static void end_transaction(struct index_builder *builder)
{
    const struct index_gtid *open = &builder->open;

    builder->last.transactions++;
    if (open->has && open->family == FORMAT_MYSQL) {
        gtid_set_add(&builder->set, &open->uuid, span_of(open->tag, open->tag_length), open->number,
                     open->number);
        if (!builder->crooked)
            add_in_order(builder, open);
    } else if (open->has) {
        add_run(builder, &open->mariadb);
    }
    builder->open.has = false;
}

/* The set's intervals as runs, of which there may be fewer than in order. */
static void runs_of_set(struct index_builder *builder)
{
    const struct gtid_set *set = &builder->set;

    builder->run_count = 0;
    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = 0; j < set->sources[i].count; j++) {
            struct index_record *run;

            if (builder->run_count == INDEX_RUNS_MAX) {
                builder->mixed = true;
                return;
            }
            run = &builder->runs[builder->run_count++];
            *run = (struct index_record){
                .kind = INDEX_RUN_RECORD,
                .family = FORMAT_MYSQL,
                .uuid = set->sources[i].uuid,
                .tag_length = set->sources[i].tag_length,
                .first = (uint64_t)set->sources[i].intervals[j].first,
                .last = (uint64_t)set->sources[i].intervals[j].last,
            };
            memcpy(run->tag, set->sources[i].tag, sizeof run->tag);
        }
    }
}

/* Writes the runs and the BLOCK or END record, and begins the next block. */
static void emit(struct index_builder *builder, uint8_t kind, struct buf *records)
{
    struct index_record *last = &builder->last;
    bool straight = !builder->crooked && !gtid_set_is_empty(&builder->set);

    if (builder->crooked)
        runs_of_set(builder);
    if (builder->mixed)
        builder->run_count = 0;
    for (uint32_t i = 0; i < builder->run_count; i++) {
        builder->runs[i].offset = last->offset;
        builder->runs[i].last_timestamp = last->last_timestamp;
        index_record_encode(records, &builder->runs[i], builder->salt, builder->number++);
    }
    last->kind = kind;
    last->runs = builder->run_count;
    last->flags =
        (uint8_t)((builder->mixed ? INDEX_MIXED : 0) | (builder->reader.closed ? INDEX_CLOSED : 0) |
                  (straight ? INDEX_STRAIGHT : 0));
    index_record_encode(records, last, builder->salt, builder->number++);
    builder->block_start = last->offset;
    begin_block(builder);
}

static void note_event(struct index_builder *builder, const struct reader_event *event)
{
    struct index_record *last = &builder->last;
    struct cursor cur = cursor_of(event->bytes);
    struct span tail;

    last->offset = builder->reader.offset;
    last->transaction_state = (uint8_t)builder->reader.transaction;
    last->transaction_offset = builder->reader.transaction == READER_OUTSIDE
                                   ? last->offset
                                   : builder->reader.transaction_offset;
    if (last->first_timestamp == 0)
        last->first_timestamp = event->header.timestamp;
    if (event->header.timestamp > last->last_timestamp)
        last->last_timestamp = event->header.timestamp;
    if (event->bytes.len > INDEX_CHECK_MAX)
        cursor_skip(&cur, event->bytes.len - INDEX_CHECK_MAX);
    tail = cursor_rest(&cur);
    last->check_size = (uint8_t)tail.len;
    last->check = libdeflate_crc32(0, tail.data, tail.len);
}

void index_builder_copy(struct index_builder *into, const struct index_builder *from)
{
    *into = *from;
    gtid_set_init(&into->set);
    gtid_set_copy(&into->set, &from->set);
}

bool index_check_event(const struct reader *reader, const struct reader_event *event,
                       struct err *err)
{
    const char *wrong = NULL;

    if (event->header.type == EVENT_HEARTBEAT || event->header.type == EVENT_HEARTBEAT_V2)
        wrong = "is not part of a file";
    if (event->header.type == EVENT_FORMAT_DESCRIPTION && event->offset != LOG_FIRST_OFFSET)
        wrong = "stands only at the beginning of a file";
    if (event->header.flags & EVENT_FLAG_ARTIFICIAL)
        wrong = "was made by its sender and is not part of a file";
    if (!wrong)
        return true;
    return err_set(err, E_PROTO, 0, "offset %llu: %s event %s",
                   (unsigned long long)(reader->offset - event->bytes.len),
                   event_type_name(event->header.type), wrong);
}

bool index_builder_feed(struct index_builder *builder, struct span events, struct buf *records,
                        struct err *err)
{
    while (events.len > 0) {
        enum reader_transaction before = builder->reader.transaction;
        struct reader_event event;
        struct index_gtid gtid;

        if (builder->reader.closed)
            return err_set(err, E_PROTO, 0, "offset %llu: events follow the file's last one",
                           (unsigned long long)builder->reader.offset);
        if (!reader_next(&builder->reader, &events, &event, err))
            return false;
        if (event.bytes.len == 0)
            return err_set(err, E_PROTO, 0, "offset %llu: %zu bytes, expected an event of %zu",
                           (unsigned long long)builder->reader.offset, events.len,
                           builder->reader.need);
        if (!index_check_event(&builder->reader, &event, err) || !index_gtid_of(&event, &gtid, err))
            return false;
        if (gtid.has)
            builder->open = gtid;
        note_event(builder, &event);
        if (before != READER_OUTSIDE && builder->reader.transaction == READER_OUTSIDE)
            end_transaction(builder);
        if (builder->last.offset - builder->block_start >= builder->block_bytes)
            emit(builder, INDEX_BLOCK_RECORD, records);
    }
    return true;
}

void index_builder_end(struct index_builder *builder, int64_t closed_usec, struct buf *records)
{
    builder->last.closed_usec = closed_usec;
    emit(builder, INDEX_END_RECORD, records);
}
