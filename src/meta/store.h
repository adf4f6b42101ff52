/*
 * struct store: the metadata of one Borealis directory, in SQLite (borealis.db).
 *
 * It says which clusters and instances exist and how far their creation got; it holds no secrets
 * and no user data. Every function is one transaction, durable when it returns (WAL, synchronous =
 * FULL). One writer: the daemon, which holds the directory's lock. May be called from any thread
 * (SQLite serialises); store_close() by the owner when all others are done.
 *
 * The file carries its schema version (PRAGMA user_version). An older one is brought up to date
 * when it is opened; a newer one is refused.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

#define STORE_SCHEMA_VERSION 1
#define STORE_NAME_MAX       64
#define STORE_TEXT_MAX       1024

struct store;

enum creation { CREATION_STARTED, CREATION_DONE };

struct store_cluster {
    char name[STORE_NAME_MAX];
    enum creation creation;
    char listen[STORE_NAME_MAX]; /* IP address of the cluster endpoint */
    uint16_t port;
    char master_user[STORE_NAME_MAX];
    bool require_secure_transport;
    uint32_t gtid_domain_id; /* of the writer's own transactions; never 0 */
};

struct store_instance {
    char name[STORE_NAME_MAX];
    char cluster[STORE_NAME_MAX];
    char engine[STORE_TEXT_MAX];  /* directory of the engine's programs */
    char version[STORE_NAME_MAX]; /* of the engine that last opened the data */
    uint32_t server_id;
    uint32_t binlog_epoch; /* 1, 2, ...: the directory that holds the engine's binlog */
    int32_t pid;           /* of the engine last started; 0 when it was stopped */
    uint64_t start_ticks;  /* its start time, see base/process.h */
};

/* Opens or creates the file. */
MUST_CHECK bool store_open(const char *path, struct store **ret_store, struct err *err);
void store_close(struct store *store);

/* The one cluster there is so far; *ret_found tells whether there is one. */
MUST_CHECK bool store_get_cluster(struct store *store, struct store_cluster *ret_cluster,
                                  bool *ret_found, struct err *err);
MUST_CHECK bool store_put_cluster(struct store *store, const struct store_cluster *cluster,
                                  struct err *err);

MUST_CHECK bool store_get_instance(struct store *store, const char *name,
                                   struct store_instance *ret_instance, bool *ret_found,
                                   struct err *err);
MUST_CHECK bool store_put_instance(struct store *store, const struct store_instance *instance,
                                   struct err *err);
