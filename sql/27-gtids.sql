-- 27-gtids.sql: GTIDs of an external source: mysql.rds_gtid_purged,
-- mysql.rds_assign_gtids_to_anonymous_transactions, and what a dump says of its own place,
-- mysql.rds_dump_gtids and mysql.rds_dump_position, which the endpoint calls for a dump's
-- SET @@GLOBAL.GTID_PURGED, SET GLOBAL gtid_slave_pos and CHANGE MASTER TO (src/endpoint/import_statement.h).
--
-- What is set stands in mysql.rds_channel_setting for the channel to take at its next start
-- (src/cluster/source_replication_place.c). A GTID set is
-- read and combined by the daemon. None of it is in the binary log.
CREATE TABLE IF NOT EXISTS mysql.rds_channel_setting (
    name  VARCHAR(64) NOT NULL,
    value LONGTEXT CHARACTER SET ascii NOT NULL,
    PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
$$
INSERT IGNORE INTO mysql.rds_channel_setting (name, value) VALUES ('gtid_purged', ''), ('gtid_purged_of_mariadb', '')
$$
-- An earlier version kept it, without effect.
DELETE FROM mysql.rds_channel_setting WHERE name = 'assign_gtids_to_anonymous_transactions'
$$
-- As rds_internal_note, of a GTID set or a position that was told.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_note_place(
    IN p_action VARCHAR(64), IN p_gtid TEXT CHARACTER SET utf8mb4, IN p_log_file VARCHAR(511) CHARACTER SET utf8mb4,
    IN p_log_pos BIGINT UNSIGNED)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    COMMIT AND NO CHAIN NO RELEASE;
    SET STATEMENT sql_log_bin = 0, time_zone = '+00:00' FOR CALL mysql.rds_internal_write_note(p_action, NULL, NULL, NULL,
        p_log_file, p_log_pos, NULL, p_gtid, NULL, FALSE);
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_need_stopped()
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_receiver, v_applier BOOLEAN;

    CALL mysql.rds_internal_threads(v_receiver, v_applier);
    IF v_receiver OR v_applier THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'You can''t modify gtid_purged because replication is already running.';
    END IF;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_gtid_purged(
    IN p_procedure VARCHAR(64), IN p_gtid_set LONGTEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(400) CHARACTER SET utf8mb4;

    IF p_gtid_set IS NULL OR LENGTH(p_gtid_set) NOT BETWEEN 1 AND 65535 THEN
        SET v_text = CONCAT('mysql.', p_procedure, ': gtid_purged: expected a GTID set of 1 to 65535 bytes, found ',
            COALESCE(CONCAT(LENGTH(p_gtid_set), ' bytes'), 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_need_stopped();
    CALL mysql.rds_internal_note_place('begin: set gtid_purged', p_gtid_set, NULL, NULL);
    CALL mysql.rds_internal_request_for(p_procedure, NULL, 'set gtid_purged', p_gtid_set, NULL);
    CALL mysql.rds_internal_note_place('set gtid_purged:OK', p_gtid_set, NULL, NULL);
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_gtid_purged(
    IN gtid_purged LONGTEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_gtid_purged('rds_gtid_purged', gtid_purged);
END
$$
-- The same for a dump: also where rds_gtid_purged does not exist.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_dump_gtids(
    IN gtid_purged LONGTEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_gtid_purged('rds_dump_gtids', gtid_purged);
END
$$
-- The source's place at the time of a dump: noted, with a warning that says what to do with it.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_dump_position(
    IN p_log_file TEXT CHARACTER SET utf8mb4, IN p_log_pos BIGINT UNSIGNED)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(400) CHARACTER SET utf8mb4;

    CALL mysql.rds_internal_check_text('rds_dump_position', 'mysql_binary_log_file_name', p_log_file, 250, FALSE, TRUE);
    IF p_log_pos IS NULL OR p_log_pos < 4 THEN
        SET v_text = CONCAT('mysql.rds_dump_position: mysql_binary_log_file_location: expected 4 or more, found ',
            COALESCE(p_log_pos, 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_note_place('dump position', NULL, p_log_file, p_log_pos);
    SET v_text = CONCAT('The dump is of ', QUOTE(p_log_file), ', ', p_log_pos,
        ': give these to mysql.rds_set_external_master; mysql.rds_history has them, too');
    SIGNAL SQLSTATE '01000' SET MESSAGE_TEXT = v_text;
END
$$
-- Only OFF: in the cluster's binary log a transaction of a source without GTIDs has one of MariaDB, by which replicas of
-- both families follow; a UUID of its own it can not have there, so none is accepted without effect.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_assign_gtids_to_anonymous_transactions(
    IN gtid_option LONGTEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(400) CHARACTER SET utf8mb4;

    IF gtid_option IS NULL OR gtid_option NOT REGEXP
            '(?i-smxU)\\A(?:OFF|LOCAL|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\\z' THEN
        SET v_text = CONCAT('mysql.rds_assign_gtids_to_anonymous_transactions: gtid_option: expected OFF, LOCAL or a ',
            'UUID, found ', COALESCE(QUOTE(LEFT(gtid_option, 64)), 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    ELSEIF UPPER(gtid_option) <> 'OFF' THEN
        SET v_text = CONCAT('mysql.rds_assign_gtids_to_anonymous_transactions: gtid_option: expected OFF, found ',
            QUOTE(gtid_option), ': transactions without a GTID have one of MariaDB in the cluster''s binary log, and ',
            'can not have another there.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_need_threads_down();
    SELECT 'ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS has been set to: OFF' AS Message;
END
