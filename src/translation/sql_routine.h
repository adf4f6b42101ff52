/*
 * The types in stored routines: of parameters, of what a function returns, of variables. Rules of a
 * walk (sql_rules.h).
 */
#pragma once

#include "translation/sql_walk.h"

/*
 * Behind the head of CREATE PROCEDURE, FUNCTION, TRIGGER or EVENT, to the statement's end; calls
 * take_type() with the walk before each type, which may take it or leave it.
 */
void sql_routine_types(struct sql_walk *walk, void (*take_type)(struct sql_walk *walk));
