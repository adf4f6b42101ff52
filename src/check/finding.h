/*
 * struct finding: what one check of a server came to; struct findings: those of one run, in the
 * order of the checks.
 *
 * A finding's texts and objects live as long as its findings, in their arena. One thread.
 */
#pragma once

#include "base/arena.h"
#include "base/span.h"

struct check;

/* From the worst on, as they are listed. */
enum severity {
    SEVERITY_PROBLEM, /* it can not be a source like this, or data would be lost or wrong */
    SEVERITY_WARN,    /* it works, and will cost something some day */
    SEVERITY_UNKNOWN, /* could not be asked; `found` says why */
    SEVERITY_NOTE,    /* good to know */
    SEVERITY_OK,
};
#define SEVERITIES 5

const char *severity_name(enum severity severity); /* "problem", ...: stable, for --json */

/* A table, a column, an account: something of the server that a finding is about. */
struct finding_object {
    const char *database; /* "" for what belongs to none */
    const char *name;     /* "orders", "orders.note", "app@%" */
    const char *detail;   /* "json", "MyISAM"; may be "" */
};

struct finding {
    const struct check *check;
    enum severity severity;
    const char *found;
    const char *expected;
    const char *action; /* NULL: nothing to do */
    struct finding_object *objects;
    size_t count;
    bool at_least; /* there are more objects than were asked for */
    bool partial;  /* the account may not see all objects */
};

#define FINDINGS_MAX      256
#define FINDINGS_OBJECTS  20000 /* of one finding, at most */
#define FINDINGS_TEXT_MAX ((size_t)512 << 20)

struct findings {
    struct arena *arena;
    struct finding items[FINDINGS_MAX];
    size_t count;
};

struct findings *findings_new(void);
void findings_free(struct findings *findings); /* NULL is fine */

/* A new one, "ok" and as its check has it so far. Borrowed. */
struct finding *findings_add(struct findings *findings, const struct check *check);

size_t findings_count(const struct findings *findings, enum severity severity);

/* Sets severity and what was found, which is formatted into the arena. */
void findings_set(struct findings *findings, struct finding *finding, enum severity severity,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Room for `max` objects, then one more of them; those past FINDINGS_OBJECTS only set at_least. */
void findings_reserve(struct findings *findings, struct finding *finding, size_t max);
void findings_add_object(struct findings *findings, struct finding *finding, struct span database,
                         struct span name, struct span detail);

/* By database, then name. */
void finding_sort(struct finding *finding);
