#include "check/copy_time.h"

#include "base/quantity_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

uint64_t copy_time_seconds(uint64_t bytes, uint64_t rate)
{
    return bytes / rate + (bytes % rate > 0);
}

static bool number_of(const struct variables *variables, const char *name, double *ret_number)
{
    struct span value;
    char text[32];

    if (!variables_find(variables, span_str(name), &value))
        return false;
    (void)snprintf(text, sizeof text, "%.*s", (int)value.len,
                   value.len ? (const char *)value.data : "");
    *ret_number = strtod(text, NULL);
    return true;
}

int64_t copy_time_kept_seconds(const struct variables *variables)
{
    struct span purge;
    double seconds = 0;
    double days = 0;
    bool known = number_of(variables, "binlog_expire_logs_seconds", &seconds);

    known |= number_of(variables, "expire_logs_days", &days);
    if (variables_find(variables, span_str("binlog_expire_logs_auto_purge"), &purge) &&
        purge.len == 3 && strncasecmp((const char *)purge.data, "OFF", 3) == 0)
        return COPY_TIME_FOR_EVER;
    if (!known)
        return COPY_TIME_NOT_KNOWN;
    if (seconds <= 0)
        seconds = days * 86400;
    return seconds <= 0 ? COPY_TIME_FOR_EVER : (int64_t)seconds;
}

/* The age at which the limit of space removes files, at the rate that was seen. */
static int64_t kept_by_space(const struct copy_time *copy)
{
    if (copy->space_limit == 0 || copy->binlog_daily == 0)
        return COPY_TIME_FOR_EVER;
    return (int64_t)((double)copy->space_limit * 86400 / (double)copy->binlog_daily);
}

enum severity copy_time_judge(const struct copy_time *copy, char *text, size_t size)
{
    int64_t by_space = kept_by_space(copy);
    int64_t kept = copy->kept_seconds;
    char first[QUANTITY_MAX];
    char second[QUANTITY_MAX];

    if (kept == COPY_TIME_NOT_KNOWN) {
        (void)snprintf(text, size, "the server shows no variable that says it");
        return SEVERITY_UNKNOWN;
    }
    if (by_space < kept)
        kept = by_space;
    if (kept == COPY_TIME_FOR_EVER) {
        (void)snprintf(text, size, "until they are purged by hand");
        return SEVERITY_OK;
    }
    if (kept == 0) {
        (void)snprintf(text, size, "removed as soon as no replica of the provider needs them");
        return SEVERITY_PROBLEM;
    }
    (void)quantity_duration(first, (uint64_t)kept);
    if (!copy->has_data) {
        (void)snprintf(text, size, "%s; how long a copy takes is not known", first);
        return kept < COPY_TIME_SPARE ? SEVERITY_WARN : SEVERITY_NOTE;
    }
    (void)snprintf(text, size, "%s; a copy takes about %s", first,
                   quantity_duration(second, copy->copy_seconds));
    if ((uint64_t)kept < copy->copy_seconds)
        return SEVERITY_PROBLEM;
    return (uint64_t)kept < copy->copy_seconds + COPY_TIME_SPARE ? SEVERITY_WARN : SEVERITY_OK;
}
