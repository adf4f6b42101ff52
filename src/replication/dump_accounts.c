#include "replication/dump_accounts.h"

#include "base/mem.h"
#include "binlog/query.h"
#include "binlog/unpacker.h"
#include "translation/foreign_account.h"
#include "translation/foreign_object.h"

#define TEXT_MAX ((size_t)EVENT_LENGTH_MAX) /* bytes */

/* Else GRANT would make an account that is not there, without a password. */
#define NO_AUTO_CREATE_USER (UINT64_C(1) << 28)

struct dump_accounts {
    struct dump_accounts_spec spec;
    struct format format;
    struct unpacker *unpacker;
    struct foreign_account account;
    struct buf text;      /* of a statement in the place of another */
    struct buf variables; /* and of its status */
    struct buf made;      /* its whole event */
};

struct dump_accounts *dump_accounts_new(const struct dump_accounts_spec *spec)
{
    struct dump_accounts *accounts = mem_alloc(sizeof *accounts);

    accounts->spec = *spec;
    accounts->unpacker = unpacker_new();
    foreign_account_init(&accounts->account);
    buf_init(&accounts->text, TEXT_MAX);
    buf_init(&accounts->variables, UINT16_MAX);
    buf_init(&accounts->made, 2 * TEXT_MAX);
    return accounts;
}

void dump_accounts_free(struct dump_accounts *accounts)
{
    if (!accounts)
        return;
    unpacker_free(accounts->unpacker);
    foreign_account_done(&accounts->account);
    buf_done(&accounts->text);
    buf_done(&accounts->variables);
    buf_done(&accounts->made);
    mem_free(accounts);
}

bool dump_accounts_file(struct dump_accounts *accounts, struct span event, struct err *err)
{
    size_t checksum_size = format_checksum_size(event);
    struct cursor cur = cursor_of(event);

    cursor_skip(&cur, EVENT_HEADER_SIZE);
    if (event.len < EVENT_HEADER_SIZE + checksum_size)
        return err_set(err, E_PROTO, 0, "a format description of %zu bytes", event.len);
    return format_decode(cursor_bytes(&cur, event.len - EVENT_HEADER_SIZE - checksum_size),
                         &accounts->format, err);
}

/* In hexadecimal nothing needs quoting, whatever is in it. */
static void write_argument(struct buf *text, const struct buf *bytes, const char *before)
{
    static const char digits[] = "0123456789abcdef";

    buf_str(text, before);
    buf_str(text, "_utf8mb4 X'");
    for (size_t i = 0; i < bytes->len; i++) {
        buf_u8(text, (uint8_t)digits[bytes->data[i] >> 4]);
        buf_u8(text, (uint8_t)digits[bytes->data[i] & 15]);
    }
    buf_str(text, "'");
}

/*
 * What the engine says of accounts that are not as at the source is noted, and is no error. Of
 * accounts: 1133, 1396, 1410. Of grants that are not there: 1141, 1147, 1269, 1403. Of objects:
 * 1049, 1054, 1146, 1305. Of roles: 1959, 1961, 1962. What the engine does not take: 1144, 1221,
 * 1372, 1470, 1827. A plugin that is not loaded: 1524.
 */
#define PASSED_OVER                                                                                \
    "1133,1396,1410,1141,1147,1269,1403,1049,1054,1146,1305,1959,1961,1962,1144,1221,1372,1470,"   \
    "1827"

/*
 * In a block, so that the engine's applier does not pass it over; as it stands, because a procedure
 * that runs a text may return rows, for which the applier has no client.
 */
static void write_block(struct dump_accounts *accounts)
{
    const struct foreign_account *account = &accounts->account;
    struct buf *text = &accounts->text;

    buf_str(text, "BEGIN NOT ATOMIC DECLARE v_ok, v_lacks BOOLEAN DEFAULT FALSE; "
                  "DECLARE v_count INT DEFAULT 0; "
                  "DECLARE v_said TEXT CHARACTER SET utf8mb4 DEFAULT ''; ");
    write_argument(text, &account->statement, "CALL mysql.rds_internal_admit_account(");
    buf_str(text, ", v_ok); IF v_ok THEN BEGIN "
                  "DECLARE CONTINUE HANDLER FOR " PASSED_OVER
                  " GET DIAGNOSTICS CONDITION 1 v_said = MESSAGE_TEXT; "
                  "DECLARE CONTINUE HANDLER FOR 1524 SET v_lacks = TRUE; ");
    buf_bytes(text, buf_span(&account->statement));
    buf_str(text, "; GET DIAGNOSTICS v_count = NUMBER; "
                  "IF v_count > 0 AND v_said = '' AND NOT v_lacks THEN "
                  "GET DIAGNOSTICS CONDITION 1 v_said = MESSAGE_TEXT; END IF; ");
    if (account->closed.len > 0) {
        buf_str(text, "IF v_lacks THEN ");
        buf_bytes(text, buf_span(&account->closed));
        buf_str(text, "; END IF; ");
    }
    buf_str(text, "END; END IF; ");
    write_argument(text, &account->what, "CALL mysql.rds_internal_note_account(");
    write_argument(text, &account->note, ", ");
    buf_str(text, ", v_ok, v_lacks, v_said); END");
}

static void write_call(struct dump_accounts *accounts)
{
    buf_clear(&accounts->text);
    if (accounts->account.statement.len > 0) {
        write_block(accounts);
        return;
    }
    write_argument(&accounts->text, &accounts->account.what,
                   "CALL mysql.rds_internal_note_account(");
    write_argument(&accounts->text, &accounts->account.note, ", ");
    buf_str(&accounts->text, ", TRUE, FALSE, '')");
}

/* Into accounts->made. */
static bool make_event(struct dump_accounts *accounts, const struct event_header *like,
                       const struct query *query, struct err *err)
{
    size_t checksum_size = format_event_checksum_size(&accounts->format);
    struct event_header header = *like;

    header.type = EVENT_QUERY;
    buf_clear(&accounts->made);
    event_header_encode(&accounts->made, &header);
    query_encode(&accounts->made, query);
    buf_patch_le(&accounts->made, EVENT_LENGTH_AT, accounts->made.len + checksum_size, 4);
    if (checksum_size > 0)
        checksum_append(&accounts->made, 0);
    return (buf_ok(&accounts->text) && buf_ok(&accounts->made)) ||
           err_set(err, E_LIMIT, 0, "a statement of more than %zu bytes", TEXT_MAX);
}

/*
 * A statement of ours in the place of the source's: of its session's state nothing is left, nor of
 * an error that a part of it met there.
 */
static bool make_own(struct dump_accounts *accounts, const struct event_header *like,
                     const struct query *query, struct span text, struct err *err)
{
    struct query_status status = {
        .codes = {QUERY_FLAGS2, QUERY_SQL_MODE, QUERY_CATALOG_NZ},
        .count = 3,
        .sql_mode = NO_AUTO_CREATE_USER,
        .catalog = span_str("std"),
    };
    struct query own = {.thread_id = query->thread_id, .exec_time = query->exec_time, .text = text};
    struct event_header header = *like;

    header.flags |= EVENT_FLAG_SUPPRESS_USE;
    buf_clear(&accounts->variables);
    query_status_encode(&accounts->variables, &status);
    own.status = buf_span(&accounts->variables);
    return make_event(accounts, &header, &own, err);
}

/* The one who ran it defines what has no other definer. */
static bool is_admin(const struct query_status *status)
{
    return query_status_has(status, QUERY_INVOKER) &&
           span_eq(status->user, span_str(FOREIGN_ADMIN));
}

static bool make_of_other(struct dump_accounts *accounts, const struct event_header *like,
                          const struct query *query, struct query_status *status, struct err *err)
{
    struct query other = *query;

    if (accounts->text.len > 0)
        other.text = buf_span(&accounts->text);
    if (is_admin(status)) {
        if (status->unknown.len > 0)
            return err_set(err, E_STATE, 0,
                           "status variable %u is not known: the source is newer than this program",
                           status->unknown.data[0]);
        status->user = span_str(FOREIGN_OTHER);
        buf_clear(&accounts->variables);
        query_status_encode(&accounts->variables, status);
        other.status = buf_span(&accounts->variables);
    }
    return make_event(accounts, like, &other, err);
}

static bool take_object(struct dump_accounts *accounts, const struct event_header *header,
                        const struct query *query, struct query_status *status, bool *ret_made,
                        struct err *err)
{
    uint64_t sql_mode = query_status_has(status, QUERY_SQL_MODE) ? status->sql_mode : 0;

    buf_clear(&accounts->text);
    switch (foreign_object_read(query->text, sql_mode, query->database, &accounts->text)) {
    case FOREIGN_OBJECT_GOOD:
        *ret_made = is_admin(status);
        break;
    case FOREIGN_OBJECT_DEFINER:
        *ret_made = true;
        break;
    case FOREIGN_OBJECT_SEQUENCE: /* whatever comment it ends with */
        *ret_made = true;
        buf_str(&accounts->text, "BEGIN NOT ATOMIC ");
        buf_bytes(&accounts->text, query->text);
        buf_str(&accounts->text, "\n; END");
        break;
    case FOREIGN_OBJECT_SYSTEM:
        *ret_made = true;
        return make_own(accounts, header, query, span_str("DO 0"), err);
    }
    return !*ret_made || make_of_other(accounts, header, query, status, err);
}

/* Whether another event stands for it: it is in accounts->made then. */
static bool take_query(struct dump_accounts *accounts, const struct reader_event *event,
                       bool *ret_made, struct err *err)
{
    struct foreign_account_origin origin = {.mysql = accounts->spec.mysql,
                                            .master_user = accounts->spec.master_user};
    struct plain_event plain;
    struct query_status status;
    struct query query;
    bool more;

    *ret_made = false;
    unpacker_start(accounts->unpacker, event, &accounts->format);
    if (!unpacker_next(accounts->unpacker, &plain, &more, err) ||
        !query_decode(plain.body, plain.type, &accounts->format, &query, err) ||
        !query_status_decode(query.status, &status, err))
        return false;
    origin.sql_mode = query_status_has(&status, QUERY_SQL_MODE) ? status.sql_mode : 0;
    origin.database = query.database;
    if (!accounts->spec.takes || !foreign_account_read(&accounts->account, &origin, query.text))
        return take_object(accounts, &event->header, &query, &status, ret_made, err);
    *ret_made = true;
    write_call(accounts);
    return make_own(accounts, &event->header, &query, buf_span(&accounts->text), err);
}

bool dump_accounts_send(struct dump_accounts *accounts, struct dump_out *out,
                        const struct event_header *header, struct span event, bool wants_ack,
                        struct err *err)
{
    struct reader_event whole = {.header = *header, .bytes = event};
    struct cursor cur = cursor_of(event);
    bool made = false;

    if (!accounts ||
        (header->type != EVENT_QUERY && header->type != EVENT_MARIADB_QUERY_COMPRESSED))
        return dump_out_event(out, event, wants_ack, err);
    cursor_skip(&cur, EVENT_HEADER_SIZE);
    whole.body = cursor_bytes(&cur, event.len - EVENT_HEADER_SIZE -
                                        format_event_checksum_size(&accounts->format));
    if (!cursor_ok(&cur))
        return err_set(err, E_PROTO, 0, "a %s event of %zu bytes", event_type_name(header->type),
                       event.len);
    if (!take_query(accounts, &whole, &made, err))
        return false;
    if (!made)
        return dump_out_event(out, event, wants_ack, err);
    return dump_out_event(out, buf_span(&accounts->made), wants_ack, err) &&
           (accounts->made.len == event.len ||
            dump_out_renew(out, out->at.offset + event.len, err));
}
