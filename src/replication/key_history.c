#include "replication/key_history.h"

#include "base/mem.h"
#include "base/wakeup.h"

#include <pthread.h>

#define CHANGES_MAX 256 /* that are kept; of older ones it is only known that there may be some */

/* A place of the log: files by their number. */
struct place {
    uint64_t file;
    uint64_t offset;
};

static const struct place OPEN_END = {UINT64_MAX, UINT64_MAX};

struct change {
    struct place begin;
    struct place end;
};

/* A reading that held. */
struct entry {
    struct place from;
    struct place until; /* OPEN_END: no change came since */
    struct place seen;  /* the last place at which it was read */
    struct key_catalog *catalog;
};

struct key_history {
    int wake_fd;

    struct {
        pthread_mutex_t lock;
        const struct mirror *log; /* NULL: none */
        struct place watched;     /* all changes from here on are known */
        struct place received;
        struct change changes[CHANGES_MAX];
        size_t change_count;
        struct entry entries[KEY_HISTORY_KEPT]; /* the newest last */
        size_t entry_count;
        struct key_reading pending; /* waits for the log; no catalogue: there is none */
        bool connected;             /* anew, since the last reading was added */
        struct key_history_status status;
    } shared;
};

static bool is_before(struct place a, struct place b)
{
    return a.file != b.file ? a.file < b.file : a.offset < b.offset;
}

/* An empty name is before all files. */
static struct place place_of(const char *file, uint64_t offset)
{
    return file[0] == '\0' ? (struct place){0}
                           : (struct place){.file = log_name_number(file), .offset = offset};
}

struct key_history *key_history_new(int wake_fd)
{
    struct key_history *history = mem_alloc(sizeof *history);

    history->wake_fd = wake_fd;
    (void)pthread_mutex_init(&history->shared.lock, NULL);
    return history;
}

static void drop_pending_locked(struct key_history *history)
{
    key_catalog_free(history->shared.pending.catalog);
    history->shared.pending = (struct key_reading){0};
}

static void drop_first_entry_locked(struct key_history *history)
{
    key_catalog_free(history->shared.entries[0].catalog);
    history->shared.entry_count--;
    memmove(history->shared.entries, history->shared.entries + 1,
            history->shared.entry_count * sizeof history->shared.entries[0]);
}

static void forget_locked(struct key_history *history)
{
    drop_pending_locked(history);
    while (history->shared.entry_count > 0)
        drop_first_entry_locked(history);
    history->shared.change_count = 0;
}

void key_history_free(struct key_history *history)
{
    if (!history)
        return;
    forget_locked(history);
    (void)pthread_mutex_destroy(&history->shared.lock);
    mem_free(history);
}

/* ---- What holds ---- */

static struct entry *last_entry_locked(struct key_history *history)
{
    size_t count = history->shared.entry_count;

    return count > 0 ? &history->shared.entries[count - 1] : NULL;
}

static bool is_open(const struct entry *entry)
{
    return entry && !is_before(entry->until, OPEN_END);
}

/*
 * The part of the log over which the pending reading holds; false: it does not, because tables were
 * changed while it was made, or what was changed before it is not known.
 */
static bool find_part_locked(const struct key_history *history, struct entry *part)
{
    const struct key_reading *pending = &history->shared.pending;
    struct place before = place_of(pending->before.name, pending->before.offset);
    struct place after = place_of(pending->after.name, pending->after.offset);

    part->from = history->shared.watched;
    part->until = OPEN_END;
    part->seen = after;
    if (is_before(before, part->from))
        return false;
    for (size_t i = 0; i < history->shared.change_count; i++) {
        const struct change *change = &history->shared.changes[i];

        if (!is_before(before, change->end)) {
            part->from = change->end;
        } else if (!is_before(change->begin, after)) {
            part->until = change->begin;
            return true;
        } else {
            return false;
        }
    }
    return true;
}

/* What was read holds over that part. */
static void keep_locked(struct key_history *history, struct entry *part)
{
    struct key_reading *pending = &history->shared.pending;
    struct place before = place_of(pending->before.name, pending->before.offset);
    struct entry *last = last_entry_locked(history);
    bool same = last && key_catalog_equal(last->catalog, pending->catalog);
    bool unchanged = last && !is_before(last->from, part->from); /* by what the log says */

    if (unchanged && same) {
        last->until = part->until;
        last->seen = part->seen;
        return;
    }
    if (unchanged) {
        last->until = last->seen;
        part->from = before;
    }
    part->catalog = key_catalog_share(same ? last->catalog : pending->catalog);
    if (history->shared.entry_count == KEY_HISTORY_KEPT)
        drop_first_entry_locked(history);
    history->shared.entries[history->shared.entry_count++] = *part;
}

/* Once the log is there up to the end of the pending reading, it is known what that is worth. */
static void settle_locked(struct key_history *history)
{
    const struct key_reading *pending = &history->shared.pending;
    struct entry part;

    if (!pending->catalog ||
        is_before(history->shared.received, place_of(pending->after.name, pending->after.offset)))
        return;
    if (find_part_locked(history, &part)) {
        keep_locked(history, &part);
        history->shared.status.readings++;
        history->shared.status.read_usec = pending->read_usec;
        history->shared.status.error = (struct err){0};
    } else {
        history->shared.status.dropped++;
    }
    drop_pending_locked(history);
    wakeup_raise(history->wake_fd);
}

/* ---- The receiver ---- */

void key_history_connect(struct key_history *history, const struct mirror *log,
                         const struct log_position *end)
{
    struct place place = place_of(end->name, end->offset);

    (void)pthread_mutex_lock(&history->shared.lock);
    if (history->shared.log != log) {
        forget_locked(history);
        history->shared.log = log;
        history->shared.watched = place;
        history->shared.received = place;
    }
    history->shared.connected = true;
    (void)pthread_mutex_unlock(&history->shared.lock);
    wakeup_raise(history->wake_fd);
}

/* What could not be appended comes again. */
static bool is_new_locked(const struct key_history *history, const struct change *change)
{
    size_t count = history->shared.change_count;

    return count == 0 || !is_before(change->begin, history->shared.changes[count - 1].end);
}

static void add_change_locked(struct key_history *history, const struct change *change)
{
    struct change *changes = history->shared.changes;

    if (history->shared.change_count == CHANGES_MAX) {
        history->shared.watched = changes[0].end;
        history->shared.change_count--;
        memmove(changes, changes + 1, history->shared.change_count * sizeof *changes);
    }
    changes[history->shared.change_count++] = *change;
}

void key_history_note_change(struct key_history *history, const struct log_position *at,
                             uint64_t bytes)
{
    struct change change = {.begin = place_of(at->name, at->offset),
                            .end = place_of(at->name, at->offset + bytes)};
    struct entry *last;

    (void)pthread_mutex_lock(&history->shared.lock);
    if (is_new_locked(history, &change)) {
        add_change_locked(history, &change);
        last = last_entry_locked(history);
        if (is_open(last))
            last->until = change.begin;
        wakeup_raise(history->wake_fd);
    }
    (void)pthread_mutex_unlock(&history->shared.lock);
}

void key_history_note_end(struct key_history *history, const struct log_position *end)
{
    (void)pthread_mutex_lock(&history->shared.lock);
    history->shared.received = place_of(end->name, end->offset);
    settle_locked(history);
    (void)pthread_mutex_unlock(&history->shared.lock);
}

/* ---- The reader ---- */

enum key_want key_history_wants(struct key_history *history, const struct mirror **ret_log)
{
    enum key_want want;

    (void)pthread_mutex_lock(&history->shared.lock);
    *ret_log = history->shared.log;
    if (!history->shared.log || history->shared.pending.catalog)
        want = KEY_WANT_LATER;
    else
        want = is_open(last_entry_locked(history)) && !history->shared.connected ? KEY_WANT_NOT
                                                                                 : KEY_WANT_NOW;
    (void)pthread_mutex_unlock(&history->shared.lock);
    return want;
}

void key_history_add(struct key_history *history, const struct key_reading *reading)
{
    (void)pthread_mutex_lock(&history->shared.lock);
    drop_pending_locked(history);
    history->shared.connected = false;
    if (history->shared.log == reading->log) {
        history->shared.pending = *reading;
        settle_locked(history);
    } else {
        key_catalog_free(reading->catalog);
    }
    (void)pthread_mutex_unlock(&history->shared.lock);
    wakeup_raise(history->wake_fd);
}

void key_history_note_failure(struct key_history *history, const struct err *why)
{
    (void)pthread_mutex_lock(&history->shared.lock);
    history->shared.status.failures++;
    history->shared.status.error = *why;
    (void)pthread_mutex_unlock(&history->shared.lock);
}

/* ---- Those who ask ---- */

struct key_catalog *key_history_at(struct key_history *history, const struct mirror *log,
                                   const char *file, uint64_t offset)
{
    struct place place = place_of(file, offset);
    struct key_catalog *found = NULL;

    (void)pthread_mutex_lock(&history->shared.lock);
    for (size_t i = history->shared.log == log ? history->shared.entry_count : 0; i > 0; i--) {
        const struct entry *entry = &history->shared.entries[i - 1];

        if (!is_before(place, entry->from) && is_before(place, entry->until)) {
            found = key_catalog_share(entry->catalog);
            break;
        }
    }
    (void)pthread_mutex_unlock(&history->shared.lock);
    return found;
}

struct key_catalog *key_place_at(void *userdata, const char *file, uint64_t offset)
{
    const struct key_place *place = userdata;

    return key_history_at(place->history, place->log, file, offset);
}

void key_history_status(struct key_history *history, struct key_history_status *ret_status)
{
    struct entry *last;

    (void)pthread_mutex_lock(&history->shared.lock);
    *ret_status = history->shared.status;
    last = last_entry_locked(history);
    ret_status->holds = is_open(last);
    ret_status->tables = last ? key_catalog_count(last->catalog) : 0;
    (void)pthread_mutex_unlock(&history->shared.lock);
}
