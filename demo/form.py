"""Form: one form of the demo, by who moves in and who follows: FORMS["9.7"], FORMS["5.6"].

A form says which servers take part and what is typed at them: MySQL knows the statements of replication by
newer names alone since 8.4, and an account's password in GRANT no more since 8.0.
"""

import dataclasses

_WITH_GTIDS = {"gtid_mode": "ON", "enforce_gtid_consistency": "ON"}
_CREATE = "CREATE USER 'repl_user'@'127.0.0.1' IDENTIFIED BY '<password>';"
_GRANT = "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.*\nTO 'repl_user'@'127.0.0.1'"


@dataclasses.dataclass(frozen=True)
class Words:
    """How a server is asked about replication; what it answers is read by the older names."""

    log_status: str
    replica_status: str

    def read_log(self, cursor):
        cursor.execute(self.log_status)
        return cursor.fetchone()

    def read_replica(self, cursor):
        """None of a server that follows nobody."""
        cursor.execute(self.replica_status)
        row = cursor.fetchone()
        return row and {
            key.replace("Source", "Master").replace("Replica", "Slave"): value
            for key, value in row.items()
        }


OLD = Words("SHOW MASTER STATUS", "SHOW SLAVE STATUS")
NEW = Words("SHOW BINARY LOG STATUS", "SHOW REPLICA STATUS")


@dataclasses.dataclass(frozen=True)
class Form:
    """Statements have {address}, {port}, {user}, {file} and {position} to fill in, and <password>."""

    source: str  # as servers/node.py names servers
    source_name: str
    source_words: Words
    source_settings: dict
    account: tuple  # statements at the source
    set_source: str  # at the cluster
    replica: str
    replica_name: str
    replica_words: Words
    replica_settings: dict
    replica_counter: str  # status variable: transactions that the replica has written to its own log
    attach: tuple  # statements at the replica


FORMS = {
    "9.7": Form(
        source="mysql-9.7",
        source_name="MySQL 9.7",
        source_words=NEW,
        source_settings=_WITH_GTIDS,
        account=(_CREATE, f"{_GRANT};"),
        set_source="CALL mysql.rds_set_external_source ('{address}', {port},\n"
        "'repl_user', '<password>', '{file}', {position}, 1);",
        replica="mysql-9.7",
        replica_name="MySQL 9.7",
        replica_words=NEW,
        replica_settings=_WITH_GTIDS,
        replica_counter="Binlog_cache_use",
        attach=(
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST='{address}', SOURCE_PORT={port},\n"
            "SOURCE_USER='{user}', SOURCE_PASSWORD='<password>', SOURCE_AUTO_POSITION=1;",
            "START REPLICA;",
        ),
    ),
    "5.6": Form(
        source="mysql-5.6",
        source_name="MySQL 5.6",
        source_words=OLD,
        source_settings={},
        account=(_CREATE, f"{_GRANT} IDENTIFIED BY '<password>';"),
        set_source="CALL mysql.rds_set_external_master ('{address}', {port},\n"
        "'repl_user', '<password>', '{file}', {position}, 0);",
        replica="mariadb-10.11",
        replica_name="MariaDB 10.11",
        replica_words=OLD,
        replica_settings={"log_slave_updates": 1},
        replica_counter="Binlog_commits",
        attach=(
            "CHANGE MASTER TO MASTER_HOST='{address}', MASTER_PORT={port},\n"
            "MASTER_USER='{user}', MASTER_PASSWORD='<password>',\n"
            "MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position};",
            "START SLAVE;",
        ),
    ),
}
