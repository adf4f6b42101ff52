-- 22-auto-position.sql: replication behind the GTIDs that are here, and what of a configured source may change.
--
-- Public: rds_set_external_master_with_auto_position, rds_set_external_source_with_auto_position,
-- rds_set_master_auto_position, rds_set_source_auto_position, rds_set_binlog_source_ssl.
--
-- GTIDs that are here: those of mysql.rds_gtid_purged and of a dump, and what was applied of the source since it was
-- set. A reset forgets the latter, not the former. A source that lacks what would come next refuses at the start.
--
-- What a crash leaves. The daemon puts the new beginning in the place of the old one as it does a new source
-- (20-replication.sql): before that nothing has happened; after it only the note is missing. In between, the engine
-- follows none: then the answer to all calls is that the replica is not configured, and the source is set again.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_set_source_auto(
    IN p_procedure VARCHAR(64), IN p_host VARCHAR(255) CHARACTER SET utf8mb4, IN p_port INT,
    IN p_user TEXT CHARACTER SET utf8mb4, IN p_password TEXT CHARACTER SET utf8mb4, IN p_ssl TINYINT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_need_autocommit(p_procedure);
    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_check_source(p_procedure, p_host, p_port, p_user, p_password, p_ssl);
    CALL mysql.rds_internal_need_threads_down();

    CALL mysql.rds_internal_note_all('Starting: set master AP', p_host, p_port, p_user, NULL, NULL, p_ssl, NULL, 1);
    CALL mysql.rds_internal_secret_request('set external source',
        JSON_OBJECT('host', p_host, 'port', p_port + 0, 'user', p_user, 'password', p_password, 'gtids', '',
            'ssl', p_ssl + 0)); -- + 0: a variable would be a text
    CALL mysql.rds_internal_note_all('set master with AP', p_host, p_port, p_user, NULL, NULL, p_ssl, NULL, 1);
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_set_external_master_with_auto_position(
    IN host_name VARCHAR(255) CHARACTER SET utf8mb4, IN host_port INT,
    IN replication_user_name TEXT CHARACTER SET utf8mb4,
    IN replication_user_password TEXT CHARACTER SET utf8mb4, IN ssl_encryption TINYINT(1))
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_set_source_auto('rds_set_external_master_with_auto_position', host_name, host_port,
        replication_user_name, replication_user_password, ssl_encryption);
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_set_external_source_with_auto_position(
    IN host_name VARCHAR(255) CHARACTER SET utf8mb4, IN host_port INT,
    IN replication_user_name TEXT CHARACTER SET utf8mb4,
    IN replication_user_password TEXT CHARACTER SET utf8mb4, IN ssl_encryption TINYINT(1))
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_set_source_auto('rds_set_external_source_with_auto_position', host_name, host_port,
        replication_user_name, replication_user_password, ssl_encryption);
END
$$
-- A setting of 0 or 1 of the source that is configured and stopped; the daemon is asked for `p_request`.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_set_flag(
    IN p_procedure VARCHAR(64), IN p_argument VARCHAR(64), IN p_value BIGINT, IN p_request VARCHAR(64),
    IN p_action VARCHAR(64))
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_state VARCHAR(9);
    DECLARE v_text VARCHAR(400);

    IF p_value IS NULL OR p_value NOT IN (0, 1) THEN
        SET v_text = CONCAT('mysql.', p_procedure, ': ', p_argument, ': expected 0 or 1, found ',
            COALESCE(p_value, 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_state(v_state);
    IF v_state = 'NOT_EXIST' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'You can''t modify replication because the replica isn''t configured. First call mysql.rds_set_external_master.';
    END IF;
    CALL mysql.rds_internal_need_threads_down();
    CALL mysql.rds_internal_request(p_request, p_value);
    CALL mysql.rds_internal_note_all(p_action, NULL, NULL, NULL, NULL, NULL,
        IF(p_request = 'set source ssl', p_value, NULL), NULL, IF(p_request = 'set source ssl', NULL, p_value));
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_set_master_auto_position(
    IN auto_position_mode BIGINT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_set_flag('rds_set_master_auto_position', 'auto_position_mode', auto_position_mode,
        'set auto position', 'set auto position');
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_set_source_auto_position(
    IN auto_position_mode BIGINT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_set_flag('rds_set_source_auto_position', 'auto_position_mode', auto_position_mode,
        'set auto position', 'set auto position');
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_set_binlog_source_ssl(
    IN mode BIGINT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_set_flag('rds_set_binlog_source_ssl', 'mode', mode, 'set source ssl', 'set source ssl');
END
