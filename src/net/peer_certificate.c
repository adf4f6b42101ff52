#include "net/peer_certificate.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool address_is(const char *host)
{
    uint8_t address[16];

    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* One name of the list; what is neither a DNS name nor an address says nothing about hosts. */
static void add_name(const GENERAL_NAME *name, char *names, size_t size)
{
    size_t used = strlen(names);
    const char *between = used ? ", " : "";
    const ASN1_STRING *text;
    char address[INET6_ADDRSTRLEN];

    if (name->type == GEN_DNS) {
        text = name->d.dNSName;
        (void)snprintf(names + used, size - used, "%s%.*s", between, ASN1_STRING_length(text),
                       (const char *)ASN1_STRING_get0_data(text));
    } else if (name->type == GEN_IPADD) {
        text = name->d.iPAddress;
        if (inet_ntop(ASN1_STRING_length(text) == 4 ? AF_INET : AF_INET6,
                      ASN1_STRING_get0_data(text), address, sizeof address))
            (void)snprintf(names + used, size - used, "%s%s", between, address);
    }
}

static void read_names(X509 *certificate, struct peer_certificate *facts)
{
    GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(list); i++)
        add_name(sk_GENERAL_NAME_value(list, i), facts->names, sizeof facts->names);
    GENERAL_NAMES_free(list);
    if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                  facts->subject, sizeof facts->subject) < 0)
        facts->subject[0] = '\0';
}

void peer_certificate_read(X509 *certificate, const char *host, struct peer_certificate *ret)
{
    struct peer_certificate facts = {0};
    struct tm end;

    read_names(certificate, &facts);
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1)
        facts.ends = (int64_t)timegm(&end);
    facts.self_signed = X509_self_signed(certificate, 0) == 1;
    if (host)
        facts.for_host = address_is(host)
                             ? X509_check_ip_asc(certificate, host, 0) == 1
                             : X509_check_host(certificate, host, strlen(host), 0, NULL) == 1;
    *ret = facts;
}
