/* Translates whole binlog files, for tests: the GTIDs before a file are what its own head says. */
#pragma once

#include "binlog/gtid_list.h"
#include "binlog/gtid_set.h"
#include "binlog/reader.h"
#include "translation/translator.h"

#define TRANSLATION_MAX (1 << 26)

struct translation {
    struct translator *translator;
    struct gtid_set executed;
    struct gtid_list list;
    struct buf out; /* the view's file */
};

static inline void translation_init_of(struct translation *translation,
                                       const struct translator_options *options)
{
    translation->translator = translator_new(options);
    gtid_set_init(&translation->executed);
    gtid_list_init(&translation->list);
    buf_init(&translation->out, TRANSLATION_MAX);
}

/* `resolver` may be NULL. */
static inline void translation_init_with(struct translation *translation, enum dialect to,
                                         const struct gtid_resolver *resolver)
{
    struct translator_options options = {.to = to,
                                         .domain = 5,
                                         .server_id = 99,
                                         .accounts = ACCOUNTS_REPLICATE,
                                         .resolver = resolver};

    translation_init_of(translation, &options);
}

static inline void translation_init(struct translation *translation, enum dialect to)
{
    translation_init_with(translation, to, NULL);
}

static inline void translation_done(struct translation *translation)
{
    translator_free(translation->translator);
    gtid_set_done(&translation->executed);
    gtid_list_done(&translation->list);
    buf_done(&translation->out);
}

/* The state at the head of a file; false when there is none. The window is moved behind it. */
static inline bool translation_state(struct translation *translation, struct span bytes,
                                     enum format_family *ret_family, struct span *ret_format,
                                     struct err *err)
{
    struct reader reader;
    struct reader_event event;
    bool found = false;

    reader_init(&reader);
    for (int i = 0; i < 2; i++) {
        if (!reader_next(&reader, &bytes, &event, err))
            return false;
        if (event.header.type == EVENT_FORMAT_DESCRIPTION)
            *ret_format = event.bytes;
        if (event.header.type == EVENT_PREVIOUS_GTIDS)
            found = gtid_set_decode(event.body, &translation->executed, err);
        if (event.header.type == EVENT_MARIADB_GTID_LIST)
            found = gtid_list_decode(event.body, &translation->list, err);
    }
    *ret_family = reader.format.family;
    if (!found)
        *err = (struct err){.class = E_NONE};
    return found;
}

/* All of a file, appended to out. */
static inline bool translate_bytes(struct translation *translation, struct span bytes,
                                   struct err *err)
{
    static const uint8_t magic[READER_MAGIC_SIZE] = {0xfe, 'b', 'i', 'n'};
    struct translator_state state = {0};
    enum format_family family = FORMAT_MYSQL;
    struct span format = {0};
    struct reader reader;
    struct reader_event event;
    bool known = translation_state(translation, bytes, &family, &format, err);

    if (!known && err->class != E_NONE)
        return false;
    if (known && family == FORMAT_MYSQL)
        state.executed = &translation->executed;
    if (known && family == FORMAT_MARIADB)
        state.list = &translation->list;
    buf_clear(&translation->out);
    buf_bytes(&translation->out, span_of(magic, sizeof magic));
    if (!translator_file(translation->translator, "mysql-bin.000007",
                         READER_MAGIC_SIZE + format.len, format, &state, &translation->out, err))
        return false;
    reader_init(&reader);
    for (;;) {
        if (!reader_next(&reader, &bytes, &event, err))
            return false;
        if (event.bytes.len == 0)
            return true;
        if (!translator_take(translation->translator, event.bytes, &translation->out, err))
            return false;
    }
}
