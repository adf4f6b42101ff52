-- 90-public.sql: which procedures this cluster offers, by its compatibility, ${compatibility}, and that the
-- master user, ${master}, may call them.
--
-- What a version of Aurora MySQL does not have answers 1305 here as there. Version 3 keeps the name
-- rds_set_external_master and its like, as RDS for MySQL 8 does, because tools call it.
EXECUTE IMMEDIATE IF(${compatibility} = 2, 'DROP PROCEDURE IF EXISTS mysql.rds_set_external_source', 'DO 0')
$$
EXECUTE IMMEDIATE IF(${compatibility} = 2, 'DROP PROCEDURE IF EXISTS mysql.rds_set_external_source_with_auto_position', 'DO 0')
$$
EXECUTE IMMEDIATE IF(${compatibility} = 2, 'DROP PROCEDURE IF EXISTS mysql.rds_set_source_auto_position', 'DO 0')
$$
EXECUTE IMMEDIATE IF(${compatibility} = 2, 'DROP PROCEDURE IF EXISTS mysql.rds_reset_external_source', 'DO 0')
$$
EXECUTE IMMEDIATE IF(${compatibility} = 2, 'DROP PROCEDURE IF EXISTS mysql.rds_next_source_log', 'DO 0')
$$
EXECUTE IMMEDIATE IF(${compatibility} = 2, 'DROP PROCEDURE IF EXISTS mysql.rds_set_binlog_source_ssl', 'DO 0')
$$
EXECUTE IMMEDIATE IF(${compatibility} = 2, 'DROP PROCEDURE IF EXISTS mysql.rds_assign_gtids_to_anonymous_transactions', 'DO 0')
$$
EXECUTE IMMEDIATE IF(${compatibility} = 2, 'DROP PROCEDURE IF EXISTS mysql.rds_gtid_purged', 'DO 0')
$$
EXECUTE IMMEDIATE IF(${compatibility} = 2, 'DROP PROCEDURE IF EXISTS mysql.rds_set_read_only', 'DO 0')
$$
EXECUTE IMMEDIATE IF(${compatibility} = 3, 'DROP PROCEDURE IF EXISTS mysql.rds_set_session_binlog_format', 'DO 0')
$$
EXECUTE IMMEDIATE IF(${compatibility} = 3, 'DROP PROCEDURE IF EXISTS mysql.rds_disable_session_binlog', 'DO 0')
$$
EXECUTE IMMEDIATE IF(${compatibility} = 3, 'DROP PROCEDURE IF EXISTS mysql.rds_enable_session_binlog', 'DO 0')
$$
-- EXECUTE on every procedure in this schema that begins with rds_ and is not rds_internal_: there are no
-- others than those of these files, for nobody else may make any here.
BEGIN NOT ATOMIC
    DECLARE v_name VARCHAR(64) CHARACTER SET utf8mb3;
    DECLARE v_done BOOLEAN DEFAULT FALSE;
    DECLARE names CURSOR FOR
        SELECT p.name FROM mysql.proc AS p
         WHERE p.db = 'mysql' AND p.type = 'PROCEDURE' AND p.name LIKE 'rds\_%' AND p.name NOT LIKE 'rds\_internal\_%';
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;

    OPEN names;
    FETCH names INTO v_name;
    WHILE NOT v_done DO
        EXECUTE IMMEDIATE CONCAT('GRANT EXECUTE ON PROCEDURE mysql.', v_name, ' TO ${master}');
        FETCH names INTO v_name;
    END WHILE;
    CLOSE names;
END
$$
-- To call one that is not there must not be "denied", 1370, but 1305. The right to it says so, and GRANT does not
-- give one to what is not there.
BEGIN NOT ATOMIC
    INSERT IGNORE INTO mysql.procs_priv (Host, Db, User, Routine_name, Routine_type, Grantor, Proc_priv)
        SELECT '%', 'mysql', SUBSTRING_INDEX(SUBSTRING('${master}', 2), '`@', 1), n.name, 'PROCEDURE',
               'rdsadmin@localhost', 'Execute'
          FROM (
                SELECT 'rds_set_external_source' AS name
                UNION ALL SELECT 'rds_set_external_source_with_auto_position'
                UNION ALL SELECT 'rds_set_source_auto_position'
                UNION ALL SELECT 'rds_reset_external_source'
                UNION ALL SELECT 'rds_next_source_log'
                UNION ALL SELECT 'rds_set_binlog_source_ssl'
                UNION ALL SELECT 'rds_assign_gtids_to_anonymous_transactions'
                UNION ALL SELECT 'rds_gtid_purged'
                UNION ALL SELECT 'rds_set_read_only'
                UNION ALL SELECT 'rds_set_session_binlog_format'
                UNION ALL SELECT 'rds_disable_session_binlog'
                UNION ALL SELECT 'rds_enable_session_binlog'
               ) AS n
         WHERE NOT EXISTS (SELECT 1 FROM mysql.proc AS p WHERE p.db = 'mysql' AND p.name = n.name);
    IF ROW_COUNT() > 0 THEN
        FLUSH PRIVILEGES;
    END IF;
END
