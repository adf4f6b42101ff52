/*
 * Fuzz target: GTID sets and lists of both families, as text and as bytes. What is read must come
 * back the same after printing and encoding; and set operations must agree with each other.
 */
#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"

#include <stdlib.h>

#define OUT_MAX (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_set(const struct gtid_set *set)
{
    struct gtid_set back = {0};
    struct buf out;
    struct err err;

    buf_init(&out, OUT_MAX);
    gtid_set_print(&out, set);
    require(gtid_set_parse(buf_span(&out), &back, &err) && gtid_set_equal(set, &back));
    buf_clear(&out);
    gtid_set_encode(&out, set);
    require(gtid_set_decode(buf_span(&out), &back, &err) && gtid_set_equal(set, &back));
    buf_done(&out);
    gtid_set_done(&back);
}

static void check_operations(const struct gtid_set *a, const struct gtid_set *b)
{
    struct gtid_set both = {0};
    struct gtid_set minus = {0};
    struct gtid_set common = {0};

    gtid_set_copy(&both, a);
    gtid_set_union(&both, b);
    require(gtid_set_contains(&both, a) && gtid_set_contains(&both, b));
    gtid_set_copy(&minus, a);
    gtid_set_subtract(&minus, b);
    gtid_set_copy(&common, a);
    gtid_set_intersect(&common, b);
    require(gtid_set_contains(a, &minus) && gtid_set_contains(b, &common));
    require(gtid_set_contains(a, b) == gtid_set_equal(&common, b));
    gtid_set_union(&minus, b);
    require(gtid_set_equal(&minus, &both));
    check_set(&both);
    gtid_set_done(&both);
    gtid_set_done(&minus);
    gtid_set_done(&common);
}

static void check_list(struct span input)
{
    struct gtid_list list = {0};
    struct gtid_list back = {0};
    struct buf out;
    struct err err;

    buf_init(&out, OUT_MAX);
    if (gtid_list_parse(input, &list, &err) || gtid_list_decode(input, &list, &err)) {
        gtid_list_encode(&out, &list);
        require(gtid_list_decode(buf_span(&out), &back, &err));
        require(back.count == list.count && back.flags == list.flags);
    }
    buf_done(&out);
    gtid_list_done(&list);
    gtid_list_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cur = cursor_of(span_of(data, size));
    size_t cut = cursor_u8(&cur);
    struct span left = cursor_bytes(&cur, cut < cursor_left(&cur) ? cut : cursor_left(&cur));
    struct span right = cursor_rest(&cur);
    struct gtid_set a = {0};
    struct gtid_set b = {0};
    struct err err;

    if (gtid_set_parse(left, &a, &err) || gtid_set_decode(left, &a, &err))
        check_set(&a);
    if (gtid_set_parse(right, &b, &err) || gtid_set_decode(right, &b, &err))
        check_set(&b);
    check_operations(&a, &b);
    check_list(right);
    gtid_set_done(&a);
    gtid_set_done(&b);
    return 0;
}
