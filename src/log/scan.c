#include "log/scan.h"

#include "base/fd_at.h"
#include "base/mem.h"

#define PIECE ((size_t)256 << 10)

void log_scan_init(struct log_scan *scan, int fd, const struct reader *reader, uint64_t limit)
{
    *scan = (struct log_scan){.reader = *reader, .fd = fd, .limit = limit};
}

void log_scan_done(struct log_scan *scan)
{
    mem_free(scan->data);
    scan->data = NULL;
}

void log_scan_again(struct log_scan *scan, int fd, const struct reader *reader, uint64_t limit)
{
    scan->reader = *reader;
    scan->fd = fd;
    scan->limit = limit;
    scan->window = (struct span){0};
}

/* Makes the window as long as the reader needs it, or to the limit or the file's end. */
static bool fill(struct log_scan *scan, struct err *err)
{
    uint64_t left = scan->limit > scan->reader.offset ? scan->limit - scan->reader.offset : 0;
    size_t want = scan->reader.need > PIECE ? scan->reader.need : PIECE;
    size_t got;

    if (want > left)
        want = (size_t)left;
    if (want > scan->cap) {
        uint64_t there;

        /* A length that the file does not hold takes no memory. */
        if (!fd_size(scan->fd, &there, err))
            return false;
        if (want > PIECE && there < scan->reader.offset + want) {
            scan->window = (struct span){0};
            return true;
        }
        mem_free(scan->data);
        scan->data = mem_alloc(want);
        scan->cap = want;
    }
    if (!fd_read_at(scan->fd, scan->reader.offset, scan->data, want, &got, err))
        return false;
    scan->window = span_of(scan->data, got);
    return true;
}

bool log_scan_next(struct log_scan *scan, struct reader_event *ret_event, struct err *err)
{
    struct reader_event event;

    if (!reader_next(&scan->reader, &scan->window, &event, err))
        return false;
    if (event.bytes.len == 0) {
        if (!fill(scan, err) || !reader_next(&scan->reader, &scan->window, &event, err))
            return false;
        /* Its header told a length that is more than the first piece. */
        if (event.bytes.len == 0 && scan->reader.need > scan->window.len &&
            scan->reader.offset + scan->reader.need <= scan->limit &&
            (!fill(scan, err) || !reader_next(&scan->reader, &scan->window, &event, err)))
            return false;
    }
    *ret_event = event;
    return true;
}
