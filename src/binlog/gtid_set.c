#include "binlog/gtid_set.h"

#include "base/mem.h"

#include <stdlib.h>

#define CLASSIC_ENTRY_MIN 24 /* bytes: UUID, number of intervals */
#define TAGGED_ENTRY_MIN  25
#define INTERVAL_SIZE     16
#define TAGGED_MARK       ((UINT64_C(1) << 56) | 1)
#define TAGGED_COUNT_MAX  ((UINT64_C(1) << 48) - 1)

void gtid_set_init(struct gtid_set *set)
{
    *set = (struct gtid_set){0};
}

void gtid_set_clear(struct gtid_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        mem_free(set->sources[i].intervals);
    set->count = 0;
}

void gtid_set_done(struct gtid_set *set)
{
    if (!set)
        return;
    gtid_set_clear(set);
    mem_free(set->sources);
    gtid_set_init(set);
}

static struct span tag_of(const struct gtid_source *source)
{
    return span_of(source->tag, source->tag_length);
}

static int compare_key(const struct gtid_source *source, const struct gtid_uuid *uuid,
                       struct span tag)
{
    int order = memcmp(source->uuid.bytes, uuid->bytes, GTID_UUID_SIZE);
    size_t common = source->tag_length < tag.len ? source->tag_length : tag.len;

    if (order == 0 && common > 0)
        order = memcmp(source->tag, tag.data, common);
    if (order == 0)
        order = (source->tag_length > tag.len) - (source->tag_length < tag.len);
    return order;
}

/* Index of the source, or where it would stand. */
static size_t find_source(const struct gtid_set *set, const struct gtid_uuid *uuid, struct span tag,
                          bool *ret_found)
{
    size_t low = 0;
    size_t high = set->count;

    /* Sets arrive sorted: look behind the last one first. */
    if (high > 0 && compare_key(&set->sources[high - 1], uuid, tag) < 0)
        low = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_key(&set->sources[middle], uuid, tag) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found = low < set->count && compare_key(&set->sources[low], uuid, tag) == 0;
    return low;
}

static struct gtid_source *insert_source(struct gtid_set *set, size_t at,
                                         const struct gtid_uuid *uuid, struct span tag)
{
    struct gtid_source *source;

    if (set->count == set->cap) {
        set->cap = set->cap ? set->cap * 2 : 4;
        set->sources = mem_realloc(set->sources, set->cap * sizeof *set->sources);
    }
    source = set->sources + at;
    memmove(source + 1, source, (set->count - at) * sizeof *source);
    set->count++;
    *source = (struct gtid_source){.uuid = *uuid, .tag_length = (uint8_t)tag.len};
    if (tag.len)
        memcpy(source->tag, tag.data, tag.len);
    return source;
}

static struct gtid_source *get_source(struct gtid_set *set, const struct gtid_uuid *uuid,
                                      struct span tag)
{
    bool found;
    size_t at = find_source(set, uuid, tag, &found);

    return found ? &set->sources[at] : insert_source(set, at, uuid, tag);
}

static void reserve_intervals(struct gtid_source *source, size_t cap)
{
    if (cap <= source->cap)
        return;
    source->cap = cap;
    source->intervals = mem_realloc(source->intervals, cap * sizeof *source->intervals);
}

/* Appends without looking; joins with the last interval when it starts in or right after it. */
static void append_interval(struct gtid_source *source, int64_t first, int64_t last)
{
    struct gtid_interval *end = source->count ? &source->intervals[source->count - 1] : NULL;

    if (end && first >= end->first && first - 1 <= end->last) {
        if (last > end->last)
            end->last = last;
        return;
    }
    if (source->count == source->cap)
        reserve_intervals(source, source->cap ? source->cap * 2 : 2);
    source->intervals[source->count++] = (struct gtid_interval){first, last};
}

static int compare_interval(const void *a, const void *b)
{
    const struct gtid_interval *left = a;
    const struct gtid_interval *right = b;

    return (left->first > right->first) - (left->first < right->first);
}

/* Sorts and joins intervals that were appended in any order. */
static void normalise(struct gtid_source *source)
{
    size_t count = source->count;
    bool sorted = true;

    for (size_t i = 1; i < count; i++)
        sorted &= source->intervals[i - 1].last < source->intervals[i].first - 1;
    if (sorted)
        return;
    qsort(source->intervals, count, sizeof *source->intervals, compare_interval);
    source->count = 0;
    for (size_t i = 0; i < count; i++)
        append_interval(source, source->intervals[i].first, source->intervals[i].last);
}

/* Normalises all sources and takes out those that have no interval. */
static void normalise_all(struct gtid_set *set)
{
    size_t kept = 0;

    for (size_t i = 0; i < set->count; i++) {
        if (set->sources[i].count == 0) {
            mem_free(set->sources[i].intervals);
            continue;
        }
        normalise(&set->sources[i]);
        set->sources[kept++] = set->sources[i];
    }
    set->count = kept;
}

void gtid_set_copy(struct gtid_set *into, const struct gtid_set *from)
{
    struct gtid_set copy;

    gtid_set_init(&copy);
    if (from->count > 0) {
        copy.cap = from->count;
        copy.sources = mem_alloc(copy.cap * sizeof *copy.sources);
    }
    for (size_t i = 0; i < from->count; i++) {
        const struct gtid_source *source = &from->sources[i];
        struct gtid_source *made = insert_source(&copy, i, &source->uuid, tag_of(source));

        reserve_intervals(made, source->count);
        memcpy(made->intervals, source->intervals, source->count * sizeof *made->intervals);
        made->count = source->count;
    }
    gtid_set_done(into);
    *into = copy;
}

/* Index of the first interval that ends at `number` or later. */
static size_t find_interval(const struct gtid_source *source, int64_t number)
{
    size_t low = 0;
    size_t high = source->count;

    if (high > 0 && source->intervals[high - 1].last < number)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (source->intervals[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void gtid_set_add(struct gtid_set *set, const struct gtid_uuid *uuid, struct span tag,
                  int64_t first, int64_t last)
{
    struct gtid_source *source = get_source(set, uuid, tag);
    size_t from = find_interval(source, first - 1);
    size_t to = from;
    struct gtid_interval added = {first, last};

    /* All of from..to touch the new one and become part of it. */
    while (to < source->count && source->intervals[to].first - 1 <= last) {
        if (source->intervals[to].first < added.first)
            added.first = source->intervals[to].first;
        if (source->intervals[to].last > added.last)
            added.last = source->intervals[to].last;
        to++;
    }
    if (to == from) {
        if (source->count == source->cap)
            reserve_intervals(source, source->cap ? source->cap * 2 : 2);
        memmove(source->intervals + from + 1, source->intervals + from,
                (source->count - from) * sizeof added);
        source->count++;
    } else {
        memmove(source->intervals + from + 1, source->intervals + to,
                (source->count - to) * sizeof added);
        source->count -= to - from - 1;
    }
    source->intervals[from] = added;
}

static void union_source(struct gtid_source *source, const struct gtid_source *other)
{
    struct gtid_source merged = *source;
    size_t i = 0;
    size_t j = 0;

    merged.intervals = NULL;
    merged.count = merged.cap = 0;
    reserve_intervals(&merged, source->count + other->count);
    while (i < source->count || j < other->count) {
        const struct gtid_interval *next;

        if (j == other->count ||
            (i < source->count && source->intervals[i].first <= other->intervals[j].first))
            next = &source->intervals[i++];
        else
            next = &other->intervals[j++];
        append_interval(&merged, next->first, next->last);
    }
    mem_free(source->intervals);
    *source = merged;
}

void gtid_set_union(struct gtid_set *set, const struct gtid_set *other)
{
    if (set == other)
        return;
    for (size_t i = 0; i < other->count; i++) {
        const struct gtid_source *source = &other->sources[i];

        union_source(get_source(set, &source->uuid, tag_of(source)), source);
    }
}

static void subtract_source(struct gtid_source *source, const struct gtid_source *other)
{
    struct gtid_source left = *source;
    size_t j = 0;

    left.intervals = NULL;
    left.count = left.cap = 0;
    reserve_intervals(&left, source->count + other->count);
    for (size_t i = 0; i < source->count; i++) {
        int64_t first = source->intervals[i].first;
        int64_t last = source->intervals[i].last;

        while (j < other->count && other->intervals[j].last < first)
            j++;
        /* An interval of the other may also reach into the next of ours: j stays on it. */
        for (; j < other->count && other->intervals[j].first <= last; j++) {
            if (other->intervals[j].first > first)
                append_interval(&left, first, other->intervals[j].first - 1);
            first = other->intervals[j].last + 1;
            if (first > last)
                break;
        }
        if (first <= last)
            append_interval(&left, first, last);
    }
    mem_free(source->intervals);
    *source = left;
}

static const struct gtid_source *match(const struct gtid_set *set, const struct gtid_source *source)
{
    bool found;
    size_t at = find_source(set, &source->uuid, tag_of(source), &found);

    return found ? &set->sources[at] : NULL;
}

void gtid_set_subtract(struct gtid_set *set, const struct gtid_set *other)
{
    if (set == other) {
        gtid_set_clear(set);
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct gtid_source *source = match(other, &set->sources[i]);

        if (source)
            subtract_source(&set->sources[i], source);
    }
    normalise_all(set);
}

void gtid_set_intersect(struct gtid_set *set, const struct gtid_set *other)
{
    struct gtid_set outside;

    gtid_set_init(&outside);
    gtid_set_copy(&outside, set);
    gtid_set_subtract(&outside, other);
    gtid_set_subtract(set, &outside);
    gtid_set_done(&outside);
}

bool gtid_set_has(const struct gtid_set *set, const struct gtid_uuid *uuid, struct span tag,
                  int64_t number)
{
    return gtid_set_has_range(set, uuid, tag, number, number);
}

bool gtid_set_has_range(const struct gtid_set *set, const struct gtid_uuid *uuid, struct span tag,
                        int64_t first, int64_t last)
{
    bool found;
    size_t at = find_source(set, uuid, tag, &found);
    const struct gtid_source *source;
    size_t interval;

    if (!found)
        return false;
    source = &set->sources[at];
    interval = find_interval(source, first);
    return interval < source->count && source->intervals[interval].first <= first &&
           source->intervals[interval].last >= last;
}

bool gtid_set_contains(const struct gtid_set *set, const struct gtid_set *subset)
{
    for (size_t i = 0; i < subset->count; i++) {
        const struct gtid_source *part = &subset->sources[i];
        const struct gtid_source *whole = match(set, part);
        size_t j = 0;

        if (!whole)
            return false;
        for (size_t k = 0; k < part->count; k++) {
            while (j < whole->count && whole->intervals[j].last < part->intervals[k].first)
                j++;
            if (j == whole->count || whole->intervals[j].first > part->intervals[k].first ||
                whole->intervals[j].last < part->intervals[k].last)
                return false;
        }
    }
    return true;
}

bool gtid_set_equal(const struct gtid_set *a, const struct gtid_set *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct gtid_source *left = &a->sources[i];
        const struct gtid_source *right = &b->sources[i];

        if (compare_key(left, &right->uuid, tag_of(right)) != 0 || left->count != right->count ||
            memcmp(left->intervals, right->intervals, left->count * sizeof *left->intervals) != 0)
            return false;
    }
    return true;
}

bool gtid_set_is_empty(const struct gtid_set *set)
{
    return set->count == 0;
}

uint64_t gtid_set_size(const struct gtid_set *set)
{
    uint64_t size = 0;

    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = 0; j < set->sources[i].count; j++) {
            const struct gtid_interval *interval = &set->sources[i].intervals[j];
            uint64_t more = (uint64_t)(interval->last - interval->first) + 1;

            size = size > UINT64_MAX - more ? UINT64_MAX : size + more;
        }
    }
    return size;
}

static bool decode_entry(struct cursor *cur, bool tagged, struct gtid_set *set, struct err *err)
{
    struct gtid_uuid uuid = {0};
    struct span bytes = cursor_bytes(cur, GTID_UUID_SIZE);
    struct span tag = {0};
    struct gtid_source *source;
    uint64_t count;

    if (bytes.len)
        memcpy(uuid.bytes, bytes.data, bytes.len);
    if (tagged) {
        uint8_t length = cursor_u8(cur);

        tag = cursor_bytes(cur, length / 2);
        if (length % 2 != 0 || !gtid_tag_valid(tag))
            return err_set(err, E_PROTO, 0, "GTID set: tag of %u bytes is not a name of up to %d",
                           length / 2, GTID_TAG_MAX);
    }
    count = cursor_u64(cur);
    if (!cursor_ok(cur) || count > cursor_left(cur) / INTERVAL_SIZE)
        return err_set(err, E_PROTO, 0, "GTID set: %llu intervals in %zu bytes",
                       (unsigned long long)count, cursor_left(cur));
    source = get_source(set, &uuid, tag);
    reserve_intervals(source, source->count + (size_t)count);
    for (uint64_t i = 0; i < count; i++) {
        int64_t first = (int64_t)cursor_u64(cur);
        int64_t end = (int64_t)cursor_u64(cur);

        if (first < 1 || end <= first)
            return err_set(err, E_PROTO, 0, "GTID set: interval from %lld to before %lld",
                           (long long)first, (long long)end);
        append_interval(source, first, end - 1);
    }
    return true;
}

bool gtid_set_decode(struct span bytes, struct gtid_set *set, struct err *err)
{
    struct cursor cur = cursor_of(bytes);
    uint64_t head = cursor_u64(&cur);
    bool tagged = (head & TAGGED_MARK) == TAGGED_MARK && head >> 56 == 1;
    uint64_t count = tagged ? head >> 8 & TAGGED_COUNT_MAX : head;
    struct gtid_set made;

    if (!cursor_ok(&cur) ||
        count > cursor_left(&cur) / (tagged ? TAGGED_ENTRY_MIN : CLASSIC_ENTRY_MIN))
        return err_set(err, E_PROTO, 0, "GTID set: %llu entries in %zu bytes",
                       (unsigned long long)count, bytes.len);
    gtid_set_init(&made);
    for (uint64_t i = 0; i < count; i++) {
        if (!decode_entry(&cur, tagged, &made, err)) {
            gtid_set_done(&made);
            return false;
        }
    }
    if (!cursor_end(&cur)) {
        gtid_set_done(&made);
        return err_set(err, E_PROTO, 0, "GTID set: %zu bytes after its %llu entries",
                       cursor_left(&cur), (unsigned long long)count);
    }
    normalise_all(&made);
    gtid_set_done(set);
    *set = made;
    return true;
}

void gtid_set_encode(struct buf *buf, const struct gtid_set *set)
{
    bool tagged = false;

    for (size_t i = 0; i < set->count; i++)
        tagged |= set->sources[i].tag_length > 0;
    buf_u64(buf, tagged ? TAGGED_MARK | (uint64_t)set->count << 8 : set->count);
    for (size_t i = 0; i < set->count; i++) {
        const struct gtid_source *source = &set->sources[i];

        buf_bytes(buf, span_of(source->uuid.bytes, GTID_UUID_SIZE));
        if (tagged) {
            buf_u8(buf, (uint8_t)(source->tag_length * 2));
            buf_bytes(buf, tag_of(source));
        }
        buf_u64(buf, source->count);
        for (size_t j = 0; j < source->count; j++) {
            buf_u64(buf, (uint64_t)source->intervals[j].first);
            buf_u64(buf, (uint64_t)source->intervals[j].last + 1);
        }
    }
}

static void print(struct buf *buf, const struct gtid_set *set, const char *separator)
{
    char uuid[GTID_UUID_TEXT + 1];

    for (size_t i = 0; i < set->count; i++) {
        const struct gtid_source *source = &set->sources[i];
        bool same = i > 0 &&
                    memcmp(source->uuid.bytes, set->sources[i - 1].uuid.bytes, GTID_UUID_SIZE) == 0;

        if (!same) {
            gtid_uuid_print(&source->uuid, uuid);
            buf_printf(buf, "%s%s", i > 0 ? separator : "", uuid);
        }
        if (source->tag_length) {
            buf_u8(buf, ':');
            buf_bytes(buf, tag_of(source));
        }
        for (size_t j = 0; j < source->count; j++) {
            buf_printf(buf, ":%lld", (long long)source->intervals[j].first);
            if (source->intervals[j].last != source->intervals[j].first)
                buf_printf(buf, "-%lld", (long long)source->intervals[j].last);
        }
    }
}

void gtid_set_print(struct buf *buf, const struct gtid_set *set)
{
    print(buf, set, ",");
}

void gtid_set_print_lines(struct buf *buf, const struct gtid_set *set)
{
    print(buf, set, ",\n");
}

/* One word of the text: up to a separator, without the white space around it. */
struct word {
    struct span text;
    uint8_t separator; /* ':' or ','; 0 at the end */
};

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct word next_word(struct cursor *cur)
{
    struct word word = {{cur->rest.data, 0}, 0};

    while (cursor_left(cur) > 0) {
        uint8_t c = cursor_u8(cur);

        if (c == ':' || c == ',') {
            word.separator = c;
            break;
        }
        if (word.text.len == 0 && is_space(c))
            word.text.data = cur->rest.data;
        else
            word.text.len++;
    }
    while (word.text.len > 0 && is_space(word.text.data[word.text.len - 1]))
        word.text.len--;
    return word;
}

static void skip_space(struct cursor *cur)
{
    while (cursor_left(cur) > 0 && is_space(cur->rest.data[0]))
        cursor_skip(cur, 1);
}

static bool parse_number(struct cursor *cur, int64_t *ret_number)
{
    uint64_t number;

    skip_space(cur);
    if (!cursor_decimal(cur, GTID_NUMBER_LAST, &number))
        return false;
    skip_space(cur);
    *ret_number = (int64_t)number;
    return true;
}

static bool parse_interval(struct span text, int64_t *ret_first, int64_t *ret_last)
{
    struct cursor cur = cursor_of(text);

    if (!parse_number(&cur, ret_first))
        return false;
    *ret_last = *ret_first;
    if (cursor_left(&cur) > 0 && (cursor_u8(&cur) != '-' || !parse_number(&cur, ret_last)))
        return false;
    return cursor_end(&cur) && *ret_first >= 1;
}

static bool parse_error(struct span text, const char *expected, struct err *err)
{
    return err_set(err, E_USAGE, 0, "GTID set: '%.*s' found, expected %s",
                   (int)(text.len < 50 ? text.len : 50), (const char *)text.data, expected);
}

/* What follows a UUID up to the next comma: intervals, and tags with theirs. */
static bool parse_entry(struct cursor *cur, const struct gtid_uuid *uuid, struct gtid_set *set,
                        struct err *err)
{
    char tag[GTID_TAG_MAX];
    size_t tag_length = 0;
    struct word word;

    do {
        int64_t first;
        int64_t last;

        word = next_word(cur);
        if (word.text.len == 0)
            continue;
        if (word.text.data[0] >= '0' && word.text.data[0] <= '9') {
            if (!parse_interval(word.text, &first, &last))
                return parse_error(word.text, "an interval", err);
            if (first <= last) /* the server takes 5-3 for nothing */
                append_interval(get_source(set, uuid, span_of(tag, tag_length)), first, last);
            continue;
        }
        if (word.text.len > GTID_TAG_MAX)
            return parse_error(word.text, "a tag of up to 32 characters", err);
        tag_length = word.text.len;
        for (size_t i = 0; i < tag_length; i++) {
            uint8_t c = word.text.data[i];

            tag[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        }
        if (!gtid_tag_valid(span_of(tag, tag_length)))
            return parse_error(word.text, "an interval or a tag", err);
    } while (word.separator == ':');
    return true;
}

bool gtid_set_parse(struct span text, struct gtid_set *set, struct err *err)
{
    struct cursor cur = cursor_of(text);
    struct gtid_set made;
    bool good = true;

    gtid_set_init(&made);
    while (good && cursor_left(&cur) > 0) {
        struct word word = next_word(&cur);
        struct gtid_uuid uuid;

        if (word.text.len == 0 && word.separator != ':')
            continue;
        good = gtid_uuid_parse(word.text, &uuid, err);
        if (good && word.separator != ':')
            good = parse_error(word.text, "':' and an interval after the UUID", err);
        good = good && parse_entry(&cur, &uuid, &made, err);
    }
    if (!good) {
        gtid_set_done(&made);
        return false;
    }
    normalise_all(&made);
    gtid_set_done(set);
    *set = made;
    return true;
}
