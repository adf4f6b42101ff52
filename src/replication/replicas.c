#include "replication/replicas.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdio.h>

struct replica {
    struct replica *next;
    struct link *link;
    pthread_mutex_t lock; /* of what follows */
    struct replica_info info;
    struct mirror *mirror; /* that is dumped; NULL: none */
};

struct replicas {
    struct {
        pthread_mutex_t lock; /* taken before a replica's */
        struct replica *first;
        size_t count;
        bool ended;
        const char *ended_via; /* NULL: no listener closes */
        struct replicas_stop stops[DIALECTS];
        struct replicas_left_out left_out[DIALECTS];
        const struct mirror *left_out_of[DIALECTS]; /* whose places the last ones are */
    } shared;
};

struct replicas *replicas_new(void)
{
    struct replicas *replicas = mem_alloc(sizeof *replicas);

    (void)pthread_mutex_init(&replicas->shared.lock, NULL);
    return replicas;
}

void replicas_free(struct replicas *replicas)
{
    if (!replicas)
        return;
    (void)pthread_mutex_destroy(&replicas->shared.lock);
    mem_free(replicas);
}

static bool is_via(const struct replica_info *info, const char *via)
{
    return via && info->via && strcmp(info->via, via) == 0;
}

struct replica *replicas_enter(struct replicas *replicas, struct link *link,
                               const struct replica_info *info)
{
    struct replica *replica = mem_alloc(sizeof *replica);
    struct replica **end;

    replica->link = link;
    replica->info = *info;
    (void)pthread_mutex_init(&replica->lock, NULL);
    (void)pthread_mutex_lock(&replicas->shared.lock);
    end = &replicas->shared.first;
    while (*end)
        end = &(*end)->next;
    *end = replica;
    replicas->shared.count++;
    if (replicas->shared.ended || is_via(info, replicas->shared.ended_via))
        link_interrupt(link);
    (void)pthread_mutex_unlock(&replicas->shared.lock);
    return replica;
}

void replicas_leave(struct replicas *replicas, struct replica *replica)
{
    struct replica **at;

    if (!replica)
        return;
    (void)pthread_mutex_lock(&replicas->shared.lock);
    at = &replicas->shared.first;
    while (*at != replica)
        at = &(*at)->next;
    *at = replica->next;
    replicas->shared.count--;
    (void)pthread_mutex_unlock(&replicas->shared.lock);
    (void)pthread_mutex_destroy(&replica->lock);
    mem_free(replica);
}

static bool is_same(const struct replica_info *a, const struct replica_info *b)
{
    if (a->uuid[0] != '\0' || b->uuid[0] != '\0')
        return strcmp(a->uuid, b->uuid) == 0;
    return a->server_id == b->server_id && a->server_id != 0;
}

static void get_info(struct replica *replica, struct replica_info *ret_info)
{
    (void)pthread_mutex_lock(&replica->lock);
    *ret_info = replica->info;
    (void)pthread_mutex_unlock(&replica->lock);
}

unsigned replicas_begin_dump(struct replicas *replicas, struct replica *replica,
                             struct mirror *mirror, const struct replica_info *info)
{
    unsigned ended = 0;

    (void)pthread_mutex_lock(&replicas->shared.lock);
    (void)pthread_mutex_lock(&replica->lock);
    replica->info = *info;
    replica->info.dumping = true;
    replica->mirror = mirror;
    replica->info.since_usec = clock_wall_usec();
    (void)pthread_mutex_unlock(&replica->lock);
    for (struct replica *other = replicas->shared.first; other; other = other->next) {
        struct replica_info their;

        get_info(other, &their);
        if (other == replica || !their.dumping || !is_same(&their, info))
            continue;
        link_interrupt(other->link);
        ended++;
    }
    (void)pthread_mutex_unlock(&replicas->shared.lock);
    return ended;
}

void replica_note_sent(struct replica *replica, const struct log_position *sent,
                       const struct log_position *place, uint64_t bytes, uint64_t events)
{
    (void)pthread_mutex_lock(&replica->lock);
    replica->info.sent = *sent;
    replica->info.place = *place;
    replica->info.sent_bytes += bytes;
    replica->info.sent_events += events;
    (void)pthread_mutex_unlock(&replica->lock);
}

void replica_note_acked(struct replica *replica, const struct log_position *acked)
{
    (void)pthread_mutex_lock(&replica->lock);
    replica->info.acked = *acked;
    (void)pthread_mutex_unlock(&replica->lock);
}

void replicas_note_stop(struct replicas *replicas, enum dialect dialect, const char *text)
{
    struct replicas_stop stop = {.at_usec = text ? clock_wall_usec() : 0};

    if (text)
        (void)snprintf(stop.text, sizeof stop.text, "%s", text);
    (void)pthread_mutex_lock(&replicas->shared.lock);
    replicas->shared.stops[dialect] = stop;
    (void)pthread_mutex_unlock(&replicas->shared.lock);
}

void replicas_stop(struct replicas *replicas, enum dialect dialect, struct replicas_stop *ret_stop)
{
    (void)pthread_mutex_lock(&replicas->shared.lock);
    *ret_stop = replicas->shared.stops[dialect];
    (void)pthread_mutex_unlock(&replicas->shared.lock);
}

static bool is_behind(const struct log_position *place, const struct log_position *last)
{
    uint64_t number = log_name_number(place->name);
    uint64_t last_number = last->name[0] != '\0' ? log_name_number(last->name) : 0;

    return number > last_number || (number == last_number && place->offset > last->offset);
}

void replicas_note_left_out(struct replicas *replicas, struct replica *replica, const char *subject,
                            enum dialect dialect, const struct log_position *place,
                            const char *words)
{
    struct replicas_left_out *noted = &replicas->shared.left_out[dialect];
    const struct mirror *mirror;
    bool is_new;

    (void)pthread_mutex_lock(&replicas->shared.lock);
    (void)pthread_mutex_lock(&replica->lock);
    mirror = replica->mirror;
    (void)pthread_mutex_unlock(&replica->lock);
    is_new = replicas->shared.left_out_of[dialect] != mirror || is_behind(place, &noted->last);
    if (is_new) {
        replicas->shared.left_out_of[dialect] = mirror;
        noted->count++;
        noted->last = *place;
        (void)snprintf(noted->words, sizeof noted->words, "%s", words);
    }
    (void)pthread_mutex_unlock(&replicas->shared.lock);
    if (is_new)
        log_warn(subject, "left out of the translation for %s: %s file=%s position=%llu",
                 dialect_title(dialect), words, place->name, (unsigned long long)place->offset);
}

void replicas_left_out(struct replicas *replicas, enum dialect dialect,
                       struct replicas_left_out *ret_left_out)
{
    (void)pthread_mutex_lock(&replicas->shared.lock);
    *ret_left_out = replicas->shared.left_out[dialect];
    (void)pthread_mutex_unlock(&replicas->shared.lock);
}

void replica_end_dump(struct replica *replica)
{
    (void)pthread_mutex_lock(&replica->lock);
    replica->info.dumping = false;
    replica->mirror = NULL;
    (void)pthread_mutex_unlock(&replica->lock);
}

void replicas_end_all(struct replicas *replicas)
{
    (void)pthread_mutex_lock(&replicas->shared.lock);
    replicas->shared.ended = true;
    for (struct replica *replica = replicas->shared.first; replica; replica = replica->next)
        link_interrupt(replica->link);
    (void)pthread_mutex_unlock(&replicas->shared.lock);
}

void replicas_end_via(struct replicas *replicas, const char *via)
{
    (void)pthread_mutex_lock(&replicas->shared.lock);
    replicas->shared.ended_via = via;
    for (struct replica *replica = replicas->shared.first; replica; replica = replica->next) {
        struct replica_info info;

        get_info(replica, &info);
        if (is_via(&info, via))
            link_interrupt(replica->link);
    }
    (void)pthread_mutex_unlock(&replicas->shared.lock);
}

bool replicas_kill(struct replicas *replicas, uint32_t thread_id)
{
    bool found = false;

    (void)pthread_mutex_lock(&replicas->shared.lock);
    for (struct replica *replica = replicas->shared.first; replica; replica = replica->next) {
        struct replica_info info;

        get_info(replica, &info);
        if (info.thread_id == thread_id) {
            link_interrupt(replica->link);
            found = true;
        }
    }
    (void)pthread_mutex_unlock(&replicas->shared.lock);
    return found;
}

/* How far the dumps are behind is asked of their mirrors later, without the registry's lock. */
void replicas_list(struct replicas *replicas, struct replica_info **ret_infos, size_t *ret_count)
{
    struct replica_info *infos;
    struct mirror **mirrors;
    size_t n = 0;

    (void)pthread_mutex_lock(&replicas->shared.lock);
    infos = mem_alloc((replicas->shared.count + 1) * sizeof *infos);
    mirrors = mem_alloc((replicas->shared.count + 1) * sizeof *mirrors);
    for (struct replica *replica = replicas->shared.first; replica; replica = replica->next) {
        (void)pthread_mutex_lock(&replica->lock);
        infos[n] = replica->info;
        infos[n].log = replica->mirror;
        mirrors[n++] = replica->mirror;
        (void)pthread_mutex_unlock(&replica->lock);
    }
    (void)pthread_mutex_unlock(&replicas->shared.lock);
    for (size_t i = 0; i < n; i++) {
        if (mirrors[i])
            infos[i].bytes_behind = mirror_bytes_after(mirrors[i], &infos[i].place);
    }
    mem_free(mirrors);
    *ret_infos = infos;
    *ret_count = n;
}

size_t replicas_semisync_count(struct replicas *replicas)
{
    size_t n = 0;

    (void)pthread_mutex_lock(&replicas->shared.lock);
    for (struct replica *replica = replicas->shared.first; replica; replica = replica->next) {
        (void)pthread_mutex_lock(&replica->lock);
        n += replica->info.dumping && replica->info.semisync ? 1 : 0;
        (void)pthread_mutex_unlock(&replica->lock);
    }
    (void)pthread_mutex_unlock(&replicas->shared.lock);
    return n;
}

void replicas_go_on(struct replicas *replicas)
{
    (void)pthread_mutex_lock(&replicas->shared.lock);
    replicas->shared.ended = false;
    replicas->shared.ended_via = NULL;
    (void)pthread_mutex_unlock(&replicas->shared.lock);
}
