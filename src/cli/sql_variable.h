/*
 * INTVAR, RAND and USER_VAR events as SET statements, for the statement after them. No state, any
 * thread.
 */
#pragma once

#include "binlog/unpacker.h"
#include "cli/sql_session.h"

/* Appends the statement. E_PROTO, E_STATE. */
MUST_CHECK bool sql_variable_write(struct buf *buf, struct sql_session *session,
                                   const struct plain_event *event, struct err *err);
