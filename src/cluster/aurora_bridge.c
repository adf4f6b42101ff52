#include "cluster/aurora_bridge.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>

#define STACK_BYTES   (256u << 10)
#define PERIOD_USEC   (1 * USEC_PER_SEC)
#define ARENA_CAP     65536
#define SETTINGS_ONLY 3 /* of the dumps' controls, those that Aurora has */

static const enum dump_control settings[SETTINGS_ONLY] = {
    DUMP_READ_BUFFER_SIZE, DUMP_MAX_YIELD_SECONDS, DUMP_USE_LARGE_READ_BUFFER};

struct aurora_bridge {
    struct aurora_bridge_spec spec;
    pthread_t thread;
    int stop_fd;
    struct sql *sql; /* NULL: not connected */
    uint64_t shown[STATUS_ITEM_COUNT];
};

static void show_counters(struct aurora_bridge *bridge)
{
    uint64_t values[STATUS_ITEM_COUNT] = {0};
    struct log_cache_counters counters;
    struct mirror *mirror;
    struct err not_there;

    if (!change_log_enter(bridge->spec.log, &mirror, &not_there))
        return;
    mirror_cache_counters(mirror, &counters);
    change_log_leave(bridge->spec.log);
    values[STATUS_IO_CACHE_ALLOCATED] = counters.allocated;
    values[STATUS_IO_CACHE_READ_REQUESTS] = counters.read_requests;
    values[STATUS_IO_CACHE_READS] = counters.reads;
    if (memcmp(values, bridge->shown, sizeof values) == 0)
        return;
    memcpy(bridge->shown, values, sizeof values);
    status_page_publish(bridge->spec.page, values);
}

/* What the engine says is within the bounds of its variable, which are those of the control. */
static void set_control(struct aurora_bridge *bridge, enum dump_control control, const char *text)
{
    struct dump_controls *controls = change_log_borrow_controls(bridge->spec.log);
    uint64_t value;
    struct err not_one;

    if (!text || !dump_control_parse(control, span_str(text), &value, &not_one) ||
        value == dump_controls_get(controls, control))
        return;
    dump_controls_set(controls, control, value);
    log_info(bridge->spec.subject, "dumps: %s=%" PRIu64, dump_control_info(control)->name, value);
}

static void write_question(struct buf *buf)
{
    for (size_t i = 0; i < SETTINGS_ONLY; i++) {
        const char *name = dump_control_info(settings[i])->name;

        buf_printf(buf, "%s@@GLOBAL.%s AS %s", i > 0 ? ", " : "SELECT ", name, name);
    }
}

/* E_STATE: the engine runs without the plugin. */
static bool ask_settings(struct aurora_bridge *bridge, struct err *err)
{
    struct arena *arena;
    struct sql_result result;
    struct buf question;
    bool ok;

    if (!bridge->sql && !bridge->spec.connect(bridge->spec.context, &bridge->sql, err))
        return false;
    arena = arena_new(ARENA_CAP);
    buf_init(&question, ARENA_CAP);
    write_question(&question);
    ok = sql_query(bridge->sql, buf_borrow_cstr(&question), arena, &result, err);
    for (size_t i = 0; ok && i < SETTINGS_ONLY; i++)
        set_control(bridge, settings[i],
                    sql_result_get(&result, 0, dump_control_info(settings[i])->name));
    buf_done(&question);
    arena_free(arena);
    return ok;
}

static void *run(void *arg)
{
    struct aurora_bridge *bridge = arg;
    struct pollfd stop = {.fd = bridge->stop_fd, .events = POLLIN};
    struct err err;

    while (!wakeup_is_raised(bridge->stop_fd)) {
        show_counters(bridge);
        /* The engine is not up: its supervisor knows. */
        if (!ask_settings(bridge, &err) && err.class != E_STATE) {
            sql_close(bridge->sql);
            bridge->sql = NULL;
        }
        (void)poll(&stop, 1, clock_poll_timeout(clock_deadline_usec(PERIOD_USEC)));
    }
    return NULL;
}

static void release(struct aurora_bridge *bridge)
{
    sql_close(bridge->sql);
    fd_close(&bridge->stop_fd);
    mem_free(bridge);
}

bool aurora_bridge_start(const struct aurora_bridge_spec *spec, struct aurora_bridge **ret_bridge,
                         struct err *err)
{
    struct aurora_bridge *bridge = mem_alloc(sizeof *bridge);

    bridge->spec = *spec;
    bridge->stop_fd = -1;
    if (!wakeup_open(&bridge->stop_fd, err) ||
        !thread_start("aurora-bridge", STACK_BYTES, run, bridge, &bridge->thread, err)) {
        release(bridge);
        return false;
    }
    *ret_bridge = bridge;
    return true;
}

void aurora_bridge_stop(struct aurora_bridge *bridge)
{
    if (!bridge)
        return;
    wakeup_raise(bridge->stop_fd);
    (void)pthread_join(bridge->thread, NULL);
    release(bridge);
}
