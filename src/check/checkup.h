/*
 * checkup_run(): looks at a server and judges whether it can be a source: all checks of the tables
 * (check.h) that concern it, with statements that only read.
 */
#pragma once

#include "check/check.h"

struct checkup {
    struct findings *findings;
    char peer[300];    /* "db1:3306" */
    char version[128]; /* as the server says it */
    enum format_family family;
    char account[SUBJECT_ACCOUNT_MAX];
    char tls[96]; /* "TLSv1.3, TLS_AES_256_GCM_SHA384"; "" without */
};

/*
 * Fills the checkup, whose findings the caller frees; false when the server could not be reached,
 * logged in to, or asked at all: as link_login() and link_query(). A check that can not be asked
 * is a finding, not an error.
 */
MUST_CHECK bool checkup_run(const struct subject_spec *spec, struct checkup *ret_checkup,
                            struct err *err);

/* Nothing found that hinders. */
bool checkup_is_ready(const struct checkup *checkup);
