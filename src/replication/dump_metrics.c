#include "replication/dump_metrics.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"

#include <inttypes.h>
#include <poll.h>

#define STACK_BYTES (256u << 10)
#define TEXT_MAX    2048

struct dump_metrics {
    const char *name;
    struct replicas *replicas;
    struct dump_controls *controls;
    struct dump_controls_watch watch;
    int stop_fd;
    pthread_t thread;
};

void dump_metrics_print(struct buf *buf, const struct replica_info *info)
{
    buf_printf(buf,
               "[Dump thread metrics] Secondary_id: %" PRIu32
               ", Secondary_uuid: %s, Binlog_file: %s, Pos: %" PRIu64
               ", Bytes_behind_primary: %" PRIu64,
               info->server_id, info->uuid, info->sent.name, info->sent.offset, info->bytes_behind);
}

static void write_all(const struct dump_metrics *metrics)
{
    struct replica_info *infos;
    size_t count;

    replicas_list(metrics->replicas, &infos, &count);
    for (size_t i = 0; i < count; i++) {
        struct buf text;

        if (!infos[i].dumping)
            continue;
        buf_init(&text, TEXT_MAX);
        dump_metrics_print(&text, &infos[i]);
        log_info(metrics->name, "%s", buf_borrow_cstr(&text));
        buf_done(&text);
    }
    mem_free(infos);
}

/* The next time to write: so long after the last as the interval is now. */
static int64_t next_at(const struct dump_metrics *metrics, int64_t last_usec)
{
    uint64_t seconds = dump_controls_get(metrics->controls, DUMP_METRICS_SECONDS);

    return seconds > 0 ? last_usec + (int64_t)seconds * USEC_PER_SEC : CLOCK_NEVER;
}

static void *run(void *arg)
{
    struct dump_metrics *metrics = arg;
    struct pollfd fds[] = {
        {.fd = metrics->stop_fd, .events = POLLIN},
        {.fd = metrics->watch.fd, .events = POLLIN},
    };
    int64_t last = clock_now_usec();

    while (!wakeup_is_raised(metrics->stop_fd)) {
        wakeup_clear(metrics->watch.fd);
        if (clock_now_usec() >= next_at(metrics, last)) {
            write_all(metrics);
            last = clock_now_usec();
        }
        (void)poll(fds, 2, clock_poll_timeout(next_at(metrics, last)));
    }
    return NULL;
}

bool dump_metrics_start(const char *name, struct replicas *replicas, struct dump_controls *controls,
                        struct dump_metrics **ret_metrics, struct err *err)
{
    struct dump_metrics *metrics = mem_alloc(sizeof *metrics);

    metrics->name = name;
    metrics->replicas = replicas;
    metrics->controls = controls;
    if (!wakeup_open(&metrics->stop_fd, err)) {
        mem_free(metrics);
        return false;
    }
    if (dump_controls_watch(controls, &metrics->watch, err)) {
        if (thread_start("dump-metrics", STACK_BYTES, run, metrics, &metrics->thread, err)) {
            *ret_metrics = metrics;
            return true;
        }
        dump_controls_unwatch(controls, &metrics->watch);
    }
    fd_close(&metrics->stop_fd);
    mem_free(metrics);
    return false;
}

void dump_metrics_stop(struct dump_metrics *metrics)
{
    if (!metrics)
        return;
    wakeup_raise(metrics->stop_fd);
    (void)pthread_join(metrics->thread, NULL);
    dump_controls_unwatch(metrics->controls, &metrics->watch);
    fd_close(&metrics->stop_fd);
    mem_free(metrics);
}
