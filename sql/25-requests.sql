-- 25-requests.sql: how a procedure asks the daemon for what SQL can not do.
--
-- The request is a row of mysql.rds_request, which only the definer of the procedures can write. The
-- engine's function aurora_control() then wakes the daemon and waits for it, at most 10 s; the daemon
-- reads the row over a connection of its own, does it or refuses it, and says so in the row. Any login
-- may call the function, as no privilege guards one that is loaded: then the daemon looks, finds no row
-- and has done nothing.
--
-- 1644 with a sentence when the daemon has refused, does not run, answers too late or answers anything else,
-- and when the engine runs without its plugin. The row is gone afterwards in any case; after a KILL in
-- between the daemon refuses it as late or removes it.
--
-- The master user reads this schema, so a secret never stands in it: rds_internal_secret_request hands it
-- to aurora_control(), behind 32 random characters, and the row has the SHA-256 of that.
--
-- Of the next two 20-replication.sql says why they end their transactions.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_put_request(
    IN p_id BIGINT UNSIGNED, IN p_request VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_argument TEXT CHARACTER SET utf8mb4, IN p_digest CHAR(64) CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK AND NO CHAIN NO RELEASE;
        RESIGNAL;
    END;
    INSERT INTO mysql.rds_request (id, asked_at, called_by_user, request, argument, digest)
    VALUES (p_id, SYSDATE(6), USER(), p_request, p_argument, p_digest);
    COMMIT AND NO CHAIN NO RELEASE;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_drop_request(
    IN p_id BIGINT UNSIGNED)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK AND NO CHAIN NO RELEASE;
        RESIGNAL;
    END;
    DELETE FROM mysql.rds_request WHERE id = p_id;
    COMMIT AND NO CHAIN NO RELEASE;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_ask(
    IN p_request VARCHAR(64) CHARACTER SET utf8mb4, IN p_argument TEXT CHARACTER SET utf8mb4,
    IN p_secret LONGTEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_id BIGINT UNSIGNED DEFAULT UUID_SHORT();
    DECLARE v_state VARCHAR(10);
    DECLARE v_carried LONGTEXT CHARACTER SET utf8mb4
        DEFAULT CONCAT(HEX(RANDOM_BYTES(16)), p_secret);
    DECLARE v_text VARCHAR(400) CHARACTER SET utf8mb4;

    COMMIT AND NO CHAIN NO RELEASE;
    SET STATEMENT sql_log_bin = 0, time_zone = '+00:00' FOR
        CALL mysql.rds_internal_put_request(v_id, p_request, p_argument, SHA2(v_carried, 256));
    BEGIN
        DECLARE EXIT HANDLER FOR 1305
            SET v_text = 'The engine runs without the plugin aurora and can not reach the Borealis daemon';
        -- An engine that an earlier daemon has started has a function that takes nothing.
        DECLARE EXIT HANDLER FOR 1123
            SET v_text = 'The engine must be started again before the Borealis daemon can be given a secret';
        IF v_carried IS NULL THEN
            SET v_text = aurora_control();
        ELSE
            SET v_text = aurora_control(v_carried);
        END IF;
    END;
    IF v_text IS NULL THEN
        SET v_state = (SELECT r.state FROM mysql.rds_request AS r WHERE r.id = v_id),
            v_text = (SELECT r.answer FROM mysql.rds_request AS r WHERE r.id = v_id);
        IF v_state = 'done' THEN
            SET v_text = NULL;
        ELSEIF v_state = 'refused' THEN
            SET v_text = CONCAT('The Borealis daemon refused ''', p_request, ''': ', v_text);
        ELSE
            SET v_text = CONCAT('The Borealis daemon has not done ''', p_request, '''');
        END IF;
    END IF;
    COMMIT AND NO CHAIN NO RELEASE;
    SET STATEMENT sql_log_bin = 0 FOR CALL mysql.rds_internal_drop_request(v_id);
    IF v_text IS NOT NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END IF;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_request(
    IN p_request VARCHAR(64) CHARACTER SET utf8mb4, IN p_argument TEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_ask(p_request, p_argument, NULL);
END
$$
-- The same for a procedure whose argument is judged by the daemon: what it says is said of that.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_request_for(
    IN p_procedure VARCHAR(64), IN p_argument VARCHAR(64), IN p_request VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_value TEXT CHARACTER SET utf8mb4, IN p_secret LONGTEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(600) CHARACTER SET utf8mb4;
    DECLARE EXIT HANDLER FOR SQLSTATE '45000'
    BEGIN
        GET DIAGNOSTICS CONDITION 1 v_text = MESSAGE_TEXT;
        IF v_text LIKE 'The Borealis daemon refused %' THEN
            SET v_text = CONCAT('mysql.', p_procedure, ': ', COALESCE(CONCAT(p_argument, ': '), ''),
                SUBSTRING(v_text, LOCATE(''': ', v_text) + 3));
        END IF;
        SET v_text = LEFT(v_text, 400);
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    END;
    CALL mysql.rds_internal_ask(p_request, p_value, p_secret);
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_secret_request(
    IN p_request VARCHAR(64) CHARACTER SET utf8mb4, IN p_secret LONGTEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_ask(p_request, NULL, p_secret);
END
