#include "cluster/ssl_material.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret_file.h"
#include "net/pem.h"
#include "net/tls.h"

#include <stdio.h>
#include <string.h>

#define KEY_SHOWN_MAX 32
#define UTF16_HIGH    0xd800u
#define UTF16_LOW     0xdc00u
#define UTF16_END     0xe000u

enum member { MEMBER_CA, MEMBER_CERT, MEMBER_KEY, MEMBERS };

static const char *const member_names[MEMBERS] = {"ssl_ca", "ssl_cert", "ssl_key"};

struct parser {
    struct span text;
    struct cursor cur;
    struct buf value; /* of the string read last; wiped at the end */
};

static size_t offset(const struct parser *parser)
{
    return parser->text.len - cursor_left(&parser->cur);
}

static bool refuse(const struct parser *parser, const char *expected, struct err *err)
{
    if (cursor_left(&parser->cur) == 0)
        return err_set(err, E_USAGE, 0, "SSL material: expected %s, found the end of the text",
                       expected);
    return err_set(err, E_USAGE, 0, "SSL material: expected %s at byte %zu, found something else",
                   expected, offset(parser) + 1);
}

static void skip_blanks(struct parser *parser)
{
    while (cursor_left(&parser->cur) > 0 && memchr(" \t\r\n", *parser->cur.rest.data, 4))
        cursor_skip(&parser->cur, 1);
}

/* Takes the sign if it is the next that is no blank. */
static bool take(struct parser *parser, char sign)
{
    skip_blanks(parser);
    if (cursor_left(&parser->cur) == 0 || *parser->cur.rest.data != (uint8_t)sign)
        return false;
    cursor_skip(&parser->cur, 1);
    return true;
}

static uint32_t hex4(struct cursor *cur)
{
    uint32_t high = cursor_hex_byte(cur);

    return high << 8 | cursor_hex_byte(cur);
}

/* Behind \u. A NUL, and half a pair, stand for nothing. */
static bool read_code(struct parser *parser, struct err *err)
{
    uint32_t code = hex4(&parser->cur);

    if (code >= UTF16_HIGH && code < UTF16_LOW) {
        bool pair = cursor_u8(&parser->cur) == '\\' && cursor_u8(&parser->cur) == 'u';
        uint32_t low = hex4(&parser->cur);

        if (!pair || low < UTF16_LOW || low >= UTF16_END)
            parser->cur.bad = true;
        code = 0x10000 + ((code - UTF16_HIGH) << 10) + (low - UTF16_LOW);
    } else if (code == 0 || (code >= UTF16_LOW && code < UTF16_END)) {
        parser->cur.bad = true;
    }
    if (!cursor_ok(&parser->cur))
        return err_set(err, E_USAGE, 0,
                       "SSL material: expected a character behind \\u, found none");
    if (code < 0x80) {
        buf_u8(&parser->value, (uint8_t)code);
    } else if (code < 0x800) {
        buf_u8(&parser->value, (uint8_t)(0xc0 | code >> 6));
    } else if (code < 0x10000) {
        buf_u8(&parser->value, (uint8_t)(0xe0 | code >> 12));
        buf_u8(&parser->value, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
    } else {
        buf_u8(&parser->value, (uint8_t)(0xf0 | code >> 18));
        buf_u8(&parser->value, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        buf_u8(&parser->value, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
    }
    if (code >= 0x80)
        buf_u8(&parser->value, (uint8_t)(0x80 | (code & 0x3f)));
    return true;
}

/* Behind a backslash. */
static bool read_escape(struct parser *parser, struct err *err)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    uint8_t name = cursor_u8(&parser->cur);
    const char *found = name ? strchr(names, name) : NULL;

    if (name == 'u')
        return read_code(parser, err);
    if (!found)
        return err_set(err, E_USAGE, 0,
                       "SSL material: expected one of \" \\ / b f n r t u behind the backslash at "
                       "byte %zu, found something else",
                       offset(parser) - (name ? 1 : 0));
    buf_u8(&parser->value, (uint8_t)values[found - names]);
    return true;
}

/* A string into parser->value. */
static bool read_string(struct parser *parser, const char *what, struct err *err)
{
    buf_clear(&parser->value);
    if (!take(parser, '"'))
        return refuse(parser, what, err);
    while (cursor_left(&parser->cur) > 0) {
        uint8_t c = cursor_u8(&parser->cur);

        if (c == '"')
            return true;
        if (c < ' ' && c != '\n' && c != '\r' && c != '\t')
            return err_set(err, E_USAGE, 0,
                           "SSL material: expected no control character but line breaks and tabs, "
                           "found one at byte %zu",
                           offset(parser));
        if (c != '\\')
            buf_u8(&parser->value, c);
        else if (!read_escape(parser, err))
            return false;
    }
    return refuse(parser, "\" at the end of a string", err);
}

/* What somebody has put into the place of a name may be a secret. */
static bool refuse_name(struct span name, struct err *err)
{
    bool shown = name.len > 0 && name.len <= KEY_SHOWN_MAX;

    for (size_t i = 0; shown && i < name.len; i++)
        shown = name.data[i] == '_' || (name.data[i] >= 'a' && name.data[i] <= 'z') ||
                (name.data[i] >= 'A' && name.data[i] <= 'Z');
    return err_set(err, E_USAGE, 0,
                   "SSL material: expected the members ssl_ca, ssl_cert and ssl_key, found %.*s",
                   shown ? (int)name.len : 12, shown ? (const char *)name.data : "another name");
}

/* The string without blanks around its lines, with a line break at the end. */
static char *copy_lines(struct span text)
{
    char *copy = mem_alloc(text.len + 2);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];

        if (c == '\n') {
            while (len > 0 && (copy[len - 1] == ' ' || copy[len - 1] == '\t'))
                len--;
        }
        if (c == '\r' || ((c == ' ' || c == '\t') && (len == 0 || copy[len - 1] == '\n')))
            continue;
        copy[len++] = c;
    }
    while (len > 0 && (copy[len - 1] == ' ' || copy[len - 1] == '\t'))
        len--;
    if (len > 0 && copy[len - 1] != '\n')
        copy[len++] = '\n';
    memset(copy + len, 0, text.len + 2 - len);
    return copy;
}

static bool read_member(struct parser *parser, char *values[MEMBERS], struct err *err)
{
    size_t member = 0;

    if (!read_string(parser, "a member's name in double quotes", err))
        return false;
    while (member < MEMBERS && !span_eq(buf_span(&parser->value), span_str(member_names[member])))
        member++;
    if (member == MEMBERS)
        return refuse_name(buf_span(&parser->value), err);
    if (values[member])
        return err_set(err, E_USAGE, 0, "SSL material: expected %s once, found it twice",
                       member_names[member]);
    if (!take(parser, ':'))
        return refuse(parser, "a colon behind a member's name", err);
    if (!read_string(parser, "a member's text in double quotes", err))
        return false;
    values[member] = copy_lines(buf_span(&parser->value));
    return true;
}

static bool read_object(struct parser *parser, char *values[MEMBERS], struct err *err)
{
    if (!take(parser, '{'))
        return refuse(parser, "a JSON object, { first,", err);
    if (!take(parser, '}')) {
        do {
            if (!read_member(parser, values, err))
                return false;
        } while (take(parser, ','));
        if (!take(parser, '}'))
            return refuse(parser, "a comma or }", err);
    }
    skip_blanks(parser);
    if (cursor_left(&parser->cur) > 0)
        return err_set(err, E_USAGE, 0, "SSL material: expected nothing behind }, found %zu bytes",
                       cursor_left(&parser->cur));
    for (size_t i = 0; i < MEMBERS; i++) {
        if (!values[i])
            return err_set(err, E_USAGE, 0, "SSL material: expected the member %s, found none",
                           member_names[i]);
    }
    return true;
}

bool ssl_material_parse(struct span json, struct ssl_material *ret_material, struct err *err)
{
    struct parser parser = {.text = json, .cur = cursor_of(json)};
    char *values[MEMBERS] = {NULL};
    bool ok;

    if (json.len > SSL_MATERIAL_MAX)
        return err_set(err, E_LIMIT, 0, "SSL material: expected at most %d bytes, found %zu",
                       SSL_MATERIAL_MAX, json.len);
    buf_init(&parser.value, SSL_MATERIAL_MAX);
    /* All at once: what grew would leave copies behind. */
    (void)buf_room(&parser.value, json.len);
    ok = read_object(&parser, values, err);
    if (parser.value.data)
        explicit_bzero(parser.value.data, parser.value.cap);
    buf_done(&parser.value);
    if (ok) {
        *ret_material = (struct ssl_material){
            .ca = values[MEMBER_CA], .cert = values[MEMBER_CERT], .key = values[MEMBER_KEY]};
        return true;
    }
    for (size_t i = 0; i < MEMBERS; i++)
        secret_free(values[i]);
    return false;
}

void ssl_material_done(struct ssl_material *material)
{
    secret_free(material->ca);
    secret_free(material->cert);
    secret_free(material->key);
    *material = (struct ssl_material){0};
}

bool ssl_material_check(const struct ssl_material *material, struct err *err)
{
    return pem_check_certificates(span_str(material->ca), member_names[MEMBER_CA], err) &&
           pem_check_pair(span_str(material->cert), member_names[MEMBER_CERT],
                          span_str(material->key), member_names[MEMBER_KEY], err);
}

/* The directory's name while it is filled, and while it goes. */
struct places {
    char *now;
    char *next;
    char *last;
};

static struct places places_in(const char *dir)
{
    return (struct places){
        .now = mem_printf("%s/" SSL_MATERIAL_DIR, dir),
        .next = mem_printf("%s/" SSL_MATERIAL_DIR ".new", dir),
        .last = mem_printf("%s/" SSL_MATERIAL_DIR ".old", dir),
    };
}

static void places_done(struct places *places)
{
    mem_free(places->now);
    mem_free(places->next);
    mem_free(places->last);
}

static bool rename_dir(const char *from, const char *to, struct err *err)
{
    if (rename(from, to) != 0)
        return err_errno(err, "%s: cannot be renamed to %s", from, to);
    return dir_sync_parent(to, err);
}

static bool write_part(const char *dir, const char *name, const char *text, struct err *err)
{
    char *path = mem_printf("%s/%s", dir, name);
    bool ok = file_write(path, span_str(text), 0600, err);

    mem_free(path);
    return ok;
}

/* TLS has the last word: it also minds how long a key is. */
static bool try_tls(const char *dir, struct err *err)
{
    char *ca = mem_printf("%s/" SSL_MATERIAL_CA_FILE, dir);
    char *cert = mem_printf("%s/" SSL_MATERIAL_CERT_FILE, dir);
    char *key = mem_printf("%s/" SSL_MATERIAL_KEY_FILE, dir);
    struct tls *tls = NULL;
    bool ok = tls_client_new(
        &(struct tls_client_spec){
            .mode = TLS_VERIFY_CA, .ca_file = ca, .cert_file = cert, .key_file = key},
        &tls, err);

    tls_free(tls);
    mem_free(ca);
    mem_free(cert);
    mem_free(key);
    return ok;
}

static bool fill(const char *dir, const struct ssl_material *material, struct err *err)
{
    return dir_remove(dir, err) && dir_make(dir, 0700, err) &&
           write_part(dir, SSL_MATERIAL_CA_FILE, material->ca, err) &&
           write_part(dir, SSL_MATERIAL_CERT_FILE, material->cert, err) &&
           write_part(dir, SSL_MATERIAL_KEY_FILE, material->key, err) && try_tls(dir, err);
}

/* What was stored and not put in place goes; what was to go comes back when nothing else is there.
 */
static bool recover(const struct places *places, struct err *err)
{
    if (path_exists(places->last) && !path_exists(places->now) &&
        !rename_dir(places->last, places->now, err))
        return false;
    return dir_remove(places->last, err) && dir_remove(places->next, err);
}

bool ssl_material_recover(const char *dir, struct err *err)
{
    struct places places = places_in(dir);
    bool ok = recover(&places, err);

    places_done(&places);
    return ok;
}

bool ssl_material_store(const char *dir, const struct ssl_material *material, struct err *err)
{
    struct places places = places_in(dir);
    struct err ignored;
    bool ok = recover(&places, err) && fill(places.next, material, err) &&
              (!path_exists(places.now) || rename_dir(places.now, places.last, err)) &&
              rename_dir(places.next, places.now, err) && dir_remove(places.last, err);

    if (!ok)
        (void)!recover(&places, &ignored);
    places_done(&places);
    return ok;
}

bool ssl_material_remove(const char *dir, struct err *err)
{
    struct places places = places_in(dir);
    bool ok = recover(&places, err) && dir_remove(places.now, err);

    if (ok && path_exists(dir))
        ok = dir_sync(dir, err);
    places_done(&places);
    return ok;
}
