/* From MySQL, which is to MariaDB: what begins and ends transactions, and GTIDs. */
#include "binlog/gtid_mariadb.h"
#include "translation/gtid_exchange.h"
#include "translation/translator_internal.h"

#define GTID_BODY_MIN 19 /* of MariaDB's GTID event, filled up with zeros */

bool translator_head_of_mysql(struct translator *translator, const struct translator_state *state,
                              const struct event_header *like, struct buf *out, struct err *err)
{
    struct event_header header = *like;
    struct gtid_list list;

    translator->has_executed = state->executed != NULL;
    gtid_set_clear(&translator->executed);
    if (state->executed)
        gtid_set_copy(&translator->executed, state->executed);
    translator->sequence = gtid_sequence_of_set(&translator->executed);
    translator->group_begin = 0;

    gtid_list_init(&list);
    gtid_set_to_list(&translator->executed, translator->options.domain,
                     translator->options.server_id, &list);
    header.type = EVENT_MARIADB_GTID_LIST;
    header.server_id = translator->options.server_id;
    buf_clear(&translator->body);
    gtid_list_encode(&translator->body, &list);
    gtid_list_done(&list);
    return view_append(&translator->writer, out, &header, buf_span(&translator->body), err);
}

/* A file's head may lack what the file before it ended with (receiver_stream.c), and no more. */
bool translator_check_previous(const struct translator *translator, struct span body,
                               struct err *err)
{
    struct gtid_set found;
    bool good;

    if (!translator->has_executed)
        return true;
    gtid_set_init(&found);
    good = gtid_set_decode(body, &found, err);
    if (good && !gtid_set_contains(&translator->executed, &found))
        good =
            err_set(err, E_STATE, 0,
                    "Previous_gtids: %llu GTIDs that are not all among the %llu of the state given",
                    (unsigned long long)gtid_set_size(&found),
                    (unsigned long long)gtid_set_size(&translator->executed));
    gtid_set_done(&found);
    return good;
}

static bool fail_order(const struct translator *translator, uint64_t sequence, struct err *err)
{
    return err_set(err, E_STATE, 0,
                   "the transaction would be GTID %u-%u-%llu after number %llu: either its source "
                   "has begun to use GTIDs, or stopped, or was set back: give a relay's channel "
                   "another domain, set a cluster's source anew from this place",
                   translator->options.domain, translator->open.head.server_id,
                   (unsigned long long)sequence, (unsigned long long)translator->last_sequence);
}

/* The next of the channel's domain. */
static bool set_sequence(struct translator *translator, uint64_t sequence, struct err *err)
{
    if (sequence <= translator->last_sequence)
        return fail_order(translator, sequence, err);
    translator->last_sequence = sequence;
    translator->open.gtid = (struct gtid_mariadb){
        .sequence = sequence,
        .domain = translator->options.domain,
        .server_id = translator->open.head.server_id,
    };
    return true;
}

bool translator_begin_without_gtid(struct translator *translator, const struct plain_event *event,
                                   struct err *err)
{
    uint64_t place = translator->options.counted ? translator->next_place++ : event->offset;

    transaction_begin(translator, event);
    translator->without_gtid = gtid_sequence_of_place(translator->file_number, place);
    return set_sequence(translator, translator->without_gtid, err);
}

static bool fail_domain(const struct translator *translator, struct err *err)
{
    const struct gtid_mariadb *made = &translator->open.gtid;

    return err_set(err, E_STATE, 0,
                   "GTID %u-%u-%llu, which came to the source from MariaDB, is of the domain that "
                   "its channel has, too: give the channel another",
                   made->domain, made->server_id, (unsigned long long)made->sequence);
}

/* The event's bytes are gone when it is asked for. */
static void set_source_gtid(struct transaction *open, const struct gtid *gtid)
{
    open->gtid_mysql.uuid = gtid->uuid;
    open->gtid_mysql.number = gtid->number;
    if (gtid->tag.len > 0)
        memcpy(open->tag, gtid->tag.data, gtid->tag.len);
    open->gtid_mysql.tag = span_of(open->tag, gtid->tag.len);
}

static bool begin_with_gtid(struct translator *translator, const struct plain_event *event,
                            const struct gtid *gtid, struct err *err)
{
    struct gtid_mariadb *made = &translator->open.gtid;

    if (!translator->has_executed)
        return err_set(err, E_STATE, 0,
                       "%s event: the GTIDs that were executed before it are not known",
                       event_type_name(event->type));
    transaction_begin(translator, event);
    set_source_gtid(&translator->open, gtid);
    if (gtid->tag.len == 0 && gtid_uuid_to_domain(&gtid->uuid, &made->domain, &made->server_id)) {
        made->sequence = (uint64_t)gtid->number;
        if (made->domain == translator->options.domain)
            return fail_domain(translator, err);
    } else {
        if (!gtid_set_has(&translator->executed, &gtid->uuid, gtid->tag, gtid->number))
            translator->sequence++;
        if (!set_sequence(translator, translator->sequence, err))
            return false;
    }
    gtid_set_add(&translator->executed, &gtid->uuid, gtid->tag, gtid->number, gtid->number);
    return true;
}

bool translator_gtid_of_mysql(struct translator *translator, const struct plain_event *event,
                              struct err *err)
{
    struct gtid gtid;

    if (translator->open.open)
        return err_set(err, E_PROTO, 0, "%s event inside another transaction",
                       event_type_name(event->type));
    if (!gtid_decode(event->body, event->type, &gtid, err))
        return false;
    if (event->type == EVENT_ANONYMOUS_GTID ? !translator_begin_without_gtid(translator, event, err)
                                            : !begin_with_gtid(translator, event, &gtid, err))
        return false;
    if (gtid.parts & GTID_SEQUENCE) {
        translator->open.last_committed = gtid.last_committed;
        translator->open.sequence_number = gtid.sequence_number;
    }
    return true;
}

/* XA END goes on before XA PREPARE; in one phase, neither does, nor the name. */
static bool put_frame(struct translator *translator, const struct plain_event *event,
                      const struct query *query, struct buf *out, struct err *err)
{
    buf_clear(&translator->body);
    return query_translate_frame(translator->queries, query, &translator->body, err) &&
           translator_put(translator, &event->header, EVENT_QUERY, buf_span(&translator->body), out,
                          err);
}

bool translator_frame_of_mysql(struct translator *translator, const struct plain_event *event,
                               const struct query *query, enum query_kind kind, struct buf *out,
                               struct err *err)
{
    struct transaction *open = &translator->open;

    switch (kind) {
    case KIND_BEGIN: /* the GTID event stands for it */
        open->inside = true;
        return true;
    case KIND_XA_START:
        open->inside = true;
        open->xa = true;
        return query_xa_parse(query->text, &open->xa_name, err);
    case KIND_XA_END:
        open->xa_end_at = translator->held.len;
        return put_frame(translator, event, query, out, err);
    case KIND_COMMIT:
    case KIND_ROLLBACK:
        return put_frame(translator, event, query, out, err) &&
               transaction_end(translator, END_QUERY, out, err);
    case KIND_XA_COMMIT:
    case KIND_XA_ROLLBACK:
        return query_xa_parse(query->text, &open->xa_name, err) &&
               put_frame(translator, event, query, out, err) &&
               transaction_end(translator, END_COMPLETED, out, err);
    case KIND_STATEMENT:
        break;
    }
    return err_set(err, E_BUG, 0, "a statement is not of a transaction's frame");
}

/* In one phase it is a transaction like others, which ends with an XID. */
static bool end_one_phase(struct translator *translator, const struct plain_event *event,
                          struct buf *out, struct err *err)
{
    if (translator->open.straight)
        return err_set(err, E_STATE, 0,
                       "an XA transaction of more than %zu bytes that was committed in one phase "
                       "can not be taken over: commit it at the replica by hand, and skip it",
                       TRANSLATOR_HELD_MAX);
    translator->held.len = translator->open.xa_end_at;
    buf_clear(&translator->body);
    xid_encode(&translator->body, translator->open.gtid.sequence);
    return translator_put(translator, &event->header, EVENT_XID, buf_span(&translator->body), out,
                          err) &&
           transaction_end(translator, END_COMMIT, out, err);
}

bool translator_prepare_of_mysql(struct translator *translator, const struct plain_event *event,
                                 struct buf *out, struct err *err)
{
    struct xa_prepare prepare;

    if (!xa_prepare_decode(event->body, &prepare, err))
        return false;
    if (prepare.one_phase)
        return end_one_phase(translator, event, out, err);
    return translator_put(translator, &event->header, event->type, event->body, out, err) &&
           transaction_end(translator, END_PREPARED, out, err);
}

static uint8_t flags_of(const struct transaction *open, enum transaction_end end)
{
    if (open->straight)
        return (uint8_t)((end == END_PREPARED ? GTID_MARIADB_PREPARED_XA : 0) |
                         (end == END_STATEMENT ? GTID_MARIADB_STANDALONE | GTID_MARIADB_DDL : 0));
    switch (end) {
    case END_COMMIT:
        return GTID_MARIADB_ALLOW_PARALLEL |
               (open->ddl ? GTID_MARIADB_DDL : GTID_MARIADB_TRANSACTIONAL);
    case END_QUERY:
        return 0;
    case END_STATEMENT:
        return GTID_MARIADB_STANDALONE | GTID_MARIADB_DDL | GTID_MARIADB_ALLOW_PARALLEL;
    case END_PREPARED:
        return GTID_MARIADB_PREPARED_XA | GTID_MARIADB_ALLOW_PARALLEL | GTID_MARIADB_TRANSACTIONAL;
    case END_COMPLETED:
        return GTID_MARIADB_COMPLETED_XA | GTID_MARIADB_STANDALONE | GTID_MARIADB_ALLOW_PARALLEL |
               GTID_MARIADB_TRANSACTIONAL;
    }
    return 0;
}

/* By MySQL's clock, which gives each transaction the last that it has to wait for. */
static bool is_free_by_clock(const struct translator *translator)
{
    const struct transaction *open = &translator->open;

    return translator->group_first > 0 && open->sequence_number > 0 &&
           open->last_committed < translator->group_first;
}

/*
 * MariaDB runs transactions of one commit id that follow each other beside each other, and those of
 * the next only after all of them. One that has to wait for none of the group that is open joins
 * it, any other begins a group; that is so if either MySQL's clock or the rows say so. What is not
 * rolled back when something goes wrong beside it runs alone. Whether there is an id follows from
 * the log alone, because it takes room: offsets must not depend on what else is known. An id is
 * never that of another group before it, in whatever domain.
 */
static void join_group(struct translator *translator, enum transaction_end end,
                       struct gtid_mariadb_event *gtid)
{
    const struct transaction *open = &translator->open;
    int64_t last;
    int64_t number = transaction_number(translator, end, &last);

    if (open->straight || open->ddl || end != END_COMMIT) {
        translator->group_begin = 0;
        return;
    }
    if (translator->group_begin == 0 ||
        (last >= translator->group_begin && !is_free_by_clock(translator))) {
        translator->group_begin = number;
        translator->group_first = open->sequence_number;
    }
    if (open->sequence_number <= 0)
        translator->group_first = 0; /* the clock tells nothing of one in the group */
    gtid->flags |= GTID_MARIADB_GROUP_COMMIT;
    gtid->commit_id = translator->file_number << 32 | (uint64_t)translator->group_begin;
}

bool translator_write_gtid_mariadb(struct translator *translator, enum transaction_end end,
                                   struct buf *out, struct err *err)
{
    static const uint8_t zeros[GTID_BODY_MIN];
    const struct transaction *open = &translator->open;
    struct event_header header = open->head;
    struct gtid_mariadb_event gtid = {
        .sequence = open->gtid.sequence,
        .domain = open->gtid.domain,
        .flags = flags_of(open, end),
    };

    if (end == END_PREPARED || end == END_COMPLETED)
        gtid.xa = query_xa_name(&open->xa_name);
    join_group(translator, end, &gtid);
    header.type = EVENT_MARIADB_GTID;
    header.server_id = open->gtid.server_id;
    header.flags = EVENT_FLAG_SUPPRESS_USE;
    buf_clear(&translator->body);
    gtid_mariadb_encode(&translator->body, &gtid);
    if (translator->body.len < GTID_BODY_MIN)
        buf_bytes(&translator->body, span_of(zeros, GTID_BODY_MIN - translator->body.len));
    return view_append(&translator->writer, out, &header, buf_span(&translator->body), err);
}
