/* What has happened to clusters and instances; see store.h. */
#include "meta/store_internal.h"

#define COLUMNS "at_usec, cluster, source_type, source, category, id, message"

static bool forget_old(struct store *store, int64_t now_usec, struct err *err)
{
    sqlite3_stmt *stmt = NULL;

    if (!store_prepare(store, "DELETE FROM event WHERE at_usec < ?", &stmt, err))
        return false;
    (void)sqlite3_bind_int64(stmt, 1, now_usec - STORE_EVENT_KEPT_USEC);
    return store_finish(store, stmt, err);
}

bool store_put_events(struct store *store, const struct store_event *events, size_t n_events,
                      struct err *err)
{
    for (size_t i = 0; i < n_events; i++) {
        const struct store_event *event = &events[i];
        sqlite3_stmt *stmt = NULL;

        if (!store_prepare(store, "INSERT INTO event (" COLUMNS ") VALUES (?,?,?,?,?,?,?)", &stmt,
                           err))
            return false;
        (void)sqlite3_bind_int64(stmt, 1, event->at_usec);
        store_bind_text(stmt, 2, event->cluster);
        store_bind_text(stmt, 3, event->source_type);
        store_bind_text(stmt, 4, event->source);
        store_bind_text(stmt, 5, event->category);
        store_bind_text(stmt, 6, event->id);
        store_bind_text(stmt, 7, event->message);
        if (!store_finish(store, stmt, err) || !forget_old(store, event->at_usec, err))
            return false;
    }
    return true;
}

static void read_event(sqlite3_stmt *stmt, struct store_event *event)
{
    event->at_usec = sqlite3_column_int64(stmt, 0);
    store_column_text(stmt, 1, event->cluster, sizeof event->cluster);
    store_column_text(stmt, 2, event->source_type, sizeof event->source_type);
    store_column_text(stmt, 3, event->source, sizeof event->source);
    store_column_text(stmt, 4, event->category, sizeof event->category);
    store_column_text(stmt, 5, event->id, sizeof event->id);
    store_column_text(stmt, 6, event->message, sizeof event->message);
}

/* Fills the array from its end. */
static bool list_events(struct store *store, const char *cluster, int64_t since_usec,
                        struct store_event *events, size_t most, size_t *ret_count, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    size_t count = 0;
    bool row = false;

    if (!store_prepare(store,
                       "SELECT " COLUMNS " FROM event WHERE at_usec >= ?1 AND "
                       "(?2 IS NULL OR cluster = ?2) ORDER BY number DESC LIMIT ?3",
                       &stmt, err))
        return false;
    (void)sqlite3_bind_int64(stmt, 1, since_usec);
    if (cluster)
        store_bind_text(stmt, 2, cluster);
    (void)sqlite3_bind_int64(stmt, 3, (int64_t)most);
    for (;;) {
        if (!store_step(store, stmt, &row, err))
            return false;
        if (!row)
            break;
        count++;
        read_event(stmt, &events[most - count]);
    }
    *ret_count = count;
    return true;
}

bool store_list_events(struct store *store, const char *cluster, int64_t since_usec, size_t most,
                       struct arena *arena, struct store_event **ret_events, size_t *ret_count,
                       struct err *err)
{
    struct store_event *events = arena_alloc(arena, most * sizeof *events);
    bool ok;

    (void)pthread_mutex_lock(&store->lock);
    ok = list_events(store, cluster, since_usec, events, most, ret_count, err);
    (void)pthread_mutex_unlock(&store->lock);
    if (ok)
        *ret_events = &events[most - *ret_count];
    return ok;
}

static bool count_events(struct store *store, const char *cluster, int64_t since_usec, size_t most,
                         struct store_event_count *counts, size_t *ret_n, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    size_t n = 0;
    bool row = false;

    if (!store_prepare(store,
                       "SELECT category, COUNT(*), MAX(at_usec) FROM event "
                       "WHERE at_usec >= ? AND cluster = ? GROUP BY category ORDER BY category",
                       &stmt, err))
        return false;
    (void)sqlite3_bind_int64(stmt, 1, since_usec);
    store_bind_text(stmt, 2, cluster);
    for (;; n++) {
        if (!store_step(store, stmt, &row, err))
            return false;
        if (!row)
            break;
        if (n == most) {
            (void)sqlite3_finalize(stmt);
            return err_set(err, E_LIMIT, 0, "events: expected at most %zu categories, found more",
                           most);
        }
        store_column_text(stmt, 0, counts[n].category, sizeof counts[n].category);
        counts[n].count = (uint64_t)sqlite3_column_int64(stmt, 1);
        counts[n].last_usec = sqlite3_column_int64(stmt, 2);
    }
    *ret_n = n;
    return true;
}

bool store_count_events(struct store *store, const char *cluster, int64_t since_usec, size_t most,
                        struct store_event_count *ret_counts, size_t *ret_n, struct err *err)
{
    bool ok;

    (void)pthread_mutex_lock(&store->lock);
    ok = count_events(store, cluster, since_usec, most, ret_counts, ret_n, err);
    (void)pthread_mutex_unlock(&store->lock);
    return ok;
}
