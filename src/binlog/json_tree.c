#include "binlog/json_tree.h"

#include "base/arena.h"
#include "base/mem.h"
#include "binlog/json_path.h"
#include "binlog/text.h"

#define MEMORY_BASE     ((size_t)1 << 20)
#define MEMORY_PER_BYTE 64

struct member {
    struct span key; /* of an object's */
    struct node *node;
};

/* A value: as it is in a document, or, once a path led through it, its members. */
struct node {
    struct json_view view;
    bool opened;
    uint32_t count; /* of members, once opened */
    uint32_t cap;
    struct member *members;
};

struct json_tree {
    struct arena *arena;
    size_t left;     /* bytes that may still be allocated */
    struct buf keys; /* the unescaped keys of one path */
    struct node *root;
};

struct json_tree *json_tree_new(size_t size)
{
    struct json_tree *tree = mem_alloc(sizeof *tree);

    tree->left = MEMORY_BASE + size * MEMORY_PER_BYTE;
    tree->arena = arena_new(SIZE_MAX / 2); /* take() bounds it */
    buf_init(&tree->keys, size + 1);
    return tree;
}

void json_tree_free(struct json_tree *tree)
{
    if (!tree)
        return;
    arena_free(tree->arena);
    buf_done(&tree->keys);
    mem_free(tree);
}

/* NULL, with err set, when that would be more than a document of such a size can need. */
static void *take(struct json_tree *tree, size_t size, struct err *err)
{
    if (size > tree->left) {
        (void)err_set(err, E_LIMIT, 0,
                      "JSON: a change needs more memory than the documents' sizes "
                      "explain");
        return NULL;
    }
    tree->left -= size;
    return arena_alloc(tree->arena, size);
}

static struct node *node_of(struct json_tree *tree, const struct json_view *view, struct err *err)
{
    struct node *node = take(tree, sizeof *node, err);

    if (node)
        node->view = *view;
    return node;
}

static struct node *node_of_document(struct json_tree *tree, struct span binary, struct err *err)
{
    struct json_view view;

    return json_view_document(binary, &view, err) ? node_of(tree, &view, err) : NULL;
}

bool json_tree_load(struct json_tree *tree, struct span binary, struct err *err)
{
    struct node *root = node_of_document(tree, binary, err);

    if (!root)
        return false;
    tree->root = root;
    return true;
}

static bool is_object(const struct node *node)
{
    return json_is_object(node->view.type);
}

static bool is_container(const struct node *node)
{
    return is_object(node) || json_is_array(node->view.type);
}

/* Makes room for one member more. */
static bool grow(struct json_tree *tree, struct node *node, struct err *err)
{
    uint32_t cap = node->cap ? node->cap * 2 : 4;
    struct member *members;

    if (node->count < node->cap)
        return true;
    members = take(tree, cap * sizeof *members, err);
    if (!members)
        return false;
    if (node->count > 0)
        memcpy(members, node->members, node->count * sizeof *members);
    node->members = members;
    node->cap = cap;
    return true;
}

static bool open_node(struct json_tree *tree, struct node *node, struct err *err)
{
    if (node->opened)
        return true;
    node->cap = node->view.count;
    node->members = take(tree, node->cap * sizeof *node->members + 1, err);
    if (!node->members)
        return false;
    for (uint32_t i = 0; i < node->view.count; i++) {
        struct member *member = &node->members[i];
        struct json_view view;

        if (!json_view_element(&node->view, i, &member->key, &view, err))
            return false;
        member->node = node_of(tree, &view, err);
        if (!member->node)
            return false;
    }
    node->count = node->view.count;
    node->opened = true;
    return true;
}

/* A copy of a key that lives as long as the tree. */
static bool keep_key(struct json_tree *tree, struct span key, struct span *ret_key, struct err *err)
{
    uint8_t *copy = take(tree, key.len + 1, err);

    if (!copy)
        return false;
    if (key.len > 0)
        memcpy(copy, key.data, key.len);
    *ret_key = span_of(copy, key.len);
    return true;
}

/* Objects are ordered by the length of the keys, then their bytes. */
static int compare_keys(struct span a, struct span b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len ? memcmp(a.data, b.data, a.len) : 0;
}

/* The place of a leg's member, or where it would be; whether it is there. */
static uint32_t find(const struct node *node, const struct json_leg *leg, bool *ret_found)
{
    uint32_t low = 0;
    uint32_t high = node->count;

    *ret_found = false;
    if (!leg->is_key) {
        *ret_found = leg->index < node->count;
        return *ret_found ? leg->index : node->count;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_keys(node->members[middle].key, leg->key);

        if (order == 0)
            *ret_found = true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Where a path ends: the member `at` of `parent`; no parent for the root. */
struct target {
    struct node *parent;
    struct json_leg leg;
    uint32_t at;
    bool found;
};

static bool no_path(struct err *err)
{
    return err_set(err, E_STATE, 0, "JSON: a diff's path does not fit the document before it");
}

static bool seek(struct json_tree *tree, struct span text, struct target *ret_target,
                 struct err *err)
{
    struct target target = {.found = true};
    struct node *node = tree->root;
    struct json_path path;
    unsigned depth = 0;

    buf_clear(&tree->keys);
    if (!json_path_begin(text, &path, err))
        return false;
    while (!json_path_at_end(&path)) {
        if (!json_path_next(&path, &tree->keys, &target.leg, err))
            return false;
        if (!target.found || ++depth > JSON_DEPTH_MAX || !is_container(node) ||
            is_object(node) != target.leg.is_key)
            return no_path(err);
        if (!open_node(tree, node, err))
            return false;
        target.parent = node;
        target.at = find(node, &target.leg, &target.found);
        if (target.found)
            node = node->members[target.at].node;
    }
    *ret_target = target;
    return true;
}

bool json_tree_replace(struct json_tree *tree, struct span path, struct span binary,
                       struct err *err)
{
    struct target target;
    struct node *node;

    if (!seek(tree, path, &target, err))
        return false;
    if (!target.found)
        return no_path(err);
    node = node_of_document(tree, binary, err);
    if (!node)
        return false;
    if (target.parent)
        target.parent->members[target.at].node = node;
    else
        tree->root = node;
    return true;
}

bool json_tree_insert(struct json_tree *tree, struct span path, struct span binary, struct err *err)
{
    struct target target;
    struct node *node;
    struct member *place;
    struct span key;

    if (!seek(tree, path, &target, err))
        return false;
    if (!target.parent || (target.found && target.leg.is_key))
        return no_path(err);
    node = node_of_document(tree, binary, err);
    if (!node || !keep_key(tree, target.leg.key, &key, err) || !grow(tree, target.parent, err))
        return false;
    place = &target.parent->members[target.at];
    memmove(place + 1, place, (target.parent->count - target.at) * sizeof *place);
    *place = (struct member){key, node};
    target.parent->count++;
    return true;
}

bool json_tree_remove(struct json_tree *tree, struct span path, struct err *err)
{
    struct target target;
    struct member *place;

    if (!seek(tree, path, &target, err))
        return false;
    if (!target.parent || !target.found)
        return no_path(err);
    place = &target.parent->members[target.at];
    target.parent->count--;
    memmove(place, place + 1, (target.parent->count - target.at) * sizeof *place);
    return true;
}

static bool write_node(struct buf *buf, const struct node *node, unsigned depth, struct err *err)
{
    bool object = is_object(node);

    if (!node->opened)
        return json_write_view(buf, &node->view, depth, err);
    if (depth > JSON_DEPTH_MAX)
        return err_set(err, E_LIMIT, 0, "JSON: nested in more than %d levels", JSON_DEPTH_MAX);
    buf_u8(buf, object ? '{' : '[');
    for (uint32_t i = 0; i < node->count; i++) {
        if (i > 0)
            buf_str(buf, ", ");
        if (object) {
            text_write_json(buf, node->members[i].key);
            buf_str(buf, ": ");
        }
        if (!write_node(buf, node->members[i].node, depth + 1, err))
            return false;
    }
    buf_u8(buf, object ? '}' : ']');
    return true;
}

bool json_tree_write(struct buf *buf, const struct json_tree *tree, struct err *err)
{
    return write_node(buf, tree->root, 1, err);
}
