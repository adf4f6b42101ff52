#include "cli/progress.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/quantity_text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_USEC USEC_PER_SEC
#define EVERY_USEC (USEC_PER_SEC / 5)
#define LEFT_MAX   1e9 /* seconds */

struct progress {
    int64_t begun_usec;
    int64_t next_usec; /* when the line is written again */
    uint64_t whole;    /* 0: not known */
    uint64_t before;   /* of the files that are done */
    uint64_t present;
    bool shown;
};

static bool same_terminal(int one, int other)
{
    struct stat a;
    struct stat b;

    return isatty(one) && isatty(other) && fstat(one, &a) == 0 && fstat(other, &b) == 0 &&
           a.st_rdev == b.st_rdev;
}

static uint64_t sum_sizes(int count, char *const *paths)
{
    uint64_t sum = 0;

    for (int i = 0; i < count; i++) {
        uint64_t size = strcmp(paths[i], "-") == 0 ? 0 : file_size(paths[i]);

        if (size == 0)
            return 0;
        sum += size;
    }
    return sum;
}

struct progress *progress_new(int count, char *const *paths, bool prints)
{
    struct progress *progress;

    if (!isatty(STDERR_FILENO) || (prints && same_terminal(STDOUT_FILENO, STDERR_FILENO)))
        return NULL;
    progress = mem_alloc(sizeof *progress);
    progress->begun_usec = clock_now_usec();
    progress->next_usec = progress->begun_usec + FIRST_USEC;
    progress->whole = sum_sizes(count, paths);
    return progress;
}

void progress_free(struct progress *progress)
{
    progress_hide(progress);
    mem_free(progress);
}

void progress_write_line(char line[PROGRESS_LINE_MAX], uint64_t done, uint64_t whole, int64_t usec)
{
    double rate = (double)done * (double)USEC_PER_SEC / (double)usec;
    char left_text[QUANTITY_MAX];
    char rate_text[QUANTITY_MAX];
    char whole_text[QUANTITY_MAX];
    char done_text[QUANTITY_MAX];
    double left = 0;

    (void)quantity_size(done_text, done);
    (void)quantity_size(rate_text, (uint64_t)rate);
    if (whole == 0) {
        (void)snprintf(line, PROGRESS_LINE_MAX, "%s, %s/s", done_text, rate_text);
        return;
    }
    done = done < whole ? done : whole;
    if (done > 0)
        left = (double)(whole - done) / rate + 0.5;
    left = left < LEFT_MAX ? left : LEFT_MAX;
    (void)snprintf(line, PROGRESS_LINE_MAX, "%3.0f%%  %s of %s, %s/s, %s left",
                   (double)done * 100 / (double)whole, done_text, quantity_size(whole_text, whole),
                   rate_text, quantity_duration(left_text, (uint64_t)left));
}

void progress_show(struct progress *progress, uint64_t bytes)
{
    char line[PROGRESS_LINE_MAX];
    int64_t now;

    if (!progress)
        return;
    progress->present = bytes;
    now = clock_now_usec();
    if (now < progress->next_usec)
        return;
    progress_write_line(line, progress->before + bytes, progress->whole,
                        now - progress->begun_usec);
    (void)fprintf(stderr, "\r%s\033[K", line);
    (void)fflush(stderr);
    progress->shown = true;
    progress->next_usec = now + EVERY_USEC;
}

void progress_end_file(struct progress *progress)
{
    if (!progress)
        return;
    progress->before += progress->present;
    progress->present = 0;
}

void progress_hide(struct progress *progress)
{
    if (!progress || !progress->shown)
        return;
    (void)fprintf(stderr, "\r\033[K");
    (void)fflush(stderr);
    progress->shown = false;
}
