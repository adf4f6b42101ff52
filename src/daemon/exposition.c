#include "daemon/exposition.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "base/version.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53: whole numbers up to here are exact */

static void write_escaped(struct buf *buf, const char *text, bool quotes)
{
    const char *at = text;

    while (*at) {
        size_t length = utf8_length(at);

        if (*at == '\\')
            buf_str(buf, "\\\\");
        else if (*at == '\n')
            buf_str(buf, "\\n");
        else if (*at == '"' && quotes)
            buf_str(buf, "\\\"");
        else if (length == 0)
            buf_str(buf, "?");
        else
            buf_bytes(buf, span_of(at, length));
        at += length > 0 ? length : 1;
    }
}

void exposition_family(struct buf *buf, const char *name, const char *type, const char *help)
{
    buf_printf(buf, "# HELP %s ", name);
    write_escaped(buf, help, false);
    buf_printf(buf, "\n# TYPE %s %s\n", name, type);
}

void exposition_sample(struct buf *buf, const char *name, const char *suffix,
                       const struct exposition_label *labels, size_t count, double value)
{
    buf_printf(buf, "%s%s", name, suffix);
    for (size_t i = 0; i < count; i++) {
        buf_printf(buf, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
        write_escaped(buf, labels[i].value, true);
        buf_str(buf, "\"");
    }
    if (count > 0)
        buf_str(buf, "}");
    if (value >= 0 && value <= EXACT_MAX && value == (double)(uint64_t)value)
        buf_printf(buf, " %.0f\n", value);
    else
        buf_printf(buf, " %.17g\n", value);
}

void exposition_begin(struct buf *buf, const struct exposition_metric *metric)
{
    exposition_family(buf, metric->name, metric->type, metric->help);
}

double exposition_seconds(int64_t usec)
{
    return (double)usec / (double)USEC_PER_SEC;
}

void exposition_process(struct buf *buf, const struct exposition_metric *build,
                        const struct exposition_metric *start, int64_t started_usec)
{
    struct exposition_label version = {"version", BOREALIS_VERSION};

    exposition_begin(buf, build);
    exposition_sample(buf, build->name, "", &version, 1, 1);
    exposition_begin(buf, start);
    exposition_sample(buf, start->name, "", NULL, 0, exposition_seconds(started_usec));
}

/* '_' is markup for scdoc. */
void exposition_print_man(const char *prefix, const char *name, const char *type, const char *help,
                          FILE *out)
{
    const char *parts[] = {prefix, name};

    (void)fputc('*', out);
    for (size_t i = 0; i < 2; i++) {
        for (const char *at = parts[i]; *at; at++) {
            if (*at == '_')
                (void)fputc('\\', out);
            (void)fputc(*at, out);
        }
    }
    (void)fprintf(out, "* (%s)\n\t%s\n\n", type, help);
}
