#include "check.h"

#include "base/mem.h"
#include "net/certificate.h"
#include "net/pem.h"

static struct certificate_set set;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    return certificate_set_make("c", "h", &set, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    certificate_set_done(&set);
    return 0;
}

static bool check(const char *text)
{
    return pem_check_certificates(span_str(text), "ca.pem", &err);
}

static void test_certificates(void **state)
{
    char *one = mem_text(set.ca_cert.data, set.ca_cert.len);
    char *two = mem_printf("before\n%s between\n%.*s", one, (int)set.server_cert.len,
                           (const char *)set.server_cert.data);

    (void)state;
    assert_true(check(one));
    assert_true(check(two));
    two[strlen(two) - 60] = '!';
    assert_false(check(two));
    assert_string_equal(err.text, "ca.pem: expected certificates in PEM, found number 2 broken");
    assert_int_equal(err.class, E_USAGE);
    one[strlen(one) - 5] = 0;
    assert_false(check(one));
    assert_contains(err.text, "number 1 broken");
    mem_free(one);
    mem_free(two);
}

static void test_no_certificate(void **state)
{
    char *key = mem_text(set.ca_key.data, set.ca_key.len);
    const char *const none[] = {"", "x", "-----BEGIN", key};

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_false(check(none[i]));
        assert_contains(err.text, "ca.pem: expected a certificate in PEM");
        assert_null(strstr(err.text, "MII"));
    }
    mem_free(key);
}

static bool pair(const struct buf *cert, const struct buf *key)
{
    return pem_check_pair(buf_span(cert), "cert.pem", buf_span(key), "key.pem", &err);
}

static void test_pair(void **state)
{
    struct buf chain;

    (void)state;
    assert_true(pair(&set.server_cert, &set.server_key));
    assert_true(pair(&set.ca_cert, &set.ca_key));
    buf_init(&chain, 65536);
    buf_bytes(&chain, buf_span(&set.server_cert));
    buf_bytes(&chain, buf_span(&set.ca_cert));
    assert_true(pair(&chain, &set.server_key));
    assert_false(pair(&chain, &set.ca_key));
    assert_string_equal(err.text, "key.pem: expected the private key of the first certificate in "
                                  "cert.pem, found another one");
    assert_false(pair(&set.server_key, &set.server_key));
    assert_contains(err.text, "cert.pem: expected a certificate");
    assert_false(pair(&set.server_cert, &set.server_cert));
    assert_contains(err.text, "key.pem: expected a private key in PEM");
    buf_done(&chain);
}

/* Made with: openssl pkey -aes256. Nobody is asked for its passphrase. */
static void test_a_key_with_a_passphrase(void **state)
{
    static const char locked[] =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
        "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgvmY2b7WwxcgICCAAw\n"
        "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEDvzB1rNlged7SD1fGgc0L8EgZAl\n"
        "UWF0CI+XlJgk/rWqGYYeymkHetAukMkoMUqYgk5djYvRQJzeBly0pQYiih0zwFw0\n"
        "uW2H6SB+naaqhRZytTDTnkNTmzIQ5FvD7KGzjKF4tUN9LAAyVyEVOY2xLWKpr+zK\n"
        "u+gaZ6Oc4l/78PXWQI9j3HpBotgLzPk1uHOU9CQufCjN47u0zqa7NgpFkCZWIX0=\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n";

    (void)state;
    assert_false(
        pem_check_pair(buf_span(&set.server_cert), "cert.pem", span_str(locked), "key.pem", &err));
    assert_contains(err.text, "key.pem: expected a private key without a passphrase");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_no_certificate),
        cmocka_unit_test(test_pair),
        cmocka_unit_test(test_a_key_with_a_passphrase),
    };

    return cmocka_run_group_tests_name("pem", tests, set_up, tear_down);
}
