/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The engine's plugin "aurora": Aurora MySQL's variables, native to the engine. A variable of a
 * plugin has the plugin's name before its own, hence @@aurora_version and so on; status variables
 * have whatever name they are given. All are rows of variables.def. Beside it in the library are
 * plugins that give the engine variables of MySQL's names, the rows of mysql_variables.def.
 *
 * It is a full-text parser by its type, which is never asked to parse anything. Plugins of the
 * types that would say what this one is (daemon, information schema) carry the exact version of the
 * server and load into no other; a full-text parser's interface has been 0x0100 in all of them, so
 * one binary serves every engine from 10.11 on. It takes no lock, starts no thread and keeps no
 * state: the status page is read whenever a status variable is shown. Runs in the sessions'
 * threads.
 */
#include "control_function.h"
#include "status_reader.h"

#include <mysql/plugin.h>

#include <limits.h>
#include <string.h>

/* ---- System variables ---- */

#define DYNAMIC 0
#define STATIC  PLUGIN_VAR_READONLY
#define COUNTER(...)
#define STATE(...)

#define TEXT(name, versions, effect)                                                               \
    static char *name##_value;                                                                     \
    static MYSQL_SYSVAR_STR(name, name##_value, STATIC, effect, NULL, NULL, "");
#define SWITCH(name, standard, how, versions, effect)                                              \
    static char name##_value;                                                                      \
    static MYSQL_SYSVAR_BOOL(name, name##_value, PLUGIN_VAR_OPCMDARG | (how), effect, NULL, NULL,  \
                             standard);
#define NUMBER(name, standard, least, most, how, versions, effect)                                 \
    static unsigned name##_value;                                                                  \
    static MYSQL_SYSVAR_UINT(name, name##_value, how, effect, NULL, NULL, standard, least, most, 0);
#include "variables.def"
#undef TEXT
#undef SWITCH
#undef NUMBER

/* Options and no variables: the daemon's own business. */
static char *status_page_value;
static MYSQL_SYSVAR_STR(status_page, status_page_value, STATIC | PLUGIN_VAR_NOSYSVAR,
                        "File of the status page.", NULL, NULL, NULL);
static MYSQL_SYSVAR_STR(control_socket, control_socket, STATIC | PLUGIN_VAR_NOSYSVAR,
                        "Socket of the daemon.", NULL, NULL, NULL);

#define TEXT(name, ...)   MYSQL_SYSVAR(name),
#define SWITCH(name, ...) MYSQL_SYSVAR(name),
#define NUMBER(name, ...) MYSQL_SYSVAR(name),
static struct st_mysql_sys_var *system_variables[] = {
#include "variables.def"
    MYSQL_SYSVAR(status_page), MYSQL_SYSVAR(control_socket), NULL};
#undef TEXT
#undef SWITCH
#undef NUMBER
#undef COUNTER
#undef STATE

/* ---- MySQL's names ---- */

#define SHOWN "What MySQL calls so; set by the daemon."

#define FAMILY(prefix)
#define END
#define SWITCH(name, standard)                                                                     \
    static char name##_value;                                                                      \
    static MYSQL_SYSVAR_BOOL(name, name##_value, PLUGIN_VAR_OPCMDARG, SHOWN, NULL, NULL, standard);
#define NUMBER(name, standard)                                                                     \
    static unsigned long long name##_value;                                                        \
    static MYSQL_SYSVAR_ULONGLONG(name, name##_value, DYNAMIC, SHOWN, NULL, NULL, standard, 0,     \
                                  ULLONG_MAX, 0);
#define CHOICE(name, standard)                                                                     \
    static char *name##_value;                                                                     \
    static MYSQL_SYSVAR_STR(name, name##_value, DYNAMIC | PLUGIN_VAR_MEMALLOC, SHOWN, NULL, NULL,  \
                            standard);
#include "mysql_variables.def"
#undef FAMILY
#undef END
#undef SWITCH
#undef NUMBER
#undef CHOICE

#define FAMILY(prefix) static struct st_mysql_sys_var *prefix##_variables[] = {
#define END                                                                                        \
    NULL                                                                                           \
    }                                                                                              \
    ;
#define SWITCH(name, ...) MYSQL_SYSVAR(name),
#define NUMBER(name, ...) MYSQL_SYSVAR(name),
#define CHOICE(name, ...) MYSQL_SYSVAR(name),
#include "mysql_variables.def"
#undef FAMILY
#undef END
#undef SWITCH
#undef NUMBER
#undef CHOICE

/* ---- Status variables ---- */

/* 0 where the page can not be read: nobody could do anything about an error in SHOW STATUS. */
static uint64_t item(enum status_item which)
{
    uint64_t values[STATUS_ITEM_COUNT] = {0};

    if (status_page_value)
        (void)status_reader_read(status_page_value, values);
    return values[which];
}

static int show_counter(enum status_item which, struct st_mysql_show_var *var, void *room)
{
    unsigned long long value = item(which);

    memcpy(room, &value, sizeof value);
    var->type = SHOW_ULONGLONG;
    var->value = room;
    return 0;
}

static int show_state(enum status_item which, const char *off, const char *on,
                      struct st_mysql_show_var *var, void *room)
{
    const char *text = item(which) == 0 ? off : on;

    memcpy(room, text, strlen(text) + 1);
    var->type = SHOW_CHAR;
    var->value = room;
    return 0;
}

#define TEXT(...)
#define SWITCH(...)
#define NUMBER(...)

/* What the engine calls for a row. */
#define SHOW_FUNCTION(name, call)                                                                  \
    static int show_##name(MYSQL_THD thd, struct st_mysql_show_var *var, void *room,               \
                           struct system_status_var *session, enum enum_var_type scope)            \
    {                                                                                              \
        (void)thd;                                                                                 \
        (void)session;                                                                             \
        (void)scope;                                                                               \
        return call;                                                                               \
    }
#define COUNTER(name, which, ...)        SHOW_FUNCTION(name, show_counter(which, var, room))
#define STATE(name, which, off, on, ...) SHOW_FUNCTION(name, show_state(which, off, on, var, room))
#include "variables.def"
#undef COUNTER
#undef STATE

#define ROW(name)          {#name, (char *)show_##name, SHOW_SIMPLE_FUNC},
#define COUNTER(name, ...) ROW(name)
#define STATE(name, ...)   ROW(name)
static struct st_mysql_show_var status_variables[] = {
#include "variables.def"
    {NULL, NULL, SHOW_UNDEF}};

/* ---- The plugin ---- */

static int do_nothing(MYSQL_FTPARSER_PARAM *param)
{
    (void)param;
    return 0;
}

static struct st_mysql_ftparser parser = {MYSQL_FTPARSER_INTERFACE_VERSION, do_nothing, do_nothing,
                                          do_nothing};

#undef SWITCH
#undef NUMBER
#define OF_ALL                                                                                     \
    .type = MYSQL_FTPARSER_PLUGIN, .info = &parser, .author = "Borealis",                          \
    .license = PLUGIN_LICENSE_GPL, .version = 0x0001, .version_info = BOREALIS_VERSION,            \
    .maturity = MariaDB_PLUGIN_MATURITY_STABLE
#define FAMILY(prefix)                                                                             \
    ,                                                                                              \
    {                                                                                              \
        OF_ALL, .name = #prefix, .descr = "MySQL's variables", .system_vars = prefix##_variables   \
    }
#define END
#define SWITCH(name, standard)
#define NUMBER(name, standard)
#define CHOICE(name, standard)

maria_declare_plugin(aurora){OF_ALL, .name = "aurora", .descr = "Aurora MySQL's variables",
                             .status_vars = status_variables, .system_vars = system_variables}
#include "mysql_variables.def"
maria_declare_plugin_end;
