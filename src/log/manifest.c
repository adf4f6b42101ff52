#include "log/manifest.h"

#include "log/sealed_text.h"

#define TITLE "borealis-log"

void manifest_encode(struct buf *buf, const struct manifest *manifest)
{
    const struct log_identity *identity = &manifest->identity;

    sealed_text_begin(buf, TITLE, LOG_FORMAT_VERSION);
    buf_printf(buf, "family=%s\n", identity->family == FORMAT_MARIADB ? "mariadb" : "mysql");
    buf_printf(buf, "server_id=%u\n", identity->server_id);
    buf_printf(buf, "server_uuid=%s\n", identity->server_uuid);
    buf_printf(buf, "server_version=%s\n", identity->server_version);
    buf_printf(buf, "format_created=%u\n", identity->format_created);
    buf_printf(buf, "created_usec=%lld\n", (long long)identity->created_usec);
    buf_printf(buf, "first=%llu\n", (unsigned long long)manifest->first);
    sealed_text_end(buf);
}

static bool take_text(struct span value, char *into, size_t size)
{
    if (value.len >= size || (value.len && memchr(value.data, 0, value.len)))
        return false;
    if (value.len)
        memcpy(into, value.data, value.len);
    into[value.len] = 0;
    return true;
}

static bool take_u32(struct span value, uint32_t *into)
{
    uint64_t number;

    if (!sealed_text_number(value, UINT32_MAX, &number))
        return false;
    *into = (uint32_t)number;
    return true;
}

static bool take_family(struct span value, enum format_family *into)
{
    bool mariadb = span_eq(value, span_str("mariadb"));

    *into = mariadb ? FORMAT_MARIADB : FORMAT_MYSQL;
    return mariadb || span_eq(value, span_str("mysql"));
}

static bool take_usec(struct span value, int64_t *into)
{
    uint64_t number;

    if (!sealed_text_number(value, INT64_MAX, &number))
        return false;
    *into = (int64_t)number;
    return true;
}

static bool is_key(struct span key, const char *name, unsigned bit, unsigned *seen)
{
    if (!span_eq(key, span_str(name)) || *seen & bit)
        return false;
    *seen |= bit;
    return true;
}

static bool take_value(struct manifest *manifest, struct span key, struct span value,
                       unsigned *seen)
{
    struct log_identity *identity = &manifest->identity;

    if (is_key(key, "family", 1, seen))
        return take_family(value, &identity->family);
    if (is_key(key, "server_id", 2, seen))
        return take_u32(value, &identity->server_id);
    if (is_key(key, "server_uuid", 4, seen))
        return take_text(value, identity->server_uuid, sizeof identity->server_uuid);
    if (is_key(key, "server_version", 8, seen))
        return take_text(value, identity->server_version, sizeof identity->server_version);
    if (is_key(key, "format_created", 16, seen))
        return take_u32(value, &identity->format_created);
    if (is_key(key, "created_usec", 32, seen))
        return take_usec(value, &identity->created_usec);
    if (is_key(key, "first", 64, seen))
        return sealed_text_number(value, UINT64_MAX, &manifest->first);
    return false;
}

bool manifest_decode(struct span text, struct manifest *ret_manifest, struct err *err)
{
    struct manifest manifest = {0};
    struct cursor lines;
    struct span key;
    struct span value;
    unsigned seen = 0;

    if (!sealed_text_open(text, TITLE, LOG_FORMAT_VERSION, &lines, err))
        return false;
    while (sealed_text_line(&lines, &key, &value)) {
        if (!take_value(&manifest, key, value, &seen))
            return err_set(err, E_PROTO, 0,
                           "line '%.*s' with a value of %zu bytes is not known, or a second one",
                           (int)(key.len < 60 ? key.len : 60), (const char *)key.data, value.len);
    }
    if (seen != 127)
        return err_set(err, E_PROTO, 0, "a line is missing: expected 7 keys");
    *ret_manifest = manifest;
    return true;
}
