-- 23-skip-until.sql: what is left out of a source's log, and where to stop in it.
--
-- Public: rds_skip_repl_error, rds_skip_transaction_with_gtid, rds_next_master_log, rds_next_source_log,
-- rds_start_replication_until, rds_start_replication_until_gtid. Files, positions and GTIDs are the source's own; the
-- daemon finds them in the engine's view (src/cluster/source_replication_skip.c).
--
-- What a crash leaves, in the order of steps:
--   skip_repl_error  the applier stands at the transaction that failed; the engine counts that as applied, with one
--                    statement that is durable; the threads start. Before the statement nothing is skipped, after it
--                    there is no error any more that a second call could skip: one transaction at most, that one.
--                    Threads that are down are started by rds_start_replication.
--   skip_transaction_with_gtid  the threads stop; the GTID stands in the definition of the source, replaced as a whole;
--                    the threads start. It holds until a reset, or until another source is set.
--   next_master_log  as a new source is set (20-replication.sql), then started: in between the source is set
--                    anew or, once it is set, started by rds_start_replication.
--   until            the place stands in the definition before the threads start, and holds until the next start by a
--                    procedure: an engine or daemon that dies goes on towards it.
-- rds_history ends with 'Starting: ...' where a call did not come to its end.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_need_broken(
    IN p_not_exist VARCHAR(200), OUT p_applies BOOLEAN)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_state VARCHAR(9);
    DECLARE v_receiver BOOLEAN;

    CALL mysql.rds_internal_state(v_state);
    IF v_state = 'NOT_EXIST' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = p_not_exist;
    ELSEIF v_state = 'ON' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Slave is running normally.  No errors detected to skip.';
    ELSEIF v_state = 'OFF' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Slave is down or disabled.';
    END IF;
    CALL mysql.rds_internal_threads(v_receiver, p_applies);
END
$$
-- Both threads still run 2 s after the start.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_need_running()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_receiver, v_applier BOOLEAN;

    DO SLEEP(2);
    CALL mysql.rds_internal_request('check replication', NULL);
    CALL mysql.rds_internal_threads(v_receiver, v_applier);
    IF NOT (v_receiver AND v_applier) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'Slave has encountered a new error. Please use SHOW SLAVE STATUS to see the error.';
    END IF;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_skip_repl_error()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        CALL mysql.rds_internal_note_place('skip_repl_error:ERR', NULL, NULL, NULL);
        RESIGNAL;
    END;
    CALL mysql.rds_internal_note_place('Starting: skip_repl_error', NULL, NULL, NULL);
    CALL mysql.rds_internal_request_for('rds_skip_repl_error', NULL, 'skip replication error', NULL, NULL);
    SELECT 'Statement in error has been skipped' AS Message;
    CALL mysql.rds_internal_need_running();
    CALL mysql.rds_internal_note_place('skip_repl_error:OK', NULL, NULL, NULL);
    SELECT 'Slave is now running normally' AS Message;
END
$$
-- One at a time: the lock is the session's, so it ends with it at the latest.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_skip_repl_error()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_applies BOOLEAN;

    COMMIT AND NO CHAIN NO RELEASE;
    IF NOT GET_LOCK('mysql.rds_skip_repl_error', 0) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'A mysql.rds_skip_repl_error procedure is in progress. Wait a few seconds before calling mysql.rds_skip_repl_error again.';
    END IF;
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION
        BEGIN
            DO RELEASE_LOCK('mysql.rds_skip_repl_error');
            RESIGNAL;
        END;
        CALL mysql.rds_internal_need_broken(
            'You can''t skip a replication error because the replica isn''t configured. First call mysql.rds_set_external_master.',
            v_applies);
        IF v_applies THEN
            SELECT 'The replica SQL thread is running for the specified channel without encountering errors. Run SHOW REPLICA STATUS FOR CHANNEL '''';' AS Message;
        ELSE
            CALL mysql.rds_internal_skip_repl_error();
        END IF;
    END;
    DO RELEASE_LOCK('mysql.rds_skip_repl_error');
END
$$
-- What runs is stopped for a moment, and runs again in any case.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_skip_transaction_with_gtid(
    IN gtid_to_skip TEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_state VARCHAR(9);

    SET gtid_to_skip = TRIM(gtid_to_skip);
    CALL mysql.rds_internal_check_text('rds_skip_transaction_with_gtid', 'gtid_to_skip', gtid_to_skip, 128, FALSE, TRUE);
    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_state(v_state);
    IF v_state = 'NOT_EXIST' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'You can''t skip a transaction because the replica isn''t configured. First call mysql.rds_set_external_master.';
    END IF;
    CALL mysql.rds_internal_request_for('rds_skip_transaction_with_gtid', 'gtid_to_skip', 'check gtid', gtid_to_skip, NULL);
    CALL mysql.rds_internal_note_place('Starting: rds_skip_transaction_with_gtid', gtid_to_skip, NULL, NULL);
    BEGIN
        DECLARE EXIT HANDLER FOR SQLEXCEPTION
        BEGIN
            IF v_state <> 'OFF' THEN
                CALL mysql.rds_internal_request('start replication threads', NULL);
            END IF;
            RESIGNAL;
        END;
        IF v_state <> 'OFF' THEN
            STOP SLAVE '';
        END IF;
        CALL mysql.rds_internal_request_for('rds_skip_transaction_with_gtid', 'gtid_to_skip', 'skip gtid', gtid_to_skip, NULL);
    END;
    IF v_state <> 'OFF' THEN
        CALL mysql.rds_internal_request('start replication threads', NULL);
    END IF;
    CALL mysql.rds_internal_note_place('rds_skip_transaction_with_gtid:OK', gtid_to_skip, NULL, NULL);
    SELECT 'Transaction has been skipped successfully.' AS Message;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_next_log(
    IN p_procedure VARCHAR(64), IN p_index INT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_applies BOOLEAN;
    DECLARE v_text VARCHAR(400);

    IF p_index IS NULL OR p_index < 0 OR p_index = 2147483647 THEN
        SET v_text = CONCAT('mysql.', p_procedure, ': curr_log_index: expected 0 to 2147483646, found ',
            COALESCE(p_index, 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_need_broken(
        'You can''t set the log file name because the replica isn''t configured. First call mysql.rds_set_external_master.',
        v_applies);
    CALL mysql.rds_internal_note_place('Starting: next_master_log', NULL, NULL, NULL);
    CALL mysql.rds_internal_request_for(p_procedure, NULL, 'next log file', p_index, NULL);
    SELECT 'Master Log Position has been set to start of next log' AS Message;
    CALL mysql.rds_internal_note_all('start slave', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    CALL mysql.rds_internal_need_running();
    CALL mysql.rds_internal_note_place('next_master_log:OK', NULL, NULL, NULL);
    SELECT 'Slave is now running normally' AS Message;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_next_master_log(
    IN curr_log_index INT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_next_log('rds_next_master_log', curr_log_index);
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_next_source_log(
    IN curr_log_index INT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_next_log('rds_next_source_log', curr_log_index);
END
$$
-- Where it is to stop may be behind: then it stops at once, which is no error.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_start_until(
    IN p_procedure VARCHAR(64), IN p_log_file VARCHAR(511), IN p_log_pos BIGINT UNSIGNED,
    IN p_gtid TEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_state VARCHAR(9);

    COMMIT AND NO CHAIN NO RELEASE;
    CALL mysql.rds_internal_state(v_state);
    IF v_state IN ('ON', 'BROKEN') THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'Replication may already be running. Call rds_stop_replication to stop replication';
    ELSEIF v_state = 'NOT_EXIST' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'You can''t start replication because the replica isn''t configured. First call mysql.rds_set_external_master.';
    END IF;
    CALL mysql.rds_internal_note_all('Starting: start slave until', NULL, NULL, NULL, p_log_file, p_log_pos, NULL, p_gtid, NULL);
    CALL mysql.rds_internal_request_for(p_procedure, NULL, 'start replication until',
        IF(p_gtid IS NULL, JSON_OBJECT('file', p_log_file, 'position', p_log_pos + 0), JSON_OBJECT('gtids', p_gtid)), NULL);
    CALL mysql.rds_internal_note_all('start slave until', NULL, NULL, NULL, p_log_file, p_log_pos, NULL, p_gtid, NULL);
    DO SLEEP(1);
    BEGIN
        DECLARE EXIT HANDLER FOR SQLSTATE '45000'
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
                'Slave has encountered an error. Run SHOW SLAVE STATUS\\G; to see the error.';
        CALL mysql.rds_internal_request('check replication', NULL);
        CALL mysql.rds_internal_request('check replication until', NULL);
    END;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_start_replication_until(
    IN replication_log_file TEXT CHARACTER SET utf8mb4, IN replication_stop_point BIGINT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    SET replication_log_file = TRIM(replication_log_file);
    CALL mysql.rds_internal_check_text('rds_start_replication_until', 'replication_log_file', replication_log_file, 250,
        FALSE, TRUE);
    IF replication_stop_point IS NULL OR replication_stop_point <= 0 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'Invalid input: replication_stop_point cannot be NULL, less than or equal to 0';
    END IF;
    CALL mysql.rds_internal_start_until('rds_start_replication_until', replication_log_file, replication_stop_point, NULL);
    SELECT CONCAT('Replication started until MASTER_LOG_FILE = ', QUOTE(replication_log_file), ' and MASTER_LOG_POS = ',
        replication_stop_point) AS Message;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_start_replication_until_gtid(
    IN gtid TEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    SET gtid = TRIM(gtid);
    CALL mysql.rds_internal_check_text('rds_start_replication_until_gtid', 'gtid', gtid, 32768, FALSE, TRUE);
    CALL mysql.rds_internal_start_until('rds_start_replication_until_gtid', NULL, NULL, gtid);
    SELECT CONCAT('Replication started until SQL_AFTER_GTIDS = ', QUOTE(gtid)) AS Message;
END
