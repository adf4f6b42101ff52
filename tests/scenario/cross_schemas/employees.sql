-- People, what they earn, where they work: foreign keys that cascade, a table in partitions, views on views.
SET NAMES utf8mb4;
/*!40101 SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION' */;
DROP DATABASE IF EXISTS employees;
-- only mysql-9.7
CREATE DATABASE IF NOT EXISTS employees /*!80016 DEFAULT ENCRYPTION='N' */;
-- except mysql-9.7
CREATE DATABASE IF NOT EXISTS employees CHARACTER SET utf8mb4;
-- all
USE employees;
/*!50503 SET default_storage_engine = InnoDB */;

CREATE TABLE employees (
    emp_no      INT             NOT NULL,
    birth_date  DATE            NOT NULL,
    first_name  VARCHAR(14)     NOT NULL,
    last_name   VARCHAR(16)     NOT NULL,
    gender      ENUM ('M','F')  NOT NULL,
    hire_date   DATE            NOT NULL,
    PRIMARY KEY (emp_no)
);
CREATE TABLE departments (
    dept_no     CHAR(4)         NOT NULL,
    dept_name   VARCHAR(40)     NOT NULL,
    PRIMARY KEY (dept_no),
    UNIQUE  KEY (dept_name)
);
CREATE TABLE dept_emp (
    emp_no      INT             NOT NULL,
    dept_no     CHAR(4)         NOT NULL,
    from_date   DATE            NOT NULL,
    to_date     DATE            NOT NULL,
    FOREIGN KEY (emp_no)  REFERENCES employees   (emp_no)  ON DELETE CASCADE,
    FOREIGN KEY (dept_no) REFERENCES departments (dept_no) ON DELETE CASCADE ON UPDATE CASCADE,
    PRIMARY KEY (emp_no, dept_no)
);
CREATE TABLE titles (
    emp_no      INT             NOT NULL,
    title       VARCHAR(50)     NOT NULL,
    from_date   DATE            NOT NULL,
    to_date     DATE,
    CONSTRAINT titles_of_people FOREIGN KEY (emp_no) REFERENCES employees (emp_no) ON DELETE CASCADE,
    PRIMARY KEY (emp_no, title, from_date)
);
CREATE TABLE salaries (
    emp_no      INT             NOT NULL,
    salary      INT             NOT NULL,
    from_date   DATE            NOT NULL,
    to_date     DATE            NOT NULL,
    PRIMARY KEY (emp_no, from_date)
)
/*!50100 PARTITION BY RANGE COLUMNS (from_date)
(PARTITION p01 VALUES LESS THAN ('1990-12-31') ENGINE = InnoDB,
 PARTITION p02 VALUES LESS THAN ('2000-12-31') ENGINE = InnoDB,
 PARTITION p03 VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB) */;

CREATE OR REPLACE VIEW dept_emp_latest_date AS
    SELECT emp_no, MAX(from_date) AS from_date, MAX(to_date) AS to_date FROM dept_emp GROUP BY emp_no;
CREATE OR REPLACE VIEW current_dept_emp AS
    SELECT l.emp_no, dept_no, l.from_date, l.to_date
    FROM dept_emp d INNER JOIN dept_emp_latest_date l
    ON d.emp_no = l.emp_no AND d.from_date = l.from_date AND l.to_date = d.to_date;

INSERT INTO departments VALUES ('d001','Marketing'), ('d002','Finance'), ('d003','Human Resources');
INSERT INTO employees VALUES
    (10001,'1953-09-02','Georgi','Facello','M','1986-06-26'), (10002,'1964-06-02','Bezalel','Simmel','F','1985-11-21'),
    (10003,'1959-12-03','Parto','Bamford','M','1986-08-28'), (10004,'1954-05-01','Chirstian','Koblick','M','1986-12-01');
INSERT INTO dept_emp VALUES (10001,'d001','1986-06-26','9999-01-01'), (10002,'d002','1996-08-03','9999-01-01'),
    (10003,'d003','1995-12-03','9999-01-01'), (10003,'d001','1990-01-01','1995-12-03'), (10004,'d002','1986-12-01','9999-01-01');
INSERT INTO titles VALUES (10001,'Senior Engineer','1986-06-26','9999-01-01'), (10002,'Staff','1996-08-03',NULL);
INSERT INTO salaries VALUES (10001,60117,'1986-06-26','1987-06-26'), (10001,62102,'1991-06-26','1992-06-25'),
    (10002,65828,'1996-08-03','1997-08-03'), (10004,40054,'2001-11-30','9999-01-01');

DELIMITER //
CREATE FUNCTION emp_dept_id (employee_id INT) RETURNS CHAR(4) CHARSET utf8mb4
READS SQL DATA
BEGIN
    DECLARE max_date DATE;
    SET max_date = (SELECT MAX(from_date) FROM dept_emp WHERE emp_no = employee_id);
    RETURN (SELECT dept_no FROM dept_emp WHERE emp_no = employee_id AND from_date = max_date LIMIT 1);
END //
CREATE PROCEDURE raise_salaries (IN percent DECIMAL(5,2), IN since DATE)
MODIFIES SQL DATA
COMMENT 'everybody''s; from a date on'
BEGIN
    DECLARE done INT DEFAULT FALSE;
    DECLARE e INT;
    DECLARE c CURSOR FOR SELECT emp_no FROM salaries WHERE from_date >= since ORDER BY emp_no;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = TRUE;
    OPEN c;
    again: LOOP
        FETCH c INTO e;
        IF done THEN LEAVE again; END IF;
        UPDATE salaries SET salary = ROUND(salary * (1 + percent / 100)) WHERE emp_no = e AND from_date >= since;
    END LOOP;
    CLOSE c;
END //
DELIMITER ;
CALL raise_salaries(2.50, '1990-01-01');
CREATE VIEW v_full_employees AS
    SELECT e.emp_no, first_name, last_name, emp_dept_id(emp_no) AS department FROM employees e;
UPDATE departments SET dept_no = 'd009' WHERE dept_no = 'd003';
DELETE FROM employees WHERE emp_no = 10004;
ALTER TABLE salaries REORGANIZE PARTITION p03 INTO
    (PARTITION p03 VALUES LESS THAN ('2010-12-31'), PARTITION p04 VALUES LESS THAN (MAXVALUE));
ALTER TABLE salaries TRUNCATE PARTITION p01;
ALTER TABLE titles DROP FOREIGN KEY titles_of_people;
ALTER TABLE titles ADD CONSTRAINT titles_again FOREIGN KEY (emp_no) REFERENCES employees (emp_no) ON DELETE CASCADE;
-- only mysql-9.7
ALTER TABLE employees ADD COLUMN full_name VARCHAR(32) GENERATED ALWAYS AS (CONCAT(first_name, ' ', last_name)) STORED,
    ADD CONSTRAINT born CHECK (birth_date > '1900-01-01'), ALGORITHM=COPY;
ALTER TABLE employees ADD COLUMN badge INT DEFAULT NULL COMMENT 'none yet', ALGORITHM=INSTANT;
-- except to-mysql-5.6 mysql-5.6 mysql-9.7
ALTER TABLE employees ADD COLUMN full_name VARCHAR(32) AS (CONCAT(first_name, ' ', last_name)) PERSISTENT,
    ADD CONSTRAINT born CHECK (birth_date > '1900-01-01'), ALGORITHM=COPY;
ALTER TABLE employees ADD COLUMN badge INT DEFAULT NULL COMMENT 'none yet', ALGORITHM=INSTANT;
-- all
INSERT INTO employees (emp_no, birth_date, first_name, last_name, gender, hire_date)
    VALUES (10010,'1963-06-01','Duangkaew','Piveteau','F','1989-08-24');
