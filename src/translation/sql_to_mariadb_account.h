/*
 * Rules for MySQL's statements of accounts, roles and rights on their way to MariaDB. What only
 * MySQL has, as the hashes of caching_sha2_password, is refused: an account with other rights or
 * without a password would be worse than none. The walk is behind the head.
 */
#pragma once

#include "translation/sql_walk.h"

void sql_mariadb_account(struct sql_walk *walk); /* CREATE USER, ALTER USER */
void sql_mariadb_role(struct sql_walk *walk);    /* CREATE ROLE, DROP ROLE */
void sql_mariadb_grant(struct sql_walk *walk);   /* GRANT, REVOKE */
void sql_mariadb_set(struct sql_walk *walk);     /* SET PASSWORD, SET DEFAULT ROLE */
