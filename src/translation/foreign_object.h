/*
 * What of a source's statements on routines, triggers, events and views would reach into what is
 * the cluster's own: objects that run with the authority of its administrator, and objects of
 * schema mysql, where its procedures are. The engine's applier has all rights, and asks nobody.
 * And what it would pass over, for all that it is the source's.
 *
 * No state, any thread. Source: MySQL reference manual, "Stored Object Access Control"; MariaDB
 * knowledge base, "CREATE PROCEDURE".
 */
#pragma once

#include "base/buf.h"

#define FOREIGN_ADMIN "rdsadmin" /* the cluster's administrator at the engine */
#define FOREIGN_OTHER "rdsother" /* who defines instead: nobody; of the same length */

enum foreign_object {
    FOREIGN_OBJECT_GOOD,
    FOREIGN_OBJECT_DEFINER, /* the text with another definer was appended */
    FOREIGN_OBJECT_SYSTEM,  /* it is of schema mysql */
    /*
     * ALTER SEQUENCE, of which the engine's parser does not say that it changes a table: an applier
     * with a filter of tables passes over it (source: MariaDB, sql/rpl_filter.cc, tables_ok()).
     */
    FOREIGN_OBJECT_SEQUENCE,
};

/* `database` is the default one; may be empty. */
enum foreign_object foreign_object_read(struct span text, uint64_t sql_mode, struct span database,
                                        struct buf *buf);
