#include "cli/binlog_cut.h"

#include "base/mem.h"
#include "binlog/commit_clock.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_mariadb.h"
#include "binlog/gtid_set.h"

#define MADE_FLAGS (EVENT_FLAG_IN_USE | EVENT_FLAG_ARTIFICIAL | EVENT_FLAG_RELAY_LOG)
#define LIST_TEXT  200 /* characters of GTIDs in a message */

struct binlog_cut {
    int files;
    struct event_header format_header;
    struct format format;
    bool closed; /* the file before this one */

    bool has_gtids; /* PREVIOUS_GTIDS or GTID_LIST: its header */
    struct event_header gtids_header;
    struct gtid_set set; /* before the next transaction of the files */
    struct gtid_list list;

    struct commit_clock *clock;
    bool begun;          /* the head was written */
    bool left_out;       /* a transaction before it */
    bool session_tables; /* a statement was taken that may use temporary tables */
    uint32_t last_time;
    uint64_t offset;
    uint64_t events;
    uint64_t transactions;
    struct buf body; /* of a changed event */
};

struct binlog_cut *binlog_cut_new(void)
{
    struct binlog_cut *cut = mem_alloc(sizeof *cut);

    cut->clock = commit_clock_new();
    gtid_set_init(&cut->set);
    gtid_list_init(&cut->list);
    buf_init(&cut->body, EVENT_LENGTH_MAX);
    return cut;
}

void binlog_cut_free(struct binlog_cut *cut)
{
    if (!cut)
        return;
    commit_clock_free(cut->clock);
    gtid_set_done(&cut->set);
    gtid_list_done(&cut->list);
    buf_done(&cut->body);
    mem_free(cut);
}

uint64_t binlog_cut_transactions(const struct binlog_cut *cut)
{
    return cut->transactions;
}

uint64_t binlog_cut_events(const struct binlog_cut *cut)
{
    return cut->events;
}

uint64_t binlog_cut_size(const struct binlog_cut *cut)
{
    return cut->offset;
}

static size_t checksum_size(const struct binlog_cut *cut, uint8_t type)
{
    if (type == EVENT_FORMAT_DESCRIPTION)
        return format_version_has_checksum(cut->format.family, cut->format.version)
                   ? EVENT_CHECKSUM_SIZE
                   : 0;
    return format_event_checksum_size(&cut->format);
}

/* An event at its new place. `unplaced`: its log_pos is 0 and stays so. */
static void append(struct binlog_cut *cut, const struct event_header *header, struct span body,
                   bool unplaced, struct buf *out)
{
    size_t sum = checksum_size(cut, header->type);
    struct event_header made = *header;
    size_t start = out->len;

    made.length = (uint32_t)(EVENT_HEADER_SIZE + body.len + sum);
    made.flags &= (uint16_t)~MADE_FLAGS;
    cut->offset += made.length;
    made.log_pos = unplaced ? 0 : (uint32_t)cut->offset;
    event_header_encode(out, &made);
    buf_bytes(out, body);
    if (sum > 0)
        checksum_append(out, start);
    cut->events++;
    cut->last_time = header->timestamp;
}

/*
 * A server's start makes replicas drop the temporary tables of its sessions: so it is told where
 * the file begins with it, and not in the middle of a server's life.
 */
static void write_head(struct binlog_cut *cut, struct buf *out)
{
    static const uint8_t magic[READER_MAGIC_SIZE] = {0xfe, 'b', 'i', 'n'};

    if (cut->left_out)
        cut->format.created = 0;
    buf_bytes(out, span_of(magic, sizeof magic));
    cut->offset = sizeof magic;
    buf_clear(&cut->body);
    format_encode(&cut->body, &cut->format);
    append(cut, &cut->format_header, buf_span(&cut->body), false, out);
    cut->begun = true;
    if (!cut->has_gtids)
        return;
    buf_clear(&cut->body);
    if (cut->gtids_header.type == EVENT_PREVIOUS_GTIDS)
        gtid_set_encode(&cut->body, &cut->set);
    else
        gtid_list_encode(&cut->body, &cut->list);
    append(cut, &cut->gtids_header, buf_span(&cut->body), false, out);
}

static bool same_format(const struct format *a, const struct format *b)
{
    return strcmp(a->server_version, b->server_version) == 0 && a->checksum == b->checksum &&
           a->type_count == b->type_count &&
           memcmp(a->post_header_lengths, b->post_header_lengths, a->type_count) == 0;
}

static bool take_format(struct binlog_cut *cut, const struct reader *reader,
                        const struct reader_event *event, struct err *err)
{
    const struct format *format = &reader->format;

    if (reader->relay_log)
        return err_set(err, E_STATE, 0,
                       "a relay log, whose events are not the server's own: cut the binlog of the "
                       "source, or of the replica");
    commit_clock_begin_file(cut->clock);
    if (cut->files++ == 0) {
        cut->format_header = event->header;
        cut->format = *format;
        return true;
    }
    if (!same_format(&cut->format, format))
        return err_set(err, E_STATE, 0,
                       "format description of %s, checksum %s, expected %s, checksum %s, as in the "
                       "file before it: files of different formats can not be joined",
                       format->server_version, checksum_alg_name(format->checksum),
                       cut->format.server_version, checksum_alg_name(cut->format.checksum));
    if (format->created != 0 && !cut->closed && cut->session_tables)
        return err_set(err, E_STATE, 0,
                       "its server began anew after a crash, and statements before may have made "
                       "temporary tables that ended there: cut it into a file of its own");
    return true;
}

static bool fail_gtids(const struct gtid_set *set, const char *what, struct err *err)
{
    struct buf text;

    buf_init(&text, (size_t)1 << 30);
    gtid_set_print(&text, set);
    (void)err_set(err, E_STATE, 0, "%s: %.*s%s", what,
                  (int)(text.len < LIST_TEXT ? text.len : LIST_TEXT), (const char *)text.data,
                  text.len > LIST_TEXT ? "..." : "");
    buf_done(&text);
    return false;
}

/* Files one after the other: the later has before it all that the earlier had, and no more. */
static bool check_set(const struct binlog_cut *cut, const struct gtid_set *found, struct err *err)
{
    struct gtid_set difference;
    bool good = true;

    gtid_set_init(&difference);
    gtid_set_copy(&difference, found);
    gtid_set_subtract(&difference, &cut->set);
    if (!gtid_set_is_empty(&difference))
        good = fail_gtids(&difference,
                          "a file is missing before it: it follows transactions that none of those "
                          "given has",
                          err);
    gtid_set_copy(&difference, &cut->set);
    gtid_set_subtract(&difference, found);
    if (good && !gtid_set_is_empty(&difference))
        good = fail_gtids(&difference,
                          "it is not of the same log, or not in order: it does not follow "
                          "transactions of the files before it",
                          err);
    gtid_set_done(&difference);
    return good;
}

static bool take_set(struct binlog_cut *cut, const struct reader_event *event, struct err *err)
{
    struct gtid_set found;
    bool good;

    gtid_set_init(&found);
    good = gtid_set_decode(event->body, &found, err) &&
           (cut->files == 1 || check_set(cut, &found, err));
    if (good)
        gtid_set_copy(&cut->set, &found);
    gtid_set_done(&found);
    return good;
}

/* Entries of a domain that are not its latest stand in any order. */
static bool same_state(const struct gtid_list *a, const struct gtid_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct gtid_mariadb *latest = gtid_list_find(b, a->items[i].domain);
        bool found = false;

        for (size_t j = 0; j < b->count; j++)
            found |= b->items[j].domain == a->items[i].domain &&
                     b->items[j].server_id == a->items[i].server_id &&
                     b->items[j].sequence == a->items[i].sequence;
        if (!found || latest->sequence != gtid_list_find(a, a->items[i].domain)->sequence)
            return false;
    }
    return true;
}

static bool take_list(struct binlog_cut *cut, const struct reader_event *event, struct err *err)
{
    struct gtid_list found;
    struct buf texts[2];

    gtid_list_init(&found);
    if (!gtid_list_decode(event->body, &found, err))
        return false;
    if (cut->files == 1 || same_state(&cut->list, &found)) {
        gtid_list_done(&cut->list);
        cut->list = found;
        return true;
    }
    for (size_t i = 0; i < 2; i++) {
        buf_init(&texts[i], (size_t)1 << 30);
        gtid_list_print(&texts[i], i == 0 ? &found : &cut->list);
    }
    (void)err_set(
        err, E_STATE, 0,
        "it does not follow the file before it: its Gtid_list is %.*s, expected %.*s",
        (int)(texts[0].len < LIST_TEXT ? texts[0].len : LIST_TEXT), (const char *)texts[0].data,
        (int)(texts[1].len < LIST_TEXT ? texts[1].len : LIST_TEXT), (const char *)texts[1].data);
    buf_done(&texts[0]);
    buf_done(&texts[1]);
    gtid_list_done(&found);
    return false;
}

static bool take_gtids(struct binlog_cut *cut, const struct reader_event *event, struct err *err)
{
    if (event->header.type == EVENT_PREVIOUS_GTIDS ? !take_set(cut, event, err)
                                                   : !take_list(cut, event, err))
        return false;
    if (!cut->has_gtids)
        cut->gtids_header = event->header;
    cut->has_gtids = true;
    return true;
}

/* MySQL's GTID: counts, and with a place in the new file gets its commit clock's numbers. */
static bool take_gtid(struct binlog_cut *cut, const struct reader_event *event, bool wanted,
                      struct span *ret_body, struct err *err)
{
    uint32_t length = event->header.length;
    struct gtid gtid;

    if (!gtid_decode(event->body, event->header.type, &gtid, err))
        return false;
    if (gtid.number > 0)
        gtid_set_add(&cut->set, &gtid.uuid, gtid.tag, gtid.number, gtid.number);
    if (!wanted || !(gtid.parts & GTID_SEQUENCE))
        return true;
    commit_clock_renumber(cut->clock, &gtid.last_committed, &gtid.sequence_number);
    if ((gtid.parts & GTID_LENGTH) && gtid.transaction_length >= length)
        gtid_set_transaction_length(&gtid, gtid.transaction_length - length,
                                    checksum_size(cut, event->header.type));
    buf_clear(&cut->body);
    gtid_encode(&cut->body, &gtid);
    *ret_body = buf_span(&cut->body);
    return true;
}

static bool take_gtid_mariadb(struct binlog_cut *cut, const struct reader_event *event,
                              struct err *err)
{
    struct gtid_mariadb_event gtid;

    if (!gtid_mariadb_decode(event->body, &gtid, err))
        return false;
    gtid_list_set_state(&cut->list,
                        (struct gtid_mariadb){gtid.sequence, gtid.domain, event->header.server_id});
    return true;
}

static bool take_of_transaction(struct binlog_cut *cut, const struct reader *reader,
                                const struct reader_event *event, bool wanted, struct buf *out,
                                struct err *err)
{
    uint8_t type = event->header.type;
    struct span body = event->body;

    if (wanted && !cut->begun)
        write_head(cut, out);
    if (type == EVENT_MARIADB_GTID && !take_gtid_mariadb(cut, event, err))
        return false;
    if ((type == EVENT_GTID || type == EVENT_GTID_TAGGED || type == EVENT_ANONYMOUS_GTID) &&
        !take_gtid(cut, event, wanted, &body, err))
        return false;
    if (!wanted) {
        cut->left_out = true;
        return true;
    }
    append(cut, &event->header, body, event->header.log_pos == 0, out);
    cut->session_tables |= (event->header.flags & EVENT_FLAG_THREAD_SPECIFIC) != 0;
    cut->transactions += reader->transaction == READER_OUTSIDE;
    return true;
}

bool binlog_cut_take(struct binlog_cut *cut, const struct reader *reader,
                     const struct reader_event *event, bool wanted, struct buf *out,
                     struct err *err)
{
    switch ((enum event_type)event->header.type) {
    case EVENT_FORMAT_DESCRIPTION:
        if (!take_format(cut, reader, event, err))
            return false;
        break;
    case EVENT_PREVIOUS_GTIDS:
    case EVENT_MARIADB_GTID_LIST:
        if (!take_gtids(cut, event, err))
            return false;
        break;
    case EVENT_ROTATE:
    case EVENT_STOP:
    case EVENT_HEARTBEAT:
    case EVENT_HEARTBEAT_V2:
    case EVENT_MARIADB_BINLOG_CHECKPOINT:
    case EVENT_MARIADB_START_ENCRYPTION:
        break;
    default:
        if (!take_of_transaction(cut, reader, event, wanted, out, err))
            return false;
    }
    cut->closed = reader->closed;
    return true;
}

bool binlog_cut_finish(struct binlog_cut *cut, struct buf *out, struct err *err)
{
    struct event_header stop = {
        .type = EVENT_STOP,
        .timestamp = cut->last_time,
        .server_id = cut->format_header.server_id,
    };

    if (!cut->begun)
        return err_set(err, E_STATE, 0, "there is no transaction to take: nothing was written");
    append(cut, &stop, (struct span){0}, false, out);
    return true;
}
