/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The function aurora_control() of SQL: asks the daemon to look at mysql.rds_request and waits, at
 * most CONTROL_TIMEOUT_MS. NULL when it has done what stands there, else a sentence that says why
 * not. Its argument, if it has one that is not NULL, is a secret that goes to the daemon with the
 * call and nowhere else.
 *
 *     CREATE FUNCTION aurora_control RETURNS STRING SONAME 'aurora.so'
 *
 * No privilege guards functions that are loaded: any login may call it, which does no more than
 * that the daemon looks. The engine finds the three functions by their names; any session's thread.
 */
#pragma once

#define CONTROL_TIMEOUT_MS 10000

/* The daemon's socket; an option of the plugin's, and NULL without it. */
extern char *control_socket;
