#include "base/disk_watch.h"

#include "base/cursor.h"

#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#define BYTES_MAX (UINT64_C(1) << 50)

const struct disk_limits disk_limits_default = {.stages = {
                                                    [DISK_LOW] = {5, UINT64_C(4) << 30},
                                                    [DISK_SHORT] = {2, UINT64_C(2) << 30},
                                                    [DISK_FULL] = {1, UINT64_C(256) << 20},
                                                }};

const char *disk_stage_name(enum disk_stage stage)
{
    static const char *const names[DISK_STAGES] = {"enough", "low", "short", "full"};

    return names[stage];
}

bool disk_look(const char *path, struct disk_space *ret_space, struct err *err)
{
    struct statvfs system;

    if (statvfs(path, &system) != 0)
        return err_errno(err, "%s: reading its file system", path);
    *ret_space = (struct disk_space){
        .free_bytes = (uint64_t)system.f_bavail * system.f_frsize,
        .size_bytes = (uint64_t)system.f_blocks * system.f_frsize,
    };
    return true;
}

bool disk_limit_parse(const char *text, struct disk_limit *ret_limit, struct err *err)
{
    static const char units[] = "KMGT";
    struct cursor cur = cursor_of(span_str(text));
    struct disk_limit limit = {0};
    const char *unit = NULL;
    uint64_t number = 0;
    bool good = cursor_decimal(&cur, BYTES_MAX, &number);

    if (good && cursor_left(&cur) > 0) {
        char last = (char)cursor_u8(&cur);

        if (last == '%') {
            limit.percent = (unsigned)number;
            good = number < 100;
            number = 0;
        } else {
            unit = strchr(units, last);
            good = unit && *unit;
        }
    }
    if (good && unit) {
        unsigned shift = (unsigned)(unit - units + 1) * 10;

        good = number <= BYTES_MAX >> shift;
        number <<= shift;
    }
    limit.bytes = number;
    if (!good || !cursor_end(&cur))
        return err_set(err, E_USAGE, 0,
                       "expected 0%% to 99%%, or 0 to %" PRIu64 " bytes, as 512M or 10G, found "
                       "'%s'",
                       BYTES_MAX, text);
    *ret_limit = limit;
    return true;
}

static uint64_t own_bytes(const struct disk_limit *limit, uint64_t size_bytes)
{
    uint64_t part = size_bytes / 100 * limit->percent;

    if (limit->percent == 0)
        return limit->bytes;
    return limit->bytes == 0 || part < limit->bytes ? part : limit->bytes;
}

uint64_t disk_enter_bytes(const struct disk_limits *limits, enum disk_stage stage,
                          uint64_t size_bytes)
{
    uint64_t most = 0;

    for (int i = (int)stage; i < DISK_STAGES; i++) {
        uint64_t bytes = own_bytes(&limits->stages[i], size_bytes);

        most = bytes > most ? bytes : most;
    }
    return most;
}

uint64_t disk_leave_bytes(const struct disk_limits *limits, enum disk_stage stage,
                          uint64_t size_bytes)
{
    uint64_t enter = disk_enter_bytes(limits, stage, size_bytes);

    return enter + enter / 4;
}

enum disk_stage disk_stage_next(const struct disk_limits *limits, enum disk_stage now,
                                const struct disk_space *space)
{
    for (int i = DISK_STAGES - 1; i > DISK_ENOUGH; i--) {
        enum disk_stage stage = (enum disk_stage)i;

        if (space->free_bytes < (now >= stage ? disk_leave_bytes(limits, stage, space->size_bytes)
                                              : disk_enter_bytes(limits, stage, space->size_bytes)))
            return stage;
    }
    return DISK_ENOUGH;
}
