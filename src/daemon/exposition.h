/*
 * Text of Prometheus' exposition format 0.0.4, written into a buf: families, each with HELP, TYPE
 * and all of its samples after it (source: prometheus.io, "Exposition formats"). No state.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

#define EXPOSITION_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct exposition_label {
    const char *name;
    const char *value; /* any text: what is not UTF-8 is shown as '?' */
};

/* `type` is counter, gauge or histogram. */
void exposition_family(struct buf *buf, const char *name, const char *type, const char *help);

struct exposition_metric {
    const char *name;
    const char *type;
    const char *help;
};

void exposition_begin(struct buf *buf, const struct exposition_metric *metric);

/* The program's version, and when it was started: both families with their samples. */
void exposition_process(struct buf *buf, const struct exposition_metric *build,
                        const struct exposition_metric *start, int64_t started_usec);

double exposition_seconds(int64_t usec);

/* `suffix` comes after the name: "", or "_bucket" and its like of a histogram. */
void exposition_sample(struct buf *buf, const char *name, const char *suffix,
                       const struct exposition_label *labels, size_t count, double value);

/* A family as the man page lists it, as scdoc source; the name is the two texts together. */
void exposition_print_man(const char *prefix, const char *name, const char *type, const char *help,
                          FILE *out);
