// mysql2 at a server: node mysql2.js PORT USER PASSWORD [CA]. Prints "ok", or throws.
const assert = require('node:assert');
const fs = require('node:fs');
const { Readable } = require('node:stream');
const mysql = require('mysql2/promise');

const [port, user, password, ca] = process.argv.slice(2);
const options = {
  host: 'localhost', port: Number(port), user, password, charset: 'utf8mb4', multipleStatements: true,
  ssl: ca ? { ca: fs.readFileSync(ca) } : undefined,
};

async function exercise(connection) {
  await connection.query('CREATE DATABASE IF NOT EXISTS node');
  await connection.changeUser({ user, password, database: 'node' });
  await connection.query('DROP TABLE IF EXISTS t; CREATE TABLE t (a INT PRIMARY KEY, b TEXT, c DECIMAL(20, 3), d JSON)');
  for (let n = 0; n < 50; n++) {
    await connection.execute('INSERT INTO t VALUES (?, ?, ?, ?)', [n, `ünï ${n} 🐙`, '12.345', JSON.stringify({ n })]);
  }
  const [rows] = await connection.execute('SELECT a, b, c FROM t WHERE a >= ? ORDER BY a', [48]);
  assert.deepStrictEqual(rows.map((row) => ({ ...row })), [
    { a: 48, b: 'ünï 48 🐙', c: '12.345' }, { a: 49, b: 'ünï 49 🐙', c: '12.345' }]);
  const [several] = await connection.query('SELECT 1 AS n; SELECT 2 AS n');
  assert.deepStrictEqual(several.map(([row]) => row.n), [1, 2]);
  const [loaded] = await connection.query({
    sql: "LOAD DATA LOCAL INFILE 'x' INTO TABLE t (a, b)",
    infileStreamFactory: () => Readable.from([Buffer.from('100\thundred\n'), Buffer.from('101\tmore\n')]),
  });
  assert.strictEqual(loaded.affectedRows, 2);
  const large = 'x'.repeat(17 << 20);
  const [[echo]] = await connection.query('SELECT LENGTH(?) AS n', [large]);
  assert.strictEqual(echo.n, large.length);
  // In a pipeline: none waits for the one before it.
  const answers = await Promise.all([...Array(100).keys()].map((n) => connection.query('SELECT ? AS n', [n])));
  assert.deepStrictEqual(answers.map(([[row]]) => row.n), [...Array(100).keys()]);
  await connection.beginTransaction();
  await connection.query('DELETE FROM t');
  await connection.rollback();
  const [[count]] = await connection.query('SELECT COUNT(*) AS n FROM t');
  assert.strictEqual(count.n, 52);
  await assert.rejects(connection.query('SELECT nothing FROM t'), { errno: 1054 });
  await connection.query('DROP DATABASE node');
}

(async () => {
  for (const compress of [false, true]) {
    const connection = await mysql.createConnection({ ...options, compress });
    await exercise(connection);
    await connection.end();
  }
  console.log('ok');
})();
