/*
 * MySQL's names of variables that the engine has by another name, or not at all: the plugin
 * (plugin/mysql_variables.def) gives them to the engine, and what they show is what is in force.
 * gtid_mode is not one: MySQL's programs take it for a promise of gtid_executed. Pure; any thread.
 */
#pragma once

#include "base/buf.h"
#include "cluster/parameter_set.h"

/* Appends the statement that sets all of them. */
void parameter_names_statement(const struct parameter_set *set, struct buf *buf);
