#include "log/hold.h"

#include "base/mem.h"
#include "log/manifest.h"
#include "log/sealed_text.h"

#define TITLE "borealis-log-holds"

void log_holds_done(struct log_holds *holds)
{
    mem_free(holds->items);
    *holds = (struct log_holds){0};
}

void log_holds_copy(struct log_holds *into, const struct log_holds *from)
{
    struct log_holds copy = {.count = from->count};

    if (from->count > 0) {
        copy.items = mem_alloc(from->count * sizeof *copy.items);
        memcpy(copy.items, from->items, from->count * sizeof *copy.items);
    }
    log_holds_done(into);
    *into = copy;
}

struct log_hold *log_holds_find(const struct log_holds *holds, const char *replica)
{
    for (size_t i = 0; i < holds->count; i++) {
        if (strcmp(holds->items[i].replica, replica) == 0)
            return &holds->items[i];
    }
    return NULL;
}

static bool is_replica_name(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++) {
        if (name[i] <= ' ' || name[i] > '~' || name[i] == '=')
            return false;
    }
    return length > 0 && length <= LOG_HOLD_NAME_MAX;
}

bool log_hold_name_check(const char *name, struct err *err)
{
    return is_replica_name(name) ||
           err_set(err, E_USAGE, 0,
                   "hold: expected a name of 1 to %d printable ASCII characters without space and "
                   "'=', found '%.200s'",
                   LOG_HOLD_NAME_MAX, name);
}

bool log_holds_set(struct log_holds *holds, const struct log_hold *hold, struct err *err)
{
    struct log_hold *found = log_holds_find(holds, hold->replica);

    if (!log_hold_name_check(hold->replica, err))
        return false;
    if (!found && holds->count == LOG_HOLDS_MAX)
        return err_set(err, E_LIMIT, 0, "hold '%s': there are %d already", hold->replica,
                       LOG_HOLDS_MAX);
    if (!found) {
        holds->items = mem_realloc(holds->items, (holds->count + 1) * sizeof *holds->items);
        found = &holds->items[holds->count++];
    }
    *found = *hold;
    return true;
}

void log_holds_drop(struct log_holds *holds, const char *replica)
{
    struct log_hold *found = log_holds_find(holds, replica);

    if (!found)
        return;
    *found = holds->items[--holds->count];
}

void log_holds_encode(struct buf *buf, const struct log_holds *holds)
{
    sealed_text_begin(buf, TITLE, LOG_FORMAT_VERSION);
    for (size_t i = 0; i < holds->count; i++)
        buf_printf(buf, "%s=%d %llu %s\n", holds->items[i].replica, holds->items[i].broken,
                   (unsigned long long)holds->items[i].cap_bytes, holds->items[i].first);
    sealed_text_end(buf);
}

/* Up to a space, which is consumed. */
static struct span take_word(struct cursor *cur)
{
    const uint8_t *space = cursor_left(cur) ? memchr(cur->rest.data, ' ', cursor_left(cur)) : NULL;
    struct span word = cursor_bytes(cur, space ? (size_t)(space - cur->rest.data) : 0);

    cursor_skip(cur, 1);
    return word;
}

static bool take_hold(struct span key, struct span value, struct log_hold *ret_hold)
{
    struct cursor cur = cursor_of(value);
    struct log_hold hold = {0};
    uint64_t broken;
    struct err err;

    if (key.len > LOG_HOLD_NAME_MAX || (key.len && memchr(key.data, 0, key.len)))
        return false;
    if (key.len)
        memcpy(hold.replica, key.data, key.len);
    if (!sealed_text_number(take_word(&cur), 1, &broken) ||
        !sealed_text_number(take_word(&cur), UINT64_MAX, &hold.cap_bytes) ||
        !log_name_check(cursor_rest(&cur), hold.first, &err) || !cursor_ok(&cur))
        return false;
    hold.broken = broken;
    *ret_hold = hold;
    return true;
}

bool log_holds_decode(struct span text, struct log_holds *holds, struct err *err)
{
    struct log_holds made = {0};
    struct cursor lines;
    struct span key;
    struct span value;

    if (!sealed_text_open(text, TITLE, LOG_FORMAT_VERSION, &lines, err))
        return false;
    while (sealed_text_line(&lines, &key, &value)) {
        struct log_hold hold;

        if (!take_hold(key, value, &hold)) {
            log_holds_done(&made);
            return err_set(err, E_PROTO, 0, "line '%.*s' is no hold",
                           (int)(key.len < 60 ? key.len : 60), (const char *)key.data);
        }
        if (!log_holds_set(&made, &hold, err)) {
            log_holds_done(&made);
            return false;
        }
    }
    log_holds_done(holds);
    *holds = made;
    return true;
}
