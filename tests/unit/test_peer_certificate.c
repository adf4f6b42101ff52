#include "check.h"

#include "net/certificate.h"
#include "net/peer_certificate.h"

#include <openssl/pem.h>
#include <time.h>

static X509 *parse(const struct buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    assert_non_null(cert);
    return cert;
}

static void test_facts(void **state)
{
    struct certificate_set set;
    struct peer_certificate facts;
    struct err err;
    X509 *ca;
    X509 *server;

    (void)state;
    assert_true(certificate_set_make("main", "db.example.com", &set, &err));
    ca = parse(&set.ca_cert);
    server = parse(&set.server_cert);

    peer_certificate_read(server, "db.example.com", &facts);
    assert_true(facts.for_host);
    assert_false(facts.self_signed);
    assert_contains(facts.names, "db.example.com");
    assert_contains(facts.names, "127.0.0.1");
    assert_contains(facts.names, "::1");
    assert_in_range(facts.ends, time(NULL) + INT64_C(9) * 365 * 86400,
                    time(NULL) + INT64_C(11) * 365 * 86400);
    peer_certificate_read(server, "127.0.0.1", &facts);
    assert_true(facts.for_host);
    peer_certificate_read(server, "10.0.0.1", &facts);
    assert_false(facts.for_host);
    peer_certificate_read(server, "other.example.com", &facts);
    assert_false(facts.for_host);
    peer_certificate_read(server, NULL, &facts);
    assert_false(facts.for_host);

    peer_certificate_read(ca, NULL, &facts);
    assert_true(facts.self_signed);
    assert_contains(facts.subject, "main");
    assert_string_equal(facts.names, "");
    X509_free(ca);
    X509_free(server);
    certificate_set_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_facts)};

    return cmocka_run_group_tests_name("peer_certificate", tests, NULL, NULL);
}
