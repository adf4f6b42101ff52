// MariaDB's JDBC driver at a server, by Rhino: jdbc.js PORT USER PASSWORD [CA]. Prints "ok", or throws.
var sql = java.sql;

function equal(found, expected) {
    if (String(found) !== String(expected))
        throw new Error('expected ' + expected + ', found ' + found);
}

function scalar(connection, text) {
    var result = connection.createStatement().executeQuery(text);
    result.next();
    return result.getString(1);
}

function exercise(connection) {
    var statement = connection.createStatement();
    statement.execute('CREATE OR REPLACE DATABASE jdbc');
    connection.setCatalog('jdbc');
    statement.execute('CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(50) CHARACTER SET utf8mb4, c DATETIME(6))');
    connection.setAutoCommit(false);
    var insert = connection.prepareStatement('INSERT INTO t VALUES (?, ?, ?)');
    for (var n = 0; n < 100; n++) {
        insert.setInt(1, n);
        insert.setString(2, 'ünï ' + n);
        insert.setTimestamp(3, sql.Timestamp.valueOf('2026-11-21 01:02:03.456789'));
        insert.addBatch();
    }
    insert.executeBatch();
    connection.commit();
    var select = connection.prepareStatement('SELECT b, c FROM t WHERE a = ?');
    select.setInt(1, 77);
    var result = select.executeQuery();
    result.next();
    equal(result.getString(1), 'ünï 77');
    equal(result.getTimestamp(2), '2026-11-21 01:02:03.456789');
    statement.executeUpdate('DELETE FROM t');
    connection.rollback();
    equal(scalar(connection, 'SELECT COUNT(*) FROM t'), 100);
    connection.setAutoCommit(true);
    // Row by row, over a cursor of the server where the driver uses one.
    statement.setFetchSize(10);
    result = statement.executeQuery('SELECT a FROM t ORDER BY a');
    for (var row = 0; result.next(); row++)
        equal(result.getInt(1), row);
    equal(row, 100);
    statement.setFetchSize(0);
    statement.execute('CREATE PROCEDURE twice(n INT, OUT m INT) SET m = 2 * n');
    var call = connection.prepareCall('CALL twice(?, ?)');
    call.setInt(1, 21);
    call.registerOutParameter(2, sql.Types.INTEGER);
    call.execute();
    equal(call.getInt(2), 42);
    try {
        statement.execute('SELECT nothing FROM t');
        throw new Error('expected error 1054, found none');
    } catch (error) {
        if (!error.javaException)
            throw error;
        equal(error.javaException.getErrorCode(), 1054);
    }
    equal(scalar(connection, "SELECT LENGTH('" + new java.lang.String('x').repeat(17 << 20) + "')"), 17 << 20);
    statement.execute('DROP DATABASE jdbc');
}

var port = arguments[0], ca = arguments[3];
var base = 'jdbc:mariadb://localhost:' + port + '/?user=' + arguments[1] + '&password='
    + java.net.URLEncoder.encode(arguments[2], 'UTF-8') + (ca ? '&sslMode=verify-full&serverSslCert=' + ca : '');
['', '&useServerPrepStmts=true', '&useCompression=true'].forEach(function (option) {
    var connection = new Packages.org.mariadb.jdbc.Driver().connect(base + option, new java.util.Properties());
    exercise(connection);
    connection.close();
});
print('ok');
