/*
 * The engine's answer to a SHOW, in pieces and as a whole: the same must come of it, and no byte
 * past those that were given is looked at. First byte: 1: descriptions end with a packet of their
 * own; 2: of COM_STMT_PREPARE, and 4: an EXECUTE was sent behind it; 8: MySQL 8's words; the rest
 * of it: how large the pieces are.
 */
#include "endpoint/show_answer.h"

#include <stdlib.h>

#define SIZE_MAX_TRIED 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(void *context, const struct source_engine_row *row, struct arena *arena,
                     struct source_fields *ret_fields)
{
    (void)context;
    (void)arena;
    *ret_fields = (struct source_fields){.count = 3,
                                         .fields = {{"Master_Host", row->file},
                                                    {"Master_Port", row->offset},
                                                    {"Last_IO_Error", row->io_error}}};
}

static void await(struct show_answer *answer, uint8_t flags)
{
    struct show_statement statement;
    const char *text = flags & 2   ? "SHOW REPLICA STATUS"
                       : flags & 8 ? "SHOW REPLICA STATUS; SHOW REPLICAS; SHOW BINARY LOGS"
                                   : "SHOW SLAVE STATUS; SHOW SLAVE HOSTS; SHOW MASTER LOGS";

    if (!show_statement_find(span_str(text), &statement))
        abort();
    show_answer_await(answer, &statement, flags & 2);
    if (flags & 4)
        show_answer_execute(answer, SHOW_STATEMENT_LAST);
}

/* What becomes of the bytes; false: they are no answer. */
static bool rewrite(struct span bytes, uint8_t flags, size_t step, struct buf *made)
{
    static const struct show_environment environment = {.compatibility = 3,
                                                        .describe_source = describe};
    struct show_answer answer;
    size_t taken = 0;
    bool good = true;

    show_answer_init(&answer, &environment, flags & 1);
    await(&answer, flags);
    while (good && answer.state != SHOW_NONE && taken < bytes.len) {
        size_t n = bytes.len - taken < step ? bytes.len - taken : step;
        /* In memory of its own, so that the sanitizer sees a read past its end. */
        uint8_t *copy = malloc(n);

        memcpy(copy, bytes.data + taken, n);
        good = show_answer_take(&answer, span_of(copy, n), made);
        free(copy);
        taken += n;
    }
    if (good)
        buf_bytes(made, span_of(bytes.data + taken, bytes.len - taken));
    show_answer_done(&answer);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole;
    struct buf pieces;
    bool good;

    if (size < 2 || size > SIZE_MAX_TRIED)
        return 0;
    buf_init(&whole, SHOW_ANSWER_MAX);
    buf_init(&pieces, SHOW_ANSWER_MAX);
    good = rewrite(span_of(data + 1, size - 1), data[0], size, &whole);
    if (good != rewrite(span_of(data + 1, size - 1), data[0], 1 + data[0] / 16u, &pieces) ||
        (good && (whole.len != pieces.len ||
                  (whole.len > 0 && memcmp(whole.data, pieces.data, whole.len) != 0))))
        abort();
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
