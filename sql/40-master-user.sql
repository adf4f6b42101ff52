-- 40-master-user.sql: what the master user, ${master}, may do. The daemon has created the account and
-- puts its quoted name in the place of the marker.
--
-- The engine must not offer a way from these privileges to SUPER. Three things that RDS grants would
-- be one on an unmodified MariaDB (each shown by experiment), so they are withheld:
--   GRANT OPTION on `%`.*   GRANT INSERT ON `mysq_`.* TO any account, PUBLIC too, passes; INSERT into mysql
--                           loads a library (INSTALL SONAME) or edits the account tables.
--   CREATE USER             RENAME USER moves the daemon's account, with all it may do, to the name of
--                           an account that is the definer of a routine written before.
--   RELOAD                  is all that RESET MASTER and RESET SLAVE ALL ask for.
-- Accounts and grants therefore go through mysql.rds_account_statement below, which runs a statement
-- only if it is known to be harmless. The endpoint sends the master user's account statements there.
--
-- Databases: the most specific row of mysql.db decides. `%` gives everything in every database of
-- any name, the rows for the system schemas take it back there. Nothing that writes is global.
GRANT PROCESS, SHOW DATABASES, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR ON *.* TO ${master}
$$
GRANT SELECT, SHOW VIEW ON mysql.* TO ${master}
$$
GRANT SELECT, SHOW VIEW, EXECUTE ON sys.* TO ${master}
$$
GRANT SELECT ON performance_schema.* TO ${master}
$$
GRANT ALL PRIVILEGES ON `%`.* TO ${master}
$$
-- Whether one account statement is harmless: if, and only if, the whole of it matches the
-- grammar below. The grammar is the allow list: no comments, no backslash outside passwords, names of
-- printable ASCII, databases always named. Never among them:
--   the accounts rdsadmin, root and mariadb.sys, and CURRENT_USER, which is rdsadmin in here;
--   privileges on *.* beyond reading and replicating, and GRANT OPTION on *.*;
--   anything but reading in a database whose name or pattern covers a system schema;
--   authentication other than by password.
-- \A and \z, and (?i-smxU) first, because default_regex_flags is the caller's to set; CHARACTER SET with each
-- variable, because what that alone means is the caller's, too, and all must be of one collation.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_check_account_statement(
    IN p_statement TEXT CHARACTER SET utf8mb4, OUT p_harmless BOOLEAN)
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE s VARCHAR(20) CHARACTER SET utf8mb4 DEFAULT '[ \\t\\r\\n]+';
    DECLARE o VARCHAR(20) CHARACTER SET utf8mb4 DEFAULT '[ \\t\\r\\n]*';
    DECLARE comma VARCHAR(60) CHARACTER SET utf8mb4 DEFAULT CONCAT(o, ',', o);
    DECLARE flags VARCHAR(20) CHARACTER SET utf8mb4 DEFAULT '(?i-smxU)\\A';
    DECLARE v_end VARCHAR(60) CHARACTER SET utf8mb4 DEFAULT CONCAT(o, ';?', o, '\\z');
    DECLARE text_ VARCHAR(60) CHARACTER SET utf8mb4 DEFAULT '''(?:[^''\\\\]|\\\\.|'''')*''';
    -- printable ASCII without space, quotes, backslash, @ and comma
    DECLARE word VARCHAR(200) CHARACTER SET utf8mb4 DEFAULT
        '(?:''[!#-&(-+\\--?A-\\[\\]-_a-~]+''|`[!#-&(-+\\--?A-\\[\\]-_a-~]+`|[A-Za-z0-9_$]+)';
    DECLARE host VARCHAR(200) CHARACTER SET utf8mb4 DEFAULT
        '(?:''[!#-&(-+\\--?A-\\[\\]-_a-~]*''|`[!#-&(-+\\--?A-\\[\\]-_a-~]*`|[A-Za-z0-9_.$-]+)';
    DECLARE reserved VARCHAR(200) CHARACTER SET utf8mb4 DEFAULT
        '(?![''`]?(?:rdsadmin|root|mariadb\\.sys|current_user|current_role|session_user)[''`]?(?![A-Za-z0-9_$.]))';
    DECLARE account VARCHAR(800) CHARACTER SET utf8mb4 DEFAULT CONCAT('(?:', reserved, word, '(?:@', host, ')?)');
    DECLARE accounts VARCHAR(1800) CHARACTER SET utf8mb4 DEFAULT CONCAT(account, '(?:', comma, account, ')*');
    DECLARE renaming VARCHAR(1800) CHARACTER SET utf8mb4 DEFAULT CONCAT(account, s, 'TO', s, account);
    DECLARE auth VARCHAR(600) CHARACTER SET utf8mb4 DEFAULT CONCAT('(?:', s, 'IDENTIFIED', s, '(?:BY', s, '(?:PASSWORD', s, ')?', text_,
        '|(?:VIA|WITH)', s, '(?:mysql_native_password|ed25519|parsec)(?:', s, '(?:USING|AS)', s,
        '(?:', text_, '|PASSWORD', o, '\\(', o, text_, o, '\\)))?))');
    DECLARE options_ VARCHAR(900) CHARACTER SET utf8mb4 DEFAULT CONCAT('(?:', s, 'REQUIRE', s, '(?:NONE|SSL))?(?:', s, 'WITH(?:', s,
        'MAX_(?:QUERIES_PER_HOUR|UPDATES_PER_HOUR|CONNECTIONS_PER_HOUR|USER_CONNECTIONS|STATEMENT_TIME)', s,
        '[0-9.]+)+)?(?:', s, 'PASSWORD', s, 'EXPIRE(?:', s, '(?:DEFAULT|NEVER|INTERVAL', s, '[0-9]+', s,
        'DAY))?)?(?:', s, 'ACCOUNT', s, '(?:LOCK|UNLOCK))?');
    DECLARE user_list VARCHAR(4000) CHARACTER SET utf8mb4 DEFAULT
        CONCAT(account, auth, '?(?:', comma, account, auth, '?)*', options_);
    DECLARE privilege VARCHAR(200) CHARACTER SET utf8mb4 DEFAULT CONCAT('[A-Z]+(?:', s, '[A-Z]+)*(?:', o,
        '\\([A-Za-z0-9_$, \\t\\r\\n]+\\))?');
    DECLARE privileges VARCHAR(500) CHARACTER SET utf8mb4 DEFAULT CONCAT(privilege, '(?:', comma, privilege, ')*');
    DECLARE read_one VARCHAR(400) CHARACTER SET utf8mb4 DEFAULT CONCAT('(?:USAGE|SELECT|PROCESS|SHOW', s, '(?:DATABASES|VIEW)|',
        'REPLICATION', s, '(?:SLAVE|REPLICA|CLIENT)|(?:BINLOG|SLAVE|REPLICA)', s, 'MONITOR)');
    DECLARE db VARCHAR(100) CHARACTER SET utf8mb4 DEFAULT '(?:`[^`\\x00-\\x1f]+`|[A-Za-z0-9_$]+)';
    DECLARE object VARCHAR(400) CHARACTER SET utf8mb4 DEFAULT CONCAT('(?:(?:TABLE|PROCEDURE|FUNCTION)', s, ')?', db, '\\.(?:\\*|', db, ')');
    DECLARE give VARCHAR(20) CHARACTER SET utf8mb4 DEFAULT '(GRANT|REVOKE)';
    DECLARE direction VARCHAR(60) CHARACTER SET utf8mb4 DEFAULT CONCAT(s, '(?:TO|FROM)', s);
    DECLARE with_grant VARCHAR(100) CHARACTER SET utf8mb4 DEFAULT CONCAT('(?:', s, 'WITH', s, 'GRANT', s, 'OPTION)?');
    DECLARE v_ok BOOLEAN DEFAULT FALSE;
    DECLARE v_database VARCHAR(200) CHARACTER SET utf8mb4;
    DECLARE v_is_object BOOLEAN DEFAULT FALSE;

    IF p_statement REGEXP CONCAT(flags, o, '(?:',
            'CREATE', s, '(?:OR', s, 'REPLACE', s, ')?USER', s, '(?:IF', s, 'NOT', s, 'EXISTS', s, ')?', user_list,
            '|ALTER', s, 'USER', s, '(?:IF', s, 'EXISTS', s, ')?', user_list,
            ')', v_end)
       OR p_statement REGEXP CONCAT(flags, o, '(?:',
            'DROP', s, '(?:USER|ROLE)', s, '(?:IF', s, 'EXISTS', s, ')?', accounts,
            '|RENAME', s, 'USER', s, renaming, '(?:', comma, renaming, ')*',
            '|SET', s, 'PASSWORD', s, 'FOR', s, account, o, '=', o, '(?:', text_, '|PASSWORD', o, '\\(', o, text_, o, '\\))',
            '|CREATE', s, '(?:OR', s, 'REPLACE', s, ')?ROLE', s, '(?:IF', s, 'NOT', s, 'EXISTS', s, ')?', accounts,
            '|SET', s, 'DEFAULT', s, 'ROLE', s, '(?:NONE|', account, ')', s, 'FOR', s, account,
            ')', v_end)
       -- roles, and everything taken from an account
       OR p_statement REGEXP CONCAT(flags, o, '(?:GRANT', s, accounts, s, 'TO', s, accounts, '(?:', s, 'WITH', s,
            'ADMIN', s, 'OPTION)?|REVOKE', s, '(?:ADMIN', s, 'OPTION', s, 'FOR', s, ')?', accounts, s, 'FROM', s, accounts,
            '|REVOKE', s, 'ALL(?:', s, 'PRIVILEGES)?', comma, 'GRANT', s, 'OPTION', s, 'FROM', s, accounts,
            ')', v_end)
       -- on *.* : read and replicate
       OR p_statement REGEXP CONCAT(flags, o, give, s, read_one, '(?:', comma, read_one, ')*', s, 'ON', s, '\\*\\.\\*',
            direction, user_list, v_end)
       -- the documented procedures
       OR p_statement REGEXP CONCAT(flags, o, give, s, 'EXECUTE', s, 'ON', s, 'PROCEDURE', s,
            '`?mysql`?\\.`?rds_(?!internal|account)[a-z_]+`?', direction, accounts, v_end)
    THEN
        SET v_ok = TRUE;
    ELSEIF p_statement REGEXP CONCAT(flags, o, give, s, privileges, s, 'ON', s, object, direction, user_list,
            with_grant, v_end)
    THEN
        -- The object's database: what follows the first ON, up to the dot. No privilege holds a quote.
        SET v_database = REGEXP_REPLACE(p_statement, CONCAT(flags, o, give, s, privileges, s, 'ON', s,
            '(?:(?:TABLE|PROCEDURE|FUNCTION)', s, ')?(', db, ')\\.[\\x00-\\x{10FFFF}]*'), '\\2');
        -- It must not cover a system schema, as a pattern or as a name. Blanks at its ends are refused
        -- because the grant tables drop them: `mysql ` would be mysql after a restart.
        SET v_ok = v_database REGEXP CONCAT(flags, '(?:`(?! )[^`\\x00-\\x1f]*[^` \\x00-\\x1f]`|[A-Za-z0-9_$]+)\\z');
        SET v_database = TRIM(BOTH '`' FROM v_database) COLLATE utf8mb4_general_ci;
        SET v_ok = v_ok AND NOT ('mysql' LIKE v_database OR 'sys' LIKE v_database
            OR 'performance_schema' LIKE v_database OR 'information_schema' LIKE v_database);
    END IF;
    SET p_harmless = v_ok IS TRUE;
END
$$
-- Runs one account statement with the definer's authority, if it is harmless.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_account_statement(
    IN p_statement TEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_ok BOOLEAN DEFAULT FALSE;

    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_check_account_statement(p_statement, v_ok);
    IF v_ok IS NOT TRUE AND p_statement REGEXP CONCAT('(?i-smxU)[ \\t\\r\\n]+REQUIRE[ \\t\\r\\n]+',
            '(?:X509|ISSUER|SUBJECT|CIPHER)') THEN
        SIGNAL SQLSTATE '42000' SET MYSQL_ERRNO = 1227, MESSAGE_TEXT =
            'Nobody could meet REQUIRE X509, ISSUER, SUBJECT or CIPHER: TLS ends at the endpoint; use REQUIRE SSL';
    END IF;
    IF v_ok IS NOT TRUE THEN
        SIGNAL SQLSTATE '42000' SET MYSQL_ERRNO = 1227, MESSAGE_TEXT =
            'Access denied; the master user may not run this account statement';
    END IF;
    EXECUTE IMMEDIATE p_statement;
END
