/*
 * sourcekeys HOST PORT USER PASSWORD DATABASE TABLE...: the unique keys of a server's tables, as a
 * relay reads them from its source, for the tests of that with real servers.
 *
 * Per table a line: its name, "unknown", or "barrier", or the number of its columns and then each
 * key in brackets: the places of its columns from 0, with a letter for how they are compared (b
 * bytes, p padded, f folded, u unknown). A refusal prints the error and ends with status 1; status
 * 2 when tables are being changed. Certificates are not looked at.
 */
#include "base/clock.h"
#include "net/tls.h"
#include "replication/key_query.h"
#include "replication/link_login.h"
#include "replication/source.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_USEC (60 * USEC_PER_SEC)

static void print_table(const char *name, const struct key_table *table)
{
    static const char letters[] = {
        [KEY_COLLATION_BYTES] = 'b',
        [KEY_COLLATION_PADDED] = 'p',
        [KEY_COLLATION_FOLDED] = 'f',
        [KEY_COLLATION_UNKNOWN] = 'u',
    };

    (void)printf("%s", name);
    if (!table)
        (void)printf(" unknown");
    else if (table->barrier)
        (void)printf(" barrier");
    else
        (void)printf(" %u", table->column_count);
    for (unsigned i = 0; table && i < table->key_count; i++) {
        (void)printf(" (");
        for (unsigned k = 0; k < table->keys[i].count; k++)
            (void)printf("%s%u%c", k > 0 ? "," : "", table->keys[i].columns[k].column,
                         letters[table->keys[i].columns[k].collation]);
        (void)printf(")");
    }
    (void)printf("\n");
}

static bool print_keys(struct link *link, char **argv, bool *busy, struct err *err)
{
    int64_t deadline = clock_deadline_usec(TIMEOUT_USEC);
    struct log_identity identity;
    struct key_reading reading;
    struct source source;

    if (!source_ask_who(link, deadline, &source, err))
        return false;
    source_identity(&source, &identity);
    if (!key_query(link, &identity, deadline, &reading, busy, err))
        return false;
    for (char **name = argv + 6; *name; name++)
        print_table(*name, key_catalog_find(reading.catalog, span_str(argv[5]), span_str(*name)));
    key_catalog_free(reading.catalog);
    return true;
}

int main(int argc, char **argv)
{
    struct tls_client_spec tls = {.mode = TLS_REQUIRED};
    struct link_login_spec login = {.tls_preferred = true, .stop_fd = -1};
    struct link *link = NULL;
    struct tls *context = NULL;
    struct err err = {0};
    bool busy = false;
    bool good;

    if (argc < 7) {
        (void)fprintf(stderr, "usage: sourcekeys HOST PORT USER PASSWORD DATABASE TABLE...\n");
        return EXIT_FAILURE;
    }
    login.host = argv[1];
    login.port = (uint16_t)strtoul(argv[2], NULL, 10);
    login.user = argv[3];
    login.password = argv[4];
    good = tls_client_new(&tls, &context, &err);
    login.tls = context;
    good = good && link_login(&login, clock_deadline_usec(TIMEOUT_USEC), &link, &err) &&
           print_keys(link, argv, &busy, &err);
    if (!good)
        (void)printf("%s\n", err.text);
    link_free(link);
    tls_free(context);
    return good ? EXIT_SUCCESS : busy ? 2 : EXIT_FAILURE;
}
