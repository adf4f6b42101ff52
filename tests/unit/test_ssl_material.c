#include "check.h"

#include "base/file.h"
#include "base/mem.h"
#include "cluster/ssl_material.h"
#include "net/certificate.h"

#include <stdio.h>
#include <sys/stat.h>

static struct err err;
static char dir[64];

static bool parse(const char *json, struct ssl_material *ret_material)
{
    return ssl_material_parse(span_str(json), ret_material, &err);
}

static void test_parse(void **state)
{
    struct ssl_material material = {0};

    (void)state;
    assert_true(parse(
        " {\"ssl_key\" : \"k\\nl\" ,\r\n\t\"ssl_ca\":\"a\nb\n\",\"ssl_cert\":\"\"} \n", &material));
    assert_string_equal(material.key, "k\nl\n");
    assert_string_equal(material.ca, "a\nb\n");
    assert_string_equal(material.cert, "");
    ssl_material_done(&material);
    assert_null(material.key);
    /* What was copied from an indented page, with Windows' line ends. */
    assert_true(parse("{\"ssl_ca\":\"  a  \r\n\t b c \r\n  \",\"ssl_cert\":\"\\u0041\\u00e9\\u20ac"
                      "\\ud83d\\ude00\",\"ssl_key\":\"\\\"\\\\\\/\\b\\f\"}",
                      &material));
    assert_string_equal(material.ca, "a\nb c\n");
    assert_string_equal(material.cert, "A\u00e9\u20ac\U0001f600\n");
    assert_string_equal(material.key, "\"\\/\b\f\n");
    ssl_material_done(&material);
}

static void test_parse_refuses(void **state)
{
    static const struct {
        const char *json;
        const char *expected;
    } cases[] = {
        {"", "expected a JSON object, { first,, found the end of the text"},
        {"null", "at byte 1"},
        {"{\"ssl_ca\":\"\"", "expected a comma or }, found the end"},
        {"{\"ssl_ca\":\"\" \"ssl_key\":\"\"}", "expected a comma or } at byte 14"},
        {"{\"ssl_ca\":\"\",}", "expected a member's name in double quotes at byte 14"},
        {"{'ssl_ca':''}", "expected a member's name in double quotes at byte 2"},
        {"{\"ssl_ca\"=\"\"}", "expected a colon behind a member's name at byte 10"},
        {"{\"ssl_ca\":1}", "expected a member's text in double quotes at byte 11"},
        {"{\"ssl_ca\":[\"\"]}", "expected a member's text in double quotes at byte 11"},
        {"{\"ssl_ca\":\"x", "expected \" at the end of a string, found the end"},
        {"{\"ssl_ca\":\"\\x\"}", "behind the backslash at byte 12"},
        {"{\"ssl_ca\":\"\\", "behind the backslash at byte 12"},
        {"{\"ssl_ca\":\"\\u12\"}", "behind \\u"},
        {"{\"ssl_ca\":\"\\u0000\"}", "behind \\u"},
        {"{\"ssl_ca\":\"\\ude00\"}", "behind \\u"},
        {"{\"ssl_ca\":\"\\ud83d\\u0041\"}", "behind \\u"},
        {"{\"ssl_ca\":\"\x01\"}", "expected no control character"},
        {"{\"ssl_ca\":\"\",\"ssl_ca\":\"\"}", "expected ssl_ca once, found it twice"},
        {"{\"SSL_CA\":\"\"}", "found SSL_CA"},
        {"{\"-----BEGIN PRIVATE\":\"\"}", "found another name"},
        {"{}", "expected the member ssl_ca, found none"},
        {"{\"ssl_ca\":\"\",\"ssl_cert\":\"\"}", "expected the member ssl_key, found none"},
        {"{\"ssl_ca\":\"\",\"ssl_cert\":\"\",\"ssl_key\":\"\"}{}",
         "nothing behind }, found 2 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ssl_material material = {0};

        assert_false(parse(cases[i].json, &material));
        assert_contains(err.text, "SSL material: ");
        assert_contains(err.text, cases[i].expected);
        assert_null(material.ca);
    }
}

static void test_too_long(void **state)
{
    struct ssl_material material = {0};
    char *text = mem_alloc(SSL_MATERIAL_MAX + 1);

    (void)state;
    memset(text, ' ', SSL_MATERIAL_MAX + 1);
    assert_false(ssl_material_parse(span_of(text, SSL_MATERIAL_MAX + 1), &material, &err));
    assert_int_equal(err.class, E_LIMIT);
    mem_free(text);
}

/* Material of an authority of its own. */
static struct ssl_material make(const char *name)
{
    struct certificate_set set;
    struct ssl_material material;

    assert_true(certificate_set_make(name, "h", &set, &err));
    material = (struct ssl_material){
        .ca = mem_text(set.ca_cert.data, set.ca_cert.len),
        .cert = mem_text(set.server_cert.data, set.server_cert.len),
        .key = mem_text(set.server_key.data, set.server_key.len),
    };
    certificate_set_done(&set);
    return material;
}

static void check_file(const char *name, const char *text)
{
    char *path = mem_printf("%s/" SSL_MATERIAL_DIR "/%s", dir, name);
    char *found = NULL;
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_true(file_read(path, 65536, &found, &err));
    assert_string_equal(found, text);
    mem_free(found);
    mem_free(path);
}

static void check_stored(const struct ssl_material *material)
{
    check_file(SSL_MATERIAL_CA_FILE, material->ca);
    check_file(SSL_MATERIAL_CERT_FILE, material->cert);
    check_file(SSL_MATERIAL_KEY_FILE, material->key);
}

static bool exists(const char *suffix)
{
    char *path = mem_printf("%s/" SSL_MATERIAL_DIR "%s", dir, suffix);
    bool there = path_exists(path);

    mem_free(path);
    return there;
}

static void move(const char *from, const char *to)
{
    char *old = mem_printf("%s/" SSL_MATERIAL_DIR "%s", dir, from);
    char *new = mem_printf("%s/" SSL_MATERIAL_DIR "%s", dir, to);

    assert_int_equal(rename(old, new), 0);
    mem_free(old);
    mem_free(new);
}

static void test_store(void **state)
{
    struct ssl_material one = make("one");
    struct ssl_material two = make("two");
    struct ssl_material mixed = {one.ca, one.cert, two.key};

    (void)state;
    assert_true(ssl_material_check(&one, &err));
    assert_true(ssl_material_store(dir, &one, &err));
    check_stored(&one);
    assert_true(ssl_material_store(dir, &two, &err));
    check_stored(&two);
    /* What TLS does not take changes nothing, even if nobody has checked it. */
    assert_false(ssl_material_check(&mixed, &err));
    assert_false(ssl_material_store(dir, &mixed, &err));
    check_stored(&two);
    assert_false(exists(".new") || exists(".old"));
    assert_true(ssl_material_remove(dir, &err));
    assert_true(ssl_material_remove(dir, &err));
    assert_false(exists("") || exists(".new") || exists(".old"));
    ssl_material_done(&one);
    ssl_material_done(&two);
}

/* As a crash leaves it: before, between and after the two renames. */
static void test_recover(void **state)
{
    struct ssl_material one = make("one");
    struct ssl_material two = make("two");

    (void)state;
    assert_true(ssl_material_recover(dir, &err));
    assert_true(ssl_material_store(dir, &two, &err));
    move("", ".new");
    assert_true(ssl_material_recover(dir, &err));
    assert_false(exists("") || exists(".new"));

    assert_true(ssl_material_store(dir, &two, &err));
    move("", ".aside");
    assert_true(ssl_material_store(dir, &one, &err));
    move("", ".old");
    move(".aside", ".new");
    assert_true(ssl_material_recover(dir, &err));
    check_stored(&one);
    assert_false(exists(".new") || exists(".old"));

    move("", ".old");
    assert_true(ssl_material_store(dir, &two, &err));
    check_stored(&two);
    assert_false(exists(".old"));
    ssl_material_done(&one);
    ssl_material_done(&two);
}

static int set_up(void **state)
{
    (void)state;
    check_make_dir(dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return dir_remove(dir, &err) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test_setup_teardown(test_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_recover, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("ssl_material", tests, NULL, NULL);
}
