/*
 * struct load_files: the files that LOAD DATA statements in a log read, put back into a directory
 * from the blocks that carry them.
 *
 * Without a directory named a private one is made below $TMPDIR or /tmp when the first file comes.
 * The files stay: the script that names them is run later. Owned by one thread.
 */
#pragma once

#include "binlog/load_data.h"

struct load_files;

/* The directory must be there, or NULL. It may hold other files: none is overwritten. */
struct load_files *load_files_new(const char *directory);
void load_files_free(struct load_files *files); /* NULL is fine */

/* BEGIN_LOAD_QUERY; APPEND_BLOCK goes on with a file. E_IO, E_PROTO, E_USAGE, E_LIMIT. */
MUST_CHECK bool load_files_begin(struct load_files *files, const struct load_block *block,
                                 struct err *err);
MUST_CHECK bool load_files_append(struct load_files *files, const struct load_block *block,
                                  struct err *err);

/* EXECUTE_LOAD_QUERY: the absolute path of the whole file, borrowed until the next call. */
MUST_CHECK bool load_files_end(struct load_files *files, uint32_t file_id, const char **ret_path,
                               struct err *err);

/* DELETE_FILE; an unknown one is fine. E_IO. */
MUST_CHECK bool load_files_drop(struct load_files *files, uint32_t file_id, struct err *err);

/* Where they are; NULL when there was none. */
const char *load_files_directory(const struct load_files *files);
