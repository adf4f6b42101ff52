/*
 * The system variables that a relay shows to replicas of the other family: of the source's those
 * that mean the same there, and what such a replica asks its source for.
 */
#pragma once

#include "replication/variables.h"
#include "translation/translator.h"

/* A new set of the caller's. Those that the relay has itself are in it by name alone. */
struct variables *view_variables_new(const struct variables *source,
                                     const struct translator_options *options);
