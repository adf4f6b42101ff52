/*
 * Sizes and durations for people. No state, any thread.
 */
#pragma once

#include <stdint.h>

#define QUANTITY_MAX 32

/* "123 B", "1.2 MiB"; returns `text`. */
const char *quantity_size(char text[QUANTITY_MAX], uint64_t bytes);

/* "90 s", "3 h 20 min"; returns `text`. */
const char *quantity_duration(char text[QUANTITY_MAX], uint64_t seconds);
