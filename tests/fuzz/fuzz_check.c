/*
 * Fuzz target: what `borealis check` reads: lines of SHOW GRANTS, of which a line that grants
 * nothing on *.* must change nothing; and the URL of a server. The first byte chooses.
 */
#include "check/grants.h"
#include "net/server_url.h"

#include "base/mem.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void try_grants(struct span text)
{
    struct grants grants = {0};
    bool any = memmem(text.data, text.len, " *.* ", 5) != NULL;

    while (text.len) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;

        grants_take(&grants, span_of(text.data, len));
        text = span_of(text.data + len + (end != NULL), text.len - len - (end != NULL));
    }
    require(memchr(grants.globals, '\0', sizeof grants.globals) != NULL);
    require(any || (!grants.all && !grants.requires_tls && grants.globals[0] == '\0'));
    require(!grants_has(&grants, "no privilege has small letters") || grants.all);
}

static void try_url(struct span text)
{
    char *copy = mem_printf("%.*s", (int)text.len, (const char *)text.data);
    struct server_url url = {.port = 1};
    struct err err = {0};

    if (server_url_parse(copy, &url, &err)) {
        require(*url.user != '\0' && url.port > 0 && !strchr(url.user, ':'));
        require((url.host != NULL) != (url.socket_path != NULL));
        require(!url.host || *url.host != '\0');
        server_url_done(&url);
    } else {
        require(err.class == E_USAGE && url.port == 1);
    }
    mem_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    if (data[0] == 'g')
        try_grants(span_of(data + 1, size - 1));
    else
        try_url(span_of(data + 1, size - 1));
    return 0;
}
