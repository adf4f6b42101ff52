// mysql2 prepares and executes statements: node mysql2_rows.js PORT USER PASSWORD STATEMENT...
// Prints their rows as JSON, each twice: as prepared the first time, and executed again.
const mysql = require('mysql2/promise');

const [port, user, password, ...statements] = process.argv.slice(2);

(async () => {
  const connection = await mysql.createConnection({ host: '127.0.0.1', port: Number(port), user, password });
  const rows = [];
  for (const statement of [...statements, ...statements]) {
    rows.push((await connection.execute(statement))[0]);
  }
  await connection.end();
  console.log(JSON.stringify(rows));
})();
