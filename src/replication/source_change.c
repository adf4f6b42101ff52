#include "replication/source_change.h"

#include "base/mem.h"
#include "log/lookup.h"
#include "replication/link_query.h"
#include "wire/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ANSWER_MAX   ((size_t)8 << 20)
#define MISSING_TEXT 150 /* bytes of a text of GTIDs in an error */
#define REASON_TEXT  300

bool source_is_same(const struct log_identity *ours, const struct log_identity *theirs)
{
    if (ours->family != theirs->family)
        return false;
    if (ours->server_uuid[0] != '\0' && theirs->server_uuid[0] != '\0')
        return strcmp(ours->server_uuid, theirs->server_uuid) == 0;
    return ours->server_id == theirs->server_id;
}

/* ---- What it has ---- */

/* The source's files: the first, the last, and the size of the one that the mirror ends in. */
struct files {
    char first[SOURCE_FILE_MAX];
    char last[SOURCE_FILE_MAX];
    bool found;
    uint64_t size;
};

static void copy_name(struct span from, char to[SOURCE_FILE_MAX])
{
    (void)snprintf(to, SOURCE_FILE_MAX, "%.*s", (int)from.len, (const char *)from.data);
}

static bool list_files(const struct link_login_spec *login, const char *name, int64_t deadline_usec,
                       struct files *ret_files, struct err *err)
{
    struct files files = {.found = false};
    struct result *result;
    struct link *link;
    size_t rows;

    if (!link_login(login, deadline_usec, &link, err))
        return false;
    if (!link_query(link, "SHOW BINARY LOGS", ANSWER_MAX, deadline_usec, &result, err)) {
        link_free(link);
        return false;
    }
    rows = result_columns(result) >= 2 ? result_rows(result) : 0;
    for (size_t row = 0; row < rows; row++) {
        char size[32];
        struct span file;
        struct span value;

        if (!result_value(result, row, 0, &file) || !result_value(result, row, 1, &value))
            continue;
        if (row == 0)
            copy_name(file, files.first);
        copy_name(file, files.last);
        if (span_eq(file, span_str(name))) {
            (void)snprintf(size, sizeof size, "%.*s", (int)value.len, (const char *)value.data);
            files.found = true;
            files.size = strtoull(size, NULL, 10);
        }
    }
    result_free(result);
    link_close(link);
    *ret_files = files;
    return rows > 0 || err_set(err, E_STATE, 0, "no files are listed");
}

enum source_change source_change_find(const struct link_login_spec *login, struct mirror *mirror,
                                      int64_t deadline_usec, struct err *ret_reason)
{
    struct log_ends ends;
    struct files files;
    struct err ignored;

    mirror_ends(mirror, &ends);
    if (!list_files(login, ends.synced.name, deadline_usec, &files, &ignored))
        return SOURCE_SAME;
    if (files.found && files.size < ends.synced.offset) {
        (void)err_set(ret_reason, E_STATE, ER_MASTER_FATAL_ERROR_READING_BINLOG,
                      "it has less than was received from it: its %.60s ends at %" PRIu64
                      ", expected %" PRIu64 " or more: it has lost events, or its logs began anew",
                      ends.synced.name, files.size, ends.synced.offset);
        return SOURCE_OTHER_BINLOG;
    }
    if (files.found)
        return SOURCE_SAME;
    if (log_name_number(files.first) > log_name_number(ends.synced.name)) {
        (void)err_set(ret_reason, E_STATE, ER_MASTER_FATAL_ERROR_READING_BINLOG,
                      "it has purged %.60s, which comes next at %" PRIu64
                      ": its oldest file is %.60s",
                      ends.synced.name, ends.synced.offset, files.first);
        return SOURCE_PURGED;
    }
    (void)err_set(ret_reason, E_STATE, ER_MASTER_FATAL_ERROR_READING_BINLOG,
                  "its logs began anew, or it was restored: expected %.60s to go on at %" PRIu64
                  ", found %.60s to %.60s",
                  ends.synced.name, ends.synced.offset, files.first, files.last);
    return SOURCE_OTHER_BINLOG;
}

/* ---- Whether to follow ---- */

static bool ask_gtids(struct link *link, const struct source *source, int64_t deadline_usec,
                      char **ret_text, struct err *err)
{
    struct result *result;
    struct span value = {0};

    if (!link_query(link,
                    source->family == FORMAT_MARIADB ? "SELECT @@GLOBAL.gtid_binlog_state"
                                                     : "SELECT @@GLOBAL.gtid_executed",
                    ANSWER_MAX, deadline_usec, &result, err))
        return false;
    if (result_rows(result) > 0)
        (void)result_value(result, 0, 0, &value);
    *ret_text = mem_printf("%.*s", (int)value.len, (const char *)value.data);
    result_free(result);
    return true;
}

/* What the source lacks of the old log's GTIDs, as text; nothing when it has them all. */
static bool find_lacking_mysql(const char *theirs, const struct log_state *ours, struct buf *text,
                               struct err *err)
{
    struct gtid_set lacking;
    struct gtid_set has;
    bool good;

    gtid_set_init(&lacking);
    gtid_set_init(&has);
    good = gtid_set_parse(span_str(theirs), &has, err);
    if (good) {
        gtid_set_copy(&lacking, &ours->set);
        gtid_set_subtract(&lacking, &has);
        gtid_set_print(text, &lacking);
    }
    gtid_set_done(&lacking);
    gtid_set_done(&has);
    return good;
}

/* Replicas come with the latest GTID of each domain: those must be in its binlog. */
static bool find_lacking_mariadb(const char *theirs, const struct log_state *ours, struct buf *text,
                                 struct err *err)
{
    struct gtid_list has;
    bool good;

    gtid_list_init(&has);
    good = gtid_list_parse(span_str(theirs), &has, err);
    for (size_t i = 0; good && i < ours->list.count; i++) {
        const struct gtid_mariadb *gtid = &ours->list.items[i];

        if (gtid_list_find(&ours->list, gtid->domain) == gtid && !gtid_list_holds(&has, *gtid))
            buf_printf(text, "%s%u-%u-%" PRIu64, text->len > 0 ? "," : "", gtid->domain,
                       gtid->server_id, gtid->sequence);
    }
    gtid_list_done(&has);
    return good;
}

static bool find_lacking(struct link *link, const struct source *source, struct mirror *mirror,
                         const struct log_state *ours, int64_t deadline_usec, struct buf *text,
                         struct err *err)
{
    char *theirs;
    bool good;

    if (source->family != mirror_identity(mirror)->family)
        return err_set(err, E_STATE, 0, "it is of the other family, whose GTIDs are others");
    if (!source->gtids || ours->kind == LOG_STATE_UNKNOWN)
        return err_set(err, E_STATE, 0,
                       "without GTIDs on both sides nobody can tell what it lacks");
    if (!ask_gtids(link, source, deadline_usec, &theirs, err))
        return false;
    if (ours->kind == LOG_STATE_MYSQL)
        good = find_lacking_mysql(theirs, ours, text, err);
    else
        good = find_lacking_mariadb(theirs, ours, text, err);
    mem_free(theirs);
    return good;
}

static bool has_all_gtids(struct link *link, const struct source *source, struct mirror *mirror,
                          int64_t deadline_usec, struct err *err)
{
    struct log_state ours;
    struct log_ends ends;
    struct buf lacking;
    bool good;

    mirror_ends(mirror, &ends);
    if (ends.synced.name[0] == '\0')
        return true;
    log_state_init(&ours);
    buf_init(&lacking, SIZE_MAX / 2);
    good = log_state_at(mirror, &ends.synced, &ours, err) &&
           find_lacking(link, source, mirror, &ours, deadline_usec, &lacking, err);
    if (good && lacking.len > 0)
        good = err_set(err, E_STATE, 0, "it lacks %.*s", MISSING_TEXT, buf_borrow_cstr(&lacking));
    buf_done(&lacking);
    log_state_done(&ours);
    return good;
}

bool source_change_may_follow(struct link *link, const struct source *source, struct mirror *mirror,
                              enum source_change_policy policy, const struct err *reason,
                              int64_t deadline_usec, struct err *err)
{
    struct err why;

    switch (policy) {
    case SOURCE_CHANGE_ANEW:
        return true;
    case SOURCE_CHANGE_FOLLOW:
        if (has_all_gtids(link, source, mirror, deadline_usec, &why))
            return true;
        if (why.class != E_STATE) {
            *err = why;
            return false;
        }
        return err_set(err, E_STATE, reason->code,
                       "%.*s; not followed: %s; with source_change anew, a new log is begun",
                       REASON_TEXT, reason->text, why.text);
    case SOURCE_CHANGE_STOP:
        break;
    }
    return err_set(err, E_STATE, reason->code,
                   "%.*s; nothing was appended. With source_change follow, a new log is begun if "
                   "the source has all GTIDs of this one; with anew, in any case",
                   REASON_TEXT, reason->text);
}
