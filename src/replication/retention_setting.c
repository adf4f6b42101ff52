#include "replication/retention_setting.h"

#include "base/cursor.h"
#include "base/file.h"
#include "base/mem.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#define FILE_NAME "retention-hours"
#define FILE_MAX  64

struct retention_setting {
    char *path;
    struct {
        pthread_mutex_t lock; /* held while the file is written: the last one set is in it */
        int64_t hours;        /* 0: none */
    } shared;
};

static bool read_file(const char *path, int64_t *ret_hours, struct err *err)
{
    struct cursor cur;
    uint64_t hours;
    char *text;
    bool good;

    if (!file_read(path, FILE_MAX, &text, err))
        return false;
    cur = cursor_of(span_str(text));
    good = cursor_decimal(&cur, RETENTION_HOURS_MAX, &hours) && cursor_u8(&cur) == '\n' &&
           cursor_end(&cur);
    if (good)
        *ret_hours = (int64_t)hours;
    else
        (void)err_set(err, E_PROTO, 0, "%s: expected a number of hours from 0 to %d, and a newline",
                      path, RETENTION_HOURS_MAX);
    mem_free(text);
    return good;
}

bool retention_setting_open(const char *directory, struct retention_setting **ret_setting,
                            struct err *err)
{
    struct retention_setting *setting = mem_alloc(sizeof *setting);

    setting->path = mem_printf("%s/" FILE_NAME, directory);
    (void)pthread_mutex_init(&setting->shared.lock, NULL);
    if (path_exists(setting->path) && !read_file(setting->path, &setting->shared.hours, err)) {
        retention_setting_close(setting);
        return false;
    }
    *ret_setting = setting;
    return true;
}

void retention_setting_close(struct retention_setting *setting)
{
    if (!setting)
        return;
    (void)pthread_mutex_destroy(&setting->shared.lock);
    mem_free(setting->path);
    mem_free(setting);
}

bool retention_setting_hours(struct retention_setting *setting, int64_t *ret_hours)
{
    int64_t hours;

    (void)pthread_mutex_lock(&setting->shared.lock);
    hours = setting->shared.hours;
    (void)pthread_mutex_unlock(&setting->shared.lock);
    if (hours > 0)
        *ret_hours = hours;
    return hours > 0;
}

bool retention_setting_set(struct retention_setting *setting, int64_t hours, struct err *err)
{
    int64_t kept = hours < RETENTION_HOURS_MAX ? hours : RETENTION_HOURS_MAX;
    char text[32];
    bool good;

    (void)snprintf(text, sizeof text, "%" PRId64 "\n", kept);
    (void)pthread_mutex_lock(&setting->shared.lock);
    good = file_write(setting->path, span_str(text), 0600, err);
    if (good)
        setting->shared.hours = kept;
    (void)pthread_mutex_unlock(&setting->shared.lock);
    return good;
}
