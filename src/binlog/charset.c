#include "binlog/charset.h"

#include "base/cursor.h"
#include "binlog/charset_tables.h"

#define MARIADB_NOPAD_BIT     1024
#define MARIADB_UCA1400_FIRST 2048
#define MARIADB_UCA1400_STEP  256

enum charset_number {
    NONE,
    ARMSCII8,
    ASCII,
    BIG5,
    BINARY,
    CP1250,
    CP1251,
    CP1256,
    CP1257,
    CP850,
    CP852,
    CP866,
    CP932,
    DEC8,
    EUCJPMS,
    EUCKR,
    GB18030,
    GB2312,
    GBK,
    GEOSTD8,
    GREEK,
    HEBREW,
    HP8,
    KEYBCS2,
    KOI8R,
    KOI8U,
    LATIN1,
    LATIN2,
    LATIN5,
    LATIN7,
    MACCE,
    MACROMAN,
    SJIS,
    SWE7,
    TIS620,
    UCS2,
    UJIS,
    UTF16,
    UTF16LE,
    UTF32,
    UTF8MB3,
    UTF8MB4,
};

static const struct charset charsets[] = {
    [NONE] = {NULL, CHARSET_UNKNOWN, NULL},
    [ARMSCII8] = {"armscii8", CHARSET_OTHER, NULL},
    [ASCII] = {"ascii", CHARSET_UTF8, NULL},
    [BIG5] = {"big5", CHARSET_OTHER, NULL},
    [BINARY] = {"binary", CHARSET_BINARY, NULL},
    [CP1250] = {"cp1250", CHARSET_ASCII_SUPERSET, charset_cp1250},
    [CP1251] = {"cp1251", CHARSET_ASCII_SUPERSET, charset_cp1251},
    [CP1256] = {"cp1256", CHARSET_ASCII_SUPERSET, charset_cp1256},
    [CP1257] = {"cp1257", CHARSET_ASCII_SUPERSET, charset_cp1257},
    [CP850] = {"cp850", CHARSET_ASCII_SUPERSET, charset_cp850},
    [CP852] = {"cp852", CHARSET_ASCII_SUPERSET, charset_cp852},
    [CP866] = {"cp866", CHARSET_ASCII_SUPERSET, charset_cp866},
    [CP932] = {"cp932", CHARSET_OTHER, NULL},
    [DEC8] = {"dec8", CHARSET_ASCII_SUPERSET, charset_dec8},
    [EUCJPMS] = {"eucjpms", CHARSET_ASCII_SUPERSET, NULL},
    [EUCKR] = {"euckr", CHARSET_ASCII_SUPERSET, NULL},
    [GB18030] = {"gb18030", CHARSET_OTHER, NULL},
    [GB2312] = {"gb2312", CHARSET_ASCII_SUPERSET, NULL},
    [GBK] = {"gbk", CHARSET_OTHER, NULL},
    [GEOSTD8] = {"geostd8", CHARSET_ASCII_SUPERSET, charset_geostd8},
    [GREEK] = {"greek", CHARSET_ASCII_SUPERSET, charset_greek},
    [HEBREW] = {"hebrew", CHARSET_ASCII_SUPERSET, charset_hebrew},
    [HP8] = {"hp8", CHARSET_ASCII_SUPERSET, charset_hp8},
    [KEYBCS2] = {"keybcs2", CHARSET_ASCII_SUPERSET, charset_keybcs2},
    [KOI8R] = {"koi8r", CHARSET_ASCII_SUPERSET, charset_koi8r},
    [KOI8U] = {"koi8u", CHARSET_ASCII_SUPERSET, charset_koi8u},
    [LATIN1] = {"latin1", CHARSET_LATIN1, NULL},
    [LATIN2] = {"latin2", CHARSET_ASCII_SUPERSET, charset_latin2},
    [LATIN5] = {"latin5", CHARSET_ASCII_SUPERSET, charset_latin5},
    [LATIN7] = {"latin7", CHARSET_ASCII_SUPERSET, charset_latin7},
    [MACCE] = {"macce", CHARSET_ASCII_SUPERSET, charset_macce},
    [MACROMAN] = {"macroman", CHARSET_ASCII_SUPERSET, charset_macroman},
    [SJIS] = {"sjis", CHARSET_OTHER, NULL},
    [SWE7] = {"swe7", CHARSET_OTHER, NULL},
    [TIS620] = {"tis620", CHARSET_ASCII_SUPERSET, charset_tis620},
    [UCS2] = {"ucs2", CHARSET_UCS2, NULL},
    [UJIS] = {"ujis", CHARSET_ASCII_SUPERSET, NULL},
    [UTF16] = {"utf16", CHARSET_UTF16, NULL},
    [UTF16LE] = {"utf16le", CHARSET_UTF16LE, NULL},
    [UTF32] = {"utf32", CHARSET_UTF32, NULL},
    [UTF8MB3] = {"utf8mb3", CHARSET_UTF8, NULL},
    [UTF8MB4] = {"utf8mb4", CHARSET_UTF8, NULL},
};

/* The ids that both families share, one by one. */
static const uint8_t of_low_id[] = {
    NONE,   BIG5,   LATIN2,   DEC8,     CP850,    LATIN1,  HP8,     KOI8R,   LATIN1,  LATIN2,
    SWE7,   ASCII,  UJIS,     SJIS,     CP1251,   LATIN1,  HEBREW,  NONE,    TIS620,  EUCKR,
    LATIN7, LATIN2, KOI8U,    CP1251,   GB2312,   GREEK,   CP1250,  LATIN2,  GBK,     CP1257,
    LATIN5, LATIN1, ARMSCII8, UTF8MB3,  CP1250,   UCS2,    CP866,   KEYBCS2, MACCE,   MACROMAN,
    CP852,  LATIN7, LATIN7,   MACCE,    CP1250,   UTF8MB4, UTF8MB4, LATIN1,  LATIN1,  LATIN1,
    CP1251, CP1251, CP1251,   MACROMAN, UTF16,    UTF16,   UTF16LE, CP1256,  CP1257,  CP1257,
    UTF32,  UTF32,  UTF16LE,  BINARY,   ARMSCII8, ASCII,   CP1250,  CP1256,  CP866,   DEC8,
    GREEK,  HEBREW, HP8,      KEYBCS2,  KOI8R,    KOI8U,   UTF8MB3, LATIN2,  LATIN5,  LATIN7,
    CP850,  CP852,  SWE7,     UTF8MB3,  BIG5,     EUCKR,   GB2312,  GBK,     SJIS,    TIS620,
    UCS2,   UJIS,   GEOSTD8,  GEOSTD8,  LATIN1,   CP932,   CP932,   EUCJPMS, EUCJPMS, CP1250,
};

static const struct {
    uint16_t first;
    uint16_t last;
    uint8_t charset;
} ranges[] = {
    {101, 127, UTF16},   {128, 159, UCS2},    {160, 191, UTF32},   {192, 223, UTF8MB3},
    {224, 247, UTF8MB4}, {248, 250, GB18030}, {255, 399, UTF8MB4}, {576, 607, UTF8MB3},
    {608, 639, UTF8MB4}, {640, 671, UCS2},    {672, 703, UTF16},   {736, 767, UTF32},
};

static uint8_t number_of(uint32_t id)
{
    static const uint8_t uca1400[] = {UTF8MB3, UTF8MB4, UCS2, UTF16, UTF32};

    if (id >= MARIADB_UCA1400_FIRST) {
        uint32_t block = (id - MARIADB_UCA1400_FIRST) / MARIADB_UCA1400_STEP;

        return block < sizeof uca1400 ? uca1400[block] : NONE;
    }
    if (id >= MARIADB_NOPAD_BIT)
        id -= MARIADB_NOPAD_BIT;
    if (id < sizeof of_low_id)
        return of_low_id[id];
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (id >= ranges[i].first && id <= ranges[i].last)
            return ranges[i].charset;
    return NONE;
}

struct charset charset_of_collation(uint32_t id)
{
    return charsets[number_of(id)];
}

size_t ascii_prefix(struct span text)
{
    const uint64_t high_bits = UINT64_C(0x8080808080808080);
    size_t n = 0;

    while (text.len - n >= sizeof(uint64_t)) {
        uint64_t chunk;

        memcpy(&chunk, &text.data[n], sizeof chunk);
        if (chunk & high_bits)
            break;
        n += sizeof chunk;
    }
    while (n < text.len && text.data[n] < 0x80)
        n++;
    return n;
}

/* Takes the bytes after a leading byte of a sequence; 0 when they are not valid. */
static uint32_t utf8_sequence(struct cursor *cur, uint8_t lead)
{
    unsigned more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    uint32_t least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
    uint32_t point = lead & (0x3fU >> more);

    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    for (unsigned i = 0; i < more; i++) {
        uint8_t next = cursor_u8(cur);

        if ((next & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (next & 0x3f);
    }
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    return point;
}

bool utf8_is_valid(struct span text)
{
    struct cursor cur = cursor_of(text);

    for (;;) {
        cursor_skip(&cur, ascii_prefix(cur.rest));
        if (cursor_left(&cur) == 0)
            return true;
        if (utf8_sequence(&cur, cursor_u8(&cur)) == 0)
            return false;
    }
}

static void put_utf8(struct buf *buf, uint32_t point)
{
    if (point < 0x80) {
        buf_u8(buf, (uint8_t)point);
        return;
    }
    if (point < 0x800) {
        buf_u8(buf, (uint8_t)(0xc0 | point >> 6));
    } else {
        if (point < 0x10000) {
            buf_u8(buf, (uint8_t)(0xe0 | point >> 12));
        } else {
            buf_u8(buf, (uint8_t)(0xf0 | point >> 18));
            buf_u8(buf, (uint8_t)(0x80 | (point >> 12 & 0x3f)));
        }
        buf_u8(buf, (uint8_t)(0x80 | (point >> 6 & 0x3f)));
    }
    buf_u8(buf, (uint8_t)(0x80 | (point & 0x3f)));
}

static uint32_t next_latin1(struct cursor *cur)
{
    static const uint16_t cp1252[32] = {
        0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
    };
    uint8_t byte = cursor_u8(cur);

    return byte >= 0x80 && byte < 0xa0 ? cp1252[byte - 0x80] : byte;
}

static uint32_t next_unit(struct cursor *cur, enum charset_encoding encoding)
{
    return encoding == CHARSET_UTF16LE ? cursor_u16(cur) : (uint32_t)cursor_be(cur, 2);
}

/* UCS-2 has no pairs of surrogates: they are errors there. */
static uint32_t next_utf16(struct cursor *cur, enum charset_encoding encoding)
{
    uint32_t high = next_unit(cur, encoding);
    uint32_t low;

    if (high < 0xd800 || high > 0xdfff)
        return high;
    low = encoding == CHARSET_UCS2 ? 0 : next_unit(cur, encoding);
    if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
        cur->bad = true;
    return 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
}

static uint32_t next_utf32(struct cursor *cur)
{
    uint32_t point = (uint32_t)cursor_be(cur, 4);

    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        cur->bad = true;
    return point;
}

static bool convert(struct buf *buf, struct span text, enum charset_encoding encoding)
{
    struct cursor cur = cursor_of(text);

    while (cursor_left(&cur) > 0) {
        uint32_t point = encoding == CHARSET_LATIN1  ? next_latin1(&cur)
                         : encoding == CHARSET_UTF32 ? next_utf32(&cur)
                                                     : next_utf16(&cur, encoding);

        if (!cursor_ok(&cur))
            return false;
        put_utf8(buf, point);
    }
    return true;
}

bool charset_to_utf8(struct buf *buf, struct span text, enum charset_encoding encoding)
{
    size_t start = buf->len;

    switch (encoding) {
    case CHARSET_UNKNOWN:
    case CHARSET_BINARY:
    case CHARSET_OTHER:
        return false;
    case CHARSET_UTF8:
    case CHARSET_ASCII_SUPERSET:
        if (encoding == CHARSET_UTF8 ? !utf8_is_valid(text) : ascii_prefix(text) < text.len)
            return false;
        buf_bytes(buf, text);
        return true;
    case CHARSET_LATIN1:
    case CHARSET_UCS2:
    case CHARSET_UTF16:
    case CHARSET_UTF16LE:
    case CHARSET_UTF32:
        break;
    }
    if (convert(buf, text, encoding))
        return true;
    buf->len = start;
    return false;
}

/* One byte a character. */
static bool convert_table(struct buf *buf, struct span text, const uint16_t table[128])
{
    struct cursor cur = cursor_of(text);

    while (cursor_left(&cur) > 0) {
        uint8_t byte = cursor_u8(&cur);
        uint32_t point = byte < 0x80 ? byte : table[byte - 0x80];

        if (point == 0 && byte != 0)
            return false;
        put_utf8(buf, point);
    }
    return true;
}

bool charset_read(struct buf *buf, struct span text, struct charset charset)
{
    size_t start = buf->len;

    if (!charset.table)
        return charset_to_utf8(buf, text, charset.encoding);
    if (convert_table(buf, text, charset.table))
        return true;
    buf->len = start;
    return false;
}
