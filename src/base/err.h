/*
 * struct err: why an operation failed, in one value.
 *
 * Every fallible function returns bool, takes `struct err *err` last and must be checked. On false
 * the error is filled and every `ret_x` output is untouched. The text is one line of UTF-8 for a
 * person, whatever it quotes: it names the object, what was expected and what was found; it never
 * holds a password, a key or row data. The caller owns the struct (usually on its stack); nothing
 * in it needs freeing. Functions here may be called from any thread.
 */
#pragma once

#include <stdbool.h>

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ERR_TEXT_MAX      512

enum err_class {
    E_NONE,
    E_IO,      /* the operating system refused; code is an errno */
    E_TIMEOUT, /* a deadline passed */
    E_PROTO,   /* a peer or a file broke its format */
    E_AUTH,    /* credentials or privileges; code is the server's where one answered */
    E_STATE,   /* not possible now; possible in another state */
    E_LIMIT,   /* a size or a count is over its bound */
    E_USAGE,   /* the person or program that called gave a wrong argument */
    E_BUG,     /* an assumption of ours does not hold */
};

struct err {
    enum err_class class;
    int code; /* errno, or a MySQL error number, or 0 */
    bool retriable;
    char text[ERR_TEXT_MAX];
};

/* Fills err and returns false, so that failing is one expression. */
bool err_set(struct err *err, enum err_class class, int code, const char *format, ...)
    PRINTF_LIKE(4, 5);

/*
 * err_set() for a failed system call: appends strerror(errno); retriable for EINTR, EAGAIN, and for
 * want of descriptors (EMFILE, ENFILE), which others give back.
 */
bool err_errno(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Puts "prefix: " before the text of an error that is already set; returns false. */
bool err_prefix(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* "io", "timeout", ...: for logs and --json. */
const char *err_class_name(enum err_class class);
