-- 42-source-accounts.sql: accounts of the source that a cluster of compatibility 2 replicates from.
--
-- The relay puts a block in the place of each account statement of the source's log
-- (src/translation/foreign_account.h, src/replication/dump_accounts.c), and the engine's applier runs it: the
-- statement, if rds_internal_admit_account lets it, and rds_internal_note_account. A source may do here what
-- the master user may, by the same allow list, and nothing to the master user's own account, so that nobody
-- comes by it to what the master user has not. All else about accounts in that log the applier passes over:
-- it ignores changes of schema mysql, but for those in a block or procedure.
--
-- What was not taken, and why, is a row in rds_account_note, which the master user reads. No password is in it.
CREATE TABLE IF NOT EXISTS mysql.rds_account_note (
    id        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    noted_at  TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    statement VARCHAR(400) NOT NULL,
    note      VARCHAR(2000) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
$$
-- p_statement: as the relay says it anew: names in backticks, a user's with the host.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_admit_account(
    IN p_statement TEXT CHARACTER SET utf8mb4, OUT p_admitted BOOLEAN)
    NO SQL
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_master VARCHAR(400) CHARACTER SET utf8mb4 DEFAULT SUBSTRING_INDEX('${master}', '@', 1);

    CALL mysql.rds_internal_check_account_statement(p_statement, p_admitted);
    -- The master user's name behind one of these words, or a comma, is the account's; behind ON a database's.
    IF p_statement REGEXP CONCAT('(?i-smxU)(?:USER|EXISTS|TO|FROM|FOR|,) \\Q', v_master, '\\E(?:[@, ;]|\\z)')
       OR p_statement REGEXP '(?i-smxU)\\A[A-Z]+ EXECUTE ON PROCEDURE `mysql`' THEN
        SET p_admitted = FALSE;
    END IF;
END
$$
-- p_what: which statement it was. p_note: what the relay has left out of it, or ''. p_lacks: its account came with
-- a password that nobody has, because the engine has not loaded the plugin of its own. p_said: what the engine
-- said, or ''. The latest thousand notes are kept.
CREATE OR REPLACE DEFINER = `rdsadmin`@`localhost` PROCEDURE mysql.rds_internal_note_account(
    IN p_what TEXT CHARACTER SET utf8mb4, IN p_note TEXT CHARACTER SET utf8mb4, IN p_admitted BOOLEAN,
    IN p_lacks BOOLEAN, IN p_said TEXT CHARACTER SET utf8mb4)
    MODIFIES SQL DATA
    SQL SECURITY DEFINER
BEGIN
    DECLARE v_note TEXT CHARACTER SET utf8mb4 DEFAULT CONCAT_WS('; ', NULLIF(p_note, ''),
        IF(p_admitted, NULL, 'the master user could not do so either, or alone may'),
        IF(p_lacks, 'closed until it is given a password here, the engine has not loaded its plugin', NULL),
        NULLIF(p_said, ''));
    DECLARE v_id BIGINT UNSIGNED;

    IF v_note <> '' THEN
        SET STATEMENT sql_log_bin = 0 FOR
            INSERT INTO mysql.rds_account_note (noted_at, statement, note)
            VALUES (SYSDATE(6), LEFT(p_what, 400), LEFT(v_note, 2000));
        SET v_id = LAST_INSERT_ID();
        IF v_id > 1000 THEN
            SET STATEMENT sql_log_bin = 0 FOR DELETE FROM mysql.rds_account_note WHERE id <= v_id - 1000;
        END IF;
        COMMIT AND NO CHAIN NO RELEASE;
    END IF;
END
