#include "replication/channel.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/wakeup.h"
#include "log/syncer.h"
#include "replication/incarnation.h"
#include "replication/key_reader.h"
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
    struct key_reader *keys;
    int met_fd;
    struct retention_setting *retention;
    struct mirror **retired; /* whose place another has taken; the receiver's thread adds */
    size_t retired_count;
    struct dump_controls *dump_controls;
    struct err hold; /* the owner's; class E_NONE: none */

    struct {
        pthread_mutex_t lock;
        struct mirror *mirror;
        struct log_syncer *syncer;
        struct receiver *receiver; /* NULL: paused; the owner changes it */
        unsigned incarnation;      /* the mirror's number; 0: none */
        struct variables *variables;
        struct channel_terms *terms;
    } shared;
};

/* The directories of the logs before a number that are there still; mem_free() all. */
static void list_older(const struct channel *channel, unsigned number, char ***ret_paths,
                       size_t *ret_count)
{
    char **paths = mem_alloc(number * sizeof *paths);
    size_t count = 0;

    for (unsigned older = 1; older < number; older++) {
        char *path = incarnation_path(channel->spec.directory, older);

        if (path_exists(path))
            paths[count++] = path;
        else
            mem_free(path);
    }
    *ret_paths = paths;
    *ret_count = count;
}

static void free_paths(char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mem_free(paths[i]);
    mem_free(paths);
}

static bool attach_origins(const struct channel *channel, unsigned number, struct mirror *mirror,
                           struct err *err)
{
    char **older;
    size_t count;
    bool good;

    if (!channel->spec.origins)
        return true;
    list_older(channel, number, &older, &count);
    good = origin_log_attach(channel->spec.origins, mirror, older, count, err);
    free_paths(older, count);
    return good;
}

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
    if (!attach_origins(channel, number, mirror, err)) {
        log_syncer_stop(syncer);
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

static bool keep_origins(const struct channel *channel, bool whole, struct err *err)
{
    return !channel->spec.origins || origin_log_keep(channel->spec.origins, whole, err);
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

    if (old && !keep_origins(channel, true, err))
        return false;
    path = incarnation_path(channel->spec.directory, channel->shared.incarnation + 1);
    good = mirror_create(path, identity, err);
    if (good && !open_mirror(channel, channel->shared.incarnation + 1, path, err)) {
        struct err ignored;

        (void)!dir_remove(path, &ignored); /* or it could not be created the next time */
        good = false;
    }
    mem_free(path);
    if (good && old)
        retire(channel, old, old_syncer);
    return good;
}

/* Who sees it finds the mirror, too: that is made before. */
static void note_met(const struct channel *channel)
{
    if (channel->shared.mirror && channel->shared.variables)
        wakeup_raise(channel->met_fd);
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
    note_met(channel);
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
    terms->spec.receiver.keys = key_reader_borrow_history(channel->keys);
    (void)pthread_mutex_lock(&channel->shared.lock);
    terms->before = channel->shared.terms;
    channel->shared.terms = terms;
    (void)pthread_mutex_unlock(&channel->shared.lock);
    return &terms->spec;
}

static struct key_reader_spec keys_spec(const struct channel_spec *spec)
{
    return (struct key_reader_spec){
        .name = spec->name,
        .login = spec->receiver.login,
        .connect_usec = spec->receiver.connect_usec,
        .of_mysql = spec->keys_of_mysql,
        .of_mariadb = spec->keys_of_mariadb,
    };
}

static bool start_keys(struct channel *channel, struct err *err)
{
    struct key_reader_spec spec = keys_spec(&channel->spec);

    return key_reader_start(&spec, &channel->keys, err);
}

static bool open_all(struct channel *channel, struct err *err)
{
    unsigned last;
    char *path;
    bool good;

    (void)add_terms(channel, &channel->spec.receiver);
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
    note_met(channel);
    return channel->spec.paused || channel_resume(channel, err);
}

bool channel_open(const struct channel_spec *spec, struct channel **ret_channel, struct err *err)
{
    struct channel *channel = mem_alloc(sizeof *channel);

    channel->spec = *spec;
    channel->dump_controls = dump_controls_new();
    (void)pthread_mutex_init(&channel->shared.lock, NULL);
    channel->met_fd = -1;
    if (!wakeup_open(&channel->met_fd, err) || !start_keys(channel, err) ||
        !open_all(channel, err)) {
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
    receiver_stop(channel->shared.receiver);
    key_reader_stop(channel->keys);
    log_syncer_stop(channel->shared.syncer);
    if (channel->shared.mirror)
        mirror_shutdown(channel->shared.mirror);
    if (channel->spec.origins)
        origin_log_detach(channel->spec.origins);
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
    fd_close(&channel->met_fd);
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

static struct receiver *put_receiver(struct channel *channel, struct receiver *receiver)
{
    struct receiver *old;

    (void)pthread_mutex_lock(&channel->shared.lock);
    old = channel->shared.receiver;
    channel->shared.receiver = receiver;
    (void)pthread_mutex_unlock(&channel->shared.lock);
    return old;
}

void channel_pause(struct channel *channel)
{
    receiver_stop(put_receiver(channel, NULL));
}

bool channel_resume(struct channel *channel, struct err *err)
{
    struct receiver *receiver = NULL;

    if (channel->shared.receiver)
        return true;
    if (!receiver_start_thread(&channel_borrow_spec(channel)->receiver, &receiver, err))
        return false;
    if (channel->hold.class != E_NONE)
        receiver_hold(receiver, &channel->hold);
    (void)put_receiver(channel, receiver);
    return true;
}

void channel_hold(struct channel *channel, const struct err *why)
{
    if ((why != NULL) == (channel->hold.class != E_NONE))
        return;
    channel->hold = why ? *why : (struct err){0};
    if (channel->shared.receiver)
        receiver_hold(channel->shared.receiver, why);
}

int channel_borrow_met_fd(const struct channel *channel)
{
    return channel->met_fd;
}

void channel_change_receiver(struct channel *channel, const struct receiver_spec *receiver)
{
    const struct channel_spec *terms = add_terms(channel, receiver);
    struct key_reader_spec keys = keys_spec(terms);

    if (channel->shared.receiver)
        receiver_change(channel->shared.receiver, &terms->receiver);
    key_reader_change(channel->keys, &keys);
}

void channel_change_keys(struct channel *channel, bool of_mysql, bool of_mariadb)
{
    struct key_reader_spec keys = keys_spec(channel_borrow_spec(channel));

    channel->spec.keys_of_mysql = of_mysql; /* of the terms to come */
    channel->spec.keys_of_mariadb = of_mariadb;
    keys.of_mysql = of_mysql;
    keys.of_mariadb = of_mariadb;
    key_reader_change(channel->keys, &keys);
}

struct key_history *channel_borrow_keys(struct channel *channel)
{
    return key_reader_borrow_history(channel->keys);
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

/* Of the logs before the current one; those that stay still tell of their origins. */
static bool purge_older(const struct channel *channel, unsigned number,
                        const struct log_retention *retention, int64_t now_usec,
                        struct log_purged *purged, struct err *err)
{
    bool good = true;

    for (unsigned old = 1; good && old < number; old++)
        good = incarnation_purge(channel->spec.directory, old, number, retention, now_usec, purged,
                                 err);
    if (channel->spec.origins)
        origin_log_forget_older(channel->spec.origins);
    return good;
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
    good = !mirror || (keep_origins(channel, false, err) &&
                       log_purge(mirror, retention, now_usec, &purged, err) &&
                       purge_older(channel, number, retention, now_usec, &purged, err));
    *ret_purged = purged;
    return good;
}

bool channel_purge_to(struct channel *channel, const char *name, struct log_purged *ret_purged,
                      struct err *err)
{
    struct mirror *mirror = channel_borrow_mirror(channel);

    if (!mirror)
        return err_set(err, E_STATE, 0, "%s: there is no log yet", name);
    return keep_origins(channel, false, err) && log_purge_to(mirror, name, ret_purged, err);
}

void channel_receiver_status(struct channel *channel, struct receiver_status *ret_status)
{
    *ret_status = (struct receiver_status){.state = RECEIVER_STOPPED};
    (void)pthread_mutex_lock(&channel->shared.lock);
    if (channel->shared.receiver)
        receiver_status(channel->shared.receiver, ret_status);
    (void)pthread_mutex_unlock(&channel->shared.lock);
}
