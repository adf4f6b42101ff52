#include "log/follower.h"

#include "base/dir_watch.h"
#include "base/fd_at.h"
#include "base/file.h"
#include "base/mem.h"
#include "log/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

#define PIECE      ((size_t)1 << 20) /* bytes that are appended at once, unless an event is larger */
#define NUMBER_MIN 6                 /* digits of a file's number */

struct log_follower {
    struct log_follower_spec spec;
    int watch_fd;
    uint64_t number; /* of the file that is followed, or, while none is open, of the last one */
    bool any;        /* `number` is one */
    bool perhaps;    /* a file has come that is not looked at yet */

    int fd; /* of the file that is followed; -1: none */
    char name[LOG_NAME_MAX + 1];
    struct reader reader; /* behind the last whole event that was seen */
    uint64_t whole;       /* behind the last whole transaction that was seen */
    uint64_t appended;    /* up to here the mirror has it */

    struct log_scan scan; /* goes over the file's new events; kept for its buffer */
    struct buf piece;
};

/* ---- The server's files ---- */

/* The number of BASE.number; false for another name. */
static bool number_of(const char *name, const char *base, uint64_t *ret_number)
{
    char checked[LOG_NAME_MAX + 1];
    size_t length = strlen(base);
    struct err other;

    if (strncmp(name, base, length) != 0 || name[length] != '.' ||
        !log_name_check(span_str(name), checked, &other) || log_name_base_length(name) != length)
        return false;
    *ret_number = log_name_number(name);
    return true;
}

/* The least number of the server's files that is `least` or more. */
static bool find_file(const char *directory, const char *base, uint64_t least, char *ret_name,
                      uint64_t *ret_number, bool *ret_found, struct err *err)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    uint64_t number;
    bool found = false;

    if (!dir)
        return err_errno(err, "%s: cannot open the directory", directory);
    while ((entry = readdir(dir))) {
        if (!number_of(entry->d_name, base, &number) || number < least ||
            (found && number >= *ret_number))
            continue;
        found = true;
        *ret_number = number;
        (void)snprintf(ret_name, LOG_NAME_MAX + 1, "%s", entry->d_name);
    }
    (void)closedir(dir);
    *ret_found = found;
    return true;
}

static bool open_file(const char *directory, const char *name, int *ret_fd, struct err *err)
{
    char *path = mem_printf("%s/%s", directory, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = fd >= 0 || err_errno(err, "%s: cannot open", path);

    mem_free(path);
    if (ok)
        *ret_fd = fd;
    return ok;
}

/* A file's format description, copied; the reader stands behind it. Not there: nothing is wrong. */
static bool read_format(int fd, struct reader *reader, struct buf *format, bool *ret_there,
                        struct err *err)
{
    struct log_scan scan;
    struct reader_event event;
    struct reader fresh;
    bool ok;

    reader_init(&fresh);
    log_scan_init(&scan, fd, &fresh, UINT64_MAX);
    ok = log_scan_next(&scan, &event, err);
    *ret_there = ok && event.bytes.len > 0;
    if (*ret_there) {
        buf_clear(format);
        buf_bytes(format, event.bytes);
        *reader = scan.reader;
        reader->check_positions = true;
    }
    log_scan_done(&scan);
    return ok;
}

static void fill_identity(struct span format, const struct reader *reader,
                          struct log_identity *identity)
{
    struct event_header header = {0};
    struct err broken;

    *identity = (struct log_identity){.family = reader->format.family,
                                      .format_created = reader->format.created};
    (void)!event_header_decode(format, &header, &broken); /* the reader has taken it */
    identity->server_id = header.server_id;
    (void)snprintf(identity->server_version, sizeof identity->server_version, "%s",
                   reader->format.server_version);
}

bool log_follower_identity(const char *directory, const char *base,
                           struct log_identity *ret_identity, bool *ret_there, struct err *err)
{
    char name[LOG_NAME_MAX + 1];
    struct reader reader;
    struct buf format;
    uint64_t number = 0;
    bool there = false;
    int fd = -1;
    bool ok;

    if (!find_file(directory, base, 0, name, &number, &there, err))
        return false;
    *ret_there = false;
    if (!there)
        return true;
    buf_init(&format, EVENT_LENGTH_MAX);
    ok = open_file(directory, name, &fd, err) &&
         (read_format(fd, &reader, &format, ret_there, err) ||
          err_prefix(err, "%s/%s", directory, name));
    if (ok && *ret_there)
        fill_identity(buf_span(&format), &reader, ret_identity);
    fd_close(&fd);
    buf_done(&format);
    return ok;
}

/* ---- Opening ---- */

/* What to do is told: it is a loss of the log, which nobody but an operator can decide on. */
static bool fail_as_reset(const struct log_follower *follower, const char *found, struct err *err)
{
    return err_set(err, E_STATE, 0,
                   "%.200s/%s: %s: was the server's log reset, or the directory copied without its "
                   "hard links? To follow the log as it is now, move %.200s away, and make the "
                   "replicas anew",
                   follower->spec.directory, follower->name, found,
                   mirror_directory(follower->spec.mirror));
}

/* The file of that name is the one that is open. */
static bool check_there(const struct log_follower *follower, struct err *err)
{
    char *path = mem_printf("%s/%s", follower->spec.directory, follower->name);
    struct stat named;
    struct stat open_one;
    bool ok = true;

    if (fstat(follower->fd, &open_one) != 0)
        ok = err_errno(err, "%s: cannot look at it", path);
    else if (stat(path, &named) != 0)
        ok = errno == ENOENT
                 ? fail_as_reset(follower, "expected the file that is followed, found none", err)
                 : err_errno(err, "%s: cannot look at it", path);
    else if (named.st_ino != open_one.st_ino || named.st_dev != open_one.st_dev)
        ok = fail_as_reset(follower, "expected the file that is followed, found another", err);
    mem_free(path);
    return ok;
}

/* The server's file and the mirror's are one. */
static bool check_same(struct log_follower *follower, int fd, struct err *err)
{
    char *path = mem_printf("%s/%s", mirror_directory(follower->spec.mirror), follower->name);
    struct stat own;
    struct stat servers;
    bool ok = stat(path, &own) == 0 && fstat(fd, &servers) == 0;

    if (!ok)
        (void)err_errno(err, "%s: cannot look at it", path);
    else if (own.st_ino != servers.st_ino || own.st_dev != servers.st_dev)
        ok = fail_as_reset(follower, "expected the same file as the mirror's, found two", err);
    mem_free(path);
    return ok;
}

/* The file in which the mirror ends goes on, if the server has not begun another. */
static bool resume(struct log_follower *follower, const struct log_ends *ends, struct err *err)
{
    struct buf format;
    bool there = false;
    int fd = -1;
    bool ok;

    memcpy(follower->name, ends->synced.name, sizeof follower->name);
    buf_init(&format, EVENT_LENGTH_MAX);
    ok = open_file(follower->spec.directory, follower->name, &fd, err);
    if (!ok && err->code == ENOENT)
        ok = fail_as_reset(follower, "expected the mirror's last file, found none", err);
    ok = ok && (!follower->spec.linked || check_same(follower, fd, err)) &&
         read_format(fd, &follower->reader, &format, &there, err);
    buf_done(&format);
    if (ok && !there)
        ok = err_set(err, E_PROTO, 0, "%s/%s: its format description is gone",
                     follower->spec.directory, follower->name);
    if (!ok) {
        fd_close(&fd);
        return false;
    }
    follower->fd = fd;
    follower->reader.offset = follower->whole = follower->appended = ends->synced.offset;
    return true;
}

static bool find_place(struct log_follower *follower, struct err *err)
{
    struct log_file file;
    struct log_ends ends;

    mirror_ends(follower->spec.mirror, &ends);
    follower->any = ends.synced.name[0] != '\0';
    if (!follower->any)
        return true;
    if (!number_of(ends.synced.name, follower->spec.base, &follower->number))
        return err_set(err, E_STATE, 0, "%s/%s: expected a file of the name %s",
                       mirror_directory(follower->spec.mirror), ends.synced.name,
                       follower->spec.base);
    return mirror_find(follower->spec.mirror, ends.synced.name, &file, err) &&
           (file.closed || resume(follower, &ends, err));
}

bool log_follower_open(const struct log_follower_spec *spec, struct log_follower **ret_follower,
                       struct err *err)
{
    struct log_follower *follower = mem_alloc(sizeof *follower);

    follower->spec = *spec;
    follower->fd = follower->watch_fd = -1;
    follower->perhaps = true;
    buf_init(&follower->piece, EVENT_LENGTH_MAX);
    /* The watch first: what comes after the first look is told. */
    if (!dir_watch_open(spec->directory, &follower->watch_fd, err) || !find_place(follower, err)) {
        log_follower_close(follower);
        return false;
    }
    *ret_follower = follower;
    return true;
}

void log_follower_close(struct log_follower *follower)
{
    if (!follower)
        return;
    fd_close(&follower->fd);
    fd_close(&follower->watch_fd);
    log_scan_done(&follower->scan);
    buf_done(&follower->piece);
    mem_free(follower);
}

/* ---- Taking ---- */

/*
 * Whether the server has begun a file behind the one that is followed. The directory is looked at
 * only when something has come into it: most calls are for a transaction that has been written.
 */
static bool find_next(struct log_follower *follower, char *ret_name, uint64_t *ret_number,
                      bool *ret_found, struct err *err)
{
    const struct log_follower_spec *spec = &follower->spec;
    uint64_t least = follower->any ? follower->number + 1 : 0;

    follower->perhaps = dir_watch_clear(follower->watch_fd) || follower->perhaps;
    *ret_found = false;
    if (!follower->perhaps)
        return true;
    if (!find_file(spec->directory, spec->base, least, ret_name, ret_number, ret_found, err))
        return false;
    if (*ret_found && follower->any && *ret_number != least)
        return err_set(err, E_STATE, 0,
                       "%s: files are missing before %s: the log has come to number %" PRIu64,
                       spec->directory, ret_name, follower->number);
    follower->perhaps = *ret_found;
    return true;
}

/* False in *ret_begun while the beginning of the file is not there. */
static bool begin(struct log_follower *follower, const char *name, bool *ret_begun, struct err *err)
{
    const struct log_follower_spec *spec = &follower->spec;
    char *path = mem_printf("%s/%s", spec->directory, name);
    struct buf format;
    int fd = -1;
    bool ok;

    buf_init(&format, EVENT_LENGTH_MAX);
    ok = open_file(spec->directory, name, &fd, err) &&
         (read_format(fd, &follower->reader, &format, ret_begun, err) ||
          err_prefix(err, "%s", path));
    if (ok && *ret_begun && spec->linked)
        ok = mirror_link(spec->mirror, path, buf_span(&format), err);
    else if (ok && *ret_begun)
        ok = (fd_sync(fd, "log/follow-sync", err) || err_prefix(err, "%s", path)) &&
             mirror_next(spec->mirror, span_str(name), LOG_FIRST_OFFSET, buf_span(&format), NULL,
                         err);
    buf_done(&format);
    mem_free(path);
    if (!ok || !*ret_begun) {
        fd_close(&fd);
        return ok;
    }
    follower->fd = fd;
    (void)snprintf(follower->name, sizeof follower->name, "%s", name);
    follower->whole = follower->appended = follower->reader.offset;
    return true;
}

/* Goes over the events that are there; what is no event, or not whole, may become one. */
static bool look(struct log_follower *follower, uint64_t *ret_size, struct err *err)
{
    struct reader_event event = {.bytes = {.len = 1}};
    struct log_scan *scan = &follower->scan;
    struct err broken = {0};
    bool ok = true;

    if (!fd_size(follower->fd, ret_size, err))
        return false;
    log_scan_again(scan, follower->fd, &follower->reader, *ret_size);
    while (ok && event.bytes.len > 0) {
        ok = log_scan_next(scan, &event, &broken);
        if (!ok || event.bytes.len == 0)
            continue;
        follower->reader = scan->reader;
        if (scan->reader.transaction == READER_OUTSIDE)
            follower->whole = scan->reader.offset;
    }
    if (!ok && broken.class == E_IO)
        *err = broken;
    return ok || broken.class != E_IO;
}

/* The whole events at the beginning of what was read; if there is none, how long the first is. */
static bool count_events(struct span bytes, size_t *ret_length, size_t *ret_first, struct err *err)
{
    struct cursor cur = cursor_of(bytes);
    struct event_header header;

    *ret_length = 0;
    *ret_first = EVENT_HEADER_SIZE;
    while (cursor_left(&cur) >= EVENT_HEADER_SIZE) {
        if (!event_header_decode(cur.rest, &header, err))
            return false;
        if (*ret_length == 0)
            *ret_first = header.length;
        if (header.length > cursor_left(&cur))
            return true;
        cursor_skip(&cur, header.length);
        *ret_length = bytes.len - cursor_left(&cur);
    }
    return true;
}

static bool append_piece(struct log_follower *follower, size_t size, struct err *err)
{
    struct buf *piece = &follower->piece;
    uint64_t left = follower->whole - follower->appended;
    size_t length = 0;
    size_t want = size;
    size_t got = 0;

    if (want > left)
        want = (size_t)left;
    buf_clear(piece);
    (void)buf_reserve(piece, want);
    if (!fd_read_at(follower->fd, follower->appended, piece->data, want, &got, err) ||
        !count_events(span_of(piece->data, got), &length, &want, err))
        return err_prefix(err, "%s/%s", follower->spec.directory, follower->name);
    if (length == 0 && want > size && want <= left)
        return append_piece(follower, want, err);
    if (length == 0)
        return err_set(err, E_IO, 0, "%s/%s: has become shorter than it was: no event at %" PRIu64,
                       follower->spec.directory, follower->name, follower->appended);
    if (!mirror_append(follower->spec.mirror, follower->appended, span_of(piece->data, length),
                       err))
        return false;
    follower->appended += length;
    if (size > PIECE) { /* it was one large event */
        buf_done(piece);
        buf_init(piece, EVENT_LENGTH_MAX);
    }
    return true;
}

static bool append(struct log_follower *follower, struct err *err)
{
    if (follower->appended == follower->whole)
        return true;
    if (!follower->spec.linked && !fd_sync(follower->fd, "log/follow-sync", err))
        return err_prefix(err, "%s/%s", follower->spec.directory, follower->name);
    while (follower->appended < follower->whole) {
        if (!append_piece(follower, PIECE, err))
            return false;
    }
    return mirror_sync(follower->spec.mirror, err);
}

/*
 * A server that closes a file ends it with a ROTATE or a STOP; one that has crashed does not. With
 * such an end a place in the middle where there is no event is damage, and no left-over.
 */
static bool has_proper_end(const struct log_follower *follower, const char *next, uint64_t size)
{
    size_t checksum = follower->reader.format.checksum == CHECKSUM_CRC32 ? EVENT_CHECKSUM_SIZE : 0;
    size_t lengths[] = {EVENT_HEADER_SIZE + checksum,
                        EVENT_HEADER_SIZE + sizeof(uint64_t) + strlen(next) + checksum};
    static const uint8_t types[] = {EVENT_STOP, EVENT_ROTATE};

    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[EVENT_HEADER_SIZE];
        struct event_header header;
        struct err broken;
        size_t got = 0;

        if (size > lengths[i] &&
            fd_read_at(follower->fd, size - lengths[i], bytes, sizeof bytes, &got, &broken) &&
            event_header_decode(span_of(bytes, got), &header, &broken) && header.type == types[i] &&
            header.length == lengths[i] && header.log_pos == (uint32_t)size)
            return true;
    }
    return false;
}

/* The server has begun the next: what was not taken of this one never will be. */
static bool end_file(struct log_follower *follower, const char *next, uint64_t size,
                     struct log_follower_torn *torn, struct err *err)
{
    if (size > follower->appended) {
        if (has_proper_end(follower, next, size))
            return err_set(err, E_PROTO, 0,
                           "%s/%s: damaged: no whole transaction at offset %" PRIu64 " of %" PRIu64
                           ", and it was closed properly",
                           follower->spec.directory, follower->name, follower->appended, size);
        memcpy(torn->end.name, follower->name, sizeof torn->end.name);
        torn->end.offset = follower->appended;
        torn->bytes = size - follower->appended;
    }
    fd_close(&follower->fd);
    return true;
}

bool log_follower_take(struct log_follower *follower, struct log_follower_torn *ret_torn,
                       struct err *err)
{
    struct log_follower_torn torn = {0};
    char next[LOG_NAME_MAX + 1];
    uint64_t number = 0;
    uint64_t size = 0;
    bool found = true;
    bool begun = true;

    while (found && begun) {
        /* Before the look: a file that has a successor gets no more. */
        if (!find_next(follower, next, &number, &found, err))
            return false;
        if (follower->fd >= 0 && (!look(follower, &size, err) || !append(follower, err)))
            return false;
        if (!found) {
            if (follower->fd >= 0 && !check_there(follower, err))
                return false;
            break;
        }
        if (follower->fd >= 0 && !end_file(follower, next, size, &torn, err))
            return false;
        if (!begin(follower, next, &begun, err))
            return false;
        follower->any = follower->any || begun;
        if (begun)
            follower->number = number;
    }
    *ret_torn = torn;
    return true;
}

bool log_follower_wait(struct log_follower *follower, int64_t deadline_usec, int call_fd,
                       int interrupt_fd, enum log_wait *ret, struct err *err)
{
    struct pollfd fds[] = {{.fd = follower->watch_fd, .events = POLLIN},
                           {.fd = call_fd, .events = POLLIN},
                           {.fd = interrupt_fd, .events = POLLIN}};

    if (poll(fds, 3, clock_poll_timeout(deadline_usec)) < 0 && errno != EINTR)
        return err_errno(err, "poll");
    *ret = fds[2].revents                     ? LOG_WAIT_INTERRUPTED
           : fds[0].revents || fds[1].revents ? LOG_WAIT_READY
                                              : LOG_WAIT_TIMEOUT;
    return true;
}

bool log_follower_rest(struct log_follower *follower, int64_t deadline_usec, int call_fd,
                       int interrupt_fd, enum log_wait *ret, struct err *err)
{
    const char *directory = follower->spec.directory;

    if (!dir_watch_writes(follower->watch_fd, directory, false, err))
        return false;
    follower->perhaps = dir_watch_clear(follower->watch_fd) || follower->perhaps;
    *ret = LOG_WAIT_READY;
    if (!follower->perhaps &&
        !log_follower_wait(follower, deadline_usec, call_fd, interrupt_fd, ret, err))
        return false;
    return dir_watch_writes(follower->watch_fd, directory, true, err);
}
