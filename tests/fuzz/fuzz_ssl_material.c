/*
 * Fuzz target: the JSON text of SSL material. What is taken is three texts of whole lines, without
 * anything that a PEM's reader would stumble over; written as JSON again they are taken as the
 * same.
 */
#include "cluster/ssl_material.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_lines(const char *text)
{
    size_t len = strlen(text);

    require(len == 0 || text[len - 1] == '\n');
    require(strchr(text, '\r') == NULL && strstr(text, "\n ") == NULL);
    require(*text != ' ' && *text != '\t');
}

/* Line breaks as they are, everything else that needs it escaped. */
static void write_member(struct buf *buf, const char *before, const char *name, const char *text)
{
    buf_printf(buf, "%s\"%s\" : \"", before, name);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_u8(buf, '\\');
        if (*text == '\b' || *text == '\f')
            buf_str(buf, *text == '\b' ? "\\b" : "\\f");
        else if ((uint8_t)*text < ' ' && *text != '\n' && *text != '\t')
            buf_printf(buf, "\\u%04x", (unsigned)*text);
        else
            buf_u8(buf, (uint8_t)*text);
    }
    buf_u8(buf, '"');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ssl_material material = {0};
    struct ssl_material again = {0};
    struct buf json;
    struct err err = {0};

    if (!ssl_material_parse(span_of(data, size), &material, &err)) {
        require((err.class == E_USAGE || err.class == E_LIMIT) && !material.ca);
        return 0;
    }
    check_lines(material.ca);
    check_lines(material.cert);
    check_lines(material.key);
    (void)!ssl_material_check(&material, &err);
    buf_init(&json, 8 * (size_t)SSL_MATERIAL_MAX);
    write_member(&json, "{", "ssl_key", material.key);
    write_member(&json, ",", "ssl_ca", material.ca);
    write_member(&json, ",", "ssl_cert", material.cert);
    buf_str(&json, "}");
    if (json.len <= SSL_MATERIAL_MAX) {
        require(ssl_material_parse(buf_span(&json), &again, &err));
        require(strcmp(material.ca, again.ca) == 0 && strcmp(material.cert, again.cert) == 0 &&
                strcmp(material.key, again.key) == 0);
        ssl_material_done(&again);
    }
    buf_done(&json);
    ssl_material_done(&material);
    return 0;
}
