#include "translation/collation.h"

#include "binlog/charset.h"
#include "translation/collation_tables.h"

#include <stdio.h>
#include <strings.h>

#define NAME_MAX_SIZE 64

#define UTF8MB4_GENERAL_CI   45
#define UTF8MB4_BIN          46
#define UTF8MB4_0900_AI_CI   255
#define UTF8MB4_0900_AS_CS   278
#define UTF8MB4_0900_AS_CI   305
#define UTF8MB4_0900_BIN     309
#define UTF8MB3_GENERAL_1400 579 /* MariaDB from 11.5 on, for the server's own tables */
#define UTF8MB4_GENERAL_1400 611
#define UTF8MB4_NOPAD_BIN    1070

#define MYSQL_0900_SINCE      80001 /* the defaults of character sets are theirs */
#define MARIADB_UCA1400_SINCE 110500

#define NOPAD_BIT     1024 /* MariaDB: added to the id of the collation that pads */
#define UCA1400_NOPAD 4    /* bits of an id in a language of uca1400 */
#define UCA1400_AS    2
#define UCA1400_CS    1
#define UCA1400_BITS  8
#define UCA1400_UTF8MB4                                                                            \
    (COLLATION_UCA1400_FIRST + COLLATION_UCA1400_STEP) /* the first of utf8mb4 */

#define LAST_0900_BY_LANGUAGE 300 /* vi; Japanese and later ones are behind it */

/* ---- Names ---- */

static const struct collation_names *names_of(enum format_family family)
{
    return family == FORMAT_MYSQL ? &collations_mysql : &collations_mariadb;
}

static const char *find_name(const struct collation_names *names, uint32_t id)
{
    size_t low = 0;
    size_t high = names->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (names->names[middle].id == id)
            return names->names[middle].name;
        if (names->names[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const char *uca1400_name(uint32_t id)
{
    size_t count = sizeof collations_uca1400 / sizeof collations_uca1400[0];

    if (id < COLLATION_UCA1400_FIRST || id - COLLATION_UCA1400_FIRST >= count)
        return NULL;
    return collations_uca1400[id - COLLATION_UCA1400_FIRST];
}

/* MariaDB has names for those of 0900 that it can stand for. */
static bool has_0900(uint32_t id, enum format_family family)
{
    return family == FORMAT_MYSQL || id <= LAST_0900_BY_LANGUAGE || id == UTF8MB4_0900_AS_CI ||
           id == UTF8MB4_0900_BIN;
}

const char *collation_name(uint32_t id, enum format_family family)
{
    const char *name = find_name(&collations_shared, id);

    if (!name)
        name = find_name(names_of(family), id);
    if (!name && has_0900(id, family))
        name = find_name(&collations_0900, id);
    if (!name && family == FORMAT_MARIADB)
        name = uca1400_name(id);
    return name;
}

static uint32_t find_id(const struct collation_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcasecmp(names->names[i].name, name) == 0)
            return names->names[i].id;
    return 0;
}

static uint32_t find_uca1400(const char *name)
{
    size_t count = sizeof collations_uca1400 / sizeof collations_uca1400[0];

    for (size_t i = 0; i < count; i++)
        if (collations_uca1400[i] && strcasecmp(collations_uca1400[i], name) == 0)
            return COLLATION_UCA1400_FIRST + (uint32_t)i;
    return 0;
}

/* A name of utf8 begins with "utf8_" in older servers. */
static bool plain_name(struct span name, char text[NAME_MAX_SIZE])
{
    const char *data = (const char *)name.data;
    bool old = name.len > 5 && strncasecmp(data, "utf8_", 5) == 0;

    if (name.len >= NAME_MAX_SIZE - 3)
        return false;
    (void)snprintf(text, NAME_MAX_SIZE, "%s%.*s", old ? "utf8mb3_" : "",
                   (int)(old ? name.len - 5 : name.len), old ? data + 5 : data);
    return strlen(text) >= name.len; /* else a NUL stands in it */
}

uint32_t collation_id(struct span name, enum format_family family)
{
    char text[NAME_MAX_SIZE];
    uint32_t id;

    if (!plain_name(name, text))
        return 0;
    id = find_id(&collations_shared, text);
    if (id == 0)
        id = find_id(names_of(family), text);
    if (id == 0) {
        id = find_id(&collations_0900, text);
        id = has_0900(id, family) ? id : 0;
    }
    if (id == 0 && family == FORMAT_MARIADB)
        id = find_uca1400(text);
    return id;
}

/* ---- Languages ---- */

/*
 * A language of uca1400 and the ids of 0900 for it; 0: none. Collations of UCA 4.0 stand in the
 * order of uca1400's languages, too.
 */
static const struct {
    uint16_t ai_ci;
    uint16_t as_cs;
    uint8_t language;
} of_0900[] = {
    {255, 278, 0},
    {257, 280, 1},
    {258, 281, 2},
    {259, 282, 3},
    {260, 283, 4},
    {261, 284, 5},
    {262, 285, 6},
    {263, 286, 7},
    {264, 287, 8},
    {265, 288, 9},
    {266, 289, 10},
    {267, 290, 11},
    {268, 291, 12},
    {269, 292, 13},
    {270, 293, 14},
    {271, 294, 15},
    {273, 296, 17},
    {274, 297, 18},
    {256, 279, 20}, /* de_pb */
    {277, 300, 23},
    {275, 298, 24},
    /* Those that MariaDB lacks: by the nearest that it has. The first of a language is its own. */
    {0, 303, 0},    /* ja */
    {0, 304, 0},    /* ja, _ks */
    {306, 307, 0},  /* ru */
    {0, 308, 0},    /* zh */
    {310, 311, 11}, /* nb, as Danish */
    {312, 313, 11}, /* nn */
    {314, 315, 24}, /* sr_latn, as Croatian */
    {316, 317, 24}, /* bs */
    {318, 319, 0},  /* bg */
    {320, 321, 7},  /* gl, as Spanish */
    {322, 323, 0},  /* mn_cyrl */
};

#define LANGUAGE_VIETNAMESE 23
#define LANGUAGE_CROATIAN   24

/* What the ids of a character set's collations count from. */
static const struct {
    uint8_t unicode; /* of UCA 4.0; 5.2.0 and languages behind it */
    uint8_t bin;
    uint8_t general;
} unicode_sets[COLLATION_UCA1400_CHARSETS] = {
    {192, 83, 33}, {224, 46, 45}, {128, 90, 35}, {101, 55, 54}, {160, 61, 60},
};

/* The collation of UCA 4.0 of a language, of 5.2.0 for none. */
static uint32_t old_unicode(unsigned set, unsigned language)
{
    static const struct {
        uint8_t language;
        uint8_t offset;
    } out_of_order[] = {{0, 22}, {LANGUAGE_VIETNAMESE, 23}, {LANGUAGE_CROATIAN, 21}};

    for (size_t i = 0; i < sizeof out_of_order / sizeof out_of_order[0]; i++)
        if (out_of_order[i].language == language)
            return (uint32_t)unicode_sets[set].unicode + out_of_order[i].offset;
    return unicode_sets[set].unicode + language;
}

/* ---- From MySQL ---- */

static uint32_t from_0900(uint32_t id, enum dialect to)
{
    if (id == UTF8MB4_0900_BIN)
        return to == DIALECT_MARIADB ? UTF8MB4_NOPAD_BIN : UTF8MB4_BIN;
    if (id == UTF8MB4_0900_AS_CI)
        return to == DIALECT_MARIADB ? UCA1400_UTF8MB4 + UCA1400_NOPAD + UCA1400_AS : UTF8MB4_BIN;
    for (size_t i = 0; i < sizeof of_0900 / sizeof of_0900[0]; i++) {
        unsigned language = of_0900[i].language;
        uint32_t base = UCA1400_UTF8MB4 + language * UCA1400_BITS + UCA1400_NOPAD;

        if (of_0900[i].ai_ci == id)
            return to == DIALECT_MARIADB ? base : old_unicode(1, language);
        if (of_0900[i].as_cs == id)
            return to == DIALECT_MARIADB ? base + UCA1400_AS + UCA1400_CS : UTF8MB4_BIN;
    }
    return 0;
}

/* ---- From MariaDB ---- */

static uint32_t uca1400_to_0900(unsigned language, unsigned bits)
{
    bool exact = bits & (UCA1400_AS | UCA1400_CS);

    if (language == 0 && (bits & UCA1400_AS) && !(bits & UCA1400_CS))
        return UTF8MB4_0900_AS_CI;
    for (size_t i = 0; i < sizeof of_0900 / sizeof of_0900[0]; i++)
        if (of_0900[i].language == language && of_0900[i].ai_ci)
            return exact ? of_0900[i].as_cs : of_0900[i].ai_ci;
    return exact ? UTF8MB4_0900_AS_CS : 0; /* Persian, Sinhala */
}

/* What tells more apart stands for what it lacks: no key gets double. */
static uint32_t from_uca1400(uint32_t id, enum dialect to)
{
    unsigned set = (id - COLLATION_UCA1400_FIRST) / COLLATION_UCA1400_STEP;
    unsigned language = (id - COLLATION_UCA1400_FIRST) % COLLATION_UCA1400_STEP / UCA1400_BITS;
    unsigned bits = id % UCA1400_BITS;
    uint32_t found = 0;

    if (to == DIALECT_MYSQL_8 && set == 1)
        found = uca1400_to_0900(language, bits);
    if (found == 0)
        found =
            bits & (UCA1400_AS | UCA1400_CS) ? unicode_sets[set].bin : old_unicode(set, language);
    return found;
}

/* MariaDB's own of before uca1400: Croatian of today, Burmese, Thai by two levels, general1400. */
static uint32_t from_mariadb_own(uint32_t id, enum dialect to)
{
    static const uint16_t firsts[COLLATION_UCA1400_CHARSETS] = {576, 608, 640, 672, 736};

    for (unsigned set = 0; set < COLLATION_UCA1400_CHARSETS; set++) {
        if (id == firsts[set])
            return old_unicode(set, LANGUAGE_CROATIAN);
        if (id == firsts[set] + 1U)
            return old_unicode(set, 0);
        if (id == firsts[set] + 2U)
            return to == DIALECT_MYSQL_8 && set == 1 ? UTF8MB4_0900_AS_CS : unicode_sets[set].bin;
        if (id == firsts[set] + 3U)
            return to == DIALECT_MYSQL_8 && set == 1 ? UTF8MB4_0900_AS_CI : unicode_sets[set].bin;
    }
    return 0;
}

static uint32_t from_mariadb(uint32_t id, enum dialect to)
{
    if (id >= COLLATION_UCA1400_FIRST)
        return from_uca1400(id, to);
    if (id == UTF8MB4_NOPAD_BIN)
        return to == DIALECT_MYSQL_8 ? UTF8MB4_0900_BIN : UTF8MB4_BIN;
    if (id >= NOPAD_BIT)
        return id - NOPAD_BIT;
    return from_mariadb_own(id, to);
}

/* A character set that they lack, and one that only the server itself uses. */
static bool is_mysql_8_only(uint32_t id)
{
    return find_name(&collations_mysql, id) && !find_name(&collations_mariadb, id);
}

uint32_t collation_translate(uint32_t id, enum format_family from, enum dialect to)
{
    if (find_name(&collations_shared, id))
        return id;
    if (!collation_name(id, from))
        return 0;
    if (find_name(&collations_0900, id))
        return to == DIALECT_MYSQL_8 ? id : from_0900(id, to);
    if (from == FORMAT_MYSQL)
        return is_mysql_8_only(id) && to != DIALECT_MYSQL_8 ? 0 : id;
    if (to == DIALECT_MARIADB)
        return id == UTF8MB3_GENERAL_1400 || id == UTF8MB4_GENERAL_1400 ? 0 : id;
    return find_name(&collations_mysql, id) ? id : from_mariadb(id, to);
}

/* ---- Defaults ---- */

/* The same in both families, but for those of Unicode in later versions. */
static const uint8_t defaults[] = {1,  3,  4,  6,  7,  8,  9,  10, 11, 12, 13, 16, 18, 19,
                                   22, 24, 25, 26, 28, 30, 32, 33, 35, 36, 37, 38, 39, 40,
                                   41, 45, 51, 54, 56, 57, 59, 60, 63, 92, 95, 97, 248};

static uint32_t first_default(struct span charset)
{
    if (charset.len == 4 && strncasecmp((const char *)charset.data, "utf8", 4) == 0)
        charset = span_str("utf8mb3");
    for (size_t i = 0; i < sizeof defaults; i++) {
        struct span name = span_str(charset_of_collation(defaults[i]).name);

        if (name.len == charset.len &&
            strncasecmp((const char *)name.data, (const char *)charset.data, name.len) == 0)
            return defaults[i];
    }
    return 0;
}

uint32_t collation_default(struct span charset, enum format_family family, uint32_t version)
{
    uint32_t id = first_default(charset);

    if (id == 0 || !collation_name(id, family))
        return 0;
    if (family == FORMAT_MYSQL)
        return id == UTF8MB4_GENERAL_CI && version >= MYSQL_0900_SINCE ? UTF8MB4_0900_AI_CI : id;
    for (uint32_t set = 0; set < COLLATION_UCA1400_CHARSETS; set++)
        if (id == unicode_sets[set].general && version >= MARIADB_UCA1400_SINCE)
            return COLLATION_UCA1400_FIRST + set * COLLATION_UCA1400_STEP;
    return id;
}
