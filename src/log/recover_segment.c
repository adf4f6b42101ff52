#include "log/recover_segment.h"

#include "base/clock.h"
#include "base/fd_at.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "log/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A file at work. */
struct work {
    struct mirror *mirror; /* whose reserve gives way on a full disk */
    const char *name;
    bool last;
    bool linked;
    uint32_t index_block;
    uint64_t size;
    struct recovered_segment *out;
};

void recovered_segment_done(struct recovered_segment *recovered)
{
    if (recovered->fd < 0 && !recovered->segment.closed)
        return;
    fd_close(&recovered->fd);
    index_file_close(&recovered->index);
    index_builder_done(&recovered->builder);
}

static void fill_segment(struct work *work, const struct index_record *record)
{
    struct log_segment *segment = &work->out->segment;
    const struct index_file *index = &work->out->index;

    memcpy(segment->name, index->head.name, sizeof segment->name);
    segment->ordinal = index->head.ordinal;
    segment->start = index->head.start;
    segment->end = record->offset;
    segment->whole = record->transaction_offset;
    segment->records = index->records;
    segment->closed = record->kind == INDEX_END_RECORD;
    segment->closed_usec = record->closed_usec;
    segment->first_timestamp = record->first_timestamp;
    segment->last_timestamp = record->last_timestamp;
}

/* ---- Making an index for a file that has none ---- */

/* The file's format description, read off its beginning. */
static bool read_format(int fd, struct buf *format, struct err *err)
{
    struct reader reader;
    struct log_scan scan;
    struct reader_event event;
    bool ok;

    reader_init(&reader);
    reader.verify_checksums = true;
    log_scan_init(&scan, fd, &reader, UINT64_MAX);
    ok = log_scan_next(&scan, &event, err);
    if (ok && event.bytes.len == 0)
        ok = err_set(err, E_PROTO, 0, "ends before its format description");
    if (ok)
        buf_bytes(format, event.bytes);
    log_scan_done(&scan);
    return ok;
}

/* Where a hole follows the format description, the offset of the first byte is not known. */
static bool refuse_hole(struct work *work, size_t format_length, struct err *err)
{
    uint8_t header[EVENT_HEADER_SIZE];
    uint8_t zeros[EVENT_HEADER_SIZE] = {0};
    size_t got;

    if (!fd_read_at(work->out->fd, LOG_FIRST_OFFSET + format_length, header, sizeof header, &got,
                    err))
        return false;
    if (got == sizeof header && memcmp(header, zeros, sizeof zeros) == 0 &&
        lseek(work->out->fd, (off_t)(LOG_FIRST_OFFSET + format_length), SEEK_DATA) >= 0)
        return err_set(err, E_STATE, 0,
                       "its side index is missing, and nothing else tells where its bytes begin: "
                       "zeros follow the format description");
    return true;
}

static bool make_index(struct work *work, int dir_fd, uint64_t ordinal, struct err *err)
{
    struct index_head head = {.ordinal = ordinal, .start = LOG_FIRST_OFFSET};
    struct buf format;
    bool ok;

    buf_init(&format, EVENT_LENGTH_MAX);
    head.salt = random_u32();
    memcpy(head.name, work->name, strlen(work->name));
    ok = read_format(work->out->fd, &format, err) && refuse_hole(work, format.len, err);
    head.format = buf_span(&format);
    ok = ok && index_file_create(dir_fd, &head, &work->out->index, err);
    buf_done(&format);
    return ok;
}

/* ---- Where a file ends ---- */

/* The last record that is vouched for by the file's own bytes; else one of the file's start. */
static bool find_trusted(struct work *work, struct index_record *ret_record, struct err *err)
{
    const struct index_file *index = &work->out->index;
    uint64_t records = index->records;
    bool holds = false;

    do {
        uint64_t number;

        if (!index_file_find(index, records, work->size, ret_record, &number, err))
            return false;
        if (number == INDEX_NO_RECORD)
            return true;
        if (!index_record_holds(ret_record, work->out->fd, &holds, err))
            return false;
        records = number;
    } while (!holds);
    return true;
}

/*
 * Reads on from a record as far as there are events. *ret_end is where they end, *ret_whole the
 * last end of a transaction.
 */
static bool find_end(struct work *work, const struct index_record *from, uint64_t *ret_end,
                     uint64_t *ret_whole, struct err *err)
{
    struct reader reader = work->out->builder.reader;
    struct log_scan scan;
    struct reader_event event;
    struct index_gtid gtid;
    bool more = true;
    bool ok = true;

    reader.offset = from->offset;
    reader.transaction = (enum reader_transaction)from->transaction_state;
    reader.transaction_offset = from->transaction_offset;
    reader.closed = from->flags & INDEX_CLOSED;
    reader.verify_checksums = true;
    reader.check_positions = true;
    *ret_end = from->offset;
    *ret_whole = from->transaction_offset;
    log_scan_init(&scan, work->out->fd, &reader, work->size);
    while (more && !scan.reader.closed) {
        ok = log_scan_next(&scan, &event, err);
        more = ok && event.bytes.len > 0;
        if (!ok || (more && (!index_check_event(&scan.reader, &event, err) ||
                             !index_gtid_of(&event, &gtid, err)))) {
            ok = ok || err->class != E_IO; /* what is no event ends the file */
            break;
        }
        *ret_end = event.offset + event.bytes.len;
        if (more && scan.reader.transaction == READER_OUTSIDE)
            *ret_whole = *ret_end;
        if (!more)
            *ret_end = scan.reader.offset;
    }
    work->out->scanned_bytes += *ret_end - from->offset;
    log_scan_done(&scan);
    return ok;
}

/* ---- Bringing index and file there ---- */

/* The GTID of the transaction that is open where a record stands. */
static bool open_gtid(struct work *work, const struct index_record *record,
                      struct index_gtid *ret_gtid, struct err *err)
{
    struct reader reader = work->out->builder.reader;
    struct log_scan scan;
    struct reader_event event;
    bool ok;

    *ret_gtid = (struct index_gtid){0};
    if (record->transaction_state == READER_OUTSIDE)
        return true;
    reader.offset = record->transaction_offset;
    log_scan_init(&scan, work->out->fd, &reader, record->offset);
    ok = log_scan_next(&scan, &event, err) && index_gtid_of(&event, ret_gtid, err);
    log_scan_done(&scan);
    return ok;
}

/* Feeds the builder with the events from where it stands to `end`. */
static bool feed(struct work *work, uint64_t end, struct buf *records, struct err *err)
{
    struct index_builder *builder = &work->out->builder;
    struct log_scan scan;
    struct reader_event event;
    bool ok = true;

    log_scan_init(&scan, work->out->fd, &builder->reader, end);
    while (ok && builder->reader.offset < end) {
        ok = log_scan_next(&scan, &event, err);
        if (ok && event.bytes.len == 0)
            ok = err_set(err, E_IO, 0, "ends at %llu while it is read, expected %llu",
                         (unsigned long long)builder->reader.offset, (unsigned long long)end);
        ok = ok && index_builder_feed(builder, event.bytes, records, err);
    }
    log_scan_done(&scan);
    return ok;
}

/* The builder stands at the last record up to `end`; the records after it are void. */
static bool resume(struct work *work, uint64_t end, struct err *err)
{
    struct recovered_segment *out = work->out;
    struct index_record record;
    struct index_gtid gtid;
    uint64_t number;

    if (!index_file_find(&out->index, out->index.records, end, &record, &number, err) ||
        !open_gtid(work, &record, &gtid, err))
        return false;
    out->index.records = number == INDEX_NO_RECORD ? 0 : number + 1;
    if (number != INDEX_NO_RECORD)
        index_builder_resume(&out->builder, &record, out->index.records, &gtid);
    return true;
}

/* What was received is served whatever else the disk has no room for. */
static bool write_records(struct work *work, uint64_t at, struct span records, struct err *err)
{
    int fd = work->out->index.fd;

    if (fd_write_at(fd, at, records, "log/recover-index", err))
        return true;
    if (err->code != ENOSPC)
        return false;
    mirror_drop_reserve(work->mirror);
    return fd_write_at(fd, at, records, "log/recover-index", err);
}

static bool write_index(struct work *work, const struct buf *records, struct err *err)
{
    struct index_file *index = &work->out->index;
    uint64_t at = index->head_size + index->records * INDEX_RECORD_SIZE;

    if (!fd_truncate(index->fd, at, "log/recover-index-cut", err) ||
        !write_records(work, at, buf_span(records), err) ||
        !fd_sync(index->fd, "log/recover-index-sync", err))
        return err_prefix(err, "side index");
    index->records += records->len / INDEX_RECORD_SIZE;
    return true;
}

/* The file's bytes first: an index never tells of more than there is. */
static bool bring_to(struct work *work, uint64_t end, struct err *err)
{
    struct recovered_segment *out = work->out;
    struct buf records;
    bool ok;

    buf_init(&records, SIZE_MAX / 2);
    ok = resume(work, end, err) && feed(work, end, &records, err);
    if (ok && work->size > end && !work->linked) {
        out->cut_bytes = work->size - end;
        ok = fd_truncate(out->fd, end, "log/recover-cut", err);
    }
    ok = ok && fd_sync(out->fd, "log/recover-sync", err);
    if (ok && !work->last)
        index_builder_end(&out->builder, clock_wall_usec(), &records);
    ok = ok && write_index(work, &records, err);
    buf_done(&records);
    if (ok)
        fill_segment(work, &out->builder.last);
    return ok;
}

/*
 * What is in the page cache need not be on the disk: after a failed sync the kernel may hold lost
 * bytes as clean pages. So what is dirty is written now, the rest is dropped, and what is read then
 * comes from the disk.
 */
static bool read_from_disk(struct work *work, uint64_t from, struct err *err)
{
    if (!fd_sync(work->out->fd, "log/recover-before", err))
        return false;
    /* Only advice: where it is not taken, the sync before was good. */
    (void)posix_fadvise(work->out->fd, (off_t)from, 0, POSIX_FADV_DONTNEED);
    return true;
}

static bool recover_tail(struct work *work, struct err *err)
{
    struct recovered_segment *out = work->out;
    struct index_record trusted;
    uint64_t end;
    uint64_t whole;

    if (!index_builder_init(&out->builder, &out->index.head, work->index_block, err))
        return false;
    out->builder.reader.check_positions = true;
    if (!find_trusted(work, &trusted, err) || !read_from_disk(work, trusted.offset, err) ||
        !find_end(work, &trusted, &end, &whole, err))
        return false;
    /* Only the last file can have been cut by a crash: a sync precedes the next one. */
    if (!work->last && end < work->size)
        return err_set(err, E_PROTO, 0,
                       "damaged: no event at offset %llu of %llu, its side index has no end, and "
                       "files follow",
                       (unsigned long long)end, (unsigned long long)work->size);
    return bring_to(work, work->last ? whole : end, err);
}

/* The END record, when the index has one and all of the file is there. */
static bool find_closed(struct work *work, struct index_record *ret_record, bool *ret_closed,
                        struct err *err)
{
    const struct index_file *index = &work->out->index;
    uint64_t number;

    if (!index_file_find(index, index->records, UINT64_MAX, ret_record, &number, err))
        return false;
    *ret_closed = number != INDEX_NO_RECORD && ret_record->kind == INDEX_END_RECORD;
    if (*ret_closed && ret_record->offset > work->size && ret_record->offset > index->head.start)
        return err_set(err, E_STATE, 0,
                       "%llu bytes, its side index says %llu: bytes that were synced are missing",
                       (unsigned long long)work->size, (unsigned long long)ret_record->offset);
    return true;
}

static bool recover(struct work *work, int dir_fd, uint64_t ordinal, bool has_index,
                    struct err *err)
{
    struct recovered_segment *out = work->out;
    struct index_record record;
    bool closed = false;

    out->fd = openat(dir_fd, work->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (out->fd < 0)
        return err_errno(err, "cannot open");
    if (!fd_size(out->fd, &work->size, err))
        return false;
    if (has_index ? !index_file_open(dir_fd, work->name, &out->index, err)
                  : !make_index(work, dir_fd, ordinal, err))
        return false;
    if (!find_closed(work, &record, &closed, err))
        return false;
    if (!closed)
        return recover_tail(work, err);
    fill_segment(work, &record);
    return true;
}

bool recover_segment(struct mirror *mirror, const char *name, uint64_t ordinal, bool has_index,
                     bool last, struct recovered_segment *ret, struct err *err)
{
    struct recovered_segment out = {.fd = -1, .index = {.fd = -1}};
    struct work work = {
        .mirror = mirror,
        .name = name,
        .last = last,
        .linked = mirror->options.linked,
        .index_block = mirror->options.index_block,
        .out = &out,
    };

    if (!recover(&work, mirror->dir_fd, ordinal, has_index, err)) {
        out.segment.closed = true; /* nothing of it is taken over */
        recovered_segment_done(&out);
        return err_prefix(err, "%s", name);
    }
    *ret = out;
    return true;
}
