#include "log/view.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>

bool log_view_fail(const struct log_view *view, struct err *err)
{
    return err_prefix(err, "%s", view->segment.name);
}

static bool open_files(int dir_fd, struct log_view *view, struct err *err)
{
    struct reader_event event;

    if (!index_file_open(dir_fd, view->segment.name, &view->index, err))
        return false;
    view->fd = openat(dir_fd, view->segment.name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (view->fd < 0)
        return err_errno(err, "cannot open");
    reader_init(&view->reader);
    if (!reader_event_parse(&view->reader, view->index.head.format, false, &event, err))
        return false;
    view->reader.offset = view->segment.start;
    return true;
}

bool log_view_open(struct mirror *mirror, const struct log_segment *segment,
                   struct log_view *ret_view, struct err *err)
{
    struct log_view view = {.segment = *segment, .fd = -1, .index = {.fd = -1}};

    if (open_files(mirror->dir_fd, &view, err)) {
        *ret_view = view;
        return true;
    }
    log_view_close(&view);
    if (err->code == ENOENT)
        return err_set(err, E_STATE, 0, "%s/%s: the file was purged", mirror->directory,
                       segment->name);
    return log_view_fail(&view, err);
}

void log_view_close(struct log_view *view)
{
    fd_close(&view->fd);
    index_file_close(&view->index);
}

void log_view_scan_transaction(const struct log_view *view, const struct index_record *record,
                               uint64_t limit, struct log_scan *scan)
{
    struct reader reader = view->reader;

    reader.offset = record->transaction_offset;
    log_scan_init(scan, view->fd, &reader, limit);
}

void log_view_scan(const struct log_view *view, const struct index_record *record, uint64_t limit,
                   struct log_scan *scan)
{
    struct reader reader = view->reader;

    reader.offset = record->offset;
    reader.transaction = (enum reader_transaction)record->transaction_state;
    reader.transaction_offset = record->transaction_offset;
    log_scan_init(scan, view->fd, &reader, limit);
}
