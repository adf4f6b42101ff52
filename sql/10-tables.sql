-- 10-tables.sql: the tables behind the mysql.rds_* procedures.
--
-- Owner: the procedures of 20-replication.sql and 30-configuration.sql, which run as
-- `rdsadmin`@`localhost`; the daemon reads mysql.rds_configuration. Nobody else writes them.
-- Run by the daemon at every start with sql_log_bin=0: rows that exist are kept. A later version
-- adds columns with ALTER TABLE ... ADD COLUMN IF NOT EXISTS, it never drops a table.
--
-- The statements below and the procedures depend on the session's sql_mode and character set, which
-- a routine keeps for life, so they are fixed here for this file and all that follow it. The lock wait
-- is bounded because replacing a routine waits for every session that is inside it.
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION',
    lock_wait_timeout = 10
$$
SET NAMES utf8mb4
$$
-- Append-only audit of every call that changes replication. No password is ever stored.
CREATE TABLE IF NOT EXISTS mysql.rds_history (
    action_timestamp TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    called_by_user   VARCHAR(352) NOT NULL,
    action           VARCHAR(64) NOT NULL,
    mysql_version    VARCHAR(20) NOT NULL,
    master_host      VARCHAR(255),
    master_port      INT,
    master_user      VARCHAR(128),
    master_log_file  VARCHAR(511),
    master_log_pos   BIGINT UNSIGNED,
    master_ssl       TINYINT(1),
    master_delay     INT,
    master_gtid      TEXT,
    auto_position    TINYINT(1),
    KEY (action_timestamp)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
$$
-- One live row per channel: the last action that succeeded. The primary key keeps it one row.
-- It records what was asked; whether replication runs is read from the engine, never from here.
CREATE TABLE IF NOT EXISTS mysql.rds_replication_status (
    action_timestamp       TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    called_by_user         VARCHAR(352) NOT NULL,
    action                 VARCHAR(64) NOT NULL,
    mysql_version          VARCHAR(20) NOT NULL,
    master_host            VARCHAR(255),
    master_port            INT,
    replication_log_file   VARCHAR(511),
    replication_stop_point BIGINT UNSIGNED,
    replication_gtid       TEXT,
    channel_name           VARCHAR(64) NOT NULL DEFAULT '',
    PRIMARY KEY (channel_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
$$
CREATE TABLE IF NOT EXISTS mysql.rds_configuration (
    name        VARCHAR(100) NOT NULL,
    value       INT,
    description VARCHAR(300) NOT NULL,
    PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
$$
-- What procedures ask of the daemon (25-requests.sql): a row lives as long as the call.
CREATE TABLE IF NOT EXISTS mysql.rds_request (
    id             BIGINT UNSIGNED NOT NULL,
    asked_at       TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    called_by_user VARCHAR(352) NOT NULL,
    request        VARCHAR(64) NOT NULL,
    argument       TEXT,
    state          ENUM('asked', 'done', 'refused') NOT NULL DEFAULT 'asked',
    answer         TEXT,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
$$
-- Of a secret that goes to the daemon with the call, in place of an argument.
ALTER TABLE mysql.rds_request ADD COLUMN IF NOT EXISTS digest CHAR(64)
$$
INSERT IGNORE INTO mysql.rds_configuration (name, value, description) VALUES (
    'binlog retention hours', NULL,
    'binlog retention hours specifies the duration in hours before binary logs are automatically deleted.')
