#include "check/finding.h"

#include "base/mem.h"
#include "check/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 2048

const char *severity_name(enum severity severity)
{
    switch (severity) {
    case SEVERITY_PROBLEM:
        return "problem";
    case SEVERITY_WARN:
        return "warn";
    case SEVERITY_UNKNOWN:
        return "unknown";
    case SEVERITY_NOTE:
        return "note";
    case SEVERITY_OK:
        return "ok";
    }
    return "";
}

struct findings *findings_new(void)
{
    struct findings *findings = mem_alloc(sizeof *findings);

    findings->arena = arena_new(FINDINGS_TEXT_MAX);
    return findings;
}

void findings_free(struct findings *findings)
{
    if (!findings)
        return;
    arena_free(findings->arena);
    mem_free(findings);
}

struct finding *findings_add(struct findings *findings, const struct check *check)
{
    struct finding *finding;

    /* The tables of checks are ours; a test counts them. */
    if (findings->count == FINDINGS_MAX)
        abort();
    finding = &findings->items[findings->count++];
    *finding = (struct finding){
        .check = check,
        .severity = SEVERITY_OK,
        .found = "",
        .expected = check->expected,
        .action = check->action,
    };
    return finding;
}

size_t findings_count(const struct findings *findings, enum severity severity)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++)
        count += findings->items[i].severity == severity;
    return count;
}

void findings_set(struct findings *findings, struct finding *finding, enum severity severity,
                  const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    finding->severity = severity;
    finding->found = arena_strdup(findings->arena, text);
}

void findings_reserve(struct findings *findings, struct finding *finding, size_t max)
{
    if (max > FINDINGS_OBJECTS)
        max = FINDINGS_OBJECTS;
    finding->objects =
        max ? arena_alloc(findings->arena, max * sizeof *finding->objects) : finding->objects;
}

static const char *copy(struct findings *findings, struct span text)
{
    char *made = arena_alloc(findings->arena, text.len + 1);

    if (text.len)
        memcpy(made, text.data, text.len);
    return made;
}

void findings_add_object(struct findings *findings, struct finding *finding, struct span database,
                         struct span name, struct span detail)
{
    if (finding->count == FINDINGS_OBJECTS) {
        finding->at_least = true;
        return;
    }
    finding->objects[finding->count++] = (struct finding_object){
        .database = copy(findings, database),
        .name = copy(findings, name),
        .detail = copy(findings, detail),
    };
}

static int compare(const void *a, const void *b)
{
    const struct finding_object *left = a;
    const struct finding_object *right = b;
    int order = strcmp(left->database, right->database);

    return order ? order : strcmp(left->name, right->name);
}

void finding_sort(struct finding *finding)
{
    if (finding->count > 1)
        qsort(finding->objects, finding->count, sizeof *finding->objects, compare);
}
