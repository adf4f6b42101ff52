/*
 * struct index_builder: makes the index records of a file out of its events, in their order.
 *
 * GTIDs are counted where their transaction ends, so that the runs up to a block's end are what was
 * executed when the open transaction began. No I/O. Owned by one thread; index_builder_done().
 */
#pragma once

#include "binlog/gtid_set.h"
#include "log/index.h"

/* GTIDs of the open transaction, or of one that ended. */
struct index_gtid {
    bool has;
    enum format_family family;
    struct gtid_uuid uuid;
    uint8_t tag_length;
    char tag[GTID_TAG_MAX];
    int64_t number;
    struct gtid_mariadb mariadb;
};

/* GTID of an event; `has` is false for another type and for anonymous ones. E_PROTO. */
MUST_CHECK bool index_gtid_of(const struct reader_event *event, struct index_gtid *ret_gtid,
                              struct err *err);

struct index_builder {
    /* For the caller to read. */
    struct index_record last; /* how things stand at `reader.offset`: a BLOCK record */
    struct reader reader;     /* set checks in it as wanted */
    uint64_t number;          /* of the next record */

    /* Its own. */
    uint32_t salt;
    uint64_t block_bytes;
    uint64_t block_start;
    struct index_gtid open;
    struct gtid_set set;
    struct index_record runs[INDEX_RUNS_MAX]; /* those of the block so far, in their order */
    uint32_t run_count;
    bool crooked; /* MySQL: `runs` has no room for the order; the set still tells which they are */
    bool mixed;
};

/* For a file from its start on; a block has `block_bytes` or a little more, 0: INDEX_BLOCK. */
MUST_CHECK bool index_builder_init(struct index_builder *builder, const struct index_head *head,
                                   uint32_t block_bytes, struct err *err);
void index_builder_done(struct index_builder *builder);

/* Goes on behind a BLOCK record; `open` is the GTID of the transaction that is open there. */
void index_builder_resume(struct index_builder *builder, const struct index_record *block,
                          uint64_t number, const struct index_gtid *open);

/* A copy to go back to. */
void index_builder_copy(struct index_builder *into, const struct index_builder *from);

/*
 * Whether an event may stand in a file where `reader` has come to behind it: no artificial ones and
 * heartbeats, a format description only at the beginning. E_PROTO.
 */
MUST_CHECK bool index_check_event(const struct reader *reader, const struct reader_event *event,
                                  struct err *err);

/*
 * Takes one or more whole events that follow; encoded records that are due are appended to
 * `records`. E_PROTO: some may have been taken.
 */
MUST_CHECK bool index_builder_feed(struct index_builder *builder, struct span events,
                                   struct buf *records, struct err *err);

/* Ends the file where it stands. */
void index_builder_end(struct index_builder *builder, int64_t closed_usec, struct buf *records);
