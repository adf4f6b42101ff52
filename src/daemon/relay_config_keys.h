/*
 * The sections of a relay's configuration file and the keys of each: the parser, the man page and
 * the flags of the command line are made from these tables.
 */
#pragma once

#include "daemon/config_key.h"

#include <stdio.h>

#define RELAY_KEYS_MAX 64 /* of a section, with the end */

struct relay_section_keys {
    const char *word;     /* "channel" */
    const char *argument; /* "NAME"; NULL: the section has no name and stands once */
    const char *help;
    size_t object_bytes;
    struct config_key keys[RELAY_KEYS_MAX];
};

extern const struct relay_section_keys relay_section_relay;
extern const struct relay_section_keys relay_section_channel;
extern const struct relay_section_keys relay_section_account;

/* The part of the man page that lists them, as scdoc source. */
void relay_config_print_man(FILE *out);
