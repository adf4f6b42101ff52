#include "cli/check_text.h"

#include <jansson.h>
#include <string.h>

#define ID_WIDTH   30
#define INDENT     11
#define LINE_WIDTH 100

static const char *colour_of(enum severity severity, bool colour)
{
    if (!colour)
        return "";
    switch (severity) {
    case SEVERITY_PROBLEM:
        return "\x1b[1;31m";
    case SEVERITY_WARN:
        return "\x1b[33m";
    case SEVERITY_UNKNOWN:
        return "\x1b[35m";
    case SEVERITY_NOTE:
        return "\x1b[36m";
    case SEVERITY_OK:
        return "\x1b[32m";
    }
    return "";
}

/* A server's names may hold anything; a terminal must not. */
static void print_plain(const char *text, FILE *out)
{
    for (; *text; text++)
        (void)fputc((unsigned char)*text < ' ' || *text == '\x7f' ? '?' : *text, out);
}

static void print_field(const char *name, const char *text, FILE *out)
{
    (void)fprintf(out, "%*s%-10s", INDENT, "", name);
    print_plain(text, out);
    (void)fputc('\n', out);
}

static void print_objects(const struct finding *finding, bool all, FILE *out)
{
    size_t shown =
        all || finding->count <= CHECK_TEXT_OBJECTS ? finding->count : CHECK_TEXT_OBJECTS;

    for (size_t i = 0; i < shown; i++) {
        const struct finding_object *object = &finding->objects[i];
        const char *between = *object->database && *object->name ? "." : "";

        (void)fprintf(out, "%*s%-10s", INDENT, "", "");
        print_plain(object->database, out);
        (void)fputs(between, out);
        print_plain(object->name, out);
        (void)fputs(*object->detail ? "  " : "", out);
        print_plain(object->detail, out);
        (void)fputc('\n', out);
    }
    if (shown < finding->count)
        (void)fprintf(out, "%*s%-10s... and %zu more; --all lists them\n", INDENT, "", "",
                      finding->count - shown);
}

static void print_head(const struct finding *finding, bool colour, FILE *out)
{
    const char *on = colour_of(finding->severity, colour);

    (void)fprintf(out, "%s%-*s%s%-*s ", on, INDENT, severity_name(finding->severity),
                  *on ? "\x1b[0m" : "", ID_WIDTH, finding->check->id);
}

static void print_finding(const struct finding *finding, bool all, bool colour, FILE *out)
{
    print_head(finding, colour, out);
    if (finding->severity >= SEVERITY_NOTE) {
        print_plain(finding->found, out);
        (void)fputc('\n', out);
    } else {
        (void)fprintf(out, "%s\n", finding->check->title);
        print_field("found", finding->found, out);
    }
    print_objects(finding, all, out);
    if (finding->severity == SEVERITY_OK)
        return;
    if (finding->severity != SEVERITY_NOTE)
        print_field("expected", finding->expected, out);
    print_field("why", finding->check->why, out);
    if (finding->severity != SEVERITY_NOTE && finding->action)
        print_field("do", finding->action, out);
}

static bool is_unknown_for(const struct finding *finding, const char *reason)
{
    return finding->severity == SEVERITY_UNKNOWN && strcmp(finding->found, reason) == 0;
}

/* What could not be asked, by the reason why, because one reason is often that of many. */
static void print_unknown(const struct findings *findings, size_t first, bool colour, FILE *out)
{
    const char *reason = findings->items[first].found;
    const char *on = colour_of(SEVERITY_UNKNOWN, colour);
    int used = LINE_WIDTH;

    for (size_t i = 0; i < first; i++) {
        if (is_unknown_for(&findings->items[i], reason))
            return;
    }
    (void)fprintf(out, "%s%-*s%s", on, INDENT, severity_name(SEVERITY_UNKNOWN),
                  *on ? "\x1b[0m" : "");
    print_plain(reason, out);
    for (size_t i = first; i < findings->count; i++) {
        const char *id = findings->items[i].check->id;
        bool wrap = used + 1 + (int)strlen(id) > LINE_WIDTH;

        if (!is_unknown_for(&findings->items[i], reason))
            continue;
        if (wrap)
            used = fprintf(out, "\n%*s%-10s", INDENT, "", "");
        used += fprintf(out, "%s%s", wrap ? "" : " ", id);
    }
    (void)fputc('\n', out);
}

static void print_verdict(const struct checkup *checkup, FILE *out)
{
    const struct findings *findings = checkup->findings;
    size_t problems = findings_count(findings, SEVERITY_PROBLEM);

    (void)fprintf(out, "\n%zu problem%s, %zu to mind, %zu not known, %zu noted, %zu in order: %s\n",
                  problems, problems == 1 ? "" : "s", findings_count(findings, SEVERITY_WARN),
                  findings_count(findings, SEVERITY_UNKNOWN),
                  findings_count(findings, SEVERITY_NOTE), findings_count(findings, SEVERITY_OK),
                  problems ? "it can not be a source like this" : "it can be a source");
}

void check_text_print(const struct checkup *checkup, bool all, bool colour, FILE *out)
{
    const struct findings *findings = checkup->findings;

    (void)fprintf(out, "%s: %s %s, as ", checkup->peer,
                  checkup->family == FORMAT_MARIADB ? "MariaDB" : "MySQL", checkup->version);
    print_plain(checkup->account, out);
    (void)fprintf(out, ", %s\n\n", *checkup->tls ? checkup->tls : "without TLS");
    for (int severity = 0; severity < SEVERITIES; severity++) {
        for (size_t i = 0; i < findings->count; i++) {
            if (findings->items[i].severity != (enum severity)severity)
                continue;
            if (severity == SEVERITY_UNKNOWN)
                print_unknown(findings, i, colour, out);
            else
                print_finding(&findings->items[i], all, colour, out);
        }
    }
    print_verdict(checkup, out);
}

static json_t *text_or_null(const char *text)
{
    /* What is not UTF-8 is no JSON text: jansson gives NULL for it. */
    json_t *made = text ? json_string(text) : NULL;

    return made ? made : json_null();
}

static json_t *objects_json(const struct finding *finding)
{
    json_t *list = json_array();

    for (size_t i = 0; i < finding->count; i++) {
        const struct finding_object *object = &finding->objects[i];

        (void)json_array_append_new(
            list, json_pack("{s:o, s:o, s:o}", "database", text_or_null(object->database), "name",
                            text_or_null(object->name), "detail", text_or_null(object->detail)));
    }
    return list;
}

static json_t *finding_json(const struct finding *finding)
{
    return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:s, s:o, s:o, s:b}", "id", finding->check->id,
                     "severity", severity_name(finding->severity), "title", finding->check->title,
                     "crossing", finding->check->crossing, "found", text_or_null(finding->found),
                     "expected", text_or_null(finding->expected), "why", finding->check->why,
                     "action", text_or_null(finding->action), "objects", objects_json(finding),
                     "complete", !finding->partial && !finding->at_least);
}

void check_text_print_json(const struct checkup *checkup, FILE *out)
{
    const struct findings *findings = checkup->findings;
    json_t *list = json_array();
    json_t *counts = json_object();
    json_t *whole;

    for (size_t i = 0; i < findings->count; i++)
        (void)json_array_append_new(list, finding_json(&findings->items[i]));
    for (int severity = 0; severity < SEVERITIES; severity++)
        (void)json_object_set_new(
            counts, severity_name((enum severity)severity),
            json_integer((json_int_t)findings_count(findings, (enum severity)severity)));
    whole = json_pack("{s:s, s:s, s:o, s:o, s:s, s:b, s:o, s:o}", "server", checkup->peer, "family",
                      checkup->family == FORMAT_MARIADB ? "mariadb" : "mysql", "version",
                      text_or_null(checkup->version), "account", text_or_null(checkup->account),
                      "tls", checkup->tls, "ready", checkup_is_ready(checkup), "counts", counts,
                      "findings", list);
    (void)json_dumpf(whole, out, JSON_INDENT(1));
    (void)fputc('\n', out);
    json_decref(whole);
}
