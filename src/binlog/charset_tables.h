/*
 * What the bytes 0x80 to 0xff are in character sets of one byte a character: code points, 0 for a
 * byte that is none. The lower half is ASCII in all of them. Source: what CONVERT() of MariaDB and
 * MySQL makes of each byte, the same in both families; recorded in tests/data.
 */
#pragma once

#include <stdint.h>

extern const uint16_t charset_cp1250[128];
extern const uint16_t charset_cp1251[128];
extern const uint16_t charset_cp1256[128];
extern const uint16_t charset_cp1257[128];
extern const uint16_t charset_cp850[128];
extern const uint16_t charset_cp852[128];
extern const uint16_t charset_cp866[128];
extern const uint16_t charset_dec8[128];
extern const uint16_t charset_geostd8[128];
extern const uint16_t charset_greek[128];
extern const uint16_t charset_hebrew[128];
extern const uint16_t charset_hp8[128];
extern const uint16_t charset_keybcs2[128];
extern const uint16_t charset_koi8r[128];
extern const uint16_t charset_koi8u[128];
extern const uint16_t charset_latin2[128];
extern const uint16_t charset_latin5[128];
extern const uint16_t charset_latin7[128];
extern const uint16_t charset_macce[128];
extern const uint16_t charset_macroman[128];
extern const uint16_t charset_tis620[128];
