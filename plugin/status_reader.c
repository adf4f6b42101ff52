/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status_reader.h"

#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* A daemon writes for less than a microsecond; one that lost its processor meanwhile is waited for.
 */
#define ATTEMPTS 100

/* The fences keep the reads in their order, on any machine. */
static bool read_words(int fd, size_t first, size_t count, uint64_t *into)
{
    ssize_t n = pread(fd, into, count * STATUS_WORD_BYTES, (off_t)(first * STATUS_WORD_BYTES));

    atomic_thread_fence(memory_order_seq_cst);
    return n == (ssize_t)(count * STATUS_WORD_BYTES);
}

static enum status_read read_once(int fd, uint64_t words[STATUS_WORDS])
{
    uint64_t before;
    uint64_t after;

    if (!read_words(fd, STATUS_WORD_GENERATION, 1, &before) ||
        !read_words(fd, 0, STATUS_WORDS, words) ||
        !read_words(fd, STATUS_WORD_GENERATION, 1, &after))
        return STATUS_READ_SHORT;
    if (words[STATUS_WORD_MAGIC] != STATUS_MAGIC || words[STATUS_WORD_VERSION] != STATUS_VERSION)
        return STATUS_READ_FOREIGN;
    return before == after && before % 2 == 0 ? STATUS_READ_WHOLE : STATUS_READ_TORN;
}

enum status_read status_reader_read(const char *path, uint64_t ret_values[STATUS_ITEM_COUNT])
{
    enum status_read result = STATUS_READ_TORN;
    uint64_t words[STATUS_WORDS];
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return STATUS_READ_MISSING;
    for (int i = 0; i < ATTEMPTS && result == STATUS_READ_TORN; i++) {
        if (i > 0)
            (void)sched_yield();
        result = read_once(fd, words);
    }
    (void)close(fd);
    if (result == STATUS_READ_WHOLE)
        memcpy(ret_values, words + STATUS_WORD_FIRST_ITEM, STATUS_ITEM_COUNT * STATUS_WORD_BYTES);
    return result;
}
