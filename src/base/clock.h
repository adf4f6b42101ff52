/*
 * Time. Deadlines are absolute, monotonic, in microseconds, so that passing one through several
 * calls needs no arithmetic. No call of ours blocks without one; CLOCK_NEVER is for the few that
 * wait for a person or a peer by design.
 */
#pragma once

#include <stdint.h>

#define USEC_PER_SEC INT64_C(1000000)
#define CLOCK_NEVER  INT64_MAX

int64_t clock_now_usec(void);                      /* monotonic */
int64_t clock_deadline_usec(int64_t timeout_usec); /* now + timeout, saturating */

/* Since 1970, by the system's clock, which may be set: for people and files, never for waiting. */
int64_t clock_wall_usec(void);

/* Milliseconds for poll(): rounded up, 0 once the deadline has passed, -1 for CLOCK_NEVER. */
int clock_poll_timeout(int64_t deadline_usec);

/* "2026-11-21T01:02:03.456789Z" */
#define CLOCK_STAMP_MAX 32
void clock_stamp_utc(char stamp[CLOCK_STAMP_MAX]);
