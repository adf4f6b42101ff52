#include "check/check.h"

#include "base/clock.h"
#include "net/conn.h"
#include "net/peer_certificate.h"

#include <time.h>

#define DAYS_LEFT 30
#define DAY       86400

static bool certificate_of(const struct subject *subject, struct peer_certificate *ret)
{
    return subject->link &&
           conn_peer_certificate(link_borrow_conn(subject->link), subject->spec->login.host, ret);
}

/* Why there is no certificate to look at. */
static void no_certificate(struct subject *subject, struct finding *finding)
{
    if (!subject->link)
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "the connection is lost");
    else
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN,
                     "this connection has no TLS, so no certificate was seen");
}

static void check_offered(const struct check *check, struct subject *subject,
                          struct finding *finding)
{
    const struct conn *conn = subject->link ? link_borrow_conn(subject->link) : NULL;

    if (!conn)
        no_certificate(subject, finding);
    else if (conn_is_tls(conn))
        findings_set(subject->findings, finding, SEVERITY_OK, "%s, %s", conn_tls_version(conn),
                     conn_tls_cipher(conn));
    else if (!subject->spec->login.tls)
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "%s: TLS was not asked for",
                     subject->spec->login.socket_path ? "over a unix socket"
                                                      : "--ssl-mode DISABLED");
    else
        findings_set(subject->findings, finding, check->severity, "the server offers no TLS");
}

static void check_ends(const struct check *check, struct subject *subject, struct finding *finding)
{
    struct peer_certificate certificate;
    int64_t left;
    struct tm end;
    time_t ends;
    char text[32];

    if (!certificate_of(subject, &certificate) || certificate.ends == 0) {
        no_certificate(subject, finding);
        return;
    }
    ends = (time_t)certificate.ends;
    left = (certificate.ends - clock_wall_usec() / USEC_PER_SEC) / DAY;
    (void)gmtime_r(&ends, &end);
    (void)strftime(text, sizeof text, "%Y-%m-%d", &end);
    findings_set(subject->findings, finding, left < DAYS_LEFT ? check->severity : SEVERITY_OK,
                 "%s, %" PRId64 " days from now", text, left);
}

static void check_names(const struct check *check, struct subject *subject, struct finding *finding)
{
    struct peer_certificate certificate;
    const char *host = subject->spec->login.host;

    if (!certificate_of(subject, &certificate)) {
        no_certificate(subject, finding);
        return;
    }
    if (!host) {
        findings_set(subject->findings, finding, SEVERITY_UNKNOWN, "a unix socket has no name");
        return;
    }
    findings_set(subject->findings, finding, certificate.for_host ? SEVERITY_OK : check->severity,
                 "%s%s%s%s",
                 *certificate.names     ? certificate.names
                 : *certificate.subject ? certificate.subject
                                        : "no name",
                 certificate.for_host ? "" : ", not ", certificate.for_host ? "" : host,
                 certificate.self_signed ? "; self-signed" : "");
}

/* MySQL since 5.7.8 and MariaDB since 10.5.2 have the variable; before, each account says it. */
static void check_required(const struct check *check, struct subject *subject,
                           struct finding *finding)
{
    struct span value;

    if (!variables_find(subject->variables, span_str("require_secure_transport"), &value)) {
        finding->action = "GRANT USAGE ON *.* TO ... REQUIRE SSL, for each account";
        findings_set(subject->findings, finding, check->severity,
                     "the server can not ask it of all; each account does with REQUIRE SSL");
        return;
    }
    findings_set(subject->findings, finding,
                 subject_variable_is(subject, "require_secure_transport", "ON") ? SEVERITY_OK
                                                                                : check->severity,
                 "require_secure_transport = %.*s", (int)value.len, (const char *)value.data);
}

const struct check transport_checks[] = {
    {.id = "tls.offered",
     .title = "TLS",
     .families = OF_BOTH,
     .severity = SEVERITY_WARN,
     .expected = "TLS 1.2 or 1.3",
     .why = "Without TLS all rows cross the network in clear; borealis relay then needs "
            "--source-ssl-mode DISABLED.",
     .action = "ssl_cert, ssl_key and ssl_ca in [mysqld], and a restart",
     .run = check_offered},
    {.id = "tls.certificate_end",
     .title = "End of its certificate",
     .families = OF_BOTH,
     .severity = SEVERITY_WARN,
     .expected = "more than 30 days from now",
     .why = "Clients that check the certificate are refused from then on.",
     .action = "put new files in place; ALTER INSTANCE RELOAD TLS or FLUSH SSL, or a restart",
     .run = check_ends},
    {.id = "tls.certificate_names",
     .title = "Names in its certificate",
     .families = OF_BOTH,
     .severity = SEVERITY_NOTE,
     .expected = "the host that was named",
     .why = "VERIFY_IDENTITY, which keeps impostors out, needs it; VERIFY_CA does not.",
     .action = "a certificate for that name, or --ssl-mode VERIFY_CA",
     .run = check_names},
    {.id = "tls.required",
     .title = "TLS for all",
     .families = OF_BOTH,
     .severity = SEVERITY_NOTE,
     .expected = "require_secure_transport = ON, or REQUIRE SSL of each account",
     .why = "A replica that does not ask for TLS falls back to clear text without a word.",
     .action = "SET GLOBAL require_secure_transport = ON; and the same in [mysqld]",
     .run = check_required},
    {0}};
