/*
 * struct progress: how far a long read of files is, on a terminal's line: part done, rate, time
 * left. It appears after a second, on standard error, and is erased by whoever prints something or
 * ends. Owned by one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_LINE_MAX 80

struct progress;

/*
 * Of the files' bytes; of standard input and pipes the whole is not known. NULL, which all
 * functions take, when nothing is to be shown: standard error is no terminal, or, where `prints`
 * tells that output goes on meanwhile, the same as standard output.
 */
struct progress *progress_new(int count, char *const *paths, bool prints);
void progress_free(struct progress *progress); /* erases the line */

/* So many bytes of the present file are done. Cheap: it looks at the clock. */
void progress_show(struct progress *progress, uint64_t bytes);
void progress_end_file(struct progress *progress);
void progress_hide(struct progress *progress);

/*
 * The line: " 45%  1.2 GiB of 2.7 GiB, 310 MiB/s, 5 s left"; `whole` 0 is not known. `usec` is how
 * long it took, more than 0.
 */
void progress_write_line(char line[PROGRESS_LINE_MAX], uint64_t done, uint64_t whole, int64_t usec);
