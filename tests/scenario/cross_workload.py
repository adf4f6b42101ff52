"""Changes of all kinds at a source whose replicas are of the other family: what crosses, and no more.

    Crossing(node, seed, ["mariadb-10.11", "mariadb-11.8"]).run()

The mixed load of workload.py without what doc/compatibility.md says stops a stream (each of those has a
test of its own); with the definitions that applications change every day, row images of all forms,
compressed and partial ones too, and the schemas of cross_schemas/ with what their servers' own
dump program makes of them. What it makes is in databases of its own.
"""

import random
import re

import pymysql.cursors

from tests.scenario import cross_load, workload
from tests.scenario import test_binlog_values as values
from tests.scenario.workload import COMPRESSION, run

STEPS = 30
# Types that one family alone has and that stand for nothing at the other.
NOT_CROSSING = {"gb", "v3", "vec", "ts106"}
FULL = "SET SESSION binlog_row_image = FULL"
IMAGES = {
    "full": [FULL],
    "minimal": ["SET SESSION binlog_row_image = MINIMAL"],
    "noblob": ["SET SESSION binlog_row_image = NOBLOB"],
    "partial": [FULL, "SET SESSION binlog_row_value_options = PARTIAL_JSON"],
}


def everyday():
    """What applications and their administrators do to tables that are in use."""
    return [
        "CREATE TABLE IF NOT EXISTS `orders` (`id` int(11) unsigned NOT NULL AUTO_INCREMENT, `user-name` varchar(40)"
        " CHARACTER SET utf8mb4 DEFAULT NULL, `note` text, `at` datetime DEFAULT NULL, PRIMARY KEY (`id`))"
        " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='it''s; -- not /* a comment */'",
        "INSERT INTO orders (`user-name`, note, at) VALUES ('ann', 'first', '2024-02-29 12:00:00'), ('bob', NULL, NULL)",
        "ALTER TABLE orders ADD COLUMN total DECIMAL(12,2) NOT NULL DEFAULT '0.00' AFTER note, ADD `flag` BIT(1) DEFAULT b'0'",
        "UPDATE orders SET total = id * 1.25, flag = b'1'",
        "ALTER TABLE orders ADD INDEX by_user (`user-name`(10), at), ADD UNIQUE KEY total_id (total, id)",
        "ALTER TABLE orders CHANGE COLUMN note remark MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "ALTER TABLE orders MODIFY COLUMN total DECIMAL(14,4) DEFAULT NULL FIRST",
        "INSERT INTO orders (total, `user-name`, remark) VALUES (NULL, 'Zoë', REPEAT('é', 20000))",
        "ALTER TABLE orders RENAME COLUMN remark TO words",
        "ALTER TABLE orders ALTER COLUMN total SET DEFAULT 7.5, RENAME INDEX by_user TO by_name",
        "ALTER TABLE orders DROP COLUMN flag, DROP INDEX total_id, ALGORITHM=INPLACE, LOCK=NONE",
        "CREATE UNIQUE INDEX user_at ON orders (`user-name`, at) USING BTREE COMMENT 'one a time'",
        "CREATE TABLE orders_copy LIKE orders",
        "INSERT INTO orders_copy SELECT * FROM orders ORDER BY id",
        "CREATE TABLE order_lines (id INT PRIMARY KEY, o INT UNSIGNED, KEY (o), CONSTRAINT of_order FOREIGN KEY (o)"
        " REFERENCES orders (id) ON DELETE SET NULL ON UPDATE CASCADE)",
        "INSERT INTO order_lines VALUES (1, 1), (2, 2), (3, NULL)",
        "DELETE FROM orders WHERE id = 2",
        "UPDATE orders SET id = 100 WHERE id = 1",
        "ALTER TABLE order_lines DROP FOREIGN KEY of_order",
        "TRUNCATE TABLE orders_copy",
        "RENAME TABLE orders_copy TO orders_next, orders TO orders_old, orders_next TO orders",
        "ALTER TABLE order_lines RENAME TO `order lines`",
        "ALTER TABLE orders_old ENGINE=InnoDB ROW_FORMAT=DYNAMIC",
        "ALTER TABLE orders_old AUTO_INCREMENT=5000, COMMENT=''",
        "ALTER TABLE orders_old CONVERT TO CHARACTER SET latin1",
        "INSERT INTO orders_old (`user-name`) VALUES ('Zoë too')",
        "DROP INDEX user_at ON orders_old",
        "CREATE VIEW recent AS SELECT id, `user-name` AS who FROM orders_old WHERE id > 50",
        "ALTER VIEW recent AS SELECT id, `user-name` AS who, total FROM orders_old",
        "CREATE TEMPORARY TABLE scratch (a INT, b VARCHAR(20) CHARACTER SET utf8mb4)",
        "INSERT INTO scratch VALUES (1, 'one'), (2, 'two')",
        "INSERT INTO orders (`user-name`, at) SELECT b, '2025-05-05 05:05:05' FROM scratch ORDER BY a",
        "DROP TEMPORARY TABLE scratch",
        "OPTIMIZE TABLE orders", "ANALYZE TABLE orders",
        "DROP TABLE IF EXISTS missing, `order lines`",
        "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
        "CREATE TABLE of_database (a VARCHAR(9), b CHAR(9) CHARACTER SET ascii, c NCHAR(9), d NATIONAL VARCHAR(9))",
        "DROP VIEW recent",
    ]  # fmt: skip


NO_RENAMED_COLUMNS = {
    "ALTER TABLE orders RENAME COLUMN remark TO words":
        "ALTER TABLE orders CHANGE remark words MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "ALTER TABLE orders ALTER COLUMN total SET DEFAULT 7.5, RENAME INDEX by_user TO by_name":
        "ALTER TABLE orders ALTER COLUMN total SET DEFAULT 7.5, DROP INDEX by_user,"
        " ADD INDEX by_name (`user-name`(10), at)",
}  # fmt: skip


class Crossing(workload.Mixed):
    """The load; targets are the servers of its replicas, which say what may cross."""

    def __init__(self, node, seed, targets):
        super().__init__(node, seed)
        self.targets = targets
        self.to_old = "mysql-5.6" in targets

    def run(self, rounds=1):
        for name in cross_load.NAMES:
            cross_load.load(self.node, name, self.targets)
            if self.node.server != "mysql-5.6":  # which comes without a dump program
                cross_load.load_dump(self.node, name, f"{name}_copy")
        for i in range(rounds):
            self.everyday(f"every{i}")
        super().run(rounds)

    def everyday(self, database):
        old = self.to_old or self.node.server == "mysql-5.6"
        statements = [NO_RENAMED_COLUMNS.get(one, one) if old else one for one in everyday()]
        for form in workload.FORMATS:
            name = f"{database}_{form.lower()}"
            with self.node.connect() as conn:
                run(conn, [f"SET SESSION binlog_format = {form}", f"CREATE DATABASE {name} CHARACTER SET utf8mb4",
                           f"USE {name}"])  # fmt: skip
                run(conn, statements)

    def columns(self):
        tables = values.tables_of(self.node.server)
        return {table: {name: column for name, column in of_table.items() if name not in NOT_CROSSING}
                for table, of_table in tables.items()}  # fmt: skip

    def rows(self, database):
        for image, session in IMAGES.items():
            if image == "partial" and self.node.server != "mysql-9.7":
                continue
            compressed = COMPRESSION[self.node.server] if self.random.random() < 0.5 else []
            self.images(f"{database}_{image}", [*session, *compressed], image == "partial")
            if self.node.server.startswith("mariadb"):
                self.node.execute("SET GLOBAL log_bin_compress = OFF")

    def images(self, database, session, partial):
        """Random rows of all types, of tables with and without a key."""
        rng = random.Random(f"{self.seed} {database}")
        keyed = self.columns()
        without = {f"{table}_nokey": {n: c for n, c in of_table.items() if n != "jo"}
                   for table, of_table in keyed.items() if table != "own"}  # fmt: skip
        tables = {**keyed, **without}
        with self.node.connect(cursorclass=pymysql.cursors.Cursor) as conn:
            run(conn, [*values.SESSION, *session, f"CREATE DATABASE {database}", f"USE {database}"])
            run(conn, [values.create(table, of_table) for table, of_table in keyed.items()])
            run(conn, [values.create(table, of_table).replace(" PRIMARY KEY", "")
                       for table, of_table in without.items()])  # fmt: skip
            load = values.Workload(rng, tables, partial)
            values.work(conn, list(load.statements())[: STEPS + 3 * len(tables)])

    def charsets(self, form):
        """In some a byte of ASCII may be a part of a letter: their text can not be read for certain."""
        return tuple(workload.CHARSETS) if form == "ROW" else ("latin1", "utf8mb4")

    def allowed(self, statement):
        """A quotient of decimals has other digits at each family: as a statement it is computed anew."""
        if self.to_old and re.match("XA (?!.*'one')", statement):
            return []
        if self.to_old and "CREATE TABLE copied" in statement:
            return workload.COPIED_APART
        return super().allowed(statement.replace("@dec / 3", "@dec"))

    def together(self, database):
        if not self.to_old:
            super().together(database)

    def prepared(self, database):
        """MySQL 5.6 has no prepared transactions in its binlog."""
        if not self.to_old:
            super().prepared(database)

    def related(self):
        return workload.relations(self.node.server, generated=not self.to_old, sequences=False)
