#include "engine/status_page.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_WORDS (STATUS_PAGE_BYTES / STATUS_WORD_BYTES)

struct status_page {
    pthread_mutex_t lock; /* of one publish at a time */
    _Atomic uint64_t *words;
};

_Static_assert(sizeof(_Atomic uint64_t) == STATUS_WORD_BYTES, "a word is an atomic");

/* All stores are in one order, which the readers rely on: odd, the words, even. */
static void begin_write(_Atomic uint64_t *words)
{
    /* Odd already when a daemon died in the middle of it. */
    atomic_fetch_or(&words[STATUS_WORD_GENERATION], 1);
}

static void end_write(_Atomic uint64_t *words)
{
    atomic_fetch_add(&words[STATUS_WORD_GENERATION], 1);
}

/* Of a page of ours, new or not, makes one that readers take. */
static void put_in_order(_Atomic uint64_t *words)
{
    bool known = atomic_load(&words[STATUS_WORD_MAGIC]) == STATUS_MAGIC &&
                 atomic_load(&words[STATUS_WORD_VERSION]) == STATUS_VERSION;

    begin_write(words);
    for (size_t i = STATUS_WORD_FIRST_ITEM; !known && i < PAGE_WORDS; i++)
        atomic_store(&words[i], 0);
    atomic_store(&words[STATUS_WORD_VERSION], STATUS_VERSION);
    atomic_store(&words[STATUS_WORD_MAGIC], STATUS_MAGIC);
    end_write(words);
}

static bool map(const char *path, int fd, _Atomic uint64_t **ret_words, struct err *err)
{
    int status = posix_fallocate(fd, 0, STATUS_PAGE_BYTES);
    void *mapped;

    if (status != 0) {
        errno = status;
        return err_errno(err, "%s: cannot reserve %d bytes", path, STATUS_PAGE_BYTES);
    }
    mapped = mmap(NULL, STATUS_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        return err_errno(err, "%s: cannot map", path);
    *ret_words = mapped;
    return true;
}

bool status_page_open(const char *path, struct status_page **ret_page, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    _Atomic uint64_t *words = NULL;
    struct status_page *page;
    bool ok;

    if (fd < 0)
        return err_errno(err, "%s: cannot open", path);
    ok = map(path, fd, &words, err);
    fd_close(&fd);
    if (!ok)
        return false;
    put_in_order(words);
    page = mem_alloc(sizeof *page);
    page->words = words;
    (void)pthread_mutex_init(&page->lock, NULL);
    *ret_page = page;
    return true;
}

void status_page_close(struct status_page *page)
{
    if (!page)
        return;
    (void)munmap(page->words, STATUS_PAGE_BYTES);
    (void)pthread_mutex_destroy(&page->lock);
    mem_free(page);
}

void status_page_publish(struct status_page *page, const uint64_t values[STATUS_ITEM_COUNT])
{
    (void)pthread_mutex_lock(&page->lock);
    begin_write(page->words);
    for (size_t i = 0; i < STATUS_ITEM_COUNT; i++)
        atomic_store(&page->words[STATUS_WORD_FIRST_ITEM + i], values[i]);
    end_write(page->words);
    (void)pthread_mutex_unlock(&page->lock);
}
