-- 35-sessions.sql: what the master user may do to sessions, and the whole engine's read_only.
--
-- Public: rds_set_session_binlog_format, rds_disable_session_binlog, rds_enable_session_binlog,
-- rds_set_read_only, rds_kill, rds_kill_query. The first three set the caller's own session, which keeps
-- it: inside an open transaction the engine refuses that
-- (1694, 1679), and nothing is committed for it here.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_set_session_binlog_format(
    IN p_format TEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(400) CHARACTER SET utf8mb4;

    SET p_format = UPPER(TRIM(p_format));
    IF p_format IS NULL OR p_format NOT IN ('STATEMENT', 'ROW', 'MIXED') THEN
        SET v_text = CONCAT('mysql.rds_set_session_binlog_format: binlog_format: expected STATEMENT, ROW or ',
            'MIXED, found ', COALESCE(QUOTE(LEFT(p_format, 64)), 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    ELSEIF NOT @@GLOBAL.log_bin THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'mysql.rds_set_session_binlog_format: expected binary logging to be on, found it off: binlog_format is OFF.';
    END IF;
    SET SESSION binlog_format = p_format;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_disable_session_binlog()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    SET SESSION sql_log_bin = 0;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_enable_session_binlog()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    SET SESSION sql_log_bin = 1;
END
$$
-- Until the next start of the engine: it is in no file. The daemon's own account and replication go on
-- writing.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_set_read_only(
    IN p_mode BIGINT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(400) CHARACTER SET utf8mb4;

    IF p_mode IS NULL OR p_mode NOT IN (0, 1) THEN
        SET v_text = CONCAT('mysql.rds_set_read_only: mode: expected 0 or 1, found ', COALESCE(p_mode, 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
    SET GLOBAL read_only = p_mode;
END
$$
-- The engine's own threads and the daemon's sessions are not the master user's to end. An id that is gone is
-- the engine's 1094.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_check_kill(
    IN p_procedure VARCHAR(64), IN p_id BIGINT)
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_user VARCHAR(128) CHARACTER SET utf8mb4;
    DECLARE v_text VARCHAR(400) CHARACTER SET utf8mb4;

    IF p_id IS NULL OR p_id < 1 THEN
        SET v_text = CONCAT('mysql.', p_procedure, ': thread id: expected 1 or more, found ',
            COALESCE(p_id, 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
    SET v_user = (SELECT p.USER FROM information_schema.PROCESSLIST AS p WHERE p.ID = p_id);
    IF v_user IN ('rdsadmin', 'system user', 'event_scheduler') THEN
        SET v_text = CONCAT('CANNOT KILL ', UPPER(v_user), ' SESSION');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_kill(
    IN p_thread BIGINT)
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_check_kill('rds_kill', p_thread);
    KILL CONNECTION p_thread;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_kill_query(
    IN p_thread BIGINT)
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_check_kill('rds_kill_query', p_thread);
    KILL QUERY p_thread;
END
