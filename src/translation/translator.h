/*
 * struct translator: a source's binlog, event by event, as the binlog of another dialect's server:
 * what a replica of the other family takes as its own source's.
 *
 * Pure and deterministic: the output follows from the source's bytes since the beginning of the
 * file, the state of GTIDs there, and the options; so every relay of a source makes the same bytes,
 * but for the numbers by which a transaction waits for others: last_committed and commit ids may be
 * better where more keys are known; and for a flag of table maps (hidden_key.h). They have the same
 * place and size everywhere, and so have the events that stand for GTIDs where these are left out.
 * Only its resolver, and who is asked for hidden keys, may wait. Its files are a *view* of the
 * source's: one for each, with a name and offsets of their own (see translator_view_name()). Each
 * event's log_pos is its end in the view.
 *
 * A transaction is held until its end, because what begins it tells of all of it (length, what it
 * depends on); one of more than TRANSLATOR_HELD_MAX bytes goes out as it comes, with a GTID that
 * tells nothing of these and lets nothing run beside it. Compressed events and payloads are plain
 * in the output. What can not be translated is E_STATE: the text names the statement or the table,
 * the reason, and what can be done; the caller adds file and position.
 *
 * Owned by one thread; memory is bounded by the largest event and TRANSLATOR_HELD_MAX.
 */
#pragma once

#include "binlog/event.h"
#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"
#include "translation/dialect.h"
#include "translation/gtid_resolver.h"
#include "translation/hidden_key.h"
#include "translation/key_catalog.h"
#include "translation/sql_translator.h"

#define TRANSLATOR_VERSION   2 /* grows when the same input gives other bytes */
#define TRANSLATOR_HELD_MAX  ((size_t)16 << 20)
#define TRANSLATOR_MARK_SIZE 16 /* bytes of a view's name, with a NUL */

/*
 * Whom to ask for the catalogue that holds for a transaction which begins at a place of the
 * source's log, for each of them in the log's order. It gives a reference, which the translator
 * frees; NULL: none is known. The same one as before says that no key has changed since; after
 * another one nothing depends on what the first has told.
 */
struct key_source {
    struct key_catalog *(*at)(void *userdata, const char *file, uint64_t offset);
    void *userdata;
};

struct translator_options {
    enum dialect to;
    uint32_t domain;    /* MariaDB: that of transactions from MySQL; at least 1 */
    uint32_t server_id; /* the source's, of events that are made here */
    enum account_policy accounts;
    const struct gtid_resolver *resolver; /* MySQL: what GTIDs were before; NULL: nothing known */
    struct hidden_key_source hidden;      /* of MariaDB's tables */
    struct key_source keys;               /* with history_size; `at` may be NULL */
    unsigned history_size; /* keys of rows that are remembered, see dependencies.h; 0: none */
    bool anonymous;        /* MySQL: GTIDs stay out, as of GTID_MODE=OFF: without a resolver only */
    bool counted; /* MariaDB: transactions without GTIDs are counted in their file (gtid_exchange.h)
                   */
};

/* The GTID state where a file begins: one of the two, by the source's family; or none is known. */
struct translator_state {
    const struct gtid_set *executed;
    const struct gtid_list *list;
};

struct translator;

struct translator *translator_new(const struct translator_options *options);
void translator_free(struct translator *translator); /* NULL is fine */

/*
 * A file of the source begins, or the middle of one: its name, the offset of the first event to
 * come, its whole format description, and the GTIDs before it. Appends the head of the view's file
 * (format description; PREVIOUS_GTIDS or GTID_LIST), which stands behind the magic number; a first
 * file that begins in the middle has its head there too, and its events begin at `offset` or right
 * behind the head, whichever is more. E_PROTO; E_STATE: a log that can not be translated, or state
 * is needed and not given.
 */
MUST_CHECK bool translator_file(struct translator *translator, const char *name, uint64_t offset,
                                struct span format_event, const struct translator_state *state,
                                struct buf *buf, struct err *err);

/*
 * Takes the source's next whole event, checksum included, and appends what comes of it: nothing, or
 * whole events with checksums as the source's file has them. A format description, PREVIOUS_GTIDS
 * and GTID_LIST of the source give nothing: the head has theirs; PREVIOUS_GTIDS must be what the
 * file's state was. All of a payload comes at once: buf's maximum bounds it. E_PROTO, E_LIMIT,
 * E_STATE: nothing was appended, and translator_give_up() or another file may follow. E_TIMEOUT:
 * the resolver does not know yet.
 */
MUST_CHECK bool translator_take(struct translator *translator, struct span event, struct buf *buf,
                                struct err *err);

/*
 * After E_STATE or E_LIMIT of translator_take(): the open transaction is given up. The same event
 * is taken again, and all to the transaction's end: an empty one with its GTID comes of them, so
 * that what follows is where it always is. False when the failure was of no transaction.
 */
MUST_CHECK bool translator_give_up(struct translator *translator);

/*
 * What of the event taken last was left out, by policy or because it means nothing on the other
 * side: a statement's first words, such as "CREATE USER"; NULL: nothing. Borrowed until the next.
 */
const char *translator_left_out(const struct translator *translator);

/*
 * To MariaDB: the GTID that the open transaction had at its source; NULL: none is open, or it had
 * none. And all that was executed there with it. Borrowed until the next event.
 */
const struct gtid *translator_borrow_gtid(const struct translator *translator);
const struct gtid_set *translator_borrow_executed(const struct translator *translator);

/* Where the next byte that it appends will be in the view's file. */
uint64_t translator_offset(const struct translator *translator);

/* The sequence number of the file's latest transaction without a GTID; 0: it had none so far. */
uint64_t translator_last_without_gtid(const struct translator *translator);

/* Whether what was taken so far has come out: the last event ended a transaction. */
bool translator_is_between(const struct translator *translator);

/*
 * What tells views apart whose offsets differ: "mariadb2", a dialect and the version of the
 * translation; "mysql82ag" with statements of accounts, and with a resolver; "mariadb2k" with them
 * as they are. `mark` has TRANSLATOR_MARK_SIZE bytes.
 */
void translator_view_mark(const struct translator_options *options, char *mark);

/*
 * "mysql-bin.000031" -> "mysql-bin-mariadb2.000031": the mark stands before the last dot. `text`
 * has room for `size` bytes; false when that is not enough, or for a name without a number.
 */
bool translator_view_name(const char *name, const struct translator_options *options, char *text,
                          size_t size);

/*
 * The source's name of a view's file, of whatever version, in `text`, and its mark; false when it
 * is none of that dialect.
 */
bool translator_source_name(struct span view_name, enum dialect to, char *ret_mark, char *text,
                            size_t size);
