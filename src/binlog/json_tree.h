/*
 * struct json_tree: a JSON document under change. It borrows the binary documents that it was
 * loaded and changed with, takes apart only the objects and arrays that a path leads through, and
 * prints itself as MySQL would. Owned by one thread; its memory is one arena, bounded by the size
 * of what it was announced to hold.
 */
#pragma once

#include "binlog/json_binary.h"

struct json_tree;

/* `size` is how many bytes all documents and paths given to it will have. */
struct json_tree *json_tree_new(size_t size);
void json_tree_free(struct json_tree *tree); /* NULL is fine */

/* The document to begin with. E_PROTO. */
MUST_CHECK bool json_tree_load(struct json_tree *tree, struct span binary, struct err *err);

/*
 * Change the value that the path leads to. E_STATE when it is not there (replace, remove), when
 * it is (insert into an object), or when there is nothing to hold it; E_PROTO; E_LIMIT. An insert
 * into an array moves the element there and those after it on; past the end it appends.
 */
MUST_CHECK bool json_tree_replace(struct json_tree *tree, struct span path, struct span binary,
                                  struct err *err);
MUST_CHECK bool json_tree_insert(struct json_tree *tree, struct span path, struct span binary,
                                 struct err *err);
MUST_CHECK bool json_tree_remove(struct json_tree *tree, struct span path, struct err *err);

/* E_PROTO, E_LIMIT as of json_write_text(). */
MUST_CHECK bool json_tree_write(struct buf *buf, const struct json_tree *tree, struct err *err);
