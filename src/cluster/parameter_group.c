#include "cluster/parameter_group.h"

#include "base/mem.h"
#include "cluster/cluster_plan.h"
#include "cluster/event_kind.h"
#include "cluster/zone_check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ARENA_CAP      (1u << 20)
#define LIST_CAP       (4u << 20)
#define DEFAULT_PREFIX "default."
#define NAME_BYTES     (STORE_GROUP_MAX - 1)
#define SHOWN_MAX      64

static const struct {
    unsigned version;
    const char *name;
} families[] = {{2, "aurora-mysql5.7"}, {3, "aurora-mysql8.0"}};

const char *parameter_group_family(unsigned version)
{
    return families[version == 2 ? 0 : 1].name;
}

unsigned parameter_group_version(const char *family)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (strcasecmp(families[i].name, family) == 0)
            return families[i].version;
    }
    return 0;
}

void parameter_group_default(unsigned version, char name[STORE_GROUP_MAX])
{
    (void)snprintf(name, STORE_GROUP_MAX, DEFAULT_PREFIX "%s", parameter_group_family(version));
}

static const char *kind_name(enum store_group_kind kind)
{
    return kind == STORE_GROUP_CLUSTER ? "DB cluster parameter group" : "DB parameter group";
}

static enum parameter_level level_of(enum store_group_kind kind)
{
    return kind == STORE_GROUP_CLUSTER ? PARAMETER_OF_CLUSTER : PARAMETER_OF_INSTANCE;
}

/* ---- Names ---- */

static bool is_good_name(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > NAME_BYTES || !isalpha((unsigned char)*text) || text[len - 1] == '-')
        return false;
    for (const char *at = text; *at; at++) {
        if ((!isalnum((unsigned char)*at) && *at != '-') || (at[0] == '-' && at[1] == '-'))
            return false;
    }
    return true;
}

static void lower(const char *text, char ret_name[STORE_GROUP_MAX])
{
    size_t len = strlen(text) < NAME_BYTES ? strlen(text) : NAME_BYTES;

    for (size_t i = 0; i < len; i++)
        ret_name[i] = (char)tolower((unsigned char)text[i]);
    ret_name[len] = '\0';
}

static bool parse_name(const char *text, char ret_name[STORE_GROUP_MAX], struct err *err)
{
    if (!is_good_name(text))
        return err_set(err, E_USAGE, 0,
                       "parameter group name '%.*s': expected 1 to %d letters, digits and "
                       "hyphens, a letter first, no hyphen at the end and no two in a row",
                       SHOWN_MAX, text, NAME_BYTES);
    lower(text, ret_name);
    return true;
}

static bool is_default(const char *name)
{
    return strncasecmp(name, DEFAULT_PREFIX, strlen(DEFAULT_PREFIX)) == 0 &&
           parameter_group_version(name + strlen(DEFAULT_PREFIX)) != 0;
}

static void describe_default(enum store_group_kind kind, unsigned version,
                             struct store_group *group)
{
    *group = (struct store_group){.kind = kind};
    parameter_group_default(version, group->name);
    (void)snprintf(group->family, sizeof group->family, "%s", parameter_group_family(version));
    (void)snprintf(group->description, sizeof group->description,
                   "Default %sparameter group for %s",
                   kind == STORE_GROUP_CLUSTER ? "cluster " : "", group->family);
}

bool parameter_group_find(struct store *store, enum store_group_kind kind, const char *name,
                          struct store_group *ret_group, struct err *err)
{
    char wanted[STORE_GROUP_MAX];
    bool found = false;

    if (is_default(name)) {
        describe_default(kind, parameter_group_version(name + strlen(DEFAULT_PREFIX)), ret_group);
        return true;
    }
    if (!is_good_name(name))
        return err_set(err, E_STATE, 0, "%s not found: %.*s", kind_name(kind), SHOWN_MAX, name);
    lower(name, wanted);
    return store_get_group(store, kind, wanted, ret_group, &found, err) &&
           (found || err_set(err, E_STATE, 0, "%s not found: %s", kind_name(kind), wanted));
}

/* One that may be changed. */
static bool find_own(struct store *store, enum store_group_kind kind, const char *name,
                     struct store_group *ret_group, struct err *err)
{
    struct store_group group;

    if (!parameter_group_find(store, kind, name, &group, err))
        return false;
    if (is_default(group.name))
        return err_set(err, E_STATE, 0,
                       "parameter group %s: a default group can not be changed; make one of your "
                       "own with 'borealis parameter-group create' or copy",
                       group.name);
    *ret_group = group;
    return true;
}

bool parameter_group_choose(struct store *store, enum store_group_kind kind, unsigned version,
                            const char *name, char ret_name[STORE_GROUP_MAX], struct err *err)
{
    struct store_group group;

    if (!parameter_group_find(store, kind, name, &group, err))
        return false;
    if (parameter_group_version(group.family) != version)
        return err_set(err, E_USAGE, 0,
                       "parameter group %s: expected one of family %s, which is the cluster's "
                       "compatibility %u, found one of %s",
                       group.name, parameter_group_family(version), version, group.family);
    (void)snprintf(ret_name, STORE_GROUP_MAX, "%s", is_default(group.name) ? "" : group.name);
    return true;
}

/* ---- Values ---- */

static bool find_row(const char *name, unsigned version, enum parameter_level level,
                     size_t *ret_index)
{
    struct err unused;

    return parameter_find(name, version, level, ret_index, &unused);
}

/* Lays a group's values over a set. What this version of ours does not know is left out. */
static bool lay_over(struct store *store, enum store_group_kind kind, const char *name,
                     unsigned version, struct parameter_set *set, struct parameter_origin *origins,
                     struct err *err)
{
    struct arena *arena = arena_new(LIST_CAP);
    struct store_parameter *list = NULL;
    size_t count = 0;
    bool ok =
        store_list_parameters(store, kind, name, 2 * parameters_count, arena, &list, &count, err);

    for (size_t i = 0; ok && i < count; i++) {
        size_t index = 0;

        if (!find_row(list[i].name, version, level_of(kind), &index))
            continue;
        parameter_set_put(set, index, list[i].value);
        origins[index] =
            (struct parameter_origin){.level = level_of(kind), .immediate = list[i].immediate};
    }
    arena_free(arena);
    return ok;
}

static struct parameter_origin *default_origins(void)
{
    struct parameter_origin *origins = mem_alloc(parameters_count * sizeof *origins);

    for (size_t i = 0; i < parameters_count; i++)
        origins[i].immediate = true;
    return origins;
}

bool parameter_group_values(struct store *store, const struct store_group *group,
                            struct parameter_set **ret_set, struct parameter_origin **ret_origins,
                            struct err *err)
{
    unsigned version = parameter_group_version(group->family);
    struct parameter_set *set = parameter_set_new(version);
    struct parameter_origin *origins = default_origins();

    if (!lay_over(store, group->kind, group->name, version, set, origins, err)) {
        parameter_set_free(set);
        mem_free(origins);
        return false;
    }
    *ret_set = set;
    *ret_origins = origins;
    return true;
}

bool parameter_group_effective(struct store *store, const struct store_cluster *settings,
                               struct parameter_set **ret_set,
                               struct parameter_origin **ret_origins, struct err *err)
{
    unsigned version = settings->compatibility;
    struct parameter_set *set = parameter_set_new(version);
    struct parameter_origin *origins = default_origins();

    if (!lay_over(store, STORE_GROUP_CLUSTER, settings->parameter_group, version, set, origins,
                  err) ||
        !lay_over(store, STORE_GROUP_INSTANCE, settings->instance_parameter_group, version, set,
                  origins, err)) {
        parameter_set_free(set);
        mem_free(origins);
        return false;
    }
    *ret_set = set;
    *ret_origins = origins;
    return true;
}

/* ---- Changes ---- */

/* Stores a group with its values: those that are not the default's. */
static bool put(struct store *store, const struct store_group *group, bool is_new,
                const struct parameter_set *set, const struct parameter_origin *origins,
                const struct store_event *events, size_t n_events, struct err *err)
{
    struct store_parameter *list = mem_alloc((parameters_count + 1) * sizeof *list);
    struct store_change change = {.group = group,
                                  .group_is_new = is_new,
                                  .parameters = list,
                                  .events = events,
                                  .n_events = n_events};
    bool ok;

    for (size_t i = 0; i < parameters_count; i++) {
        if (origins[i].level != 0)
            list[change.n_parameters++] =
                (struct store_parameter){.name = parameters[i].name,
                                         .value = parameter_set_get(set, i),
                                         .immediate = origins[i].immediate};
    }
    ok = store_apply(store, &change, err);
    mem_free(list);
    return ok;
}

static bool check_description(const char *given, const char *fallback,
                              char description[STORE_GROUP_MAX], struct err *err)
{
    const char *text = given && *given ? given : fallback;

    if (strlen(text) >= STORE_GROUP_MAX)
        return err_set(err, E_USAGE, 0, "description: expected at most %d bytes, found %zu",
                       STORE_GROUP_MAX - 1, strlen(text));
    (void)snprintf(description, STORE_GROUP_MAX, "%s", text);
    return true;
}

static bool check_room(struct store *store, struct err *err)
{
    struct arena *arena = arena_new(ARENA_CAP);
    struct store_group *groups = NULL;
    size_t count = 0;
    bool ok = store_list_groups(store, PARAMETER_GROUPS_MAX, arena, &groups, &count, err);

    arena_free(arena);
    return ok &&
           (count < PARAMETER_GROUPS_MAX ||
            err_set(err, E_LIMIT, 0, "expected at most %d parameter groups", PARAMETER_GROUPS_MAX));
}

/* A new group with the values of another one. */
static bool make(struct store *store, const char *name, const char *description,
                 const struct store_group *source, struct err *err)
{
    struct store_group group = *source;
    struct parameter_set *set = NULL;
    struct parameter_origin *origins = NULL;
    char fallback[STORE_GROUP_MAX];
    bool ok;

    if (!parse_name(name, group.name, err))
        return false;
    (void)snprintf(fallback, sizeof fallback, "%.200s", group.name);
    if (!check_description(description, fallback, group.description, err) ||
        !check_room(store, err) || !parameter_group_values(store, source, &set, &origins, err))
        return false;
    ok = put(store, &group, true, set, origins, NULL, 0, err);
    parameter_set_free(set);
    mem_free(origins);
    return ok;
}

bool parameter_group_create(struct store *store, enum store_group_kind kind, const char *name,
                            const char *family, const char *description, struct err *err)
{
    unsigned version = parameter_group_version(family);
    struct store_group source;

    if (version == 0)
        return err_set(err, E_USAGE, 0, "family: expected %s or %s, found '%.*s'", families[0].name,
                       families[1].name, SHOWN_MAX, family);
    describe_default(kind, version, &source);
    return make(store, name, description, &source, err);
}

bool parameter_group_copy(struct store *store, enum store_group_kind kind, const char *source,
                          const char *target, const char *description, struct err *err)
{
    struct store_group group;

    return parameter_group_find(store, kind, source, &group, err) &&
           make(store, target, description, &group, err);
}

bool parameter_group_delete(struct store *store, enum store_group_kind kind, const char *name,
                            struct err *err)
{
    struct store_group group;

    return find_own(store, kind, name, &group, err) &&
           store_apply(store, &(struct store_change){.remove_group = &group}, err);
}

/* The first cluster that uses the group; NULL: none does. */
static bool find_user(struct store *store, const struct store_group *group,
                      char ret_user[STORE_NAME_MAX], struct err *err)
{
    struct arena *arena = arena_new(LIST_CAP);
    struct store_cluster *clusters = NULL;
    size_t count = 0;
    bool ok = store_list_clusters(store, CLUSTERS_MAX, arena, &clusters, &count, err);

    ret_user[0] = '\0';
    for (size_t i = 0; ok && i < count && !*ret_user; i++) {
        const char *used = group->kind == STORE_GROUP_CLUSTER
                               ? clusters[i].parameter_group
                               : clusters[i].instance_parameter_group;

        if (strcmp(used, group->name) == 0)
            (void)snprintf(ret_user, STORE_NAME_MAX, "%s", clusters[i].name);
    }
    arena_free(arena);
    return ok;
}

/* What is decided when a cluster is made may not change under it. */
static bool check_creation(struct store *store, const struct store_group *group,
                           const struct parameter *parameter, const char *from, const char *to,
                           struct err *err)
{
    char user[STORE_NAME_MAX];

    if (parameter->apply != PARAMETER_CREATION || strcmp(from, to) == 0)
        return true;
    if (!find_user(store, group, user, err))
        return false;
    return !*user || err_set(err, E_STATE, 0,
                             "parameter %s: it is decided when a cluster is made, and cluster %s "
                             "uses the group; copy the group and create another cluster with it",
                             parameter->name, user);
}

static bool check_method(const struct parameter *parameter, enum parameter_method method,
                         struct err *err)
{
    /* In RDS's words. */
    return method != METHOD_IMMEDIATE || parameter->apply == PARAMETER_DYNAMIC ||
           err_set(err, E_USAGE, 0,
                   "parameter %s: cannot use immediate apply method for static parameter",
                   parameter->name);
}

static bool change_one(struct store *store, const struct store_group *group,
                       const struct parameter_change *change, enum parameter_method method,
                       struct parameter_set *set, struct parameter_origin *origins,
                       size_t *ret_index, struct err *err)
{
    char value[PARAMETER_VALUE_MAX];
    const struct parameter *parameter;
    size_t index = 0;

    if (!parameter_find(change->name, parameter_group_version(group->family), level_of(group->kind),
                        &index, err))
        return false;
    parameter = &parameters[index];
    if (change->value) {
        if (!parameter_check(parameter, change->value, value, err) ||
            !check_method(parameter, method, err))
            return false;
    } else if (parameter->effect == PARAMETER_REFUSED) {
        return parameter_check(parameter, "", value, err);
    }
    if (!check_creation(store, group, parameter,
                        parameter_set_get(set, index) ? parameter_set_get(set, index) : "",
                        change->value         ? value
                        : parameter->standard ? parameter->standard
                                              : "",
                        err))
        return false;
    parameter_set_put(set, index, change->value ? value : parameter->standard);
    origins[index] = (struct parameter_origin){.level = change->value ? level_of(group->kind) : 0,
                                               .immediate = parameter->apply == PARAMETER_DYNAMIC &&
                                                            method != METHOD_PENDING_REBOOT};
    *ret_index = index;
    return true;
}

static struct store_event updated(const struct store_group *group, const struct parameter_set *set,
                                  const struct parameter_origin *origins, size_t index)
{
    const char *value = parameter_set_get(set, index);
    char detail[STORE_MESSAGE_MAX];

    (void)snprintf(detail, sizeof detail, "%s to %.400s with apply method %s",
                   parameters[index].name, value ? value : "its default",
                   origins[index].immediate ? "immediate" : "pending-reboot");
    return event_make(EVENT_PARAMETER_UPDATED, "", group->name, detail);
}

static bool change_all(struct store *store, const struct store_group *group,
                       const struct parameter_change *changes, size_t count,
                       enum parameter_method method, struct parameter_set *set,
                       struct parameter_origin *origins, struct store_event *events,
                       struct err *err)
{
    bool *seen = mem_alloc(parameters_count * sizeof *seen);
    bool has_zone = false;
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++) {
        size_t index = 0;

        ok = change_one(store, group, &changes[i], method, set, origins, &index, err);
        if (ok && seen[index])
            ok = err_set(err, E_USAGE, 0, "parameter %s: expected it once, found it twice",
                         parameters[index].name);
        seen[index] = true;
        has_zone = has_zone || parameters[index].type == PARAMETER_ZONE;
        if (ok)
            events[i] = updated(group, set, origins, index);
    }
    mem_free(seen);
    return ok && parameter_set_check(set, err) &&
           (!has_zone || zone_check_users(store, group, set, err)) &&
           put(store, group, false, set, origins, events, count, err);
}

bool parameter_group_modify(struct store *store, enum store_group_kind kind, const char *name,
                            const struct parameter_change *changes, size_t count,
                            enum parameter_method method, struct err *err)
{
    struct parameter_origin *origins = NULL;
    struct parameter_set *set = NULL;
    struct store_event *events;
    struct store_group group;
    bool ok;

    if (!find_own(store, kind, name, &group, err))
        return false;
    if (count == 0 || count > parameters_count)
        return err_set(err, E_USAGE, 0,
                       "parameter group %s: expected 1 to %zu parameters, found %zu", group.name,
                       parameters_count, count);
    if (!parameter_group_values(store, &group, &set, &origins, err))
        return false;
    events = mem_alloc(count * sizeof *events);
    ok = change_all(store, &group, changes, count, method, set, origins, events, err);
    mem_free(events);
    mem_free(origins);
    parameter_set_free(set);
    return ok;
}

bool parameter_group_reset_all(struct store *store, enum store_group_kind kind, const char *name,
                               struct err *err)
{
    struct parameter_change *changes = mem_alloc(parameters_count * sizeof *changes);
    struct parameter_origin *origins = NULL;
    struct parameter_set *set = NULL;
    struct store_group group;
    size_t count = 0;
    bool ok = find_own(store, kind, name, &group, err) &&
              parameter_group_values(store, &group, &set, &origins, err);

    for (size_t i = 0; ok && i < parameters_count; i++) {
        if (origins[i].level != 0)
            changes[count++] = (struct parameter_change){.name = parameters[i].name};
    }
    ok = ok && (count == 0 ||
                parameter_group_modify(store, kind, name, changes, count, METHOD_DEFAULT, err));
    parameter_set_free(set);
    mem_free(origins);
    mem_free(changes);
    return ok;
}
