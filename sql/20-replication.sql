-- 20-replication.sql: configure, start, stop and reset replication from an external source.
--
-- Public: rds_set_external_master, rds_set_external_source, rds_start_replication,
-- rds_stop_replication, rds_reset_external_master, rds_reset_external_source.
-- Internal (no EXECUTE for anybody but the definer): rds_internal_*.
-- All run as `rdsadmin`@`localhost` whoever calls; the caller needs EXECUTE and nothing else.
--
-- Who does what. The daemon receives the source's log, keeps it, and points the engine's own threads to its
-- relay (25-requests.sql asks it; src/cluster/source_replication.h says what a crash leaves); it starts them, and
-- makes the engine forget the source. Here the arguments are checked, the threads stopped and notes made.
--
-- Truth. Whether a source is configured and which threads run is asked of the engine each time,
-- never of our tables, so a crash between any two steps leaves a state from which the documented
-- calls go on:
--   before the daemon has done it         nothing happened: call the procedure again;
--   after it, before the closing note     it has happened, and rds_history ends with 'Starting: ...'; go on with
--                                         the next call.
-- After a restart the threads are down (the engine runs with skip_slave_start); the daemon starts them if the last
-- note of an action is 'start slave' or 'start slave until'. 22-auto-position.sql and 23-skip-until.sql say what a
-- crash leaves of theirs.
--
-- Binary log. CHANGE MASTER, START, STOP and RESET SLAVE are not logged by the engine; our notes
-- are written with SET STATEMENT sql_log_bin=0 FOR CALL ..., which the engine undoes by itself on every
-- way out, a KILL included. So the caller's sql_log_bin is never touched. What is called ends its transaction,
-- also where it fails: with autocommit = 0 the engine would refuse to undo it inside one (1694), and the
-- session would write on without its binary log.
--
-- Transactions. As the engine's own replication statements do, every call first commits what the
-- caller has open. set and reset need autocommit = 1, as documented.
--
-- Session settings. The caller's sql_mode does not matter (a routine keeps its own); of those that do
-- reach in here, completion_type is answered by COMMIT AND NO CHAIN NO RELEASE, sql_select_limit by
-- scalar subqueries, timestamp by SYSDATE(), time_zone by UTC where the time is taken: an hour that comes twice
-- in the caller's zone is stored as the first of the two, and a request would be an hour old as it is made.
--
-- Connections. The caller's default_master_connection does not matter: the channel '' is named in
-- every statement.

-- Bookkeeping: a row in rds_history and, for an action that is done, the channel's row in
-- rds_replication_status. NULLs where an action has no such argument. p_status: of that table, too.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_write_note(
    IN p_action VARCHAR(64), IN p_host VARCHAR(255), IN p_port INT, IN p_user VARCHAR(128),
    IN p_log_file VARCHAR(511), IN p_log_pos BIGINT UNSIGNED, IN p_ssl TINYINT,
    IN p_gtid TEXT CHARACTER SET utf8mb4, IN p_auto TINYINT, IN p_status BOOLEAN)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_version VARCHAR(20) DEFAULT LEFT(SUBSTRING_INDEX(VERSION(), '-', 2), 20);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK AND NO CHAIN NO RELEASE;
        RESIGNAL;
    END;

    INSERT INTO mysql.rds_history (action_timestamp, called_by_user, action, mysql_version, master_host,
        master_port, master_user, master_log_file, master_log_pos, master_ssl, master_gtid, auto_position)
    VALUES (SYSDATE(6), USER(), p_action, v_version, p_host, p_port, p_user, p_log_file,
        p_log_pos, p_ssl, p_gtid, p_auto);
    COMMIT AND NO CHAIN NO RELEASE;
    IF p_status AND p_action NOT LIKE 'Starting: %' THEN
        REPLACE INTO mysql.rds_replication_status (action_timestamp, called_by_user, action,
            mysql_version, master_host, master_port, replication_log_file, replication_stop_point,
            replication_gtid, channel_name)
        VALUES (SYSDATE(6), USER(), p_action, v_version, p_host, p_port, p_log_file, p_log_pos, p_gtid, '');
        COMMIT AND NO CHAIN NO RELEASE;
    END IF;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_note_all(
    IN p_action VARCHAR(64), IN p_host VARCHAR(255), IN p_port INT, IN p_user VARCHAR(128),
    IN p_log_file VARCHAR(511), IN p_log_pos BIGINT UNSIGNED, IN p_ssl TINYINT,
    IN p_gtid TEXT CHARACTER SET utf8mb4, IN p_auto TINYINT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    COMMIT AND NO CHAIN NO RELEASE;
    SET STATEMENT sql_log_bin = 0, time_zone = '+00:00' FOR CALL mysql.rds_internal_write_note(p_action, p_host,
        p_port, p_user, p_log_file, p_log_pos, p_ssl, p_gtid, p_auto, TRUE);
END
$$
-- Replication is to run, whatever comes of it: what fails in its first moment is still the operator's to mend,
-- and then goes on over a restart as all else.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_write_started()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK AND NO CHAIN NO RELEASE;
        RESIGNAL;
    END;
    REPLACE INTO mysql.rds_replication_status (action_timestamp, called_by_user, action, mysql_version, channel_name)
    VALUES (SYSDATE(6), USER(), 'start slave', LEFT(SUBSTRING_INDEX(VERSION(), '-', 2), 20), '');
    COMMIT AND NO CHAIN NO RELEASE;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_note(
    IN p_action VARCHAR(64), IN p_host VARCHAR(255), IN p_port INT, IN p_user VARCHAR(128),
    IN p_log_file VARCHAR(511), IN p_log_pos BIGINT UNSIGNED, IN p_ssl TINYINT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_note_all(p_action, p_host, p_port, p_user, p_log_file, p_log_pos, p_ssl, NULL, NULL);
END
$$
-- Which replica threads run. They are the engine's own sessions ('system user' without a host: an
-- account of that name always has one). The receiver shows as `Connect` until it has reached the
-- source and as `Slave_IO` after; both count as running, as `Connecting` does in SHOW SLAVE STATUS.
-- The applier's coordinator is `Slave_SQL`; it is gone as soon as it stops on an error.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_threads(
    OUT p_receiver BOOLEAN, OUT p_applier BOOLEAN)
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_bits INT DEFAULT (
        SELECT BIT_OR(CASE WHEN p.COMMAND IN ('Slave_IO', 'Connect') THEN 1
                           WHEN p.COMMAND = 'Slave_SQL' THEN 2 ELSE 0 END)
          FROM information_schema.PROCESSLIST AS p
         WHERE p.USER = 'system user' AND p.HOST = '');

    SET p_receiver = (v_bits & 1) > 0, p_applier = (v_bits & 2) > 0;
END
$$
-- ON: both threads run. BROKEN: one of them. OFF: none, a source is configured. NOT_EXIST: no source.
--
-- No table tells the last two apart on 10.11: performance_schema's replication tables are empty when
-- it is off, which is the default, and information_schema.SLAVE_STATUS came with 11.6. So the engine
-- is asked to do what it must refuse: starting an applier with an UNTIL file that has no number
-- gives 1277 when a source is configured and 1200 when there is none, and starts nothing. The
-- engine remembers the UNTIL words for SHOW SLAVE STATUS until the next start or reset; that is the
-- only trace.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_state(
    OUT p_state VARCHAR(9))
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_receiver, v_applier BOOLEAN;

    CALL mysql.rds_internal_threads(v_receiver, v_applier);
    IF v_receiver AND v_applier THEN
        SET p_state = 'ON';
    ELSEIF v_receiver OR v_applier THEN
        SET p_state = 'BROKEN';
    ELSE
        SET p_state = 'OFF';
        BEGIN
            DECLARE EXIT HANDLER FOR 1200 SET p_state = 'NOT_EXIST';
            DECLARE EXIT HANDLER FOR 1277 SET p_state = 'OFF';
            START SLAVE '' SQL_THREAD UNTIL MASTER_LOG_FILE = 'none', MASTER_LOG_POS = 4;
        END;
    END IF;
END
$$
-- One text argument: not empty, nothing that the engine would store otherwise than given. Control
-- characters would break master.info, which has one value per line; the engine's own names are
-- three-byte UTF-8. p_show is false for the password: its value is never part of a message.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_check_text(
    IN p_procedure VARCHAR(64), IN p_argument VARCHAR(64), IN p_value TEXT CHARACTER SET utf8mb4,
    IN p_max_bytes INT, IN p_may_be_empty BOOLEAN, IN p_show BOOLEAN)
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_expected, v_found VARCHAR(120) CHARACTER SET utf8mb4;
    DECLARE v_text VARCHAR(400) CHARACTER SET utf8mb4;

    IF p_value IS NULL THEN
        SET v_expected = 'a text', v_found = 'NULL';
    ELSEIF p_value = '' AND NOT p_may_be_empty THEN
        SET v_expected = 'a text that is not empty', v_found = 'an empty one';
    ELSEIF p_value REGEXP '[\\x00-\\x1f\\x7f]' THEN
        SET v_expected = 'a text without control characters', v_found = 'one with them';
    ELSEIF CONVERT(CONVERT(p_value USING utf8mb3) USING utf8mb4) <> p_value COLLATE utf8mb4_bin THEN
        SET v_expected = 'characters of at most 3 bytes in UTF-8', v_found = 'longer ones';
    ELSEIF LENGTH(p_value) > p_max_bytes THEN
        SET v_expected = CONCAT('at most ', p_max_bytes, ' bytes'),
            v_found = IF(p_show, CONCAT(LENGTH(p_value), ' bytes'), 'more');
    END IF;
    IF v_expected IS NOT NULL THEN
        SET v_text = CONCAT('mysql.', p_procedure, ': ', p_argument, ': expected ', v_expected,
            ', found ', v_found, '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
END
$$
-- set and reset must not run inside the caller's transaction mode autocommit = 0.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_need_autocommit(
    IN p_procedure VARCHAR(64))
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(400);

    IF @@SESSION.autocommit <> 1 THEN
        SET v_text = CONCAT('mysql.', p_procedure, ': autocommit: expected 1 in the session, found 0. ',
            'Run SET autocommit = 1 and call it again.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
END
$$
-- What replication is told while it stands still.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_need_threads_down()
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_receiver, v_applier BOOLEAN;

    CALL mysql.rds_internal_threads(v_receiver, v_applier);
    IF v_receiver OR v_applier THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'You can''t modify replication because replication is running. First call mysql.rds_stop_replication.';
    END IF;
END
$$
-- What all set procedures have in common. The texts are trimmed.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_check_source(
    IN p_procedure VARCHAR(64), INOUT p_host VARCHAR(255) CHARACTER SET utf8mb4, IN p_port INT,
    INOUT p_user TEXT CHARACTER SET utf8mb4, INOUT p_password TEXT CHARACTER SET utf8mb4, IN p_ssl TINYINT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(400);

    SET p_host = TRIM(p_host), p_user = TRIM(p_user), p_password = TRIM(p_password);
    CALL mysql.rds_internal_check_text(p_procedure, 'host_name', p_host, 255, FALSE, TRUE);
    IF p_port IS NULL OR p_port NOT BETWEEN 1 AND 65535 THEN
        SET v_text = CONCAT('mysql.', p_procedure, ': host_port: expected 1 to 65535, found ',
            COALESCE(p_port, 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
    CALL mysql.rds_internal_check_text(p_procedure, 'replication_user_name', p_user, 128, FALSE, TRUE);
    CALL mysql.rds_internal_check_text(p_procedure, 'replication_user_password', p_password, 96,
        TRUE, FALSE);
    IF p_ssl IS NULL OR p_ssl NOT IN (0, 1) THEN
        SET v_text = CONCAT('mysql.', p_procedure, ': ssl_encryption: expected 0 or 1, found ',
            COALESCE(p_ssl, 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
END
$$
-- By file and position. What is asked goes to the daemon with the call (25-requests.sql), because the password is
-- part of it; it is in no table and in no statement that is logged or shown.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_set_source(
    IN p_procedure VARCHAR(64), IN p_host VARCHAR(255) CHARACTER SET utf8mb4, IN p_port INT,
    IN p_user TEXT CHARACTER SET utf8mb4, IN p_password TEXT CHARACTER SET utf8mb4,
    IN p_log_file TEXT CHARACTER SET utf8mb4, IN p_log_pos BIGINT UNSIGNED, IN p_ssl TINYINT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(400);

    CALL mysql.rds_internal_need_autocommit(p_procedure);
    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_check_source(p_procedure, p_host, p_port, p_user, p_password, p_ssl);
    SET p_log_file = TRIM(p_log_file);
    CALL mysql.rds_internal_check_text(p_procedure, 'mysql_binary_log_file_name', p_log_file, 250,
        FALSE, TRUE);
    IF p_log_pos IS NULL OR p_log_pos NOT BETWEEN 4 AND 9223372036854775807 THEN
        SET v_text = CONCAT('mysql.', p_procedure, ': mysql_binary_log_file_location: expected 4 to ',
            '9223372036854775807, found ',
            COALESCE(p_log_pos, 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
    CALL mysql.rds_internal_need_threads_down();

    CALL mysql.rds_internal_note('Starting: set master', p_host, p_port, p_user, p_log_file, p_log_pos, p_ssl);
    CALL mysql.rds_internal_secret_request('set external source',
        JSON_OBJECT('host', p_host, 'port', p_port + 0, 'user', p_user, 'password', p_password, 'file', p_log_file,
            'position', p_log_pos + 0, 'ssl', p_ssl + 0)); -- + 0: a variable would be a text
    CALL mysql.rds_internal_note('set master', p_host, p_port, p_user, p_log_file, p_log_pos, p_ssl);
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_set_external_master(
    IN host_name VARCHAR(255) CHARACTER SET utf8mb4, IN host_port INT,
    IN replication_user_name TEXT CHARACTER SET utf8mb4,
    IN replication_user_password TEXT CHARACTER SET utf8mb4,
    IN mysql_binary_log_file_name TEXT CHARACTER SET utf8mb4,
    IN mysql_binary_log_file_location BIGINT UNSIGNED, IN ssl_encryption TINYINT(1))
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_set_source('rds_set_external_master', host_name, host_port,
        replication_user_name, replication_user_password, mysql_binary_log_file_name,
        mysql_binary_log_file_location, ssl_encryption);
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_set_external_source(
    IN host_name VARCHAR(255) CHARACTER SET utf8mb4, IN host_port INT,
    IN replication_user_name TEXT CHARACTER SET utf8mb4,
    IN replication_user_password TEXT CHARACTER SET utf8mb4,
    IN mysql_binary_log_file_name TEXT CHARACTER SET utf8mb4,
    IN mysql_binary_log_file_location BIGINT UNSIGNED, IN ssl_encryption TINYINT(1))
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_set_source('rds_set_external_source', host_name, host_port,
        replication_user_name, replication_user_password, mysql_binary_log_file_name,
        mysql_binary_log_file_location, ssl_encryption);
END
$$
-- Both threads must still run one second after START, so that a bad event or a source that refuses had the time to
-- stop one; a second more is given to a slow start. A source that cannot be reached is no error, as documented: the
-- receiver goes on trying. One that will never serve what is asked for has stopped the daemon's receiver by then;
-- asked to look, the daemon stops the engine's receiving thread too.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_start_replication()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_state VARCHAR(9);
    DECLARE v_receiver, v_applier BOOLEAN DEFAULT FALSE;
    DECLARE v_tenths INT DEFAULT 0;

    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_state(v_state);
    IF v_state = 'ON' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'Replication may already be running. Call rds_stop_replication to stop replication';
    ELSEIF v_state = 'BROKEN' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'Replication might be running. First call mysql.rds_stop_replication.';
    ELSEIF v_state = 'NOT_EXIST' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'You can''t start replication because the replica isn''t configured. First call mysql.rds_set_external_master.';
    END IF;

    CALL mysql.rds_internal_note('Starting: start slave', NULL, NULL, NULL, NULL, NULL, NULL);
    CALL mysql.rds_internal_request('start replication', NULL);
    SET STATEMENT sql_log_bin = 0, time_zone = '+00:00' FOR CALL mysql.rds_internal_write_started();
    WHILE v_tenths < 10 OR (v_tenths < 20 AND NOT (v_receiver AND v_applier)) DO
        DO SLEEP(0.1);
        SET v_tenths = v_tenths + 1;
        CALL mysql.rds_internal_threads(v_receiver, v_applier);
    END WHILE;
    CALL mysql.rds_internal_request('check replication', NULL);
    CALL mysql.rds_internal_threads(v_receiver, v_applier);
    IF NOT (v_receiver AND v_applier) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'Slave has encountered an error. Run SHOW SLAVE STATUS\\G; to see the error.';
    END IF;
    CALL mysql.rds_internal_note('start slave', NULL, NULL, NULL, NULL, NULL, NULL);
    SELECT 'Replication started. Slave is now running normally.' AS Message;
END
$$
-- First nothing more is received. STOP SLAVE returns when the threads have ended; the loop covers their sessions' last moments.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_stop_replication()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_state VARCHAR(9);
    DECLARE v_receiver, v_applier BOOLEAN DEFAULT TRUE;
    DECLARE v_tenths INT DEFAULT 0;

    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_state(v_state);
    IF v_state = 'OFF' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'Slave is already stopped or may not be configured. Run SHOW SLAVE STATUS\\G;';
    ELSEIF v_state = 'NOT_EXIST' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'You can''t stop replication because the replica isn''t configured. First call mysql.rds_set_external_master.';
    END IF;

    CALL mysql.rds_internal_note('Starting: stop slave', NULL, NULL, NULL, NULL, NULL, NULL);
    CALL mysql.rds_internal_request('stop replication', NULL);
    STOP SLAVE '';
    CALL mysql.rds_internal_threads(v_receiver, v_applier);
    WHILE v_tenths < 20 AND (v_receiver OR v_applier) DO
        DO SLEEP(0.1);
        SET v_tenths = v_tenths + 1;
        CALL mysql.rds_internal_threads(v_receiver, v_applier);
    END WHILE;
    IF v_receiver OR v_applier THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'Slave has encountered an error. Run SHOW SLAVE STATUS\\G; to see the error.';
    END IF;
    CALL mysql.rds_internal_note('stop slave', NULL, NULL, NULL, NULL, NULL, NULL);
    SELECT 'Slave is now down or disabled' AS Message;
END
$$
-- Both reset procedures: stops what runs, then forgets the source.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_reset(
    IN p_procedure VARCHAR(64))
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_state VARCHAR(9);

    CALL mysql.rds_internal_need_autocommit(p_procedure);
    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_state(v_state);
    IF v_state = 'NOT_EXIST' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'You can''t reset replication because replication isn''t configured. First run mysql.rds_set_external_master.';
    END IF;

    CALL mysql.rds_internal_note('Starting: reset slave', NULL, NULL, NULL, NULL, NULL, NULL);
    IF v_state <> 'OFF' THEN
        STOP SLAVE '';
    END IF;
    CALL mysql.rds_internal_request('reset replication', NULL);
    CALL mysql.rds_internal_note('reset slave', NULL, NULL, NULL, NULL, NULL, NULL);
    SELECT 'Slave has been reset' AS message;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_reset_external_master()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_reset('rds_reset_external_master');
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_reset_external_source()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_reset('rds_reset_external_source');
END
