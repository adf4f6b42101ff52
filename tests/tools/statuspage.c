/*
 * statuspage PATH VALUE...: publishes values on a status page as the daemon does, in the order of
 * enum status_item; what is not given is 0. With "-" for the values it publishes 1, 2, 3, ... for
 * all of them, as fast as it can, until its standard input ends.
 */
#include "engine/status_page.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void publish_on(struct status_page *page)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    for (uint64_t i = 1; poll(&input, 1, 0) == 0; i++) {
        uint64_t values[STATUS_ITEM_COUNT];

        for (size_t k = 0; k < STATUS_ITEM_COUNT; k++)
            values[k] = i;
        status_page_publish(page, values);
    }
}

int main(int argc, char **argv)
{
    uint64_t values[STATUS_ITEM_COUNT] = {0};
    struct status_page *page = NULL;
    struct err err;

    if (argc < 2 || argc > 2 + STATUS_ITEM_COUNT) {
        (void)fprintf(stderr, "usage: statuspage PATH [-|VALUE...]\n");
        return 2;
    }
    if (!status_page_open(argv[1], &page, &err)) {
        (void)fprintf(stderr, "statuspage: %s\n", err.text);
        return 1;
    }
    if (argc > 2 && strcmp(argv[2], "-") == 0) {
        publish_on(page);
    } else {
        for (int i = 2; i < argc; i++)
            values[i - 2] = strtoull(argv[i], NULL, 10);
        status_page_publish(page, values);
    }
    status_page_close(page);
    return 0;
}
