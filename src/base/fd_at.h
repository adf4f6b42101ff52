/*
 * Reading and writing at offsets of an open file, and making it durable. `point` names the place
 * for INJECT(). The caller puts the file's name before the error's text. Any thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* Until `size` bytes are there or the file ends; *ret_got tells how many. E_IO. */
MUST_CHECK bool fd_read_at(int fd, uint64_t offset, void *into, size_t size, size_t *ret_got,
                           struct err *err);

/* Tells the kernel what will be read soon, so that a disk delivers it meanwhile. */
void fd_read_ahead(int fd, uint64_t offset, uint64_t size);

/* Until all is written; some of it may be when it fails. E_IO. */
MUST_CHECK bool fd_write_at(int fd, uint64_t offset, struct span bytes, const char *point,
                            struct err *err);

/* fdatasync(). After a failure the kernel may have dropped what was not written. E_IO. */
MUST_CHECK bool fd_sync(int fd, const char *point, struct err *err);

MUST_CHECK bool fd_truncate(int fd, uint64_t size, const char *point, struct err *err);

/* Bytes in the file. */
MUST_CHECK bool fd_size(int fd, uint64_t *ret_size, struct err *err);
