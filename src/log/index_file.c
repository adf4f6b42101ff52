#include "log/index_file.h"

#include "base/fd_at.h"
#include "base/file.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>

#define WALK_RECORDS 512

void index_file_name(const char *name, char index_name[INDEX_NAME_SIZE])
{
    (void)snprintf(index_name, INDEX_NAME_SIZE, "%.*s.idx", LOG_NAME_MAX, name);
}

/* The first `size` bytes of the file into buf. */
static bool read_front(int fd, size_t size, struct buf *buf, struct err *err)
{
    size_t got;

    buf_clear(buf);
    (void)buf_reserve(buf, size);
    if (!buf_ok(buf))
        return err_set(err, E_LIMIT, 0, "side index: head of %zu bytes", size);
    if (!fd_read_at(fd, 0, buf->data, size, &got, err))
        return false;
    if (got != size)
        return err_set(err, E_PROTO, 0, "side index: %zu bytes, its head alone has %zu", got, size);
    return true;
}

static bool read_head(struct index_file *file, const char *name, struct err *err)
{
    uint64_t size;

    if (!fd_size(file->fd, &size, err) ||
        !read_front(file->fd, INDEX_PREFIX_SIZE, &file->head_bytes, err) ||
        !index_head_size(buf_span(&file->head_bytes), &file->head_size, err))
        return false;
    if (file->head_size > size)
        return err_set(err, E_PROTO, 0, "side index: %llu bytes, its head alone has %zu",
                       (unsigned long long)size, file->head_size);
    if (!read_front(file->fd, file->head_size, &file->head_bytes, err) ||
        !index_head_decode(buf_span(&file->head_bytes), &file->head, err))
        return false;
    if (strcmp(file->head.name, name) != 0)
        return err_set(err, E_PROTO, 0, "side index of another file, %s", file->head.name);
    file->records = (size - file->head_size) / INDEX_RECORD_SIZE;
    return true;
}

bool index_file_open(int dir_fd, const char *name, struct index_file *ret_file, struct err *err)
{
    struct index_file file = {0};
    char index_name[INDEX_NAME_SIZE];

    index_file_name(name, index_name);
    file.fd = openat(dir_fd, index_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file.fd < 0)
        return err_errno(err, "%s: cannot open", index_name);
    buf_init(&file.head_bytes, INDEX_HEAD_MAX);
    if (!read_head(&file, name, err)) {
        index_file_close(&file);
        return err_prefix(err, "%s", index_name);
    }
    *ret_file = file;
    return true;
}

bool index_file_create(int dir_fd, const struct index_head *head, struct index_file *ret_file,
                       struct err *err)
{
    struct index_file file = {0};
    char index_name[INDEX_NAME_SIZE];

    index_file_name(head->name, index_name);
    file.fd = openat(dir_fd, index_name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file.fd < 0)
        return err_errno(err, "%s: cannot create", index_name);
    buf_init(&file.head_bytes, INDEX_HEAD_MAX);
    index_head_encode(&file.head_bytes, head);
    if (!buf_ok(&file.head_bytes))
        (void)err_set(err, E_LIMIT, 0, "GTID state of %zu bytes, limit %u", head->state.len,
                      INDEX_HEAD_MAX);
    else if (fd_write_at(file.fd, 0, buf_span(&file.head_bytes), "log/index-head", err) &&
             fd_sync(file.fd, "log/index-head-sync", err) &&
             index_head_decode(buf_span(&file.head_bytes), &file.head, err)) {
        file.head_size = file.head_bytes.len;
        *ret_file = file;
        return true;
    }
    index_file_close(&file);
    return err_prefix(err, "%s", index_name);
}

void index_file_close(struct index_file *file)
{
    fd_close(&file->fd);
    buf_done(&file->head_bytes);
}

static bool read_record(const struct index_file *file, uint64_t number,
                        struct index_record *ret_record, bool *ret_valid, struct err *err)
{
    uint8_t bytes[INDEX_RECORD_SIZE];
    size_t got;

    if (!fd_read_at(file->fd, file->head_size + number * INDEX_RECORD_SIZE, bytes, sizeof bytes,
                    &got, err))
        return err_prefix(err, "%s.idx", file->head.name);
    *ret_valid = index_record_decode(span_of(bytes, got), file->head.salt, number, ret_record);
    return true;
}

/* What a record is compared with. */
struct bound {
    bool by_time;
    uint64_t value;
};

static bool is_within(const struct index_record *record, const struct bound *bound)
{
    return bound->by_time ? record->last_timestamp < bound->value : record->offset <= bound->value;
}

/* How many records from the first on are within the bound. Damaged ones go with those before. */
static bool count_within(const struct index_file *file, uint64_t records, const struct bound *bound,
                         uint64_t *ret_count, struct err *err)
{
    uint64_t low = 0;
    uint64_t high = records;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t at = middle;
        struct index_record record;
        bool valid = false;

        while (!valid) {
            if (!read_record(file, at, &record, &valid, err))
                return false;
            if (!valid && at-- == low)
                break;
        }
        if (!valid || is_within(&record, bound))
            low = middle + 1;
        else
            high = at;
    }
    *ret_count = low;
    return true;
}

static struct index_record at_start(const struct index_file *file)
{
    return (struct index_record){
        .kind = INDEX_BLOCK_RECORD,
        .offset = file->head.start,
        .transaction_offset = file->head.start,
    };
}

static bool find(const struct index_file *file, uint64_t records, const struct bound *bound,
                 struct index_record *ret_record, uint64_t *ret_number, struct err *err)
{
    uint64_t count;

    if (!count_within(file, records, bound, &count, err))
        return false;
    while (count-- > 0) {
        struct index_record record;
        bool valid;

        if (!read_record(file, count, &record, &valid, err))
            return false;
        if (valid && record.kind != INDEX_RUN_RECORD && is_within(&record, bound)) {
            *ret_record = record;
            *ret_number = count;
            return true;
        }
    }
    *ret_record = at_start(file);
    *ret_number = INDEX_NO_RECORD;
    return true;
}

bool index_file_find(const struct index_file *file, uint64_t records, uint64_t offset,
                     struct index_record *ret_record, uint64_t *ret_number, struct err *err)
{
    struct bound bound = {.value = offset};

    return find(file, records, &bound, ret_record, ret_number, err);
}

bool index_file_find_time(const struct index_file *file, uint64_t records, uint32_t timestamp,
                          struct index_record *ret_record, struct err *err)
{
    struct bound bound = {.by_time = true, .value = timestamp};
    uint64_t number;

    return find(file, records, &bound, ret_record, &number, err);
}

bool index_record_holds(const struct index_record *record, int data_fd, bool *ret_holds,
                        struct err *err)
{
    uint8_t bytes[INDEX_CHECK_MAX];
    size_t got;

    if (!fd_read_at(data_fd, record->offset - record->check_size, bytes, record->check_size, &got,
                    err))
        return false;
    *ret_holds = got == record->check_size && libdeflate_crc32(0, bytes, got) == record->check;
    return true;
}

void index_walk_init(struct index_walk *walk, const struct index_file *file, uint64_t records)
{
    *walk = (struct index_walk){.file = file, .records = records};
    buf_init(&walk->piece, WALK_RECORDS * INDEX_RECORD_SIZE);
}

void index_walk_done(struct index_walk *walk)
{
    buf_done(&walk->piece);
}

static bool load_piece(struct index_walk *walk, struct err *err)
{
    const struct index_file *file = walk->file;
    uint64_t left = walk->records - walk->number;
    size_t size = (size_t)(left < WALK_RECORDS ? left : WALK_RECORDS) * INDEX_RECORD_SIZE;
    size_t got;

    buf_clear(&walk->piece);
    (void)buf_reserve(&walk->piece, size);
    if (!fd_read_at(file->fd, file->head_size + walk->number * INDEX_RECORD_SIZE, walk->piece.data,
                    size, &got, err))
        return err_prefix(err, "%s.idx", file->head.name);
    walk->rest = cursor_of(span_of(walk->piece.data, got));
    return true;
}

bool index_walk_next(struct index_walk *walk, struct index_record *ret_record, bool *ret_valid,
                     bool *ret_more, struct err *err)
{
    if (walk->number < walk->records && cursor_left(&walk->rest) < INDEX_RECORD_SIZE &&
        !load_piece(walk, err))
        return false;
    *ret_more = walk->number < walk->records && cursor_left(&walk->rest) >= INDEX_RECORD_SIZE;
    if (*ret_more) {
        *ret_valid = index_record_decode(cursor_bytes(&walk->rest, INDEX_RECORD_SIZE),
                                         walk->file->head.salt, walk->number, ret_record);
        walk->number++;
    }
    return true;
}
