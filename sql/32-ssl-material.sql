-- 32-ssl-material.sql: mysql.rds_import_binlog_ssl_material and mysql.rds_remove_binlog_ssl_material: with
-- what the cluster speaks TLS to an external source.
--
-- The daemon takes it, says what is wrong with it, and keeps it in files of mode 0600 (one JSON object with
-- ssl_ca, ssl_cert and ssl_key; src/cluster/ssl_material.h). It passes the engine as a variable and is in no
-- table and no log of the cluster's. While the call runs it is part of the statement that the process list
-- shows to the master user, as the arguments of any call are.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_import_binlog_ssl_material(
    IN p_ssl_material LONGTEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_text VARCHAR(400) CHARACTER SET utf8mb4;

    IF p_ssl_material IS NULL OR LENGTH(p_ssl_material) NOT BETWEEN 1 AND 65536 THEN
        SET v_text = CONCAT('mysql.rds_import_binlog_ssl_material: ssl_material: expected a JSON object of 1 ',
            'to 65536 bytes, found ', COALESCE(CONCAT(LENGTH(p_ssl_material), ' bytes'), 'NULL'), '.');
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_text;
    ELSEIF p_ssl_material REGEXP '\\x00' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT =
            'mysql.rds_import_binlog_ssl_material: ssl_material: expected a text without NUL, found one with it.';
    END IF;
    CALL mysql.rds_internal_request_for('rds_import_binlog_ssl_material', 'ssl_material',
        'import binlog ssl material', NULL, p_ssl_material);
    SELECT 'SSL material import complete.' AS Message;
END
$$
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_remove_binlog_ssl_material()
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    CALL mysql.rds_internal_request('remove binlog ssl material', NULL);
END
