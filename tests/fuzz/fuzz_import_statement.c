/*
 * Fuzz target: a statement of a dump. The first byte says whose. What it becomes never has a
 * comment that the engine would skip, but in a string or behind what ends the engine's reading;
 * what stays appends nothing.
 */
#include "endpoint/import_statement.h"

#include <stdlib.h>

#define OUT_MAX (1u << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char refusal[] = "SIGNAL SQLSTATE '42000'";
    struct span text = span_of(data + 1, size - 1);
    struct buf buf;
    struct buf again;
    bool is_master;

    if (size < 2)
        return 0;
    is_master = data[0] == 'm';
    buf_init(&buf, OUT_MAX);
    buf_init(&again, OUT_MAX);
    (void)import_statement_is_definition(text);
    if (!import_statement_may_be(text, is_master)) {
        require(!import_statement_write(&buf, text, false));
    } else if (import_statement_write(&buf, text, is_master)) {
        require(buf.len > 0);
        /* Done once is done: the engine reads all that is left; or it can not be told, twice. */
        if (buf_ok(&buf) && import_statement_write(&again, buf_span(&buf), is_master))
            require(again.len > sizeof refusal - 1 &&
                    memcmp(again.data, refusal, sizeof refusal - 1) == 0);
    } else {
        require(buf.len == 0);
    }
    buf_done(&again);
    buf_done(&buf);
    return 0;
}
