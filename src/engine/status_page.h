/*
 * struct status_page: the daemon's side of the status page (status_layout.h): a file that is mapped
 * and written by it alone.
 *
 * The file has its full size, with space on the disk for it, before it is mapped, and nobody makes
 * it shorter or puts another in its place while a daemon has it: either would be a SIGBUS here. Its
 * owner opens and closes it; any thread may publish.
 */
#pragma once

#include "base/err.h"
#include "engine/status_layout.h"

struct status_page;

/*
 * Opens the page, made when missing or of another format. What it shows stays until the first
 * publish: an adopted engine goes on showing what the daemon before us has counted. E_IO.
 */
MUST_CHECK bool status_page_open(const char *path, struct status_page **ret_page, struct err *err);
void status_page_close(struct status_page *page); /* NULL is fine; the file stays */

/* Shows all values, as of one moment. */
void status_page_publish(struct status_page *page, const uint64_t values[STATUS_ITEM_COUNT]);
