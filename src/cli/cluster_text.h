/*
 * Clusters and their events as text for people, on standard output, from the daemon's JSON.
 */
#pragma once

#include <jansson.h>

void cluster_text_print(const json_t *cluster);
void cluster_text_print_line(const json_t *cluster);
void cluster_text_print_event(const json_t *event); /* its time is UTC */
