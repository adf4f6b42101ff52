#include "cli/verb.h"

#include "base/version.h"

#include <stdarg.h>
#include <string.h>

const struct verb *const verbs[] = {
    &verb_check,           &verb_serve, &verb_status, &verb_client, &verb_cluster,
    &verb_parameter_group, &verb_stop,  &verb_relay,  &verb_binlog, NULL};

static const char *last_word(const struct verb *verb)
{
    const char *space = strrchr(verb->name, ' ');

    return space ? space + 1 : verb->name;
}

const struct verb *verb_find(const struct verb *const *list, const char *word)
{
    for (size_t i = 0; list[i]; i++) {
        if (strcmp(last_word(list[i]), word) == 0)
            return list[i];
    }
    return NULL;
}

int verb_usage_error(const struct verb *verb, const char *format, ...)
{
    va_list args;

    (void)fprintf(stderr, "borealis %s: ", verb->name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fprintf(stderr, "\nTry 'borealis %s --help'.\n", verb->name);
    return EXIT_USAGE;
}

const char *verb_value(const struct verb *verb, const char *const *values, const char *name)
{
    for (size_t i = 0; i < VERB_OPTIONS_MAX && verb->options[i].name; i++) {
        if (strcmp(verb->options[i].name, name) == 0)
            return values[i];
    }
    return NULL;
}

static void print_synopsis(const struct verb *verb, FILE *out)
{
    (void)fprintf(out, "borealis %s%s%s%s", verb->name, verb->run ? " [options]" : "",
                  *verb->arguments ? " " : "", verb->arguments);
}

static int width_of(const struct verb *const *list)
{
    int width = 8;

    for (size_t i = 0; list[i]; i++) {
        int length = (int)strlen(last_word(list[i]));

        width = length > width ? length : width;
    }
    return width;
}

static void print_list(const struct verb *const *list, FILE *out)
{
    for (size_t i = 0; list[i]; i++)
        (void)fprintf(out, "  %-*s  %s\n", width_of(list), last_word(list[i]), list[i]->summary);
}

void verb_print_help(const struct verb *verb, FILE *out)
{
    (void)fprintf(out, "usage: ");
    print_synopsis(verb, out);
    (void)fprintf(out, "\n\n%s.\n\n%s\n\n", verb->summary, verb->details);
    if (verb->verbs) {
        print_list(verb->verbs, out);
        (void)fprintf(out, "\n'borealis %s VERB --help' says more.\n%s", verb->name,
                      verb->run ? "\n" : "");
        if (!verb->run)
            return;
    }
    (void)fprintf(out, "options:\n");
    for (size_t i = 0; i < VERB_OPTIONS_MAX && verb->options[i].name; i++) {
        const struct verb_option *option = &verb->options[i];
        int n = fprintf(out, "  --%s%s%s", option->name, option->argument ? " " : "",
                        option->argument ? option->argument : "");

        (void)fprintf(out, "%*s%s\n", n < 34 ? 34 - n : 1, "", option->help);
    }
    (void)fprintf(out, "  --help%*sShow this text.\n", 26, "");
}

void verb_print_overview(FILE *out)
{
    (void)fprintf(out, "borealis " BOREALIS_VERSION
                       ": a self-hosted MySQL-compatible DB cluster\n\nusage: borealis VERB "
                       "[options]\n\n");
    print_list(verbs, out);
    (void)fprintf(out, "  %-*s  %s\n\n'borealis VERB --help' says more; see also borealis(1).\n",
                  width_of(verbs), "version", "Show the version");
}

void verb_print_escaped(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (strchr("_*\\<>#~`[", *text))
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
}

static void print_man_verb(const struct verb *verb, FILE *out)
{
    (void)fprintf(out, "## borealis %s\n\n*borealis %s* %s", verb->name, verb->name,
                  verb->run ? "[options] " : "");
    verb_print_escaped(verb->arguments, out);
    (void)fprintf(out, "\n\n");
    verb_print_escaped(verb->summary, out);
    (void)fprintf(out, ".\n\n");
    verb_print_escaped(verb->details, out);
    (void)fprintf(out, "\n\n");
    for (size_t i = 0; i < VERB_OPTIONS_MAX && verb->options[i].name; i++) {
        const struct verb_option *option = &verb->options[i];

        (void)fprintf(out, "*--%s*", option->name);
        if (option->argument) {
            (void)fputc(' ', out);
            verb_print_escaped(option->argument, out);
        }
        (void)fprintf(out, "\n\t");
        verb_print_escaped(option->help, out);
        (void)fprintf(out, "\n\n");
    }
    for (size_t i = 0; verb->verbs && verb->verbs[i]; i++)
        print_man_verb(verb->verbs[i], out);
}

void verb_print_man(FILE *out)
{
    (void)fprintf(out, "# VERBS\n\n");
    for (size_t i = 0; verbs[i]; i++)
        print_man_verb(verbs[i], out);
}
