#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

static int64_t read_usec(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

int64_t clock_now_usec(void)
{
    return read_usec(CLOCK_MONOTONIC);
}

int64_t clock_wall_usec(void)
{
    return read_usec(CLOCK_REALTIME);
}

int64_t clock_deadline_usec(int64_t timeout_usec)
{
    int64_t now = clock_now_usec();

    return timeout_usec > CLOCK_NEVER - now ? CLOCK_NEVER : now + timeout_usec;
}

int clock_poll_timeout(int64_t deadline_usec)
{
    int64_t left;

    if (deadline_usec == CLOCK_NEVER)
        return -1;
    left = deadline_usec - clock_now_usec();
    if (left <= 0)
        return 0;
    left = (left + 999) / 1000;
    return left > INT_MAX ? INT_MAX : (int)left;
}

void clock_stamp_utc(char stamp[CLOCK_STAMP_MAX])
{
    struct timespec now;
    struct tm utc;
    char seconds[24];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    (void)strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(stamp, CLOCK_STAMP_MAX, "%s.%06ldZ", seconds, now.tv_nsec / 1000);
}
