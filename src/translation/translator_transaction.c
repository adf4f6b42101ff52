#include "translation/translator_internal.h"

struct buf *translator_to(struct translator *translator, struct buf *out)
{
    return translator->open.open && !translator->open.straight ? &translator->held : out;
}

bool translator_put(struct translator *translator, const struct event_header *like, uint8_t type,
                    struct span body, struct buf *out, struct err *err)
{
    struct event_header header = *like;

    header.type = type;
    return view_append(&translator->writer, translator_to(translator, out), &header, body, err);
}

void transaction_bar(struct translator *translator)
{
    if (translator->dependencies)
        dependencies_bar(translator->dependencies);
}

static void ask_for_keys(struct translator *translator, uint64_t offset)
{
    const struct key_source *keys = &translator->options.keys;

    if (translator->dependencies)
        dependencies_begin(translator->dependencies,
                           keys->at ? keys->at(keys->userdata, translator->file, offset) : NULL);
}

int64_t transaction_number(struct translator *translator, enum transaction_end end,
                           int64_t *ret_last)
{
    const struct transaction *open = &translator->open;
    int64_t number = ++translator->clock;

    if (end != END_COMMIT || open->statements || open->ddl)
        transaction_bar(translator);
    *ret_last =
        translator->dependencies ? dependencies_end(translator->dependencies, number) : number - 1;
    return number;
}

void transaction_begin(struct translator *translator, const struct plain_event *event)
{
    buf_clear(&translator->held);
    ask_for_keys(translator, event->offset);
    translator->open = (struct transaction){
        .open = true,
        .head = event->header,
        .last_time = event->header.timestamp,
    };
}

void transaction_forget(struct translator *translator)
{
    buf_clear(&translator->held);
    translator->open = (struct transaction){0};
}

/* The GTID, and what is held after it. */
static bool let_go(struct translator *translator, enum transaction_end end, struct buf *out,
                   struct err *err)
{
    bool wrote = translator->options.to == DIALECT_MARIADB
                     ? translator_write_gtid_mariadb(translator, end, out, err)
                     : translator_write_gtid_mysql(translator, end, out, err);

    if (!wrote)
        return false;
    buf_bytes(out, buf_span(&translator->held));
    buf_clear(&translator->held);
    return true;
}

bool transaction_let_long_go(struct translator *translator, struct buf *out, struct err *err)
{
    struct transaction *open = &translator->open;

    if (!open->open || open->straight || translator->held.len <= TRANSLATOR_HELD_MAX)
        return true;
    open->straight = true;
    if (open->xa)
        return let_go(translator, END_PREPARED, out, err);
    return let_go(translator, open->inside ? END_QUERY : END_STATEMENT, out, err);
}

bool transaction_end(struct translator *translator, enum transaction_end end, struct buf *out,
                     struct err *err)
{
    if (!translator->open.straight && !let_go(translator, end, out, err))
        return false;
    transaction_forget(translator);
    return true;
}
