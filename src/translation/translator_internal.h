/*
 * What the parts of the translator share: translator.c, which takes files and events;
 * translator_transaction.c, which holds a transaction and lets it go; translator_mysql.c and
 * translator_mariadb.c, what is particular to events from either family. Nobody else includes
 * this.
 */
#pragma once

#include "binlog/gtid.h"
#include "binlog/reader.h"
#include "binlog/unpacker.h"
#include "translation/dependencies.h"
#include "translation/query_translator.h"
#include "translation/row_translator.h"
#include "translation/translator.h"
#include "translation/view_writer.h"

/* How a transaction ended, or is expected to, when it is too long to be held until then. */
enum transaction_end {
    END_COMMIT,    /* XID */
    END_QUERY,     /* COMMIT or ROLLBACK: not all of it can be rolled back */
    END_STATEMENT, /* a statement by itself */
    END_PREPARED,  /* XA PREPARE */
    END_COMPLETED, /* XA COMMIT or XA ROLLBACK of one prepared before */
};

/* The source's transaction that is open. */
struct transaction {
    bool open;
    bool inside;     /* BEGIN was there, or stands in its GTID */
    bool given_up;   /* what is left of it is passed over */
    bool straight;   /* it is not held: its GTID is out */
    bool statements; /* it holds some, not rows alone */
    bool xa;         /* xa_name is of it */
    struct query_xa xa_name;
    struct event_header head; /* of the event that began it */
    uint32_t last_time;       /* seconds: of its last event */

    /* Its GTID in the view. */
    struct gtid_mariadb gtid; /* to MariaDB */
    struct gtid gtid_mysql;   /* to MySQL; to MariaDB: what it was, number 0 when it had none */
    char tag[GTID_TAG_MAX];   /* of gtid_mysql */

    /* What its source tells of running it beside others. */
    int64_t last_committed; /* MySQL; with sequence_number 0: nothing */
    int64_t sequence_number;
    uint64_t commit_id; /* MariaDB; 0: none */
    bool ddl;           /* a CREATE among its statements, or MariaDB says so */
    size_t xa_end_at;   /* MySQL: where XA END is held */
    bool with_rows;     /* MariaDB: the last statement creates a table that rows fill */
    bool phase_only;    /* MariaDB: the beginning of an ALTER, or one that was given up */
};

struct translator {
    struct translator_options options;
    bool next; /* translator_is_next() */
    struct reader reader;
    struct format to_format;
    struct view_writer writer;
    struct unpacker *unpacker;
    struct row_translator *rows;
    struct query_translator *queries;
    struct dependencies *dependencies; /* NULL: by rows nothing is told */
    char *file;                        /* its name at the source */
    uint64_t file_number;
    uint64_t next_place; /* in the file: of the next transaction without a GTID, if it is counted */
    uint64_t without_gtid; /* the sequence number of the file's latest one; 0: none */
    int64_t clock;         /* transactions of the file whose GTID is out */
    struct transaction open;
    const char *left_out; /* of the event taken last; NULL: nothing */
    struct buf held;      /* events of the open transaction, without their place */
    struct buf body;

    /* From MySQL. */
    bool has_executed;
    struct gtid_set executed;
    uint64_t sequence;      /* of the set */
    uint64_t last_sequence; /* given out last, over all files */
    int64_t group_begin;    /* number in the file of the first of the group; 0: none is open */
    int64_t group_first;    /* and its sequence number at the source; 0: it has none */

    /* From MariaDB: MySQL's clock. */
    int64_t clock_group; /* last_committed of the group */
    uint64_t clock_id;   /* commit id of the group; 0: none is open */
};

/* The buf that an event of the open transaction is appended to, without its place. */
struct buf *translator_to(struct translator *translator, struct buf *out);

/* Appends an event like another: with its time, server and flags. E_LIMIT. */
MUST_CHECK bool translator_put(struct translator *translator, const struct event_header *like,
                               uint8_t type, struct span body, struct buf *out, struct err *err);

/* It can not be told by rows what the open transaction changes. */
void transaction_bar(struct translator *translator);

/*
 * For the GTID of the open transaction, which is the file's next: counts it, and gives the last one
 * before it that it has to wait for, by the rows that both change; the one before it when nothing
 * is told by rows.
 */
int64_t transaction_number(struct translator *translator, enum transaction_end end,
                           int64_t *ret_last);

/* Begins a transaction; what is particular to it is for the caller to fill in. */
void transaction_begin(struct translator *translator, const struct plain_event *event);

/* Of a held one that has become long: from now on it goes out as it comes. E_LIMIT. */
MUST_CHECK bool transaction_let_long_go(struct translator *translator, struct buf *out,
                                        struct err *err);

/* What was appended last ends it: its GTID and all of it go out. E_LIMIT. */
MUST_CHECK bool transaction_end(struct translator *translator, enum transaction_end end,
                                struct buf *out, struct err *err);

/* Forgets it: the file ends in the middle of it. */
void transaction_forget(struct translator *translator);

/* The number after a file's last dot; false when there is none. */
bool translator_file_number(struct span name, uint64_t *ret_number);

/*
 * In builds with tests, with BOREALIS_NEXT_TRANSLATION in the environment: this process is of the
 * next version, whose commits are longer, so that a relay can be seen to be upgraded.
 */
#ifdef BOREALIS_INJECT
bool translator_is_next(void);
#else
#define translator_is_next() false
#endif

/* The head of a view's file after the format description. */
MUST_CHECK bool translator_head_of_mysql(struct translator *translator,
                                         const struct translator_state *state,
                                         const struct event_header *like, struct buf *out,
                                         struct err *err);
MUST_CHECK bool translator_head_of_mariadb(struct translator *translator,
                                           const struct translator_state *state,
                                           const struct event_header *like, struct buf *out,
                                           struct err *err);

/* A GTID event of the source. */
MUST_CHECK bool translator_gtid_of_mysql(struct translator *translator,
                                         const struct plain_event *event, struct err *err);
MUST_CHECK bool translator_gtid_of_mariadb(struct translator *translator,
                                           const struct plain_event *event, struct buf *out,
                                           struct err *err);

/* PREVIOUS_GTIDS against the state that was given. */
MUST_CHECK bool translator_check_previous(const struct translator *translator, struct span body,
                                          struct err *err);

/* A transaction without a GTID event: it begins with this one. */
MUST_CHECK bool translator_begin_without_gtid(struct translator *translator,
                                              const struct plain_event *event, struct err *err);

/* Texts around statements: BEGIN, XA and so on; not KIND_STATEMENT. */
MUST_CHECK bool translator_frame_of_mysql(struct translator *translator,
                                          const struct plain_event *event,
                                          const struct query *query, enum query_kind kind,
                                          struct buf *out, struct err *err);
MUST_CHECK bool translator_frame_of_mariadb(struct translator *translator,
                                            const struct plain_event *event,
                                            const struct query *query, enum query_kind kind,
                                            struct buf *out, struct err *err);

/* XA PREPARE, or what MySQL writes for XA COMMIT ... ONE PHASE. */
MUST_CHECK bool translator_prepare_of_mysql(struct translator *translator,
                                            const struct plain_event *event, struct buf *out,
                                            struct err *err);

/* A statement of its own that the policy drops: the end of an empty transaction. */
MUST_CHECK bool translator_end_empty(struct translator *translator, const struct plain_event *event,
                                     struct buf *out, struct err *err);

/* The GTID event of the open transaction in the target's form. E_LIMIT. */
MUST_CHECK bool translator_write_gtid_mariadb(struct translator *translator,
                                              enum transaction_end end, struct buf *out,
                                              struct err *err);
MUST_CHECK bool translator_write_gtid_mysql(struct translator *translator, enum transaction_end end,
                                            struct buf *out, struct err *err);
