#include "check/checkup.h"

#include "check/object_scan.h"
#include "net/conn.h"

#include <stdio.h>

/* What crosses only badly is no problem as long as nothing shall cross. */
static void soften(const struct subject *subject, struct finding *finding)
{
    if (finding->check->crossing && !subject->spec->has_target &&
        finding->severity == SEVERITY_PROBLEM)
        finding->severity = SEVERITY_WARN;
}

static bool concerns(const struct subject *subject, const struct check *check)
{
    return check_applies(check, subject->family, subject->version) &&
           !(check->crossing && subject->spec->has_target &&
             subject->spec->target == subject->family);
}

static void run_all(struct subject *subject)
{
    struct findings *findings = subject->findings;
    const struct check *checks[FINDINGS_MAX];
    struct finding *objects[FINDINGS_MAX];
    size_t count = 0;

    for (size_t table = 0; check_tables[table]; table++) {
        for (const struct check *check = check_tables[table]; check->id; check++) {
            struct finding *finding;

            if (!concerns(subject, check))
                continue;
            finding = findings_add(findings, check);
            if (check->source) {
                checks[count] = check;
                objects[count++] = finding;
            } else if (check->variable) {
                check_variable(check, subject, finding);
            } else {
                check->run(check, subject, finding);
            }
        }
    }
    object_scan_run(subject, checks, objects, count);
    for (size_t i = 0; i < count; i++) {
        if (checks[i]->run)
            checks[i]->run(checks[i], subject, objects[i]);
    }
    for (size_t i = 0; i < findings->count; i++) {
        soften(subject, &findings->items[i]);
        if (findings->items[i].severity == SEVERITY_OK)
            findings->items[i].action = NULL;
    }
}

bool checkup_run(const struct subject_spec *spec, struct checkup *ret_checkup, struct err *err)
{
    struct checkup checkup = {.findings = findings_new()};
    struct subject subject;
    const struct conn *conn;

    if (!subject_open(spec, checkup.findings, &subject, err)) {
        findings_free(checkup.findings);
        return false;
    }
    conn = link_borrow_conn(subject.link);
    (void)snprintf(checkup.peer, sizeof checkup.peer, "%s", link_peer(subject.link));
    (void)snprintf(checkup.version, sizeof checkup.version, "%s", subject.version_text);
    (void)snprintf(checkup.account, sizeof checkup.account, "%s", subject.account);
    if (conn_is_tls(conn))
        (void)snprintf(checkup.tls, sizeof checkup.tls, "%s, %s", conn_tls_version(conn),
                       conn_tls_cipher(conn));
    checkup.family = subject.family;
    run_all(&subject);
    subject_close(&subject);
    *ret_checkup = checkup;
    return true;
}

bool checkup_is_ready(const struct checkup *checkup)
{
    return findings_count(checkup->findings, SEVERITY_PROBLEM) == 0;
}
