/*
 * Faults on demand, in builds with tests only: a point in the code that may fail asks INJECT() by
 * its name, such as "log/sync", what shall go wrong there. In other builds it is a constant.
 *
 * What goes wrong is a list of POINT:FAULT[:N[:PLACE]], separated by commas: at the Nth pass
 * through the point from now on (1 at first), and only then. It is read from the environment
 * variable BOREALIS_INJECT at the first pass, or set by a test. Any thread.
 *
 * With the faults cut, zeros, garbage and hole the power is lost before the point does anything:
 * PLACE (0 at first) is in percent, see power_loss.h. What was written before the list was set
 * counts as synced.
 */
#pragma once

#include "base/err.h"

enum inject_fault {
    INJECT_NONE,
    INJECT_EIO,
    INJECT_ENOSPC,
    INJECT_SHORT, /* a write ends half way and is continued */
    INJECT_TORN,  /* a write ends half way and the process dies */
    INJECT_CRASH, /* the process dies before the point does anything */
    INJECT_POWER, /* so does the machine */
};

#define INJECT_EXIT 86 /* status of a process that died of TORN, CRASH or POWER */

#ifdef BOREALIS_INJECT

#define INJECT(point) inject_take(point)

/* CRASH and POWER do not return. */
enum inject_fault inject_take(const char *point);

/* Ends the process at once, as by a signal that can not be caught. */
_Noreturn void inject_die(void);

/* Replaces all faults; NULL or "" for none. E_USAGE: nothing is changed. */
MUST_CHECK bool inject_set(const char *list, struct err *err);

/* How many passes a point has seen since the last inject_set(). */
unsigned inject_passes(const char *point);

#else

#define INJECT(point) ((void)(point), INJECT_NONE)
#define inject_die()  ((void)0)

#endif
