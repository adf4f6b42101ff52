#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static _Atomic int least_level = LOG_INFO;

void log_set_level(enum log_level least)
{
    atomic_store(&least_level, (int)least);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG:
        return "debug";
    case LOG_INFO:
        return "info ";
    case LOG_WARN:
        return "warn ";
    case LOG_ERROR:
        return "error";
    }
    return "?";
}

void log_event(enum log_level level, const char *subject, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    char stamp[CLOCK_STAMP_MAX];
    va_list args;
    int head;
    int body;
    size_t len;

    if ((int)level < atomic_load(&least_level))
        return;
    clock_stamp_utc(stamp);
    head = snprintf(line, sizeof line, "%s %s %.100s ", stamp, level_name(level), subject);
    va_start(args, format);
    body = vsnprintf(line + head, sizeof line - (size_t)head, format, args);
    va_end(args);
    len = (size_t)head + (size_t)(body > 0 ? body : 0);
    if (len > sizeof line - 2)
        len = sizeof line - 2;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    }
    line[len++] = '\n';
    (void)!write(STDERR_FILENO, line, len);
}
