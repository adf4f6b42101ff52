-- 36-log-tables.sql: mysql.rds_rotate_slow_log and mysql.rds_rotate_general_log.
--
-- The log's table becomes NAME_backup, in the place of the one before, and an empty one takes its place.
-- Both at once, in one RENAME TABLE: the engine goes on writing and loses no row. A table that a call left
-- behind which was cut short goes at the next.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_rotate_slow_log()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    COMMIT AND NO CHAIN NO RELEASE;
    SET STATEMENT sql_log_bin = 0 FOR DROP TABLE IF EXISTS mysql.rds_slow_log_next;
    SET STATEMENT sql_log_bin = 0 FOR CREATE TABLE mysql.rds_slow_log_next LIKE mysql.slow_log;
    SET STATEMENT sql_log_bin = 0 FOR DROP TABLE IF EXISTS mysql.slow_log_backup;
    SET STATEMENT sql_log_bin = 0 FOR
        RENAME TABLE mysql.slow_log TO mysql.slow_log_backup, mysql.rds_slow_log_next TO mysql.slow_log;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_rotate_general_log()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(400) CHARACTER SET utf8mb4;

    IF NOT FIND_IN_SET('TABLE', @@GLOBAL.log_output) THEN
        SET v_text = CONCAT('mysql.rds_rotate_general_log: log_output: expected TABLE, found ',
            @@GLOBAL.log_output, ': the general log is in no table.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
    COMMIT AND NO CHAIN NO RELEASE;
    SET STATEMENT sql_log_bin = 0 FOR DROP TABLE IF EXISTS mysql.rds_general_log_next;
    SET STATEMENT sql_log_bin = 0 FOR CREATE TABLE mysql.rds_general_log_next LIKE mysql.general_log;
    SET STATEMENT sql_log_bin = 0 FOR DROP TABLE IF EXISTS mysql.general_log_backup;
    SET STATEMENT sql_log_bin = 0 FOR
        RENAME TABLE mysql.general_log TO mysql.general_log_backup, mysql.rds_general_log_next TO mysql.general_log;
END
