#include "replication/channel.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "log/syncer.h"
#include "replication/incarnation.h"
#include "replication/retention_setting.h"

#include <inttypes.h>
#include <pthread.h>

#define VARIABLES_FILE  "variables.json"
#define VARIABLES_BYTES ((size_t)8 << 20)

/* A spec that is, or was, in use: readers may still look at it. */
struct channel_terms {
    struct channel_terms *before;
    struct channel_spec spec;
};

struct channel {
    struct channel_spec spec; /* as opened; of the rest, shared.terms has what holds now */
    struct receiver *receiver;
    struct retention_setting *retention;
    struct mirror **retired; /* whose place another has taken; the receiver's thread adds */
    size_t retired_count;
    struct dump_controls *dump_controls;

    struct {
        pthread_mutex_t lock;
        struct mirror *mirror;
        struct log_syncer *syncer;
        unsigned incarnation; /* the mirror's number; 0: none */
        struct variables *variables;
        struct channel_terms *terms;
    } shared;
};

/* Opens a mirror and has it synced. */
static bool open_mirror(struct channel *channel, unsigned number, const char *path, struct err *err)
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
    channel->shared.incarnation = number;
    (void)pthread_mutex_unlock(&channel->shared.lock);
    return true;
}

/* What replicas still read of it may be read to its end; then their dumps end. */
static void retire(struct channel *channel, struct mirror *mirror, struct log_syncer *syncer)
{
    log_syncer_stop(syncer);
    mirror_shutdown(mirror);
    channel->retired =
        mem_realloc(channel->retired, (channel->retired_count + 1) * sizeof *channel->retired);
    channel->retired[channel->retired_count++] = mirror;
}

/* A new one, in place of the one that there is. */
static bool create_mirror(struct channel *channel, const struct log_identity *identity,
                          struct err *err)
{
    struct mirror *old = channel->shared.mirror;
    struct log_syncer *old_syncer = channel->shared.syncer;
    char *path;
    bool good;

    path = incarnation_path(channel->spec.directory, channel->shared.incarnation + 1);
    good = mirror_create(path, identity, err) &&
           open_mirror(channel, channel->shared.incarnation + 1, path, err);
    mem_free(path);
    if (good && old)
        retire(channel, old, old_syncer);
    return good;
}

static bool keep_variables(void *context, struct variables *variables, struct err *err)
{
    struct channel *channel = context;
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

static bool find_log(void *context, const struct log_identity *identity, bool anew,
                     struct receiver_log *ret_log, struct err *err)
{
    struct channel *channel = context;

    if ((anew || !channel->shared.mirror) && !create_mirror(channel, identity, err))
        return false;
    /* This thread alone changes them. */
    *ret_log = (struct receiver_log){.mirror = channel->shared.mirror,
                                     .successor = channel->shared.incarnation > 1};
    return true;
}

static const struct channel_spec *add_terms(struct channel *channel,
                                            const struct receiver_spec *receiver)
{
    struct channel_terms *terms = mem_alloc(sizeof *terms);

    terms->spec = channel->spec;
    terms->spec.receiver = *receiver;
    terms->spec.receiver.name = channel->spec.name;
    terms->spec.receiver.find_log = find_log;
    terms->spec.receiver.keep_variables = keep_variables;
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
        !incarnation_last(channel->spec.directory, &last, err))
        return false;
    if (last > 0) {
        path = incarnation_path(channel->spec.directory, last);
        good = open_mirror(channel, last, path, err);
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
    for (size_t i = 0; i < channel->retired_count; i++)
        mirror_close(channel->retired[i]);
    mem_free(channel->retired);
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

bool channel_purge(struct channel *channel, const struct log_retention *retention, int64_t now_usec,
                   struct log_purged *ret_purged, struct err *err)
{
    struct log_purged purged = {0};
    struct mirror *mirror;
    unsigned number;
    bool good;

    (void)pthread_mutex_lock(&channel->shared.lock);
    mirror = channel->shared.mirror;
    number = channel->shared.incarnation;
    (void)pthread_mutex_unlock(&channel->shared.lock);
    good = !mirror || log_purge(mirror, retention, now_usec, &purged, err);
    for (unsigned old = 1; good && old < number; old++)
        good = incarnation_purge(channel->spec.directory, old, number, retention, now_usec, &purged,
                                 err);
    *ret_purged = purged;
    return good;
}

void channel_receiver_status(struct channel *channel, struct receiver_status *ret_status)
{
    receiver_status(channel->receiver, ret_status);
}
