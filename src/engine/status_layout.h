/*
 * SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later
 *
 * The status page: what the daemon tells the plugin in the engine, through a file of one page that
 * the daemon maps (status_page.h) and the plugin reads (plugin/status_reader.h). Both include this.
 *
 *     word  what                     (a word: 8 bytes, the machine's own byte order, read and
 *     0     STATUS_MAGIC              written whole)
 *     1     STATUS_VERSION
 *     2     generation: odd while the daemon writes values, another number after each time
 *     3...  one word an item, in the order of enum status_item
 *     rest  0
 *
 * An item that is added goes to the end, where older daemons left 0, and keeps the version; the
 * version grows when an item's meaning changes. The page outlives the daemon, not the engine's
 * data.
 */
#pragma once

#include <stdint.h>

#define STATUS_PAGE_BYTES 4096
#define STATUS_WORD_BYTES 8
#define STATUS_MAGIC      UINT64_C(0x7375746174736f62) /* "bostatus" */
#define STATUS_VERSION    UINT64_C(1)

enum status_word {
    STATUS_WORD_MAGIC,
    STATUS_WORD_VERSION,
    STATUS_WORD_GENERATION,
    STATUS_WORD_FIRST_ITEM,
};

enum status_item {
    STATUS_IO_CACHE_ALLOCATED,     /* bytes of the binlog I/O cache */
    STATUS_IO_CACHE_READ_REQUESTS, /* reads that asked it */
    STATUS_IO_CACHE_READS,         /* and those that it answered */
    STATUS_ENHANCED_BINLOG,        /* 1: on */
    STATUS_MEMORY_RELAYLOG,        /* 1: on */
    STATUS_MEMORY_RELAYLOG_FALLBACKS,
    STATUS_MEMORY_RELAYLOG_RECOVERIES,
    STATUS_REPL_BYTES_RECEIVED, /* by a reader */
    STATUS_ITEM_COUNT,
};

#define STATUS_WORDS (STATUS_WORD_FIRST_ITEM + STATUS_ITEM_COUNT)

_Static_assert(STATUS_WORDS *STATUS_WORD_BYTES <= STATUS_PAGE_BYTES, "the items fit one page");
