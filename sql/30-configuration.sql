-- 30-configuration.sql: mysql.rds_set_configuration and mysql.rds_show_configuration.
--
-- The values live in mysql.rds_configuration, survive restarts and are never in the binary log. The
-- engine acts on none of them: the daemon reads the table and purges binary logs itself, so that NULL
-- (no promise: kept about a day) and the logs that replicas still need can be honoured. It is asked to
-- at once; where it can not be reached the value is stored all the same, with a warning.

-- 20-replication.sql says why it ends its transaction.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_write_retention(
    IN p_value INT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK AND NO CHAIN NO RELEASE;
        RESIGNAL;
    END;
    UPDATE mysql.rds_configuration SET value = p_value WHERE name = 'binlog retention hours';
    COMMIT AND NO CHAIN NO RELEASE;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_set_configuration(
    IN p_name VARCHAR(30) CHARACTER SET utf8mb4, IN p_value INT)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(400) CHARACTER SET utf8mb4;

    IF p_name IS NULL OR p_name <> 'binlog retention hours' THEN
        SET v_text = CONCAT('Cannot set unknown configuration parameter ''', COALESCE(p_name, 'NULL'),
            ''' using mysql.rds_set_configuration.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    ELSEIF p_value < 1 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'For binlog retention hours the value must be between 1 and 2160 inclusive or be NULL';
    END IF;
    -- More than the maximum means the maximum (documented), without an error.
    COMMIT AND NO CHAIN NO RELEASE;
    SET STATEMENT sql_log_bin = 0 FOR CALL mysql.rds_internal_write_retention(LEAST(p_value, 2160));
    BEGIN
        DECLARE EXIT HANDLER FOR SQLSTATE '45000'
        BEGIN
            GET DIAGNOSTICS CONDITION 1 v_text = MESSAGE_TEXT;
            SET v_text = CONCAT('Stored, and not applied yet: ', LEFT(v_text, 300));
            SIGNAL SQLSTATE '01000' SET MESSAGE_TEXT = v_text;
        END;
        CALL mysql.rds_internal_request('apply binlog retention', NULL);
    END;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_show_configuration()
    READS SQL DATA
    SQL SECURITY DEFINER
BEGIN
    SELECT name, value, description FROM mysql.rds_configuration ORDER BY name;
END
