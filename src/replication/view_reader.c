#include "replication/view_reader.h"

#include "base/mem.h"
#include "log/lookup.h"
#include "log/offset_maps.h"

#include <inttypes.h>
#include <stdio.h>

#define BATCH     ((size_t)256 << 10) /* bytes: a batch ends when it has so many */
#define BATCH_MAX ((size_t)EVENT_LENGTH_MAX * 2)
#define KEEP_MAX  ((size_t)4 << 20) /* a larger batch's memory is given back */

struct view_reader {
    struct mirror *mirror;
    struct log_reader *log;
    struct translator *translator;
    struct translator_options options;
    struct log_position from;
    bool begun;   /* `from` is behind */
    bool failed;  /* `why`, once what stands before it was given */
    bool stopped; /* the last error was the translator's */
    struct err why;
    bool refuses; /* the transaction at hand was given up, for `refusal` */
    bool refused; /* the batch given last stands in its place */
    struct err refusal;

    struct log_position place;   /* the source's: of the next event to take */
    char name[LOG_NAME_MAX + 1]; /* of the view's file */
    struct buf format;           /* of the source's file */
    uint64_t start;              /* where that begins in the log */
    bool waits;                  /* for what tells the GTIDs before it */
    struct buf head;             /* of the view's file */
    size_t format_size;          /* of the event that it begins with */
    bool file_due;               /* its FILE batch */
    bool head_due;               /* and its head, as events */

    bool records;
    bool durable;           /* what is recorded */
    struct offset_map *map; /* of the file; NULL: nothing is recorded */
    struct buf ends;        /* struct offset_pair: those that the map lacks, perhaps */
    struct offset_pair end; /* the latest of them */

    struct cursor left;  /* the source's events that were not taken; borrowed from `log` */
    struct buf out;      /* the batch given last */
    struct buf left_out; /* struct view_left_out: what it is without */

    const struct dump_limits *limits; /* NULL: none */
    struct buf marks;                 /* struct view_mark: of what was not given before */
};

/* A transaction: where it begins. */
struct view_mark {
    uint64_t view_offset;
    uint64_t source_offset; /* in the same file */
    enum view_verdict verdict;
};

bool view_reader_open(struct mirror *mirror, const struct translator_options *options,
                      const struct log_position *from, size_t read_buffer,
                      struct view_reader **ret_reader, struct err *err)
{
    struct log_position start = *from;
    struct view_reader *reader;
    struct log_reader *log;
    struct log_file file;

    if (from->name[0] != '\0') {
        if (!mirror_find(mirror, from->name, &file, err))
            return false;
        start.offset = file.start;
    }
    if (!log_reader_open(mirror, &start, read_buffer, &log, err))
        return false;
    log_reader_set_whole(log);
    reader = mem_alloc(sizeof *reader);
    reader->mirror = mirror;
    reader->log = log;
    reader->translator = translator_new(options);
    reader->options = *options;
    reader->from = *from;
    reader->begun = from->name[0] == '\0' || from->offset <= start.offset;
    reader->left = cursor_of((struct span){0});
    reader->place = start;
    buf_init(&reader->format, BATCH_MAX);
    buf_init(&reader->head, BATCH_MAX);
    buf_init(&reader->out, BATCH_MAX);
    buf_init(&reader->ends, SIZE_MAX / 2);
    buf_init(&reader->left_out, SIZE_MAX / 2);
    buf_init(&reader->marks, SIZE_MAX / 2);
    *ret_reader = reader;
    return true;
}

void view_reader_close(struct view_reader *reader)
{
    if (!reader)
        return;
    log_reader_close(reader->log);
    translator_free(reader->translator);
    offset_map_close(reader->map);
    buf_done(&reader->ends);
    buf_done(&reader->left_out);
    buf_done(&reader->marks);
    buf_done(&reader->format);
    buf_done(&reader->head);
    buf_done(&reader->out);
    mem_free(reader);
}

void view_reader_record(struct view_reader *reader, bool durable)
{
    reader->records = true;
    reader->durable = durable;
}

void view_reader_limit(struct view_reader *reader, const struct dump_limits *limits)
{
    reader->limits = limits;
}

/* ---- Errors ---- */

static bool fail_translating(struct view_reader *reader, struct err *err)
{
    reader->stopped = err->class != E_IO && err->class != E_BUG && err->class != E_TIMEOUT;
    return err_prefix(err, "%s:%" PRIu64, reader->place.name, reader->place.offset);
}

static bool fail_place(const struct view_reader *reader, struct err *err)
{
    return err_set(err, E_USAGE, 0, "%s:%" PRIu64 ": no transaction begins there",
                   reader->from.name, reader->from.offset);
}

/* ---- Recording where transactions end ---- */

static void note(struct view_reader *reader, uint64_t source_offset)
{
    struct offset_pair end = {.view = translator_offset(reader->translator),
                              .source = source_offset};

    if (!reader->map || end.view <= reader->end.view)
        return;
    buf_bytes(&reader->ends, span_of(&end, sizeof end));
    reader->end = end;
}

/* What is given now. Of a transaction that goes out as it comes, the end is not there yet. */
static bool record(struct view_reader *reader, struct err *err)
{
    const struct offset_pair *ends;

    note(reader, reader->end.source);
    ends = (const void *)reader->ends.data;
    if (reader->ends.len > 0 &&
        !offset_map_append(reader->map, ends, reader->ends.len / sizeof *ends, reader->durable,
                           err))
        return false;
    buf_clear(&reader->ends);
    return true;
}

/* The map of the file that begins. Of one that is being purged none is needed. */
static bool begin_map(struct view_reader *reader, struct err *err)
{
    struct offset_pair first = {.view = translator_offset(reader->translator),
                                .source = reader->place.offset};
    char mark[TRANSLATOR_MARK_SIZE];

    reader->end = first;
    if (!reader->records)
        return true;
    offset_map_close(reader->map);
    reader->map = NULL;
    translator_view_mark(&reader->options, mark);
    return offset_map_open(reader->mirror, reader->place.name, mark, first, &reader->map, err) ||
           err->class == E_STATE;
}

/* ---- Taking the log's events ---- */

static bool translate_head(struct view_reader *reader, struct err *err)
{
    struct log_position at = reader->place;
    struct translator_state known = {0};
    struct event_header header;
    struct log_state state;
    bool good;

    at.offset = reader->start;
    buf_clear(&reader->head);
    log_state_init(&state);
    good = log_state_at(reader->mirror, &at, &state, err);
    if (good) {
        known.executed = state.kind == LOG_STATE_MYSQL ? &state.set : NULL;
        known.list = state.kind == LOG_STATE_MARIADB ? &state.list : NULL;
        good = translator_file(reader->translator, at.name, at.offset, buf_span(&reader->format),
                               &known, &reader->head, err) ||
               fail_translating(reader, err);
    }
    log_state_done(&state);
    if (!good || !event_header_decode(buf_span(&reader->head), &header, err))
        return false;
    if (!translator_view_name(at.name, &reader->options, reader->name, sizeof reader->name))
        return err_set(err, E_STATE, 0, "%s: its name is too long for a view's", at.name);
    reader->format_size = header.length;
    return true;
}

/* Another file of the log. The GTIDs before it stand behind its format description. */
static bool take_file(struct view_reader *reader, const struct log_batch *batch, struct err *err)
{
    bool first = reader->format.len == 0;

    if (!first && !reader->begun)
        return fail_place(reader, err);
    reader->place = (struct log_position){.offset = batch->offset};
    memcpy(reader->place.name, batch->name, strlen(batch->name) + 1);
    buf_clear(&reader->format);
    buf_bytes(&reader->format, batch->format);
    reader->start = batch->offset;
    reader->waits = true;
    return true;
}

/* Whether the place that was asked for is here; not yet when it is further on. */
static bool check_begun(struct view_reader *reader, struct err *err)
{
    if (reader->begun || reader->place.offset < reader->from.offset)
        return true;
    if (reader->place.offset > reader->from.offset || !translator_is_between(reader->translator))
        return fail_place(reader, err);
    reader->begun = reader->file_due = true;
    return true;
}

/* What follows a file's format description is there: the view's file can begin. */
static bool start_file(struct view_reader *reader, struct err *err)
{
    reader->waits = false;
    if (!translate_head(reader, err) || !begin_map(reader, err))
        return false;
    /* It gives nothing, and is counted: the numbers of transactions may be their offsets. */
    if (reader->start == LOG_FIRST_OFFSET &&
        !translator_take(reader->translator, buf_span(&reader->format), &reader->out, err))
        return fail_translating(reader, err);
    reader->file_due = reader->begun;
    reader->head_due = reader->begun && reader->start == LOG_FIRST_OFFSET;
    return check_begun(reader, err);
}

/*
 * What can not be translated: the transaction is given up, if it is one, with the reason. Its
 * event is taken again.
 */
static bool give_up(struct view_reader *reader, struct err *err)
{
    (void)fail_translating(reader, err);
    if (reader->refuses || (err->class != E_STATE && err->class != E_LIMIT) ||
        !translator_give_up(reader->translator))
        return false;
    reader->refusal = *err;
    reader->refuses = true;
    reader->stopped = false;
    return true;
}

static void note_left_out(struct view_reader *reader, uint64_t view_offset)
{
    const char *words = translator_left_out(reader->translator);
    struct view_left_out statement = {.view_offset = view_offset, .place = reader->place};

    if (!words || !reader->begun)
        return;
    (void)snprintf(statement.words, sizeof statement.words, "%s", words);
    buf_bytes(&reader->left_out, span_of(&statement, sizeof statement));
}

/* Of a transaction whose first event comes, before it is taken. */
static bool is_stop(const struct view_reader *reader)
{
    const struct gtid_set *executed = translator_borrow_executed(reader->translator);

    return dump_limits_reached_place(reader->limits, &reader->place) ||
           dump_limits_reached_set(reader->limits, executed);
}

static void put_mark(struct view_reader *reader, uint64_t view_offset, bool stops)
{
    const struct gtid *gtid = translator_borrow_gtid(reader->translator);
    struct view_mark mark = {
        .view_offset = view_offset,
        .source_offset = reader->place.offset,
        .verdict = VIEW_GIVE,
    };

    if (stops)
        mark.verdict = VIEW_STOP;
    else if (gtid && gtid_set_has(&reader->limits->has, &gtid->uuid, gtid->tag, gtid->number))
        mark.verdict = VIEW_LEAVE_OUT;
    buf_bytes(&reader->marks, span_of(&mark, sizeof mark));
}

/* Those of transactions that were given go. */
static void clear_marks(struct view_reader *reader)
{
    const struct view_mark *marks = (const void *)reader->marks.data;
    size_t count = reader->marks.len / sizeof *marks;
    uint64_t given = translator_offset(reader->translator);
    struct view_mark last;

    if (count == 0)
        return;
    last = marks[count - 1];
    buf_clear(&reader->marks);
    if (last.view_offset >= given && !translator_is_between(reader->translator))
        buf_bytes(&reader->marks, span_of(&last, sizeof last));
}

static bool translate(struct view_reader *reader, struct span event, struct err *err)
{
    uint64_t before = translator_offset(reader->translator);
    bool begins = reader->limits && translator_is_between(reader->translator);
    bool stops = begins && is_stop(reader);

    if (!translator_take(reader->translator, event, &reader->out, err))
        return give_up(reader, err);
    note_left_out(reader, before);
    /* One that is a single event, as a definition of MySQL 5.6 is, has begun and ended. */
    if (begins && (!translator_is_between(reader->translator) ||
                   translator_offset(reader->translator) > before))
        put_mark(reader, before, stops);
    cursor_skip(&reader->left, event.len);
    reader->place.offset += event.len;
    if (reader->refuses && translator_is_between(reader->translator)) {
        reader->refuses = false;
        reader->refused = reader->begun;
    }
    if (!reader->begun)
        buf_clear(&reader->out);
    if (translator_is_between(reader->translator))
        note(reader, reader->place.offset);
    return check_begun(reader, err);
}

static bool take_event(struct view_reader *reader, struct err *err)
{
    struct cursor cur = reader->left;
    struct event_header header;
    struct span event;

    if (!event_header_decode(cur.rest, &header, err))
        return false;
    if (reader->waits && header.type != EVENT_FORMAT_DESCRIPTION)
        return start_file(reader, err);
    event = cursor_bytes(&cur, header.length);
    if (!cursor_ok(&cur))
        return err_set(err, E_BUG, 0, "%s:%" PRIu64 ": an event that is not whole",
                       reader->place.name, reader->place.offset);
    if (!reader->waits)
        return translate(reader, event, err);
    cursor_skip(&reader->left, event.len);
    reader->place.offset += event.len;
    return true;
}

/*
 * Until there is enough for a batch, or nothing more was read, or a place's FILE batch is due. What
 * stands before an event that fails is given first, and what stands in the place of a transaction
 * that was given up by itself.
 */
static bool take_events(struct view_reader *reader, struct err *err)
{
    bool refuses = reader->refuses;

    while (cursor_left(&reader->left) > 0 && reader->out.len < BATCH && !reader->file_due &&
           !reader->refused) {
        size_t good = reader->out.len;

        if (reader->refuses != refuses && good > 0)
            return true;
        refuses = reader->refuses;
        if (take_event(reader, &reader->why))
            continue;
        if (good == 0) {
            *err = reader->why;
            return false;
        }
        reader->failed = true;
        reader->out.len = good;
        return true;
    }
    return true;
}

/* ---- Batches ---- */

static void give_file(struct view_reader *reader, struct log_batch *batch)
{
    *batch = (struct log_batch){
        .kind = LOG_BATCH_FILE,
        .offset = reader->head_due ? LOG_FIRST_OFFSET : translator_offset(reader->translator),
        .format = span_of(reader->head.data, reader->format_size),
    };
    reader->file_due = false;
}

static void give_head(struct view_reader *reader, struct log_batch *batch)
{
    *batch = (struct log_batch){
        .kind = LOG_BATCH_EVENTS,
        .offset = LOG_FIRST_OFFSET,
        .events = buf_span(&reader->head),
    };
    reader->head_due = false;
}

/* Of events that were taken; the buffer of a batch is large only as long as the batch is given. */
static void give_events(struct view_reader *reader, struct log_batch *batch)
{
    *batch = (struct log_batch){
        .kind = LOG_BATCH_EVENTS,
        .offset = translator_offset(reader->translator) - reader->out.len,
        .events = buf_span(&reader->out),
    };
}

static void clear_out(struct view_reader *reader)
{
    if (reader->out.cap > KEEP_MAX) {
        buf_done(&reader->out);
        buf_init(&reader->out, BATCH_MAX);
    }
    buf_clear(&reader->out);
}

/* Reads on: false in *ret_more when the log has nothing more now. */
static bool read_on(struct view_reader *reader, bool *ret_more, struct err *err)
{
    struct log_batch batch;

    if (!log_reader_next(reader->log, &batch, err))
        return false;
    *ret_more = batch.kind != LOG_BATCH_NONE;
    switch (batch.kind) {
    case LOG_BATCH_NONE:
        return true;
    case LOG_BATCH_FILE:
        return take_file(reader, &batch, err);
    case LOG_BATCH_EVENTS:
        reader->place.offset = batch.offset;
        reader->left = cursor_of(batch.events);
        return true;
    }
    return true;
}

bool view_reader_next(struct view_reader *reader, struct log_batch *ret_batch, struct err *err)
{
    struct log_batch batch = {.kind = LOG_BATCH_NONE};
    bool more = true;

    if (reader->failed) {
        *err = reader->why;
        return false;
    }
    reader->stopped = false;
    reader->refused = false;
    clear_out(reader);
    buf_clear(&reader->left_out);
    clear_marks(reader);
    while (batch.kind == LOG_BATCH_NONE && more) {
        if (reader->file_due) {
            give_file(reader, &batch);
        } else if (reader->head_due) {
            give_head(reader, &batch);
        } else if (cursor_left(&reader->left) == 0) {
            if (!read_on(reader, &more, err))
                return false;
        } else {
            if (!take_events(reader, err) || !record(reader, err))
                return false;
            if (!reader->file_due)
                give_events(reader, &batch);
        }
    }
    batch.name = reader->name;
    *ret_batch = batch;
    return true;
}

/* ---- The log's reader ---- */

bool view_reader_wait(struct view_reader *reader, int64_t deadline_usec, int interrupt_fd,
                      enum log_wait *ret, struct err *err)
{
    return log_reader_wait(reader->log, deadline_usec, interrupt_fd, ret, err);
}

bool view_reader_arm_closed(struct view_reader *reader)
{
    return log_reader_arm_closed(reader->log);
}

bool view_reader_at_end(const struct view_reader *reader)
{
    return !reader->file_due && !reader->head_due && cursor_left(&reader->left) == 0 &&
           log_reader_at_end(reader->log);
}

int view_reader_fd(const struct view_reader *reader)
{
    return log_reader_fd(reader->log);
}

void view_reader_set_buffer(struct view_reader *reader, size_t read_buffer)
{
    log_reader_set_buffer(reader->log, read_buffer);
}

void view_reader_place(const struct view_reader *reader, struct log_position *ret_place)
{
    *ret_place = reader->place;
}

bool view_reader_is_stopped(const struct view_reader *reader)
{
    return reader->stopped;
}

const struct err *view_reader_refusal(const struct view_reader *reader)
{
    return reader->refused ? &reader->refusal : NULL;
}

const struct view_left_out *view_reader_left_out(const struct view_reader *reader,
                                                 size_t *ret_count)
{
    const struct view_left_out *statements = (const void *)reader->left_out.data;

    *ret_count = reader->left_out.len / sizeof *statements;
    return statements;
}

static const struct view_mark *find_mark(const struct view_reader *reader, uint64_t view_offset)
{
    const struct view_mark *marks = (const void *)reader->marks.data;
    size_t first = 0;
    size_t end = reader->marks.len / sizeof *marks;

    while (first < end) {
        size_t middle = first + (end - first) / 2;

        if (marks[middle].view_offset == view_offset)
            return &marks[middle];
        if (marks[middle].view_offset < view_offset)
            first = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

uint64_t view_reader_last_without_gtid(const struct view_reader *reader)
{
    return translator_last_without_gtid(reader->translator);
}

enum view_verdict view_reader_verdict(const struct view_reader *reader, uint64_t view_offset)
{
    const struct view_mark *mark = find_mark(reader, view_offset);

    return mark ? mark->verdict : VIEW_GIVE;
}

uint64_t view_reader_source_offset(const struct view_reader *reader, uint64_t view_offset)
{
    const struct view_mark *mark = find_mark(reader, view_offset);

    return mark ? mark->source_offset : 0;
}

bool view_reader_is_stop(const struct view_reader *reader)
{
    return reader->place.name[0] != '\0' && translator_is_between(reader->translator) &&
           is_stop(reader);
}
