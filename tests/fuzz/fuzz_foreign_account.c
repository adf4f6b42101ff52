/*
 * A source's statement of accounts, as any text: what a cluster makes of it is read as a statement
 * of accounts again, and comes out as it is, so that nothing of the source's text is in it that was
 * not understood; and it names no account of the cluster's own. The first byte chooses the family
 * and the sql_mode.
 */
#include "translation/foreign_account.h"

#include <stdlib.h>

#define ADMIN "admin" /* no part of a word or name that the writer itself has */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool has(const struct buf *buf, const char *text)
{
    return buf->len > 0 && memmem(buf->data, buf->len, text, strlen(text)) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct foreign_account_origin origin = {.database = span_str("d"), .master_user = ADMIN};
    struct foreign_account first;
    struct foreign_account again;

    if (size == 0)
        return 0;
    origin.mysql = data[0] & 1;
    origin.sql_mode = data[0] & 4;
    foreign_account_init(&first);
    foreign_account_init(&again);
    if (foreign_account_read(&first, &origin, span_of(data + 1, size - 1)) &&
        first.statement.len > 0) {
        struct foreign_account_origin here = {.master_user = ADMIN};

        require(!has(&first.statement, "`" ADMIN "`@") && !has(&first.statement, "`rdsadmin`@"));
        require(foreign_account_read(&again, &here, buf_span(&first.statement)));
        require(span_eq(buf_span(&first.statement), buf_span(&again.statement)));
    }
    foreign_account_done(&first);
    foreign_account_done(&again);
    return 0;
}
