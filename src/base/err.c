#include "base/err.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * A text is one line of UTF-8, whatever it quotes: it goes to people, logs and JSON, where what
 * came from outside must not pass for a line, or a character, of ours.
 */
static void clean(char *text)
{
    while (*text) {
        size_t length = utf8_length(text);

        if (length == 0 || *text == 0x7f)
            *text = '?';
        else if (length == 1 && *text < ' ')
            *text = ' ';
        text += length > 0 ? length : 1;
    }
}

bool err_set(struct err *err, enum err_class class, int code, const char *format, ...)
{
    va_list args;

    err->class = class;
    err->code = code;
    err->retriable = class == E_TIMEOUT;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    clean(err->text);
    return false;
}

bool err_errno(struct err *err, const char *format, ...)
{
    int saved = errno;
    char reason[128];
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    err->class = E_IO;
    err->code = saved;
    err->retriable = saved == EINTR || saved == EAGAIN || saved == EMFILE || saved == ENFILE;
    /* The GNU strerror_r returns the string, which may not be in the buffer. */
    (void)snprintf(err->text, sizeof err->text, "%.400s: %s", text,
                   strerror_r(saved, reason, sizeof reason));
    clean(err->text);
    return false;
}

bool err_prefix(struct err *err, const char *format, ...)
{
    char prefix[ERR_TEXT_MAX];
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    memcpy(text, err->text, sizeof text);
    (void)snprintf(err->text, sizeof err->text, "%.200s: %.300s", prefix, text);
    clean(err->text);
    return false;
}

const char *err_class_name(enum err_class class)
{
    switch (class) {
    case E_NONE:
        return "none";
    case E_IO:
        return "io";
    case E_TIMEOUT:
        return "timeout";
    case E_PROTO:
        return "proto";
    case E_AUTH:
        return "auth";
    case E_STATE:
        return "state";
    case E_LIMIT:
        return "limit";
    case E_USAGE:
        return "usage";
    case E_BUG:
        return "bug";
    }
    return "unknown";
}
