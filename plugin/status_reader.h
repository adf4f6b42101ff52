/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The plugin's side of the status page (engine/status_layout.h): reads all values as of one moment.
 *
 * The file is read, not mapped: a mapping of a file that somebody cuts short is a SIGBUS, and here
 * that would be the engine's end. Five system calls a time. Keeps nothing; any thread. Only the C
 * library is used, so that it is tested without an engine.
 */
#pragma once

#include "engine/status_layout.h"

enum status_read {
    STATUS_READ_WHOLE,
    STATUS_READ_MISSING, /* there is no such file, or it can not be opened */
    STATUS_READ_SHORT,   /* it ends too early, or is not a file */
    STATUS_READ_FOREIGN, /* another format or version */
    STATUS_READ_TORN, /* the daemon was writing whenever we looked, or died in the middle of it */
};

/* ret_values is filled when the page was read whole, and untouched else. */
enum status_read status_reader_read(const char *path, uint64_t ret_values[STATUS_ITEM_COUNT]);
