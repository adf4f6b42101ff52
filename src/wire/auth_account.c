#include "wire/auth_account.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/random.h"
#include "wire/auth_proof.h"

#include <sodium.h>
#include <stdio.h>

#define NATIVE_PREFIX "*"
#define SHA2_PREFIX   "$sha2$"

bool auth_account_make(struct span password, struct auth_account *ret, struct err *err)
{
    if (password.len == 0 || password.len > AUTH_PASSWORD_MAX)
        return err_set(err, E_USAGE, 0, "password: expected 1 to %d bytes, found %zu",
                       AUTH_PASSWORD_MAX, password.len);
    *ret = (struct auth_account){.has_native = true, .has_sha2 = true};
    auth_native_hash(password, ret->native);
    auth_sha2_hash(password, ret->sha2);
    return true;
}

void auth_account_make_decoy(bool has_native, bool has_sha2, struct auth_account *ret)
{
    *ret = (struct auth_account){.has_native = has_native, .has_sha2 = has_sha2};
    random_bytes(ret->native, sizeof ret->native);
    random_bytes(ret->sha2, sizeof ret->sha2);
}

/* After the prefix two digits a byte, exactly n bytes; false, too, where another prefix stands. */
static bool parse_hash(const char *text, const char *prefix, uint8_t *into, size_t n)
{
    struct cursor cur = cursor_of(span_str(text));
    size_t got;

    if (!span_eq(cursor_bytes(&cur, strlen(prefix)), span_str(prefix)) ||
        cursor_left(&cur) != 2 * n)
        return false;
    return sodium_hex2bin(into, n, (const char *)cur.rest.data, 2 * n, NULL, &got, NULL) == 0 &&
           got == n;
}

bool auth_account_parse(struct auth_account *account, const char *text, struct err *err)
{
    struct auth_account changed = *account;
    bool is_native = parse_hash(text, NATIVE_PREFIX, changed.native, sizeof changed.native);
    bool is_sha2 = !is_native && parse_hash(text, SHA2_PREFIX, changed.sha2, sizeof changed.sha2);

    changed.has_native = changed.has_native || is_native;
    changed.has_sha2 = changed.has_sha2 || is_sha2;
    if (!is_native && !is_sha2)
        return err_set(err, E_USAGE, 0,
                       "password hash: expected '" NATIVE_PREFIX "' and %d hexadecimal digits or "
                       "'" SHA2_PREFIX "' and %d, found %zu other characters",
                       2 * AUTH_NATIVE_SIZE, 2 * AUTH_SHA2_SIZE, strlen(text));
    *account = changed;
    return true;
}

static void write_hex(const char *prefix, struct span hash, const char *format,
                      char text[AUTH_ACCOUNT_TEXT_MAX])
{
    struct buf buf;

    buf_init(&buf, AUTH_ACCOUNT_TEXT_MAX);
    buf_str(&buf, prefix);
    for (size_t i = 0; i < hash.len; i++)
        buf_printf(&buf, *format == 'X' ? "%02X" : "%02x", hash.data[i]);
    (void)snprintf(text, AUTH_ACCOUNT_TEXT_MAX, "%s", buf_borrow_cstr(&buf));
    buf_done(&buf);
}

void auth_account_native_text(const struct auth_account *account, char text[AUTH_ACCOUNT_TEXT_MAX])
{
    write_hex(NATIVE_PREFIX, span_of(account->native, sizeof account->native), "X", text);
}

void auth_account_sha2_text(const struct auth_account *account, char text[AUTH_ACCOUNT_TEXT_MAX])
{
    write_hex(SHA2_PREFIX, span_of(account->sha2, sizeof account->sha2), "x", text);
}
