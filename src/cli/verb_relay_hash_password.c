#include "cli/verb.h"

#include "base/file_reader.h"
#include "base/secret_file.h"
#include "wire/auth_account.h"

#include <string.h>

#define PASSWORD_MAX 1024

/* The first line, whatever comes after it. */
static bool read_line(const char *path, char line[PASSWORD_MAX + 1], struct err *err)
{
    struct file_reader *reader;
    struct span window;
    bool good;

    if (!file_reader_open(path, &reader, err))
        return false;
    good = file_reader_move(reader, 0, PASSWORD_MAX, &window, err);
    if (good) {
        size_t length = window.len < PASSWORD_MAX ? window.len : PASSWORD_MAX;

        memcpy(line, window.data, length);
        line[length] = '\0';
        line[strcspn(line, "\r\n")] = '\0';
    }
    file_reader_close(reader);
    return good;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    const char *path = argc > 0 ? argv[0] : "-";
    char native[AUTH_ACCOUNT_TEXT_MAX];
    char sha2[AUTH_ACCOUNT_TEXT_MAX];
    char password[PASSWORD_MAX + 1];
    struct auth_account account;
    struct err err = {0};
    bool good;

    (void)values;
    if (argc > 1)
        return verb_usage_error(verb, "unexpected argument '%s'", argv[1]);
    good = (strcmp(path, "-") == 0 || secret_file_check(path, &err)) &&
           read_line(path, password, &err) && auth_account_make(span_str(password), &account, &err);
    explicit_bzero(password, sizeof password);
    if (!good) {
        (void)fprintf(stderr, "borealis %s: %s\n", verb->name, err.text);
        return EXIT_FAILED;
    }
    auth_account_native_text(&account, native);
    auth_account_sha2_text(&account, sha2);
    printf("%s %s\n", native, sha2);
    return EXIT_OK;
}

const struct verb verb_relay_hash_password = {
    .name = "relay hash-password",
    .arguments = "[FILE]",
    .summary = "Print the hashes of a password, for an account of a relay",
    .details =
        "Reads the password from the first line of a file, or of standard input, and prints what "
        "password_hash or a password_hash_file takes: the hash of mysql_native_password and that "
        "of caching_sha2_password. The password does not come back from them, but they must not "
        "be shown around: a short password can be guessed.",
    .run = run,
};
