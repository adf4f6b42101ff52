/*
 * Collations of MySQL 8 and 9 that an engine does not have, in what its clients send.
 *
 * Such a client says 255 (utf8mb4_0900_ai_ci) for utf8mb4 when it logs in. An engine that does not
 * know the id would take its default for it, and read utf8mb4 as that. So the id becomes the one
 * that utf8mb4 alone has at every server; and the names utf8mb4_*0900_* in statements become those
 * that stand for them (translation/collation.h), as MariaDB 11.4.5 and later do it themselves.
 * No I/O.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

/* Whether the server of a greeting's version lacks them. */
bool client_collation_lacks_0900(struct span server_version);

/* An id of a login or a change of user, in the engine's own; what is not ours to change as it is.
 */
uint16_t client_collation_known(uint16_t id);

/* An id of a character set that the engine does not have and that nothing stands for: gb18030. */
bool client_collation_is_refused(uint16_t id);

/* Whether a statement may name such a collation; cheap, for all that pass. */
bool client_collation_may_be_named(struct span statement);

/* Appends the statement with other names; false when there is nothing to change, or no room. */
bool client_collation_write(struct buf *buf, struct span statement);
