#include "cli/check_man.h"

#include "check/check.h"
#include "cli/verb.h"

#include <string.h>

static const char *family_text(unsigned families)
{
    return families == OF_MYSQL ? " (MySQL)" : families == OF_MARIADB ? " (MariaDB)" : "";
}

/* Rows of one id and family that differ by version only are told once. */
static bool is_repeated(const struct check *table, const struct check *check)
{
    return check > table && strcmp(check[-1].id, check->id) == 0 &&
           check[-1].families == check->families;
}

static void print_check(const struct check *check, FILE *out)
{
    (void)fputc('*', out);
    verb_print_escaped(check->id, out);
    (void)fprintf(out, "*%s\n\t", family_text(check->families));
    verb_print_escaped(check->title, out);
    (void)fputs(". Expected: ", out);
    verb_print_escaped(check->expected, out);
    (void)fputs(". ", out);
    verb_print_escaped(check->why, out);
    (void)fprintf(out, " Else _%s_.\n\n", severity_name(check->severity));
}

void check_man_print(FILE *out)
{
    (void)fprintf(out, "# CHECKS\n\nWhat *borealis check* looks at. What does not cross (_cross._) "
                       "is a _problem_ only with *--target*, else at most _warn_.\n\n");
    for (size_t i = 0; check_tables[i]; i++) {
        for (const struct check *check = check_tables[i]; check->id; check++) {
            if (!is_repeated(check_tables[i], check))
                print_check(check, out);
        }
    }
}
