#include "cluster/requests.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/local_server.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_TIMEOUT (5 * USEC_PER_SEC)
#define ARENA_CAP      (1u << 20)
#define STATEMENT_MAX  4096
#define WAKE           "wake\n"
#define TAKE           "take " /* as long as WAKE */
#define SECRET_MAX     70000   /* bytes, as the plugin has it */
#define NONCE_LEN      32      /* characters before a secret */
#define DIGEST_LEN     64
#define MOST_AT_ONCE   1000 /* of which a procedure waits for one */

struct requests {
    struct requests_spec spec;
    char *socket_path;
    char *subject;
    struct local_server *server;
};

/* What came with a call; without a secret both are empty. */
struct carried {
    char *text; /* nonce and secret */
    size_t len;
    char digest[DIGEST_LEN + 1];
};

static bool run(struct requests *requests, const char *name, const char *argument,
                const struct carried *carried, struct err *err)
{
    for (size_t i = 0; i < requests->spec.n_kinds; i++) {
        const struct request_kind *kind = &requests->spec.kinds[i];

        if (strcmp(kind->name, name) != 0)
            continue;
        if (kind->secret && !carried)
            return err_set(err, E_USAGE, 0, "its argument must come with the call");
        return kind->run(requests->spec.context,
                         kind->secret ? carried->text + NONCE_LEN : argument, err);
    }
    return err_set(err, E_USAGE, 0, "it knows no such request");
}

/* The answer as hexadecimal digits, which need no quoting whatever is in it. */
static bool mark(struct sql *sql, const char *id, const char *state, const char *answer,
                 struct err *err)
{
    struct buf statement;
    bool ok;

    buf_init(&statement, STATEMENT_MAX);
    buf_printf(&statement, "UPDATE mysql.rds_request SET state = '%s', answer = X'", state);
    for (const char *c = answer; *c; c++)
        buf_printf(&statement, "%02x", (unsigned)(unsigned char)*c);
    buf_printf(&statement, "' WHERE id = %llu", strtoull(id, NULL, 10));
    ok = sql_run(sql, buf_borrow_cstr(&statement), err);
    buf_done(&statement);
    return ok;
}

/*
 * The oldest row that asks, but for those whose secret another call carries; *ret_any is false when
 * there is none.
 */
static bool do_one(struct requests *requests, struct sql *sql, const struct carried *carried,
                   struct arena *arena, bool *ret_any, struct err *err)
{
    struct sql_result result;
    struct err refusal = {0};
    const char *name;
    bool late;
    bool own;
    bool done;

    if (!sql_query(
            sql,
            arena_printf(
                arena,
                "SELECT id, request, argument, digest IS NOT NULL AS own, "
                "asked_at < SYSDATE(6) - INTERVAL 10 SECOND AS late "
                "FROM mysql.rds_request WHERE state = 'asked' AND (digest IS NULL OR digest = '%s')"
                " ORDER BY asked_at, id LIMIT 1",
                carried->digest),
            arena, &result, err))
        return false;
    *ret_any = result.n_rows > 0;
    if (!*ret_any)
        return true;
    name = sql_result_get(&result, 0, "request");
    late = strcmp(sql_result_get(&result, 0, "late"), "1") == 0;
    own = strcmp(sql_result_get(&result, 0, "own"), "1") == 0;
    done = late ? err_set(&refusal, E_TIMEOUT, 0, "asked too long ago")
                : run(requests, name, sql_result_get(&result, 0, "argument"), own ? carried : NULL,
                      &refusal);
    if (done)
        log_info(requests->subject, "done for a procedure: %s", name);
    else
        log_warn(requests->subject, "refused to a procedure: %s: %s", name, refusal.text);
    return mark(sql, sql_result_get(&result, 0, "id"), done ? "done" : "refused",
                done ? "" : refusal.text, err);
}

/* All rows that ask, and away with those that nobody will fetch or carry a secret for any more. */
static bool do_all(struct requests *requests, const struct carried *carried, struct err *err)
{
    struct sql *sql = NULL;
    bool any = true;
    bool ok = requests->spec.connect(requests->spec.context, &sql, err);

    ok = ok && sql_run(sql, "SET SESSION sql_log_bin = 0, time_zone = '+00:00'", err);
    for (int i = 0; ok && any && i < MOST_AT_ONCE; i++) {
        struct arena *arena = arena_new(ARENA_CAP);

        ok = do_one(requests, sql, carried, arena, &any, err);
        arena_free(arena);
    }
    ok = ok && sql_run(sql,
                       "DELETE FROM mysql.rds_request "
                       "WHERE (state <> 'asked' OR digest IS NOT NULL) "
                       "AND asked_at < SYSDATE(6) - INTERVAL 1 HOUR",
                       err);
    sql_close(sql);
    return ok;
}

/* A number of at most SECRET_MAX, up to the end of its line. */
static bool read_length(struct conn *conn, int64_t deadline_usec, size_t *ret_len, struct err *err)
{
    size_t len = 0;
    uint8_t c = 0;

    while (conn_read_full(conn, &c, 1, deadline_usec, err)) {
        if (c == '\n') {
            *ret_len = len;
            return true;
        }
        if (c < '0' || c > '9')
            return err_set(err, E_PROTO, 0, "expected a length");
        len = len * 10 + (size_t)(c - '0');
        if (len > SECRET_MAX)
            return err_set(err, E_LIMIT, 0, "expected at most %d bytes", SECRET_MAX);
    }
    return false;
}

static bool digest(struct carried *carried, struct err *err)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (EVP_Digest(carried->text, carried->len, hash, &size, EVP_sha256(), NULL) != 1 ||
        size * 2 != DIGEST_LEN)
        return err_set(err, E_BUG, 0, "SHA-256 is not to be had");
    for (unsigned i = 0; i < size; i++)
        (void)snprintf(carried->digest + (size_t)i * 2, 3, "%02x", hash[i]);
    return true;
}

static bool read_secret(struct conn *conn, int64_t deadline_usec, struct carried *carried,
                        struct err *err)
{
    size_t len = 0;

    if (!read_length(conn, deadline_usec, &len, err))
        return false;
    if (len < NONCE_LEN)
        return err_set(err, E_PROTO, 0, "expected %d bytes or more", NONCE_LEN);
    carried->text = mem_alloc(len + 1);
    carried->len = len;
    if (!conn_read_full(conn, (uint8_t *)carried->text, len, deadline_usec, err))
        return false;
    if (strlen(carried->text) != len)
        return err_set(err, E_PROTO, 0, "expected no NUL in what is given");
    return digest(carried, err);
}

static bool read_call(struct conn *conn, struct carried *carried, struct err *err)
{
    int64_t deadline_usec = clock_deadline_usec(CLIENT_TIMEOUT);
    uint8_t word[sizeof WAKE - 1];

    if (!conn_read_full(conn, word, sizeof word, deadline_usec, err))
        return false;
    if (span_eq(span_of(word, sizeof word), span_str(TAKE)))
        return read_secret(conn, deadline_usec, carried, err);
    return span_eq(span_of(word, sizeof word), span_str(WAKE)) ||
           err_set(err, E_PROTO, 0, "expected '" TAKE "' or 'wake'");
}

static void serve_caller(void *context, struct conn *conn, int stop_fd)
{
    struct requests *requests = context;
    struct carried carried = {0};
    struct err err;

    conn_set_stop(conn, stop_fd);
    if (!read_call(conn, &carried, &err)) {
        log_warn(requests->subject, "somebody at %s did not say what the engine does: %s",
                 requests->socket_path, err.text);
    } else {
        bool ok = do_all(requests, &carried, &err);
        char *answer = mem_printf("%s\n", ok ? "done" : err.text);

        if (!ok)
            log_warn(requests->subject, "requests of procedures: %s", err.text);
        (void)!conn_write_all(conn, span_str(answer), clock_deadline_usec(CLIENT_TIMEOUT), &err);
        mem_free(answer);
    }
    if (carried.text)
        explicit_bzero(carried.text, carried.len);
    mem_free(carried.text);
}

static void requests_free(struct requests *requests)
{
    mem_free(requests->subject);
    mem_free(requests->socket_path);
    mem_free(requests);
}

bool requests_start(const struct requests_spec *spec, struct requests **ret_requests,
                    struct err *err)
{
    struct requests *requests = mem_alloc(sizeof *requests);

    requests->spec = *spec;
    requests->socket_path = mem_strdup(spec->socket_path);
    requests->subject = mem_strdup(spec->subject);
    if (local_server_start(&(struct local_server_spec){.name = "requests",
                                                       .subject = spec->subject,
                                                       .client = "engine",
                                                       .socket_path = spec->socket_path,
                                                       .serve = serve_caller,
                                                       .context = requests},
                           &requests->server, err)) {
        *ret_requests = requests;
        return true;
    }
    requests_free(requests);
    return false;
}

void requests_stop(struct requests *requests)
{
    if (!requests)
        return;
    local_server_stop(requests->server);
    requests_free(requests);
}
