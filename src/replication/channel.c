#include "replication/channel.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "log/syncer.h"
#include "replication/retention_setting.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define INCARNATION_DIGITS 8
#define VARIABLES_FILE     "variables.json"
#define VARIABLES_BYTES    ((size_t)8 << 20)

/* A spec that is, or was, in use: readers may still look at it. */
struct channel_terms {
    struct channel_terms *before;
    struct channel_spec spec;
};

struct channel {
    struct channel_spec spec; /* as opened; of the rest, shared.terms has what holds now */
    struct receiver *receiver;
    struct retention_setting *retention;
    struct dump_controls *dump_controls;

    struct {
        pthread_mutex_t lock;
        struct mirror *mirror;
        struct log_syncer *syncer;
        struct variables *variables;
        struct channel_terms *terms;
    } shared;
};

/* The greatest number of an incarnation's directory; 0: there is none. */
static bool last_incarnation(const char *directory, unsigned *ret_number, struct err *err)
{
    DIR *dir = opendir(directory);
    struct dirent *entry;
    unsigned last = 0;

    if (!dir)
        return err_errno(err, "%s: reading the directory", directory);
    while ((entry = readdir(dir))) {
        if (strspn(entry->d_name, "0123456789") == INCARNATION_DIGITS &&
            entry->d_name[INCARNATION_DIGITS] == '\0') {
            unsigned number = (unsigned)strtoul(entry->d_name, NULL, 10);

            if (number > last)
                last = number;
        }
    }
    (void)closedir(dir);
    *ret_number = last;
    return true;
}

static char *incarnation_path(const struct channel *channel, unsigned number)
{
    return mem_printf("%s/%0*u", channel->spec.directory, INCARNATION_DIGITS, number);
}

/* Opens a mirror and has it synced. */
static bool open_mirror(struct channel *channel, const char *path, struct err *err)
{
    struct mirror_options options = {.cache_bytes = channel->spec.cache_bytes,
                                     .keep_free_bytes = channel->spec.keep_free_bytes};
    struct mirror_recovery recovery;
    struct log_syncer *syncer;
    struct mirror *mirror;

    if (!mirror_open(path, &options, &mirror, &recovery, err))
        return false;
    if (!log_syncer_start(mirror, &syncer, err)) {
        mirror_close(mirror);
        return false;
    }
    if (recovery.cut_bytes > 0)
        log_warn(channel->spec.name,
                 "log cut after a crash file=%s offset=%" PRIu64 " bytes=%" PRIu64,
                 recovery.cut_name, recovery.cut_from, recovery.cut_bytes);
    (void)pthread_mutex_lock(&channel->shared.lock);
    channel->shared.mirror = mirror;
    channel->shared.syncer = syncer;
    (void)pthread_mutex_unlock(&channel->shared.lock);
    return true;
}

static bool create_mirror(struct channel *channel, const struct log_identity *identity,
                          struct err *err)
{
    unsigned last;
    char *path;
    bool good;

    if (!last_incarnation(channel->spec.directory, &last, err))
        return false;
    path = incarnation_path(channel, last + 1);
    good = mirror_create(path, identity, err) && open_mirror(channel, path, err);
    mem_free(path);
    return good;
}

/* MySQL's servers are known by UUID from 5.6 on, all others by their server id. */
static bool is_same_source(const struct log_identity *a, const struct log_identity *b)
{
    if (a->family != b->family)
        return false;
    if (a->server_uuid[0] != '\0' && b->server_uuid[0] != '\0')
        return strcmp(a->server_uuid, b->server_uuid) == 0;
    return a->server_id == b->server_id;
}

static bool fail_other_source(const struct channel *channel, const struct log_identity *ours,
                              const struct log_identity *theirs, struct err *err)
{
    return err_set(err, E_STATE, 0,
                   "the source is another server (server_id %" PRIu32 " %s) than the one whose "
                   "binlog is in %s (server_id %" PRIu32 " %s); to begin a new log for it, move "
                   "that directory away",
                   theirs->server_id, theirs->server_uuid, channel->spec.directory, ours->server_id,
                   ours->server_uuid);
}

static bool save_variables(struct channel *channel, struct variables *variables, struct err *err)
{
    char *path = mem_printf("%s/" VARIABLES_FILE, channel->spec.directory);
    struct variables *old;
    struct buf text;
    bool good;

    buf_init(&text, VARIABLES_BYTES);
    variables_write_json(variables, &text);
    good = buf_ok(&text)
               ? file_write(path, buf_span(&text), 0600, err)
               : err_set(err, E_LIMIT, 0, "%s: more than %zu bytes", path, VARIABLES_BYTES);
    (void)pthread_mutex_lock(&channel->shared.lock);
    old = channel->shared.variables;
    channel->shared.variables = variables_share(variables);
    (void)pthread_mutex_unlock(&channel->shared.lock);
    variables_free(old);
    buf_done(&text);
    mem_free(path);
    return good;
}

static bool load_variables(struct channel *channel, struct err *err)
{
    char *path = mem_printf("%s/" VARIABLES_FILE, channel->spec.directory);
    char *text = NULL;
    bool good = true;

    if (path_exists(path)) {
        good = file_read(path, VARIABLES_BYTES, &text, err) &&
               (variables_parse_json(span_str(text), &channel->shared.variables, err) ||
                err_prefix(err, "%s", path));
        mem_free(text);
    }
    mem_free(path);
    return good;
}

static bool find_mirror(void *context, const struct source *source,
                        const struct log_identity *identity, struct mirror **ret_mirror,
                        struct err *err)
{
    struct channel *channel = context;
    struct mirror *mirror = channel_borrow_mirror(channel);

    if (mirror && !is_same_source(mirror_identity(mirror), identity))
        return fail_other_source(channel, mirror_identity(mirror), identity, err);
    if (!save_variables(channel, source->variables, err))
        return false;
    if (!mirror && !create_mirror(channel, identity, err))
        return false;
    *ret_mirror = channel_borrow_mirror(channel);
    return true;
}

static const struct channel_spec *add_terms(struct channel *channel,
                                            const struct receiver_spec *receiver)
{
    struct channel_terms *terms = mem_alloc(sizeof *terms);

    terms->spec = channel->spec;
    terms->spec.receiver = *receiver;
    terms->spec.receiver.name = channel->spec.name;
    terms->spec.receiver.find_mirror = find_mirror;
    terms->spec.receiver.context = channel;
    (void)pthread_mutex_lock(&channel->shared.lock);
    terms->before = channel->shared.terms;
    channel->shared.terms = terms;
    (void)pthread_mutex_unlock(&channel->shared.lock);
    return &terms->spec;
}

static bool open_all(struct channel *channel, struct err *err)
{
    unsigned last;
    char *path;
    bool good;

    if (!dir_make_all(channel->spec.directory, 0700, err) || !load_variables(channel, err) ||
        !retention_setting_open(channel->spec.directory, &channel->retention, err) ||
        !last_incarnation(channel->spec.directory, &last, err))
        return false;
    if (last > 0) {
        path = incarnation_path(channel, last);
        good = open_mirror(channel, path, err);
        mem_free(path);
        if (!good)
            return false;
    }
    return receiver_start_thread(&channel->shared.terms->spec.receiver, &channel->receiver, err);
}

bool channel_open(const struct channel_spec *spec, struct channel **ret_channel, struct err *err)
{
    struct channel *channel = mem_alloc(sizeof *channel);

    channel->spec = *spec;
    channel->dump_controls = dump_controls_new();
    (void)pthread_mutex_init(&channel->shared.lock, NULL);
    (void)add_terms(channel, &spec->receiver);
    if (!open_all(channel, err)) {
        channel_close(channel);
        return err_prefix(err, "channel %s", spec->name);
    }
    *ret_channel = channel;
    return true;
}

void channel_close(struct channel *channel)
{
    if (!channel)
        return;
    receiver_stop(channel->receiver);
    log_syncer_stop(channel->shared.syncer);
    mirror_close(channel->shared.mirror);
    variables_free(channel->shared.variables);
    while (channel->shared.terms) {
        struct channel_terms *before = channel->shared.terms->before;

        mem_free(channel->shared.terms);
        channel->shared.terms = before;
    }
    dump_controls_free(channel->dump_controls);
    retention_setting_close(channel->retention);
    (void)pthread_mutex_destroy(&channel->shared.lock);
    mem_free(channel);
}

const char *channel_name(const struct channel *channel)
{
    return channel->spec.name;
}

const struct channel_spec *channel_borrow_spec(struct channel *channel)
{
    const struct channel_spec *spec;

    (void)pthread_mutex_lock(&channel->shared.lock);
    spec = &channel->shared.terms->spec;
    (void)pthread_mutex_unlock(&channel->shared.lock);
    return spec;
}

void channel_change_receiver(struct channel *channel, const struct receiver_spec *receiver)
{
    receiver_change(channel->receiver, &add_terms(channel, receiver)->receiver);
}

struct mirror *channel_borrow_mirror(struct channel *channel)
{
    struct mirror *mirror;

    (void)pthread_mutex_lock(&channel->shared.lock);
    mirror = channel->shared.mirror;
    (void)pthread_mutex_unlock(&channel->shared.lock);
    return mirror;
}

struct dump_controls *channel_borrow_dump_controls(struct channel *channel)
{
    return channel->dump_controls;
}

struct variables *channel_share_variables(struct channel *channel)
{
    struct variables *variables = NULL;

    (void)pthread_mutex_lock(&channel->shared.lock);
    if (channel->shared.variables)
        variables = variables_share(channel->shared.variables);
    (void)pthread_mutex_unlock(&channel->shared.lock);
    return variables;
}

struct retention_setting *channel_borrow_retention(struct channel *channel)
{
    return channel->retention;
}

void channel_receiver_status(struct channel *channel, struct receiver_status *ret_status)
{
    receiver_status(channel->receiver, ret_status);
}
