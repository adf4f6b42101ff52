/*
 * borealis: the one program. Finds the verb, parses its options by its table, and runs it.
 */
#include "base/mem.h"
#include "base/version.h"
#include "cli/check_man.h"
#include "cli/verb.h"
#include "daemon/cluster_metrics.h"
#include "daemon/relay_config_keys.h"
#include "daemon/relay_metrics.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define HELP_INDEX VERB_OPTIONS_MAX

/* getopt_long's table from the verb's; val is the option's index + 1. */
static void fill_long_options(const struct verb *verb, struct option *table)
{
    size_t n = 0;

    for (; n < VERB_OPTIONS_MAX && verb->options[n].name; n++)
        table[n] = (struct option){verb->options[n].name,
                                   verb->options[n].argument ? required_argument : no_argument,
                                   NULL, (int)n + 1};
    table[n] = (struct option){"help", no_argument, NULL, HELP_INDEX + 1};
    table[n + 1] = (struct option){0};
}

static const struct option *find_option(const struct option *table, const char *word)
{
    size_t len = strcspn(word + 2, "=");
    const struct option *option = table;

    while (option->name && (strncmp(option->name, word + 2, len) != 0 || option->name[len]))
        option++;
    return option->name ? option : NULL;
}

static int words_of(const struct option *option, const char *word)
{
    return option->has_arg == required_argument && !strchr(word, '=') ? 2 : 1;
}

/* How many of the words are options in the table, with their values. */
static int count_own_words(const struct option *table, int argc, char **argv)
{
    int n = 1;

    while (n < argc && strncmp(argv[n], "--", 2) == 0) {
        const struct option *option = find_option(table, argv[n]);

        if (!option)
            break;
        n += words_of(option, argv[n]);
    }
    return n < argc ? n : argc;
}

/* The first word that looks like an option and is none of the table; NULL: there is none. */
static const char *find_unknown(const struct option *table, int argc, char **argv)
{
    for (int n = 1; n < argc && strcmp(argv[n], "--") != 0;) {
        const struct option *option = NULL;

        if (strncmp(argv[n], "--", 2) == 0) {
            option = find_option(table, argv[n]);
            if (!option)
                return argv[n];
        }
        n += option ? words_of(option, argv[n]) : 1;
    }
    return NULL;
}

/* Puts an option's value into its place, after those that a list has already; false: it has one. */
static bool take_value(const struct verb_option *option, const char **value, char **joined,
                       const char *found)
{
    static const char list[] = ",...";
    size_t length = option->argument ? strlen(option->argument) : 0;
    bool is_list =
        length >= sizeof list && strcmp(option->argument + length + 1 - sizeof list, list) == 0;
    char *both;

    if (*value && option->argument && !is_list)
        return false;
    if (!*value || !is_list) {
        *value = found;
        return true;
    }
    both = mem_printf("%s,%s", *value, found);
    mem_free(*joined);
    *joined = both;
    *value = both;
    return true;
}

/* An exit status; or -1 and the values of all options, optind at the first argument. */
static int parse_options(const struct verb *verb, int argc, char **argv, const char **values,
                         char **joined)
{
    struct option table[VERB_OPTIONS_MAX + 2];
    const char *unknown;
    int own = argc;
    int found;

    fill_long_options(verb, table);
    /* Only whole names: getopt_long() would take "--password X" for --password-file, and show X. */
    unknown = verb->passes_on ? NULL : find_unknown(table, argc, argv);
    if (unknown)
        return verb_usage_error(verb, "unknown option '%.*s'", (int)strcspn(unknown, "="), unknown);
    if (verb->passes_on)
        own = count_own_words(table, argc, argv);
    opterr = 0;
    /* "+": only options before the first argument are ours; ":" tells a missing argument from an
     * unknown option. */
    while ((found = getopt_long(own, argv, verb->passes_on ? "+:" : ":", table, NULL)) != -1) {
        if (found == HELP_INDEX + 1) {
            verb_print_help(verb, stdout);
            return EXIT_OK;
        }
        if (found == ':')
            return verb_usage_error(verb, "option '%s' needs a value", argv[optind - 1]);
        if (found == '?')
            return verb_usage_error(verb, "unknown option '%s'", argv[optind - 1]);
        if (!take_value(&verb->options[found - 1], &values[found - 1], &joined[found - 1],
                        optarg ? optarg : ""))
            return verb_usage_error(verb, "option '--%s': expected once, found twice",
                                    verb->options[found - 1].name);
    }
    if (optind < argc && !*verb->arguments)
        return verb_usage_error(verb, "unexpected argument '%s'", argv[optind]);
    return -1;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    const char *values[VERB_OPTIONS_MAX] = {0};
    char *joined[VERB_OPTIONS_MAX] = {0};
    int status = parse_options(verb, argc, argv, values, joined);

    if (status < 0)
        status = verb->run(verb, values, argc - optind, argv + optind);
    for (size_t i = 0; i < VERB_OPTIONS_MAX; i++)
        mem_free(joined[i]);
    return status;
}

/* A verb that has verbs of its own: the next word names one, or is an option of its own. */
static int run_group(const struct verb *group, int argc, char **argv)
{
    const struct verb *verb;

    if (group->run && (argc < 2 || (argv[1][0] == '-' && strcmp(argv[1], "--help") != 0)))
        return run_verb(group, argc, argv);
    if (argc < 2) {
        verb_print_help(group, stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        verb_print_help(group, stdout);
        return EXIT_OK;
    }
    verb = verb_find(group->verbs, argv[1]);
    if (!verb)
        return verb_usage_error(group, "unknown verb '%s'", argv[1]);
    return run_verb(verb, argc - 1, argv + 1);
}

/* What the tables say for borealis(1). */
static void print_man(void)
{
    verb_print_man(stdout);
    check_man_print(stdout);
    cluster_metrics_print_man(stdout);
    relay_config_print_man(stdout);
    relay_metrics_print_man(stdout);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";
    const struct verb *verb;

    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
        printf("borealis " BOREALIS_VERSION "\n");
        return EXIT_OK;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0) {
        if (argc > 2 && strcmp(argv[2], "--man") == 0)
            print_man();
        else
            verb_print_overview(stdout);
        return argc > 1 ? EXIT_OK : EXIT_USAGE;
    }
    verb = verb_find(verbs, name);
    if (verb)
        return verb->verbs ? run_group(verb, argc - 1, argv + 1)
                           : run_verb(verb, argc - 1, argv + 1);
    (void)fprintf(stderr, "borealis: unknown verb '%s'\n\n", name);
    verb_print_overview(stderr);
    return EXIT_USAGE;
}
