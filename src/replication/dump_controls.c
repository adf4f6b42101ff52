#include "replication/dump_controls.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/wakeup.h"
#include "log/log_reader.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <strings.h>

#define DIGITS_MAX 12 /* more than any bound has */

static const struct dump_control_info infos[DUMP_CONTROL_COUNT] = {
    [DUMP_READ_BUFFER_SIZE] = {"aurora_binlog_read_buffer_size", LOG_READ_BUFFER_MIN,
                               LOG_READ_BUFFER_MAX, LOG_READ_BUFFER_DEFAULT, false,
                               "Bytes that a dump reads of a file at once."},
    [DUMP_MAX_YIELD_SECONDS] = {"aurora_binlog_replication_max_yield_seconds", 0, 36000, 0, false,
                                "So long a dump waits for the file that is written to fill."},
    [DUMP_USE_LARGE_READ_BUFFER] = {"aurora_binlog_use_large_read_buffer", 0, 1, 1, true,
                                    "Whether the other two have an effect."},
    [DUMP_METRICS_SECONDS] = {"borealis_dump_metrics_seconds", 0, 86400, 60, false,
                              "How often where the dumps are is logged; 0: never."},
};

struct dump_controls {
    atomic_uint_least64_t values[DUMP_CONTROL_COUNT];

    struct {
        pthread_mutex_t lock;
        struct dump_controls_watch *first;
    } shared;
};

/* ---- The table ---- */

const struct dump_control_info *dump_control_info(enum dump_control control)
{
    return &infos[control];
}

static bool is_text(struct span text, const char *other)
{
    return text.len == strlen(other) && strncasecmp((const char *)text.data, other, text.len) == 0;
}

bool dump_control_find(struct span name, enum dump_control *ret_control)
{
    for (size_t i = 0; i < DUMP_CONTROL_COUNT; i++) {
        if (is_text(name, infos[i].name)) {
            *ret_control = (enum dump_control)i;
            return true;
        }
    }
    return false;
}

static unsigned shift_of(uint8_t suffix)
{
    switch (suffix | 0x20) {
    case 'k':
        return 10;
    case 'm':
        return 20;
    case 'g':
        return 30;
    default:
        return 0;
    }
}

static bool parse_number(struct span text, bool with_suffix, uint64_t *ret_number)
{
    unsigned shift = with_suffix && text.len > 0 ? shift_of(text.data[text.len - 1]) : 0;
    size_t digits = text.len - (shift > 0 ? 1 : 0);
    uint64_t number = 0;

    if (digits == 0 || digits > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (text.data[i] - (uint64_t)'0');
    }
    *ret_number = number > UINT64_MAX >> shift ? UINT64_MAX : number << shift;
    return true;
}

bool dump_control_parse(enum dump_control control, struct span text, uint64_t *ret_value,
                        struct err *err)
{
    const struct dump_control_info *info = &infos[control];
    uint64_t value;
    bool good;

    if (info->is_switch && (is_text(text, "ON") || is_text(text, "OFF"))) {
        *ret_value = text.len == 2;
        return true;
    }
    good = parse_number(text, control == DUMP_READ_BUFFER_SIZE, &value);
    if (!good || value < info->least || value > info->most)
        return err_set(err, E_USAGE, 0,
                       "%s: expected a number from %" PRIu64 " to %" PRIu64 "%s, found '%.*s'",
                       info->name, info->least, info->most, info->is_switch ? ", ON or OFF" : "",
                       (int)(text.len < 100 ? text.len : 100), (const char *)text.data);
    *ret_value = value;
    return true;
}

/* ---- The values ---- */

struct dump_controls *dump_controls_new(void)
{
    struct dump_controls *controls = mem_alloc(sizeof *controls);

    for (size_t i = 0; i < DUMP_CONTROL_COUNT; i++)
        atomic_init(&controls->values[i], infos[i].standard);
    (void)pthread_mutex_init(&controls->shared.lock, NULL);
    return controls;
}

void dump_controls_free(struct dump_controls *controls)
{
    if (!controls)
        return;
    (void)pthread_mutex_destroy(&controls->shared.lock);
    mem_free(controls);
}

void dump_controls_set(struct dump_controls *controls, enum dump_control control, uint64_t value)
{
    if (atomic_exchange(&controls->values[control], value) == value)
        return;
    (void)pthread_mutex_lock(&controls->shared.lock);
    for (struct dump_controls_watch *watch = controls->shared.first; watch; watch = watch->next)
        wakeup_raise(watch->fd);
    (void)pthread_mutex_unlock(&controls->shared.lock);
}

uint64_t dump_controls_get(const struct dump_controls *controls, enum dump_control control)
{
    return atomic_load(&controls->values[control]);
}

size_t dump_controls_read_buffer(const struct dump_controls *controls)
{
    if (dump_controls_get(controls, DUMP_USE_LARGE_READ_BUFFER) == 0)
        return LOG_READ_BUFFER_MIN;
    return (size_t)dump_controls_get(controls, DUMP_READ_BUFFER_SIZE);
}

int64_t dump_controls_yield_usec(const struct dump_controls *controls)
{
    if (dump_controls_get(controls, DUMP_USE_LARGE_READ_BUFFER) == 0)
        return 0;
    return (int64_t)dump_controls_get(controls, DUMP_MAX_YIELD_SECONDS) * USEC_PER_SEC;
}

/* ---- Watching ---- */

bool dump_controls_watch(struct dump_controls *controls, struct dump_controls_watch *ret_watch,
                         struct err *err)
{
    int fd;

    if (!wakeup_open(&fd, err))
        return false;
    ret_watch->fd = fd;
    (void)pthread_mutex_lock(&controls->shared.lock);
    ret_watch->next = controls->shared.first;
    controls->shared.first = ret_watch;
    (void)pthread_mutex_unlock(&controls->shared.lock);
    return true;
}

void dump_controls_unwatch(struct dump_controls *controls, struct dump_controls_watch *watch)
{
    struct dump_controls_watch **at;

    (void)pthread_mutex_lock(&controls->shared.lock);
    at = &controls->shared.first;
    while (*at != watch)
        at = &(*at)->next;
    *at = watch->next;
    (void)pthread_mutex_unlock(&controls->shared.lock);
    fd_close(&watch->fd);
}
