/*
 * struct format: the FORMAT_DESCRIPTION event, the first of every file and stream, which says how
 * the events after it are laid out.
 *
 * Layout of the body: binlog version u16, server version 50 bytes, created u32, length of the
 * common header u8, one post-header length u8 per event type from 1 on; and, where the server
 * version knows checksums (MySQL from 5.6.1, MariaDB from 5.3), the checksum algorithm u8. Such a
 * server ends this event with 4 bytes of checksum whatever the algorithm is (source: MySQL
 * internals manual, "FORMAT_DESCRIPTION_EVENT"; MariaDB knowledge base, same title).
 * A value without pointers: freely copied, any thread.
 */
#pragma once

#include "binlog/checksum.h"
#include "binlog/event.h"

#define FORMAT_BINLOG_VERSION 4
#define FORMAT_VERSION_SIZE   50
#define FORMAT_TYPES_MAX      255

enum format_family {
    FORMAT_MYSQL,
    FORMAT_MARIADB,
};

struct format {
    uint16_t binlog_version; /* 4 */
    char server_version[FORMAT_VERSION_SIZE + 1];
    uint32_t created; /* seconds since 1970 when the file began with a server's start, else 0 */
    uint8_t header_length; /* of the common header: 19 */
    uint8_t type_count;
    uint8_t post_header_lengths[FORMAT_TYPES_MAX]; /* of type t at [t - 1] */
    uint8_t checksum;                              /* enum checksum_alg */

    /* Read off server_version, not encoded by themselves. */
    enum format_family family;
    uint32_t version; /* major * 10000 + minor * 100 + patch */
};

/* Family and number of a server's version text, such as "10.11.19-MariaDB-log". */
void format_parse_version(const char *text, enum format_family *ret_family, uint32_t *ret_version);

/* Whether a server of that version writes the checksum algorithm into its format description. */
bool format_version_has_checksum(enum format_family family, uint32_t version);

/*
 * How many bytes at the end of a whole FORMAT_DESCRIPTION event are its checksum: 4 or 0. Judged
 * from the server version in it.
 */
size_t format_checksum_size(struct span event);

/* Decodes the body, without the checksum. E_PROTO; E_STATE for a binlog version other than 4. */
MUST_CHECK bool format_decode(struct span body, struct format *ret_format, struct err *err);

void format_encode(struct buf *buf, const struct format *format);

/*
 * Makes the format description that a server of this family and version writes, for streams and
 * files of our own. The version text is cut at 49 bytes.
 */
void format_init(struct format *format, const char *server_version, uint8_t checksum);

/*
 * Makes a description of our own know types up to this one, which are newer than its version and
 * have no post-header: readers take no event of a type that it does not know.
 */
void format_extend(struct format *format, uint8_t type);

/* The post-header's length of a type, 0 when the type is past the array. */
static inline uint8_t format_post_header_length(const struct format *format, uint8_t type)
{
    return type > 0 && type <= format->type_count ? format->post_header_lengths[type - 1] : 0;
}

/* Bytes that end each event other than the format description itself: 4 or 0. */
static inline size_t format_event_checksum_size(const struct format *format)
{
    return format->checksum == CHECKSUM_CRC32 ? EVENT_CHECKSUM_SIZE : 0;
}

/*
 * Refuses events of a type whose post-header is not of the length that our decoder knows; E_PROTO.
 * A length of 0, in a format made by hand, is taken as unknown and passes.
 */
MUST_CHECK bool format_check_post_header(const struct format *format, uint8_t type,
                                         uint8_t expected, struct err *err);
