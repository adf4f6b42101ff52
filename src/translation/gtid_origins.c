#include "translation/gtid_origins.h"

#include "base/mem.h"
#include "translation/gtid_exchange.h"

#include <libdeflate.h>

#define MAGIC         "BorOrigs"
#define VERSION       1
#define CHECKSUM_SIZE 4
#define RUN_SIZE      28 /* bytes of these in a file, without what they carry */
#define BASE_SIZE     12
#define SOURCE_SIZE   17

struct source {
    struct gtid_uuid uuid;
    uint8_t tag_length;
    char tag[GTID_TAG_MAX];
};

/* Numbers one after the other of one source. */
struct run {
    uint64_t first; /* sequence number */
    uint64_t count;
    int64_t number; /* of the first */
    uint32_t source;
};

/* What was executed where the log begins, or where it goes on behind a jump of gtid_purged. */
struct base {
    uint64_t sequence;
    struct gtid_set executed;
};

struct gtid_origins {
    uint64_t last; /* sequence number */
    struct base *bases;
    size_t base_count;
    size_t base_cap;
    struct run *runs;
    size_t run_count;
    size_t run_cap;
    struct source *sources;
    size_t source_count;
    size_t source_cap;
};

/* Room for one more element of an array. */
static void *grow(void *array, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return array;
    *cap = *cap ? 2 * *cap : 4;
    return mem_realloc(array, *cap * size);
}

bool gtid_origin_equal(const struct gtid_origin *a, const struct gtid_origin *b)
{
    return a->number == b->number && memcmp(&a->uuid, &b->uuid, sizeof a->uuid) == 0 &&
           span_eq(span_of(a->tag, a->tag_length), span_of(b->tag, b->tag_length));
}

struct gtid_origins *gtid_origins_new(void)
{
    return mem_alloc(sizeof(struct gtid_origins));
}

void gtid_origins_free(struct gtid_origins *origins)
{
    if (!origins)
        return;
    for (size_t i = 0; i < origins->base_count; i++)
        gtid_set_done(&origins->bases[i].executed);
    mem_free(origins->bases);
    mem_free(origins->runs);
    mem_free(origins->sources);
    mem_free(origins);
}

/* ---- The log ---- */

static bool is_made_here(const struct gtid_uuid *uuid, size_t tag_length)
{
    uint32_t domain;
    uint32_t server_id;

    return tag_length == 0 && gtid_uuid_to_domain(uuid, &domain, &server_id);
}

/* Without those that came from MariaDB. */
static void copy_own(struct gtid_set *into, const struct gtid_set *from)
{
    gtid_set_init(into);
    for (size_t i = 0; i < from->count; i++) {
        const struct gtid_source *source = &from->sources[i];

        if (is_made_here(&source->uuid, source->tag_length))
            continue;
        for (size_t j = 0; j < source->count; j++)
            gtid_set_add(into, &source->uuid, span_of(source->tag, source->tag_length),
                         source->intervals[j].first, source->intervals[j].last);
    }
}

static struct base *add_base(struct gtid_origins *origins, uint64_t sequence)
{
    struct base *base;

    origins->bases = grow(origins->bases, origins->base_count, &origins->base_cap, sizeof *base);
    base = &origins->bases[origins->base_count++];
    base->sequence = sequence;
    gtid_set_init(&base->executed);
    return base;
}

bool gtid_origins_file(struct gtid_origins *origins, const struct gtid_set *executed,
                       struct err *err)
{
    uint64_t sequence = gtid_sequence_of_set(executed);

    if (sequence < origins->last)
        return err_set(err, E_STATE, 0,
                       "expected a file that begins with %llu GTIDs executed or more, found %llu",
                       (unsigned long long)origins->last, (unsigned long long)sequence);
    if (origins->base_count > 0 && sequence == origins->last)
        return true;
    copy_own(&add_base(origins, sequence)->executed, executed);
    origins->last = sequence;
    return true;
}

static struct source *add_source(struct gtid_origins *origins)
{
    origins->sources = grow(origins->sources, origins->source_count, &origins->source_cap,
                            sizeof *origins->sources);
    return &origins->sources[origins->source_count++];
}

static uint32_t need_source(struct gtid_origins *origins, const struct gtid_uuid *uuid,
                            struct span tag)
{
    struct source *source;

    for (size_t i = origins->source_count; i > 0; i--) {
        source = &origins->sources[i - 1];
        if (memcmp(&source->uuid, uuid, sizeof *uuid) == 0 &&
            span_eq(span_of(source->tag, source->tag_length), tag))
            return (uint32_t)(i - 1);
    }
    source = add_source(origins);
    *source = (struct source){.uuid = *uuid, .tag_length = (uint8_t)tag.len};
    if (tag.len > 0)
        memcpy(source->tag, tag.data, tag.len);
    return (uint32_t)(origins->source_count - 1);
}

static void add_run(struct gtid_origins *origins, const struct run *run)
{
    origins->runs = grow(origins->runs, origins->run_count, &origins->run_cap, sizeof *run);
    origins->runs[origins->run_count++] = *run;
}

void gtid_origins_add(struct gtid_origins *origins, const struct gtid_uuid *uuid, struct span tag,
                      int64_t number, uint64_t count)
{
    struct run *run = origins->run_count > 0 ? &origins->runs[origins->run_count - 1] : NULL;
    uint64_t first = origins->last + 1;
    uint32_t source;

    if (is_made_here(uuid, tag.len))
        return;
    source = need_source(origins, uuid, tag);
    origins->last += count;
    if (run && run->source == source && run->first + run->count == first &&
        run->number + (int64_t)run->count == number)
        run->count += count;
    else
        add_run(origins, &(struct run){first, count, number, source});
}

/* ---- What is known ---- */

void gtid_origins_bounds(const struct gtid_origins *origins, uint64_t *ret_first,
                         uint64_t *ret_last)
{
    *ret_first = origins->base_count > 0 ? origins->bases[0].sequence + 1 : 0;
    *ret_last = origins->last;
}

/* How many runs begin at a sequence number or before. */
static size_t runs_until(const struct gtid_origins *origins, uint64_t sequence)
{
    size_t low = 0;
    size_t high = origins->run_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (origins->runs[middle].first <= sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool gtid_origins_find(const struct gtid_origins *origins, uint64_t sequence,
                       struct gtid_origin *ret_origin)
{
    size_t count = runs_until(origins, sequence);
    const struct source *source;
    const struct run *run;

    if (count == 0)
        return false;
    run = &origins->runs[count - 1];
    if (sequence - run->first >= run->count)
        return false;
    source = &origins->sources[run->source];
    *ret_origin = (struct gtid_origin){
        .uuid = source->uuid,
        .tag_length = source->tag_length,
        .number = run->number + (int64_t)(sequence - run->first),
    };
    memcpy(ret_origin->tag, source->tag, sizeof source->tag);
    return true;
}

static struct span tag_of(const struct source *source)
{
    return span_of(source->tag, source->tag_length);
}

/* The last base at a sequence number or before it; NULL: the log begins later. */
static const struct base *base_before(const struct gtid_origins *origins, uint64_t sequence)
{
    for (size_t i = origins->base_count; i > 0; i--) {
        if (origins->bases[i - 1].sequence <= sequence)
            return &origins->bases[i - 1];
    }
    return NULL;
}

/* The first base at a sequence number or behind it; NULL: there is none. */
static const struct base *base_behind(const struct gtid_origins *origins, uint64_t sequence)
{
    for (size_t i = 0; i < origins->base_count; i++) {
        if (origins->bases[i].sequence >= sequence)
            return &origins->bases[i];
    }
    return NULL;
}

bool gtid_origins_executed(const struct gtid_origins *origins, uint64_t sequence,
                           struct gtid_set *set)
{
    const struct base *base = base_before(origins, sequence);

    if (!base || sequence > origins->last)
        return false;
    if (base->sequence < sequence) {
        struct gtid_origin known;

        /* Behind the base there is no gap before the next one. */
        if (!gtid_origins_find(origins, sequence, &known))
            return false;
    }
    gtid_set_union(set, &base->executed);
    for (size_t i = runs_until(origins, base->sequence);
         i < origins->run_count && origins->runs[i].first <= sequence; i++) {
        const struct run *run = &origins->runs[i];
        const struct source *source = &origins->sources[run->source];
        uint64_t count =
            sequence - run->first + 1 < run->count ? sequence - run->first + 1 : run->count;

        gtid_set_add(set, &source->uuid, tag_of(source), run->number,
                     run->number + (int64_t)count - 1);
    }
    return true;
}

/* Whether a set has what numbers without a run are: some of what a base behind them has. */
static bool holds_gap(const struct gtid_origins *origins, uint64_t last, const struct gtid_set *set)
{
    const struct base *base = base_behind(origins, last);

    return base && gtid_set_contains(set, &base->executed);
}

bool gtid_origins_held(const struct gtid_origins *origins, uint64_t first, uint64_t last,
                       const struct gtid_set *set)
{
    size_t i = runs_until(origins, first);

    for (i = i > 0 ? i - 1 : 0; i < origins->run_count && first <= last; i++) {
        const struct run *run = &origins->runs[i];
        const struct source *source = &origins->sources[run->source];
        uint64_t end = run->first + run->count - 1 < last ? run->first + run->count - 1 : last;

        if (run->first > last)
            break;
        if (end < first)
            continue;
        if (run->first > first) {
            if (!holds_gap(origins, run->first - 1, set))
                return false;
            first = run->first;
        }
        if (!gtid_set_has_range(set, &source->uuid, tag_of(source),
                                run->number + (int64_t)(first - run->first),
                                run->number + (int64_t)(end - run->first)))
            return false;
        first = end + 1;
    }
    return first > last || holds_gap(origins, last, set);
}

/* ---- As a file ---- */

static void encode_bases(struct buf *buf, const struct gtid_origins *origins)
{
    buf_u32(buf, (uint32_t)origins->base_count);
    for (size_t i = 0; i < origins->base_count; i++) {
        size_t size_at;

        buf_u64(buf, origins->bases[i].sequence);
        size_at = buf_reserve(buf, 4);
        gtid_set_encode(buf, &origins->bases[i].executed);
        if (!buf->bad)
            buf_patch_le(buf, size_at, buf->len - size_at - 4, 4);
    }
}

void gtid_origins_encode(struct buf *buf, const struct gtid_origins *origins, struct span name,
                         uint64_t offset)
{
    size_t start = buf->len;

    buf_str(buf, MAGIC);
    buf_u32(buf, VERSION);
    buf_u8(buf, (uint8_t)name.len);
    buf_bytes(buf, name);
    buf_u64(buf, offset);
    buf_u64(buf, origins->last);
    buf_u32(buf, (uint32_t)origins->source_count);
    for (size_t i = 0; i < origins->source_count; i++) {
        buf_bytes(buf, span_of(&origins->sources[i].uuid, GTID_UUID_SIZE));
        buf_u8(buf, origins->sources[i].tag_length);
        buf_bytes(buf, tag_of(&origins->sources[i]));
    }
    encode_bases(buf, origins);
    buf_u64(buf, origins->run_count);
    for (size_t i = 0; i < origins->run_count; i++) {
        buf_u64(buf, origins->runs[i].first);
        buf_u64(buf, origins->runs[i].count);
        buf_u64(buf, (uint64_t)origins->runs[i].number);
        buf_u32(buf, origins->runs[i].source);
    }
    if (!buf->bad)
        buf_u32(buf, libdeflate_crc32(0, buf->data + start, buf->len - start));
}

static bool fail_damaged(const char *what, struct err *err)
{
    return err_set(err, E_PROTO, 0, "damaged: %s", what);
}

static bool decode_sources(struct cursor *cur, struct gtid_origins *origins, struct err *err)
{
    uint32_t count = cursor_u32(cur);

    if (count > cursor_left(cur) / SOURCE_SIZE)
        return fail_damaged("more sources than there are bytes", err);
    for (uint32_t i = 0; i < count; i++) {
        struct span uuid = cursor_bytes(cur, GTID_UUID_SIZE);
        struct span tag = cursor_bytes(cur, cursor_u8(cur));
        struct source *source;

        if (!cursor_ok(cur) || tag.len > GTID_TAG_MAX || (tag.len > 0 && !gtid_tag_valid(tag)))
            return fail_damaged("a source's UUID or tag", err);
        source = add_source(origins);
        *source = (struct source){.tag_length = (uint8_t)tag.len};
        memcpy(&source->uuid, uuid.data, uuid.len);
        if (tag.len > 0)
            memcpy(source->tag, tag.data, tag.len);
    }
    return true;
}

static bool decode_bases(struct cursor *cur, struct gtid_origins *origins, struct err *err)
{
    uint32_t count = cursor_u32(cur);
    uint64_t least = 0;

    if (count > cursor_left(cur) / BASE_SIZE)
        return fail_damaged("more sets than there are bytes", err);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t sequence = cursor_u64(cur);
        struct span set = cursor_bytes(cur, cursor_u32(cur));
        struct base *base;

        if (!cursor_ok(cur) || sequence < least || sequence > origins->last)
            return fail_damaged("a set's sequence number", err);
        base = add_base(origins, sequence);
        if (!gtid_set_decode(set, &base->executed, err))
            return false;
        if (gtid_sequence_of_set(&base->executed) != sequence)
            return fail_damaged("a set that has not as many GTIDs as its number says", err);
        least = sequence + 1;
    }
    return true;
}

static bool decode_runs(struct cursor *cur, struct gtid_origins *origins, struct err *err)
{
    uint64_t count = cursor_u64(cur);
    uint64_t reached = 0;

    if (count != cursor_left(cur) / RUN_SIZE)
        return fail_damaged("other runs than there are bytes for", err);
    for (uint64_t i = 0; i < count; i++) {
        struct run run = {.first = cursor_u64(cur), .count = cursor_u64(cur)};
        uint64_t number = cursor_u64(cur);

        run.source = cursor_u32(cur);
        run.number = (int64_t)number;
        if (run.first <= reached || run.count == 0 || run.first > origins->last ||
            run.count - 1 > origins->last - run.first || number == 0 ||
            number > (uint64_t)GTID_NUMBER_LAST ||
            run.count - 1 > (uint64_t)GTID_NUMBER_LAST - number ||
            run.source >= origins->source_count)
            return fail_damaged("a run's numbers", err);
        add_run(origins, &run);
        reached = run.first + run.count - 1;
    }
    return true;
}

/* Where numbers are left out, the log goes on behind a base. */
static bool has_loose_gap(const struct gtid_origins *origins)
{
    const struct base *base = origins->base_count > 0 ? &origins->bases[0] : NULL;
    uint64_t reached = base ? base->sequence : 0;

    for (size_t i = 0; i < origins->run_count; i++) {
        const struct run *run = &origins->runs[i];

        if (run->first > reached + 1) {
            base = base_before(origins, run->first - 1);
            if (!base || base->sequence != run->first - 1)
                return true;
        }
        if (run->first + run->count - 1 > reached)
            reached = run->first + run->count - 1;
    }
    base = base_before(origins, origins->last);
    return reached != origins->last && !(base && base->sequence == origins->last);
}

/* What stands before the checksum. */
static bool check_whole(struct span bytes, struct span *ret_content, struct err *err)
{
    struct cursor cur = cursor_of(bytes);
    struct span magic = cursor_bytes(&cur, strlen(MAGIC));
    uint32_t version = cursor_u32(&cur);
    struct span content;
    struct cursor tail;

    if (!cursor_ok(&cur) || !span_eq(magic, span_str(MAGIC)) || cursor_left(&cur) < CHECKSUM_SIZE)
        return fail_damaged("not a file of origins", err);
    if (version != VERSION)
        return err_set(err, E_STATE, 0, "expected version %d, found %u", VERSION, version);
    tail = cursor_of(bytes);
    content = cursor_bytes(&tail, bytes.len - CHECKSUM_SIZE);
    if (cursor_u32(&tail) != libdeflate_crc32(0, content.data, content.len))
        return fail_damaged("its checksum", err);
    *ret_content = content;
    return true;
}

bool gtid_origins_decode(struct span bytes, struct gtid_origins **ret_origins,
                         struct span *ret_name, uint64_t *ret_offset, struct err *err)
{
    struct gtid_origins *origins;
    struct span content = {0};
    struct cursor cur;
    struct span name;
    uint64_t offset;
    bool good;

    if (!check_whole(bytes, &content, err))
        return false;
    cur = cursor_of(content);
    cursor_skip(&cur, strlen(MAGIC) + 4);
    name = cursor_bytes(&cur, cursor_u8(&cur));
    offset = cursor_u64(&cur);
    origins = gtid_origins_new();
    origins->last = cursor_u64(&cur);
    good = decode_sources(&cur, origins, err) && decode_bases(&cur, origins, err) &&
           decode_runs(&cur, origins, err) &&
           (!has_loose_gap(origins) || fail_damaged("numbers of no run", err)) &&
           (cursor_end(&cur) || fail_damaged("its end", err));
    if (!good) {
        gtid_origins_free(origins);
        return false;
    }
    *ret_origins = origins;
    *ret_name = name;
    *ret_offset = offset;
    return true;
}
