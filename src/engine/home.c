#include "engine/home.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OLDEST_VERSION   101100
#define VERSION_TIMEOUT  (60 * USEC_PER_SEC)
#define VERSION_TEXT_MAX 512

static char *cache_dir(void)
{
    const char *own = getenv("BOREALIS_CACHE");
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (own && *own)
        return mem_strdup(own);
    if (xdg && *xdg)
        return mem_printf("%s/borealis", xdg);
    return mem_printf("%s/.cache/borealis", home ? home : "");
}

/* The first of the candidates below dir that exists, absolute; NULL when none does. */
static char *find(const char *dir, const char *const *candidates)
{
    for (; *candidates; candidates++) {
        char *path = mem_printf("%s/%s", dir, *candidates);

        if (access(path, F_OK) == 0)
            return path;
        mem_free(path);
    }
    return NULL;
}

static char *home_path(const char *name_or_path)
{
    char *cache;
    char *path;

    if (strchr(name_or_path, '/')) {
        char *absolute = realpath(name_or_path, NULL);

        return absolute ? absolute : mem_strdup(name_or_path);
    }
    cache = cache_dir();
    path = mem_printf("%s/servers/%s", cache, name_or_path);
    mem_free(cache);
    return path;
}

/* Fills version from `mariadbd --version`: "... Ver 10.11.19-MariaDB-0+deb12u1 for ...". */
static bool read_version(struct engine_home *home, struct err *err)
{
    const char *argv[] = {home->server, "--no-defaults", "--version", NULL};
    unsigned major = 0;
    unsigned minor = 0;
    unsigned patch = 0;
    char *output = NULL;
    char *version;

    if (!process_output(argv, VERSION_TEXT_MAX, clock_deadline_usec(VERSION_TIMEOUT), &output, err))
        return false;
    version = strstr(output, "Ver ");
    if (!version || sscanf(version + 4, "%u.%u.%u", &major, &minor, &patch) != 3 ||
        !strstr(version, "-MariaDB")) {
        (void)err_set(err, E_STATE, 0, "%s: expected a MariaDB server, found '%.80s'", home->server,
                      output);
        mem_free(output);
        return false;
    }
    home->version_number = major * 10000 + minor * 100 + patch;
    home->version = mem_printf("%u.%u.%u-MariaDB", major, minor, patch);
    mem_free(output);
    if (home->version_number < OLDEST_VERSION)
        return err_set(err, E_STATE, 0, "%s: expected MariaDB 10.11 or later, found %s",
                       home->server, home->version);
    return true;
}

bool engine_home_open(const char *name_or_path, struct engine_home **ret_home, struct err *err)
{
    static const char *const servers[] = {"bin/mariadbd", "sbin/mariadbd", NULL};
    static const char *const clients[] = {"bin/mariadb", NULL};
    static const char *const tzinfos[] = {"bin/mariadb-tzinfo-to-sql", NULL};
    static const char *const zones[] = {"zoneinfo", "share/zoneinfo", NULL};
    static const char *const shares[] = {
        "share/mariadb_system_tables.sql",         "share/mysql_system_tables.sql",
        "share/mysql/mariadb_system_tables.sql",   "share/mysql/mysql_system_tables.sql",
        "share/mariadb/mariadb_system_tables.sql", NULL};
    static const char *const plugins[] = {"plugin", "lib/plugin", "lib/mysql/plugin",
                                          "lib64/mysql/plugin", NULL};
    struct engine_home *home = mem_alloc(sizeof *home);

    home->dir = home_path(name_or_path);
    home->server = find(home->dir, servers);
    home->share = find(home->dir, shares);
    if (!home->server || !home->share) {
        (void)err_set(err, E_STATE, 0,
                      "engine %s: expected %s in %s, found none; fetch one with "
                      "'tools/fetch-server mariadb-10.11', or name another with --engine",
                      name_or_path, home->server ? "share/mysql_system_tables.sql" : "bin/mariadbd",
                      home->dir);
        engine_home_free(home);
        return false;
    }
    *strrchr(home->share, '/') = 0;
    home->client = find(home->dir, clients);
    home->tzinfo = find(home->dir, tzinfos);
    home->zoneinfo = find(home->dir, zones);
    home->plugins = find(home->dir, plugins);
    if (!read_version(home, err)) {
        engine_home_free(home);
        return false;
    }
    *ret_home = home;
    return true;
}

void engine_home_free(struct engine_home *home)
{
    if (!home)
        return;
    mem_free(home->dir);
    mem_free(home->server);
    mem_free(home->client);
    mem_free(home->tzinfo);
    mem_free(home->zoneinfo);
    mem_free(home->share);
    mem_free(home->plugins);
    mem_free(home->version);
    mem_free(home);
}
