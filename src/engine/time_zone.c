#include "engine/time_zone.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <string.h>
#include <strings.h>

#define MAGIC     "TZif" /* source: RFC 8536, section 3.1 */
#define BYTES_MAX 65536  /* of a compiled zone; they have a few thousand */

static bool is_compiled(const char *path)
{
    char *content = NULL;
    struct err unreadable;
    bool good = file_read(path, BYTES_MAX, &content, &unreadable) &&
                strncmp(content, MAGIC, strlen(MAGIC)) == 0;

    mem_free(content);
    return good;
}

/* The path of a directory's entry with the first `len` bytes of a name; NULL: there is none. */
static char *find_entry(const char *directory, const char *name, size_t len)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    char *found = NULL;

    while (dir && !found && (entry = readdir(dir))) {
        if (strlen(entry->d_name) == len && strncasecmp(entry->d_name, name, len) == 0)
            found = mem_printf("%s/%s", directory, entry->d_name);
    }
    if (dir)
        (void)closedir(dir);
    return found;
}

bool time_zone_exists(const char *directory, const char *name)
{
    char *path = mem_strdup(directory);
    bool good;

    while (path && *name) {
        size_t len = strcspn(name, "/");
        char *next = len > 0 ? find_entry(path, name, len) : NULL;

        mem_free(path);
        path = next;
        name += len;
        if (*name == '/' && *++name == '\0') {
            mem_free(path);
            path = NULL;
        }
    }
    good = path && is_compiled(path);
    mem_free(path);
    return good;
}
