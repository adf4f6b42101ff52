/*
 * The command line: one table of verbs, each with one table of options. Help, the man page and the
 * parser are all made from these tables.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Exit statuses, as the man page lists them. */
enum exit_status {
    EXIT_OK = 0,
    EXIT_FAILED = 1,   /* the operation failed; standard error says why */
    EXIT_USAGE = 2,    /* the command line is wrong; nothing was done */
    EXIT_NOT_UP = 3,   /* status, stop: no daemon serves the directory */
    EXIT_PROBLEMS = 4, /* check: the server can not be a source as it is */
};

struct verb_option {
    const char *name; /* without the dashes */
    /* Its name in help; NULL: a flag. With ",..." at its end it is a list, which the option may be
     * given several times for: the values are joined with commas. */
    const char *argument;
    const char *help; /* one sentence, no line breaks */
};

#define VERB_OPTIONS_MAX 32

/*
 * A verb may have verbs of its own, such as 'binlog verify'. One that has something to run besides
 * does that when the next word is an option.
 */
struct verb {
    const char *name;      /* all words of it: "status", "binlog verify" */
    const char *arguments; /* what follows the options, for help; "" when nothing may */
    const char *summary;   /* one line */
    const char *details;   /* a paragraph for --help and the man page */
    bool passes_on; /* from the first word that is no option of its own on, all are arguments */
    struct verb_option options[VERB_OPTIONS_MAX]; /* name NULL at the end */
    /* values[i] belongs to options[i]: NULL when it was not given, "" for a flag that was. */
    int (*run)(const struct verb *verb, const char *const *values, int argc, char **argv);
    const struct verb *const *verbs; /* its own ones, NULL at the end; or NULL */
};

extern const struct verb *const verbs[]; /* NULL at the end */

/* The verb of a list whose last word is `word`; NULL when there is none. */
const struct verb *verb_find(const struct verb *const *list, const char *word);

/* Prints "borealis VERB: message" and the hint at --help; returns EXIT_USAGE. */
int verb_usage_error(const struct verb *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The value of an option by name, out of the values that run() got. */
const char *verb_value(const struct verb *verb, const char *const *values, const char *name);

void verb_print_help(const struct verb *verb, FILE *out);
void verb_print_overview(FILE *out);
void verb_print_man(FILE *out); /* the man page borealis(1) as scdoc source */

/* Text for scdoc, which reads '_', '*' and others as markup and a backslash as its escape. */
void verb_print_escaped(const char *text, FILE *out);

extern const struct verb verb_check;
extern const struct verb verb_serve;
extern const struct verb verb_status;
extern const struct verb verb_relay;
extern const struct verb verb_relay_hash_password;
extern const struct verb verb_relay_reload;
extern const struct verb verb_relay_status;
extern const struct verb verb_relay_stop;
extern const struct verb verb_stop;
extern const struct verb verb_client;
extern const struct verb verb_cluster;
extern const struct verb verb_cluster_create;
extern const struct verb verb_cluster_delete;
extern const struct verb verb_cluster_describe;
extern const struct verb verb_cluster_events;
extern const struct verb verb_cluster_list;
extern const struct verb verb_cluster_modify;
extern const struct verb verb_cluster_parameters;
extern const struct verb verb_cluster_reboot;
extern const struct verb verb_parameter_group;
extern const struct verb verb_parameter_group_copy;
extern const struct verb verb_parameter_group_create;
extern const struct verb verb_parameter_group_delete;
extern const struct verb verb_parameter_group_describe;
extern const struct verb verb_parameter_group_list;
extern const struct verb verb_parameter_group_modify;
extern const struct verb verb_parameter_group_reset;
extern const struct verb verb_binlog;
extern const struct verb verb_binlog_cut;
extern const struct verb verb_binlog_json;
extern const struct verb verb_binlog_print;
extern const struct verb verb_binlog_sql;
extern const struct verb verb_binlog_stat;
extern const struct verb verb_binlog_undo;
extern const struct verb verb_binlog_verify;
