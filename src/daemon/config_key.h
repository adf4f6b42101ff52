/*
 * struct config_key: one key of a configuration file: its name, what it takes, and how its text
 * becomes a field of the object that a section describes. The tables of a section's keys make the
 * parser, the man page and the list of what is known.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

struct config_key {
    const char *name;
    const char *argument; /* what it takes, for the man page */
    const char *help;     /* one sentence or two, no line breaks */
    /* Fills the field at `offset` of the object; E_USAGE: "expected X, found 'Y'". */
    bool (*take)(const struct config_key *key, void *object, struct arena *arena, const char *text,
                 struct err *err);
    size_t offset;
    uint64_t least; /* of numbers and sizes */
    uint64_t most;
    bool again; /* may be given several times: each adds to the list */
};

/* The key of a table, which ends with a NULL name; NULL when there is none of the name. */
const struct config_key *config_key_find(const struct config_key *keys, const char *name);

typedef bool config_take(const struct config_key *key, void *object, struct arena *arena,
                         const char *text, struct err *err);

config_take config_take_text;   /* const char *; not empty */
config_take config_take_path;   /* the same; a file's own directory is where it begins */
config_take config_take_flag;   /* bool: on, off */
config_take config_take_number; /* uint64_t in its bounds */
config_take config_take_size;   /* uint64_t of bytes in its bounds: a number and K, M, G or T */

/* Decimal digits alone. */
bool config_parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number);

/* HOST, HOST:PORT, [IPV6]:PORT; without a port *ret_port stays as it is. */
bool config_parse_host(const char *text, struct arena *arena, const char **ret_host,
                       uint16_t *ret_port);
