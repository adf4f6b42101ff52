#include "cli/binlog_options.h"

#include "cli/datetime_text.h"

#include <errno.h>
#include <stdlib.h>

static bool parse_offset(const struct verb *verb, const char *const *values, const char *name,
                         uint64_t otherwise, uint64_t *ret_offset)
{
    const char *text = verb_value(verb, values, name);
    char *end = NULL;
    unsigned long long value;

    if (!text) {
        *ret_offset = otherwise;
        return true;
    }
    errno = 0;
    value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0) {
        (void)verb_usage_error(verb, "--%s: expected an offset in bytes, found '%s'", name, text);
        return false;
    }
    *ret_offset = value;
    return true;
}

static bool parse_time(const struct verb *verb, const char *const *values, const char *name,
                       uint64_t otherwise, uint64_t *ret_seconds)
{
    const char *text = verb_value(verb, values, name);
    struct err err;

    if (!text) {
        *ret_seconds = otherwise;
        return true;
    }
    if (datetime_parse(span_str(text), ret_seconds, &err))
        return true;
    (void)verb_usage_error(verb, "--%s: %s", name, err.text);
    return false;
}

static bool check_order(const struct verb *verb, const struct binlog_options *options, int argc)
{
    if (argc == 1 && options->stop < options->start) {
        (void)verb_usage_error(verb, "--stop-position %llu is before --start-position %llu",
                               (unsigned long long)options->stop,
                               (unsigned long long)options->start);
        return false;
    }
    if (options->stop_time < options->start_time) {
        (void)verb_usage_error(verb, "--stop-datetime is before --start-datetime");
        return false;
    }
    return true;
}

static bool parse_criteria(const struct verb *verb, const char *const *values,
                           struct event_criteria *criteria)
{
    struct event_filter *filter;
    struct err err;

    *criteria = (struct event_criteria){
        .include_gtids = verb_value(verb, values, "include-gtids"),
        .exclude_gtids = verb_value(verb, values, "exclude-gtids"),
        .databases = verb_value(verb, values, "database"),
        .tables = verb_value(verb, values, "table"),
        .server_id = verb_value(verb, values, "server-id"),
    };
    if (!event_filter_new(criteria, &filter, &err)) {
        (void)verb_usage_error(verb, "%s", err.text);
        return false;
    }
    event_filter_free(filter);
    return true;
}

bool binlog_options_parse(const struct verb *verb, const char *const *values, int argc,
                          struct binlog_options *ret_options)
{
    struct binlog_options options;

    if (argc == 0) {
        (void)verb_usage_error(verb, "expected a binlog file, or - for standard input");
        return false;
    }
    if (!parse_offset(verb, values, "start-position", 0, &options.start) ||
        !parse_offset(verb, values, "stop-position", UINT64_MAX, &options.stop) ||
        !parse_time(verb, values, "start-datetime", 0, &options.start_time) ||
        !parse_time(verb, values, "stop-datetime", UINT64_MAX, &options.stop_time) ||
        !check_order(verb, &options, argc) || !parse_criteria(verb, values, &options.criteria))
        return false;
    options.progress = verb_value(verb, values, "no-progress") == NULL;
    *ret_options = options;
    return true;
}

bool binlog_options_rows(const struct verb *verb, const char *const *values,
                         bool *ret_as_statements)
{
    const char *text = verb_value(verb, values, "rows");
    bool as_statements = text && strcmp(text, "statements") == 0;

    if (text && !as_statements && strcmp(text, "binlog") != 0) {
        (void)verb_usage_error(verb, "--rows: expected binlog or statements, found '%s'", text);
        return false;
    }
    *ret_as_statements = as_statements;
    return true;
}

struct event_range binlog_options_range(const struct binlog_options *options, int i, int count)
{
    return (struct event_range){
        .start = i == 0 ? options->start : 0,
        .stop = i == count - 1 ? options->stop : UINT64_MAX,
        .start_time = options->start_time,
        .stop_time = options->stop_time,
    };
}

int binlog_failed(const struct verb *verb, const struct err *err)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "borealis %s: ", verb->name);
    /* A damaged file's names may hold what moves a terminal's cursor. */
    for (const char *c = err->text; *c; c++)
        (void)fputc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, stderr);
    (void)fputc('\n', stderr);
    return err->class == E_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
