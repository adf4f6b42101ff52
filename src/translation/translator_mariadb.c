/* From MariaDB, which is to MySQL: what begins and ends transactions, and GTIDs. */
#include "binlog/gtid_mariadb.h"
#include "binlog/varint.h"
#include "translation/gtid_exchange.h"
#include "translation/translator_internal.h"

#define ALTER_PHASES                                                                               \
    (GTID_MARIADB_EXTRA_START_ALTER | GTID_MARIADB_EXTRA_COMMIT_ALTER |                            \
     GTID_MARIADB_EXTRA_ROLLBACK_ALTER)
#define USEC_PER_SEC 1000000
#define XA_TEXT_MAX  1024 /* bytes: a name takes 300 at most */

bool translator_head_of_mariadb(struct translator *translator, const struct translator_state *state,
                                const struct event_header *like, struct buf *out, struct err *err)
{
    struct event_header header = *like;
    struct gtid_set set;
    bool good;

    if (!state->list)
        return err_set(err, E_STATE, 0, "the GTIDs before the file are not known");
    translator->clock_group = 0;
    translator->clock_id = 0;
    header.type = EVENT_PREVIOUS_GTIDS;
    header.server_id = translator->options.server_id;
    header.flags = translator->options.to == DIALECT_MYSQL_5 ? 0 : EVENT_FLAG_IGNORABLE;
    gtid_set_init(&set);
    buf_clear(&translator->body);
    good = gtid_resolve_list(translator->options.resolver, state->list, &set, err);
    gtid_set_encode(&translator->body, &set);
    gtid_set_done(&set);
    return good && view_append(&translator->writer, out, &header, buf_span(&translator->body), err);
}

static bool put_made(struct translator *translator, const struct event_header *like,
                     const char *text, struct buf *out, struct err *err)
{
    struct event_header header = *like;

    header.flags = EVENT_FLAG_SUPPRESS_USE;
    buf_clear(&translator->body);
    query_make(translator->queries, text, &translator->body);
    return translator_put(translator, &header, EVENT_QUERY, buf_span(&translator->body), out, err);
}

static bool put_xa_start(struct translator *translator, struct buf *out, struct err *err)
{
    struct buf text;
    bool good;

    buf_init(&text, XA_TEXT_MAX);
    buf_str(&text, "XA START ");
    query_xa_print(&text, &translator->open.xa_name);
    if (translator->options.to == DIALECT_MYSQL_5)
        good = err_set(err, E_STATE, 0,
                       "XA transaction %s: MySQL 5.6 has none that outlive their session in its "
                       "log: commit it at the source in one phase, or without XA",
                       buf_borrow_cstr(&text) + strlen("XA START "));
    else
        good = put_made(translator, &translator->open.head, buf_borrow_cstr(&text), out, err);
    buf_done(&text);
    return good;
}

/*
 * An ALTER in two phases: the first begins it while others go on, the second tells what became of
 * it. It is run where it was committed; the other phases are empty transactions.
 */
static bool is_only_a_phase(const struct gtid_mariadb_event *gtid)
{
    uint8_t phase = gtid->extra_flags & ALTER_PHASES;

    return phase != 0 && phase != GTID_MARIADB_EXTRA_COMMIT_ALTER;
}

/* The GTID that it was at the first source, which has a channel of its own. */
static bool set_origin(struct translator *translator, const struct gtid_mariadb_event *gtid,
                       struct err *err)
{
    const struct gtid_resolver *resolver = translator->options.resolver;
    struct transaction *open = &translator->open;
    struct gtid_origin origin;

    if (open->head.server_id == translator->options.server_id)
        return err_set(
            err, E_STATE, 0,
            "GTID %u-%u-%llu: the source itself has written it, in the domain of another "
            "source's transactions: give its gtid_domain_id another number",
            gtid->domain, open->head.server_id, (unsigned long long)gtid->sequence);
    if (!resolver->find(resolver->context, gtid->domain, gtid->sequence, &origin, err))
        return false;
    if (origin.tag_length > 0 && translator->options.to == DIALECT_MYSQL_5)
        return err_set(err, E_STATE, 0,
                       "GTID %u-%u-%llu had the tag %.*s at its MySQL source: %s has no tags",
                       gtid->domain, open->head.server_id, (unsigned long long)gtid->sequence,
                       (int)origin.tag_length, origin.tag, dialect_title(translator->options.to));
    open->gtid_mysql.uuid = origin.uuid;
    open->gtid_mysql.number = origin.number;
    memcpy(open->tag, origin.tag, origin.tag_length);
    open->gtid_mysql.tag = span_of(open->tag, origin.tag_length);
    return true;
}

static bool set_gtid(struct translator *translator, const struct gtid_mariadb_event *gtid,
                     struct err *err)
{
    struct transaction *open = &translator->open;
    uint32_t server_id = open->head.server_id;

    if (gtid_resolver_has(translator->options.resolver, gtid->domain, gtid->sequence))
        return set_origin(translator, gtid, err);
    if (gtid->sequence == 0 || gtid->sequence > (uint64_t)GTID_NUMBER_LAST)
        return err_set(err, E_LIMIT, 0,
                       "GTID %u-%u-%llu: MySQL's numbers are 1 to %lld: write it in a domain of "
                       "its own, whose numbers are less",
                       gtid->domain, server_id, (unsigned long long)gtid->sequence,
                       (long long)GTID_NUMBER_LAST);
    gtid_uuid_of_domain(gtid->domain, server_id, &open->gtid_mysql.uuid);
    open->gtid_mysql.number = (int64_t)gtid->sequence;
    return true;
}

bool translator_gtid_of_mariadb(struct translator *translator, const struct plain_event *event,
                                struct buf *out, struct err *err)
{
    struct transaction *open = &translator->open;
    struct gtid_mariadb_event gtid;
    bool standalone;

    if (open->open)
        return err_set(err, E_PROTO, 0, "%s event inside another transaction",
                       event_type_name(event->type));
    if (!gtid_mariadb_decode(event->body, &gtid, err))
        return false;
    transaction_begin(translator, event);
    standalone = gtid.flags & GTID_MARIADB_STANDALONE;
    open->inside = !standalone;
    open->ddl = gtid.flags & GTID_MARIADB_DDL;
    open->phase_only = is_only_a_phase(&gtid);
    open->commit_id = gtid.flags & GTID_MARIADB_GROUP_COMMIT ? gtid.commit_id : 0;
    open->xa = gtid.flags & GTID_MARIADB_PREPARED_XA;
    if (!(gtid.flags & GTID_MARIADB_TRANSACTIONAL))
        transaction_bar(translator);
    if (gtid.flags & (GTID_MARIADB_PREPARED_XA | GTID_MARIADB_COMPLETED_XA))
        query_xa_set(&open->xa_name, &gtid.xa);
    if (!set_gtid(translator, &gtid, err))
        return false;
    if (open->xa)
        return put_xa_start(translator, out, err);
    return standalone || put_made(translator, &event->header, "BEGIN", out, err);
}

bool translator_frame_of_mariadb(struct translator *translator, const struct plain_event *event,
                                 const struct query *query, enum query_kind kind, struct buf *out,
                                 struct err *err)
{
    struct transaction *open = &translator->open;
    char excerpt[QUERY_EXCERPT];

    if (kind == KIND_BEGIN || kind == KIND_XA_START) /* of a server without GTIDs */
        return err_set(err, E_PROTO, 0, "'%s' inside a transaction",
                       query_excerpt(query->text, excerpt));
    buf_clear(&translator->body);
    if (!query_translate_frame(translator->queries, query, &translator->body, err) ||
        !translator_put(translator, &event->header, EVENT_QUERY, buf_span(&translator->body), out,
                        err))
        return false;
    if (kind == KIND_XA_END)
        return true;
    return transaction_end(translator, open->inside ? END_QUERY : END_COMPLETED, out, err);
}

bool translator_end_empty(struct translator *translator, const struct plain_event *event,
                          struct buf *out, struct err *err)
{
    buf_clear(&translator->held); /* what the statement would have read from its session */
    if (translator->options.to != DIALECT_MARIADB &&
        !put_made(translator, &translator->open.head, "BEGIN", out, err))
        return false;
    return put_made(translator, &event->header, "COMMIT", out, err) &&
           transaction_end(translator, END_QUERY, out, err);
}

/* In a GTID with a tag numbers have as many bytes as they need: the least that has as many. */
static int64_t least_as_long(int64_t number)
{
    size_t size = varint_size(2 * (uint64_t)number);

    return size > 1 ? INT64_C(1) << (7 * (size - 1) - 1) : 0;
}

/*
 * MySQL's clock: a transaction waits for all before it, but those of one commit id only for those
 * before the first of them; or for less by the rows.
 */
static void tick(struct translator *translator, enum transaction_end end, struct gtid *gtid)
{
    const struct transaction *open = &translator->open;
    int64_t before = translator->clock;
    int64_t least;
    int64_t last;

    if (open->commit_id == 0 || open->commit_id != translator->clock_id)
        translator->clock_group = before;
    translator->clock_id = open->straight ? 0 : open->commit_id;
    gtid->last_committed = open->straight ? before : translator->clock_group;
    gtid->sequence_number = transaction_number(translator, end, &last);
    gtid->parts |= GTID_LAST_COMMITTED | GTID_SEQUENCE;
    if (!translator->dependencies)
        return;
    least = gtid->type == EVENT_GTID_TAGGED ? least_as_long(gtid->last_committed) : 0;
    if (least == 0 && before > 0)
        least = 1; /* 0 would make it wait for all */
    if (last < gtid->last_committed)
        gtid->last_committed = last;
    if (gtid->last_committed < least)
        gtid->last_committed = least;
}

/* MySQL 8's further parts; of a long transaction its length is not known. */
static void describe(const struct translator *translator, struct gtid *gtid)
{
    const struct transaction *open = &translator->open;

    gtid->immediate_commit_usec = (uint64_t)open->last_time * USEC_PER_SEC;
    gtid->original_commit_usec = gtid->immediate_commit_usec;
    gtid->parts |= GTID_IMMEDIATE_TIME;
    if (open->straight)
        return;
    gtid->immediate_version = translator->to_format.version;
    gtid->original_version = gtid->immediate_version;
    gtid->parts |= GTID_LENGTH | GTID_IMMEDIATE_VERSION;
    gtid_set_transaction_length(gtid, translator->held.len, translator->writer.checksum_size);
}

bool translator_write_gtid_mysql(struct translator *translator, enum transaction_end end,
                                 struct buf *out, struct err *err)
{
    const struct transaction *open = &translator->open;
    struct event_header header = open->head;
    struct gtid gtid = open->gtid_mysql;
    bool rows_alone = !open->statements && end != END_STATEMENT && end != END_COMPLETED;

    if (translator->options.anonymous)
        gtid = (struct gtid){.type = EVENT_ANONYMOUS_GTID};
    else
        gtid.type = gtid.tag.len > 0 ? EVENT_GTID_TAGGED : EVENT_GTID;
    gtid.parts = GTID_FLAGS | GTID_UUID | GTID_NUMBER | (gtid.tag.len > 0 ? GTID_TAG : 0);
    gtid.flags =
        rows_alone && translator->options.to == DIALECT_MYSQL_8 ? 0 : GTID_FLAG_MAY_HAVE_SBR;
    if (translator->options.to == DIALECT_MYSQL_8) {
        tick(translator, end, &gtid);
        describe(translator, &gtid);
    }
    header.type = gtid.type;
    header.flags = 0;
    buf_clear(&translator->body);
    gtid_encode(&translator->body, &gtid);
    return view_append(&translator->writer, out, &header, buf_span(&translator->body), err);
}
