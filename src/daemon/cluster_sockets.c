#include "daemon/cluster_sockets.h"

#include "base/file.h"
#include "net/socket.h"

#include <errno.h>

void cluster_sockets_init(struct cluster_sockets *sockets)
{
    *sockets = (struct cluster_sockets){0};
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++)
        sockets->at[kind].fd = -1;
}

void cluster_sockets_close(struct cluster_sockets *sockets)
{
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++)
        fd_close(&sockets->at[kind].fd);
}

bool cluster_socket_open(const struct place *place, enum endpoint_kind kind, int *ret_fd,
                         struct err *err)
{
    struct address address;

    if (!address_parse(place->listen, place->port, &address, err))
        return false;
    if (!socket_listen_tcp(&address, ret_fd, err)) {
        if (err->code == EADDRINUSE)
            return err_set(err, E_STATE, EADDRINUSE,
                           "%s port %u: taken by another program; choose another with %s",
                           place->listen, (unsigned)place->port, endpoint_kind_option(kind));
        return false;
    }
    return true;
}

bool cluster_sockets_open(const struct store_cluster *settings, struct cluster_sockets *ret_sockets,
                          struct err *err)
{
    struct cluster_sockets sockets;

    cluster_sockets_init(&sockets);
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++) {
        struct place *place = &sockets.at[kind].place;

        if (place_of(settings, (enum endpoint_kind)kind, place) &&
            !cluster_socket_open(place, (enum endpoint_kind)kind, &sockets.at[kind].fd, err)) {
            cluster_sockets_close(&sockets);
            return false;
        }
    }
    *ret_sockets = sockets;
    return true;
}

static bool is_in_the_way(const struct store_cluster *before, const struct place *place)
{
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++) {
        struct place old;

        if (place_of(before, (enum endpoint_kind)kind, &old) && place_collides(&old, place))
            return true;
    }
    return false;
}

/* The socket of one endpoint, if it moves. */
static bool open_next(const struct store_cluster *before, const struct store_cluster *next,
                      enum endpoint_kind kind, struct cluster_sockets *sockets, struct err *err)
{
    struct place *place = &sockets->at[kind].place;
    struct place trial;
    struct place old;
    int fd = -1;

    if (!place_of(next, kind, place) || (place_of(before, kind, &old) && place_equals(&old, place)))
        return true;
    if (!is_in_the_way(before, place))
        return cluster_socket_open(place, kind, &sockets->at[kind].fd, err);
    trial = *place;
    trial.port = 0;
    if (!cluster_socket_open(&trial, kind, &fd, err))
        return false;
    fd_close(&fd);
    return true;
}

bool cluster_sockets_open_next(const struct store_cluster *before, const struct store_cluster *next,
                               struct cluster_sockets *ret_sockets, struct err *err)
{
    struct cluster_sockets sockets;

    cluster_sockets_init(&sockets);
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++) {
        if (!open_next(before, next, (enum endpoint_kind)kind, &sockets, err)) {
            cluster_sockets_close(&sockets);
            return false;
        }
    }
    *ret_sockets = sockets;
    return true;
}

void cluster_sockets_replace(struct cluster_sockets *sockets, struct cluster_sockets *other)
{
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++) {
        if (other->at[kind].fd < 0)
            continue;
        fd_close(&sockets->at[kind].fd);
        sockets->at[kind] = other->at[kind];
        other->at[kind].fd = -1;
    }
}

int cluster_sockets_take(struct cluster_sockets *sockets, enum endpoint_kind kind,
                         const struct place *place)
{
    int fd = -1;

    if (sockets->at[kind].fd >= 0 && place_equals(&sockets->at[kind].place, place)) {
        fd = sockets->at[kind].fd;
        sockets->at[kind].fd = -1;
    }
    fd_close(&sockets->at[kind].fd);
    return fd;
}
