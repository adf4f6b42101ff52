/*
 * struct file_reader: reads a file or a pipe from its start to its end through a window that moves
 * on, so that memory does not grow with the file. What gzip or zstd has compressed is read as if it
 * were plain.
 *
 * Plain read() in large pieces: measured as fast as mmap() here, works on pipes, and a file that
 * shrinks meanwhile is an early end, not a signal. Owned by one thread; file_reader_close() ends
 * it.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct file_reader;

/* "-" is standard input. E_IO; E_USAGE for a directory. */
MUST_CHECK bool file_reader_open(const char *path, struct file_reader **ret_reader,
                                 struct err *err);
void file_reader_close(struct file_reader *reader); /* NULL is fine */

/*
 * Drops the first `used` bytes of the window and makes it at least `need` bytes long; it is shorter
 * only at the end of the file. The window before is void then. E_IO; of compressed files E_PROTO,
 * E_LIMIT. Errors begin with the file's name.
 */
MUST_CHECK bool file_reader_move(struct file_reader *reader, size_t used, size_t need,
                                 struct span *ret_window, struct err *err);

/* Bytes of a regular file, as it lies there, compressed or not; 0 for what has no size. */
uint64_t file_reader_size(const struct file_reader *reader);

/* Bytes of it that were read. */
uint64_t file_reader_taken(const struct file_reader *reader);
