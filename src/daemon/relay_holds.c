#include "daemon/relay_holds.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/quantity_text.h"

#include <stdio.h>

/* The log, and who reads it, at one moment. */
struct hold_view {
    struct mirror *mirror;
    struct log_file *files;
    size_t n_files;
    struct replica_info *replicas;
    size_t n_replicas;
};

static size_t index_of(const struct log_file *files, size_t count, const char *name)
{
    size_t at = 0;

    while (at < count && strcmp(files[at].name, name) != 0)
        at++;
    return at;
}

static uint64_t bytes_from(const struct hold_view *view, size_t at)
{
    uint64_t bytes = 0;

    for (; at < view->n_files; at++)
        bytes += view->files[at].end;
    return bytes;
}

/* The oldest file that together with those after it is not more; the last one at least. */
static size_t oldest_within(const struct hold_view *view, uint64_t bytes)
{
    size_t at = 0;

    while (at + 1 < view->n_files && bytes_from(view, at) > bytes)
        at++;
    return at;
}

/* The oldest file that a dump of the account is in; false when none tells. */
static bool find_dump(const struct hold_view *view, const char *account, size_t *ret_at)
{
    size_t oldest = view->n_files;

    for (size_t i = 0; i < view->n_replicas; i++) {
        const struct replica_info *replica = &view->replicas[i];
        size_t at;

        if (!replica->dumping || strcmp(replica->user, account) != 0)
            continue;
        if (replica->log != view->mirror || replica->place.name[0] == '\0')
            return false;
        at = index_of(view->files, view->n_files, replica->place.name);
        if (at == view->n_files) /* it reads on in one that is gone */
            at = 0;
        if (at < oldest)
            oldest = at;
    }
    *ret_at = oldest;
    return oldest < view->n_files;
}

static bool asks_for_hold(const struct relay_account_config *account, const char *channel)
{
    return account->hold_bytes > 0 && relay_config_serves(account, channel);
}

/* One that was given up comes back when a dump of it is again within the size. */
static bool follow_one(const struct hold_view *view, const struct relay_account_config *account,
                       const struct log_hold *before, struct err *err)
{
    uint64_t size = account->hold_bytes;
    size_t at;

    if (find_dump(view, account->section.name, &at)) {
        if (before && before->broken && bytes_from(view, at) > size)
            return true;
    } else if (!before) {
        at = oldest_within(view, size);
    } else if (before->broken || before->cap_bytes == size) {
        return true;
    } else {
        at = index_of(view->files, view->n_files, before->first);
    }
    if (at == view->n_files || (before && !before->broken && before->cap_bytes == size &&
                                strcmp(before->first, view->files[at].name) == 0))
        return true;
    return log_hold_set(view->mirror, account->section.name, view->files[at].name, size, err);
}

static const struct relay_account_config *find_account(const struct relay_config *config,
                                                       const char *name)
{
    const struct relay_account_config *account = config->accounts;

    while (account && strcmp(account->section.name, name) != 0)
        account = account->next;
    return account;
}

static bool follow_all(const struct hold_view *view, const struct log_holds *there,
                       const struct relay_config *config, const char *channel, struct err *err)
{
    bool ok = true;

    for (size_t i = 0; ok && i < there->count; i++) {
        const char *replica = there->items[i].replica;
        const struct relay_account_config *account = find_account(config, replica);

        if (!account || !asks_for_hold(account, channel))
            ok = log_hold_drop(view->mirror, replica, err);
    }
    for (const struct relay_account_config *account = config->accounts; ok && account;
         account = account->next) {
        if (asks_for_hold(account, channel))
            ok = follow_one(view, account, log_holds_find(there, account->section.name), err);
    }
    return ok;
}

/* What has come of the holds since the last time: moves are not told. */
static void tell_changes(struct relay_holds *holds, const char *channel, struct mirror *mirror)
{
    struct log_holds now = {0};

    log_hold_list(mirror, &now.items, &now.count);
    for (size_t i = 0; i < now.count; i++) {
        const struct log_hold *hold = &now.items[i];
        const struct log_hold *before = log_holds_find(&holds->known, hold->replica);
        char size[QUANTITY_MAX];

        if (before && before->broken == hold->broken)
            continue;
        if (hold->broken)
            log_warn(channel,
                     "hold given up account=%s: it is more than %s behind, in %s; files go as the "
                     "retention says, and without them it must be set up anew",
                     hold->replica, quantity_size(size, hold->cap_bytes), hold->first);
        else
            log_info(channel, "hold account=%s first=%s at_most=%s", hold->replica, hold->first,
                     quantity_size(size, hold->cap_bytes));
    }
    for (size_t i = 0; i < holds->known.count; i++) {
        if (!log_holds_find(&now, holds->known.items[i].replica))
            log_info(channel, "hold dropped account=%s", holds->known.items[i].replica);
    }
    log_holds_done(&holds->known);
    holds->known = now;
}

static bool is_any_asked_for(const struct relay_config *config, const char *channel)
{
    const struct relay_account_config *account = config->accounts;

    while (account && !asks_for_hold(account, channel))
        account = account->next;
    return account;
}

void relay_holds_done(struct relay_holds *holds)
{
    log_holds_done(&holds->known);
    *holds = (struct relay_holds){0};
}

void relay_holds_follow(struct relay_holds *holds, const struct relay_config *config,
                        const char *channel, struct mirror *mirror, struct replicas *replicas)
{
    struct hold_view view = {.mirror = mirror};
    struct log_holds there = {0};
    struct err err = {0};

    log_hold_list(mirror, &there.items, &there.count);
    /* Most channels have none, and this is asked every second. */
    if (there.count == 0 && holds->known.count == 0 && !is_any_asked_for(config, channel)) {
        log_holds_done(&there);
        return;
    }
    mirror_list(mirror, &view.files, &view.n_files);
    replicas_list(replicas, &view.replicas, &view.n_replicas);
    if (view.n_files > 0 && !follow_all(&view, &there, config, channel, &err) &&
        strcmp(err.text, holds->failure) != 0)
        log_warn(channel, "holds: %s", err.text);
    (void)snprintf(holds->failure, sizeof holds->failure, "%s", err.text);
    tell_changes(holds, channel, mirror);
    log_holds_done(&there);
    mem_free(view.replicas);
    mem_free(view.files);
}

size_t relay_holds_limit(struct mirror *mirror, const struct log_file *files, size_t count)
{
    struct log_hold *holds;
    size_t n_holds;
    size_t limit = count;

    log_hold_list(mirror, &holds, &n_holds);
    for (size_t i = 0; i < n_holds; i++) {
        size_t at = index_of(files, count, holds[i].first);

        if (!holds[i].broken && at < limit)
            limit = at;
    }
    mem_free(holds);
    return limit;
}
