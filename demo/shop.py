"""The shop: a small database, and an application that writes to it without a pause.

Owner: the demo. create() fills the database once; Load is a thread that ends with stop().
"""

import random
import threading
import time

import pymysql

DATABASE = "shop"
APP = ("app", "app-of-the-demo")
READ_ONLY = 1290  # ER_OPTION_PREVENTS_STATEMENT

TABLES = {
    "customers": """CREATE TABLE customers (
        id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(60) NOT NULL, city VARCHAR(40),
        credit DECIMAL(10, 2) NOT NULL DEFAULT 0, seen TIMESTAMP DEFAULT CURRENT_TIMESTAMP)""",
    "products": """CREATE TABLE products (
        id INT PRIMARY KEY AUTO_INCREMENT, title VARCHAR(60) NOT NULL,
        price DECIMAL(10, 2) NOT NULL, stock INT NOT NULL, rating DOUBLE, KEY (title))""",
    "orders": """CREATE TABLE orders (
        id INT PRIMARY KEY AUTO_INCREMENT, customer INT NOT NULL,
        status ENUM('new', 'paid', 'shipped') NOT NULL DEFAULT 'new', at DATETIME(3) NOT NULL,
        FOREIGN KEY (customer) REFERENCES customers (id))""",
    "order_items": """CREATE TABLE order_items (
        id BIGINT PRIMARY KEY AUTO_INCREMENT, order_id INT NOT NULL, product INT NOT NULL,
        pieces INT NOT NULL, price DECIMAL(10, 2) NOT NULL,
        FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE)""",
    "carts": """CREATE TABLE carts (
        id BIGINT PRIMARY KEY AUTO_INCREMENT, customer INT NOT NULL, product INT NOT NULL,
        note VARCHAR(100))""",
}
CITIES = ["Tromsø", "Kraków", "Reykjavík", "Łódź", "大阪", "São Paulo", "Zürich"]
CUSTOMERS, PRODUCTS, ORDERS = 400, 150, 1500


def create(source):
    """Makes the database with its first rows, and the application's account, on a Node."""
    rng = random.Random(1)
    source.execute(
        f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4",
        f"CREATE USER '{APP[0]}'@'127.0.0.1' IDENTIFIED BY '{APP[1]}'",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {DATABASE}.* TO '{APP[0]}'@'127.0.0.1'",
    )
    with source.connect(database=DATABASE, autocommit=False) as conn, conn.cursor() as cursor:
        for table in TABLES.values():
            cursor.execute(f"{table} ENGINE=InnoDB")
        cursor.executemany(
            "INSERT INTO customers (name, city) VALUES (%s, %s)",
            [(f"Customer {n}", rng.choice(CITIES)) for n in range(CUSTOMERS)],
        )
        cursor.executemany(
            "INSERT INTO products (title, price, stock, rating) VALUES (%s, %s, %s, %s)",
            [(f"Product № {n}", rng.randrange(100, 9999) / 100, 10000, rng.random() * 5)
             for n in range(PRODUCTS)],
        )  # fmt: skip
        cursor.executemany(
            "INSERT INTO orders (customer, status, at) VALUES (%s, 'shipped', NOW(3))",
            [(rng.randint(1, CUSTOMERS),) for _ in range(ORDERS)],
        )
        cursor.execute(
            "INSERT INTO order_items (order_id, product, pieces, price) "
            "SELECT o.id, p.id, 1 + o.id %% 3, p.price FROM orders o JOIN products p "
            "ON p.id IN (1 + o.id %% %s, 1 + o.id * 7 %% %s)", (PRODUCTS, PRODUCTS),
        )  # fmt: skip
        conn.commit()


class Load(threading.Thread):
    """Runs RATE transactions a second on the source, or fewer if it takes no more.

    Another thread may read committed and error, and when it has ended, started and ended.
    """

    def __init__(self, source, rate):
        super().__init__(name="load")
        self.committed = 0
        self.started = self.ended = time.monotonic()
        self.error = None
        self._source = source
        self._period = 1 / rate
        self._rng = random.Random(2)
        self._end = threading.Event()

    def run(self):
        self.started = time.monotonic()
        try:
            with self._source.connect(
                host="127.0.0.1", user=APP[0], password=APP[1], database=DATABASE, autocommit=False
            ) as conn:
                due = time.monotonic()
                while not self._end.wait(max(0.0, due - time.monotonic())):
                    # After a standstill it goes on at its rate and does not catch up in a burst.
                    due = max(due + self._period, time.monotonic() - self._period)
                    self.committed += self._transaction(conn)
        except Exception as error:  # told by stop()
            self.error = error
        self.ended = time.monotonic()

    def stop(self):
        """Ends the thread after its current transaction; raises what it failed with."""
        self.end()
        if self.error:
            raise self.error

    def end(self):
        """The same, for cleaning up: what it failed with does not matter any more."""
        self._end.set()
        if self.ident:
            self.join()

    def _transaction(self, conn):
        """Returns whether it committed: while the source is read-only it does not."""
        (work,) = self._rng.choices(
            [self._order, self._cart, self._empty_cart, self._pay, self._cancel, self._register],
            [40, 20, 10, 15, 8, 7],
        )
        try:
            with conn.cursor() as cursor:
                work(cursor)
            conn.commit()
            return True
        except pymysql.err.MySQLError as error:
            if error.args[0] != READ_ONLY:
                raise
            conn.rollback()
            self._end.wait(0.05)  # as an application does: it tries again a little later
            return False

    def _order(self, cursor):
        cursor.execute("INSERT INTO orders (customer, at) VALUES (%s, NOW(3))",
                       (self._rng.randint(1, CUSTOMERS),))  # fmt: skip
        order = cursor.lastrowid
        for _ in range(self._rng.randint(1, 3)):
            product, pieces = self._rng.randint(1, PRODUCTS), self._rng.randint(1, 4)
            cursor.execute("INSERT INTO order_items (order_id, product, pieces, price) "
                           "SELECT %s, id, %s, price FROM products WHERE id = %s",
                           (order, pieces, product))  # fmt: skip
            cursor.execute("UPDATE products SET stock = stock - %s, rating = RAND() * 5 "
                           "WHERE id = %s", (pieces, product))  # fmt: skip

    def _cart(self, cursor):
        cursor.execute("INSERT INTO carts (customer, product, note) VALUES (%s, %s, %s)",
                       (self._rng.randint(1, CUSTOMERS), self._rng.randint(1, PRODUCTS),
                        f"gift № {self._rng.randrange(10**6)} 🎁"))  # fmt: skip

    def _empty_cart(self, cursor):
        cursor.execute("DELETE FROM carts ORDER BY id LIMIT 1")

    def _pay(self, cursor):
        cursor.execute("UPDATE orders SET status = status + 1 WHERE status < 3 "
                       "ORDER BY id DESC LIMIT 2")  # fmt: skip
        cursor.execute("UPDATE customers SET credit = credit + 0.5, seen = NOW() WHERE id = %s",
                       (self._rng.randint(1, CUSTOMERS),))  # fmt: skip

    def _cancel(self, cursor):
        # Its items go with it: a foreign key deletes them.
        cursor.execute("DELETE FROM orders WHERE status = 'new' ORDER BY id DESC LIMIT 1")

    def _register(self, cursor):
        name = f"Customer {self._rng.randrange(10**6)}"
        cursor.execute("INSERT INTO customers (name, city) VALUES (%s, %s)",
                       (name, self._rng.choice(CITIES)))  # fmt: skip
