/*
 * Version comments: what becomes of one, so that it means to the target what it meant to the
 * source.
 *
 * MySQL executes one without a number, and one with a number of at most its own version; MariaDB,
 * too, but not those of 50700 to 99999, and besides those that begin with "M!". A number has five
 * or six digits (sources: MySQL reference manual, "Comments"; MariaDB knowledge base, "Comment
 * Syntax"). Constant rules, any thread.
 */
#pragma once

#include "translation/sql_translator.h"

enum sql_version {
    SQL_VERSION_SHARED,  /* the source executed it, and all servers of the dialect do */
    SQL_VERSION_SOURCE,  /* the source executed it, but not all of them do: only the inside stays */
    SQL_VERSION_NEITHER, /* the source did not execute it: it goes */
    SQL_VERSION_UNKNOWN, /* a number of so many digits that servers differ in where it ends */
};

/* Of a token of kind VERSION. */
enum sql_version sql_version_of(const struct sql_token *token, const struct sql_origin *origin);
