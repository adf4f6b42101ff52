#include "engine/applier_error.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/span.h"

#include <stdlib.h>
#include <string.h>

#define BEGIN    "Slave SQL: "
#define GTID     "Gtid "
#define END      "Internal MariaDB error code: "
#define TAIL_MAX ((size_t)256 << 10)
#define GTID_MAX 42 /* two numbers of 32 bits, one of 64, and what parts them */

static bool skip(const char **at, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*at, word, len) != 0)
        return false;
    *at += len;
    return true;
}

/* "Gtid 0-1-23, Internal MariaDB error code: 1062", which ends the line. */
static bool read_end(const char *at, unsigned number, struct gtid_mariadb *ret_gtid)
{
    struct gtid_list list;
    struct err ignored;
    char *rest = NULL;
    size_t len;
    bool good;

    if (!skip(&at, GTID))
        return false;
    len = strcspn(at, ",");
    if (len > GTID_MAX || at[len] == '\0')
        return false;
    gtid_list_init(&list);
    good = gtid_list_parse(span_of(at, len), &list, &ignored) && list.count == 1;
    at += len;
    good = good && skip(&at, ", " END) && strtoul(at, &rest, 10) == number && rest != at &&
           (*rest == '\n' || *rest == '\0');
    if (good)
        *ret_gtid = list.items[0];
    gtid_list_done(&list);
    return good;
}

bool applier_error_find(const char *log, const char *text, unsigned number,
                        struct gtid_mariadb *ret_gtid)
{
    size_t len = strlen(text);
    bool found = false;

    if (len == 0)
        return false;
    for (const char *at = log; (at = strstr(at, BEGIN)) != NULL;) {
        const char *end;

        at += strlen(BEGIN);
        if (strncmp(at, text, len) != 0)
            continue;
        end = at + len;
        found = skip(&end, text[len - 1] == '.' ? " " : ", ") && read_end(end, number, ret_gtid);
    }
    return found;
}

bool applier_error_read(const char *path, const char *text, unsigned number, bool *ret_found,
                        struct gtid_mariadb *ret_gtid, struct err *err)
{
    char *log = NULL;

    if (!file_read_tail(path, TAIL_MAX, &log, err))
        return false;
    *ret_found = applier_error_find(log, text, number, ret_gtid);
    mem_free(log);
    return true;
}
