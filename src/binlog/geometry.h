/*
 * The servers' geometries as text.
 *
 * A value is the SRID u32 and then well-known binary: byte order u8 (1: little-endian), type u32
 * and what it asks for: a point two doubles; a line a count u32 and points without head; a polygon
 * a count and rings, which are lines without head; the others a count and whole geometries
 * (sources: MySQL internals manual, "GEOMETRY"; OGC 06-103r4, "Well-known Binary"). The text is
 * well-known text, with "SRID=4326;" before it when that is not 0. Coordinates are in the order in
 * which they are stored, x before y, where MySQL 8 and later swap those of geographic systems. No
 * state, any thread.
 */
#pragma once

#include "base/buf.h"

/*
 * Appends "SRID=4326;POINT(1 2)". False, and nothing appended, when the bytes are no geometry that
 * has a text.
 */
MUST_CHECK bool geometry_write_text(struct buf *buf, struct span bytes);
