-- One warehouse of TPC-C: composite keys, decimals, and the transactions as procedures.
SET NAMES utf8mb4;
CREATE DATABASE tpcc CHARACTER SET latin1 COLLATE latin1_swedish_ci;
USE tpcc;
CREATE TABLE warehouse (w_id SMALLINT NOT NULL, w_name VARCHAR(10), w_zip CHAR(9), w_tax DECIMAL(4,4), w_ytd DECIMAL(12,2), PRIMARY KEY (w_id)) ENGINE=InnoDB;
CREATE TABLE district (
  d_id TINYINT NOT NULL, d_w_id SMALLINT NOT NULL, d_name VARCHAR(10), d_tax DECIMAL(4,4), d_ytd DECIMAL(12,2), d_next_o_id INT,
  PRIMARY KEY (d_w_id, d_id), CONSTRAINT fkey_district_1 FOREIGN KEY (d_w_id) REFERENCES warehouse (w_id)) ENGINE=InnoDB;
CREATE TABLE customer (
  c_id INT NOT NULL, c_d_id TINYINT NOT NULL, c_w_id SMALLINT NOT NULL, c_last VARCHAR(16), c_since DATETIME, c_credit CHAR(2),
  c_discount DECIMAL(4,4), c_balance DECIMAL(12,2), c_ytd_payment FLOAT(12,2), c_data TEXT,
  PRIMARY KEY (c_w_id, c_d_id, c_id), KEY idx_customer (c_w_id, c_d_id, c_last(8)),
  CONSTRAINT fkey_customer_1 FOREIGN KEY (c_w_id, c_d_id) REFERENCES district (d_w_id, d_id)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
CREATE TABLE history (h_c_id INT, h_c_d_id TINYINT, h_c_w_id SMALLINT, h_date DATETIME, h_amount DECIMAL(6,2), h_data VARCHAR(24)) ENGINE=InnoDB;
CREATE TABLE orders (
  o_id INT NOT NULL, o_d_id TINYINT NOT NULL, o_w_id SMALLINT NOT NULL, o_c_id INT, o_entry_d TIMESTAMP NULL, o_carrier_id TINYINT, o_ol_cnt TINYINT,
  PRIMARY KEY (o_w_id, o_d_id, o_id), KEY idx_orders (o_w_id, o_d_id, o_c_id, o_id)) ENGINE=InnoDB
/*!50100 PARTITION BY HASH (o_w_id) PARTITIONS 3 */;
CREATE TABLE new_orders (no_o_id INT NOT NULL, no_d_id TINYINT NOT NULL, no_w_id SMALLINT NOT NULL, PRIMARY KEY (no_w_id, no_d_id, no_o_id)) ENGINE=InnoDB;
CREATE TABLE order_line (
  ol_o_id INT NOT NULL, ol_d_id TINYINT NOT NULL, ol_w_id SMALLINT NOT NULL, ol_number TINYINT NOT NULL, ol_i_id INT, ol_quantity TINYINT,
  ol_amount DECIMAL(6,2), ol_dist_info CHAR(24), PRIMARY KEY (ol_w_id, ol_d_id, ol_o_id, ol_number), KEY fkey_order_line_2 (ol_i_id)) ENGINE=InnoDB
PARTITION BY KEY (ol_w_id) PARTITIONS 2;
CREATE TABLE item (i_id INT NOT NULL, i_name VARCHAR(24), i_price DECIMAL(5,2), i_data VARCHAR(50), PRIMARY KEY (i_id)) ENGINE=InnoDB;
CREATE TABLE stock (
  s_i_id INT NOT NULL, s_w_id SMALLINT NOT NULL, s_quantity SMALLINT, s_dist_01 CHAR(24), s_ytd DECIMAL(8,0), s_data VARCHAR(50),
  PRIMARY KEY (s_w_id, s_i_id), CONSTRAINT fkey_stock_2 FOREIGN KEY (s_i_id) REFERENCES item (i_id)) ENGINE=InnoDB;

SET AUTOCOMMIT = 0;
INSERT INTO warehouse VALUES (1, 'W_ONE', '123411111', 0.1999, 300000.00), (2, 'W_TWO', '000011111', 0, -0.01);
INSERT INTO district VALUES (1, 1, 'north', 0.0001, 30000.00, 3001), (2, 1, 'sud\'est', 0.1, 30000.00, 3001), (1, 2, NULL, NULL, NULL, 1);
INSERT INTO item SELECT w_id * 100 + d_id, CONCAT('item ', d_name), w_id + 0.99, 'original' FROM warehouse JOIN district ON 1 = 1 WHERE d_w_id = 1;
INSERT INTO stock SELECT i_id, 1, 50, 'dist', 0, i_data FROM item ORDER BY i_id;
INSERT INTO customer VALUES (1, 1, 1, 'BARBARBAR', '2026-01-01 00:00:00', 'GC', 0.5, -10.00, 10.00, REPEAT('d', 500)),
  (2, 1, 1, 'OUGHTÉ', '1999-12-31 23:59:59', 'BC', 0.0, 0, 1234567.89, NULL);
COMMIT;
SET AUTOCOMMIT = 1;

DELIMITER $$
CREATE PROCEDURE neword (no_w_id INT, no_d_id INT, no_c_id INT, no_ol_cnt INT)
BEGIN
  DECLARE o, n, i INT DEFAULT 0;
  DECLARE price DECIMAL(5,2);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  SELECT d_next_o_id INTO o FROM district WHERE d_w_id = no_w_id AND d_id = no_d_id FOR UPDATE;
  UPDATE district SET d_next_o_id = o + 1 WHERE d_w_id = no_w_id AND d_id = no_d_id;
  INSERT INTO orders VALUES (o, no_d_id, no_w_id, no_c_id, '2026-02-03 04:05:06', NULL, no_ol_cnt);
  INSERT INTO new_orders VALUES (o, no_d_id, no_w_id);
  WHILE n < no_ol_cnt DO
    SET n = n + 1, i = 100 + 1 + n % 2;
    SELECT i_price INTO price FROM item WHERE i_id = i;
    UPDATE stock SET s_quantity = IF(s_quantity > n, s_quantity - n, s_quantity - n + 91), s_ytd = s_ytd + n WHERE s_i_id = i AND s_w_id = no_w_id;
    INSERT INTO order_line VALUES (o, no_d_id, no_w_id, n, i, n, n * price, RPAD('info', 24, '.'));
  END WHILE;
  COMMIT;
END $$
CREATE PROCEDURE payment (p_w_id INT, p_d_id INT, p_c_id INT, p_amount DECIMAL(6,2))
BEGIN
  START TRANSACTION;
  UPDATE warehouse SET w_ytd = w_ytd + p_amount WHERE w_id = p_w_id;
  UPDATE district SET d_ytd = d_ytd + p_amount WHERE d_w_id = p_w_id AND d_id = p_d_id;
  UPDATE customer SET c_balance = c_balance - p_amount, c_ytd_payment = c_ytd_payment + p_amount,
    c_data = CONCAT(p_amount, '|', IFNULL(c_data, '')) WHERE c_w_id = p_w_id AND c_d_id = p_d_id AND c_id = p_c_id;
  INSERT INTO history VALUES (p_c_id, p_d_id, p_w_id, '2026-02-03 04:05:06', p_amount, 'payment');
  COMMIT;
END $$
CREATE TRIGGER no_negative_stock BEFORE UPDATE ON stock FOR EACH ROW
BEGIN
  IF NEW.s_quantity < 0 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'stock';
  END IF;
END $$
DELIMITER ;
CALL neword(1, 1, 1, 5);
CALL neword(1, 2, 2, 15);
CALL payment(1, 1, 1, 42.10);
CALL payment(1, 1, 2, 0.01);
CALL neword(1, 1, 2, 10);
DELETE FROM new_orders WHERE no_w_id = 1 ORDER BY no_o_id LIMIT 1;
ALTER TABLE orders ADD PARTITION PARTITIONS 1;
ALTER TABLE history ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST;
