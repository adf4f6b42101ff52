#include "check.h"

#include "base/file.h"
#include "base/secret_file.h"
#include "cluster/secrets.h"

#include <sys/stat.h>

static char dir[64];
static struct arena *arena;
static struct secrets secrets;
static struct store_cluster cluster = {
    .name = "c", .listen = "0.0.0.0", .port = 3307, .master_user = "admin"};
static struct err err;

static int set_up(void **state)
{
    (void)state;
    check_make_dir(dir);
    arena = arena_new(1u << 20);
    secrets_init(dir, arena, &secrets);
    return secrets_open(&secrets, &cluster, arena, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return dir_remove(dir, &err) ? 0 : -1;
}

/* master.cnf as it is; the caller frees it. */
static char *credentials(void)
{
    char *text = NULL;
    struct stat info;

    assert_int_equal(stat(secrets.credentials, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_true(file_read(secrets.credentials, 4096, &text, &err));
    return text;
}

static void test_the_address_follows_and_the_password_stays(void **state)
{
    char *before = credentials();
    char *after;

    (void)state;
    assert_contains(before, "\nhost=127.0.0.1\nport=3307\n");
    cluster.port = 3308;
    assert_true(secrets_open(&secrets, &cluster, arena, &err));
    cluster.port = 3307;
    after = credentials();
    assert_contains(after, "\nport=3308\n");
    assert_contains(after, secrets.master_password);
    assert_contains(before, secrets.master_password);
    secret_free(before);
    secret_free(after);
}

static void test_a_new_password_is_put_down_first(void **state)
{
    static const struct {
        const char *password;
        const char *line;
    } cases[] = {
        {"plain-password", "\npassword=plain-password\n"},
        {"a\\b#c'd;e", "\npassword=\"a\\\\b#c'd;e\"\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *pending = NULL;
        char *text;

        assert_true(secrets_put_pending(&secrets, cases[i].password, &err));
        assert_true(secrets_get_pending(&secrets, &pending, &err));
        assert_string_equal(pending, cases[i].password);
        text = credentials();
        assert_null(strstr(text, cases[i].line));
        secret_free(text);
        assert_true(secrets_take_pending(&secrets, &cluster, pending, &err));
        secret_free(pending);
        assert_true(secrets_get_pending(&secrets, &pending, &err));
        assert_null(pending);
        /* Read and written again, it is the same. */
        assert_true(secrets_open(&secrets, &cluster, arena, &err));
        text = credentials();
        assert_contains(text, cases[i].line);
        secret_free(text);
    }
}

static void test_passwords_that_the_interface_does_not_know_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "seven77",
        "with space",
        "with/slash",
        "with\"quote",
        "with@at",
        "tab\there",
        "n\xc3\xa4mlich",
        "del\x7f-del",
        "forty-two-characters-are-one-too-many-here",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(secrets_check_password(bad[i], &err));
        assert_int_equal(err.class, E_USAGE);
        assert_true(*bad[i] == '\0' || !strstr(err.text, bad[i]));
    }
    assert_true(secrets_check_password("eight888", &err));
    assert_true(secrets_check_password("forty-one-characters-are-what-it-may-have", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_address_follows_and_the_password_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_password_is_put_down_first, set_up, tear_down),
        cmocka_unit_test(test_passwords_that_the_interface_does_not_know_are_refused),
    };

    return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
