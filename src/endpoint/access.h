/*
 * struct access: which clients an endpoint takes, and how: settings that may change while sessions
 * come. Who is in stays in; what is set counts for those that come.
 *
 * Owned by whoever makes the endpoint, and outlives it. Any thread.
 */
#pragma once

#include "net/address_ranges.h"

struct access;

struct access *access_new(void);         /* takes everybody */
void access_free(struct access *access); /* NULL is fine */

void access_set(struct access *access, bool require_tls, const struct address_ranges *networks);

bool access_admits(struct access *access, const char *ip);
bool access_requires_tls(struct access *access);
