#include "base/inject.h"

#ifdef BOREALIS_INJECT

#include "base/power_loss.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POINTS_MAX 32
#define NAME_MAX_  48

struct point {
    char name[NAME_MAX_];
    enum inject_fault fault; /* NONE: only counted */
    enum power_loss loss;    /* of POWER */
    unsigned at;             /* the pass at which it happens */
    unsigned place;          /* of POWER, percent */
    unsigned passes;
};

static struct {
    pthread_mutex_t lock;
    bool loaded; /* the environment was read, or a test has set the list */
    struct point points[POINTS_MAX];
    size_t count;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const struct {
    const char *name;
    enum inject_fault fault;
    enum power_loss loss;
} faults[] = {
    {"eio", INJECT_EIO, 0},
    {"enospc", INJECT_ENOSPC, 0},
    {"short", INJECT_SHORT, 0},
    {"torn", INJECT_TORN, 0},
    {"crash", INJECT_CRASH, 0},
    {"cut", INJECT_POWER, POWER_LOSS_CUT},
    {"zeros", INJECT_POWER, POWER_LOSS_ZEROS},
    {"garbage", INJECT_POWER, POWER_LOSS_GARBAGE},
    {"hole", INJECT_POWER, POWER_LOSS_HOLE},
};

/* True when there is no text, too: *number is as it was. */
static bool parse_number(const char *text, unsigned *number)
{
    return !text || (strlen(text) <= 6 && sscanf(text, "%u", number) == 1);
}

static bool parse_one(char *text, struct point *ret_point)
{
    char *rest = NULL;
    const char *name = strtok_r(text, ":", &rest);
    const char *fault = strtok_r(NULL, ":", &rest);
    const char *at = strtok_r(NULL, ":", &rest);
    const char *place = strtok_r(NULL, ":", &rest);
    struct point point = {.at = 1};

    if (!name || !fault || strlen(name) >= sizeof point.name)
        return false;
    (void)snprintf(point.name, sizeof point.name, "%s", name);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (strcmp(faults[i].name, fault) == 0) {
            point.fault = faults[i].fault;
            point.loss = faults[i].loss;
        }
    }
    if (!parse_number(at, &point.at) || !parse_number(place, &point.place) || point.place > 100 ||
        (place && point.fault != INJECT_POWER))
        return false;
    *ret_point = point;
    return point.fault != INJECT_NONE && point.at > 0;
}

static bool parse(const char *list, struct point *points, size_t *ret_count)
{
    char copy[1024];
    char *rest = NULL;
    size_t count = 0;

    if (strlen(list) >= sizeof copy)
        return false;
    (void)snprintf(copy, sizeof copy, "%s", list);
    for (char *one = strtok_r(copy, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        if (count == POINTS_MAX || !parse_one(one, &points[count]))
            return false;
        count++;
    }
    *ret_count = count;
    return true;
}

static bool loses_power(const struct point *points, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (points[i].fault == INJECT_POWER)
            return true;
    }
    return false;
}

static bool set_locked(const char *list, struct err *err)
{
    struct point points[POINTS_MAX] = {0};
    size_t count = 0;

    if (list && !parse(list, points, &count))
        return err_set(err, E_USAGE, 0,
                       "faults '%s': expected POINT:FAULT[:N[:PLACE]],... with FAULT one of eio, "
                       "enospc, short, torn, crash, or cut, zeros, garbage, hole with a PLACE",
                       list);
    power_loss_watch(loses_power(points, count));
    memcpy(shared.points, points, sizeof points);
    shared.count = count;
    shared.loaded = true;
    return true;
}

bool inject_set(const char *list, struct err *err)
{
    bool ok;

    (void)pthread_mutex_lock(&shared.lock);
    ok = set_locked(list, err);
    (void)pthread_mutex_unlock(&shared.lock);
    return ok;
}

/* A list in the environment that can not be read must not pass for a run without faults. */
static void load_locked(void)
{
    struct err err;

    if (shared.loaded || set_locked(getenv("BOREALIS_INJECT"), &err))
        return;
    (void)fprintf(stderr, "BOREALIS_INJECT: %s\n", err.text);
    abort();
}

static struct point *find_locked(const char *name, bool make)
{
    struct point *point;

    for (size_t i = 0; i < shared.count; i++) {
        if (strcmp(shared.points[i].name, name) == 0)
            return &shared.points[i];
    }
    if (!make || shared.count == POINTS_MAX)
        return NULL;
    point = &shared.points[shared.count++];
    *point = (struct point){0};
    (void)snprintf(point->name, sizeof point->name, "%s", name);
    return point;
}

void inject_die(void)
{
    _exit(INJECT_EXIT);
}

enum inject_fault inject_take(const char *point)
{
    struct point taken = {.fault = INJECT_NONE};
    struct point *found;

    (void)pthread_mutex_lock(&shared.lock);
    load_locked();
    found = find_locked(point, true);
    if (found && ++found->passes == found->at)
        taken = *found;
    (void)pthread_mutex_unlock(&shared.lock);
    if (taken.fault == INJECT_POWER)
        power_loss_happen(taken.loss, taken.place);
    if (taken.fault == INJECT_CRASH || taken.fault == INJECT_POWER)
        inject_die();
    return taken.fault;
}

unsigned inject_passes(const char *point)
{
    unsigned passes = 0;
    struct point *found;

    (void)pthread_mutex_lock(&shared.lock);
    found = find_locked(point, false);
    if (found)
        passes = found->passes;
    (void)pthread_mutex_unlock(&shared.lock);
    return passes;
}

#endif
