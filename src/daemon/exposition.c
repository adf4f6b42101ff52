#include "daemon/exposition.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53: whole numbers up to here are exact */

/* Bytes of the UTF-8 character at `at`; 0 when it is none. */
static size_t character_length(const unsigned char *at)
{
    size_t length = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;

    if (*at > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    /* Longer than needed, of UTF-16, or past the last one. */
    if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
        (*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f))
        return 0;
    return length;
}

static void write_escaped(struct buf *buf, const char *text, bool quotes)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at) {
        size_t length = character_length(at);

        if (*at == '\\')
            buf_str(buf, "\\\\");
        else if (*at == '\n')
            buf_str(buf, "\\n");
        else if (*at == '"' && quotes)
            buf_str(buf, "\\\"");
        else if (length == 0)
            buf_str(buf, "?");
        else
            buf_bytes(buf, span_of(at, length));
        at += length > 0 ? length : 1;
    }
}

void exposition_family(struct buf *buf, const char *name, const char *type, const char *help)
{
    buf_printf(buf, "# HELP %s ", name);
    write_escaped(buf, help, false);
    buf_printf(buf, "\n# TYPE %s %s\n", name, type);
}

void exposition_sample(struct buf *buf, const char *name, const char *suffix,
                       const struct exposition_label *labels, size_t count, double value)
{
    buf_printf(buf, "%s%s", name, suffix);
    for (size_t i = 0; i < count; i++) {
        buf_printf(buf, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
        write_escaped(buf, labels[i].value, true);
        buf_str(buf, "\"");
    }
    if (count > 0)
        buf_str(buf, "}");
    if (value >= 0 && value <= EXACT_MAX && value == (double)(uint64_t)value)
        buf_printf(buf, " %.0f\n", value);
    else
        buf_printf(buf, " %.17g\n", value);
}
