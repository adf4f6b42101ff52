#include "net/server_url.h"

#include "base/mem.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *ret_port)
{
    char *end = NULL;
    unsigned long port;

    errno = 0;
    port = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || port < 1 || port > UINT16_MAX)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

/* HOST, HOST:PORT, [IPV6], [IPV6]:PORT */
static bool parse_place(const char *text, struct server_url *url)
{
    bool bracket = *text == '[';
    const char *begin = text + bracket;
    const char *end = bracket ? strchr(begin, ']') : strchrnul(begin, ':');
    const char *after;

    if (!end || end == begin)
        return false;
    after = end + bracket;
    if (*after == ':' ? !parse_port(after + 1, &url->port) : *after != '\0')
        return false;
    url->host = mem_printf("%.*s", (int)(end - begin), begin);
    return true;
}

bool server_url_parse(const char *text, struct server_url *ret_url, struct err *err)
{
    struct server_url url = {.port = SERVER_URL_PORT};
    const char *user = strstr(text, "://");
    const char *at;

    if (!user || (strncmp(text, "mysql://", 8) != 0 && strncmp(text, "mariadb://", 10) != 0))
        return err_set(err, E_USAGE, 0, "expected mysql://USER@HOST[:PORT], found '%s'", text);
    user += 3;
    at = strstr(user, "@/");
    if (!at)
        at = strrchr(user, '@');
    if (!at || at == user)
        return err_set(err, E_USAGE, 0, "expected mysql://USER@HOST[:PORT], found '%s'", text);
    if (memchr(user, ':', (size_t)(at - user)))
        return err_set(err, E_USAGE, 0,
                       "expected no password in the address, where others can see it; it belongs "
                       "into a file of its own");
    if (at[1] == '/')
        url.socket_path = mem_strdup(at + 1);
    else if (!parse_place(at + 1, &url))
        return err_set(err, E_USAGE, 0, "expected HOST[:PORT] after the @, found '%s'", at + 1);
    url.user = mem_printf("%.*s", (int)(at - user), user);
    *ret_url = url;
    return true;
}

void server_url_done(struct server_url *url)
{
    mem_free(url->user);
    mem_free(url->host);
    mem_free(url->socket_path);
    *url = (struct server_url){0};
}
